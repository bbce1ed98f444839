"""Booking the points of volunteers in the background, and keeping the waiting lists going."""

from __future__ import annotations

import logging
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import jobs
from accounts.models import Job, Person, Unit
from accounts.units import active_brands
from incentives import rota_attendance, rota_places
from kosops.lib.errors import DomainError

logger = logging.getLogger(__name__)

KIND = "incentives.rota"

jobs.name_counts({"shifts": gettext_lazy("Shifts"), "people": gettext_lazy("People")})


def start(*, by: Person, brand: Unit) -> Job:
    """Book the points of the shifts of a brand whose time for ticking is over."""
    return jobs.start(by=by, kind=KIND, unit=brand, label=_("Book volunteers’ points"))


@jobs.job_kind(KIND)
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    brand = job.unit
    return rota_attendance.settle(by=job.created_by, brand=brand) if brand else {}


def settle_all() -> None:
    """The nightly run of every brand; a busy brand is left to its own run."""
    for brand in active_brands():
        try:
            rota_attendance.settle(by=None, brand=brand)
        except DomainError as refusal:
            logger.warning("Volunteers of %s: %s", brand, refusal)


def tidy() -> int:
    """End places of people who stopped taking part by a way that did not say so at once."""
    return rota_places.end_places()
