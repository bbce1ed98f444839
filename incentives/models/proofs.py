"""What the proofs of the books found, the days sealed by digests, and what partners counted."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by

PERSON = settings.AUTH_USER_MODEL


class ProofRun(models.Model):
    """One proof as a brand sees it. The books of all brands are proved together. Append-only.

    ``findings``: [{"code", "differences", "examples"}] of every check, also of those that hold.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    started_at = models.DateTimeField()
    finished_at = models.DateTimeField()
    by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    differences = models.PositiveIntegerField()
    findings = models.JSONField()

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("proof of the books")
        verbose_name_plural = _("proofs of the books")
        indexes = [models.Index(fields=["brand", "-id"], name="proof_run_latest")]

    def __str__(self) -> str:
        return f"{self.brand} · {self.started_at:%Y-%m-%d %H:%M}"


class DayDigest(models.Model):
    """A day of the books, sealed: the digest of all journals written on it and of the day before.

    The same line stands in a file outside the database (`incentives.digests`). Append-only.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    day = models.DateField()
    journals = models.PositiveIntegerField()
    previous = models.CharField(max_length=64, blank=True)
    digest = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("sealed day")
        verbose_name_plural = _("sealed days")
        constraints = [models.UniqueConstraint("brand", "day", name="day_digest_once")]

    def __str__(self) -> str:
        return f"{self.brand} · {self.day}"


class ControlTotal(models.Model):
    """What a partner says that it sent for a day: counts, and sums in minor units."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    source = models.CharField(max_length=40)
    day = models.DateField()
    orders = models.PositiveIntegerField()
    order_amount = models.BigIntegerField()
    refunds = models.PositiveIntegerField()
    refund_amount = models.BigIntegerField()
    stated_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    stated_at = models.DateTimeField()

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("control total")
        verbose_name_plural = _("control totals")
        constraints = [
            models.UniqueConstraint("brand", "source", "day", name="control_total_once"),
            models.CheckConstraint(
                condition=Q(order_amount__gte=0, refund_amount__gte=0), name="control_total_amounts"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.source} · {self.day}"
