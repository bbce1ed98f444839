"""How the refunds of an order fall on its lines: exactly, and whatever came first (M12, M27)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customers.refunds import RefundableLine as Line
from customers.refunds import spread
from kosops.lib.errors import DomainError
from kosops.lib.money import MAX_MINOR


@pytest.mark.parametrize(
    ("lines", "unnamed", "parts"),
    [
        ([Line(100), Line(100), Line(100)], 1, [1, 0, 0]),
        ([Line(100), Line(100), Line(100)], 2, [1, 1, 0]),
        ([Line(1), Line(1), Line(1)], 3, [1, 1, 1]),
        ([Line(9_999), Line(3_333)], 4_444, [3_333, 1_111]),
        ([Line(10), Line(20), Line(40)], 10, [1, 3, 6]),  # 1.43, 2.86, 5.71
        # What was refunded by name is not refunded again.
        ([Line(100, named=100), Line(100)], 100, [100, 100]),
        ([Line(100, named=40), Line(100)], 16, [46, 10]),
        # A line with nothing paid, or nothing left, gets no cent.
        ([Line(0), Line(100)], 1, [0, 1]),
        ([Line(100, named=100), Line(1)], 1, [100, 1]),
        ([Line(100, named=30), Line(0)], 0, [30, 0]),
    ],
)
def test_refunds_fall_on_lines_by_what_is_left_of_them(lines, unnamed, parts) -> None:
    assert spread(lines, unnamed) == parts


def test_lines_that_are_worth_nothing_take_no_refund() -> None:
    """The intake refuses it before; here it has no one to fall on."""
    assert spread([Line(0), Line(0)], 0) == [0, 0]
    assert spread([], 0) == []
    with pytest.raises(DomainError) as refusal:
        spread([Line(0), Line(50, named=50)], 1)
    assert refusal.value.code == "no_weights"


@st.composite
def refunded_orders(draw) -> tuple[list[Line], int]:
    """Lines with what was refunded on them by name, and a rest that is not more than is left."""
    paid = draw(st.lists(st.integers(0, MAX_MINOR // 12), min_size=1, max_size=12))
    lines = [Line(amount, draw(st.integers(0, amount))) for amount in paid]
    return lines, draw(st.integers(0, sum(line.paid - line.named for line in lines)))


@given(refunded_orders())
def test_the_parts_are_the_whole_and_no_line_gives_back_more_than_was_paid(order) -> None:
    lines, unnamed = order
    parts = spread(lines, unnamed)
    assert sum(parts) == unnamed + sum(line.named for line in lines)
    for line, part in zip(lines, parts, strict=True):
        assert line.named <= part <= line.paid


@given(refunded_orders())
def test_a_full_refund_is_exactly_what_was_paid(order) -> None:
    lines, _unnamed = order
    left = sum(line.paid - line.named for line in lines)
    assert spread(lines, left) == [line.paid for line in lines]


@given(refunded_orders(), st.randoms(use_true_random=False))
def test_lines_in_another_order_get_the_same_but_for_a_cent(order, chance) -> None:
    """Only a tie for the odd cent looks at places."""
    lines, unnamed = order
    places = list(range(len(lines)))
    chance.shuffle(places)
    parts = spread(lines, unnamed)
    shuffled = spread([lines[place] for place in places], unnamed)
    for place, part in zip(places, shuffled, strict=True):
        assert abs(part - parts[place]) <= 1
    if len(set(lines)) == 1:
        assert sorted(parts) == sorted(shuffled)


@given(refunded_orders(), st.integers(0, MAX_MINOR // 12))
def test_a_refund_more_never_gives_a_line_much_back(order, more) -> None:
    """The split is made anew from the sums, so a line may lose a cent to another, never more."""
    lines, unnamed = order
    left = sum(line.paid - line.named for line in lines) - unnamed
    before = spread(lines, unnamed)
    after = spread(lines, unnamed + min(more, left))
    assert all(new >= old - 1 for new, old in zip(after, before, strict=True))
