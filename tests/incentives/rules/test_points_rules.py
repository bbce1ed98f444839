"""Points on plain data: caps, expiry, spending what expires first, large gifts."""

import datetime as dt
from typing import Any

import pytest

from incentives.points_rules import (
    Fact,
    Lot,
    Rule,
    expired,
    expiry_day,
    left_of,
    may_spend,
    needs_second_person,
    targets,
)


def day(number: int, month: int = 9) -> dt.date:
    return dt.date(2026, month, number)


@pytest.mark.parametrize(
    ("facts", "rule", "worth"),
    [
        ([(1, "a"), (1, "b")], Rule(10), {"a": 10, "b": 10}),
        # The cap of the day leaves 5 for the second.
        ([(1, "a"), (1, "b"), (1, "c")], Rule(10, cap_day=15), {"a": 10, "b": 5, "c": 0}),
        ([(1, "a"), (2, "b"), (3, "c")], Rule(10, cap_month=15), {"a": 10, "b": 5, "c": 0}),
        # What the day had no room for takes no room of the month.
        (
            [(1, "a"), (1, "b"), (2, "c")],
            Rule(10, cap_day=10, cap_month=20),
            {"a": 10, "b": 0, "c": 10},
        ),
    ],
)
def test_caps_give_room_in_the_order_of_days(facts: Any, rule: Rule, worth: Any) -> None:
    made = [Fact(day(number), key) for number, key in facts]
    assert targets(made, rule) == worth
    assert targets(reversed(made), rule) == worth


def test_points_live_to_the_end_of_a_month() -> None:
    assert expiry_day(dt.date(2026, 1, 31), 1) == dt.date(2026, 2, 28)
    assert expiry_day(dt.date(2026, 9, 1), 12) == dt.date(2027, 9, 30)


def test_spending_takes_what_expires_first() -> None:
    lots = [Lot(day(30), 100), Lot(day(31, 10), 50), Lot(day(30), 20)]
    assert left_of(lots, 90) == [Lot(day(30), 40), Lot(day(31, 10), 50)]
    assert left_of(lots, 30) == [Lot(day(31, 10), 30)]
    assert left_of(lots, -5) == []


def test_what_is_held_beyond_living_points_has_expired_and_is_not_spent() -> None:
    assert expired(balance=70, living=50) == 20
    assert expired(balance=40, living=50) == 0
    assert may_spend(released=70, held=0, living=50) == 50
    assert may_spend(released=-10, held=30, living=30) == 0


def test_small_gifts_together_need_a_second_person() -> None:
    assert not needs_second_person(500, 0, 500)
    assert needs_second_person(501, 0, 500)
    assert needs_second_person(-501, 0, 500)
    assert needs_second_person(1, 500, 500)


# -- earning -------------------------------------------------------------------


def test_the_cap_of_a_month_begins_anew_with_each_month() -> None:
    facts = [Fact(day(30), "a"), Fact(day(30), "b"), Fact(day(1, 10), "c")]
    assert targets(facts, Rule(10, cap_month=10)) == {"a": 10, "b": 0, "c": 10}
    last_year = Fact(dt.date(2025, 9, 30), "z")
    assert targets([last_year, *facts], Rule(10, cap_month=10))["a"] == 10


def test_held_points_live_too_and_expire_before_they_are_missed() -> None:
    # 70 released and 30 held, of which 80 live: 20 have expired, whoever looks.
    assert may_spend(released=70, held=30, living=80) == 50


def test_the_last_point_is_left_too() -> None:
    assert left_of([Lot(day(30), 1)], 1) == [Lot(day(30), 1)]
    assert left_of([Lot(day(30), 1)], 0) == []
