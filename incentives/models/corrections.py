"""What people book by hand: one makes it, another approves it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.correction_choices import CorrectionKind, CorrectionState
from incentives.models.books import Journal
from kosops.lib.money import MAX_MINOR
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class Correction(models.Model):
    """A journal that somebody asks for. It is posted when a second person approves it.

    ``amount`` is what the person is owed more, minor units; for a reversal what that changes for
    them. What was asked for never changes, and a decision is final (migration 0004).
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="corrections")
    kind = models.CharField(max_length=10, choices=CorrectionKind.choices)
    state = models.CharField(
        max_length=8, choices=CorrectionState.choices, default=CorrectionState.WAITING
    )
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=160)
    note = models.TextField(max_length=2000, blank=True)
    reverses = models.ForeignKey(
        Journal, models.PROTECT, null=True, blank=True, related_name="corrections"
    )
    maker = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    made_at = models.DateTimeField()
    checker = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    decided_at = models.DateTimeField(null=True)
    decision_note = models.CharField(max_length=300, blank=True)
    journal = models.OneToOneField(
        Journal, models.PROTECT, null=True, related_name="approved_correction"
    )

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("booking by hand")
        verbose_name_plural = _("bookings by hand")
        constraints = [
            models.CheckConstraint(
                condition=Q(amount__gte=-MAX_MINOR, amount__lte=MAX_MINOR)
                & (Q(kind=CorrectionKind.REVERSAL) | ~Q(amount=0))
                & (~Q(kind=CorrectionKind.WRITE_OFF) | Q(amount__gt=0)),
                name="correction_amount",
            ),
            models.CheckConstraint(
                condition=Q(kind=CorrectionKind.REVERSAL, reverses__isnull=False)
                | (~Q(kind=CorrectionKind.REVERSAL) & Q(reverses__isnull=True)),
                name="correction_reverses",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="correction_says_why"),
            models.CheckConstraint(condition=~Q(maker=F("checker")), name="correction_by_another"),
            models.CheckConstraint(
                condition=Q(
                    state=CorrectionState.WAITING,
                    checker__isnull=True,
                    decided_at__isnull=True,
                    journal__isnull=True,
                )
                | Q(
                    state=CorrectionState.APPROVED,
                    checker__isnull=False,
                    decided_at__isnull=False,
                    journal__isnull=False,
                )
                | Q(
                    state=CorrectionState.REJECTED,
                    checker__isnull=False,
                    decided_at__isnull=False,
                    journal__isnull=True,
                ),
                name="correction_decided",
            ),
            models.UniqueConstraint(
                "creator",
                condition=Q(kind=CorrectionKind.WRITE_OFF, state=CorrectionState.WAITING),
                name="correction_one_write_off",
            ),
            models.UniqueConstraint(
                "reverses",
                condition=~Q(state=CorrectionState.REJECTED),
                name="correction_one_reversal",
            ),
        ]
        indexes = [models.Index(fields=["brand", "state", "-made_at"], name="correction_latest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.creator}"
