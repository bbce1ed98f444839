"""Long work as rows: started by a command, run by a worker, watched on a page.

A job kind is a function ``run(job, progress) -> dict | None`` registered with `job_kind`. It must
be able to run twice: it commits in chunks, keeps its own cursor and goes on from there. The dict
it returns is stored as the job's counts.
"""

from __future__ import annotations

import datetime as dt
import logging
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from celery.exceptions import SoftTimeLimitExceeded
from django.conf import settings
from django.core.files.base import File
from django.core.files.storage import Storage
from django.db import DatabaseError, connection, transaction
from django.db.models import DateTimeField, F, Q, QuerySet, Value
from django.db.models.functions import Greatest, Now
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.text import capfirst
from django.utils.translation import gettext

from accounts import activity
from accounts.access import reach
from accounts.choices import JobState
from accounts.models import Job, Person, Unit
from kosops.lib import queue
from kosops.lib.errors import DomainError

logger = logging.getLogger(__name__)

MAX_ATTEMPTS = 3
# A running job that has not shown a sign of life for so long lost its worker.
SILENT_AFTER = dt.timedelta(minutes=2)
# A worker shows a sign of life this often, also inside one long statement.
BEAT_EVERY = 20.0
# A waiting job that no worker took is queued again.
LOST_AFTER = dt.timedelta(minutes=1)
MAX_LOG_LINES = 200

OPEN_STATES = (JobState.WAITING, JobState.RUNNING)

Run = Callable[["Job", "Progress"], "dict[str, Any] | None"]
_kinds: dict[str, Run] = {}
_permissions: dict[str, str] = {}
_own: set[str] = set()
_count_names: dict[str, str | Promise] = {}


# -- kinds and queries ---------------------------------------------------------


def job_kind(
    name: str, *, permission: str = "jobs.view", own: bool = False
) -> Callable[[Run], Run]:
    """Register the function that does jobs of this kind.

    ``permission`` is what a person must hold at the job's unit to see it and its result file. Jobs
    of an ``own`` kind are seen only by who started them, while they hold the permission somewhere.
    """

    def register(run: Run) -> Run:
        _kinds[name] = run
        _permissions[name] = permission
        (_own.add if own else _own.discard)(name)
        return run

    return register


def known_kinds() -> frozenset[str]:
    return frozenset(_kinds)


def visible_to(person: Any) -> QuerySet[Job]:
    """Jobs that the person may see: those of their units, less the kinds they lack the right for,
    and their own of the kinds that are nobody else's business.
    """
    shared = Q(pk__in=Job.objects.for_user(person, "jobs.view").values("pk")) & ~Q(kind__in=_own)
    by_permission: dict[str, list[str]] = {}
    for kind, permission in _permissions.items():
        if permission != "jobs.view" and kind not in _own:
            by_permission.setdefault(permission, []).append(kind)
    for permission, kinds in by_permission.items():
        reached = Job.objects.for_user(person, permission)
        shared &= ~Q(kind__in=kinds) | Q(pk__in=reached.values("pk"))
    if not isinstance(person, Person):
        return Job.objects.filter(shared)
    mine = [kind for kind in _own if reach(person, _permissions[kind])]
    return Job.objects.filter(shared | Q(kind__in=mine, created_by=person))


def name_counts(names: Mapping[str, str | Promise]) -> None:
    """Say what counts of the caller's jobs are called on a page."""
    _count_names.update(names)


def count_rows(job: Job) -> list[tuple[str, Any]]:
    """The job's plain counts with their names in words; one without a name is shown as it stands."""
    return [
        (str(_count_names.get(name, capfirst(name.replace("_", " ")))), value)
        for name, value in job.counts.items()
        if isinstance(value, str | int) and not isinstance(value, bool)
    ]


def log_lines(job: Job) -> list[dict[str, Any]]:
    """The job's log, latest first, with times as times."""
    return [
        {"at": dt.datetime.fromisoformat(line["at"]), "line": line["line"]}
        for line in reversed(job.log)
    ]


# -- commands ------------------------------------------------------------------


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


@transaction.atomic
def cancel(*, by: Person, job: Job) -> Job:
    """Stop a job that waits or runs; what its finished chunks did stays. One that ended stays so."""
    now = timezone.now()
    changed = Job.objects.filter(pk=job.pk, state__in=OPEN_STATES).update(
        state=JobState.CANCELLED, ended_at=_ended()
    )
    job.refresh_from_db()
    if changed:
        activity.record(by=by, verb="job.cancelled", object=job, unit=job.unit, at=now)
    return job


def sweep() -> int:
    """Queue again what the queue lost: jobs nobody took and jobs whose worker is gone."""
    now = timezone.now()
    lost = Q(state=JobState.WAITING, created_at__lt=now - LOST_AFTER)
    found = list(Job.objects.filter(lost | _silent()).order_by("pk").values_list("pk", flat=True))
    queue.send_each("accounts.tasks.run_job", found)
    return len(found)


# -- what a running job tells --------------------------------------------------


class Cancelled(Exception):
    """The job was cancelled while it ran, or another worker has taken it."""


class Progress:
    """What a running job tells: figures, lines and a result file. Each call commits at once."""

    def __init__(self, job: Job) -> None:
        self.job = job

    def __call__(
        self, done: int, total: int | None = None, counts: dict[str, Any] | None = None
    ) -> None:
        """Store progress; raises `Cancelled` when the work should stop here."""
        changes: dict[str, Any] = {"done": done}
        if total is not None:
            changes["total"] = total
        if counts is not None:
            changes["counts"] = counts
        self._store(**changes)

    def say(self, line: str) -> None:
        """Add a line to the job's log; only the last lines are kept."""
        stamp = timezone.now().isoformat(timespec="seconds")
        self._store(log=[*self.job.log, {"at": stamp, "line": line}][-MAX_LOG_LINES:])

    def attach(self, name: str, content: File[Any]) -> None:
        """Keep a result file; who may see the job may download it."""
        file = self.job.result_file
        # What a worker left that was killed before its row knew of the file.
        _empty_folder(file.storage, f"jobs/{self.job.pk}")
        file.save(f"jobs/{self.job.pk}/{name}", content, save=False)
        try:
            self._store(result_file=file.name)
        except Cancelled:
            file.storage.delete(str(file.name))
            raise

    def _store(self, **changes: Any) -> None:
        if not _mine(self.job).update(beat_at=Now(), **changes):
            raise Cancelled
        for name, value in changes.items():
            if name != "result_file":
                setattr(self.job, name, value)


def _empty_folder(storage: Storage, folder: str) -> None:
    if storage.exists(folder):
        for name in storage.listdir(folder)[1]:
            storage.delete(f"{folder}/{name}")


# -- the worker's side ---------------------------------------------------------


def run(job_id: int) -> None:
    """Do the job, unless another worker has it. Called by the worker only."""
    job = _claim(job_id)
    if job is None:
        return
    done_before = job.done
    with translation.override(_language(job)):
        try:
            with _signs_of_life(job):
                counts = _kinds[job.kind](job, Progress(job))
        except Cancelled:
            # Nothing, when somebody stopped the job or another worker has it. When its work was
            # taken over by another job, it would be found without a worker again and again.
            _end(job, JobState.CANCELLED)
        except DomainError as refusal:
            _end(job, JobState.FAILED, error=str(refusal))
        except SoftTimeLimitExceeded:
            # Longer than one task may take: the next task goes on from the job's own cursor.
            logger.info("Job %s (%s) goes on in another task", job.pk, job.kind)
            _put_back(job, failed=job.done <= done_before)
        except Exception:
            logger.exception("Job %s (%s) failed on try %s", job.pk, job.kind, job.attempts)
            _put_back(job, failed=True)
        else:
            _end(job, JobState.DONE, counts=counts)


@transaction.atomic
def _claim(job_id: int) -> Job | None:
    now = timezone.now()
    job = (
        Job.objects.select_for_update(skip_locked=True, of=("self",))
        .select_related("created_by")
        .filter(Q(state=JobState.WAITING) | _silent(), pk=job_id)
        .first()
    )
    if job is None:
        return None
    if job.kind not in _kinds:
        # A worker of an older version; one that knows the kind will take it.
        logger.warning("Job %s is of the unknown kind %s", job.pk, job.kind)
        return None
    if job.state == JobState.RUNNING:
        job.failures += 1
    job.state = JobState.RUNNING
    job.attempts += 1
    job.started_at = job.started_at or max(now, job.created_at)
    job.save(update_fields=["state", "attempts", "failures", "started_at"])
    Job.objects.filter(pk=job.pk).update(beat_at=Now())
    if job.failures >= MAX_ATTEMPTS:
        _give_up(job)
        return None
    return job


def _silent() -> Q:
    """By the clock of the database, which is one for all: those of servers differ (T2)."""
    return Q(state=JobState.RUNNING, beat_at__lt=Now() - SILENT_AFTER)


def _mine(job: Job) -> QuerySet[Job]:
    """The job's row as long as this attempt holds it: a worker that was given up writes nothing."""
    return Job.objects.filter(pk=job.pk, state=JobState.RUNNING, attempts=job.attempts)


@contextmanager
def _signs_of_life(job: Job) -> Iterator[None]:
    """Touch the row while the job runs, so that a long statement is not taken for a dead worker."""
    over = threading.Event()

    def beat() -> None:
        while not over.wait(BEAT_EVERY):
            try:
                if not _mine(job).update(beat_at=Now()):
                    break
            except DatabaseError:
                # A chunk may hold the row for longer than the lock timeout; then nobody else can
                # take the job either.
                logger.warning("Job %s could not show a sign of life", job.pk, exc_info=True)
                connection.close()
        connection.close()

    thread = threading.Thread(target=beat, name=f"job-{job.pk}-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def _end(job: Job, state: str, *, error: str = "", counts: dict[str, Any] | None = None) -> None:
    changes: dict[str, Any] = {"state": state, "error": error, "ended_at": _ended()}
    if counts is not None:
        changes["counts"] = counts
    if state == JobState.DONE and job.total is not None:
        changes["done"] = F("total")
    _mine(job).update(**changes)


def _ended() -> Greatest:
    """Now, but never before the start: a clock may have been set back meanwhile (T3)."""
    return Greatest(Value(timezone.now(), DateTimeField()), "started_at", "created_at")


def _put_back(job: Job, *, failed: bool) -> None:
    """Let another task go on with the job, unless it has failed too often."""
    job.failures += failed
    if job.failures >= MAX_ATTEMPTS:
        _mine(job).update(failures=job.failures)
        _give_up(job)
    elif _mine(job).update(state=JobState.WAITING, failures=job.failures):
        queue.after_commit("accounts.tasks.run_job", job.pk)


def _give_up(job: Job) -> None:
    with translation.override(_language(job)):
        _end(
            job,
            JobState.FAILED,
            error=gettext(
                "Stopped after three tries. What was finished stays; the reason is in the log of the worker."
            ),
        )


def _language(job: Job) -> str:
    """Lines and refusals are written for the person who started the job."""
    return (job.created_by.language if job.created_by else "") or settings.LANGUAGE_CODE
