"""What a platform's company back office reports per staff account and period."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.models.accounts import SocialAccount
from matrix.models.people import Creator


class StaffReport(models.Model):
    """Totals of one account over one period (DATA-SHAPES 4.4), as last exported.

    Creator and unit are those of the account when the row first came in: leads stay with whoever
    won them. An unknown figure is NULL, never 0; money in minor units of the brand's currency.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="staff_reports")
    account = models.ForeignKey(SocialAccount, models.PROTECT, related_name="staff_reports")
    creator = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="staff_reports"
    )
    period_from = models.DateField()
    period_to = models.DateField()
    notes = models.BigIntegerField(null=True)
    promoted_notes = models.BigIntegerField(null=True)
    promotion_spend = models.BigIntegerField(null=True)
    interactions = models.BigIntegerField(null=True)
    form_leads = models.BigIntegerField(null=True)
    dm_inbound = models.BigIntegerField(null=True)
    dm_opened = models.BigIntegerField(null=True)
    dm_leads = models.BigIntegerField(null=True)
    impressions = models.BigIntegerField(null=True)
    clicks = models.BigIntegerField(null=True)
    region = models.CharField(max_length=120, blank=True)
    labels = models.CharField(max_length=200, blank=True)
    raw = models.JSONField(default=dict)
    source = models.CharField(max_length=40)
    taken_at = models.DateTimeField()

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("staff report")
        verbose_name_plural = _("staff reports")
        constraints = [
            models.UniqueConstraint(
                "account", "period_from", "period_to", name="staff_report_once_per_period"
            ),
            models.CheckConstraint(
                condition=Q(period_from__lte=F("period_to")), name="staff_report_period"
            ),
        ]
        indexes = [
            models.Index(
                fields=["brand", "period_to", "period_from"], name="staff_report_by_period"
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.period_from} – {self.period_to}"

    @property
    def leads(self) -> int | None:
        """Forms handed in and contact data left in messages; unknown when both are."""
        if self.form_leads is None and self.dm_leads is None:
            return None
        return (self.form_leads or 0) + (self.dm_leads or 0)
