"""Rules of platforms as dated rows: how many KOS accounts, how much spend, how many notes (5.7)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, DurationField, ExpressionWrapper, F, Q, QuerySet, Sum
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from kosops.lib.money import MAX_MINOR
from matrix import health, platforms
from matrix.choices import CreatorKind, Domain, Ownership, PlatformRuleKind, RuleState
from matrix.models import PlatformRule, SocialAccount, StaffReport
from matrix.platform_use import left_of, state_of

# Where the brand has no rule: what one public plan of the platform allows a user (RULES 5.7).
USUAL_NOTES = 2
# A report counts as one of a month when its period is so long, and while it is no older than this.
MONTH_DAYS = (dt.timedelta(days=27), dt.timedelta(days=30))
REPORT_KEPT = dt.timedelta(days=92)
# A platform counts what the company opened or was given; a staff member's own account is not its.
COUNTED = (Ownership.COMPANY_OPENED, Ownership.EMPLOYEE_AUTHORISED)
BROKEN = (RuleState.OVER, RuleState.SHORT)


@dataclass(frozen=True, slots=True)
class Use:
    """A rule in force and what is used of it; ``rule`` None is the usual advice."""

    brand_id: int
    platform: str
    kind: str
    value: int
    used: int | None
    state: RuleState
    rule: PlatformRule | None = None
    # First and last day of the report that tells the spend.
    period: tuple[dt.date, dt.date] | None = None

    @property
    def kind_label(self) -> Any:
        return PlatformRuleKind(self.kind).label

    @property
    def left(self) -> int | None:
        """Below 0: so much over a quota, or so much more spent than had to be."""
        return left_of(self.value, self.used)

    @property
    def over(self) -> int:
        return max(0, -(self.left or 0))


# -- queries -------------------------------------------------------------------


def in_force(rules: QuerySet[Any], on: dt.date) -> QuerySet[Any]:
    return rules.filter(Q(valid_until=None) | Q(valid_until__gte=on), valid_from__lte=on)


def history(brand: Unit, platform: str) -> list[PlatformRule]:
    """All rows of a platform, by kind and the latest first."""
    rows = PlatformRule.objects.filter(brand=brand, platform=platform)
    return list(rows.order_by("kind", "-valid_from"))


def use_of(brand: Unit, on: dt.date) -> list[Use]:
    """What the brand uses of each rule in force on a day."""
    return uses(in_force(PlatformRule.objects.filter(brand=brand), on), on)


def uses(rules: QuerySet[Any], on: dt.date) -> list[Use]:
    """What is used of each of ``rules``, in three queries at the most."""
    rows = sorted(rules, key=lambda row: (row.platform, _place(row.kind)))
    quotas = [row for row in rows if row.kind == PlatformRuleKind.KOS_QUOTA]
    spends = [row for row in rows if row.kind == PlatformRuleKind.MONTHLY_SPEND]
    accounts = _accounts(quotas) if quotas else {}
    spent = _spent(spends, on) if spends else {}
    found = []
    for row in rows:
        key = (row.brand_id, row.platform)
        used: int | None = None
        period = None
        if row.kind == PlatformRuleKind.KOS_QUOTA:
            used = accounts.get(key, 0)
        elif row.kind == PlatformRuleKind.MONTHLY_SPEND and key in spent:
            *period, used = spent[key]
        found.append(
            Use(
                brand_id=row.brand_id,
                platform=row.platform,
                kind=row.kind,
                value=row.value,
                used=used,
                state=state_of(row.kind, row.value, used),
                rule=row,
                period=(period[0], period[1]) if period else None,
            )
        )
    return found


def on_platform(brand: Unit, platform: str, on: dt.date) -> list[Use]:
    """The rules in force on one platform, with the usual advice where the brand has no own."""
    found = uses(in_force(PlatformRule.objects.filter(brand=brand, platform=platform), on), on)
    notes = PlatformRuleKind.NOTES_PER_MONTH
    if all(each.kind != notes for each in found):
        found.append(Use(brand.pk, platform, notes, USUAL_NOTES, None, RuleState.ADVICE))
    return found


def worst_by_platform(found: Iterable[Use]) -> dict[str, RuleState]:
    """What to warn of on each platform; one that keeps all its rules is left out."""
    order = (RuleState.OVER, RuleState.SHORT, RuleState.NEAR)
    worst: dict[str, RuleState] = {}
    for each in found:
        if each.state in order:
            known = worst.get(each.platform, each.state)
            worst[each.platform] = min(known, each.state, key=order.index)
    return worst


def counted(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Of ``accounts`` those that a quota of KOS accounts counts."""
    return health.public_accounts(accounts).filter(
        creator__kind=CreatorKind.KOS, ownership__in=COUNTED
    )


def over_quota(account: SocialAccount, on: dt.date) -> Use | None:
    """The quota that an account breaks together with the others; it may be opened all the same."""
    if not counted(SocialAccount.objects.filter(pk=account.pk)).exists():
        return None
    rules = PlatformRule.objects.filter(
        brand=account.brand_id, platform=account.platform, kind=PlatformRuleKind.KOS_QUOTA
    )
    return next((each for each in uses(in_force(rules, on), on) if each.over), None)


def accounts_over(brand: Unit, on: dt.date) -> int:
    """By how many accounts the brand is over the quotas of its platforms, all together."""
    rules = PlatformRule.objects.filter(brand=brand, kind=PlatformRuleKind.KOS_QUOTA)
    return sum(each.over for each in uses(in_force(rules, on), on))


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_rule(
    *,
    by: Person | None,
    brand: Unit,
    platform: str,
    kind: str,
    value: int,
    valid_from: dt.date,
    valid_until: dt.date | None = None,
    source: str = "",
    note: str = "",
) -> PlatformRule:
    """Add a rule from a day on; an earlier row without an end ends the day before.

    Refuses ``unknown_platform``, ``rule_needs_public_platform``, ``value_not_positive``,
    ``dates_reversed`` and ``rule_overlaps``.
    """
    domain = platforms.domain_of(brand.pk, platform)
    if domain is None:
        raise DomainError("unknown_platform", _("The brand has no platform with this code."))
    if domain != Domain.PUBLIC:
        raise DomainError(
            "rule_needs_public_platform",
            _("Only platforms of the public domain have quotas and spend."),
        )
    _check(value, valid_from, valid_until)
    _lock(brand.pk)
    row = PlatformRule(
        brand=brand,
        platform=platform,
        kind=PlatformRuleKind(kind),
        value=value,
        valid_from=valid_from,
        valid_until=valid_until,
        source=source.strip()[:200],
        note=note.strip()[:300],
    )
    before = _others(row).filter(valid_until=None, valid_from__lt=valid_from).first()
    if before is not None:
        _end(by, before, valid_from - dt.timedelta(days=1))
    _refuse_overlap(row)
    row.save()
    activity.record(
        by=by, verb="platform_rule.added", object=row, unit=brand, after=_facts(row, platform=True)
    )
    return row


@transaction.atomic
def change_rule(
    *,
    by: Person | None,
    rule: PlatformRule,
    value: int,
    valid_from: dt.date,
    valid_until: dt.date | None,
    source: str,
    note: str,
) -> PlatformRule:
    """Change a rule that is still to come; of one that has begun only the last day.

    Nothing changed is no change. Refuses ``rule_in_force``, ``value_not_positive``,
    ``dates_reversed`` and ``rule_overlaps``.
    """
    rule = _locked(rule)
    before = _facts(rule)
    begun = rule.has_begun(timezone.localdate())
    rule.value, rule.valid_from, rule.valid_until = value, valid_from, valid_until
    rule.source, rule.note = source.strip()[:200], note.strip()[:300]
    after = _facts(rule)
    changed = [name for name in after if after[name] != before[name]]
    if not changed:
        return rule
    if begun and changed != ["valid_until"]:
        raise DomainError(
            "rule_in_force",
            _("The rule has come into force. Add a new one: this one then ends the day before."),
        )
    _check(value, valid_from, valid_until)
    _refuse_overlap(rule)
    rule.save()
    activity.record(
        by=by,
        verb="platform_rule.changed",
        object=rule,
        unit=rule.brand,
        before={name: before[name] for name in changed},
        after={name: after[name] for name in changed},
    )
    return rule


@transaction.atomic
def remove_rule(*, by: Person | None, rule: PlatformRule) -> PlatformRule | None:
    """Take away a rule that is still to come; returns the one before, which still ends.

    Refuses ``rule_in_force``.
    """
    rule = _locked(rule)
    if rule.has_begun(timezone.localdate()):
        raise DomainError(
            "rule_in_force",
            _("The rule has come into force and stays in the history; it can only be ended."),
        )
    before = _others(rule).filter(valid_until=rule.valid_from - dt.timedelta(days=1)).first()
    activity.record(
        by=by,
        verb="platform_rule.removed",
        object=rule,
        unit=rule.brand,
        before=_facts(rule, platform=True),
    )
    rule.delete()
    return before


# -- private -------------------------------------------------------------------


def _place(kind: str) -> int:
    return PlatformRuleKind.values.index(kind)


def _accounts(rules: Collection[PlatformRule]) -> dict[tuple[int, str], int]:
    rows = SocialAccount.objects.filter(
        brand__in={each.brand_id for each in rules}, platform__in={each.platform for each in rules}
    )
    counts = counted(rows).order_by().values("brand_id", "platform").annotate(count=Count("pk"))
    return {(row["brand_id"], row["platform"]): row["count"] for row in counts}


def _spent(
    rules: Collection[PlatformRule], on: dt.date
) -> dict[tuple[int, str], tuple[dt.date, dt.date, int | None]]:
    """First day, last day and spend of the latest month that came in, by brand and platform."""
    length = ExpressionWrapper(F("period_to") - F("period_from"), output_field=DurationField())
    rows = (
        StaffReport.objects.annotate(length=length)
        .filter(
            brand__in={each.brand_id for each in rules},
            account__platform__in={each.platform for each in rules},
            period_to__range=(on - REPORT_KEPT, on),
            length__range=MONTH_DAYS,
        )
        .order_by("period_to", "period_from")
        .values_list("brand_id", "account__platform", "period_from", "period_to")
        .annotate(spent=Sum("promotion_spend"))
    )
    return {(brand, platform): (*days, spent) for brand, platform, *days, spent in rows}  # type: ignore[misc]


def _lock(brand_id: int) -> None:
    """Two new rules at once would each see no other."""
    Unit.objects.select_for_update(no_key=True).get(pk=brand_id)


def _locked(rule: PlatformRule) -> PlatformRule:
    _lock(rule.brand_id)
    return PlatformRule.objects.select_for_update().get(pk=rule.pk)


def _others(rule: PlatformRule) -> QuerySet[PlatformRule]:
    same = PlatformRule.objects.filter(
        brand=rule.brand_id, platform=rule.platform, kind=rule.kind
    ).exclude(pk=rule.pk)
    return same.select_for_update()


def _check(value: int, valid_from: dt.date, valid_until: dt.date | None) -> None:
    if not 0 < value <= MAX_MINOR:
        raise DomainError("value_not_positive", _("The value must be above 0."), status=400)
    if valid_until is not None and valid_until < valid_from:
        raise DomainError("dates_reversed", _("The last day is before the first."), status=400)


def _refuse_overlap(rule: PlatformRule) -> None:
    others = _others(rule).filter(Q(valid_until=None) | Q(valid_until__gte=rule.valid_from))
    if rule.valid_until is not None:
        others = others.filter(valid_from__lte=rule.valid_until)
    other = others.order_by("valid_from").first()
    if other is not None:
        raise DomainError(
            "rule_overlaps",
            _("On some of these days another value holds, from %(day)s on."),
            day=other.valid_from.isoformat(),
        )


def _end(by: Person | None, rule: PlatformRule, last: dt.date) -> None:
    rule.valid_until = last
    rule.save(update_fields=["valid_until"])
    activity.record(
        by=by,
        verb="platform_rule.changed",
        object=rule,
        unit=rule.brand,
        before={"valid_until": None},
        after={"valid_until": last.isoformat()},
    )


def _facts(rule: PlatformRule, *, platform: bool = False) -> dict[str, Any]:
    # The log shows money as money, and a number of accounts as one.
    name = "spend" if rule.kind == PlatformRuleKind.MONTHLY_SPEND else "value"
    facts: dict[str, Any] = {
        name: rule.value,
        "valid_from": rule.valid_from.isoformat(),
        "valid_until": rule.valid_until.isoformat() if rule.valid_until else None,
        "source": rule.source,
        "note": rule.note,
    }
    if platform:
        facts |= {"platform": rule.platform, "kind": str(rule.kind)}
    return facts
