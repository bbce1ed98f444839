"""Jobs: the row is the truth. Whatever the queue and the workers do, the effect happens once."""

import datetime as dt
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable

import pytest
from celery import Celery
from celery.exceptions import SoftTimeLimitExceeded
from django.core.files.base import ContentFile
from django.db import connection, transaction
from django.utils import timezone

from accounts import jobs
from accounts.choices import JobState, Role
from accounts.models import Activity, Job, Person, Unit
from kosops.lib import queue
from kosops.lib.errors import DomainError
from tests.accounts.steps import KIND, STEPS, steps_of
from tests.cast import cast, person

pytestmark = pytest.mark.django_db
ALL_STEPS = list(range(1, STEPS + 1))
LONG_SILENT = dt.timedelta(seconds=1)


@pytest.fixture
def brand() -> Unit:
    return cast().brand


@pytest.fixture
def lin(brand: Unit) -> Person:
    return person("lin", (Role.OPERATOR, brand))


def new_job(brand: Unit, **params: object) -> Job:
    """A job whose row exists, with nothing queued yet (the test's transaction is open)."""
    return jobs.start(by=None, kind=KIND, unit=brand, label="Ten steps", params=params)


def fresh(job: Job) -> Job:
    return Job.objects.get(pk=job.pk)


def fall_silent(job: Job) -> None:
    Job.objects.filter(pk=job.pk).update(beat_at=timezone.now() - jobs.SILENT_AFTER - LONG_SILENT)


@pytest.fixture
def temporary_kind(monkeypatch) -> Callable[[jobs.Run], str]:
    """Register a function as the kind ``tests.temporary`` for one test."""

    def register(run: jobs.Run, **options: str) -> str:
        monkeypatch.setattr(jobs, "_kinds", dict(jobs._kinds))
        monkeypatch.setattr(jobs, "_permissions", dict(jobs._permissions))
        jobs.job_kind("tests.temporary", **options)(run)
        return "tests.temporary"

    return register


# -- starting and ending -------------------------------------------------------


def test_a_started_job_runs_after_commit_and_keeps_its_counts(
    brand: Unit, django_capture_on_commit_callbacks
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        job = new_job(brand)
        assert fresh(job).state == JobState.WAITING
    done = fresh(job)
    assert (done.state, done.done, done.total) == (JobState.DONE, STEPS, STEPS)
    assert (done.counts, done.percent, done.attempts) == ({"steps": STEPS}, 100, 1)
    assert done.started_at <= done.ended_at
    assert steps_of(job) == ALL_STEPS


@pytest.mark.django_db(transaction=True)
def test_a_rolled_back_start_queues_nothing(monkeypatch) -> None:
    """W7."""
    brand = cast().brand
    sent = []
    monkeypatch.setattr(queue, "_send", lambda *what: sent.append(what))

    @transaction.atomic
    def start_and_fail() -> None:
        new_job(brand)
        raise RuntimeError

    with pytest.raises(RuntimeError):
        start_and_fail()
    assert sent == []
    assert not Job.objects.exists()
    with transaction.atomic():
        job = new_job(brand)
    assert sent == [("accounts.tasks.run_job", (job.pk,))]


def test_an_unknown_kind_cannot_be_started(brand: Unit) -> None:
    with pytest.raises(LookupError):
        jobs.start(by=None, kind="nothing", unit=brand, label="Nothing")
    assert not Job.objects.exists()


def test_a_broker_that_is_down_delays_a_job_but_refuses_nobody(
    brand: Unit, settings, monkeypatch, caplog, django_capture_on_commit_callbacks
) -> None:
    """W2: the row stays, and the sweeper queues it once the broker is back."""
    nowhere = Celery("nowhere", broker="redis://127.0.0.1:1/0", set_as_current=False)
    nowhere.conf.broker_transport_options = settings.CELERY_BROKER_TRANSPORT_OPTIONS
    monkeypatch.setattr(queue, "current_app", nowhere)
    began = time.monotonic()
    with django_capture_on_commit_callbacks(execute=True):
        job = new_job(brand)
    assert time.monotonic() - began < 3, "the person waits for a broker that is down"
    assert "not reachable" in caplog.text
    assert fresh(job).state == JobState.WAITING
    monkeypatch.undo()
    Job.objects.update(created_at=timezone.now() - jobs.LOST_AFTER - LONG_SILENT)
    with django_capture_on_commit_callbacks(execute=True):
        assert jobs.sweep() == 1
    assert fresh(job).state == JobState.DONE
    assert steps_of(job) == ALL_STEPS


def test_a_young_waiting_job_is_left_to_the_queue(brand: Unit) -> None:
    new_job(brand)
    assert jobs.sweep() == 0


def test_a_refusal_ends_the_job_with_its_words(brand: Unit, temporary_kind) -> None:
    def refuse(job: Job, progress: jobs.Progress) -> None:
        raise DomainError("busy", "Another run is going on.")

    kind = temporary_kind(refuse)
    job = jobs.start(by=None, kind=kind, unit=brand, label="Refused")
    jobs.run(job.pk)
    ended = fresh(job)
    assert (ended.state, ended.error, ended.attempts) == (
        JobState.FAILED,
        "Another run is going on.",
        1,
    )


def test_lines_and_refusals_are_in_the_language_of_who_started(brand: Unit, temporary_kind) -> None:
    from django.utils.translation import get_language

    lin = person("lin", (Role.OPERATOR, brand), language="ja")
    kind = temporary_kind(lambda job, progress: progress.say(get_language()))
    job = jobs.start(by=lin, kind=kind, unit=brand, label="Spoken")
    jobs.run(job.pk)
    (line,) = jobs.log_lines(fresh(job))
    assert line["line"] == "ja"
    assert line["at"].tzinfo is not None


def test_the_log_keeps_its_last_lines_and_the_file_is_kept(brand: Unit, temporary_kind) -> None:
    def talk(job: Job, progress: jobs.Progress) -> None:
        for number in range(jobs.MAX_LOG_LINES + 5):
            progress.say(f"line {number}")
        progress.attach("rows.csv", ContentFile(b"a,b\n"))

    job = jobs.start(by=None, kind=temporary_kind(talk), unit=brand, label="Talk")
    jobs.run(job.pk)
    ended = fresh(job)
    assert len(ended.log) == jobs.MAX_LOG_LINES
    assert ended.log[-1]["line"] == f"line {jobs.MAX_LOG_LINES + 4}"
    assert ended.result_file.read() == b"a,b\n"
    ended.result_file.delete(save=False)


# -- failing -------------------------------------------------------------------


def test_a_failing_job_is_tried_again_from_its_cursor(
    brand: Unit, temporary_kind, django_capture_on_commit_callbacks
) -> None:
    tries = []

    def fail_once(job: Job, progress: jobs.Progress) -> None:
        tries.append(job.done)
        progress(5, 10)
        if len(tries) == 1:
            raise RuntimeError

    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.start(by=None, kind=temporary_kind(fail_once), unit=brand, label="Once")
    assert tries == [0, 5]
    assert (fresh(job).state, fresh(job).failures) == (JobState.DONE, 1)


def test_poison_is_given_up_after_three_tries(
    brand: Unit, django_capture_on_commit_callbacks
) -> None:
    """W6."""
    other = new_job(brand)
    with django_capture_on_commit_callbacks(execute=True):
        job = new_job(brand, fail_at=[4])
    ended = fresh(job)
    assert (ended.state, ended.attempts, ended.failures) == (JobState.FAILED, 3, 3)
    assert "three tries" in ended.error
    assert steps_of(job) == [1, 2, 3]
    jobs.run(job.pk)
    assert fresh(job).attempts == 3
    jobs.run(other.pk)
    assert fresh(other).state == JobState.DONE


def test_a_job_that_kills_its_worker_is_given_up_after_three_tries(brand: Unit) -> None:
    """W6: the process dies, so only the claim can count."""
    job = new_job(brand)
    for _kill in range(3):
        assert jobs._claim(job.pk) is not None
        fall_silent(job)
    assert jobs._claim(job.pk) is None
    assert fresh(job).state == JobState.FAILED


def test_a_job_longer_than_one_task_goes_on_in_the_next(
    brand: Unit, temporary_kind, django_capture_on_commit_callbacks
) -> None:
    def long(job: Job, progress: jobs.Progress) -> None:
        progress(job.done + 1, 6)
        if job.done < 6:
            raise SoftTimeLimitExceeded

    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.start(by=None, kind=temporary_kind(long), unit=brand, label="Long")
    ended = fresh(job)
    assert (ended.state, ended.attempts, ended.failures) == (JobState.DONE, 6, 0)


def test_a_job_that_only_eats_its_time_is_given_up(
    brand: Unit, temporary_kind, django_capture_on_commit_callbacks
) -> None:
    def stuck(job: Job, progress: jobs.Progress) -> None:
        raise SoftTimeLimitExceeded

    with django_capture_on_commit_callbacks(execute=True):
        job = jobs.start(by=None, kind=temporary_kind(stuck), unit=brand, label="Stuck")
    assert (fresh(job).state, fresh(job).attempts) == (JobState.FAILED, 3)


# -- workers that die or meet --------------------------------------------------

WORKER = """
import django
django.setup()
from accounts import jobs
from tests.accounts import steps
jobs.run({job})
"""


def run_in_another_process(job: Job) -> int:
    database = connection.settings_dict
    address = (
        f"postgresql://{database['USER']}:{database['PASSWORD']}@/{database['NAME']}"
        f"?host={database['HOST']}&port={database['PORT']}"
    )
    return subprocess.run(
        [sys.executable, "-c", WORKER.format(job=job.pk)],
        env=os.environ
        | {"DATABASE_URL": address, "DJANGO_SETTINGS_MODULE": "kosops.settings.test"},
        check=False,
    ).returncode


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("kill_at", [1, 6, STEPS])
def test_a_job_whose_worker_was_killed_is_finished_once(monkeypatch, kill_at: int) -> None:
    """W3: kill -9 between effect and cursor; after SILENT_AFTER another worker goes on."""
    monkeypatch.setattr(queue, "_send", lambda *what: None)
    job = new_job(cast().brand, kill_at=kill_at)
    assert run_in_another_process(job) == -9
    assert steps_of(job) == list(range(1, kill_at))
    jobs.run(job.pk)
    assert fresh(job).state == JobState.RUNNING, "a worker that may still live is not overtaken"
    assert jobs.sweep() == 0
    fall_silent(job)
    assert jobs.sweep() == 1
    jobs.run(job.pk)
    ended = fresh(job)
    assert (ended.state, ended.attempts, ended.failures) == (JobState.DONE, 2, 1)
    assert steps_of(job) == ALL_STEPS


def run_five_times_at_once(job: Job) -> None:
    barrier = threading.Barrier(5)

    def worker() -> None:
        barrier.wait()
        try:
            jobs.run(job.pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=worker) for _number in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_a_job_delivered_five_times_at_once_has_one_effect(monkeypatch) -> None:
    """W5."""
    monkeypatch.setattr(queue, "_send", lambda *what: None)
    job = new_job(cast().brand, seconds=0.005)
    run_five_times_at_once(job)
    assert steps_of(job) == ALL_STEPS
    assert (fresh(job).state, fresh(job).attempts) == (JobState.DONE, 1)


@pytest.mark.django_db(transaction=True)
def test_without_the_claim_five_deliveries_have_five_effects(monkeypatch) -> None:
    """The twin of the test above: it shows that the claim is what holds."""
    monkeypatch.setattr(queue, "_send", lambda *what: None)
    monkeypatch.setattr(jobs, "_claim", lambda job_id: Job.objects.get(pk=job_id))
    monkeypatch.setattr(jobs, "_mine", lambda job: Job.objects.filter(pk=job.pk))
    job = new_job(cast().brand, seconds=0.005)
    run_five_times_at_once(job)
    assert len(steps_of(job)) > STEPS


def test_a_worker_that_was_given_up_writes_nothing_more(brand: Unit) -> None:
    """A worker that was only slow wakes up after another has taken the job."""
    job = new_job(brand)
    slow = jobs._claim(job.pk)
    fall_silent(job)
    quick = jobs._claim(job.pk)
    assert slow.attempts < quick.attempts
    for tell in (
        lambda: jobs.Progress(slow)(3, 10),
        lambda: jobs.Progress(slow).say("still here"),
    ):
        with pytest.raises(jobs.Cancelled):
            tell()
    jobs._end(slow, JobState.DONE, counts={"wrong": 1})
    jobs._put_back(slow, failed=True)
    assert (fresh(job).state, fresh(job).done, fresh(job).counts) == (JobState.RUNNING, 0, {})
    jobs.Progress(quick)(4, 10)
    assert fresh(job).done == 4


@pytest.mark.django_db(transaction=True)
def test_a_long_statement_is_not_taken_for_a_dead_worker(monkeypatch, temporary_kind) -> None:
    """W4: the row shows a sign of life while the work itself says nothing."""
    monkeypatch.setattr(queue, "_send", lambda *what: None)
    monkeypatch.setattr(jobs, "BEAT_EVERY", 0.02)
    seen = []

    def silent(job: Job, progress: jobs.Progress) -> None:
        fall_silent(job)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.3)")
        seen.append(jobs.sweep())

    job = jobs.start(by=None, kind=temporary_kind(silent), unit=cast().brand, label="Silent")
    jobs.run(job.pk)
    assert seen == [0]
    assert fresh(job).state == JobState.DONE


# -- stopping ------------------------------------------------------------------


def test_a_stopped_job_does_not_run(brand: Unit, lin: Person) -> None:
    job = new_job(brand)
    jobs.cancel(by=lin, job=job)
    jobs.run(job.pk)
    assert (fresh(job).state, steps_of(job)) == (JobState.CANCELLED, [])
    row = Activity.objects.get(verb="job.cancelled")
    assert (row.actor, row.object_id) == (lin, job.pk)


def test_a_running_job_stops_at_its_next_sign(brand: Unit, lin: Person, temporary_kind) -> None:
    def stopped_between(job: Job, progress: jobs.Progress) -> None:
        progress(1, 3)
        jobs.cancel(by=lin, job=Job.objects.get(pk=job.pk))
        progress(2, 3)
        raise AssertionError("went on")

    job = jobs.start(by=lin, kind=temporary_kind(stopped_between), unit=brand, label="Stopped")
    jobs.run(job.pk)
    assert (fresh(job).state, fresh(job).done) == (JobState.CANCELLED, 1)
    assert fresh(job).failures == 0


def test_a_job_that_has_ended_cannot_be_stopped(brand: Unit, lin: Person) -> None:
    job = new_job(brand)
    jobs.run(job.pk)
    assert jobs.cancel(by=lin, job=job).state == JobState.DONE
    assert not Activity.objects.filter(verb="job.cancelled").exists()


# -- who sees a job ------------------------------------------------------------


def test_a_job_is_seen_where_its_kind_allows(temporary_kind) -> None:
    chengye = cast()
    lin = person("lin", (Role.OPERATOR, chengye.brand))
    chen = person("chen", (Role.FINANCE, chengye.brand))
    he = person("he", (Role.STORE_MANAGER, chengye.jingan))
    kind = temporary_kind(lambda job, progress: None, permission="payouts.make")
    plain = new_job(chengye.brand)
    payments = jobs.start(by=chen, kind=kind, unit=chengye.brand, label="Payment file")
    store = new_job(chengye.jingan)
    assert set(jobs.visible_to(lin)) == {plain, store}
    assert set(jobs.visible_to(chen)) == {plain, payments, store}
    assert set(jobs.visible_to(he)) == {store}
    assert not jobs.visible_to(None).exists()
