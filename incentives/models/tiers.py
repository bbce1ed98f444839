"""Ladders of tiers, their runs, and who moved or is at risk."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.tier_choices import NoticeEnd, ProposalState
from matrix.choices import CreatorKind
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class LadderVersion(models.Model):
    """The tier rules of a brand for one kind of creator from a day on. Never edited.

    ``rules`` is the JSON form of `incentives.tiers.Ladder`.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices)
    valid_from = models.DateField()
    rules = models.JSONField()
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("tier rules")
        verbose_name_plural = _("tier rules")
        constraints = [
            models.UniqueConstraint(
                "brand", "creator_kind", "valid_from", name="ladder_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_creator_kind_display()} {self.valid_from}"


class TierRun(models.Model):
    """One evaluation of a ladder over all creators of a brand."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    ladder = models.ForeignKey(LadderVersion, models.PROTECT, related_name="runs")
    as_of = models.DateField()
    counts = models.JSONField(default=dict)
    started_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("tier run")
        verbose_name_plural = _("tier runs")
        constraints = [models.UniqueConstraint("ladder", "as_of", name="tier_run_once_a_day")]

    def __str__(self) -> str:
        return f"{self.ladder} · {self.as_of}"


class TierPin(models.Model):
    """A tier that a person set by hand for a time; runs leave it alone until the period is over.

    ``period`` is the first day and the day after the last. Two pins of a creator never overlap,
    but for those that somebody ended; an end is all that can be added later.
    """

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="tier_pins")
    tier = models.CharField(max_length=20, blank=True)
    period = DateRangeField()
    reason = models.CharField(max_length=300)
    created_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    ended_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(null=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("pinned tier")
        verbose_name_plural = _("pinned tiers")
        constraints = [
            ExclusionConstraint(
                name="tier_pin_no_overlap",
                expressions=[
                    ("creator", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(ended_at=None),
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="tier_pin_has_reason"),
            models.CheckConstraint(
                condition=Q(period__startswith__isnull=False, period__endswith__isnull=False),
                name="tier_pin_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.creator}: {self.tier or '–'} {self.period}"

    @property
    def last_day(self) -> dt.date:
        return self.period.upper - dt.timedelta(days=1)


class TierChange(models.Model):
    """A creator moved: by a run, with the facts against the thresholds that moved them, or by a

    pin. Append-only.
    """

    run = models.ForeignKey(TierRun, models.PROTECT, null=True, related_name="changes")
    pin = models.OneToOneField(TierPin, models.PROTECT, null=True, related_name="change")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="tier_changes")
    from_tier = models.CharField(max_length=20, blank=True)
    to_tier = models.CharField(max_length=20, blank=True)
    effective_on = models.DateField()
    # {"rule": ..., "facts": {...}, "thresholds": {...}, "posts": [ids that decided]}
    explanation = models.JSONField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("tier change")
        verbose_name_plural = _("tier changes")
        constraints = [
            models.UniqueConstraint("run", "creator", name="tier_change_once_per_run"),
            models.CheckConstraint(
                condition=Q(run=None) ^ Q(pin=None), name="tier_change_by_run_or_pin"
            ),
        ]
        indexes = [models.Index(fields=["creator", "-effective_on"], name="tier_change_of_creator")]

    def __str__(self) -> str:
        return f"{self.creator}: {self.from_tier or '–'} → {self.to_tier or '–'}"


class TierRisk(models.Model):
    """A creator who no longer meets their tier; demoted when the grace ends and nothing changed."""

    creator = models.OneToOneField(Creator, models.CASCADE, related_name="tier_risk")
    to_tier = models.CharField(max_length=20, blank=True)
    since = models.DateField()
    falls_on = models.DateField()
    explanation = models.JSONField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("tier at risk")
        verbose_name_plural = _("tiers at risk")
        indexes = [models.Index(fields=["falls_on"], name="tier_risk_due")]

    def __str__(self) -> str:
        return f"{self.creator} · {self.falls_on}"


class TierNotice(models.Model):
    """That a creator was told of a coming fall: when, to which tier, on which day, and how it ended.

    Written by the run that finds the creator at risk. What was told never changes; that the
    creator saw it, and the end, are added once.
    """

    run = models.ForeignKey(TierRun, models.PROTECT, related_name="notices")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="tier_notices")
    from_tier = models.CharField(max_length=20, blank=True)
    to_tier = models.CharField(max_length=20, blank=True)
    told_on = models.DateField()
    falls_on = models.DateField()
    explanation = models.JSONField()
    seen_at = models.DateTimeField(null=True)
    ended_on = models.DateField(null=True)
    ended_as = models.CharField(max_length=10, choices=NoticeEnd.choices, blank=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("notice of a lower tier")
        verbose_name_plural = _("notices of a lower tier")
        constraints = [
            models.UniqueConstraint(
                "creator", condition=Q(ended_on=None), name="tier_notice_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None, ended_as="")
                | (Q(ended_on__isnull=False) & ~Q(ended_as="")),
                name="tier_notice_end",
            ),
            models.CheckConstraint(
                condition=Q(falls_on__gte=F("told_on")), name="tier_notice_before_the_fall"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.creator} · {self.falls_on}"


class TierProposal(models.Model):
    """A move that waits for a person, as the rules of its run ask. One waits per creator."""

    run = models.ForeignKey(TierRun, models.PROTECT, related_name="proposals")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="tier_proposals")
    from_tier = models.CharField(max_length=20, blank=True)
    to_tier = models.CharField(max_length=20, blank=True)
    is_up = models.BooleanField()
    proposed_on = models.DateField()
    explanation = models.JSONField()
    state = models.CharField(
        max_length=10, choices=ProposalState.choices, default=ProposalState.WAITING
    )
    decided_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=300, blank=True)
    # Declined: the same move is not proposed again before this day.
    rests_until = models.DateField(null=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("proposed move")
        verbose_name_plural = _("proposed moves")
        constraints = [
            models.UniqueConstraint(
                "creator",
                condition=Q(state=ProposalState.WAITING),
                name="tier_proposal_one_waiting",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[ProposalState.WAITING, ProposalState.LAPSED])
                | Q(decided_by__isnull=False, decided_at__isnull=False),
                name="tier_proposal_decided_by",
            ),
            models.CheckConstraint(
                condition=~Q(state=ProposalState.DECLINED)
                | (~Q(reason="") & Q(rests_until__isnull=False)),
                name="tier_proposal_declined_with_reason",
            ),
        ]
        indexes = [
            models.Index(
                fields=["proposed_on", "id"],
                condition=Q(state=ProposalState.WAITING),
                name="tier_proposal_waiting",
            ),
            models.Index(fields=["creator", "-id"], name="tier_proposal_of_creator"),
        ]

    def __str__(self) -> str:
        return f"{self.creator}: {self.from_tier or '–'} → {self.to_tier or '–'}"
