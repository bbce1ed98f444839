"""Why a line is what it is, and why a missing line is missing.

The same answer serves the statement page, the phone and the API: which rule, which facts, which
day, what would change it.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db.models import Sum

from accounts.models import Unit
from customers.choices import OrderStatus
from customers.models import ChangedOrder, OrderLine
from incentives import commission
from incentives.models import CommissionLine, PendingRelease, PlanVersion, ReleaseLine
from incentives.plans import in_force, rates_of
from matrix.models import Creator

# States of a credited line.
HELD = "held"
PAYABLE = "payable"
TAKEN_BACK = "taken_back"
WAITS_FOR_REFUND = "waits_for_refund"

# Why there is no line.
NOT_NAMED = "not_named"
ALSO_SELLER = "also_seller"
NOT_COMMISSIONABLE = "not_commissionable"
ORDER_CLOSED = "order_closed"
FULLY_REFUNDED = "fully_refunded"
NO_PLAN = "no_plan"
NO_RATE = "no_rate"
RATE_ZERO = "rate_zero"
CAP_USED_UP = "cap_used_up"
BELOW_ONE_CENT = "below_one_cent"
NEXT_RUN = "next_run"
OTHER_CURRENCY = "other_currency"


@dataclass(frozen=True)
class Posted:
    """One line that a run posted: on which business day, on what base, which amount."""

    on: dt.date
    run_id: int
    base: int
    amount: int


@dataclass(frozen=True)
class Explanation:
    """Everything about one entitlement. Amounts in minor units, rates in basis points.

    ``state`` is set for a credited line, ``missing`` says why there is none.
    """

    line: OrderLine
    creator: Creator
    role: str
    base: int
    state: str = ""
    missing: str = ""
    version: PlanVersion | None = None
    rate_bp: int = 0
    plan_rate_bp: int = 0
    category: str = ""
    tier: str = ""
    target: int = 0
    posted: list[Posted] = field(default_factory=list)
    due_on: dt.date | None = None
    waits_for_run: bool = False

    @property
    def capped(self) -> bool:
        return self.rate_bp < self.plan_rate_bp

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "paid": self.line.paid_amount,
            "refunded": self.line.refunded_amount,
            "base": self.base,
            "rate_bp": self.rate_bp,
            "target": self.target,
        }


def explain(*, line: OrderLine, creator: Creator, role: str) -> Explanation:
    """The calculation of an entitlement, or the reason why there is none."""
    order = line.order
    closed = order.status == OrderStatus.CLOSED
    base = 0 if closed or not line.commissionable else line.net_amount
    waits = ChangedOrder.objects.filter(order=order).exists()
    lines = list(
        CommissionLine.objects.filter(order_line=line, creator=creator, role=role)
        .select_related("run", "rate__version")
        .order_by("sequence")
    )
    if not lines:
        missing = _why_missing(line, creator, role, base, waits)
        return Explanation(
            line=line, creator=creator, role=role, base=base, missing=missing, waits_for_run=waits
        )
    frozen = lines[0]
    pending = PendingRelease.objects.filter(order=order).first()
    target = sum(each.amount for each in lines)
    return Explanation(
        line=line,
        creator=creator,
        role=role,
        base=lines[-1].base,
        state=_state(line, creator, target, pending is not None),
        version=frozen.rate.version,
        rate_bp=frozen.rate_bp,
        plan_rate_bp=frozen.rate.rate_bp,
        category=frozen.rate.category,
        tier=frozen.rate.tier,
        target=target,
        posted=[Posted(each.run.as_of, each.run_id, each.base, each.amount) for each in lines],
        due_on=pending.due_on if pending else None,
        waits_for_run=waits,
    )


def _state(line: OrderLine, creator: Creator, target: int, pending: bool) -> str:
    if target == 0:
        return TAKEN_BACK
    if line.order.status == OrderStatus.REFUNDING:
        return WAITS_FOR_REFUND
    released = ReleaseLine.objects.filter(order=line.order, creator=creator).aggregate(
        sum=Sum("amount")
    )["sum"]
    return PAYABLE if released is not None and not pending else HELD


def _why_missing(line: OrderLine, creator: Creator, role: str, base: int, waits: bool) -> str:
    order = line.order
    named = order.seller_id if role == commission.SELLER else order.sharer_id
    if named != creator.pk:
        return NOT_NAMED
    if role == commission.SHARER and order.seller_id == creator.pk:
        return ALSO_SELLER
    if order.currency != settings.CURRENCY:
        return OTHER_CURRENCY
    if order.status == OrderStatus.CLOSED:
        return ORDER_CLOSED
    if not line.commissionable:
        return NOT_COMMISSIONABLE
    if base == 0:
        return FULLY_REFUNDED
    return _why_no_rate(line, order.brand, order.business_date, creator, role) or (
        NEXT_RUN if waits else BELOW_ONE_CENT
    )


def _why_no_rate(line: OrderLine, brand: Unit, day: dt.date, creator: Creator, role: str) -> str:
    version = in_force(brand, day)
    if version is None:
        return NO_PLAN
    rates = rates_of(version)
    rate = commission.pick_rate(rates, role, line.category, creator.tier, creator.kind)
    if rate is None:
        return NO_RATE
    if rate.rate_bp == 0:
        return RATE_ZERO
    order = line.order
    owed = commission.targets(
        commission.LineFacts(
            net=line.net_amount,
            category=line.category,
            seller=_person(order.seller),
            sharer=_person(order.sharer),
        ),
        rates,
        version.cap_bp,
    )
    own = [each for each in owed if each.creator == creator.pk and each.role == role]
    return CAP_USED_UP if own and own[0].rate_bp == 0 else ""


def _person(creator: Creator | None) -> commission.Person | None:
    return commission.Person(creator.pk, creator.tier, creator.kind) if creator else None
