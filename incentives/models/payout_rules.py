"""Dated rules of a brand about paying and about the tax on it. A version never changes."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.payout_choices import Encoding, TaxMethod, TaxSpan

PERSON = settings.AUTH_USER_MODEL


class PayoutPolicy(models.Model):
    """How a brand pays, from a day on. Amounts in minor units; without a limit it is NULL."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    minimum = models.BigIntegerField()
    # A batch above this needs two checkers beside its maker.
    second_over = models.BigIntegerField(null=True, blank=True)
    # A batch above this needs somebody of finance among its checkers.
    finance_over = models.BigIntegerField(null=True, blank=True)
    staff_by_payroll = models.BooleanField(default=False)
    encoding = models.CharField(
        max_length=10, choices=Encoding.choices, default=Encoding.UTF8, db_default=Encoding.UTF8
    )
    reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("payout rules")
        verbose_name_plural = _("payout rules")
        constraints = [
            models.UniqueConstraint("brand", "valid_from", name="payout_policy_once_a_day"),
            models.CheckConstraint(
                condition=Q(minimum__gte=1)
                & (Q(second_over=None) | Q(second_over__gte=0))
                & (
                    Q(finance_over=None)
                    | Q(finance_over__gte=0)
                    & (Q(second_over=None) | Q(finance_over__gte=F("second_over")))
                ),
                name="payout_policy_limits",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} · {self.valid_from}"


class TaxPolicy(models.Model):
    """How a brand withholds tax from cash to people who are not employees, from a day on."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    valid_from = models.DateField()
    method = models.CharField(max_length=10, choices=TaxMethod.choices)
    span = models.CharField(max_length=10, choices=TaxSpan.choices)
    reason = models.CharField(max_length=300, blank=True)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("tax rules")
        verbose_name_plural = _("tax rules")
        constraints = [
            models.UniqueConstraint("brand", "valid_from", name="tax_policy_once_a_day"),
            models.CheckConstraint(
                condition=Q(method=TaxMethod.LABOUR) | Q(span=TaxSpan.MONTH),
                name="tax_policy_cumulative_by_month",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.brand} · {self.valid_from}"
