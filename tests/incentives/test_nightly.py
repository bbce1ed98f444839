"""The tasks that beat starts exist, and a brand that cannot be run does not stop the others."""

import datetime as dt

import pytest
from celery import current_app
from django.conf import settings

from incentives import nightly
from incentives.models import CommissionRun, TierRun
from tests import cast as c


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
