"""Points: the dated rules, what they came to fact by fact, and what was given by hand."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiKey, Unit, scoped_by
from incentives.models.books import Journal
from incentives.points_choices import GrantState
from kosops.lib.money import MAX_MINOR
from matrix.choices import CreatorKind
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL
# More at once is a typing error.
MOST_POINTS = 1_000_000


class PointRule(models.Model):
    """How many points one event brings, from a day on. Only its last day is ever set.

    An empty kind means KOS and KOC; a rule that names the kind goes before it.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    # The code of a `points_sources.Source`.
    event = models.CharField(max_length=30)
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices, blank=True)
    points = models.PositiveIntegerField()
    cap_day = models.PositiveIntegerField(null=True, blank=True)
    cap_month = models.PositiveIntegerField(null=True, blank=True)
    hold_days = models.PositiveSmallIntegerField(default=0)
    # Points live to the end of the month so many months after that of the event.
    months = models.PositiveSmallIntegerField(default=12)
    valid = DateRangeField(help_text=_("First day and the day after the last, by day of event."))
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("point rule")
        verbose_name_plural = _("point rules")
        constraints = [
            ExclusionConstraint(
                name="point_rule_no_overlap",
                expressions=[
                    ("brand", RangeOperators.EQUAL),
                    ("event", RangeOperators.EQUAL),
                    ("creator_kind", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(
                condition=Q(points__gte=1, points__lte=MOST_POINTS), name="point_rule_points"
            ),
            # What is held must come free before it expires.
            models.CheckConstraint(
                condition=Q(months__gte=1, months__lte=120, hold_days__lte=F("months") * 28),
                name="point_rule_lives_longer_than_held",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.event} {self.points}"

    @property
    def last_day(self) -> dt.date | None:
        return self.valid.upper - dt.timedelta(days=1) if self.valid.upper else None


class PointRun(models.Model):
    """One evaluation of the point rules of a brand, with what was released and what expired."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    as_of = models.DateField()
    counts = models.JSONField(default=dict)
    started_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("point run")
        verbose_name_plural = _("point runs")

    def __str__(self) -> str:
        return f"{self.brand} {self.as_of}"


class PointLine(models.Model):
    """What one fact brought or took back, whole points. Append-only.

    The lines of a fact together are what it is worth now; all have the days of the first.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="point_lines")
    source = models.CharField(max_length=30)
    key = models.CharField(max_length=60)
    sequence = models.PositiveSmallIntegerField(default=1)
    amount = models.BigIntegerField()
    earned_on = models.DateField()
    available_on = models.DateField()
    expires_on = models.DateField()
    rule = models.ForeignKey(PointRule, models.PROTECT, null=True, related_name="lines")
    journal = models.ForeignKey(Journal, models.PROTECT, related_name="point_lines")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("line of points")
        verbose_name_plural = _("lines of points")
        constraints = [
            models.UniqueConstraint(
                "brand", "source", "key", "creator", "sequence", name="point_line_once"
            ),
            models.CheckConstraint(
                condition=~Q(amount=0) & Q(amount__gte=-MAX_MINOR, amount__lte=MAX_MINOR),
                name="point_line_amount",
            ),
            models.CheckConstraint(
                condition=Q(expires_on__gte=F("available_on")), name="point_line_lives"
            ),
        ]
        indexes = [models.Index(fields=["creator", "expires_on"], name="point_line_of_creator")]

    def __str__(self) -> str:
        return f"{self.source} {self.key} {self.amount}"


class PointGrant(models.Model):
    """Points given or taken by hand, with the reason. What was asked for never changes."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="point_grants")
    points = models.IntegerField()
    months = models.PositiveSmallIntegerField(default=12)
    reason = models.CharField(_("reason"), max_length=200)
    state = models.CharField(max_length=8, choices=GrantState.choices, default=GrantState.WAITING)
    # Made where the form was filled in: the same form sent twice is one grant.
    client_key = models.UUIDField()
    maker = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    # The program that asked; ``maker`` is who made its key.
    api_key = models.ForeignKey(ApiKey, models.PROTECT, null=True, blank=True, related_name="+")
    checker = models.ForeignKey(PERSON, models.PROTECT, null=True, blank=True, related_name="+")
    answer = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("points given by hand")
        verbose_name_plural = _("points given by hand")
        constraints = [
            models.UniqueConstraint("maker", "client_key", name="point_grant_form_once"),
            models.CheckConstraint(
                condition=~Q(points=0) & Q(points__gte=-MOST_POINTS, points__lte=MOST_POINTS),
                name="point_grant_points",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="point_grant_has_reason"),
            models.CheckConstraint(
                condition=Q(checker=None) | ~Q(checker=F("maker")), name="point_grant_by_another"
            ),
            models.CheckConstraint(
                condition=Q(state=GrantState.WAITING, decided_at=None, checker=None)
                | Q(state=GrantState.POSTED, decided_at__isnull=False)
                | Q(state=GrantState.REJECTED, decided_at__isnull=False, checker__isnull=False)
                & ~Q(answer=""),
                name="point_grant_decided",
            ),
        ]
        indexes = [
            models.Index(
                fields=["created_at", "id"],
                condition=Q(state=GrantState.WAITING),
                name="point_grant_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.creator} {self.points:+d}"
