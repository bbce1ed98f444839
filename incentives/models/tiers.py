"""Ladders of tiers, their runs, and who moved or is at risk."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
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


class TierChange(models.Model):
    """A creator moved, with the facts against the thresholds that moved them. Append-only."""

    run = models.ForeignKey(TierRun, models.PROTECT, related_name="changes")
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
        constraints = [models.UniqueConstraint("run", "creator", name="tier_change_once_per_run")]
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
