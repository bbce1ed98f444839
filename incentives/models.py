"""Tiers, commission, the books, settlement and payouts.

The database rules of the ledger (append-only, balanced, one currency, no later additions, closed
months) stand in migrations 0002, 0003 and 0005.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Job, Unit, scoped_by
from customers.models import Order, OrderLine
from incentives.choices import (
    OWNED_KINDS,
    BatchState,
    BeneficiaryRole,
    Decision,
    JournalKind,
    LedgerKind,
    PayoutState,
    RunKind,
    RunState,
    SettlementState,
    Tier,
)
from kosops.lib.money import MAX_MINOR
from matrix.choices import CreatorKind
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


# -- tiers ---------------------------------------------------------------------


class LadderVersion(models.Model):
    """The tier rules of a brand for one kind of creator from a day on. Never edited.

    ``rules`` is the JSON form of `incentives.tiers.Ladder`.
    """

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices)
    valid_from = models.DateField()
    rules = models.JSONField()
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("tier rules")
        verbose_name_plural = _("tier rules")
        constraints = [
            models.UniqueConstraint(
                "brand", "creator_kind", "valid_from", name="ladder_version_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_creator_kind_display()} {self.valid_from}"


class TierRun(models.Model):
    """One evaluation of a ladder over all creators of a brand."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    ladder = models.ForeignKey(LadderVersion, models.PROTECT, related_name="runs")
    as_of = models.DateField()
    counts = models.JSONField(default=dict)
    started_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("tier run")
        verbose_name_plural = _("tier runs")
        constraints = [models.UniqueConstraint("ladder", "as_of", name="tier_run_once_a_day")]

    def __str__(self) -> str:
        return f"{self.ladder} · {self.as_of}"


class TierChange(models.Model):
    """A creator moved, with the facts against the thresholds that moved them. Append-only."""

    run = models.ForeignKey(TierRun, models.PROTECT, related_name="changes")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="tier_changes")
    from_tier = models.CharField(max_length=20, blank=True)
    to_tier = models.CharField(max_length=20, blank=True)
    effective_on = models.DateField()
    # {"rule": ..., "facts": {...}, "thresholds": {...}, "posts": [ids that decided]}
    explanation = models.JSONField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("tier change")
        verbose_name_plural = _("tier changes")
        constraints = [models.UniqueConstraint("run", "creator", name="tier_change_once_per_run")]
        indexes = [models.Index(fields=["creator", "-effective_on"], name="tier_change_of_creator")]

    def __str__(self) -> str:
        return f"{self.creator}: {self.from_tier or '–'} → {self.to_tier or '–'}"


class TierRisk(models.Model):
    """A creator who no longer meets their tier; demoted when the grace ends and nothing changed."""

    creator = models.OneToOneField(Creator, models.CASCADE, related_name="tier_risk")
    to_tier = models.CharField(max_length=20, blank=True)
    since = models.DateField()
    falls_on = models.DateField()
    explanation = models.JSONField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("tier at risk")
        verbose_name_plural = _("tiers at risk")
        indexes = [models.Index(fields=["falls_on"], name="tier_risk_due")]

    def __str__(self) -> str:
        return f"{self.creator} · {self.falls_on}"


# -- commission ----------------------------------------------------------------


class PlanVersion(models.Model):
    """The commission plan of a brand for a range of days. Its rates are never edited."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    name = models.CharField(max_length=80)
    valid = DateRangeField(help_text=_("First day and the day after the last, by payment date."))
    hold_days = models.PositiveSmallIntegerField(default=15)
    # All roles together never take more than this part of an order line.
    cap_bp = models.PositiveIntegerField(default=3000)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("commission plan")
        verbose_name_plural = _("commission plans")
        constraints = [
            ExclusionConstraint(
                name="plan_version_no_overlap",
                expressions=[
                    ("brand", RangeOperators.EQUAL),
                    ("valid", RangeOperators.OVERLAPS),
                ],
            ),
            models.CheckConstraint(condition=Q(cap_bp__lte=10_000), name="plan_version_cap"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def last_day(self) -> dt.date | None:
        """The last day on which the plan applies, None while it is open-ended."""
        return self.valid.upper - dt.timedelta(days=1) if self.valid.upper else None


class PlanRate(models.Model):
    """One rate of a plan version. Empty category, tier or kind means any; the rate that names
    more wins, category before tier before kind (`commission.pick_rate`).
    """

    version = models.ForeignKey(PlanVersion, models.PROTECT, related_name="rates")
    role = models.CharField(max_length=10, choices=BeneficiaryRole.choices)
    category = models.CharField(max_length=60, blank=True)
    tier = models.CharField(max_length=20, blank=True)
    creator_kind = models.CharField(max_length=3, choices=CreatorKind.choices, blank=True)
    rate_bp = models.PositiveIntegerField()

    objects = scoped_by("version__brand").as_manager()

    class Meta:
        verbose_name = _("commission rate")
        verbose_name_plural = _("commission rates")
        constraints = [
            models.UniqueConstraint(
                "version", "role", "category", "tier", "creator_kind", name="plan_rate_once"
            ),
            models.CheckConstraint(condition=Q(rate_bp__lte=10_000), name="plan_rate_within_100"),
        ]

    def __str__(self) -> str:
        return f"{self.get_role_display()} {self.rate_bp / 100:g} %"

    @property
    def tier_name(self) -> str:
        return str(Tier(self.tier).label) if self.tier in Tier.values else self.tier


class CommissionRun(models.Model):
    """One run over changed orders (accrual) or due orders (release) of a brand."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=RunKind.choices)
    as_of = models.DateField()
    state = models.CharField(max_length=12, choices=RunState.choices, default=RunState.CALCULATING)
    # The plan versions and their days as they were when the run began; an edit waits for the next.
    plan = models.JSONField(default=list)
    counts = models.JSONField(default=dict)
    started_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    posted_at = models.DateTimeField(null=True, blank=True)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("commission run")
        verbose_name_plural = _("commission runs")
        constraints = [
            models.UniqueConstraint(
                "brand", "kind", condition=~Q(state=RunState.POSTED), name="commission_run_one_open"
            )
        ]
        indexes = [models.Index(fields=["brand", "-created_at"], name="commission_run_latest")]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.as_of}"


class CommissionLine(models.Model):
    """The sub-ledger: what an entitlement (order line, creator, role) gained or lost in a run.

    ``target`` is owed now, ``amount`` = target - what was posted before. The first line of an
    entitlement freezes the rate. Append-only. The journal is the one of (run, creator).

    Lines come by the million, and a foreign key looks up and locks each parent row once per line,
    which took three quarters of a run. Migration 0005 has a trigger instead that checks all lines
    of a statement at once, and parents that cannot go. Filter by order together with order_line:
    the unique index begins with the order.
    """

    run = models.ForeignKey(
        CommissionRun,
        models.PROTECT,
        related_name="lines",
        db_index=False,
        db_constraint=False,
    )
    # The order of order_line, repeated for sums by order; the trigger checks that it is.
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    order_line = models.ForeignKey(
        OrderLine,
        models.PROTECT,
        related_name="commission_lines",
        db_index=False,
        db_constraint=False,
    )
    creator = models.ForeignKey(
        Creator,
        models.PROTECT,
        related_name="commission_lines",
        db_index=False,
        db_constraint=False,
    )
    role = models.CharField(max_length=10, choices=BeneficiaryRole.choices)
    rate = models.ForeignKey(
        PlanRate, models.PROTECT, related_name="+", db_index=False, db_constraint=False
    )
    # What counted here, after the cap over all roles of the line; rate.rate_bp is the plan's own
    # figure. That of the first line is frozen: later ones may only be lower, to stay under the cap.
    rate_bp = models.PositiveIntegerField()
    sequence = models.PositiveIntegerField()
    base = models.BigIntegerField()
    target = models.BigIntegerField()
    amount = models.BigIntegerField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("commission line")
        verbose_name_plural = _("commission lines")
        constraints = [
            models.UniqueConstraint(
                "order", "order_line", "creator", "role", "sequence", name="commission_line_once"
            ),
            models.CheckConstraint(condition=~Q(amount=0), name="commission_line_not_zero"),
        ]
        indexes = [models.Index(fields=["run", "creator"], name="commission_line_of_run")]

    def __str__(self) -> str:
        return f"{self.order_line_id} {self.role} {self.amount}"


class ReleaseLine(models.Model):
    """Held commission of a creator on an order that became payable (or was taken back after).

    Without foreign keys for the same reason as `CommissionLine`.
    """

    run = models.ForeignKey(
        CommissionRun,
        models.PROTECT,
        related_name="releases",
        db_index=False,
        db_constraint=False,
    )
    order = models.ForeignKey(
        Order, models.PROTECT, related_name="releases", db_index=False, db_constraint=False
    )
    creator = models.ForeignKey(
        Creator, models.PROTECT, related_name="releases", db_index=False, db_constraint=False
    )
    sequence = models.PositiveIntegerField()
    amount = models.BigIntegerField()

    objects = scoped_by("creator__store").as_manager()

    class Meta:
        verbose_name = _("release line")
        verbose_name_plural = _("release lines")
        constraints = [
            models.UniqueConstraint("order", "creator", "sequence", name="release_line_once"),
            models.CheckConstraint(condition=~Q(amount=0), name="release_line_not_zero"),
        ]
        indexes = [models.Index(fields=["run", "creator"], name="release_line_of_run")]

    def __str__(self) -> str:
        return f"{self.order_id} {self.amount}"


class PendingRelease(models.Model):
    """An order with commission that is not released yet, or not wholly, and its due day."""

    order = models.OneToOneField(
        Order, models.CASCADE, primary_key=True, related_name="+", db_constraint=False
    )
    brand_id = models.BigIntegerField()
    due_on = models.DateField()
    # A refund is under way: what was released too much goes back, the rest waits for the shop.
    only_back = models.BooleanField(default=False)

    class Meta:
        verbose_name = _("pending release")
        verbose_name_plural = _("pending releases")

    def __str__(self) -> str:
        return str(self.order_id)


# -- the books -----------------------------------------------------------------


class LedgerAccount(models.Model):
    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    kind = models.CharField(max_length=20, choices=LedgerKind.choices)
    creator = models.ForeignKey(
        Creator, models.PROTECT, null=True, blank=True, related_name="ledger_accounts"
    )
    currency = models.CharField(max_length=3)

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("ledger account")
        verbose_name_plural = _("ledger accounts")
        constraints = [
            models.UniqueConstraint(
                fields=["brand", "kind", "creator", "currency"],
                nulls_distinct=False,
                name="ledger_account_once",
            ),
            models.UniqueConstraint("id", "currency", name="ledger_account_currency"),
            models.CheckConstraint(
                condition=Q(kind__in=OWNED_KINDS, creator__isnull=False)
                | (~Q(kind__in=OWNED_KINDS) & Q(creator__isnull=True)),
                name="ledger_account_owner",
            ),
        ]

    def __str__(self) -> str:
        owner = f" · {self.creator}" if self.creator_id else ""
        return f"{self.get_kind_display()}{owner} ({self.currency})"


class Journal(models.Model):
    """One balanced entry. ``(source, key)`` makes the same event post once. Append-only."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    kind = models.CharField(max_length=20, choices=JournalKind.choices)
    source = models.CharField(max_length=60)
    key = models.CharField(max_length=60)
    run = models.ForeignKey(
        CommissionRun, models.PROTECT, null=True, blank=True, related_name="journals"
    )
    business_date = models.DateField()
    created_at = models.DateTimeField(auto_now_add=True)
    created_by = models.ForeignKey(PERSON, models.PROTECT, null=True, related_name="+")
    reason = models.CharField(max_length=200, blank=True)
    reverses = models.OneToOneField(
        "self", models.PROTECT, null=True, blank=True, related_name="reversed_by"
    )

    objects = scoped_by("brand").as_manager()

    class Meta:
        verbose_name = _("journal")
        verbose_name_plural = _("journals")
        constraints = [
            models.UniqueConstraint("source", "key", name="journal_event_once"),
            models.UniqueConstraint("id", "currency", name="journal_currency"),
        ]
        indexes = [models.Index(fields=["brand", "business_date"], name="journal_by_day")]

    def __str__(self) -> str:
        return f"{self.source} {self.key}"


class Posting(models.Model):
    """One line of a journal, debit-positive minor units. Append-only.

    Migration 0003 replaces the two plain foreign keys by composite ones with the currency, so
    that a journal cannot mix currencies or touch an account of another one.
    """

    pk = models.CompositePrimaryKey("journal_id", "line")
    journal = models.ForeignKey(Journal, models.PROTECT, related_name="postings", db_index=False)
    line = models.PositiveSmallIntegerField()
    account = models.ForeignKey(LedgerAccount, models.PROTECT, related_name="postings")
    currency = models.CharField(max_length=3)
    amount = models.BigIntegerField()

    objects = scoped_by("journal__brand").as_manager()

    class Meta:
        verbose_name = _("posting")
        verbose_name_plural = _("postings")
        constraints = [
            models.CheckConstraint(
                condition=~Q(amount=0) & Q(amount__gte=-MAX_MINOR, amount__lte=MAX_MINOR),
                name="posting_amount",
            )
        ]

    def __str__(self) -> str:
        return f"{self.account} {self.amount}"


# -- settlement and payouts ----------------------------------------------------


class Settlement(models.Model):
    """A closed month of a brand: the runs that closed it and one statement per creator."""

    brand = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    period = models.CharField(max_length=7, help_text="2026-11")
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
            models.UniqueConstraint("brand", "period", name="settlement_once_a_month"),
        ]

    def __str__(self) -> str:
        return self.period


class Statement(models.Model):
    """What a creator earned in a settled month. Locked with the settlement.

    opening + released - paid_out = payable; earned and clawed_back say how released came about:
    held_opening + earned - clawed_back - released = held. clawed_back is a positive figure.
    """

    settlement = models.ForeignKey(Settlement, models.PROTECT, related_name="statements")
    creator = models.ForeignKey(Creator, models.PROTECT, related_name="statements")
    store = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    held_opening = models.BigIntegerField()
    earned = models.BigIntegerField()
    clawed_back = models.BigIntegerField()
    released = models.BigIntegerField()
    held = models.BigIntegerField()
    opening = models.BigIntegerField()
    paid_out = models.BigIntegerField()
    payable = models.BigIntegerField()

    objects = scoped_by("store").as_manager()

    class Meta:
        verbose_name = _("statement")
        verbose_name_plural = _("statements")
        constraints = [
            models.UniqueConstraint("settlement", "creator", name="statement_once"),
            models.CheckConstraint(
                condition=Q(payable=F("opening") + F("released") - F("paid_out"))
                & Q(held=F("held_opening") + F("earned") - F("clawed_back") - F("released")),
                name="statement_adds_up",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.creator} · {self.settlement}"


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
