"""What platforms ask of a brand: how many accounts, how much spending, how many notes."""

from __future__ import annotations

import datetime as dt

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeBoundary, RangeOperators
from django.db import models
from django.db.models import F, Func, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.choices import PlatformRuleKind
from matrix.models.platforms import PlatformField

# The days of a rule, both ends counted; without a last day they have no end.
DAYS = Func(
    F("valid_from"),
    F("valid_until"),
    RangeBoundary(inclusive_lower=True, inclusive_upper=True),
    function="DATERANGE",
    output_field=DateRangeField(),
)


class PlatformRule(models.Model):
    """One value of one rule of a platform for a range of days.

    ``value`` counts accounts or notes, or is money in minor units of the brand's currency, as the
    kind says. What has come into force keeps its value: a new one is a new row.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="platform_rules")
    platform = PlatformField()
    kind = models.CharField(max_length=20, choices=PlatformRuleKind.choices)
    value = models.BigIntegerField()
    valid_from = models.DateField()
    valid_until = models.DateField(null=True, blank=True)
    source = models.CharField(max_length=200, blank=True)
    note = models.CharField(max_length=300, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("rule of a platform")
        verbose_name_plural = _("rules of platforms")
        constraints = [
            ExclusionConstraint(
                name="platform_rule_no_overlap",
                expressions=[
                    ("brand", RangeOperators.EQUAL),
                    ("platform", RangeOperators.EQUAL),
                    ("kind", RangeOperators.EQUAL),
                    (DAYS, RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(value__gt=0), name="platform_rule_value_positive"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="platform_rule_days",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_platform_display()}: {self.get_kind_display()}"

    def has_begun(self, on: dt.date) -> bool:
        return self.valid_from <= on

    def is_over(self, on: dt.date) -> bool:
        return self.valid_until is not None and self.valid_until < on
