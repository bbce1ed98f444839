"""Pairs of creators that somebody has looked at and found to be two people."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import scoped_by
from matrix.models.people import Creator


class DistinctPair(models.Model):
    """Two creators who look like one person and are not; ``first`` has the lower id."""

    first = models.ForeignKey(Creator, models.PROTECT, related_name="+")
    second = models.ForeignKey(Creator, models.PROTECT, related_name="+")
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("first__store").as_manager()

    class Meta:
        verbose_name = _("pair of two people")
        verbose_name_plural = _("pairs of two people")
        constraints = [
            models.UniqueConstraint("first", "second", name="distinct_pair_once"),
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="distinct_pair_order"),
        ]

    def __str__(self) -> str:
        return f"{self.first} ≠ {self.second}"
