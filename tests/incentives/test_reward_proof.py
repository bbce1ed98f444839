"""The proof of rewards and points: it finds lines that the books do not know."""

from __future__ import annotations

import pytest

from incentives import proof, reward_proof
from tests.incentives import test_points, test_rewards_runs
from tests.incentives.test_points import people, today
from tests.incentives.test_rewards_runs import approved, lin, zhao
from tests.refusals import as_owner_without_guards, sql

__all__ = ["approved", "lin", "people", "today", "zhao"]

pytestmark = pytest.mark.django_db


def found() -> set[str]:
    return {each.code for each in proof.verify(checks=reward_proof.CHECKS) if each.differences}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE incentives_rewardline SET amount = amount + 1",
        "DELETE FROM incentives_rewardline WHERE kind = 'released'",
        "UPDATE incentives_journal SET source = 'reward_run:0' WHERE kind = 'reward'",
    ],
)
def test_rewards_are_in_the_books(people, approved, damage) -> None:
    approved()
    test_rewards_runs.note(people.may, 20)
    test_rewards_runs.run(people)
    assert found() == set()

    with as_owner_without_guards():
        sql(damage)
    assert found() == {"rewards_in_books"}


@pytest.mark.parametrize(
    "damage",
    [
        "UPDATE incentives_pointline SET amount = amount + 1",
        "DELETE FROM incentives_pointline",
        "UPDATE incentives_journal SET kind = 'points_spent' WHERE kind = 'points_released'",
    ],
)
def test_points_are_in_the_books(people, today, damage) -> None:
    test_points.rule(people)
    test_points.post(people.may, "2026-09-02")
    test_points.run(people)
    assert found() == set()

    with as_owner_without_guards():
        sql(damage)
    assert found() == {"points_in_books"}
