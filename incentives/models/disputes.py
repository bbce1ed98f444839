"""Questions of creators about their money, and the answers."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from customers.models import OrderLine
from incentives.choices import BeneficiaryRole
from incentives.dispute_choices import DisputeState
from incentives.models.settlement import Statement
from matrix.models import Creator, Evidence

PERSON = settings.AUTH_USER_MODEL


class Dispute(models.Model):
    """A creator asks about a statement or about one line. What was asked never changes, and an
    answer is final (migration 0023).
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="disputes")
    statement = models.ForeignKey(
        Statement, models.PROTECT, null=True, blank=True, related_name="disputes"
    )
    order_line = models.ForeignKey(
        OrderLine, models.PROTECT, null=True, blank=True, related_name="disputes"
    )
    role = models.CharField(max_length=10, choices=BeneficiaryRole.choices, blank=True)
    text = models.CharField(max_length=500)
    evidence = models.ForeignKey(
        Evidence, models.PROTECT, null=True, blank=True, related_name="disputes"
    )
    state = models.CharField(max_length=8, choices=DisputeState.choices, default=DisputeState.OPEN)
    asked_at = models.DateTimeField()
    answer = models.CharField(max_length=500, blank=True)
    answered_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    answered_at = models.DateTimeField(null=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("question about money")
        verbose_name_plural = _("questions about money")
        constraints = [
            models.CheckConstraint(
                condition=Q(statement__isnull=False, order_line__isnull=True, role="")
                | (Q(statement__isnull=True, order_line__isnull=False) & ~Q(role="")),
                name="dispute_about_one_thing",
            ),
            models.CheckConstraint(
                condition=Q(
                    state=DisputeState.OPEN,
                    answer="",
                    answered_by__isnull=True,
                    answered_at__isnull=True,
                )
                | (
                    ~Q(state=DisputeState.OPEN)
                    & ~Q(answer="")
                    & Q(answered_by__isnull=False, answered_at__isnull=False)
                ),
                name="dispute_answered",
            ),
            models.CheckConstraint(condition=~Q(text=""), name="dispute_says_what"),
            models.UniqueConstraint(
                "creator",
                "statement",
                condition=Q(state=DisputeState.OPEN, statement__isnull=False),
                name="dispute_one_open_statement",
            ),
            models.UniqueConstraint(
                "creator",
                "order_line",
                "role",
                condition=Q(state=DisputeState.OPEN, order_line__isnull=False),
                name="dispute_one_open_line",
            ),
        ]
        indexes = [
            models.Index(fields=["brand", "state", "asked_at"], name="dispute_of_brand"),
            models.Index(
                fields=["creator"], condition=Q(state=DisputeState.OPEN), name="dispute_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.creator} · {self.asked_at:%Y-%m-%d}"
