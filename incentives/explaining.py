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

from customers.choices import OrderStatus
from customers.models import ChangedOrder, Order, OrderLine
from incentives import commission, order_facts, places
from incentives.models import (
    CommissionLine,
    MonthLine,
    PendingRelease,
    PlanRate,
    PlanVersion,
    ReleaseLine,
)
from incentives.plans import before, in_force, own_part
from kosops.lib.money import share_of
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
NO_SHARE = "no_share"
NOT_THE_LEAD = "not_the_lead"
OWN_SALE = "own_sale"
OWN_ORDER = "own_order"
ORDER_CAP = "order_cap"


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
    rate: PlanRate | None = None
    # The pot's part of the line and how many people share it.
    pot_amount: int = 0
    pot_people: int = 0
    # A higher rate of the plan before, kept by the shield of the plan in force that day.
    shielded_by: PlanVersion | None = None
    # The part of the rate that counts where the person bought the order themself.
    own_bp: int | None = None
    # Whether the order's cap left less than the rate gives.
    under_order_cap: bool = False
    # What the person's month as a whole adds or takes by the same plan, beside the lines.
    month_added: int = 0

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
        rate=frozen.rate,
        **_around(line, creator, role, frozen, lines[-1].base, target),
    )


def _around(
    line: OrderLine, creator: Creator, role: str, frozen: CommissionLine, base: int, target: int
) -> dict[str, Any]:
    """What else had a say: the pot, the shield, own orders, the order's cap, the month."""
    order, rate = line.order, frozen.rate
    found: dict[str, Any] = {}
    if role == commission.POT:
        shares = (
            CommissionLine.objects.filter(order=order, order_line=line, role=role)
            .values("creator")
            .annotate(sum=Sum("amount"))
        )
        found["pot_amount"] = sum(each["sum"] for each in shares)
        found["pot_people"] = sum(1 for each in shares if each["sum"])
    elif target < share_of(base, frozen.rate_bp):
        found["under_order_cap"] = True
    today = in_force(order.brand, order.business_date)
    if today is not None and today.shield_days and today.pk != rate.version_id:
        kept = before(today)
        if kept is not None and kept.pk == rate.version_id:
            found["shielded_by"] = today
    if places.own_buyer(order.brand_id, order.buyer_key) == creator.pk:
        found["own_bp"] = own_part(rate.version)
    months = MonthLine.objects.filter(
        creator=creator, month=order.business_date.replace(day=1), version=rate.version
    )
    found["month_added"] = months.aggregate(sum=Sum("amount"))["sum"] or 0
    return found


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
    version = in_force(order.brand, order.business_date)
    facts = order_facts.lines_of(order, version)
    (own,) = [each for row, each in facts if row.pk == line.pk]
    if reason := _why_not_named(order, own, creator, role):
        return reason
    if order.currency != settings.CURRENCY:
        return OTHER_CURRENCY
    if order.status == OrderStatus.CLOSED:
        return ORDER_CLOSED
    if not line.commissionable:
        return NOT_COMMISSIONABLE
    if base == 0:
        return FULLY_REFUNDED
    if version is None:
        return NO_PLAN
    terms = order_facts.terms_of(version, order)
    return _why_no_rate(line, facts, terms, creator, role) or (
        NEXT_RUN if waits else BELOW_ONE_CENT
    )


def _why_not_named(order: Order, facts: commission.LineFacts, creator: Creator, role: str) -> str:
    """Why the person has no part in the line in this role."""
    if role == commission.POT:
        shares = {share.id: share.weight for share in facts.staff}
        return "" if shares.get(creator.pk) else NO_SHARE
    if role == commission.MANAGER:
        if facts.manager is None or facts.manager.id != creator.pk:
            return NOT_THE_LEAD
        return OWN_SALE if creator.pk in (order.seller_id, order.sharer_id) else ""
    named = order.seller_id if role == commission.SELLER else order.sharer_id
    if named != creator.pk:
        return NOT_NAMED
    if role == commission.SHARER and order.seller_id == creator.pk:
        return ALSO_SELLER
    return ""


def _why_no_rate(
    line: OrderLine,
    facts: list[tuple[OrderLine, commission.LineFacts]],
    terms: commission.Terms,
    creator: Creator,
    role: str,
) -> str:
    (own,) = [each for row, each in facts if row.pk == line.pk]
    person = next(
        (
            each
            for each in (own.seller, own.sharer, own.manager)
            if each is not None and each.id == creator.pk
        ),
        None,
    )
    rate = commission.rate_for(own, role, None if role == commission.POT else person, terms)
    if rate is None:
        return NO_RATE
    if rate.fixed is None and rate.rate_bp == 0:
        return RATE_ZERO
    if role != commission.POT and own.own == creator.pk and terms.own_bp == 0:
        return OWN_ORDER
    parts = [each for each in commission.line_parts(own, terms, {}) if each.role == role]
    if parts and parts[0].amount == 0 and parts[0].used_bp == 0 and not _tiny(parts[0], own.base):
        return CAP_USED_UP
    owed = commission.order_targets([each for _row, each in facts], terms, [{} for _ in facts])
    place = [row.pk for row, _each in facts].index(line.pk)
    got = sum(target.amount for target in owed[place] if target.role == role)
    return ORDER_CAP if parts and got < parts[0].amount else ""


def _tiny(part: commission.Part, base: int) -> bool:
    """Whether the claim itself comes to less than a cent."""
    if part.claim.amount is not None:
        return part.claim.amount == 0
    return share_of(base, part.claim.rate_bp) == 0 and part.claim.rate_bp > 0 and part.rate_bp > 0
