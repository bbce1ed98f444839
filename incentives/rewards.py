"""Reward rules and rewards: rules of two people, stopping and clearing by hand, sums."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet, Sum
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import rewards_rule, rewards_sources, schemes
from incentives.choices import COUPONS, POINTS
from incentives.models import Reward, RewardItem, RewardRule
from incentives.points_choices import Delivery
from incentives.rewards_choices import RuleState
from incentives.rewards_rule import RuleFault, Terms
from kosops.lib.errors import DomainError
from kosops.lib.repeating import whole
from matrix.models import Creator

FAULTS = {
    "empty": _("A rule needs at least one step."),
    "too_many": _("A rule has at most eight steps."),
    "not_rising": _("Each step asks for more and pays more than the one before."),
    "too_short": _("A note must be watched at least as long as it is counted and checked."),
    "wrong_order": _("The band of followers ends before it begins."),
    "expires_watched": _("Points must live longer than the note is watched."),
    "one_kind": _("A rule pays money, points or coupons, not two of them."),
    "cost_needed": _("Say what one coupon costs, so that it counts against the budget."),
    "not_a_number": _("%(field)s is not a whole number."),
    "out_of_range": _("%(field)s is out of range."),
}


# -- rules ---------------------------------------------------------------------


def checked(terms: Mapping[str, Any]) -> Terms:
    """Read the terms of a rule; refuses ``invalid_reward_rule``."""
    try:
        found = rewards_rule.terms_from_json(terms)
    except RuleFault as fault:
        raise DomainError(
            "invalid_reward_rule", FAULTS[fault.problem], status=422, field=fault.field
        ) from fault
    if found.source not in {source.code for source in rewards_sources.sources()}:
        raise DomainError("unknown_source", _("There is nothing of that kind to reward."))
    return found


@transaction.atomic
def propose(
    *,
    by: Person,
    brand: Unit,
    name: str,
    terms: Mapping[str, Any],
    first_day: dt.date,
    last_day: dt.date | None = None,
    code: str = "",
    coupon: Reward | None = None,
) -> RewardRule:
    """Write down a rule; it holds once a second person approves it.

    ``code`` names the rule that it replaces, ``coupon`` what a rule in coupons hands out. Refuses
    ``invalid_reward_rule``, ``unknown_source``, ``dates_reversed``, ``coupon_needed``,
    ``other_brand``, ``coupon_by_post``, and ``other_currency`` where the rule before it pays in
    something else.
    """
    found = checked(terms)
    _check_coupon(found, coupon, brand)
    currency = settings.CURRENCY
    if found.in_points:
        currency = POINTS
    elif found.in_coupons:
        currency = COUPONS
    replaced = RewardRule.objects.filter(brand=brand, code=code)
    if code and replaced.exclude(currency=currency).exists():
        # The limit of a person's month goes over both.
        raise DomainError(
            "other_currency", _("The rule before it pays otherwise; write a rule of its own.")
        )
    if last_day is not None and last_day < first_day:
        raise DomainError("dates_reversed", _("The last day is before the first."), status=400)
    end = last_day + dt.timedelta(days=1) if last_day else None
    rule = RewardRule.objects.create(
        brand=brand,
        code=code or _new_code(brand, name),
        name=name,
        source=found.source,
        currency=currency,
        coupon=coupon,
        period=DateRange(first_day, end),
        terms=rewards_rule.terms_to_json(found),
        created_by=by,
    )
    activity.record(
        by=by,
        verb="reward_rule.submitted",
        object=rule,
        unit=brand,
        after={"valid_from": first_day.isoformat(), "rules": rule.terms},
    )
    return rule


def _check_coupon(terms: Terms, coupon: Reward | None, brand: Unit) -> None:
    if terms.in_coupons != (coupon is not None):
        raise DomainError(
            "coupon_needed", _("Say which coupon the rule hands out, and only there."), status=422
        )
    if coupon is None:
        return
    if coupon.brand_id != brand.pk:
        raise DomainError("other_brand", _("The coupon belongs to another brand."))
    if coupon.delivery == Delivery.POST:
        raise DomainError(
            "coupon_by_post",
            _("What is sent by post needs an address; a rule cannot hand it out by itself."),
        )


@transaction.atomic
def approve(*, by: Person, rule: RewardRule) -> RewardRule:
    """Let a rule hold. An open-ended one with the same code ends the day before.

    Refuses ``rule_decided``, ``own_rule``, ``rule_starts_in_past``, ``rules_overlap`` and what
    `schemes.require` refuses.
    """
    rule = _locked(rule)
    if rule.created_by_id == by.pk:
        raise DomainError("own_rule", _("Somebody else has to approve your own rule."))
    if rule.period.lower < timezone.localdate() - dt.timedelta(days=31):
        raise DomainError(
            "rule_starts_in_past", _("A rule may start at most 31 days back; choose another day.")
        )
    same = RewardRule.objects.filter(brand=rule.brand, code=rule.code, state=RuleState.APPROVED)
    before = same.filter(period__startswith__lt=rule.period.lower, period__upper_inf=True).first()
    if before is not None:
        before.period = DateRange(before.period.lower, rule.period.lower)
        before.save(update_fields=["period"])
    if other := same.filter(period__overlap=rule.period).first():
        raise DomainError(
            "rules_overlap",
            _("The rule “%(other)s” already holds on some of these days."),
            other=other.name,
        )
    schemes.require(by=by, scheme=rule)
    return _decide(by, rule, RuleState.APPROVED, "", "reward_rule.approved")


@transaction.atomic
def reject(*, by: Person, rule: RewardRule, reason: str) -> RewardRule:
    """Turn a rule down. Refuses ``rule_decided`` and ``reason_needed``."""
    rule = _locked(rule)
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why, so that others can follow it."))
    return _decide(by, rule, RuleState.REJECTED, reason.strip(), "reward_rule.rejected")


def _decide(by: Person, rule: RewardRule, state: str, reason: str, verb: str) -> RewardRule:
    rule.state, rule.reason, rule.decided_by, rule.decided_at = state, reason, by, timezone.now()
    rule.save(update_fields=["state", "reason", "decided_by", "decided_at"])
    activity.record(
        by=by, verb=verb, object=rule, unit=rule.brand, after={"state": state, "reason": reason}
    )
    return rule


def _locked(rule: RewardRule) -> RewardRule:
    # Two rules of one code must not both see no other.
    Unit.objects.select_for_update(no_key=True).get(pk=rule.brand_id)
    found = RewardRule.objects.select_for_update(of=("self",)).select_related("brand")
    rule = found.get(pk=rule.pk)
    if rule.state != RuleState.WAITING:
        raise DomainError("rule_decided", _("This rule is decided already."))
    return rule


def _new_code(brand: Unit, name: str) -> str:
    count = RewardRule.objects.filter(brand=brand).values("code").distinct().count()
    return f"{slugify(name)[:30] or 'rule'}-{count + 1}"


# -- rewards -------------------------------------------------------------------


@whole
def stop(*, by: Person, item: RewardItem, reason: str) -> RewardItem:
    """Take a reward back for a reason (edited after payment, bought figures): the next run does.

    Refuses ``reason_needed``, ``reward_stopped`` and ``reward_closed``.
    """
    item = _watched(item)
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why, so that others can follow it."))
    if item.stopped_by_id:
        raise DomainError("reward_stopped", _("This reward is stopped already."))
    item.stopped_by, item.stopped_reason = by, reason.strip()
    item.save(update_fields=["stopped_by", "stopped_reason"])
    _note(by, item, "reward.stopped", {"reason": item.stopped_reason})
    return item


@whole
def clear(*, by: Person, item: RewardItem) -> RewardItem:
    """Say that the figures of a flagged reward are in order. Refuses ``reward_closed``."""
    item = _watched(item)
    item.cleared_by = by
    item.save(update_fields=["cleared_by"])
    _note(by, item, "reward.checked", {"state": item.standing})
    return item


def _watched(item: RewardItem) -> RewardItem:
    found = RewardItem.objects.select_for_update(of=("self",)).select_related("creator__store")
    item = found.get(pk=item.pk)
    if item.watched_until < timezone.localdate():
        raise DomainError("reward_closed", _("The time in which this reward can change is over."))
    return item


def _note(by: Person, item: RewardItem, verb: str, after: dict[str, Any]) -> None:
    activity.record(by=by, verb=verb, object=item, unit=item.creator.store, after=after)


def for_person(creator: Creator, day: dt.date) -> list[RewardRule]:
    """The rules that hold on a day and are for this person's kind and tier, the oldest first."""
    rows = RewardRule.objects.filter(
        brand=creator.brand_id, state=RuleState.APPROVED, period__contains=day
    )
    found = []
    for rule in rows.select_related("coupon").order_by("pk"):
        terms = rewards_rule.terms_from_json(rule.terms)
        kind = not terms.kinds or creator.kind in terms.kinds
        if kind and (not terms.tiers or creator.tier in terms.tiers):
            found.append(rule)
    return found


def of_creator(creator: Creator) -> QuerySet[RewardItem]:
    """The creator's rewards, the latest first."""
    rows = RewardItem.objects.filter(creator=creator)
    return rows.select_related("rule", "post").order_by("-done_on", "-id")


@dataclass(frozen=True)
class Sums:
    """What rewards came to in one currency: payable (points: free) so far, and held."""

    released: int = 0
    held: int = 0


def sums(items: QuerySet[RewardItem]) -> tuple[Sums, Sums, Sums]:
    """What rewards came to in money, in points, and in pieces of the catalogue."""
    of_rules = (
        items.order_by()
        .values_list("rule__currency")
        .annotate(free=Sum("released"), gained=Sum("earned"))
    )
    found = {currency: Sums(free, gained - free) for currency, free, gained in of_rules}
    none = Sums()
    return (
        found.get(settings.CURRENCY, none),
        found.get(POINTS, none),
        found.get(COUPONS, none),
    )
