"""What a commission plan would have cost in past months, worked out beside the books."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Job, Unit, scoped_by
from incentives.models.plans import PlanVersion
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL
MOST_MONTHS = 12


class DryRun(models.Model):
    """One plan version held against the orders of some months. Finished ones never change.

    ``plan`` is the digest of what the version said: a draft may say something else by now.
    ``months``: {"2026-09": {"orders", "sales", "waiting"}} of the months that are worked out, sales
    in minor units. ``totals`` is what the page shows (`incentives.dry_sql.totals`).
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="dry_runs")
    first_month = models.DateField()
    last_month = models.DateField()
    plan = models.CharField(max_length=64)
    months = models.JSONField(default=dict)
    totals = models.JSONField(default=dict)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, blank=True, related_name="+")
    started_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    started_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("dry run of a plan")
        verbose_name_plural = _("dry runs of plans")
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    first_month__day=1, last_month__day=1, last_month__gte=F("first_month")
                ),
                name="dry_run_months",
            ),
            models.CheckConstraint(
                condition=Q(finished_at__isnull=True, totals={})
                | (Q(finished_at__isnull=False) & ~Q(totals={})),
                name="dry_run_totals_when_finished",
            ),
        ]
        indexes = [models.Index(fields=["version", "-id"], name="dry_run_latest")]

    def __str__(self) -> str:
        return f"{self.version} · {self.first_month:%Y-%m} – {self.last_month:%Y-%m}"

    @property
    def going_on(self) -> bool:
        return self.finished_at is None and self.job is not None and self.job.is_open


class DryRunPerson(models.Model):
    """A person's month in a dry run: what stands posted and what the plan gives. Append-only.

    Store and tier are those of the day on which it was worked out. Amounts in minor units.
    """

    dry_run = models.ForeignKey(DryRun, models.PROTECT, related_name="people")
    month = models.DateField()
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="+")
    store = models.ForeignKey(Unit, models.PROTECT, related_name="+", db_index=False)
    tier = models.CharField(max_length=20, blank=True)
    live = models.BigIntegerField()
    dry = models.BigIntegerField()

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("person in a dry run")
        verbose_name_plural = _("people in dry runs")
        constraints = [
            models.UniqueConstraint("dry_run", "creator", "month", name="dry_run_person_once"),
            models.CheckConstraint(condition=Q(month__day=1), name="dry_run_person_first_day"),
        ]

    def __str__(self) -> str:
        return f"{self.dry_run_id} {self.creator_id} {self.month:%Y-%m}"
