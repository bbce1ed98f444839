"""When volunteers may sign up and withdraw, what their thanks come to, and days of a pattern."""

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from incentives.rota_rules import (
    Span,
    Window,
    closed_until,
    days_of,
    may_withdraw,
    old_enough,
    pattern_problem,
    span_on,
    thanks,
    tick_window,
    why_not,
)

SHANGHAI = ZoneInfo("Asia/Shanghai")
FRIDAY = dt.date(2026, 11, 27)


def at(text: str) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI)


def span(starts: str, ends: str) -> Span:
    return Span(at(starts), at(ends))


NOON_TO_TWO = span("2026-11-27 12:00", "2026-11-27 14:00")


@pytest.mark.parametrize(
    ("other", "overlaps"),
    [
        (NOON_TO_TWO, True),
        (span("2026-11-27 13:00", "2026-11-27 15:00"), True),
        (span("2026-11-27 11:00", "2026-11-27 12:01"), True),
        (span("2026-11-27 11:00", "2026-11-27 18:00"), True),
        # One begins as the other ends.
        (span("2026-11-27 14:00", "2026-11-27 15:00"), False),
        (span("2026-11-27 10:00", "2026-11-27 12:00"), False),
    ],
)
def test_overlap(other: Span, overlaps: bool) -> None:
    assert NOON_TO_TWO.overlaps(other) is overlaps
    assert other.overlaps(NOON_TO_TWO) is overlaps


def test_weekends_of_a_period() -> None:
    found = days_of(FRIDAY, dt.date(2026, 12, 6), {5, 6})
    assert [day.day for day in found] == [28, 29, 5, 6]


def test_no_weekday_means_every_day_and_one_day_is_a_period() -> None:
    assert days_of(FRIDAY, FRIDAY, ()) == [FRIDAY]
    assert len(days_of(FRIDAY, dt.date(2026, 12, 3), ())) == 7
    assert days_of(FRIDAY, FRIDAY, {0}) == []


def test_hours_of_a_day_and_over_midnight() -> None:
    assert span_on(FRIDAY, dt.time(10), dt.time(14), SHANGHAI) == span(
        "2026-11-27 10:00", "2026-11-27 14:00"
    )
    assert span_on(FRIDAY, dt.time(22), dt.time(2), SHANGHAI) == span(
        "2026-11-27 22:00", "2026-11-28 02:00"
    )
    # The same hour twice is a whole day, not no time at all.
    assert span_on(FRIDAY, dt.time(9), dt.time(9), SHANGHAI).ends_at == at("2026-11-28 09:00")


@pytest.mark.parametrize(
    ("last", "days", "hours", "problem"),
    [
        (FRIDAY, [FRIDAY], 12, ""),
        (FRIDAY, [FRIDAY], 13, "shift_too_long"),
        (FRIDAY - dt.timedelta(days=1), [], 2, "ends_before_start"),
        (FRIDAY, [], 2, "no_days"),
        (FRIDAY, [FRIDAY] * 100, 2, ""),
        (FRIDAY, [FRIDAY] * 101, 2, "too_many_days"),
    ],
)
def test_what_a_pattern_may_be(
    last: dt.date, days: list[dt.date], hours: int, problem: str
) -> None:
    begin = at("2026-11-27 08:00")
    hours_of = Span(begin, begin + dt.timedelta(hours=hours))
    assert pattern_problem(FRIDAY, last, days, hours_of) == problem


@pytest.mark.parametrize(
    ("now", "held_at", "may"),
    [
        ("2026-11-26 11:59", "2026-11-01 09:00", True),
        ("2026-11-26 12:00", "2026-11-01 09:00", True),
        ("2026-11-26 12:01", "2026-11-01 09:00", False),
        # Exactly at the cut-off is early enough to know of it.
        ("2026-11-26 12:01", "2026-11-26 12:00", False),
        # Who moved up later never had the chance.
        ("2026-11-27 11:59", "2026-11-26 18:00", True),
        ("2026-11-27 12:00", "2026-11-26 18:00", False),
    ],
)
def test_giving_a_place_back_a_day_before(now: str, held_at: str, may: bool) -> None:
    assert may_withdraw(at(now), NOON_TO_TWO.starts_at, 24, at(held_at)) is may


DAYS = [dt.date(2026, 9, 1), dt.date(2026, 10, 1), dt.date(2026, 11, 1)]


@pytest.mark.parametrize(
    ("absences", "most", "until"),
    [
        ([], 2, None),
        (DAYS[:1], 2, None),
        (DAYS[:1], 1, dt.date(2026, 10, 1)),
        (DAYS[:2], 2, dt.date(2026, 10, 31)),
        (DAYS[1::-1], 2, dt.date(2026, 10, 31)),
        (DAYS, 3, dt.date(2026, 12, 1)),
        (DAYS, 2, dt.date(2026, 12, 1)),
        # 89 days apart count together, 90 do not.
        ([DAYS[0], dt.date(2026, 11, 29)], 2, dt.date(2026, 12, 29)),
        ([DAYS[0], dt.date(2026, 11, 30)], 2, None),
    ],
)
def test_sign_up_is_closed_after_absences(
    absences: list[dt.date], most: int, until: dt.date | None
) -> None:
    assert closed_until(absences, most, closed_days=30) == until


@pytest.mark.parametrize(
    ("born", "enough"),
    [
        (None, True),
        (dt.date(2008, 11, 27), True),
        (dt.date(2008, 11, 28), False),
        (dt.date(2010, 1, 1), False),
    ],
)
def test_volunteers_are_adults_on_the_day(born: dt.date | None, enough: bool) -> None:
    assert old_enough(born, FRIDAY) is enough


@pytest.mark.parametrize(("given", "points"), [(0, 50), (350, 50), (360, 40), (400, 0), (999, 0)])
def test_thanks_stay_under_the_ceiling_of_the_month(given: int, points: int) -> None:
    assert thanks(50, given, ceiling=400) == points


def test_attendance_is_ticked_from_the_beginning_until_some_days_after() -> None:
    window = tick_window(NOON_TO_TWO, tick_days=3)
    assert window == Window(at("2026-11-27 12:00"), at("2026-11-30 14:00"))
    assert not window.open(at("2026-11-27 11:59"))
    assert window.open(at("2026-11-27 12:00"))
    assert window.open(at("2026-11-30 13:59"))
    assert not window.open(at("2026-11-30 14:00"))


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, ""),
        ({"now": at("2026-11-27 11:59")}, ""),
        ({"now": at("2026-11-27 12:00")}, "shift_begun"),
        ({"active": False}, "not_active"),
        ({"fits": False}, "not_for_you"),
        ({"adult": False}, "adults_only"),
        ({"closed": dt.date(2026, 11, 20)}, "sign_up_closed"),
        ({"closed": dt.date(2026, 11, 19)}, ""),
    ],
)
def test_what_stands_against_signing_up(facts: dict[str, Any], code: str) -> None:
    usual: dict[str, Any] = {
        "now": at("2026-11-20 09:00"),
        "starts_at": NOON_TO_TWO.starts_at,
        "active": True,
        "fits": True,
        "adult": True,
        "closed": None,
        "today": dt.date(2026, 11, 20),
    }
    assert why_not(**(usual | facts)) == code
