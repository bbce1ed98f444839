"""A worker is killed with -9 in the middle of a job about money; another one ends it (W3).

The settlement has a test of its own, with more steps; jobs of the imports as well.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import timezone

from accounts import jobs, tasks
from accounts.choices import JobState
from accounts.models import Job
from incentives import dry_runs, nightly, rewards_jobs
from incentives.models import (
    CommissionLine,
    DryRunPerson,
    Journal,
    PlanVersion,
    ProofRun,
    ReleaseLine,
)
from kosops.lib import queue
from tests.incentives.money import SEPTEMBER, Office, accrue, differences, settle
from tests.incentives.races import in_a_child, keep, own_database, put_back

Start = Callable[[Office], Job]
ROWS = (CommissionLine, ReleaseLine, Journal, DryRunPerson)


@pytest.fixture(autouse=True)
def in_an_own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("killed"):
        yield


def a_dry_run(office: Office) -> Job:
    settle(office.brand)
    version = PlanVersion.objects.get()
    return dry_runs.start(by=office.chen, version=version, first=SEPTEMBER, last=SEPTEMBER).job


def a_proof(office: Office) -> Job:
    accrue(office.brand, "2026-09-20")
    return nightly.start_proof(by=office.chen, brand=office.brand)


STARTS: dict[str, Start] = {
    "incentives.run": lambda office: nightly.start_run(by=office.chen, brand=office.brand),
    "incentives.verify": a_proof,
    "incentives.rewards": lambda office: rewards_jobs.start(by=office.chen, brand=office.brand),
    dry_runs.KIND: a_dry_run,
}


def picture() -> dict[str, Any]:
    """The job's counts are left out: they tell what its last try found to do."""
    rows = {model.__name__: model._default_manager.count() for model in ROWS}
    return rows | {"job": Job.objects.get().state, "books": differences()}


@pytest.mark.parametrize("kind", STARTS)
def test_a_job_whose_worker_is_killed_is_done_once(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """W3"""
    monkeypatch.setattr(queue, "_send", lambda *what: None)
    office = Office()
    for day in ("2026-09-05", "2026-09-28", "2026-10-05"):
        office.order(f"E{day}", 10_000, sharer=office.may, day=day)
    job = STARTS[kind](office)
    assert job.kind == kind
    keep()
    steps = in_a_child(lambda: tasks.run_job(job.pk))
    whole = picture()
    assert whole["job"] == JobState.DONE
    for kill_at in (len(steps) // 3, len(steps) * 2 // 3, len(steps)):
        put_back()
        in_a_child(lambda: tasks.run_job(job.pk), kill_at=kill_at)
        told = f"killed at step {kill_at} of {len(steps)}: {steps[kill_at - 1]}"
        Job.objects.filter(state=JobState.RUNNING).update(
            beat_at=timezone.now() - 2 * jobs.SILENT_AFTER
        )
        Job.objects.filter(state=JobState.WAITING).update(
            created_at=timezone.now() - dt.timedelta(hours=1)
        )
        ended = Job.objects.get(pk=job.pk).state == JobState.DONE
        assert jobs.sweep() == (0 if ended else 1), told
        tasks.run_job(job.pk)
        assert picture() == whole, told
    # What only looked may have looked twice.
    assert ProofRun.objects.count() in ((1, 2) if kind == "incentives.verify" else (0,))
