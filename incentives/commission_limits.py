"""What held an amount down: the limits that a line, an order, a month and a person met.

Plain calculation beside `commission` and `commission_month`: they say what is owed, this says which
limit left less than the rate alone would give, how much was asked for and how much was left.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from incentives.commission import FrozenRates, LineFacts, Part, Rate, Terms, line_parts
from incentives.commission_month import MonthRate, Step, Sum, by_steps
from kosops.lib.money import BASIS_POINTS, share_of

LINE_CAP = "line_cap"
ORDER_CAP = "order_cap"
MONTH_CAP = "month_cap"
PERSON_CAP = "person_cap"


@dataclass(frozen=True)
class Limit:
    """A limit that was met. ``limit`` is what it allows to all it counts, ``wanted`` what would have
    come without it, ``got`` what it left; minor units. Those of a pot are the pot's as a whole.
    """

    code: str
    limit: int
    wanted: int
    got: int


def of_order(
    lines: Sequence[LineFacts], terms: Terms, frozen: Sequence[FrozenRates]
) -> list[dict[str, list[Limit]]]:
    """For each line of an order, by role: the limits of the line and of the order that were met.

    The arguments are those of `commission.order_targets`.
    """
    left = terms.order_cap
    found = []
    for facts, kept in zip(lines, frozen, strict=True):
        parts = line_parts(facts, terms, kept)
        sold = parts[0].amount if parts and parts[0].role == "seller" else 0
        own: dict[str, list[Limit]] = {}
        for part in parts:
            met = own.setdefault(part.role, [])
            wanted = _alone(part, facts, terms, kept, sold)
            if part.amount < wanted:
                cap_bp = max(terms.cap_bp, part.claim.cap_bp or 0)
                limit = share_of(facts.base, cap_bp)
                met.append(Limit(LINE_CAP, limit, wanted, part.amount))
            if left is not None:
                got = min(part.amount, left)
                if got < part.amount:
                    met.append(Limit(ORDER_CAP, terms.order_cap or 0, part.amount, got))
                left -= got
        found.append(own)
    return found


def _alone(part: Part, facts: LineFacts, terms: Terms, kept: FrozenRates, sold: int) -> int:
    """What the role would get of the line if nobody else were there.

    A percentage is frozen as the cap left it; the plan's own stands in the rate.
    """
    if part.claim.amount is not None:
        return part.claim.amount
    if part.claim.of_seller:
        return share_of(sold, part.claim.rate_bp)
    rate = _rate_of(part, terms, kept)
    if rate is None:
        return part.amount
    own_bp = terms.own_bp if part.creator and part.creator == facts.own else BASIS_POINTS
    return share_of(facts.base, max(rate.rate_bp * own_bp // BASIS_POINTS, part.rate_bp))


def _rate_of(part: Part, terms: Terms, kept: FrozenRates) -> Rate | None:
    held = kept.get((part.creator, part.role))
    if held is not None and held.rate is not None:
        return held.rate
    every = (*terms.rates, *terms.before)
    return next((rate for rate in every if rate.id == part.claim.rate_id), None)


def of_month(
    sums: Mapping[int, Sum],
    rates: Iterable[MonthRate],
    *,
    rate_id: int,
    whole: bool = False,
    person_cap: int | None = None,
) -> list[Limit]:
    """The limits of a person's month that were met: that of the rate, and that of the plan.

    The other arguments are those of `commission_month.month_target`.
    """
    owed = 0
    met = []
    for rate in rates:
        found = sums.get(rate.id, Sum())
        full = by_steps(rate, found.base, whole=whole) if rate.steps else found.amount
        earned = full + found.others
        if rate.cap is not None and earned > rate.cap:
            if rate.id == rate_id:
                met.append(Limit(MONTH_CAP, rate.cap, earned, rate.cap))
            earned = rate.cap
        owed += earned
    if person_cap is not None and owed > person_cap:
        met.append(Limit(PERSON_CAP, person_cap, owed, person_cap))
    return met


def steps_around(rate: MonthRate, base: int) -> tuple[Step | None, Step | None]:
    """The step that the month's net sales reached, and the next one; None where there is none."""
    steps = sorted(rate.steps, key=lambda step: step.start)
    reached = [step for step in steps if base >= step.start]
    ahead = [step for step in steps if base < step.start]
    return (reached[-1] if reached else None), (ahead[0] if ahead else None)
