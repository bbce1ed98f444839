"""A source of another app, end to end: a task is approved, rewarded, stated, taken back.

Tasks and lessons are not here yet; this is what they will do when their apps start.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from incentives import (
    points,
    proof,
    reward_proof,
    rewards,
    rewards_runs,
    rewards_sources,
)
from incentives.models import RewardItem, Statement
from incentives.rewards_sources import Source
from kosops.lib.sql import execute
from tests import cast as c
from tests.incentives.money import Office, held, owed, settle

pytestmark = pytest.mark.django_db
SEPTEMBER_5 = dt.date(2026, 9, 5)

# What a task app would say: an approved piece of work is done on its day, one that is sent back
# pauses, one that is withdrawn is gone. Its value is the mark that the reviewer gave.
TASKS = """
    SELECT 'task:' || t.id AS key, t.creator_id, NULL::bigint AS post_id, NULL::bigint AS account_id,
           '' AS platform, t.done_on, t.mark AS value, TRUE AS whole,
           CASE t.state WHEN 'approved' THEN 'stands' WHEN 'sent_back' THEN 'paused' ELSE 'gone' END
               AS stands, FALSE AS jumped
      FROM pg_temp.task t
     WHERE t.brand_id = %(brand)s AND t.state <> 'asked' AND t.done_on BETWEEN %(first)s AND %(last)s
"""
STEPS = [{"at_least": 0, "amount": 1_000}, {"at_least": 90, "amount": 3_000}]


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Office:
    monkeypatch.setattr(rewards_sources, "_sources", dict(rewards_sources._sources))
    rewards_sources.register(Source("task", "Tasks", "Mark", TASKS))
    execute(
        "CREATE TEMP TABLE task (id int PRIMARY KEY, brand_id bigint, creator_id bigint,"
        " state text, mark bigint, done_on date) ON COMMIT DROP"
    )
    return Office()


@pytest.fixture
def ruled(office: Office, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """A rule for tasks, written in September."""

    def make(**terms: object) -> None:
        monkeypatch.setattr(
            "django.utils.timezone.now", lambda: dt.datetime(2026, 9, 2, 4, tzinfo=dt.UTC)
        )
        base = {"source": "task", "steps": STEPS, "check_days": 7, "count_days": 0}
        rule = rewards.propose(
            by=c.person("lin", (Role.OPERATOR, office.brand)),
            brand=office.brand,
            name="Tasks in autumn",
            terms=base | {"watch_days": 60} | terms,
            first_day=dt.date(2026, 9, 1),
        )
        rewards.approve(by=office.chen, rule=rule)
        monkeypatch.undo()
        monkeypatch.setattr(rewards_sources, "_sources", dict(rewards_sources._sources))
        rewards_sources.register(Source("task", "Tasks", "Mark", TASKS))

    return make


def task(office: Office, number: int, state: str, mark: int | None = 95) -> None:
    execute(
        "INSERT INTO task VALUES (%(id)s, %(brand)s, %(creator)s, %(state)s, %(mark)s, %(day)s)"
        " ON CONFLICT (id) DO UPDATE SET state = EXCLUDED.state",
        {
            "id": number,
            "brand": office.brand.pk,
            "creator": office.zhou.pk,
            "state": state,
            "mark": mark,
            "day": SEPTEMBER_5,
        },
    )


def run(office: Office, day: str) -> dict[str, int]:
    made = rewards_runs.run(by=None, brand=office.brand, as_of=dt.date.fromisoformat(day))
    assert proof.differences(proof.verify(checks=reward_proof.CHECKS)) == 0
    return made.counts


def test_an_approved_task_is_rewarded_and_stated(
    office: Office, ruled: Callable[..., None]
) -> None:
    ruled()
    task(office, 1, "asked")
    assert run(office, "2026-09-06")["rewards"] == 0, "not approved yet"
    task(office, 1, "approved")
    assert run(office, "2026-09-07")["rewards"] == 1
    assert (held(office.zhou), owed(office.zhou)) == (3_000, 0)
    task(office, 2, "approved", mark=60)
    run(office, "2026-09-13")
    assert owed(office.zhou) == 4_000, "after the check; the mark decides the step"

    month = settle(office.brand)
    stated = Statement.objects.get(settlement=month, creator=office.zhou)
    assert (stated.rewards, stated.payable) == (4_000, 4_000)


def test_one_sent_back_is_held_and_one_withdrawn_is_taken_back(
    office: Office, ruled: Callable[..., None]
) -> None:
    ruled()
    task(office, 1, "approved")
    run(office, "2026-09-13")
    task(office, 1, "sent_back")
    run(office, "2026-09-14")
    assert (held(office.zhou), owed(office.zhou)) == (3_000, 0)
    task(office, 1, "withdrawn")
    run(office, "2026-09-15")
    assert (held(office.zhou), owed(office.zhou)) == (0, 0)
    assert RewardItem.objects.get().standing == "removed"


def test_a_task_is_paid_in_points_as_well(office: Office, ruled: Callable[..., None]) -> None:
    ruled(points_months=12)
    task(office, 1, "approved")
    assert run(office, "2026-09-13")["points"] == 3_000
    assert points.balance_of(office.zhou, SEPTEMBER_5).spendable == 3_000
    assert owed(office.zhou) == 0


def test_the_pages_name_the_new_source(
    office: Office, ruled: Callable[..., None], client: Client
) -> None:
    ruled()
    task(office, 1, "approved")
    run(office, "2026-09-13")
    client.force_login(office.chen)
    rules = client.get(reverse("incentives:reward_rules")).content.decode()
    assert "Mark from 90: ¥30.00" in rules
    page = client.get(reverse("incentives:reward", args=[RewardItem.objects.get().pk]))
    assert "Tasks in autumn" in page.content.decode()
