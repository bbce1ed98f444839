"""What a KOC is known to have bought: member numbers as orders know them, receipts, verdicts."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from matrix.models.custody import Evidence
from matrix.models.people import Creator
from matrix.purchase_choices import Verdict

PERSON = settings.AUTH_USER_MODEL


class MemberKey(models.Model):
    """A member number of a KOC as orders know it, and the day of the last purchase under it.

    Apart from the creator: the intake of orders writes here and must not wait for runs that hold
    creators.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator = models.ForeignKey(Creator, models.CASCADE, related_name="member_keys")
    # Blind index of the number.
    key = models.BinaryField(max_length=32)
    # Empty while no order is known: unknown, not never.
    bought_on = models.DateField(null=True, blank=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("member number in orders")
        verbose_name_plural = _("member numbers in orders")
        constraints = [models.UniqueConstraint("brand", "key", name="member_key_once")]
        indexes = [
            models.Index(
                fields=["creator"],
                include=["bought_on"],
                condition=Q(bought_on__isnull=False),
                name="member_key_bought",
            )
        ]

    def __str__(self) -> str:
        return str(self.creator)


class Receipt(models.Model):
    """A receipt that a KOC handed in on the phone; ``waiting`` until a colleague has looked.

    A verdict ends the waiting (a trigger), and nothing else about it ever changes.
    """

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="receipts")
    evidence = models.ForeignKey(Evidence, models.PROTECT, related_name="+")
    note = models.CharField(max_length=300, blank=True)
    handed_in_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    handed_in_at = models.DateTimeField()
    waiting = models.BooleanField(default=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("receipt")
        verbose_name_plural = _("receipts")
        constraints = [
            models.UniqueConstraint(
                "creator", condition=Q(waiting=True), name="receipt_one_waiting"
            )
        ]

    def __str__(self) -> str:
        return str(self.creator)


class PurchaseProof(models.Model):
    """That a colleague looked at what shows a purchase, and what they found. Append-only.

    ``about`` is the verdict that a later one takes back.
    """

    creator = models.ForeignKey(Creator, models.PROTECT, related_name="purchase_proofs")
    verdict = models.CharField(max_length=10, choices=Verdict.choices)
    receipt = models.ForeignKey(
        Receipt, models.PROTECT, null=True, blank=True, related_name="verdicts"
    )
    about = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="+")
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")
    # The day of the purchase, as the receipt shows it.
    bought_on = models.DateField(null=True, blank=True)
    # What was seen; for a refusal the reason, which the KOC reads.
    note = models.CharField(max_length=300, blank=True)
    looked_by = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    looked_at = models.DateTimeField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("purchase looked at")
        verbose_name_plural = _("purchases looked at")
        constraints = [
            models.UniqueConstraint(
                "receipt", condition=Q(receipt__isnull=False), name="purchase_proof_one_verdict"
            ),
            models.UniqueConstraint(
                "about", condition=Q(about__isnull=False), name="purchase_proof_taken_back_once"
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.ACCEPTED)
                | (
                    Q(about=None, bought_on__isnull=False)
                    & (Q(evidence__isnull=False) | ~Q(note=""))
                ),
                name="purchase_proof_shows_something",
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.DECLINED)
                | (Q(about=None, bought_on=None, receipt__isnull=False) & ~Q(note="")),
                name="purchase_proof_declined_with_reason",
            ),
            models.CheckConstraint(
                condition=~Q(verdict=Verdict.WITHDRAWN)
                | (Q(about__isnull=False, bought_on=None, receipt=None) & ~Q(note="")),
                name="purchase_proof_taken_back_with_reason",
            ),
        ]
        indexes = [models.Index(fields=["creator", "-looked_at"], name="purchase_proof_of_creator")]

    def __str__(self) -> str:
        return f"{self.creator} · {self.get_verdict_display()}"
