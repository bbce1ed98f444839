"""What runs by itself each night."""

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
from incentives import (
    commission_runs,
    points,
    proof,
    proof_runs,
    proof_words,
    schemes,
    settlement,
    standing,
    tier_runs,
)
from kosops.lib.errors import DomainError

logger = logging.getLogger(__name__)

jobs.name_counts(
    {
        "orders": gettext_lazy("Orders"),
        "lines": gettext_lazy("Lines"),
        "released": gettext_lazy("Lines released"),
        **proof_words.TITLES,
    }
)


def yesterday() -> dt.date:
    """The last full business day."""
    return timezone.localdate() - dt.timedelta(days=1)


def run_tiers(*, as_of: dt.date | None = None) -> None:
    """Evaluate the tiers of every brand. One without tier rules, or done already, is passed over."""
    day = as_of or yesterday()
    for brand in active_brands():
        try:
            tier_runs.evaluate(by=None, brand=brand, as_of=day)
        except DomainError as refusal:
            logger.info("Tiers of %s for %s: %s", brand, day, refusal)


def run_commission(*, as_of: dt.date | None = None) -> None:
    """Work out and release the commission of every brand. A busy brand is left to its own run."""
    day = as_of or yesterday()
    for brand in active_brands():
        try:
            run_brand(by=None, brand=brand, day=day)
        except DomainError as refusal:
            logger.warning("Commission of %s for %s: %s", brand, day, refusal)


def run_points(*, today: dt.date | None = None) -> None:
    """Let every brand's points be earned, released and expire. A busy brand is left to its own run."""
    for brand in active_brands():
        try:
            points.run(by=None, brand=brand, today=today or timezone.localdate())
            standing.work_out(by=None, brand=brand, today=today or timezone.localdate())
        except DomainError as refusal:
            logger.warning("Points of %s: %s", brand, refusal)


def check_schemes(*, today: dt.date | None = None) -> None:
    """Check the schemes that run by the rules of today, where that was not done yet."""
    for brand in active_brands():
        schemes.check_running(by=None, brand=brand, today=today or timezone.localdate())


def run_brand(
    *, by: Person | None, brand: Unit, day: dt.date, tell: commission_runs.Tell | None = None
) -> dict[str, int]:
    """Work out and release commission up to ``day``, each open month in its own runs."""
    sums = {"orders": 0, "lines": 0, "released": 0}
    for as_of in settlement.days_to_run(brand, day):
        earned = commission_runs.accrue(by=by, brand=brand, as_of=as_of, tell=tell)
        released = commission_runs.release(by=by, brand=brand, as_of=as_of, tell=tell)
        sums["orders"] += earned.counts["orders"]
        sums["lines"] += earned.counts["lines"]
        sums["released"] += released.counts["lines"]
    return sums


def verify_books() -> int:
    """Prove the books and keep what was found; the number of differences."""
    return proof.differences(proof_runs.prove(by=None))


# -- the same by a person's button ---------------------------------------------


def start_run(*, by: Person, brand: Unit) -> Job:
    """Work out and release the commission of a brand up to yesterday, in the background."""
    return jobs.start(
        by=by,
        kind="incentives.run",
        unit=brand,
        label=_("Work out commission up to %(day)s") % {"day": yesterday().isoformat()},
        params={"brand": brand.pk, "as_of": yesterday().isoformat()},
    )


@jobs.job_kind("incentives.run")
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    brand = Unit.objects.get(pk=job.params["brand"])
    day = dt.date.fromisoformat(job.params["as_of"])
    return run_brand(by=job.created_by, brand=brand, day=day, tell=progress)


def start_proof(*, by: Person, brand: Unit) -> Job:
    """Prove the books in the background; the job's counts hold the differences per check."""
    return jobs.start(by=by, kind="incentives.verify", unit=brand, label=_("Prove the books"))


@jobs.job_kind("incentives.verify")
def verify_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    findings = proof_runs.prove(by=job.created_by)
    for finding in findings:
        for example in finding.examples:
            progress.say(f"{finding.title}: {example}")
    return {finding.code: finding.differences for finding in findings}
