"""Commission runs and the sub-ledger that they write."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit, scoped_by
from customers.models import Order, OrderLine
from incentives.choices import BeneficiaryRole, RunKind, RunState
from incentives.models.plans import PlanRate
from matrix.models import Creator

PERSON = settings.AUTH_USER_MODEL


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
    which took three quarters of a run. Migration 0003 has a trigger instead that checks all lines
    of a run when it is posted, and parents that cannot go. Filter by order together with
    order_line: the unique index begins with the order.
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
            # Nothing is credited only where the line counts towards the steps of its rate.
            models.CheckConstraint(
                condition=~Q(amount=0) | Q(sequence=1, target=0, base__gt=0),
                name="commission_line_not_zero",
            ),
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
