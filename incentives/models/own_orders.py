"""Orders that one of our own people bought and would earn on."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from customers.models import Order
from incentives.choices import BeneficiaryRole
from matrix.models import Creator


class OwnOrder(models.Model):
    """An order whose buyer is its seller, its sharer or the seller's manager: for a person to check.

    Found by runs, whatever the plan gives for it. It stays as it was found, and is checked once.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    order = models.OneToOneField(Order, models.PROTECT, related_name="own_order")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="+")
    role = models.CharField(max_length=10, choices=BeneficiaryRole.choices)
    found_at = models.DateTimeField()
    checked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, blank=True, related_name="+"
    )
    checked_at = models.DateTimeField(null=True, blank=True)
    note = models.CharField(max_length=300, blank=True)

    objects = scoped_by("order__store").as_manager()

    class Meta:
        verbose_name = _("own order")
        verbose_name_plural = _("own orders")
        constraints = [
            models.CheckConstraint(
                condition=Q(checked_by__isnull=True, checked_at__isnull=True, note="")
                | (Q(checked_by__isnull=False, checked_at__isnull=False) & ~Q(note="")),
                name="own_order_checked",
            )
        ]
        indexes = [
            models.Index(fields=["brand", "-found_at", "-id"], name="own_order_latest"),
            models.Index(
                fields=["brand"], condition=Q(checked_at__isnull=True), name="own_order_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order} · {self.creator}"
