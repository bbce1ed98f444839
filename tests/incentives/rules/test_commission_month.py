"""Steps and caps of a person's month, in the rule."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.commission_month import MonthRate, Step, Sum, by_steps, month_target, releasable

STEPPED = MonthRate(1, 500, (Step(100_000, 600), Step(300_000, 800)))


@pytest.mark.parametrize(
    ("base", "marginal", "whole"),
    [
        (0, 0, 0),
        (99_999, 4_999, 4_999),
        (100_000, 5_000, 6_000),
        (200_000, 11_000, 12_000),
        (299_999, 16_999, 17_999),
        (400_000, 25_000, 32_000),
    ],
)
def test_a_step_counts_for_what_lies_above_it_or_for_the_whole_month(base, marginal, whole) -> None:
    assert by_steps(STEPPED, base, whole=False) == marginal
    assert by_steps(STEPPED, base, whole=True) == whole


def test_a_month_adds_what_the_steps_give_beyond_the_lines() -> None:
    sums = {1: Sum(base=200_000, amount=10_000, others=70)}
    assert month_target(sums, [STEPPED]) == 1_000
    assert month_target(sums, [STEPPED], whole=True) == 2_000
    assert month_target({}, [STEPPED]) == 0


def test_caps_of_the_rate_and_of_the_person_take_what_is_too_much() -> None:
    capped = MonthRate(2, 100, cap=300)
    sums = {1: Sum(base=200_000, amount=10_000), 2: Sum(base=50_000, amount=500)}
    assert month_target(sums, [STEPPED, capped]) == 1_000 - 200
    assert month_target(sums, [STEPPED, capped], person_cap=10_000) == -500


@given(
    sums=st.lists(st.integers(0, 10**9), min_size=1, max_size=4),
    cap=st.none() | st.integers(1, 10**8),
    whole=st.booleans(),
)
def test_a_month_never_comes_to_more_than_the_persons_cap(sums, cap, whole) -> None:
    lines = {1: Sum(base=sum(sums), amount=sum(each * 500 // 10_000 for each in sums))}
    added = month_target(lines, [STEPPED], whole=whole, person_cap=cap)
    assert cap is None or lines[1].amount + added <= cap
    assert cap is not None or added >= 0


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(-(10**6), 0))
def test_what_was_taken_never_lets_more_be_paid_than_the_month_allows(earned, part, taken) -> None:
    taken = max(taken, -earned)
    released = min(part, earned)
    payable = released + releasable(taken, earned, released, over=False)
    assert payable <= earned + taken or payable == 0
    assert releasable(taken, earned, earned, over=False) == taken


def test_a_rate_without_steps_gives_what_its_lines_gave() -> None:
    # Three lines of 0.19 at 5 % gave nothing, each rounded down; the month does not add them up.
    small = MonthRate(1, 500, cap=100)
    assert month_target({1: Sum(base=57, amount=0)}, [small]) == 0


def test_a_month_without_sales_earns_nothing() -> None:
    for base in (0, -5_000):
        assert by_steps(STEPPED, base, whole=False) == 0


def test_what_the_month_adds_waits_for_its_hold() -> None:
    assert releasable(100, 500, 500, over=False) == 0
    assert releasable(100, 500, 500, over=True) == 100
    assert releasable(1, 500, 500, over=True) == 1
    assert releasable(1, 500, 500, over=False) == 0


def test_what_was_released_and_then_refunded_is_taken_back_without_waiting() -> None:
    # 6.00 were released; after a refund the lines come to 5.00 and the month adds nothing.
    for over in (True, False):
        assert releasable(0, 500, 600, over=over) == -100
        assert releasable(0, 500, 400, over=over) == 0
