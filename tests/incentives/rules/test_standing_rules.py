"""The member price of a month is kept by the work of the month before."""

import pytest

from incentives.standing_rules import Asked, Work, is_met, missing


@pytest.mark.parametrize(
    ("work", "is_new", "met"),
    [
        (Work(2, 1), False, True),
        (Work(1, 1), False, False),
        (Work(2, 0), False, False),
        (Work(0, 0), True, True),
    ],
)
def test_both_are_needed_unless_new(work: Work, is_new: bool, met: bool) -> None:
    assert is_met(Asked(2, 1), work, is_new=is_new) is met
    assert missing(Asked(2, 1), Work(3, 0)) == Work(0, 1)


def test_what_is_missing_is_told_apart_and_never_less_than_nothing() -> None:
    assert missing(Asked(2, 3), Work(0, 1)) == Work(2, 2)
    assert missing(Asked(2, 1), Work(2, 1)) == Work(0, 0)
    assert missing(Asked(2, 1), Work(9, 9)) == Work(0, 0)
