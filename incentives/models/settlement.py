"""A closed month and its statements."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Job, Unit, scoped_by
from incentives.choices import SettlementState
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class Settlement(models.Model):
    """A closed month of a brand: the runs that closed it and one statement per creator.

    With ``until`` it is an interim one: statements up to that day, of everybody or of some. It
    closes nothing, and the month's own settlement comes later all the same.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    period = models.CharField(max_length=7, help_text="2026-11")
    until = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=160, blank=True)
    # Ids of the people of an interim one; everybody where it is empty.
    only_creators = models.JSONField(null=True, blank=True)
    # Made where the form was filled in: the same form sent twice is one settlement.
    client_key = models.UUIDField(null=True, blank=True)
    state = models.CharField(
        max_length=12, choices=SettlementState.choices, default=SettlementState.CALCULATING
    )
    currency = models.CharField(max_length=3)
    totals = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True)
    job = models.ForeignKey(Job, models.SET_NULL, null=True, related_name="+")
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("settlement")
        verbose_name_plural = _("settlements")
        constraints = [
            models.UniqueConstraint(
                "brand", "period", condition=Q(until=None), name="settlement_once_a_month"
            ),
            models.CheckConstraint(
                condition=Q(until=None) | ~Q(state=SettlementState.SETTLED),
                name="settlement_interim_closes_nothing",
            ),
            models.CheckConstraint(
                condition=Q(until__isnull=False)
                | ~Q(state__in=[SettlementState.ISSUED, SettlementState.VOID]),
                name="settlement_interim_has_a_day",
            ),
            models.UniqueConstraint("created_by", "client_key", name="settlement_form_once"),
        ]

    def __str__(self) -> str:
        return f"{self.period} · {self.until}" if self.until else self.period

    @property
    def number_part(self) -> str:
        """What numbers of payouts say of it: the month, and for an interim one which."""
        month = self.period.replace("-", "")
        return f"{month}A{self.pk}" if self.until else month


class Statement(models.Model):
    """What a creator earned in a settled month. Locked with the settlement.

    opening + released - paid_out = payable; the other parts say how released, what became payable,
    came about: held_opening + earned - clawed_back + rewards + prizes + adjustments + written_off
    - released = held. clawed_back is a positive figure; written_off is debt that is no longer owed
    back. tax_withheld is part of paid_out, both booked at the approval.
    """

    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="statements")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="statements")
    store = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    held_opening = models.BigIntegerField()
    earned = models.BigIntegerField()
    clawed_back = models.BigIntegerField()
    rewards = models.BigIntegerField(db_default=0)
    prizes = models.BigIntegerField(db_default=0)
    adjustments = models.BigIntegerField(db_default=0)
    written_off = models.BigIntegerField(db_default=0)
    released = models.BigIntegerField()
    held = models.BigIntegerField()
    opening = models.BigIntegerField()
    paid_out = models.BigIntegerField()
    tax_withheld = models.BigIntegerField(db_default=0)
    payable = models.BigIntegerField()

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [
            models.UniqueConstraint("settlement", "creator", name="statement_once"),
            models.CheckConstraint(
                condition=Q(payable=F("opening") + F("released") - F("paid_out"))
                & Q(
                    held=F("held_opening")
                    + F("earned")
                    - F("clawed_back")
                    + F("rewards")
                    + F("prizes")
                    + F("adjustments")
                    + F("written_off")
                    - F("released")
                ),
                name="statement_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.creator} · {self.settlement}"
