"""Dry runs: what a plan version, draft or not, would have cost in months that are over.

The books are not touched. A dry run is a job; each month is one transaction, so a job that was cut
off goes on with the months that are left.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import activity, jobs
from accounts.models import Job, Person
from customers.models import Order
from incentives import dry_sql
from incentives.models import DryRun, PlanVersion
from incentives.models.dry_runs import MOST_MONTHS
from incentives.plans import new_rates_of
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month

KIND = "incentives.dry_run"

# -- queries -------------------------------------------------------------------


def of_version(version: PlanVersion) -> QuerySet[DryRun]:
    """Its dry runs, the latest first."""
    return version.dry_runs.select_related("started_by", "job").order_by("-id")


def latest(version: PlanVersion) -> DryRun | None:
    """The last dry run that came to an end."""
    return of_version(version).filter(finished_at__isnull=False).first()


def months_of(dry_run: DryRun) -> list[Month]:
    first, last = Month.of(dry_run.first_month), Month.of(dry_run.last_month)
    return [first.shifted(number) for number in range(_span(first, last))]


def digest_of(version: PlanVersion) -> str:
    """A digest of all that the version says about amounts; names and days are not in it."""
    said: dict[str, Any] = {
        name: getattr(version, name)
        for name in ("cap_bp", "order_cap", "person_cap", "band_mode", "self_purchase", "self_bp")
    }
    said["rates"] = sorted(
        json.dumps(rate.__dict__, sort_keys=True) for rate in new_rates_of(version)
    )
    return hashlib.sha256(json.dumps(said, sort_keys=True).encode()).hexdigest()


def is_stale(dry_run: DryRun, version: PlanVersion) -> bool:
    """Whether the plan says something else by now."""
    return dry_run.plan != digest_of(version)


# -- commands ------------------------------------------------------------------


@transaction.atomic
def start(*, by: Person, version: PlanVersion, first: Month, last: Month) -> DryRun:
    """Work a plan out over past months in the background; refusals as for `begin`."""
    dry_run = begin(by=by, version=version, first=first, last=last)
    dry_run.job = jobs.start(
        by=by,
        kind=KIND,
        unit=dry_run.brand,
        label=_("Dry run of “%(plan)s”") % {"plan": version.name},
        params={"dry_run": dry_run.pk},
        total=len(months_of(dry_run)),
    )
    dry_run.save(update_fields=["job"])
    return dry_run


@transaction.atomic
def begin(*, by: Person | None, version: PlanVersion, first: Month, last: Month) -> DryRun:
    """Note a dry run that nobody has worked out yet.

    Refuses `months_reversed`, `too_many_months` (12 at most), `month_not_over`, `no_orders` where
    the months have none, and `dry_run_in_progress` while another one of the version is going on.
    """
    version = PlanVersion.objects.select_for_update(of=("self",), no_key=True).get(pk=version.pk)
    _check_months(first, last)
    if any(each.going_on for each in of_version(version).filter(finished_at__isnull=True)):
        raise DomainError(
            "dry_run_in_progress",
            gettext_lazy("A dry run of this plan is going on. Wait until it is finished."),
        )
    if not Order.objects.filter(
        brand=version.brand_id,
        business_date__gte=first.first_day,
        business_date__lte=last.last_day,
    ).exists():
        raise DomainError("no_orders", gettext_lazy("There are no orders in these months."))
    dry_run = DryRun.objects.create(
        brand=version.brand,
        version=version,
        first_month=first.first_day,
        last_month=last.first_day,
        plan=digest_of(version),
        started_by=by,
    )
    activity.record(
        by=by,
        verb="dry_run.started",
        object=dry_run,
        unit=version.brand,
        after={"since": first.first_day.isoformat(), "until": last.last_day.isoformat()},
    )
    return dry_run


def work_out(dry_run: DryRun, progress: jobs.Progress | None = None) -> None:
    """Do the months that are left and add them up. Refuses `plan_changed` where a draft was edited."""
    months = months_of(dry_run)
    for done, month in enumerate(months, start=1):
        if str(month) not in dry_run.months:
            _work_out(dry_run, month)
        if progress is not None:
            progress(done, len(months))
    if dry_run.finished_at is None:
        dry_run.totals = dry_sql.totals(dry_run)
        dry_run.finished_at = max(timezone.now(), dry_run.started_at)
        dry_run.save(update_fields=["totals", "finished_at"])


@transaction.atomic
def _work_out(dry_run: DryRun, month: Month) -> None:
    """One month; the rates are read anew, and all months have to be by the same ones."""
    facts = dry_sql.work_out(dry_run, month)
    if is_stale(dry_run, PlanVersion.objects.get(pk=dry_run.version_id)):
        raise DomainError(
            "plan_changed",
            gettext_lazy("The draft was changed meanwhile. Start the dry run again."),
        )
    dry_run.months = {**dry_run.months, str(month): facts}
    dry_run.save(update_fields=["months"])


@jobs.job_kind(KIND, permission="commission.plan")
def run_job(job: Job, progress: jobs.Progress) -> None:
    found = DryRun.objects.select_related("brand", "version")
    work_out(found.get(pk=job.params["dry_run"]), progress)


# -- behind the commands -------------------------------------------------------


def _check_months(first: Month, last: Month) -> None:
    if last < first:
        raise DomainError(
            "months_reversed",
            gettext_lazy("The last month is before the first."),
            status=400,
        )
    if _span(first, last) > MOST_MONTHS:
        raise DomainError(
            "too_many_months",
            gettext_lazy("A dry run takes at most %(most)s months."),
            status=400,
            most=MOST_MONTHS,
        )
    if last >= Month.of(timezone.localdate()):
        raise DomainError(
            "month_not_over",
            gettext_lazy("%(month)s is not over. Choose months that are."),
            status=400,
            month=str(last),
        )


def _span(first: Month, last: Month) -> int:
    return (last.year - first.year) * 12 + last.month - first.month + 1
