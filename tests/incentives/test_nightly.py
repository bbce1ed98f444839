"""The tasks that beat starts exist, and a brand that cannot be run does not stop the others."""

import datetime as dt

import pytest
from celery import current_app
from django.conf import settings

from incentives import nightly
from incentives.models import CommissionLine, CommissionRun, Journal, ReleaseLine, TierRun
from tests import cast as c
from tests.incentives.money import Office, differences


def test_every_task_of_the_schedule_exists() -> None:
    current_app.loader.import_default_modules()

    for entry in settings.CELERY_BEAT_SCHEDULE.values():
        assert entry["task"] in current_app.tasks


@pytest.mark.django_db
def test_a_brand_without_rules_is_passed_over(caplog: pytest.LogCaptureFixture) -> None:
    c.cast()

    nightly.run_tiers(as_of=dt.date(2026, 11, 1))
    nightly.run_commission(as_of=dt.date(2026, 11, 1))

    assert not TierRun.objects.exists()
    assert CommissionRun.objects.count() == 2


def counted() -> tuple[int, int, int]:
    return Journal.objects.count(), CommissionLine.objects.count(), ReleaseLine.objects.count()


@pytest.mark.django_db
def test_a_second_scheduler_and_hours_away_post_nothing_twice() -> None:
    """W8, W9: what a period owes hangs on the facts, not on how often or when it is asked for."""
    office = Office()
    for day in ("2026-09-01", "2026-09-02", "2026-09-03"):
        office.order(f"E{day}", 10_000, sharer=office.may, day=day)

    nightly.run_commission(as_of=dt.date(2026, 9, 25))  # back after days away: all of them at once
    once = counted()
    assert once == (4, 6, 6)
    for _again in range(2):
        nightly.run_commission(as_of=dt.date(2026, 9, 25))

    assert counted() == once
    assert differences() == {}
