"""Reward rules, what they reward, and the sub-ledger of rewards."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from content.models import Post
from incentives.choices import COUPONS, POINTS
from incentives.models.perks import Reward
from incentives.rewards_choices import BoostState, LineKind, RuleState, Standing
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class RewardRule(models.Model):
    """A version of a reward rule of a brand for the days on which things are done.

    ``terms`` is the JSON form of `rewards_rule.Terms`. It holds once a second person approved it;
    of approved versions with the same code only one holds on a day. Only its end can change then.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    code = models.SlugField(max_length=40)
    name = models.CharField(max_length=80)
    source = models.CharField(max_length=20)
    # Points where the terms say how many months they live.
    currency = models.CharField(max_length=3, default=settings.CURRENCY)
    # What a rule in coupons hands out, a piece for each of its amounts.
    coupon = models.ForeignKey(Reward, models.PROTECT, null=True, related_name="rules")
    period = DateRangeField()
    terms = models.JSONField()
    state = models.CharField(max_length=10, choices=RuleState.choices, default=RuleState.WAITING)
    created_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("reward rule")
        verbose_name_plural = _("reward rules")
        constraints = [
            ExclusionConstraint(
                name="reward_rule_no_overlap",
                expressions=[
                    ("brand", RangeOperators.EQUAL),
                    ("code", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(state=RuleState.APPROVED),
            ),
            models.CheckConstraint(
                condition=Q(state=RuleState.WAITING)
                | (Q(decided_by__isnull=False, decided_at__isnull=False)),
                name="reward_rule_decided_by",
            ),
            models.CheckConstraint(
                condition=Q(currency=POINTS)
                & Q(terms__has_key="points_months")
                & Q(terms__points_months__gt=0)
                | ~Q(currency=POINTS)
                & (~Q(terms__has_key="points_months") | Q(terms__points_months=None)),
                name="reward_rule_points_live",
            ),
            models.CheckConstraint(
                condition=Q(currency=COUPONS, coupon__isnull=False)
                & Q(terms__has_key="coupon_cost")
                & Q(terms__coupon_cost__gte=0)
                | ~Q(currency=COUPONS)
                & Q(coupon=None)
                & (~Q(terms__has_key="coupon_cost") | Q(terms__coupon_cost=None)),
                name="reward_rule_coupon",
            ),
            models.CheckConstraint(
                condition=~Q(state=RuleState.APPROVED) | ~Q(decided_by=F("created_by")),
                name="reward_rule_two_people",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def in_points(self) -> bool:
        return self.currency == POINTS

    @property
    def in_coupons(self) -> bool:
        return self.currency == COUPONS

    @property
    def last_day(self) -> dt.date | None:
        return self.period.upper - dt.timedelta(days=1) if self.period.upper else None


class RewardRun(models.Model):
    """One run over all rewards of a brand. Everything it writes is one transaction."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    as_of = models.DateField()
    counts = models.JSONField(default=dict)
    started_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("reward run")
        verbose_name_plural = _("reward runs")
        indexes = [models.Index(fields=["brand", "-created_at"], name="reward_run_latest")]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} · {self.as_of}"


class RewardItem(models.Model):
    """One thing that a rule rewards: a note, a task, a month of orders.

    The rule and ``frozen`` (tier, kind, followers when it was taken in) never change. ``earned`` and
    ``released`` are the sums of its lines.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    rule = models.ForeignKey(RewardRule, models.PROTECT, related_name="items")
    code = models.SlugField(max_length=40)
    key = models.CharField(max_length=80)
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="rewards")
    post = models.ForeignKey(Post, models.PROTECT, null=True, related_name="rewards")
    done_on = models.DateField()
    watched_until = models.DateField()
    frozen = models.JSONField(default=dict)
    standing = models.CharField(max_length=12, choices=Standing.choices)
    step = models.BigIntegerField(null=True)
    value = models.BigIntegerField(null=True)
    earned = models.BigIntegerField(default=0)
    released = models.BigIntegerField(default=0)
    # By hand: stopped for a reason, or cleared after a jump of its figures was looked at.
    stopped_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    stopped_reason = models.CharField(max_length=300, blank=True)
    cleared_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("reward")
        verbose_name_plural = _("rewards")
        constraints = [
            models.UniqueConstraint("brand", "code", "key", name="reward_once"),
            models.CheckConstraint(
                condition=Q(stopped_by=None, stopped_reason="")
                | (Q(stopped_by__isnull=False) & ~Q(stopped_reason="")),
                name="reward_stopped_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(earned__gte=0, released__gte=0, released__lte=F("earned")),
                name="reward_released_within_earned",
            ),
        ]
        indexes = [
            models.Index(fields=["-done_on", "-id"], name="reward_latest"),
            models.Index(fields=["creator", "-done_on"], name="reward_of_creator"),
            models.Index(fields=["rule", "watched_until"], name="reward_watched"),
            models.Index(fields=["post"], condition=Q(post__isnull=False), name="reward_of_post"),
        ]

    def __str__(self) -> str:
        return self.key


class RewardLine(models.Model):
    """The sub-ledger: what a reward gained or lost in a run, as earned or as released.

    ``target`` is owed now, ``amount`` = target - what was posted before. Append-only.
    """

    run = models.ForeignKey(RewardRun, models.PROTECT, related_name="lines")
    item = models.ForeignKey(RewardItem, models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=10, choices=LineKind.choices)
    sequence = models.PositiveIntegerField()
    target = models.BigIntegerField()
    amount = models.BigIntegerField()
    # {"value", "step", "standing"} as they were.
    facts = models.JSONField()

    objects = scoped_by("item__creator__store").as_manager()

    class Meta:
        verbose_name = _("line of a reward")
        verbose_name_plural = _("lines of rewards")
        constraints = [
            models.UniqueConstraint("item", "kind", "sequence", name="reward_line_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="reward_line_not_zero"),
        ]

    def __str__(self) -> str:
        return f"{self.item_id} {self.kind} {self.amount}"


class BoostBudget(models.Model):
    """What a brand may spend in a month on showing notes to more people, in minor units."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    # 2026-11
    period = models.CharField(max_length=7)
    amount = models.BigIntegerField()
    set_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    set_at = models.DateTimeField(auto_now=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("boost budget")
        verbose_name_plural = _("boost budgets")
        constraints = [
            models.UniqueConstraint("brand", "period", name="boost_budget_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="boost_budget_not_negative"),
        ]

    def __str__(self) -> str:
        return self.period


class Boost(models.Model):
    """Traffic for a note: asked for, approved with an amount, spent. One is open per note.

    From ``began_at`` on the figures of the note are no longer organic.
    """

    post = models.ForeignKey(Post, models.PROTECT, related_name="boosts")
    state = models.CharField(max_length=10, choices=BoostState.choices, default=BoostState.ASKED)
    period = models.CharField(max_length=7)
    asked_amount = models.BigIntegerField()
    asked_reason = models.CharField(max_length=300)
    asked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(auto_now_add=True)
    approved_amount = models.BigIntegerField(null=True)
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decided_reason = models.CharField(max_length=300, blank=True)
    spent_amount = models.BigIntegerField(null=True)
    began_at = models.DateTimeField(null=True)
    spent_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")

    objects = scoped_by("post__store").as_manager()

    class Meta:
        verbose_name = _("boost")
        verbose_name_plural = _("boosts")
        constraints = [
            models.UniqueConstraint(
                "post",
                condition=Q(state__in=[BoostState.ASKED, BoostState.APPROVED]),
                name="boost_one_open",
            ),
            models.CheckConstraint(condition=Q(asked_amount__gt=0), name="boost_asks_for_some"),
            models.CheckConstraint(
                condition=Q(state__in=[BoostState.ASKED, BoostState.DECLINED])
                | Q(approved_amount__gt=0, decided_by__isnull=False),
                name="boost_approved_amount",
            ),
            models.CheckConstraint(
                condition=~Q(state=BoostState.SPENT)
                | Q(spent_amount__gte=0, began_at__isnull=False, spent_by__isnull=False),
                name="boost_spent_amount",
            ),
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")),
                name="boost_two_people",
            ),
        ]
        indexes = [models.Index(fields=["state", "-id"], name="boost_by_state")]

    def __str__(self) -> str:
        return str(self.post)
