"""Why a line is what it is, and why a missing line is missing.

The same answer serves the statement page, the phone and the API: which rule, which facts, which
day, what would change it.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

from django.conf import settings
from django.db.models import Max, Sum
from django.utils import timezone

from customers.choices import OrderStatus
from customers.models import ChangedOrder, Order, OrderLine
from incentives import commission, commission_limits, order_facts, payees, places
from incentives.commission_limits import LINE_CAP, Limit
from incentives.commission_limits import ORDER_CAP as ORDER_LIMIT
from incentives.explaining_months import MonthPart, month_part
from incentives.models import (
    CommissionLine,
    PendingRelease,
    PlanRate,
    PlanVersion,
    ReleaseLine,
)
from incentives.plans import as_rule, before, in_force, own_part
from kosops.lib.money import share_of
from kosops.lib.periods import Month
from matrix.models import Creator

# States of a credited line.
HELD = "held"
PAYABLE = "payable"
TAKEN_BACK = "taken_back"
WAITS_FOR_REFUND = "waits_for_refund"

# Why there is no line.
NOT_NAMED = "not_named"
CONTESTED = "contested"
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

# What has to be open before money reaches the person.
ORDER_STANDS = "order_stands"
EARNS = "earns"
UP_TO_DATE = "up_to_date"
NO_REFUND_OPEN = "no_refund_open"
WINDOW_OVER = "window_over"
PAYEE_READY = "payee_ready"

# What would change an entitlement.
CHANGES_BY = {
    NOT_NAMED: "order_corrected",
    NOT_COMMISSIONABLE: "order_corrected",
    ORDER_CLOSED: "order_corrected",
    OTHER_CURRENCY: "order_corrected",
    NO_PLAN: "plan_covers_the_day",
    NO_RATE: "later_plan",
    RATE_ZERO: "later_plan",
    CAP_USED_UP: "later_plan",
    OWN_ORDER: "later_plan",
    ORDER_CAP: "later_plan",
    NO_SHARE: "place_given",
    NOT_THE_LEAD: "place_given",
    NEXT_RUN: "next_run",
}
NOTHING = "nothing"

# Why nobody at all stands in a role.
VACANT = {
    commission.SELLER: "nobody_sold",
    commission.SHARER: "nobody_shared",
    commission.POT: "nobody_in_pot",
    commission.MANAGER: "nobody_led",
}

# (order line, creator, role)
Key = tuple[int, int, str]


@dataclass(frozen=True)
class Gate:
    """Something that has to be so; ``until`` the day from which it is, if that is known, and
    ``blocks`` the codes of `payee_rules`."""

    code: str
    is_open: bool
    until: dt.date | None = None
    blocks: tuple[str, ...] = ()


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
    # The limits of the line and of the order that left less than the rate alone gives.
    limits: list[Limit] = field(default_factory=list)
    # What the person's month as a whole adds or takes by the same plan, beside the lines.
    month: MonthPart = field(default_factory=MonthPart)
    gates: list[Gate] = field(default_factory=list)
    released_on: dt.date | None = None

    @property
    def capped(self) -> bool:
        return self.rate_bp < self.plan_rate_bp

    @property
    def under_line_cap(self) -> bool:
        """Whether all roles of the line together met its limit."""
        return any(limit.code == LINE_CAP for limit in self.limits)

    @property
    def under_order_cap(self) -> bool:
        return any(limit.code == ORDER_LIMIT for limit in self.limits)

    @property
    def month_added(self) -> int:
        return self.month.added

    @property
    def would_change(self) -> list[str]:
        """By what the amount would become another, in codes; `NOTHING` where by nothing."""
        if self.missing:
            return [CHANGES_BY.get(self.missing, NOTHING)]
        found = ["next_run"] if self.waits_for_run else []
        if self.state == WAITS_FOR_REFUND:
            found.append("refund_decided")
        elif self.state == HELD:
            found.append("window_over")
        if self.base > 0:
            found.append("refund")
        if self.month.next_step is not None:
            found.append("next_step")
        if self.limits or self.month.limits:
            found.append("later_plan")
        if any(gate.code == PAYEE_READY and not gate.is_open for gate in self.gates):
            found.append("payee")
        return found or [NOTHING]

    @property
    def facts(self) -> dict[str, Any]:
        return {
            "paid": self.line.paid_amount,
            "refunded": self.line.refunded_amount,
            "base": self.base,
            "rate_bp": self.rate_bp,
            "target": self.target,
        }


def explain(*, line: OrderLine, creator: Creator, role: str, payees: bool = False) -> Explanation:
    """The calculation of an entitlement, or the reason why there is none.

    ``payees``: also whether the person can be paid, for those who may know.
    """
    case = OrderCase(line.order)
    if payees:
        case.ask_payees([creator])
    return case.explain(case.line(line.pk), creator, role)


class OrderCase:
    """An order with everything that explanations of its lines ask, read once."""

    def __init__(self, order: Order) -> None:
        self.order = order
        self.waits = ChangedOrder.objects.filter(order=order).exists()
        self.version = in_force(order.brand, order.business_date)
        self.facts = order_facts.lines_of(order, self.version)
        self.posted: dict[Key, list[CommissionLine]] = defaultdict(list)
        rows = CommissionLine.objects.filter(order=order)
        related = ("run", "creator__store", "rate__version", "rate__unit")
        for row in rows.select_related(*related).order_by("sequence"):
            self.posted[row.order_line_id, row.creator_id, row.role].append(row)
        self._standings: dict[int, payees.Standing] = {}
        self._months: dict[tuple[int, int], MonthPart] = {}

    def line(self, pk: int) -> OrderLine:
        return next(row for row, _facts in self.facts if row.pk == pk)

    def ask_payees(self, creators: Iterable[Creator]) -> None:
        """Let explanations say whether these people can be paid."""
        self._standings = payees.standings(creators, timezone.now())

    def concerned(self, line: OrderLine, role: str) -> list[int]:
        """Who stands in a role on a line: named or in place on the day, or credited before."""
        facts = next(each for row, each in self.facts if row.pk == line.pk)
        now: dict[str, list[int | None]] = {
            commission.SELLER: [self.order.seller_id],
            commission.SHARER: [self.order.sharer_id],
            commission.POT: [share.id for share in facts.staff if share.weight],
            commission.MANAGER: [facts.manager.id if facts.manager else None],
        }
        before = [who for own, who, each in self.posted if (own, each) == (line.pk, role)]
        return list(dict.fromkeys(who for who in (*now[role], *before) if who is not None))

    def everybody(self) -> set[int]:
        """Everybody who stands in some role on some line."""
        return {
            who
            for line, _facts in self.facts
            for role in commission.ROLES
            for who in self.concerned(line, role)
        }

    @cached_property
    def terms(self) -> commission.Terms:
        return order_facts.terms_of(self.version, self.order)

    @cached_property
    def shield(self) -> tuple[PlanVersion | None, PlanVersion | None]:
        """The plan of the day, where it shields, and the plan before it."""
        version = self.version
        if version is None or not version.shield_days:
            return None, None
        return version, before(version)

    @cached_property
    def own_buyer(self) -> int | None:
        return places.own_buyer(self.order.brand_id, self.order.buyer_key)

    @cached_property
    def pending(self) -> PendingRelease | None:
        return PendingRelease.objects.filter(order=self.order).first()

    @cached_property
    def released(self) -> dict[int, tuple[int, dt.date]]:
        """What was released by creator, and on which day last."""
        rows = ReleaseLine.objects.filter(order=self.order).values_list("creator")
        return {
            creator: (amount, on)
            for creator, amount, on in rows.annotate(sum=Sum("amount"), on=Max("run__as_of"))
        }

    @cached_property
    def frozen(self) -> list[commission.FrozenRates]:
        """The frozen rates line by line, as the rule takes them."""
        return [self._frozen_of(row.pk) for row, _facts in self.facts]

    def _frozen_of(self, line: int) -> commission.FrozenRates:
        kept: dict[tuple[int, str], commission.Frozen] = {}
        for (own, creator, role), rows in self.posted.items():
            if own != line:
                continue
            key = (commission.NOBODY if role == commission.POT else creator, role)
            rate, rate_bp = rows[0].rate, max(row.rate_bp for row in rows)
            if key in kept:
                rate_bp = max(rate_bp, kept[key].rate_bp)
            kept[key] = commission.Frozen(rate.pk, rate_bp, rate.version.cap_bp, as_rule(rate))
        return kept

    @cached_property
    def limits(self) -> dict[int, dict[str, list[Limit]]]:
        """The limits that the lines and the order met, by line and role, with the facts of now."""
        every = [facts for _row, facts in self.facts]
        found = commission_limits.of_order(every, self.terms, self.frozen)
        return {row.pk: own for (row, _facts), own in zip(self.facts, found, strict=True)}

    # -- one entitlement ---------------------------------------------------------

    def explain(self, line: OrderLine, creator: Creator, role: str) -> Explanation:
        lines = self.posted.get((line.pk, creator.pk, role), [])
        known: dict[str, Any] = {
            "line": line,
            "creator": creator,
            "role": role,
            "waits_for_run": self.waits,
        }
        if not lines:
            closed = self.order.status == OrderStatus.CLOSED
            base = 0 if closed or not line.commissionable else line.net_amount
            missing = _why_missing(self, line, creator, role, base)
            found = Explanation(base=base, missing=missing, version=self.version, **known)
            return replace(found, gates=self._gates(found))
        frozen, target = lines[0], sum(each.amount for each in lines)
        _released, released_on = self.released.get(creator.pk, (0, None))
        found = Explanation(
            base=lines[-1].base,
            state=self._state(creator, target),
            version=frozen.rate.version,
            rate_bp=frozen.rate_bp,
            plan_rate_bp=frozen.rate.rate_bp,
            category=frozen.rate.category,
            tier=frozen.rate.tier,
            target=target,
            posted=[Posted(each.run.as_of, each.run_id, each.base, each.amount) for each in lines],
            due_on=self.pending.due_on if self.pending else None,
            released_on=released_on,
            rate=frozen.rate,
            **self._around(line, creator, role, frozen),
            **known,
        )
        return replace(found, gates=self._gates(found))

    def _around(
        self, line: OrderLine, creator: Creator, role: str, frozen: CommissionLine
    ) -> dict[str, Any]:
        """What else had a say: the pot, the shield, own orders, limits, the month."""
        version = frozen.rate.version
        found: dict[str, Any] = {}
        if role == commission.POT:
            shares = [
                sum(row.amount for row in rows)
                for (own, _creator, each), rows in self.posted.items()
                if (own, each) == (line.pk, role)
            ]
            found["pot_amount"] = sum(shares)
            found["pot_people"] = sum(1 for share in shares if share)
        today, kept = self.shield
        if today and kept and today.pk != version.pk and kept.pk == version.pk:
            found["shielded_by"] = today
        if self.own_buyer == creator.pk:
            found["own_bp"] = own_part(version)
        # What is not posted yet has not met its limits yet either.
        if not self.waits:
            found["limits"] = self.limits[line.pk].get(role, [])
        found["month"] = self._month(creator, frozen.rate)
        return found

    def _month(self, creator: Creator, rate: PlanRate) -> MonthPart:
        """What the person's month adds or takes by the plan, and why."""
        key = (creator.pk, rate.pk)
        if key not in self._months:
            self._months[key] = month_part(creator, rate, Month.of(self.order.business_date))
        return self._months[key]

    def _state(self, creator: Creator, target: int) -> str:
        if target == 0:
            return TAKEN_BACK
        if self.order.status == OrderStatus.REFUNDING:
            return WAITS_FOR_REFUND
        return PAYABLE if creator.pk in self.released and not self.pending else HELD

    def _gates(self, found: Explanation) -> list[Gate]:
        """What has to be open before money reaches the person, in order."""
        order = self.order
        gates = [
            Gate(ORDER_STANDS, order.status != OrderStatus.CLOSED),
            Gate(EARNS, found.line.commissionable),
            Gate(UP_TO_DATE, not self.waits),
            Gate(NO_REFUND_OPEN, order.status != OrderStatus.REFUNDING),
        ]
        if not found.missing and found.state != TAKEN_BACK:
            gates.append(Gate(WINDOW_OVER, found.state == PAYABLE, until=found.due_on))
        standing = self._standings.get(found.creator.pk)
        if standing is not None:
            gates.append(Gate(PAYEE_READY, standing.ready, blocks=tuple(standing.blocks)))
        return gates


def _why_missing(case: OrderCase, line: OrderLine, creator: Creator, role: str, base: int) -> str:
    order, version = case.order, case.version
    (own,) = [each for row, each in case.facts if row.pk == line.pk]
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
    return _why_no_rate(line, case.facts, case.terms, creator, role) or (
        NEXT_RUN if case.waits else BELOW_ONE_CENT
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
        claims = order.claims.filter(role=role, creator=creator)
        return CONTESTED if claims.exists() else NOT_NAMED
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
