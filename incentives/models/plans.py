"""Commission plans: dated versions and their rates."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.choices import BeneficiaryRole, Tier
from matrix.choices import CreatorKind

PERSON = settings.AUTH_USER_MODEL


class PlanVersion(models.Model):
    """The commission plan of a brand for a range of days. Its rates are never edited."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    valid = DateRangeField(help_text=_("First day and the day after the last, by payment date."))
    hold_days = models.PositiveSmallIntegerField(default=15)
    # All roles together never take more than this part of an order line.
    cap_bp = models.PositiveIntegerField(default=3000)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("commission plan")
        verbose_name_plural = _("commission plans")
        constraints = [
            ExclusionConstraint(
                name="plan_version_no_overlap",
                expressions=[
                    ("brand", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(cap_bp__lte=10_000), name="plan_version_cap"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_day(self) -> dt.date | None:
        """The last day on which the plan applies, None while it is open-ended."""
        return self.valid.upper - dt.timedelta(days=1) if self.valid.upper else None


class PlanRate(models.Model):
    """One rate of a plan version. Empty category, tier or kind means any; the rate that names
    more wins, category before tier before kind (`commission.pick_rate`).
    """

    version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="rates")
    role = models.CharField(max_length=10, choices=BeneficiaryRole.choices)
    category = models.CharField(max_length=60, blank=True)
    tier = models.CharField(max_length=20, blank=True)
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices, blank=True)
    rate_bp = models.PositiveIntegerField()

    objects = scoped_by("version__brand").as_manager()

    class Meta:
        verbose_name = _("commission rate")
        verbose_name_plural = _("commission rates")
        constraints = [
            models.UniqueConstraint(
                "version", "role", "category", "tier", "creator_kind", name="plan_rate_once"
            ),
            models.CheckConstraint(condition=Q(rate_bp__lte=10_000), name="plan_rate_within_100"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.rate_bp / 100:g} %"

    @property
    def tier_name(self) -> str:
        return str(Tier(self.tier).label) if self.tier in Tier.values else self.tier
