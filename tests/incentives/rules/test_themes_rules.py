"""The theme of a month on plain data: steps, the posts that count, the fingerprint."""

from typing import Any

import pytest

from incentives.themes_rules import (
    Entry,
    Result,
    Step,
    StepFault,
    digest,
    next_step,
    reached,
    results_of,
    steps_from,
)

STEPS = [[0, 10], [100, 50], [1000, 300]]


@pytest.mark.parametrize(
    ("interactions", "points"), [(None, 0), (0, 10), (99, 10), (100, 50), (5000, 300)]
)
def test_a_post_earns_the_highest_step_it_reaches(interactions: Any, points: int) -> None:
    step = reached(interactions, steps_from(STEPS))
    assert (step.points if step else 0) == points


def test_the_best_posts_of_a_person_count() -> None:
    entries = [Entry(1, 7, 120), Entry(2, 7, 5), Entry(3, 7, 2000), Entry(4, 8, None)]
    found = results_of(entries, steps_from(STEPS), 2)
    assert found == [Result(1, 7, 120, 50), Result(2, 7, 5, 0), Result(3, 7, 2000, 300)]
    assert results_of(entries[::-1], steps_from(STEPS), 2) == found


def test_steps_must_rise() -> None:
    for pairs, problem in (
        ([], "empty"),
        ([[0, 10], [0, 20]], "not_rising"),
        ([[0, 10], [50, 10]], "not_rising"),
        ([[0, 0]], "not_rising"),
        ([[n, n + 1] for n in range(7)], "too_many"),
    ):
        with pytest.raises(StepFault) as fault:
            steps_from(pairs)
        assert fault.value.problem == problem


def test_what_comes_next() -> None:
    steps = steps_from(STEPS)
    assert next_step(120, steps) == Step(1000, 300)
    assert next_step(1000, steps) is None


def test_below_the_first_step_nothing_is_earned() -> None:
    steps = steps_from([[10, 5]])
    assert reached(9, steps) is None
    assert results_of([Entry(1, 7, 9), Entry(2, 7, 0)], steps, 2) == [
        *(Result(1, 7, 9, 0), Result(2, 7, 0, 0))
    ]


def test_who_has_no_figures_yet_aims_for_the_first_step() -> None:
    steps = steps_from([[1, 5], [2, 9]])
    assert next_step(None, steps) == Step(1, 5)
    assert next_step(0, steps) == Step(1, 5)


def test_of_two_equal_posts_the_earlier_known_counts() -> None:
    entries = [Entry(5, 7, 100), Entry(4, 7, 100), Entry(3, 7, 0)]
    found = results_of(entries, steps_from([[0, 10]]), 1)
    assert [result.post for result in found if result.points] == [4]
    found = results_of([Entry(3, 7, 0), Entry(4, 7, 1)], steps_from([[0, 10]]), 1)
    assert [result.post for result in found if result.points] == [4], "one is more than none"


def test_six_steps_of_one_point_more_each_are_the_most() -> None:
    assert len(steps_from([[number, number + 1] for number in range(6)])) == 6
    with pytest.raises(StepFault, match="not_rising"):
        steps_from([[-1, 5]])


def test_a_fingerprint_can_be_worked_out_with_any_tool_and_stays_the_same() -> None:
    # printf '1|7|120|50\n2|8|5|10' | sha256sum
    results = [Result(1, 7, 120, 50), Result(2, 8, 5, 10)]
    assert digest(results) == "d3cb888a6efefc92e0d0c7aa1441579588d6b22312c372cc642c4d9a3dc9f844"
    assert digest(results[:1]) != digest(results)
