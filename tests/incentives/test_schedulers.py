"""Two schedulers start the same night at the same moment (W8).

The control stands in `test_races`: without any guard two runs at once post everything twice.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from incentives import nightly, rewards_jobs
from incentives.models import (
    CommissionLine,
    CommissionRun,
    Journal,
    PointLine,
    PointRun,
    ProofRun,
    ReleaseLine,
    RewardLine,
    TierChange,
    TierRun,
)
from tests.incentives.money import Office, differences, owed
from tests.incentives.races import Race, keep, own_database, put_back

NIGHT = dt.date(2026, 9, 30)
ROWS = (CommissionLine, ReleaseLine, Journal, PointLine, RewardLine, TierChange)
TASKS: dict[str, Callable[[], Any]] = {
    "commission": lambda: nightly.run_commission(as_of=NIGHT),
    "points": lambda: nightly.run_points(today=NIGHT),
    "rewards": lambda: rewards_jobs.run_all(as_of=NIGHT),
    "tiers": lambda: nightly.run_tiers(as_of=NIGHT),
    "verify": nightly.verify_books,
}


@pytest.fixture(scope="module", autouse=True)
def in_an_own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("schedule"):
        keep()
        yield


@pytest.fixture(autouse=True)
def and_back_again(in_an_own_database: None) -> Iterator[None]:
    yield
    put_back()


@pytest.fixture
def office() -> Office:
    office = Office()
    office.order("E1", 12_990, 7_000, sharer=office.may)
    office.order("E2", 10_000, day="2026-09-10")
    return office


def rows() -> dict[str, int]:
    return {model.__name__: model._default_manager.count() for model in ROWS}


@pytest.mark.parametrize("name", TASKS)
def test_the_same_night_started_twice_at_once_has_one_effect(office: Office, name: str) -> None:
    """W8: each period's work is there once; the second scheduler's is a no-op or refused."""
    task = TASKS[name]
    ends = Race().run(task, task)
    assert [end.error for end in ends] == [None, None], "a task that is refused is no failure"
    once = rows()
    task()
    assert rows() == once
    assert differences() == {}
    if name == "commission":
        assert (owed(office.zhou), once["CommissionLine"]) == (1_499, 5)
        assert CommissionRun.objects.filter(kind="accrual", counts__lines=5).count() == 1
    assert not PointRun.objects.exclude(as_of=NIGHT).exists()
    assert TierRun.objects.count() <= 1
    assert ProofRun.objects.count() <= (3 if name == "verify" else 0)
