"""Where people are paid, and the batches and payments to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.choices import BatchState, Decision, PayoutState
from incentives.models.settlement import Settlement, Statement
from kosops.lib.money import MAX_MINOR
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


class PayoutDestination(models.Model):
    """Where a creator is paid. The account is encrypted; ``masked`` is what pages show."""

    creator = models.OneToOneField(Creator, models.PROTECT, related_name="payout_destination")
    kind = models.CharField(max_length=20, default="bank")
    holder = models.BinaryField()
    account = models.BinaryField()
    masked = models.CharField(max_length=40)
    changed_at = models.DateTimeField(auto_now=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("payout destination")
        verbose_name_plural = _("payout destinations")

    def __str__(self) -> str:
        return self.masked


class PayoutBatch(models.Model):
    """Payouts of a settlement that one person made and another approves."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="batches")
    number = models.CharField(max_length=40, unique=True)
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.DRAFT)
    currency = models.CharField(max_length=3)
    count = models.PositiveIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    # {"no_destination": n, "below_minimum": n, "owed_back": n}: who was left out and why.
    left_out = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True)
    maker = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    submitted_at = models.DateTimeField(null=True, blank=True)
    file = models.FileField(max_length=200, blank=True)
    file_hash = models.CharField(max_length=64, blank=True)
    exported_at = models.DateTimeField(null=True, blank=True)
    exported_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("payout batch")
        verbose_name_plural = _("payout batches")

    def __str__(self) -> str:
        return self.number


class Approval(models.Model):
    """A second person's decision on exactly the content with this hash. Append-only."""

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="approvals")
    content_hash = models.CharField(max_length=64)
    maker = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    checker = models.ForeignKey(PERSON, models.PROTECT, related_name="+")
    decision = models.CharField(max_length=8, choices=Decision.choices)
    reason = models.CharField(max_length=300, blank=True)
    at = models.DateTimeField()

    objects = scoped_by("batch__brand").as_manager()

    class Meta:
        verbose_name = _("approval")
        verbose_name_plural = _("approvals")
        constraints = [
            models.UniqueConstraint("batch", "checker", name="approval_once_per_checker"),
            models.CheckConstraint(condition=~Q(maker=F("checker")), name="approval_by_another"),
        ]

    def __str__(self) -> str:
        return f"{self.batch} · {self.get_decision_display()}"


class Payout(models.Model):
    """One payment to one creator. ``out_no`` is ours, is never used twice and names the payment
    towards the bank. State changes are limited by a trigger (migration 0003).
    """

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="payouts")
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="payouts")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="payouts")
    out_no = models.CharField(max_length=40, unique=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    state = models.CharField(max_length=10, choices=PayoutState.choices, default=PayoutState.DRAFT)
    # The destination as it was when the batch was made, encrypted; pages show `masked`.
    holder = models.BinaryField()
    account = models.BinaryField()
    masked = models.CharField(max_length=40)
    # NULL until the bank has answered, so that the unique constraint sees only real numbers.
    provider_no = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001
    failure = models.CharField(max_length=200, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        constraints = [
            models.UniqueConstraint(
                "statement",
                condition=~Q(state__in=[PayoutState.FAILED, PayoutState.CANCELLED]),
                name="payout_one_live_per_statement",
            ),
            models.UniqueConstraint(
                "provider_no",
                condition=Q(provider_no__isnull=False),
                name="payout_provider_no_once",
            ),
            models.CheckConstraint(
                condition=Q(amount__gt=0, amount__lte=MAX_MINOR), name="payout_amount"
            ),
        ]
        indexes = [models.Index(fields=["creator", "-id"], name="payout_of_creator")]

    def __str__(self) -> str:
        return self.out_no
