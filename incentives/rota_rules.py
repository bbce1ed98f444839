"""When volunteers may sign up and withdraw, what their thanks come to, and days of a pattern.

Thanks are points by the shift and never by the hour: volunteers are not employed and not paid.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from incentives.payee_rules import ADULT, age_on

# Absences without a word count so long.
WINDOW_DAYS = 90
# More at once is a typing error.
MOST_DAYS = 100
LONGEST = dt.timedelta(hours=12)


@dataclass(frozen=True)
class Span:
    """From the first moment up to the last, which is no part of it."""

    starts_at: dt.datetime
    ends_at: dt.datetime

    def overlaps(self, other: Span) -> bool:
        return self.starts_at < other.ends_at and other.starts_at < self.ends_at


def days_of(first: dt.date, last: dt.date, weekdays: Collection[int]) -> list[dt.date]:
    """The days of a period that fall on ``weekdays`` (Monday is 0); none named means every day."""
    count = (last - first).days + 1
    days = (first + dt.timedelta(days=number) for number in range(count))
    return [day for day in days if not weekdays or day.weekday() in weekdays]


def span_on(day: dt.date, begin: dt.time, end: dt.time, zone: ZoneInfo) -> Span:
    """A shift that begins on ``day``; one that ends no later than it begins ends on the next day."""
    last = day if end > begin else day + dt.timedelta(days=1)
    return Span(
        dt.datetime.combine(day, begin, tzinfo=zone), dt.datetime.combine(last, end, tzinfo=zone)
    )


def pattern_problem(first: dt.date, last: dt.date, days: Collection[dt.date], span: Span) -> str:
    """Why shifts cannot be made like this, in one word; empty where they can."""
    if last < first:
        return "ends_before_start"
    if not days:
        return "no_days"
    if len(days) > MOST_DAYS:
        return "too_many_days"
    # As moments, not as the clock on the wall shows it.
    if span.ends_at.timestamp() - span.starts_at.timestamp() > LONGEST.total_seconds():
        return "shift_too_long"
    return ""


def may_withdraw(
    now: dt.datetime, starts_at: dt.datetime, cutoff_hours: int, held_at: dt.datetime
) -> bool:
    """Whether a place can still be given back.

    Up to the cut-off; who got the place only after it may say no until the shift begins.
    """
    cutoff = starts_at - dt.timedelta(hours=cutoff_hours)
    return now <= cutoff or (held_at > cutoff and now < starts_at)


def closed_until(absences: Iterable[dt.date], most: int, closed_days: int) -> dt.date | None:
    """The last day on which sign-up is closed after absences without a word; None where it never was.

    ``most`` of them within `WINDOW_DAYS` close it for ``closed_days`` from the day of the last.
    """
    days = sorted(absences)
    last = None
    for place in range(most - 1, len(days)):
        if (days[place] - days[place - most + 1]).days < WINDOW_DAYS:
            last = days[place] + dt.timedelta(days=closed_days)
    return last


def old_enough(born: dt.date | None, day: dt.date) -> bool:
    """Volunteers are adults on the day of the shift, as far as the day of birth is known."""
    return born is None or age_on(born, day) >= ADULT


def thanks(points: int, given: int, ceiling: int) -> int:
    """Points of a shift: what still fits under the ceiling of the month after what was given."""
    return max(0, min(points, ceiling - given))


@dataclass(frozen=True)
class Window:
    """From when to when attendance is ticked."""

    opens_at: dt.datetime
    closes_at: dt.datetime

    def open(self, now: dt.datetime) -> bool:
        return self.opens_at <= now < self.closes_at


def tick_window(span: Span, tick_days: int) -> Window:
    """Attendance is ticked from the beginning of the shift until some days after its end."""
    return Window(span.starts_at, span.ends_at + dt.timedelta(days=tick_days))


def why_not(
    *,
    now: dt.datetime,
    starts_at: dt.datetime,
    active: bool,
    fits: bool,
    adult: bool,
    closed: dt.date | None,
    today: dt.date,
) -> str:
    """The code of what stands against signing up; empty when nothing does. Places are asked apart."""
    if now >= starts_at:
        return "shift_begun"
    if not active:
        return "not_active"
    if not fits:
        return "not_for_you"
    if not adult:
        return "adults_only"
    if closed is not None and today <= closed:
        return "sign_up_closed"
    return ""
