"""Clocks that are wrong, go back, or were not looked at for hours (T2, T3, T4, W9)."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from celery import Celery
from celery.beat import Scheduler
from celery.schedules import crontab
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import jobs
from accounts.choices import JobState, Role
from accounts.models import Job
from customers import intake
from incentives import nightly, proof_runs, settlement
from incentives.models import CommissionRun, ReleaseLine
from kosops.lib import queue
from tests import cast as c
from tests.accounts.steps import KIND
from tests.incentives.money import (
    OCTOBER,
    Office,
    accrue,
    code_of,
    differences,
    held,
    owed,
    release,
    settle,
)

ZONE = ZoneInfo(settings.TIME_ZONE)
MINUTES = [-10, 0, 10]


def at(text: str, minutes: int = 0) -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZONE) + dt.timedelta(minutes=minutes)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[dt.datetime], None]:
    def turn(moment: dt.datetime) -> None:
        monkeypatch.setattr(timezone, "now", lambda: moment)

    return turn


@pytest.fixture
def office(db: None) -> Office:
    return Office()


# -- T2: servers whose clocks differ by ten minutes ----------------------------


@pytest.mark.parametrize("minutes", MINUTES)
def test_a_night_by_a_wrong_clock_is_the_same_night(
    office: Office, clock: Any, minutes: int
) -> None:
    """T2: the hold of 15 days ends on 20 September; the night before releases nothing."""
    office.order("E1", 10_000, day="2026-09-05")
    clock(at("2026-09-20 02:30", minutes))
    nightly.run_commission()
    assert (held(office.zhou), owed(office.zhou)) == (500, 0)
    assert not ReleaseLine.objects.exists()
    clock(at("2026-09-21 02:30", minutes))
    nightly.run_commission()
    assert (held(office.zhou), owed(office.zhou)) == (0, 500)
    assert {run.as_of.day for run in CommissionRun.objects.all()} == {19, 20}
    assert differences() == {}


@pytest.mark.parametrize("minutes", MINUTES)
def test_the_day_of_an_order_is_the_shops_whatever_our_clock_says(
    office: Office, clock: Any, minutes: int
) -> None:
    """T2, T1: paid eight minutes before midnight; our clock may be past it, or behind the shop's."""
    paid = at("2026-09-30 23:52")
    clock(paid + dt.timedelta(minutes=minutes))
    facts = c.order_facts(office.people, "E1", 10_000, seller=office.zhou)
    row = intake.replace(facts, paid_at=paid)
    (outcome,) = intake.take_orders(brand=office.brand, rows=[row])
    assert outcome.result == intake.CREATED
    assert office.zhou.orders_sold.get().business_date == dt.date(2026, 9, 30)


def test_no_hold_ends_early_by_a_clock_that_is_ahead(office: Office, clock: Any) -> None:
    """T2: ten minutes before midnight of the last held day; only a run for that day could release."""
    office.order("E1", 10_000, day="2026-09-05")
    clock(at("2026-09-19 23:50"))
    accrue(office.brand, "2026-09-19")
    release(office.brand, "2026-09-19")
    assert code_of(lambda: release(office.brand, "2026-09-20")) == "day_not_here"
    assert owed(office.zhou) == 0


@pytest.mark.django_db
@pytest.mark.parametrize("minutes", MINUTES)
def test_a_wrong_clock_takes_no_job_from_a_worker_that_lives(
    monkeypatch: pytest.MonkeyPatch, minutes: int
) -> None:
    """T2: signs of life are read by the clock of the database, which is one for all servers."""
    monkeypatch.setattr(queue, "_send", lambda *what: None)
    job = jobs.start(by=None, kind=KIND, unit=c.cast().brand, label="Ten steps")
    assert jobs._claim(job.pk) is not None
    now = timezone.now()
    monkeypatch.setattr(timezone, "now", lambda: now + dt.timedelta(minutes=minutes))
    assert jobs.sweep() == 0
    assert jobs._claim(job.pk) is None


# -- T3: the clock goes back during a run --------------------------------------


@pytest.fixture
def going_back(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each look at the clock is a minute earlier than the one before."""
    moments: Iterator[dt.datetime] = (at("2026-11-01 00:20", -look) for look in range(1_000_000))
    monkeypatch.setattr(timezone, "now", lambda: next(moments))


@pytest.mark.usefixtures("going_back")
def test_a_run_whose_clock_goes_back_takes_no_negative_time_and_skips_no_period(
    office: Office,
) -> None:
    """T3: from the first into the last month again while September and October are run."""
    for day in ("2026-09-05", "2026-10-05"):
        office.order(f"E{day}", 10_000, day=day)
    nightly.run_brand(by=None, brand=office.brand, day=dt.date(2026, 10, 25))
    runs = CommissionRun.objects.order_by("pk")
    assert [(run.kind, f"{run.as_of:%m-%d}") for run in runs] == [
        ("accrual", "09-30"),
        ("release", "09-30"),
        ("accrual", "10-25"),
        ("release", "10-25"),
    ]
    assert all(run.posted_at >= run.created_at for run in runs)
    assert owed(office.zhou) == 1_000
    nightly.run_brand(by=None, brand=office.brand, day=dt.date(2026, 10, 25))
    assert owed(office.zhou) == 1_000, "no period is repeated"
    proof_runs.prove(by=None)
    assert differences() == {}


@pytest.mark.django_db
@pytest.mark.usefixtures("going_back")
@pytest.mark.parametrize("ends", ["done", "cancelled"])
def test_a_job_whose_clock_goes_back_takes_no_negative_time(
    monkeypatch: pytest.MonkeyPatch, ends: str
) -> None:
    monkeypatch.setattr(queue, "_send", lambda *what: None)
    brand = c.cast().brand
    job = jobs.start(by=None, kind=KIND, unit=brand, label="Ten steps")
    if ends == "done":
        jobs.run(job.pk)
    else:
        jobs._claim(job.pk)
        jobs.cancel(by=c.person("lin"), job=job)
    ended = Job.objects.get(pk=job.pk)
    assert ended.state == {"done": JobState.DONE, "cancelled": JobState.CANCELLED}[ends]
    assert ended.created_at <= ended.started_at <= ended.ended_at


# -- W9: the scheduler was away ------------------------------------------------

AWAY = dt.timedelta(hours=6)


def due_after(away: dt.timedelta) -> dict[str, int]:
    """How often the scheduler starts each task in its first minute, back after so long."""
    back = at("2026-11-22 07:00")
    app = Celery("away", set_as_current=False)
    app.conf.update(timezone=settings.CELERY_TIMEZONE, beat_schedule=settings.CELERY_BEAT_SCHEDULE)
    moment = back
    app.now = lambda: moment  # type: ignore[method-assign]
    scheduler = Scheduler(app=app)
    for entry in scheduler.schedule.values():
        entry.last_run_at = back - away
    started: dict[str, int] = {}
    for second in range(0, 60, 5):
        moment = back + dt.timedelta(seconds=second)
        for entry in list(scheduler.schedule.values()):
            if entry.is_due()[0]:
                started[entry.name] = started.get(entry.name, 0) + 1
                scheduler.reserve(entry)
    return started


def test_back_after_six_hours_each_task_is_due_once_and_not_360_times() -> None:
    """W9: 01:00 to 07:00 holds the whole night; every task of it is started once."""
    started = due_after(AWAY)
    nightly_tasks = {
        name
        for name, entry in settings.CELERY_BEAT_SCHEDULE.items()
        if isinstance(entry["schedule"], crontab) and entry["schedule"].hour & {1, 2, 3, 4, 5, 6}
    }
    assert {"nightly-commission", "nightly-points", "nightly-verify"} <= nightly_tasks
    assert {name: started.get(name) for name in nightly_tasks} == dict.fromkeys(nightly_tasks, 1)
    assert started["sweep-jobs"] == 1
    assert max(started.values()) == 1


def test_days_away_are_run_in_their_order_each_once(office: Office, clock: Any) -> None:
    """W9: away over the end of a month; the closed days first, in the month that they belong to."""
    for day in ("2026-09-29", "2026-10-01", "2026-10-02"):
        office.order(f"E{day}", 10_000, day=day)
    clock(at("2026-10-04 08:30"))
    for _started_again in range(2):
        nightly.run_commission()
    days = list(CommissionRun.objects.filter(kind="accrual").order_by("pk").values_list("as_of"))
    assert days[:2] == [(dt.date(2026, 9, 30),), (dt.date(2026, 10, 3),)]
    assert held(office.zhou) == 1_500
    assert differences() == {}


# -- T4: something comes for a month that is closed ------------------------------


def test_what_came_late_for_a_closed_month_is_listed_where_it_was_posted(
    office: Office, client: Client
) -> None:
    """T4: posted in the open month, with its own day kept, and listed on that month's page."""
    office.order("E1", 10_000, day="2026-09-05")
    september = settle(office.brand)
    late = office.order("E-LATE", 20_000, day="2026-09-28")
    office.refund("E1", "R1", 4_000, day="2026-10-02")
    office.order("E3", 30_000, day="2026-10-03")
    october = settle(office.brand, OCTOBER)
    found = settlement.late_orders(october)
    assert [(row["external_id"], row["day"], row["amount"], row["whole"]) for row in found] == [
        ("E1", dt.date(2026, 9, 5), -200, 2),
        ("E-LATE", dt.date(2026, 9, 28), 1_000, 2),
    ]
    assert settlement.late_orders(september) == []
    client.force_login(office.chen)
    page = client.get(reverse("incentives:settlement", args=[october.pk]))
    assert reverse("incentives:settlement_late", args=[october.pk]) in page.text
    rows = client.get(
        reverse("incentives:settlement_late", args=[october.pk]), headers={"HX-Request": "true"}
    )
    assert "E-LATE" in rows.text and "E3" not in rows.text
    assert reverse("customers:order", args=[late.pk]) in rows.text
    client.force_login(c.person("he", (Role.STORE_MANAGER, office.people.jingan)))
    refused = client.get(reverse("incentives:settlement_late", args=[october.pk]))
    assert refused.status_code in (403, 404)
