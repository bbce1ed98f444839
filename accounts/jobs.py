"""Long work as rows: started by a command, run by a worker, watched on a page.

A job kind is a function ``run(job, progress) -> dict | None`` registered with `job_kind`. It must
be able to run twice: it commits in chunks, keeps its own cursor and goes on from there. The dict
it returns is stored as the job's counts.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Callable
from typing import Any

from django.core.files.base import File
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone

from accounts.choices import JobState
from accounts.models import Job, Person, Unit
from kosops.lib import queue
from kosops.lib.errors import DomainError

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
# A running job that has not shown a sign of life for so long lost its worker.
SILENT_AFTER = dt.timedelta(minutes=2)
# A waiting job that no worker took is queued again.
LOST_AFTER = dt.timedelta(minutes=1)
MAX_LOG_LINES = 200

Run = Callable[["Job", "Progress"], "dict[str, Any] | None"]
_kinds: dict[str, Run] = {}


def job_kind(name: str) -> Callable[[Run], Run]:
    """Register the function that does jobs of this kind."""

    def register(run: Run) -> Run:
        _kinds[name] = run
        return run

    return register


def known_kinds() -> frozenset[str]:
    return frozenset(_kinds)


def start(
    *,
    by: Person | None,
    kind: str,
    unit: Unit,
    label: str,
    params: dict[str, Any] | None = None,
    total: int | None = None,
) -> Job:
    """Create the job and wake a worker after commit."""
    if kind not in _kinds:
        raise LookupError(f"no job kind {kind}")
    job = Job.objects.create(
        kind=kind, unit=unit, label=label[:160], params=params or {}, total=total, created_by=by
    )
    queue.after_commit("accounts.tasks.run_job", job.pk)
    return job


class Progress:
    """What a running job tells: figures, lines and a result file. Each call commits at once."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def __call__(
        self, done: int, total: int | None = None, counts: dict[str, Any] | None = None
    ) -> None:
        """Store progress; raises `Cancelled` when a person has stopped the job."""
        changes: dict[str, Any] = {"done": done, "beat_at": timezone.now()}
        if total is not None:
            changes["total"] = total
        if counts is not None:
            changes["counts"] = counts
        running = Job.objects.filter(pk=self.job.pk, state=JobState.RUNNING)
        if not running.update(**changes):
            raise Cancelled
        for name, value in changes.items():
            setattr(self.job, name, value)

    def say(self, line: str) -> None:
        """Add a line to the job's log; only the last lines are kept."""
        stamp = timezone.now().isoformat(timespec="seconds")
        self.job.log = [*self.job.log, {"at": stamp, "line": line}][-MAX_LOG_LINES:]
        Job.objects.filter(pk=self.job.pk).update(log=self.job.log, beat_at=timezone.now())

    def attach(self, name: str, content: File[Any]) -> None:
        """Keep a result file; who may see the job may download it."""
        self.job.result_file.save(f"jobs/{self.job.pk}/{name}", content, save=False)
        Job.objects.filter(pk=self.job.pk).update(result_file=self.job.result_file.name)


class Cancelled(Exception):
    """The job was cancelled while it ran."""


def run(job_id: int) -> None:
    """Do the job, unless another worker has it. Called by the worker only."""
    job = _claim(job_id)
    if job is None:
        return
    try:
        counts = _kinds[job.kind](job, Progress(job))
    except Cancelled:
        return
    except DomainError as refusal:
        _end(job, JobState.FAILED, error=str(refusal))
    except Exception:
        logger.exception("Job %s (%s) failed on try %s", job.pk, job.kind, job.attempts)
        _end_or_retry(job)
    else:
        _end(job, JobState.DONE, counts=counts)


def cancel(*, by: Person, job: Job) -> Job:
    """Stop a job that waits or runs; what its finished chunks did stays."""
    changed = Job.objects.filter(pk=job.pk, state__in=[JobState.WAITING, JobState.RUNNING]).update(
        state=JobState.CANCELLED, ended_at=timezone.now(), error=f"{by}"
    )
    if changed:
        job.refresh_from_db()
    return job


def sweep() -> int:
    """Queue again what the queue lost: jobs nobody took and jobs whose worker is gone."""
    now = timezone.now()
    lost = Q(state=JobState.WAITING, created_at__lt=now - LOST_AFTER)
    silent = Q(state=JobState.RUNNING, beat_at__lt=now - SILENT_AFTER)
    found = list(Job.objects.filter(lost | silent).values_list("pk", flat=True))
    for job_id in found:
        queue.after_commit("accounts.tasks.run_job", job_id)
    return len(found)


@transaction.atomic
def _claim(job_id: int) -> Job | None:
    now = timezone.now()
    free = Q(state=JobState.WAITING) | Q(state=JobState.RUNNING, beat_at__lt=now - SILENT_AFTER)
    job = Job.objects.select_for_update(skip_locked=True).filter(free, pk=job_id).first()
    if job is None:
        return None
    if job.attempts >= MAX_ATTEMPTS:
        _end(job, JobState.FAILED, error="stopped after three tries")
        return None
    job.state = JobState.RUNNING
    job.attempts += 1
    job.started_at = job.started_at or now
    job.beat_at = now
    job.save(update_fields=["state", "attempts", "started_at", "beat_at"])
    return job


def _end(job: Job, state: str, *, error: str = "", counts: dict[str, Any] | None = None) -> None:
    changes: dict[str, Any] = {"state": state, "error": error, "ended_at": timezone.now()}
    if counts is not None:
        changes["counts"] = counts
    if state == JobState.DONE and job.total is not None:
        changes["done"] = F("total")
    Job.objects.filter(pk=job.pk).update(**changes)


def _end_or_retry(job: Job) -> None:
    if job.attempts < MAX_ATTEMPTS:
        Job.objects.filter(pk=job.pk).update(state=JobState.WAITING)
        queue.after_commit("accounts.tasks.run_job", job.pk)
    else:
        _end(job, JobState.FAILED, error="stopped after three tries")
