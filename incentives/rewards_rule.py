"""The reward rule: what one note, task or month earns, and why nothing yet.

A rule names a source (approved notes, credited orders of a month, ...) and steps. The highest step
that is reached pays its whole amount; a step at 0 pays for the thing itself. Then:

    figures        likes + saves + comments by name; shares never count. Only organic figures do:
                   those of a boosted note count up to the moment the boost began
    unknown        a figure that no platform has told reaches no step but the one at 0
    check_days     what was earned is held so many days; it is paid if the note still stands then
    count_days     figures later than this after publishing do not count
    watch_days     up to then a note that is removed gives its reward back, also after payment; one
                   that is hidden is held again
    review         where a second person reviews notes, one that waits for that or has a problem is
                   held until it is cleared
    caps           a person's month and the budget of the rule; first come, first served, and what
                   somebody has is not taken away because another earned more
    in points      the same, in points instead of money: held until the check, then free, and
                   living to the end of the month so many months later, longer than it is watched
    in coupons     the same, in pieces of something of the catalogue: handed out at the check. A
                   person's month is counted in pieces, the budget is money: so many are handed out
                   as it pays for at the cost of one

`incentives.rewards_sql` says the same for all at once; a test holds them together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from typing import Any

MOST_STEPS = 8
MOST_DAYS = 365
MOST_AMOUNT = 10**9
MOST_VALUE = 10**9
# More at once is a typing error.
MOST_POINTS = 10**6
MOST_MONTHS = 120
MOST_COUPONS = 20


class Stands(StrEnum):
    """Whether what is rewarded still stands."""

    STANDS = "stands"
    PAUSED = "paused"
    IN_REVIEW = "in_review"
    PROBLEM = "problem"
    GONE = "gone"


class Reason(StrEnum):
    """Where a reward stands, or why there is none yet."""

    PAYABLE = "payable"
    WAITING = "waiting"
    BELOW = "below"
    UNKNOWN = "unknown"
    HIDDEN = "hidden"
    IN_REVIEW = "in_review"
    PROBLEM = "problem"
    REMOVED = "removed"
    STOPPED = "stopped"
    FLAGGED = "flagged"
    CAP_PERSON = "cap_person"
    CAP_BUDGET = "cap_budget"


_HELD = {
    Stands.PAUSED: Reason.HIDDEN,
    Stands.IN_REVIEW: Reason.IN_REVIEW,
    Stands.PROBLEM: Reason.PROBLEM,
}


class RuleFault(ValueError):
    """A reward rule that cannot be. ``field`` names the place, ``problem`` is a code."""

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem


@dataclass(frozen=True)
class Step:
    """From ``at_least`` on it pays ``amount`` (minor units, points, or pieces)."""

    at_least: int
    amount: int


@dataclass(frozen=True)
class Terms:
    """What a rule says. Empty conditions mean any; None means no limit.

    ``points_months``: it pays points that live so many months. ``coupon_cost``: it hands out pieces
    that cost so many minor units each. With neither it pays money. ``budget`` is in points where it
    pays points, else in minor units.
    """

    source: str
    steps: tuple[Step, ...]
    check_days: int = 7
    count_days: int = 30
    watch_days: int = 60
    points_months: int | None = None
    coupon_cost: int | None = None
    cap_person: int | None = None
    budget: int | None = None
    # A rise of so many interactions within a day that also makes them five times as many is looked
    # at by a person before it pays.
    jump: int | None = None
    handed_in: bool = False
    kinds: tuple[str, ...] = ()
    tiers: tuple[str, ...] = ()
    platforms: tuple[str, ...] = ()
    followers_from: int | None = None
    followers_to: int | None = None

    @property
    def in_points(self) -> bool:
        return self.points_months is not None

    @property
    def in_coupons(self) -> bool:
        return self.coupon_cost is not None

    @property
    def most(self) -> int | None:
        """What the budget comes to in what the rule pays: whole pieces where it hands out those."""
        if self.budget is None or not self.coupon_cost:
            return self.budget
        return self.budget // self.coupon_cost


@dataclass(frozen=True)
class Thing:
    """What is rewarded, on the day of a run. ``value`` is a lower bound unless ``whole``."""

    done_on: dt.date
    value: int | None
    whole: bool = True
    stands: Stands = Stands.STANDS
    jumped: bool = False
    stopped: bool = False


@dataclass(frozen=True)
class Verdict:
    """What a thing is worth before caps, whether it may be paid, and why not."""

    amount: int
    may_pay: bool
    reason: Reason
    step: int | None = None


def judge(thing: Thing, terms: Terms, as_of: dt.date) -> Verdict:
    """What the rule gives for a thing on a day."""
    if thing.stopped:
        return Verdict(0, False, Reason.STOPPED)
    if thing.stands == Stands.GONE:
        return Verdict(0, False, Reason.REMOVED)
    step = step_reached(thing.value, terms)
    if step is None or not step.amount:
        whole = thing.whole and thing.value is not None
        return Verdict(0, False, Reason.BELOW if whole else Reason.UNKNOWN)
    if thing.stands in _HELD:
        return Verdict(step.amount, False, _HELD[thing.stands], step.at_least)
    if thing.jumped and step.at_least:
        return Verdict(step.amount, False, Reason.FLAGGED, step.at_least)
    if as_of < thing.done_on + dt.timedelta(days=terms.check_days):
        return Verdict(step.amount, False, Reason.WAITING, step.at_least)
    return Verdict(step.amount, True, Reason.PAYABLE, step.at_least)


def step_reached(value: int | None, terms: Terms) -> Step | None:
    reached = [step for step in terms.steps if step.at_least <= (value or 0)]
    return reached[-1] if reached else None


def next_step(value: int | None, terms: Terms) -> Step | None:
    """The step to aim for; None at the top."""
    return next((step for step in terms.steps if step.at_least > (value or 0)), None)


def allot(wishes: Sequence[tuple[int, int]], limit: int | None) -> list[int]:
    """What each of (posted, wanted) gets under a limit on their sum, in this order.

    What is posted and still wanted stays; the room that is left goes to rises in order.
    """
    if limit is None:
        return [wanted for _posted, wanted in wishes]
    kept = [min(posted, wanted) for posted, wanted in wishes]
    room = limit - sum(kept)
    given = []
    for base, (_posted, wanted) in zip(kept, wishes, strict=True):
        rise = max(0, min(wanted - base, room))
        room -= wanted - base
        given.append(base + rise)
    return given


# -- the JSON form -------------------------------------------------------------

_DAYS = ("check_days", "count_days", "watch_days")
_LIMITS = (
    *("cap_person", "budget", "jump", "followers_from", "followers_to", "points_months"),
    "coupon_cost",
)
_LISTS = ("kinds", "tiers", "platforms")


def terms_to_json(terms: Terms) -> dict[str, Any]:
    form: dict[str, Any] = {
        "source": terms.source,
        "steps": [{"at_least": step.at_least, "amount": step.amount} for step in terms.steps],
        "handed_in": terms.handed_in,
    }
    form |= {name: getattr(terms, name) for name in (*_DAYS, *_LIMITS)}
    return form | {name: list(getattr(terms, name)) for name in _LISTS}


def terms_from_json(data: Mapping[str, Any]) -> Terms:
    """Read the terms of a rule; raises `RuleFault`."""
    steps = tuple(
        Step(
            _number(row, "at_least", f"steps[{place}]", MOST_VALUE),
            _number(row, "amount", f"steps[{place}]", MOST_AMOUNT),
        )
        for place, row in enumerate(data.get("steps", ()))
    )
    if not steps or len(steps) > MOST_STEPS:
        raise RuleFault("steps", "empty" if not steps else "too_many")
    for before, step in pairwise(steps):
        if step.at_least <= before.at_least or step.amount <= before.amount:
            raise RuleFault("steps", "not_rising")
    days = {name: _number(data, name, "", MOST_DAYS) for name in _DAYS}
    if days["check_days"] > days["watch_days"] or days["count_days"] > days["watch_days"]:
        raise RuleFault("watch_days", "too_short")
    limits: dict[str, Any] = {
        name: None if data.get(name) is None else _number(data, name, "", MOST_AMOUNT * 1000)
        for name in _LIMITS
    }
    if limits["points_months"] is not None:
        _check_points(limits["points_months"], days["watch_days"], steps)
    if limits["coupon_cost"] is not None:
        _check_coupons(limits, steps)
    low, high = limits["followers_from"], limits["followers_to"]
    if low is not None and high is not None and low > high:
        raise RuleFault("followers_to", "wrong_order")
    lists = {name: tuple(map(str, data.get(name) or ())) for name in _LISTS}
    named: dict[str, Any] = {**days, **limits, **lists}
    return Terms(
        source=str(data.get("source", "")),
        steps=steps,
        handed_in=bool(data.get("handed_in")),
        **named,
    )


def _check_points(months: int, watch_days: int, steps: Sequence[Step]) -> None:
    if not 1 <= months <= MOST_MONTHS:
        raise RuleFault("points_months", "out_of_range")
    # No month is shorter than 28 days: what is taken back has not expired yet.
    if months * 28 <= watch_days:
        raise RuleFault("points_months", "expires_watched")
    if steps[-1].amount > MOST_POINTS:
        raise RuleFault("steps", "out_of_range")


def _check_coupons(limits: Mapping[str, Any], steps: Sequence[Step]) -> None:
    if limits["points_months"] is not None:
        raise RuleFault("coupon_cost", "one_kind")
    if limits["budget"] is not None and not limits["coupon_cost"]:
        raise RuleFault("coupon_cost", "cost_needed")
    if steps[-1].amount > MOST_COUPONS:
        raise RuleFault("steps", "out_of_range")


def _number(data: Mapping[str, Any], name: str, place: str, most: int) -> int:
    value = data.get(name)
    where = f"{place}.{name}" if place else name
    if isinstance(value, bool) or not isinstance(value, int):
        raise RuleFault(where, "not_a_number")
    if not 0 <= value <= most:
        raise RuleFault(where, "out_of_range")
    return value
