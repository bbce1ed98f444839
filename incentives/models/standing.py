"""Status of distributors: a member price that is kept by simple work each month."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.choices import CreatorKind, Programme
from matrix.models import Creator


class Standing(models.Model):
    """What somebody saves on own purchases in a month, and what they did the month before for it.

    Rates are basis points. An empty kind or programme means everybody.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    name = models.CharField(_("name"), max_length=80)
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices, blank=True)
    programme = models.CharField(max_length=12, choices=Programme.choices, blank=True)
    discount_bp = models.PositiveIntegerField()
    first_order_bp = models.PositiveIntegerField(default=0)
    notes = models.PositiveSmallIntegerField(default=1)
    orders = models.PositiveSmallIntegerField(default=0)
    active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)
    # When it last began to rest, or was taken up again.
    switched_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("member price")
        verbose_name_plural = _("member prices")
        constraints = [
            models.UniqueConstraint("brand", "name", name="standing_name_once"),
            models.CheckConstraint(
                condition=Q(discount_bp__lte=10_000, first_order_bp__lte=10_000),
                name="standing_within_100",
            ),
            # What is kept by nothing is a price for everybody and needs no status.
            models.CheckConstraint(
                condition=Q(notes__gt=0) | Q(orders__gt=0), name="standing_asks_something"
            ),
        ]

    def __str__(self) -> str:
        return self.name


class StandingMonth(models.Model):
    """Whether a person has the member price in a month, with the facts that decided. Append-only."""

    standing = models.ForeignKey(Standing, models.PROTECT, related_name="months")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="standing_months")
    month = models.CharField(max_length=7)
    notes = models.PositiveIntegerField()
    orders = models.PositiveIntegerField()
    # In the month of joining and the one after it nothing is asked yet.
    is_new = models.BooleanField()
    met = models.BooleanField()
    decided_at = models.DateTimeField(db_default=Now())

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("member price of a month")
        verbose_name_plural = _("member prices of months")
        constraints = [
            models.UniqueConstraint("standing", "creator", "month", name="standing_month_once")
        ]
        indexes = [
            models.Index(fields=["creator", "-month"], name="standing_month_of_creator"),
            models.Index(fields=["standing", "month"], name="standing_month_by_month"),
        ]

    def __str__(self) -> str:
        return f"{self.standing} · {self.month}"
