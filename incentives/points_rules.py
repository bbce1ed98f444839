"""What points follow from facts, which of them still live, and which may be spent.

A fact (a post, a tier reached) brings the points of the rule of its day, as far as the caps of
the day and of the month leave room: facts of one person and event are taken in the order of their
days and keys, and the last one that still finds room may get a part. So the result depends on the
facts alone, not on when or how often anybody looked.

Spending takes the points that expire first. What somebody holds beyond the points that still live
has therefore expired, and nothing else has.

`incentives.points_sql` says the same in SQL for everybody at once; a test holds them together.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from kosops.lib.periods import Month


@dataclass(frozen=True)
class Rule:
    """Points of one event; a cap of None is none."""

    points: int
    cap_day: int | None = None
    cap_month: int | None = None


@dataclass(frozen=True, order=True)
class Fact:
    """Something that one person did on a day; ``key`` is unique for the event."""

    on: dt.date
    key: str


@dataclass(frozen=True)
class Lot:
    """Points that live up to and including ``expires_on``."""

    expires_on: dt.date
    points: int


def targets(facts: Iterable[Fact], rule: Rule) -> dict[str, int]:
    """What each fact of one person and event is worth, by key."""
    by_day: dict[dt.date, int] = defaultdict(int)
    by_month: dict[Month, int] = defaultdict(int)
    worth: dict[str, int] = {}
    for fact in sorted(facts):
        of_day = _room(rule.points, by_day[fact.on], rule.cap_day)
        by_day[fact.on] += of_day
        month = Month.of(fact.on)
        points = _room(of_day, by_month[month], rule.cap_month)
        by_month[month] += of_day
        worth[fact.key] = points
    return worth


def _room(points: int, before: int, cap: int | None) -> int:
    """What of ``points`` still fits under the cap after ``before``."""
    return points if cap is None else max(0, min(points, cap - before))


def expiry_day(earned_on: dt.date, months: int) -> dt.date:
    """The last day of points: the end of the month ``months`` months later."""
    return Month.of(earned_on).shifted(months).last_day


def expired(balance: int, living: int) -> int:
    """What is held beyond the points that live; nothing where spending went below them."""
    return max(0, balance - living)


def left_of(lots: Iterable[Lot], balance: int) -> list[Lot]:
    """What is left of living lots for somebody who holds ``balance``, soonest expiry first.

    Spending takes what expires first, so what is left is what expires last.
    """
    by_day: dict[dt.date, int] = defaultdict(int)
    for lot in lots:
        by_day[lot.expires_on] += lot.points
    left: list[Lot] = []
    for day in sorted(by_day, reverse=True):
        points = min(by_day[day], balance)
        if points > 0:
            left.append(Lot(day, points))
            balance -= points
    return left[::-1]


def may_spend(released: int, held: int, living: int) -> int:
    """What somebody may spend: what is released, less what has expired and is not yet taken away."""
    return max(0, released - expired(released + held, living))


def needs_second_person(points: int, given_before: int, limit: int) -> bool:
    """Whether points by hand need a second person.

    What the same maker gave the same person before counts too, or a large gift could be cut into
    small ones. Taking points away needs one from the same size on.
    """
    return abs(points) + given_before > limit
