"""Schemes that reward people, checked against the rules of law and platforms.

A scheme is checked when it begins to run. What it says of itself is read from it; what is done
around it a person says (`check`), and where nobody said anything it is taken that nothing is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import race_facts, race_rules, rewards_sources, scheme_rules
from incentives.models import Race, Reward, RewardRule, SchemeCheck, Standing, Theme
from incentives.points_choices import RewardState, ThemeState
from incentives.race_choices import RaceState
from incentives.rewards_choices import RuleState
from incentives.scheme_choices import Outcome, SchemeKind
from incentives.scheme_rules import Facts, Finding, Severity, Stated
from kosops.lib.errors import DomainError

Scheme = Theme | RewardRule | Race | Reward | Standing

MODELS: dict[str, type[Scheme]] = {
    SchemeKind.THEME: Theme,
    SchemeKind.RULE: RewardRule,
    SchemeKind.RACE: Race,
    SchemeKind.REWARD: Reward,
    SchemeKind.STANDING: Standing,
}


# -- queries -------------------------------------------------------------------


def kind_of(scheme: Scheme) -> str:
    return next(kind for kind, model in MODELS.items() if isinstance(scheme, model))


def latest(scheme: Scheme) -> SchemeCheck | None:
    """The check that counts."""
    found = SchemeCheck.objects.filter(replaced_by=None, **{kind_of(scheme): scheme})
    return found.select_related("checked_by", "accepted_by").first()


def latest_of_brand(rows: QuerySet[SchemeCheck]) -> QuerySet[SchemeCheck]:
    """Of each scheme the check that counts, with what it was about."""
    return rows.filter(replaced_by=None).select_related(*SchemeKind.values, "accepted_by")


def of_rules(brand: Unit) -> dict[int, SchemeCheck]:
    """The checks that count of a brand's reward rules, by rule."""
    rows = SchemeCheck.objects.filter(brand=brand, rule__isnull=False, replaced_by=None)
    return {check.rule_id: check for check in rows if check.rule_id}


def running(today: dt.date) -> dict[str, Q]:
    """By kind, which schemes run on a day."""
    rule = Q(state=RuleState.APPROVED) & (Q(period__upper_inf=True) | Q(period__endswith__gt=today))
    reward = Q(state=RewardState.OPEN) & (Q(closes_on=None) | Q(closes_on__gte=today))
    return {
        SchemeKind.THEME: Q(state=ThemeState.OPEN),
        SchemeKind.RULE: rule,
        SchemeKind.RACE: Q(state__in=(RaceState.RUNNING, RaceState.CLOSING)),
        SchemeKind.REWARD: reward,
        SchemeKind.STANDING: Q(active=True),
    }


def checks_running(rows: QuerySet[SchemeCheck], today: dt.date) -> QuerySet[SchemeCheck]:
    """Those of ``rows`` whose scheme runs."""
    kept = Q()
    for kind, condition in running(today).items():
        kept |= Q(**{f"{kind}__in": MODELS[kind].objects.filter(condition).values("pk")})
    return rows.filter(kept)


def unchecked(brand: Unit, today: dt.date) -> Iterator[Scheme]:
    """Schemes that run and were never checked, or by rules of before."""
    for rows in _unchecked(brand, today):
        yield from rows.select_related("brand").order_by("pk")


def count_unchecked(brand: Unit, today: dt.date) -> int:
    """How many these are."""
    first, *others = (rows.order_by().values("pk") for rows in _unchecked(brand, today))
    return first.union(*others, all=True).count()


def _unchecked(brand: Unit, today: dt.date) -> Iterator[QuerySet[Any]]:
    for kind, condition in running(today).items():
        checked = SchemeCheck.objects.filter(
            brand=brand,
            replaced_by=None,
            rules_version=scheme_rules.VERSION,
            **{f"{kind}__isnull": False},
        )
        rows = MODELS[kind].objects.filter(condition, brand=brand)
        yield rows.exclude(pk__in=checked.values(kind))


def facts_of(scheme: Scheme) -> Facts:
    """What a scheme says of itself."""
    return _FACTS[kind_of(scheme)](scheme)


def stated_of(check: SchemeCheck | None) -> Stated:
    """What a person said about a scheme last; nothing where nobody did."""
    if check is None:
        return Stated()
    said = dict(check.stated)
    return Stated(
        asks=frozenset(said.pop("asks")), platforms=frozenset(said.pop("platforms")), **said
    )


def findings_now(scheme: Scheme, check: SchemeCheck | None) -> tuple[Finding, ...]:
    """What the rules of today say, with what was said about the scheme last."""
    return scheme_rules.findings(facts_of(scheme), stated_of(check))


def standing_now(scheme: Scheme, check: SchemeCheck | None) -> tuple[str, tuple[Finding, ...]]:
    """How a scheme would come out if it were let run now (`Outcome`), and what is found."""
    found = findings_now(scheme, check)
    warned = set(scheme_rules.warnings(found))
    return _outcome(found, bool(warned) and warned <= _accepted(check)), found


def findings_of(check: SchemeCheck) -> tuple[Finding, ...]:
    return tuple(Finding(Severity(severity), code) for severity, code in check.findings)


# -- commands ------------------------------------------------------------------


@transaction.atomic
def check(
    *, by: Person, scheme: Scheme, stated: Stated, accepted: Sequence[str] = ()
) -> SchemeCheck:
    """Say what is done around a scheme and check it; ``accepted`` are warnings that ``by`` takes on.

    Writes down the result whatever it is. A scheme that runs is not ended by it.
    """
    brand, before = _locked(scheme)
    facts = facts_of(scheme)
    found = scheme_rules.findings(facts, stated)
    warned = set(scheme_rules.warnings(found))
    taken_on = by if warned and warned <= set(accepted) else None
    return _write(by, scheme, brand, before, facts, stated, found, taken_on)


@transaction.atomic
def require(*, by: Person | None, scheme: Scheme) -> None:
    """Let a scheme run by the rules. Refuses ``scheme_stopped`` and ``scheme_warned``.

    Writes down the check where the scheme or the rules changed since the last one.
    """
    brand, before = _locked(scheme)
    facts, stated = facts_of(scheme), stated_of(before)
    found = scheme_rules.findings(facts, stated)
    if scheme_rules.stops(found):
        raise DomainError(
            "scheme_stopped",
            _("The platform rules do not allow this. See “Scheme check” for what to change."),
            findings=scheme_rules.stops(found),
        )
    warned = set(scheme_rules.warnings(found))
    accepted = _accepted(before)
    if not warned <= accepted:
        raise DomainError(
            "scheme_warned",
            _("Somebody has to accept the warnings of the platform rules first: “Scheme check”."),
            findings=sorted(warned - accepted),
        )
    if before is None or not _same(before, facts, found):
        taken_on = before.accepted_by if before and warned else None
        _write(by, scheme, brand, before, facts, stated, found, taken_on)


def check_running(*, by: Person | None, brand: Unit, today: dt.date) -> int:
    """Check what runs and was not checked by the rules of today; how many schemes.

    Nothing is ended: what does not pass stands in the list for a person to decide.
    """
    count = 0
    for scheme in unchecked(brand, today):
        with transaction.atomic():
            brand, before = _locked(scheme)
            facts, stated = facts_of(scheme), stated_of(before)
            found = scheme_rules.findings(facts, stated)
            warned = set(scheme_rules.warnings(found))
            taken_on = before.accepted_by if before and warned <= _accepted(before) else None
            accepted_by = taken_on if warned else None
            _write(by, scheme, brand, before, facts, stated, found, accepted_by)
            count += 1
    return count


# -- private -------------------------------------------------------------------


def _locked(scheme: Scheme) -> tuple[Unit, SchemeCheck | None]:
    """The brand and the check that counts. Two checks at once come one after the other."""
    model = MODELS[kind_of(scheme)]
    held = model.objects.select_for_update(of=("self",)).select_related("brand").get(pk=scheme.pk)
    return held.brand, latest(scheme)


def _accepted(check: SchemeCheck | None) -> set[str]:
    if check is None or check.outcome != Outcome.ACCEPTED:
        return set()
    return set(scheme_rules.warnings(findings_of(check)))


def _same(before: SchemeCheck, facts: Facts, found: tuple[Finding, ...]) -> bool:
    return (
        before.rules_version == scheme_rules.VERSION
        and before.facts == _plain_facts(facts)
        and findings_of(before) == found
    )


def _write(
    by: Person | None,
    scheme: Scheme,
    brand: Unit,
    before: SchemeCheck | None,
    facts: Facts,
    stated: Stated,
    found: tuple[Finding, ...],
    accepted_by: Person | None,
) -> SchemeCheck:
    kind = kind_of(scheme)
    outcome = _outcome(found, accepted_by is not None)
    made = SchemeCheck.objects.create(
        brand=brand,
        kind=kind,
        replaces=before,
        name=_name(scheme),
        facts=_plain_facts(facts),
        stated={
            "asks": sorted(stated.asks),
            "platforms": sorted(stated.platforms),
            "by_chance": stated.by_chance,
            "top_prize": stated.top_prize,
            "published": stated.published,
            "cashable": stated.cashable,
            "youngest": stated.youngest,
        },
        findings=[[finding.severity.value, finding.code] for finding in found],
        outcome=outcome,
        rules_version=scheme_rules.VERSION,
        checked_by=by,
        accepted_by=accepted_by if outcome == Outcome.ACCEPTED else None,
        **{kind: scheme},
    )
    activity.record(
        by=by,
        verb="scheme.warnings_accepted" if made.accepted_by_id else "scheme.checked",
        object=made,
        unit=brand,
        after={"name": made.name, "outcome": outcome},
    )
    return made


def _outcome(found: tuple[Finding, ...], accepted: bool) -> str:
    if scheme_rules.stops(found):
        return Outcome.STOPPED
    if not scheme_rules.warnings(found):
        return Outcome.CLEAR
    return Outcome.ACCEPTED if accepted else Outcome.WARNED


def _plain_facts(facts: Facts) -> dict[str, Any]:
    return {
        "basis": list(facts.basis),
        "pays": facts.pays,
        "prize": facts.prize,
        "texts": list(facts.texts),
    }


def _name(scheme: Scheme) -> str:
    return scheme.name[:80]


# -- what each kind says of itself ----------------------------------------------


def _texts(*texts: str) -> tuple[str, ...]:
    return tuple(text for text in texts if text)


def _theme(theme: Any) -> Facts:
    return Facts(("posts",), "points", texts=_texts(theme.name, theme.about))


def _rule(rule: Any) -> Facts:
    pays = "points" if rule.in_points else "coupons" if rule.in_coupons else "money"
    return Facts((rewards_sources.basis_of(rule.source),), pays, texts=_texts(rule.name))


# Which fact of a race follows from what; those of other apps are work that was done.
_OF_SOURCE = {
    "orders": "orders",
    "buyers": "orders",
    "posts": "posts",
    "organic": "posts",
    "reports": "leads",
}


def _race(race: Any) -> Facts:
    version = race.formula or race.formulas.order_by("-version").first()
    formula = race_rules.from_json(version.rules)
    basis = {_OF_SOURCE.get(race_facts.fact(key).source, "work") for key in formula.facts}
    return Facts(
        tuple(sorted(basis)),
        "money",
        prize=max(formula.prizes, default=0),
        texts=_texts(race.name, race.note),
    )


def _reward(reward: Any) -> Facts:
    pays = {"coupon": "coupons"}.get(reward.kind, "goods")
    basis = "points" if reward.price else "tier"
    return Facts((basis,), pays, texts=_texts(reward.name, reward.about))


def _standing(standing: Any) -> Facts:
    basis: Iterable[str] = ("posts",) * bool(standing.notes) + ("orders",) * bool(standing.orders)
    return Facts(tuple(basis), "price", texts=_texts(standing.name))


_FACTS: dict[str, Callable[[Any], Facts]] = {
    SchemeKind.THEME: _theme,
    SchemeKind.RULE: _rule,
    SchemeKind.RACE: _race,
    SchemeKind.REWARD: _reward,
    SchemeKind.STANDING: _standing,
}
