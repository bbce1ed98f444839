"""What was so in each unit, month by month, counted ahead of the pages that show it."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.choices import Asset, Ownership


class UnitFigures(models.Model):
    """What was so in a unit itself, without the units below it, on the last day counted of a month.

    The row of the present month is the present: it is counted again when something in the unit
    changes (`ChangedUnit`) and on the first look of each day. NULL is unknown, never 0.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="figures")
    month = models.DateField()
    # Silence and "30 days" are counted back from this day.
    day = models.DateField()
    counted_at = models.DateTimeField()
    # Worked out afterwards from the days on which people joined and accounts were opened.
    estimated = models.BooleanField(default=False)
    kos = models.IntegerField(default=0)
    koc = models.IntegerField(default=0)
    # Public accounts that are not closed, and how many of them by platform.
    accounts = models.IntegerField(default=0)
    platforms = models.JSONField(default=dict)
    paired = models.IntegerField(default=0)
    needing = models.IntegerField(default=0)
    needs = models.JSONField(default=dict)
    followers = models.BigIntegerField(null=True)
    # Accounts and their holders by what the grid asks, see `matrix.grid.count`.
    grid = models.JSONField(default=dict)
    # Posts of 30 days, and the latest one.
    posts = models.IntegerField(default=0)
    last_at = models.DateTimeField(null=True)
    # Of the calendar month so far: notes, accounts that published, views of these notes.
    notes = models.IntegerField(default=0)
    active = models.IntegerField(default=0)
    views = models.BigIntegerField(null=True)

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("figures of a unit")
        verbose_name_plural = _("figures of units")
        constraints = [
            models.UniqueConstraint("unit", "month", name="unit_figures_once"),
            models.CheckConstraint(
                condition=Q(month__day=1) & Q(day__gte=F("month")), name="unit_figures_of_a_month"
            ),
            models.CheckConstraint(
                condition=Q(paired__lte=F("accounts")) & Q(needing__lte=F("accounts")),
                name="unit_figures_parts_fit",
            ),
        ]
        indexes = [models.Index(fields=["month", "unit"], name="unit_figures_by_month")]

    def __str__(self) -> str:
        return f"{self.unit} · {self.month:%Y-%m}"


class AssetFigures(models.Model):
    """How much of an asset a unit itself had at the end of a month, by platform and ownership.

    Assets of higher apps (posts, customers) may not stand on a platform: that is then empty.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="asset_figures")
    month = models.DateField()
    asset = models.CharField(max_length=20, choices=Asset.choices)
    platform = models.CharField(max_length=20, blank=True)
    ownership = models.CharField(max_length=20, choices=Ownership.choices)
    count = models.BigIntegerField()
    counted_at = models.DateTimeField()

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("asset of a unit")
        verbose_name_plural = _("assets of units")
        constraints = [
            models.UniqueConstraint(
                "unit", "month", "asset", "platform", "ownership", name="asset_figures_once"
            ),
            models.CheckConstraint(
                condition=Q(month__day=1) & Q(count__gte=0), name="asset_figures_of_a_month"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.unit} · {self.month:%Y-%m} · {self.asset}"


class ChangedUnit(models.Model):
    """A note that something in a unit changed since its figures were counted.

    Triggers write one with each change of people, accounts, pairings and posts; counting takes
    away those it has seen. Several may name one unit: nobody waits for another's row.
    """

    unit = models.ForeignKey(Unit, models.CASCADE, related_name="+")

    objects = scoped_by("unit").as_manager()

    class Meta:
        verbose_name = _("changed unit")
        verbose_name_plural = _("changed units")

    def __str__(self) -> str:
        return str(self.unit)
