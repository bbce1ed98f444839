"""The programme's money in plain Python: what orders, refunds, plans, runs and payouts come to.

Written from the rules, not from the product's code, and nothing of the product is imported. One
brand, amounts in cents, days as dates. Every order is worked out anew from its facts; the only
memory is what was posted, released and paid before. A refusal is `Refused` with the product's code.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

LIMIT = 10**11
SMALLEST_PAYOUT = 100
ROLES = ("seller", "sharer")


class Refused(Exception):
    """The model says no, by code."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass
class Line:
    paid: int
    category: str = ""
    earns: bool = True
    # A later version of the order may leave a line out; it stays with nothing paid.
    there: bool = True


@dataclass
class Order:
    day: dt.date
    lines: dict[str, Line]
    status: str = "finished"
    seller: str | None = None
    sharer: str | None = None
    finished: dt.date | None = None
    # number -> (amount, line or "")
    refunds: dict[str, tuple[int, str]] = field(default_factory=dict)

    @property
    def paid(self) -> int:
        return sum(line.paid for line in self.lines.values())

    @property
    def refunded(self) -> int:
        return sum(amount for amount, _line in self.refunds.values())

    def named(self, line: str) -> int:
        """What was refunded on this line by name."""
        return sum(amount for amount, own in self.refunds.values() if own == line)

    def nets(self) -> dict[str, int]:
        """What is left of each line. Refunds that name no line fall on what named ones leave, in
        proportion; the odd cents go to the largest fractions, the first line first."""
        left = {no: max(0, line.paid - self.named(no)) for no, line in self.lines.items()}
        pot = self.refunded - sum(self.lines[no].paid - rest for no, rest in left.items())
        if not pot:
            return left
        shares = {no: Fraction(pot * rest, sum(left.values())) for no, rest in left.items()}
        parts = {no: int(share) for no, share in shares.items()}
        first_come = list(left)
        by_fraction = sorted(first_come, key=lambda no: parts[no] - shares[no])
        for no in by_fraction[: pot - sum(parts.values())]:
            parts[no] += 1
        return {no: left[no] - parts[no] for no in left}


@dataclass
class Plan:
    first: dt.date
    # The first day on which it no longer applies.
    end: dt.date | None
    cap: int
    hold: int
    # (role, category, tier, kind) -> basis points; empty text means any
    rates: dict[tuple[str, str, str, str], int]

    def applies(self, day: dt.date) -> bool:
        return self.first <= day and (self.end is None or day < self.end)

    def rate(self, role: str, category: str, tier: str, kind: str) -> int | None:
        """The rate that names more wins, category before tier before kind."""
        for c in dict.fromkeys([category, ""]):
            for t in dict.fromkeys([tier, ""]):
                for k in dict.fromkeys([kind, ""]):
                    if (role, c, t, k) in self.rates:
                        return self.rates[role, c, t, k]
        return None


@dataclass
class Batch:
    month: str
    maker: str
    payouts: dict[str, int]
    state: str = "draft"
    # What the bank said, by person.
    answers: dict[str, str] = field(default_factory=dict)
    # The bank named another amount, and nobody has cleared it yet.
    paused: bool = False

    def holds(self, person: str) -> bool:
        """Whether its payout to the person stands: not cancelled, not failed."""
        if person not in self.payouts or self.state == "rejected":
            return False
        return self.answers.get(person) != "failed"


Entitlement = tuple[str, str, str, str]  # order, line, person, role
MONEY = ("accrued", "payable", "inflight", "paid")


@dataclass
class Model:
    today: dt.date
    kinds: dict[str, str]
    payable_to: set[str]
    tiers: dict[str, str] = field(default_factory=dict)
    plans: list[Plan] = field(default_factory=list)
    orders: dict[str, Order] = field(default_factory=dict)
    # (order, number) -> (amount, line), in order of arrival
    waiting: dict[tuple[str, str], tuple[int, str]] = field(default_factory=dict)
    # Orders that the next run has to look at.
    changed: set[str] = field(default_factory=set)
    # The rate of each entitlement as it was first credited, and its plan.
    frozen: dict[Entitlement, tuple[int, Plan]] = field(default_factory=dict)
    posted: dict[Entitlement, int] = field(default_factory=dict)
    # order -> (day, whether only downwards)
    due: dict[str, tuple[dt.date, bool]] = field(default_factory=dict)
    released: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    # (day of the run, person, amount) of every line; (day, person, account, amount) of the books
    lines: list[tuple[dt.date, str, int]] = field(default_factory=list)
    moves: list[tuple[dt.date, str, str, str, int]] = field(default_factory=list)
    settled: dict[str, dict[str, dict[str, int]]] = field(default_factory=dict)
    batches: list[Batch] = field(default_factory=list)

    # -- facts -------------------------------------------------------------------------------

    def take_order(self, number: str, news: Order) -> str:
        if not news.lines:
            return "no_lines"
        if any(line.paid < 0 for line in news.lines.values()):
            return "negative_amount"
        if news.paid > LIMIT:
            return "amount_too_large"
        if news.day > self.today:
            return "occurred_in_future"
        known = self.orders.get(number)
        if known is None:
            self.orders[number] = Order(
                news.day, dict(news.lines), news.status, news.seller, news.sharer, news.finished
            )
        else:
            if not self._differs(known, news):
                return "unchanged"
            if news.paid < known.refunded:
                return "refund_exceeds_paid"
            gone = {
                no: Line(0, line.category, line.earns, False) for no, line in known.lines.items()
            }
            known.lines = {**gone, **news.lines}
            known.day, known.finished, known.status = news.day, news.finished, news.status
            known.seller, known.sharer = news.seller, news.sharer
        self.changed.add(number)
        self._try_waiting(number)
        return "created" if known is None else "updated"

    @staticmethod
    def _differs(known: Order, news: Order) -> bool:
        # A full refund ends an order here; shops go on calling it finished.
        lags = known.status == "refunded" and news.status != "closed"
        return (
            (known.day, known.finished, known.seller, known.sharer)
            != (news.day, news.finished, news.seller, news.sharer)
            or (known.status != news.status and not lags)
            or {no: line for no, line in known.lines.items() if line.there} != news.lines
        )

    def take_refund(self, number: str, refund: str, amount: int, line: str, day: dt.date) -> str:
        if amount <= 0:
            return "amount_not_positive"
        if amount > LIMIT:
            return "amount_too_large"
        if day > self.today:
            return "occurred_in_future"
        if number not in self.orders:
            if (number, refund) in self.waiting:
                before, _line = self.waiting[number, refund]
                return "unchanged" if before == amount else "refund_differs"
            self.waiting[number, refund] = (amount, line)
            return "waiting"
        return self._enter(number, refund, amount, line)

    def _enter(self, number: str, refund: str, amount: int, line: str) -> str:
        order = self.orders[number]
        if refund in order.refunds:
            return "unchanged" if order.refunds[refund][0] == amount else "refund_differs"
        if line and line not in order.lines:
            return "unknown_line"
        left = order.paid - order.refunded
        if line:
            left = min(left, order.lines[line].paid - order.named(line))
        if amount > left:
            return "refund_exceeds_paid"
        order.refunds[refund] = (amount, line)
        if order.refunded == order.paid:
            order.status = "refunded"
        self.changed.add(number)
        self.waiting.pop((number, refund), None)
        return "created"

    def _try_waiting(self, number: str) -> None:
        for (own, refund), (amount, line) in list(self.waiting.items()):
            if own == number:
                self._enter(number, refund, amount, line)

    def save_plan(self, new: Plan) -> None:
        if new.end is not None and new.end <= new.first:
            raise Refused("dates_reversed")
        if any(rate > new.cap for rate in new.rates.values()):
            raise Refused("rate_above_cap")
        before = next((p for p in self.plans if p.first < new.first and p.end is None), None)
        for other in self.plans:
            if other is before:
                continue
            if (new.end is None or other.first < new.end) and (
                other.end is None or new.first < other.end
            ):
                raise Refused("plan_overlaps")
        if before is not None:
            before.end = new.first
        self.plans.append(new)
        for number, order in self.orders.items():
            # The days behind a plan with an end lost theirs, if it cut an open one short.
            if new.applies(order.day) or (before is not None and new.first <= order.day):
                self.changed.add(number)

    # -- runs --------------------------------------------------------------------------------

    def accrue(self, as_of: dt.date) -> None:
        for number in self.orders:
            self._try_waiting(number)
        self._check_day(as_of)
        self._accrue(as_of)

    def release(self, as_of: dt.date) -> None:
        self._check_day(as_of)
        self._release(as_of)

    def _check_day(self, day: dt.date) -> None:
        if any(month_of(day) <= month for month in self.settled):
            raise Refused("month_settled")
        if day > self.today:
            raise Refused("day_not_here")

    def _accrue(self, as_of: dt.date) -> None:
        moved: dict[str, int] = defaultdict(int)
        for number in sorted(self.changed):
            if self.orders[number].day > as_of:
                continue
            self.changed.remove(number)
            for entitlement, amount in self._owed(number).items():
                change = amount - self.posted.get(entitlement, 0)
                if change:
                    self.posted[entitlement] = amount
                    self.lines.append((as_of, entitlement[2], change))
                    moved[entitlement[2]] += change
            self._hold(number, as_of)
        for person, amount in moved.items():
            self._move(as_of, person, "accrual", accrued=amount)

    def _owed(self, number: str) -> dict[Entitlement, int]:
        """What each entitlement of an order is worth now; who is no longer named gets nothing."""
        order = self.orders[number]
        plan = next((plan for plan in self.plans if plan.applies(order.day)), None)
        sharer = order.sharer if order.sharer != order.seller else None
        owed = {entitlement: 0 for entitlement in self.posted if entitlement[0] == number}
        nets = order.nets()
        for no, line in order.lines.items():
            base = nets[no] if line.earns and order.status != "closed" else 0
            who = {"seller": order.seller, "sharer": sharer}
            rates = self._rates(number, no, line.category, plan, who)
            for role, rate in rates.items():
                entitlement = (number, no, str(who[role]), role)
                owed[entitlement] = base * rate // 10_000
                if plan is not None and owed[entitlement]:
                    self.frozen.setdefault(entitlement, (rate, plan))
        return owed

    def _rates(
        self, number: str, no: str, category: str, plan: Plan | None, who: dict[str, str | None]
    ) -> dict[str, int]:
        kept = {
            role: self.frozen[number, no, person, role]
            for role, person in who.items()
            if person and (number, no, person, role) in self.frozen
        }
        asked = {
            role: plan.rate(role, category, self.tiers.get(person, ""), self.kinds[person])
            for role, person in who.items()
            if person and plan
        }
        cap = plan.cap if plan else 0
        rates: dict[str, int] = {}
        if "seller" in kept:
            rates["seller"] = kept["seller"][0]
        elif asked.get("seller") is not None:
            taken = kept["sharer"][0] if "sharer" in kept else 0
            rates["seller"] = max(0, min(asked["seller"] or 0, cap - taken))
        given = rates.get("seller", 0)
        if "sharer" in kept:
            highest = max([cap, *(frozen.cap for _rate, frozen in kept.values())])
            rates["sharer"] = max(0, min(kept["sharer"][0], highest - given))
        elif asked.get("sharer") is not None:
            rates["sharer"] = max(0, min(asked["sharer"] or 0, cap - given))
        return rates

    def _hold(self, number: str, as_of: dt.date) -> None:
        """When what the order earned becomes payable: after the hold, not before this run."""
        self.due.pop(number, None)
        own = [entitlement for entitlement in self.posted if entitlement[0] == number]
        if not own:
            return
        order = self.orders[number]
        plan = next((plan for plan in self.plans if plan.applies(order.day)), None)
        hold = plan.hold if plan else max(self.frozen[each][1].hold for each in own)
        day = max(as_of, (order.finished or order.day) + dt.timedelta(hold))
        if order.status != "refunding":
            self.due[number] = (day, False)
        elif any(released for released in self.released if released[0] == number):
            # The shop has not decided: nothing more is released, too much released goes back.
            self.due[number] = (day, True)

    def _release(self, as_of: dt.date) -> None:
        moved: dict[str, int] = defaultdict(int)
        for number, (day, only_back) in list(self.due.items()):
            if day > as_of or number in self.changed:
                continue
            del self.due[number]
            for person in self.kinds:
                earned = sum(
                    amount
                    for (order, _line, who, _role), amount in self.posted.items()
                    if (order, who) == (number, person)
                )
                change = earned - self.released.get((number, person), 0)
                if change < 0 or (change > 0 and not only_back):
                    self.released[number, person] += change
                    moved[person] += change
        for person, amount in moved.items():
            self._move(as_of, person, "release", accrued=-amount, payable=amount)

    # -- the books ---------------------------------------------------------------------------

    def _move(self, day: dt.date, person: str, why: str, **accounts: int) -> None:
        for account, amount in accounts.items():
            if amount:
                self.moves.append((day, person, account, why, amount))

    def owed(self, person: str, account: str, until: dt.date = dt.date.max) -> int:
        return sum(
            amount
            for day, who, kind, _why, amount in self.moves
            if (who, kind) == (person, account) and day <= until
        )

    def balances(self) -> dict[tuple[str, str], int]:
        """What stands on each person's accounts, without zeros."""
        found = {(who, kind): self.owed(who, kind) for who in self.kinds for kind in MONEY}
        return {place: amount for place, amount in found.items() if amount}

    # -- months ------------------------------------------------------------------------------

    def first_open_day(self) -> dt.date | None:
        """The first day of an open month that holds entries, or orders a run has to look at."""
        start = dt.date.min
        if self.settled:
            start = next_month(max(self.settled))
        planned = min((plan.first for plan in self.plans), default=dt.date.max)
        days = [move[0] for move in self.moves if move[0] >= start]
        days += [
            self.orders[number].day
            for number in self.changed
            if self.orders[number].day >= max(start, planned)
        ]
        return min(days, default=None)

    def settle(self, month: str) -> None:
        if month in self.settled:
            return
        last = next_month(month) - dt.timedelta(1)
        if last >= self.today:
            raise Refused("month_not_over")
        earliest = self.first_open_day()
        if earliest is not None and month_of(earliest) < month:
            raise Refused("earlier_month_open")
        if any(later > month for later in self.settled):
            raise Refused("later_month_settled")
        self.accrue(last)
        self.release(last)
        first = last.replace(day=1)
        before = first - dt.timedelta(1)
        statements = {}
        for person in self.kinds:
            if not any(move[1] == person and move[0] <= last for move in self.moves):
                continue
            lines = [a for day, who, a in self.lines if who == person and first <= day <= last]
            moves = [
                (why, amount)
                for day, who, kind, why, amount in self.moves
                if (who, kind) == (person, "payable") and first <= day <= last
            ]
            statement = {
                "held_opening": self.owed(person, "accrued", before),
                "earned": sum(amount for amount in lines if amount > 0),
                "clawed_back": -sum(amount for amount in lines if amount < 0),
                "rewards": sum(amount for why, amount in moves if why == "reward"),
                "prizes": sum(amount for why, amount in moves if why == "prize"),
                "adjustments": sum(amount for why, amount in moves if why == "adjustment"),
                "written_off": sum(amount for why, amount in moves if why == "write_off"),
                "released": sum(amount for why, amount in moves if why != "payout"),
                "held": self.owed(person, "accrued", last),
                "opening": self.owed(person, "payable", before),
                "paid_out": -sum(amount for why, amount in moves if why == "payout"),
                "payable": self.owed(person, "payable", last),
            }
            if any(statement.values()):
                statements[person] = statement
        self.settled[month] = statements

    # -- beside commission -------------------------------------------------------------------

    def book(self, why: str, person: str, amount: int) -> None:
        """What becomes payable at once: a reward, a prize, an adjustment, debt written off."""
        if why == "write_off":
            amount = -self.owed(person, "payable")
            if amount <= 0:
                raise Refused("no_debt")
        self._move(self.today, person, why, payable=amount)

    # -- payouts -----------------------------------------------------------------------------

    def make_batch(self, month: str, maker: str) -> dict[str, int]:
        if any(batch.paused for batch in self.batches if batch.month == month):
            raise Refused("batch_paused")
        payouts = {}
        for person, statement in self.settled[month].items():
            if any(batch.month == month and batch.holds(person) for batch in self.batches):
                continue
            promised = sum(
                batch.payouts.get(person, 0)
                for batch in self.batches
                if batch.state in ("draft", "submitted")
            )
            amount = min(statement["payable"], self.owed(person, "payable") - promised)
            if amount >= SMALLEST_PAYOUT and person in self.payable_to:
                payouts[person] = amount
        if not payouts:
            raise Refused("nothing_to_pay")
        self.batches.append(Batch(month, maker, payouts))
        return payouts

    def submit(self, batch: Batch, by: str) -> None:
        self._in_state(batch, "draft")
        if by != batch.maker:
            raise Refused("not_the_maker")
        batch.state = "submitted"

    def approve(self, batch: Batch, by: str, own: str | None) -> None:
        """``own`` is the person in the programme whom the approver is."""
        self._decide(batch, by, own)
        if any(amount > self.owed(who, "payable") for who, amount in batch.payouts.items()):
            raise Refused("insufficient_balance")
        batch.state = "approved"
        for person, amount in batch.payouts.items():
            self._move(self.today, person, "payout", payable=-amount, inflight=amount)

    def reject(self, batch: Batch, by: str, own: str | None, reason: str) -> None:
        self._decide(batch, by, own)
        if not reason:
            raise Refused("reason_needed")
        batch.state = "rejected"

    def _decide(self, batch: Batch, by: str, own: str | None) -> None:
        self._in_state(batch, "submitted")
        if by == batch.maker:
            raise Refused("own_batch")
        if own in batch.payouts:
            raise Refused("pays_you")

    @staticmethod
    def _in_state(batch: Batch, state: str) -> None:
        if batch.state != state:
            raise Refused("wrong_state")

    def export(self, batch: Batch) -> None:
        if batch.state in ("exported", "closed"):
            return
        self._in_state(batch, "approved")
        batch.state = "exported"

    def resume(self, batch: Batch, by: str, own: str | None, reason: str) -> None:
        if not batch.paused:
            raise Refused("not_paused")
        if by == batch.maker:
            raise Refused("own_batch")
        if own in batch.payouts:
            raise Refused("pays_you")
        if not reason:
            raise Refused("reason_needed")
        batch.paused = False

    def answer(self, batch: Batch, person: str, said: str, amount: int) -> str:
        """The bank says `succeeded` or `failed` about an amount."""
        ours = batch.payouts[person]
        before = batch.answers.get(person)
        if before is not None:
            same = (before, ours) == (said, amount)
            return "unchanged" if same else "contradicts"
        if batch.state != "exported":
            return "not_sent"
        if amount != ours:
            batch.paused = True
            return "amount_mismatch"
        batch.answers[person] = said
        to = {"paid": ours} if said == "succeeded" else {"payable": ours}
        self._move(self.today, person, "payout", inflight=-ours, **to)
        if set(batch.answers) == set(batch.payouts):
            batch.state = "closed"
        return "settled"


def month_of(day: dt.date) -> str:
    return f"{day:%Y-%m}"


def next_month(month: str) -> dt.date:
    """The first day of the month after."""
    year, number = map(int, month.split("-"))
    return dt.date(year + number // 12, number % 12 + 1, 1)
