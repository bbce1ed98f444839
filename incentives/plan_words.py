"""A commission plan in sentences: each rate, each limit, and an example in amounts."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from customers.choices import Channel
from incentives import commission
from incentives.choices import BeneficiaryRole
from incentives.models import PlanRate, PlanVersion
from incentives.plan_choices import BandMode, Base, Buyer, PlanState, SelfPurchase
from incentives.plans import own_part, rates_of
from kosops.ui.templatetags.ui import money, percent_bp
from matrix.choices import CreatorKind

# The order line that the preview works through, in minor units.
EXAMPLE = 20_000
# Who stands in the example: a sharer, so many in the pot, and a manager.
IN_THE_POT = 3


def rate_sentence(rate: PlanRate) -> str:
    """What a rate gives, to whom and for what, as one would say it to finance."""
    conditions = _conditions(rate)
    said = _("%(role)s: %(what)s") % {
        "role": BeneficiaryRole(rate.role).label,
        "what": _what(rate),
    }
    if conditions:
        said += pgettext("rate", " for ") + pgettext("rate", ", ").join(conditions)
    return said


def for_the_person(rate: PlanRate) -> str:
    """What a rate gives to somebody whose role, kind and tier are known."""
    conditions = _conditions(rate, of_person=False)
    said = _what(rate)
    if conditions:
        said += pgettext("rate", " for ") + pgettext("rate", ", ").join(conditions)
    return said


def _what(rate: PlanRate) -> str:
    if rate.fixed_amount is not None:
        amount = money(rate.fixed_amount)
        return (
            _("%(amount)s for each piece") if rate.per_piece else _("%(amount)s for the line")
        ) % {"amount": amount}
    facts = {"rate": percent_bp(rate.rate_bp)}
    if rate.base == Base.SELLER:
        return _("%(rate)s of what the seller earns") % facts
    return _("%(rate)s of the line") % facts


def _conditions(rate: PlanRate, *, of_person: bool = True) -> list[str]:
    found = []
    if rate.sku:
        found.append(_("article %(sku)s") % {"sku": rate.sku})
    if rate.category:
        found.append(_("category %(category)s") % {"category": rate.category})
    if rate.unit:
        found.append(_("orders of %(unit)s") % {"unit": rate.unit.name})
    if rate.tier and of_person:
        found.append(_("tier %(tier)s") % {"tier": rate.tier_name})
    if rate.creator_kind and of_person:
        found.append(str(CreatorKind(rate.creator_kind).label))
    if rate.channel:
        found.append(_("channel %(channel)s") % {"channel": Channel(rate.channel).label})
    if rate.buyer:
        found.append(_("new buyers") if rate.buyer == Buyer.NEW else _("repeat buyers"))
    return found


def rate_notes(rate: PlanRate, mode: str) -> list[str]:
    """Steps, the month's limit and the priority of a rate."""
    notes = [
        (
            _("from %(start)s in the month %(rate)s, for the whole month")
            if mode == BandMode.WHOLE
            else _("from %(start)s in the month %(rate)s for what lies above")
        )
        % {"start": money(step.from_amount), "rate": percent_bp(step.rate_bp)}
        for step in sorted(rate.bands.all(), key=lambda band: band.from_amount)
    ]
    if rate.month_cap is not None:
        notes.append(_("at most %(cap)s a month") % {"cap": money(rate.month_cap)})
    if rate.priority:
        notes.append(_("priority %(priority)s") % {"priority": rate.priority})
    return notes


def terms(version: PlanVersion) -> list[str]:
    """The limits and policies of a version, one sentence each."""
    said = [
        _("All roles together get at most %(cap)s of an order line.")
        % {"cap": percent_bp(version.cap_bp)}
    ]
    if version.order_cap is not None:
        said.append(_("At most %(cap)s for one order.") % {"cap": money(version.order_cap)})
    if version.person_cap is not None:
        said.append(
            _("At most %(cap)s for one person in a month.") % {"cap": money(version.person_cap)}
        )
    said.append(hold_sentence(version))
    if version.shield_days:
        said.append(
            _(
                "Who was promoting in the %(days)s days before keeps a higher old rate for orders"
                " paid in the first %(days)s days."
            )
            % {"days": version.shield_days}
        )
    said.append(own_orders_sentence(version))
    return said


def hold_sentence(version: PlanVersion) -> str:
    return _("Commission is held for %(days)s days.") % {"days": version.hold_days}


def own_orders_sentence(version: PlanVersion) -> str:
    return {
        SelfPurchase.NOTHING: _("Own orders earn nothing."),
        SelfPurchase.REDUCED: _("Own orders earn %(part)s of the rate."),
        SelfPurchase.ALLOWED: _("Own orders earn like others."),
    }[SelfPurchase(version.self_purchase)] % {"part": percent_bp(version.self_bp)}


PRECEDENCE: str | Promise = gettext_lazy(
    "The higher priority wins; then the rate that names more: article, category, store before "
    "region, tier, kind, channel, buyer."
)


@dataclass(frozen=True)
class ExampleRow:
    """What each role gets of an order line of `EXAMPLE`; minor units, None where there is no rate."""

    category: str
    seller: int | None
    sharer: int | None
    pot: int | None
    manager: int | None
    total: int


def example(version: PlanVersion) -> list[ExampleRow]:
    """An order line worked through by the rule itself, for each category that the plan names."""
    rates = rates_of(version)
    categories = ["", *sorted({rate.category for rate in rates} - {""})]
    return [_example(version, rates, category) for category in categories]


def _example(version: PlanVersion, rates: list[commission.Rate], category: str) -> ExampleRow:
    facts = commission.LineFacts(
        net=EXAMPLE,
        paid=EXAMPLE,
        category=category,
        seller=commission.Person(1, "", CreatorKind.KOS),
        sharer=commission.Person(2, "", CreatorKind.KOC),
        manager=commission.Person(3, "", CreatorKind.KOS),
        staff=tuple(commission.Share(number) for number in range(1, IN_THE_POT + 1)),
        store=version.brand.path,
    )
    plan = commission.Terms(rates, version.cap_bp, version.order_cap, own_part(version))
    (owed,) = commission.order_targets([facts], plan, [{}])
    sums: dict[str, int] = {}
    for target in owed:
        sums[target.role] = sums.get(target.role, 0) + target.amount
    return ExampleRow(
        category,
        **{role: sums.get(role) for role in commission.ROLES},
        total=sum(sums.values()),
    )


def state_of(version: PlanVersion, today: object) -> tuple[str, str]:
    """The state in words and its tone: what is approved is upcoming, in force or over by days."""
    if version.state != PlanState.APPROVED:
        tones = {PlanState.DRAFT: "neutral", PlanState.SUBMITTED: "warn"}
        state = PlanState(version.state)
        return str(state.label), tones.get(state, "neutral")
    if version.valid.upper is not None and version.valid.upper <= today:
        return pgettext("plan", "Over"), "neutral"
    if version.valid.lower is not None and version.valid.lower > today:
        return pgettext("plan", "Upcoming"), "info"
    return pgettext("plan", "In force"), "good"
