"""Handover: what somebody who leaves or moves has to hand over, and their customers in WeCom."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.custody_choices import (
    HandoverPath,
    HandoverReason,
    HandoverState,
    TransferKind,
    TransferState,
)
from matrix.models.accounts import Pairing, SocialAccount
from matrix.models.custody import Custody
from matrix.models.people import Creator

PERSON = settings.AUTH_USER_MODEL


class Handover(models.Model):
    """One case: a person leaves or moves. It belongs to the store that they worked at."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    store = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="handovers")
    reason = models.CharField(max_length=10, choices=HandoverReason.choices)
    # The last day at this store.
    last_day = models.DateField()
    to_store = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    state = models.CharField(
        max_length=10, choices=HandoverState.choices, default=HandoverState.OPEN
    )
    opened_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    opened_at = models.DateTimeField()
    closed_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("handover")
        verbose_name_plural = _("handovers")
        constraints = [
            models.UniqueConstraint(
                "creator", condition=Q(state=HandoverState.OPEN), name="handover_one_open"
            ),
            models.CheckConstraint(
                condition=Q(reason=HandoverReason.MOVES, to_store__isnull=False)
                | Q(reason=HandoverReason.LEAVES, to_store=None),
                name="handover_moves_to_a_store",
            ),
            models.CheckConstraint(
                condition=Q(to_store=None) | ~Q(to_store=F("store")), name="handover_other_store"
            ),
            models.CheckConstraint(
                condition=Q(state=HandoverState.OPEN, closed_at=None)
                | (~Q(state=HandoverState.OPEN) & Q(closed_at__isnull=False)),
                name="handover_closed_at",
            ),
        ]
        indexes = [models.Index(fields=["opened_at", "id"], name="handover_by_age")]

    def __str__(self) -> str:
        return f"{self.creator} · {self.get_reason_display()}"

    @property
    def is_open(self) -> bool:
        return self.state == HandoverState.OPEN


class HandoverItem(models.Model):
    """One thing of a case. ``part`` is the code of who knows it, ``key`` names it there."""

    handover = models.ForeignKey(Handover, models.PROTECT, related_name="items")
    part = models.CharField(max_length=20)
    key = models.CharField(max_length=40)
    label = models.CharField(max_length=120, blank=True)
    count = models.BigIntegerField(null=True, blank=True)
    path = models.CharField(max_length=10, choices=HandoverPath.choices)
    account = models.ForeignKey(
        SocialAccount, models.PROTECT, null=True, blank=True, related_name="+"
    )
    pairing = models.ForeignKey(Pairing, models.PROTECT, null=True, blank=True, related_name="+")
    taker = models.ForeignKey(Creator, models.PROTECT, null=True, blank=True, related_name="+")
    taker_person = models.ForeignKey(
        PERSON, models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Why nobody needs to take it over.
    reason = models.CharField(max_length=300, blank=True)
    custody = models.ForeignKey(Custody, models.PROTECT, null=True, blank=True, related_name="+")
    done_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("handover__store").as_manager()

    class Meta:
        verbose_name = _("thing to hand over")
        verbose_name_plural = _("things to hand over")
        constraints = [
            models.UniqueConstraint("handover", "part", "key", name="handover_item_once"),
            models.CheckConstraint(
                condition=Q(taker=None) | Q(taker_person=None), name="handover_item_one_taker"
            ),
            models.CheckConstraint(
                condition=Q(reason="") | Q(taker=None, taker_person=None),
                name="handover_item_taker_or_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handover} · {self.label or self.part}"

    @property
    def taker_name(self) -> str:
        return str(self.taker or self.taker_person or "")


class TransferBatch(models.Model):
    """Customers that were asked for in WeCom in one call: a hundred at most, to one taker."""

    handover = models.ForeignKey(Handover, models.PROTECT, related_name="batches")
    number = models.PositiveSmallIntegerField()
    kind = models.CharField(max_length=10, choices=TransferKind.choices)
    taker = models.ForeignKey(Creator, models.PROTECT, related_name="+")
    # Their ids in WeCom as the call names them.
    from_userid = models.CharField(max_length=80)
    to_userid = models.CharField(max_length=80)
    size = models.PositiveSmallIntegerField()
    made_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField()

    objects = scoped_by("handover__store").as_manager()

    class Meta:
        verbose_name = _("batch of customers")
        verbose_name_plural = _("batches of customers")
        constraints = [
            models.UniqueConstraint("handover", "number", name="transfer_batch_number_once"),
            models.CheckConstraint(
                condition=Q(size__gte=1, size__lte=100), name="transfer_batch_a_hundred"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.handover} · {self.number}"


class CustomerTransfer(models.Model):
    """A customer in WeCom on the way from a leaver or mover to a taker.

    ``external_userid`` is personal; pages show it shortened.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    handover = models.ForeignKey(Handover, models.PROTECT, related_name="customers")
    external_userid = models.CharField(max_length=64)
    name = models.CharField(max_length=80, blank=True)
    remark = models.CharField(max_length=120, blank=True)
    kind = models.CharField(max_length=10, choices=TransferKind.choices)
    taker = models.ForeignKey(Creator, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(
        max_length=10, choices=TransferState.choices, default=TransferState.PLANNED
    )
    batch = models.ForeignKey(
        TransferBatch, models.PROTECT, null=True, blank=True, related_name="customers"
    )
    asked_at = models.DateTimeField(null=True, blank=True)
    takeover_at = models.DateTimeField(null=True, blank=True)
    # WeCom allows two transfers of a customer in 90 days; before this day it would refuse.
    possible_from = models.DateField(null=True, blank=True)
    # What was done where WeCom could not.
    note = models.CharField(max_length=200, blank=True)
    changed_at = models.DateTimeField()

    objects = scoped_by("handover__store").as_manager()

    class Meta:
        verbose_name = _("customer to hand over")
        verbose_name_plural = _("customers to hand over")
        constraints = [
            models.UniqueConstraint("handover", "external_userid", name="customer_transfer_once"),
            models.CheckConstraint(
                condition=~Q(state=TransferState.DONE) | Q(takeover_at__isnull=False),
                name="customer_transfer_done_at",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[TransferState.INVITED, TransferState.DROPPED])
                | ~Q(note=""),
                name="customer_transfer_other_way_said",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "external_userid"], name="customer_transfer_history"),
            models.Index(fields=["handover", "state", "id"], name="customer_transfer_of_case"),
        ]

    def __str__(self) -> str:
        return f"{self.handover} · {self.external_userid[:6]}…"
