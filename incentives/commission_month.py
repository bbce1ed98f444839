"""What a person's month adds to the order lines: steps, and caps by the month.

Plain calculation. A line earns its rate when it comes; only at the end of the month is it known how
much somebody sold in all. So the month is an entitlement of its own: what it should come to less
what its lines gave. Worked out anew whenever a line of the month changes, it does not depend on the
order in which things happen, and a closed month is corrected in the open one.

The rule in words. For each rate of a plan, take the lines of the person's month (by day of payment)
that earned this rate in full. With steps, the month's net sales by this rate decide: either what
lies above a step earns that step's percentage, or all of the month does. A rate may begin at nothing:
then its lines are credited with 0 and count. Lines that earned less than the rate, as own orders and
those that met a cap, stay as they are. What a rate gives in the month stays under the rate's monthly
cap, what the plan gives under the plan's cap for a person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from kosops.lib.money import BASIS_POINTS, share_of


@dataclass(frozen=True)
class Step:
    """From ``start`` of the month's net sales on, ``rate_bp`` counts."""

    start: int
    rate_bp: int


@dataclass(frozen=True)
class MonthRate:
    """A rate as the month sees it."""

    id: int
    rate_bp: int
    steps: tuple[Step, ...] = ()
    cap: int | None = None


@dataclass(frozen=True)
class Sum:
    """What the lines of a month by one rate came to: the net sales of those that earned the rate in
    full, their commission, and the commission of the others."""

    base: int = 0
    amount: int = 0
    others: int = 0


def by_steps(rate: MonthRate, base: int, *, whole: bool) -> int:
    """What ``base`` earns in a month, rounded down once."""
    steps = sorted(rate.steps, key=lambda step: step.start)
    if whole:
        reached = [step.rate_bp for step in steps if base >= step.start]
        return share_of(base, reached[-1] if reached else rate.rate_bp)
    bounds = [Step(0, rate.rate_bp), *steps]
    ends = [*(step.start for step in steps), max(base, 0)]
    return (
        sum(
            max(0, min(base, end) - step.start) * step.rate_bp
            for step, end in zip(bounds, ends, strict=True)
        )
        // BASIS_POINTS
    )


def month_target(
    sums: Mapping[int, Sum],
    rates: Iterable[MonthRate],
    *,
    whole: bool = False,
    person_cap: int | None = None,
) -> int:
    """What the month adds to its lines by one plan version, or takes from them.

    ``sums`` by rate. Nothing for rates without steps and caps.
    """
    owed = 0
    for rate in rates:
        found = sums.get(rate.id, Sum())
        full = by_steps(rate, found.base, whole=whole) if rate.steps else found.amount
        earned = full + found.others
        owed += earned if rate.cap is None else min(earned, rate.cap)
    if person_cap is not None:
        owed = min(owed, person_cap)
    return owed - sum(found.amount + found.others for found in sums.values())


def releasable(added: int, earned: int, released: int, *, over: bool) -> int:
    """How much of what the month added may be paid out, taken-back parts included.

    ``earned`` and ``released`` are sums of the month's lines. More than the lines gave is paid when
    the month's hold is ``over``. Less takes effect as soon as the released lines come to more than
    the month allows.
    """
    if added > 0:
        return added if over else 0
    return -max(0, released - (earned + added))
