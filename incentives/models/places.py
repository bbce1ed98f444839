"""Who shares a store's pot and leads it on which days, and which customers are our own people."""

from __future__ import annotations

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.models import Creator


class StaffPlace(models.Model):
    """A member of staff in a store for a range of days: the share in its pot, and who leads.

    Days that are over never change: a change ends the row and adds another (migration 0011).
    """

    store = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="staff_places")
    valid = DateRangeField()
    # Parts in the store's pot; the equal split gives everybody one.
    weight = models.PositiveSmallIntegerField(default=1, db_default=1)
    leads = models.BooleanField(default=False, db_default=False)

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("place in a store")
        verbose_name_plural = _("places in stores")
        constraints = [
            ExclusionConstraint(
                name="staff_place_one_at_a_time",
                expressions=[
                    ("creator", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="staff_place_one_lead",
                expressions=[("store", RangeOperators.EQUAL), ("valid", RangeOperators.OVERLAPS)],
                condition=Q(leads=True),
            ),
            models.CheckConstraint(condition=Q(weight__lte=1000), name="staff_place_weight"),
        ]
        indexes = [models.Index(fields=["store", "creator"], name="staff_place_of_store")]

    def __str__(self) -> str:
        return f"{self.creator} · {self.store}"


class OwnBuyer(models.Model):
    """A customer's blind index that is one of our own people's, so that own orders are seen."""

    brand_id = models.BigIntegerField()
    creator = models.ForeignKey(Creator, models.CASCADE, related_name="+")
    buyer_key = models.BinaryField(max_length=32)
    # The person's number that it was made from; empty where somebody linked it by hand.
    number = models.CharField(max_length=40, blank=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("own customer number")
        verbose_name_plural = _("own customer numbers")
        constraints = [models.UniqueConstraint("brand_id", "buyer_key", name="own_buyer_once")]

    def __str__(self) -> str:
        return str(self.creator)
