"""Reward runs in the background: by a button and each night."""

from __future__ import annotations

import datetime as dt
import logging
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import jobs
from accounts.models import Job, Person, Unit
from accounts.units import active_brands
from incentives import rewards_runs
from kosops.lib.errors import DomainError

logger = logging.getLogger(__name__)

KIND = "incentives.rewards"

jobs.name_counts(
    {
        "rewards": gettext_lazy("New rewards"),
        "journals": gettext_lazy("Journals"),
        "points": gettext_lazy("Points posted"),
        "coupons": gettext_lazy("Coupons handed out"),
        "coupons_back": gettext_lazy("Coupons withdrawn"),
        "coupons_wait": gettext_lazy("Coupons that wait for stock"),
    }
)


def start(*, by: Person, brand: Unit) -> Job:
    """Work out the rewards of a brand up to today."""
    today = timezone.localdate().isoformat()
    return jobs.start(
        by=by,
        kind=KIND,
        unit=brand,
        label=_("Work out rewards up to %(day)s") % {"day": today},
        params={"brand": brand.pk, "as_of": today},
    )


@jobs.job_kind(KIND)
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    brand = Unit.objects.get(pk=job.params["brand"])
    day = dt.date.fromisoformat(job.params["as_of"])
    return rewards_runs.run(by=job.created_by, brand=brand, as_of=day).counts


def run_all(*, as_of: dt.date | None = None) -> None:
    """The nightly run of every brand; a busy brand, or a settled month, is left alone."""
    day = as_of or timezone.localdate() - dt.timedelta(days=1)
    for brand in active_brands():
        try:
            rewards_runs.run(by=None, brand=brand, as_of=day)
        except DomainError as refusal:
            logger.warning("Rewards of %s for %s: %s", brand, day, refusal)
