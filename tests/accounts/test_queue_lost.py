"""What the queue loses is queued again from the rows in the database (W1, W2)."""

import datetime as dt
from collections.abc import Iterator

import pytest
import redis
from celery import Celery
from django.conf import settings as django_settings
from django.test import Client
from django.utils import timezone

from accounts import jobs
from accounts.choices import JobState, Role
from accounts.models import Job, Unit
from customers.models import Order
from kosops.lib import queue
from tests import cast as c
from tests.accounts.steps import ALL, KIND, steps_of

pytestmark = pytest.mark.django_db
MANY = 10_000
LINE = "test-queue-lost"
NOWHERE = "redis://127.0.0.1:1/0"


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch) -> Iterator[redis.Redis]:
    """A queue of this test's own in the real broker; commits happen at once."""
    app = Celery("queue-lost", broker=django_settings.REDIS_URL, set_as_current=False)
    app.conf.task_default_queue = LINE
    monkeypatch.setattr(queue, "current_app", app)
    monkeypatch.setattr(queue.transaction, "on_commit", lambda act: act())
    with redis.Redis.from_url(django_settings.REDIS_URL) as client:
        client.delete(LINE)
        yield client
        client.delete(LINE)
    app.close()


def nowhere() -> Celery:
    app = Celery("nowhere", broker=NOWHERE, set_as_current=False)
    app.conf.broker_transport_options = django_settings.CELERY_BROKER_TRANSPORT_OPTIONS
    return app


def length(line: redis.Redis) -> int:
    return int(line.llen(LINE))


def long_ago() -> None:
    Job.objects.update(created_at=timezone.now() - 2 * jobs.LOST_AFTER)


def waiting(brand: Unit, count: int) -> None:
    Job.objects.bulk_create(
        Job(kind=KIND, unit=brand, label=f"Job {number}") for number in range(count)
    )
    long_ago()


def test_ten_thousand_jobs_that_the_queue_lost_are_all_queued_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """W1: the queue is emptied; one sweep brings everything back, and nothing is done twice."""
    queued: list[int] = []
    monkeypatch.setattr(queue, "_send", lambda _task, args: queued.append(args[0]))
    waiting(c.cast().brand, MANY)
    assert jobs.sweep() == len(set(queued)) == MANY
    queued.clear()  # as FLUSHALL does
    done = list(Job.objects.order_by("pk").values_list("pk", flat=True)[:20])
    for job_id in done:
        jobs.run(job_id)
    assert jobs.sweep() == len(set(queued)) == MANY - len(done)
    for job_id in done:
        jobs.run(job_id)  # a message that was delivered after all
    assert [steps_of(Job(pk=job_id)) for job_id in done] == [ALL] * len(done)


def test_the_broker_gets_each_lost_job_once(line: redis.Redis) -> None:
    """W1, with the real broker and fewer jobs."""
    waiting(c.cast().brand, 50)
    assert (jobs.sweep(), length(line)) == (50, 50)
    line.delete(LINE)
    assert (jobs.sweep(), length(line)) == (50, 50)


def test_a_sweep_stops_at_once_where_the_broker_is_away(
    line: redis.Redis, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(queue, "current_app", nowhere())
    waiting(c.cast().brand, 50)
    assert jobs.sweep() == 50
    assert caplog.text.count("The queue is not reachable") == 1


def test_ten_minutes_without_the_broker_lose_nothing(
    line: redis.Redis, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    """W2: pages are read, orders and jobs taken; ten minutes later all of it is done once."""
    people = c.cast()
    there = queue.current_app
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    with monkeypatch.context() as patch:
        patch.setattr(queue, "current_app", nowhere())
        begun = [
            jobs.start(by=None, kind=KIND, unit=people.brand, label=f"Job {number}")
            for number in range(3)
        ]
        order = c.order(people, "E1", 10_000)
        assert client.get("/orders/").status_code == 200
        assert client.get(f"/orders/{order.pk}/").status_code == 200
    assert Order.objects.count() == 1
    assert {job.state for job in Job.objects.all()} == {JobState.WAITING}
    now = timezone.now() + dt.timedelta(minutes=10)
    monkeypatch.setattr(timezone, "now", lambda: now)
    monkeypatch.setattr(queue, "current_app", there)
    assert jobs.sweep() == len(begun)
    assert length(line) == len(begun)
    for job in begun:
        jobs.run(job.pk)
        jobs.run(job.pk)
    assert [steps_of(job) for job in begun] == [ALL] * len(begun)
    assert jobs.sweep() == 0
