"""What a tier or a layer brings, and certificates of tiers."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.fields import DateRangeField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.benefits_choices import BenefitKind
from incentives.choices import Tier
from matrix.choices import CreatorKind, Layer
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class Benefit(models.Model):
    """One row of the benefit table: for a tier (and all above it) or for a layer, for some days.

    Never edited: it is ended, and another one added. ``value`` is a weight for priority, minor units
    for a boost budget.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices)
    tier = models.CharField(max_length=20, choices=Tier.choices, blank=True)
    layer = models.CharField(max_length=10, choices=Layer.choices, blank=True)
    kind = models.CharField(max_length=12, choices=BenefitKind.choices)
    title = models.CharField(max_length=60)
    text = models.CharField(max_length=300, blank=True)
    value = models.BigIntegerField(null=True)
    period = DateRangeField()
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("benefit")
        verbose_name_plural = _("benefits")
        constraints = [
            models.CheckConstraint(
                condition=(~Q(tier="") & Q(layer="")) | (Q(tier="") & ~Q(layer="")),
                name="benefit_of_tier_or_layer",
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=[BenefitKind.PRIORITY, BenefitKind.BOOST]) | Q(value__gt=0),
                name="benefit_value_where_it_counts",
            ),
        ]
        indexes = [models.Index(fields=["brand", "creator_kind"], name="benefit_of_kind")]

    def __str__(self) -> str:
        return self.title

    @property
    def last_day(self) -> dt.date | None:
        return self.period.upper - dt.timedelta(days=1) if self.period.upper else None


class TierCertificate(models.Model):
    """That a creator reached a tier on a day, under a number that anybody can check."""

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="tier_certificates")
    tier = models.CharField(max_length=20, choices=Tier.choices)
    since = models.DateField()
    number = models.CharField(max_length=16, unique=True)
    issued_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("certificate of a tier")
        verbose_name_plural = _("certificates of tiers")
        constraints = [
            models.UniqueConstraint("creator", "tier", "since", name="tier_certificate_once")
        ]

    def __str__(self) -> str:
        return self.number
