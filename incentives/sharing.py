"""Share and earn: the addresses to share, and what orders by one's own code bring.

Nothing is paid for sharing itself: only an order that was paid and not returned earns, and only the
person whose code it names. There are no levels below that.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import (
    commission,
    plan_words,
    plans,
    rewards,
    rewards_sources,
    rewards_words,
    share_rules,
    statements,
    themes,
)
from incentives.choices import BeneficiaryRole
from incentives.models import PlanRate, PlanVersion, ShareLink
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from matrix.models import Creator

# Each is a drawing on the phone; a thumb scrolls through no more.
MOST_LINKS = 20

WHY = {
    "address_too_long": _("The address is too long; 300 characters at most."),
    "address_not_https": _("The address has to begin with https://."),
    "address_signs": _("The address has signs that do not belong into one, such as spaces."),
    "address_code_once": _("Put {code} into the address exactly once, and no other braces."),
    "address_host": _("The name of the shop in the address is not one, or {code} stands in it."),
}


# -- queries -------------------------------------------------------------------


def of_brand(brand: Unit) -> QuerySet[ShareLink]:
    """The links that were not stopped, in their order."""
    return ShareLink.objects.filter(brand=brand, stopped_at=None).order_by("place", "pk")


def running(brand_id: int, day: dt.date) -> QuerySet[ShareLink]:
    """What may be shared on a day, in its order."""
    open_end = Q(last_day=None) | Q(last_day__gte=day)
    links = ShareLink.objects.filter(open_end, brand=brand_id, stopped_at=None, first_day__lte=day)
    return links.order_by("place", "pk")


@dataclass(frozen=True)
class Earned:
    """What orders by a code brought in a month so far: minor units, and how many orders."""

    amount: int
    orders: int


def earned(creator: Creator, month: Month) -> Earned:
    """What runs credited to the person for sharing, less what refunds took back."""
    lines = statements.lines_of(creator, month).filter(role=BeneficiaryRole.SHARER)
    sums = lines.order_by().aggregate(
        net=Sum("amount"), orders=Count("order", distinct=True, filter=Q(amount__gt=0))
    )
    return Earned(sums["net"] or 0, sums["orders"])


@dataclass(frozen=True)
class Brings:
    """What an order by a person's code earns by a plan, in sentences; ``by_sku`` of single articles."""

    usual: list[str]
    by_sku: dict[str, str]
    terms: list[str]


def brings(creator: Creator, day: dt.date, skus: Sequence[str] = ()) -> Brings | None:
    """By the plan of a day, as the rule itself decides; None where there is no plan."""
    version = plans.in_force(creator.brand, day)
    if version is None:
        return None
    rates = {rate.pk: rate for rate in version.rates.select_related("unit").order_by("pk")}
    rules = [plans.as_rule(rate) for rate in rates.values()]
    own = {"role": commission.SHARER, "tier": creator.tier, "kind": creator.kind}
    usual = _winning(rules, rates, own)
    by_sku = {}
    for sku in {*skus} - {""}:
        best = commission.best(rules, commission.Case(sku=sku, **own))
        # Of an article without a rate of its own the category decides, which a link does not know.
        if best is not None and best.sku:
            by_sku[sku] = plan_words.for_the_person(rates[best.id])
    return Brings(usual, by_sku, _terms(version))


@dataclass(frozen=True)
class Way:
    """Another thing that earns: in words, and the phone page on which it stands."""

    title: str
    words: str
    page: str


def other_ways(creator: Creator, day: dt.date) -> list[Way]:
    """What else is rewarded for this person on a day: notes they publish, the theme of the month.

    Only what rules and themes say: there is no rule for sharing as such (`scheme_rules`).
    """
    ways = [
        Way(_of_source(rule.source), rewards_words.steps_sentence(rule), "mobile:rewards")
        for rule in rewards.for_person(creator, day)
    ]
    theme = themes.running(creator, day)
    if theme is not None:
        ways.append(Way(str(_("A post for the theme of the month")), theme.name, "mobile:theme"))
    return ways


def _of_source(source: str) -> str:
    if rewards_sources.basis_of(source) == "orders":
        return str(_("Orders of a month"))
    return str(_("A note you publish"))


def _winning(
    rules: list[commission.Rate], rates: dict[int, PlanRate], own: dict[str, str]
) -> list[str]:
    """The sentence of each rate that some order of this person would win."""
    found: dict[int, str] = {}
    for rule in rules:
        case = commission.Case(
            category=rule.category,
            sku=rule.sku,
            store=rule.store,
            channel=rule.channel,
            buyer=rule.buyer,
            **own,
        )
        best = commission.best(rules, case)
        if best is not None and best.id not in found and not best.sku:
            found[best.id] = plan_words.for_the_person(rates[best.id])
    return list(found.values())


def _terms(version: PlanVersion) -> list[str]:
    return [plan_words.hold_sentence(version), plan_words.own_orders_sentence(version)]


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_link(*, by: Person | None, brand: Unit, **fields: Any) -> ShareLink:
    """Let creators share an address. Refuses ``too_many_links`` and what `edit_link` refuses."""
    # Two at once are counted one after the other.
    brand = Unit.objects.select_for_update().get(pk=brand.pk)
    _check(fields["template"], fields["first_day"], fields.get("last_day"))
    if of_brand(brand).count() >= MOST_LINKS:
        raise DomainError(
            "too_many_links",
            _("There are %(most)s links already; stop one first."),
            most=MOST_LINKS,
        )
    link = ShareLink(brand=brand, created_by=by, **fields)
    _save(link)
    activity.record(
        by=by,
        verb="share_link.added",
        object=link,
        unit=brand,
        after={"host": share_rules.host_of(link.template), "address": link.template},
    )
    return link


@transaction.atomic
def edit_link(*, by: Person | None, link: ShareLink, **fields: Any) -> ShareLink:
    """Change a link; phones show it at once.

    Refuses ``link_stopped``, ``link_name_taken``, ``link_ends_before_start`` and the words of
    `share_rules.problem`.
    """
    link = _locked(link)
    before = {name: getattr(link, name) for name in fields}
    changed = {name: value for name, value in fields.items() if before[name] != value}
    if not changed:
        return link
    for name, value in changed.items():
        setattr(link, name, value)
    _check(link.template, link.first_day, link.last_day)
    _save(link)
    activity.record(
        by=by,
        verb="share_link.changed",
        object=link,
        unit=link.brand,
        before={_fact(name): _plain(before[name]) for name in changed},
        after={_fact(name): _plain(value) for name, value in changed.items()},
    )
    return link


@transaction.atomic
def stop_link(*, by: Person | None, link: ShareLink) -> ShareLink:
    """Take a link off the phones for good. Refuses ``link_stopped``."""
    link = _locked(link)
    link.stopped_at = timezone.now()
    link.save(update_fields=["stopped_at"])
    activity.record(by=by, verb="share_link.ended", object=link, unit=link.brand)
    return link


# -- private -------------------------------------------------------------------


def _locked(link: ShareLink) -> ShareLink:
    link = ShareLink.objects.select_for_update(of=("self",)).select_related("brand").get(pk=link.pk)
    if link.stopped_at is not None:
        raise DomainError("link_stopped", _("This link was stopped. Add a new one."))
    return link


def _check(template: str, first_day: dt.date, last_day: dt.date | None) -> None:
    if why := share_rules.problem(template):
        raise DomainError(why, WHY[why], status=400)
    if last_day is not None and last_day < first_day:
        raise DomainError(
            "link_ends_before_start", _("The last day lies before the first."), status=400
        )


def _save(link: ShareLink) -> None:
    try:
        with transaction.atomic():
            link.save()
    except IntegrityError as error:
        if "share_link_name_once" not in str(error):
            raise
        raise DomainError("link_name_taken", _("There is already a link of this name.")) from error


def _fact(name: str) -> str:
    return {"template": "address"}.get(name, name)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.date) else value
