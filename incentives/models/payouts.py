"""Where people are paid, and the batches and payments to them."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from incentives.choices import BatchState, Decision, PayoutState
from incentives.models.payout_rules import TaxPolicy
from incentives.models.settlement import Settlement, Statement
from incentives.payout_choices import Channel, ConsentWay, DestinationKind, HeldReason
from kosops.lib.money import MAX_MINOR
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL
# The money of these did not go out and is owed again.
GONE = (PayoutState.FAILED, PayoutState.EXPIRED, PayoutState.CANCELLED)


class PayoutDestination(models.Model):
    """Where a creator is paid. The account is encrypted; ``masked`` is what pages show.

    ``fingerprint`` is a blind index: two people with one account have the same. A change freezes
    payouts until ``frozen_until``.
    """

    creator = models.OneToOneField(Creator, models.PROTECT, related_name="payout_destination")
    kind = models.CharField(
        max_length=20, choices=DestinationKind.choices, default=DestinationKind.BANK
    )
    holder = models.BinaryField()
    account = models.BinaryField()
    masked = models.CharField(max_length=40)
    fingerprint = models.BinaryField(max_length=32, null=True, editable=False)
    changed_at = models.DateTimeField(auto_now=True)
    frozen_until = models.DateTimeField(null=True, blank=True)
    # The separate consent to keeping it, which the law asks for accounts.
    consent_at = models.DateTimeField(null=True, blank=True)
    consent_way = models.CharField(max_length=5, choices=ConsentWay.choices, blank=True, default="")

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("payout destination")
        verbose_name_plural = _("payout destinations")
        indexes = [models.Index(fields=["fingerprint"], name="payout_destination_same")]

    def __str__(self) -> str:
        return self.masked


class PayoutBatch(models.Model):
    """Payouts of a settlement that one person made and another approves."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="batches")
    number = models.CharField(max_length=40, unique=True)
    channel = models.CharField(
        max_length=8, choices=Channel.choices, default=Channel.BANK, db_default=Channel.BANK
    )
    state = models.CharField(max_length=10, choices=BatchState.choices, default=BatchState.DRAFT)
    currency = models.CharField(max_length=3)
    count = models.PositiveIntegerField(default=0)
    total = models.BigIntegerField(default=0)
    # {"below_minimum": n, "owed_back": n, "other_way": n, and blocks of `payee_rules`}: who was left
    # out and why.
    left_out = models.JSONField(default=dict)
    content_hash = models.CharField(max_length=64, blank=True)
    # What the rules asked for when it was submitted.
    checkers_needed = models.PositiveSmallIntegerField(default=1, db_default=1)
    finance_needed = models.BooleanField(default=False, db_default=False)
    # Set while an answer of the bank contradicts what was sent (M9).
    paused_at = models.DateTimeField(null=True, blank=True)
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
    towards the bank. State changes are limited by a trigger.

    ``amount`` is what goes to the account, ``gross`` what leaves the books with the tax. The fields
    of the tax are those of `tax.Withholding`, as it was worked out when the batch was made.
    """

    batch = models.ForeignKey(PayoutBatch, models.PROTECT, related_name="payouts")
    statement = models.ForeignKey(Statement, models.PROTECT, related_name="payouts")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="payouts")
    out_no = models.CharField(max_length=40, unique=True)
    amount = models.BigIntegerField()
    currency = models.CharField(max_length=3)
    tax = models.BigIntegerField(default=0, db_default=0)
    gross = models.GeneratedField(
        expression=F("amount") + F("tax"), output_field=models.BigIntegerField(), db_persist=True
    )
    tax_income = models.BigIntegerField(default=0, db_default=0)
    tax_deduction = models.BigIntegerField(default=0, db_default=0)
    tax_base = models.BigIntegerField(default=0, db_default=0)
    tax_rate_bp = models.IntegerField(default=0, db_default=0)
    tax_quick = models.BigIntegerField(default=0, db_default=0)
    tax_before = models.BigIntegerField(default=0, db_default=0)
    # The rules of `incentives.tax` that were applied, empty for wages.
    tax_version = models.CharField(max_length=30, blank=True, default="", db_default="")
    tax_policy = models.ForeignKey(TaxPolicy, models.PROTECT, null=True, related_name="+")
    tax_period = models.CharField(max_length=7, blank=True, default="", db_default="")
    identity_verified = models.BooleanField(default=False, db_default=False)
    state = models.CharField(max_length=10, choices=PayoutState.choices, default=PayoutState.DRAFT)
    held_reason = models.CharField(
        max_length=10, choices=HeldReason.choices, blank=True, default="", db_default=""
    )
    # The destination as it was when the batch was made, encrypted; pages show `masked`.
    holder = models.BinaryField()
    account = models.BinaryField()
    masked = models.CharField(max_length=40)
    # NULL until the bank has answered, so that the unique constraint sees only real numbers.
    provider_no = models.CharField(max_length=80, null=True, blank=True)  # noqa: DJ001
    failure = models.CharField(max_length=200, blank=True)
    # Another amount that the bank named; the payout then waits for a person.
    bank_amount = models.BigIntegerField(null=True, blank=True)
    settled_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("payout")
        verbose_name_plural = _("payouts")
        constraints = [
            models.UniqueConstraint(
                "statement",
                condition=~Q(state__in=GONE),
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
            models.CheckConstraint(condition=Q(tax__gte=0), name="payout_tax_not_negative"),
            models.CheckConstraint(
                condition=Q(tax=0) | ~Q(tax_version="") & ~Q(tax_period=""),
                name="payout_tax_by_a_version",
            ),
            models.CheckConstraint(
                condition=~Q(state=PayoutState.HELD) | ~Q(held_reason=""),
                name="payout_held_for_a_reason",
            ),
        ]
        indexes = [
            models.Index(fields=["creator", "-id"], name="payout_of_creator"),
            models.Index(
                fields=["state"],
                condition=Q(
                    state__in=[
                        PayoutState.SENDING,
                        PayoutState.WAIT_PAYEE,
                        PayoutState.UNKNOWN,
                        PayoutState.HELD,
                    ]
                ),
                name="payout_under_way",
            ),
        ]

    def __str__(self) -> str:
        return self.out_no
