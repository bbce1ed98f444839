"""Interim statements: of somebody who leaves, or of a month that is paid in two parts.

The month stays open: what comes later is in its own statements, and what an interim one paid counts
there as paid out.
"""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any, cast

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity, jobs
from accounts.models import Job, Person, Unit
from incentives import commission_runs, commission_sql, settlement_sql
from incentives.choices import SettlementState
from incentives.models import Settlement
from incentives.settlement import close, earliest_unsettled
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from matrix.models import Creator

KIND = "incentives.interim"
# What no further try changes.
FOR_GOOD = frozenset({"nothing_to_state", "month_settled", "earlier_month_open"})


@transaction.atomic
def start(
    *,
    by: Person,
    brand: Unit,
    until: dt.date,
    creators: list[int] | None = None,
    reason: str,
    client_key: uuid.UUID | None = None,
) -> Settlement:
    """Write statements up to ``until`` in the background, of these creators or of everybody.

    The same ``client_key`` again is the same form sent twice. Refuses ``reason_needed``,
    ``earlier_month_open``, ``month_settled``, ``day_not_here``, and ``interim_in_progress`` while
    others are being written.
    """
    # Two forms at once must not both see no other.
    Unit.objects.select_for_update(no_key=True).get(pk=brand.pk)
    if client_key and (
        sent := Settlement.objects.filter(created_by=by, client_key=client_key).first()
    ):
        return sent
    written = Settlement.objects.filter(
        brand=brand, until__isnull=False, state=SettlementState.CALCULATING
    )
    if any(each.job is not None and each.job.is_open for each in written.select_related("job")):
        raise DomainError(
            "interim_in_progress",
            _("Other interim statements are being written. Wait until they are there."),
        )
    opened = _open(by, brand, until, creators, reason, client_key)
    return _put_to_work(by, opened)


@transaction.atomic
def go_on(*, by: Person, interim: Settlement) -> Settlement:
    """Take up statements whose work stopped. Changes nothing while it goes on or once it is done."""
    interim = _locked(interim)
    if interim.state != SettlementState.CALCULATING or (interim.job and interim.job.is_open):
        return interim
    return _put_to_work(by, interim)


@transaction.atomic
def drop(*, by: Person, interim: Settlement) -> Settlement:
    """Give up statements that are not written. Refuses ``interim_written`` and ``run_in_progress``."""
    interim = _locked(interim)
    if interim.state != SettlementState.CALCULATING or interim.until is None:
        raise DomainError("interim_written", _("These statements are written or dropped already."))
    if interim.job is not None and interim.job.is_open:
        raise DomainError("run_in_progress", _("They are being written at this moment."))
    return _void(by, interim)


def issue(
    *,
    by: Person,
    brand: Unit,
    until: dt.date,
    creators: list[int] | None = None,
    reason: str,
) -> Settlement:
    """Write interim statements here and now; refuses as `start` and `complete`."""
    with transaction.atomic():
        opened = _open(by, brand, until, creators, reason, None)
    return complete(by=by, interim=opened)


def complete(
    *, by: Person | None, interim: Settlement, tell: commission_runs.Tell | None = None
) -> Settlement:
    """Run what is due up to the day and write the statements. Can run again.

    Refuses ``run_in_progress``; and for good ``nothing_to_state``, and what became of the month
    meanwhile.
    """
    with commission_runs.exclusive(interim.brand):
        interim.refresh_from_db()
        if interim.state != SettlementState.CALCULATING:
            return interim
        try:
            _write(by, interim, tell)
        except DomainError as refusal:
            if refusal.code in FOR_GOOD:
                with transaction.atomic():
                    _void(by, _locked(interim))
            raise
    interim.refresh_from_db()
    return interim


def _write(by: Person | None, interim: Settlement, tell: commission_runs.Tell | None) -> None:
    brand, until = interim.brand, cast("dt.date", interim.until)
    _check_months(brand, until)
    commission_runs.accrue_alone(by=by, brand=brand, as_of=until, tell=tell)
    commission_runs.release_alone(by=by, brand=brand, as_of=until, tell=tell)
    with transaction.atomic():
        locked = _locked(interim)
        sql.execute(commission_sql.SETTINGS)
        settlement_sql.write_statements(
            locked, Month.of(until).first_day, until, locked.only_creators
        )
        if not locked.statements.exists():
            raise DomainError("nothing_to_state", _("There is nothing to state for them."))
        close(by, locked, SettlementState.ISSUED)


def _open(
    by: Person,
    brand: Unit,
    until: dt.date,
    creators: list[int] | None,
    reason: str,
    client_key: uuid.UUID | None,
) -> Settlement:
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why it cannot wait for the month."), status=400)
    _check_months(brand, until)
    commission_runs.check_month_open(brand, until)
    if until > timezone.localdate():
        raise DomainError("day_not_here", _("%(day)s is still to come."), day=until.isoformat())
    return Settlement.objects.create(
        brand=brand,
        period=str(Month.of(until)),
        until=until,
        only_creators=creators,
        reason=reason.strip()[:160],
        currency=settings.CURRENCY,
        created_by=by,
        client_key=client_key,
    )


def _check_months(brand: Unit, until: dt.date) -> None:
    earliest = earliest_unsettled(brand)
    if earliest is not None and earliest < Month.of(until):
        raise DomainError("earlier_month_open", _("Settle %(month)s first."), month=str(earliest))


def _put_to_work(by: Person, interim: Settlement) -> Settlement:
    interim.job = jobs.start(
        by=by,
        kind=KIND,
        unit=interim.brand,
        label=str(_("Interim statements up to %(day)s") % {"day": interim.until}),
        params={"settlement": interim.pk},
    )
    interim.save(update_fields=["job"])
    return interim


@jobs.job_kind(KIND)
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    interim = Settlement.objects.select_related("brand").get(pk=job.params["settlement"])
    interim = complete(by=job.created_by, interim=interim, tell=progress)
    return {"creators": interim.totals.get("creators", 0)}


def _void(by: Person | None, interim: Settlement) -> Settlement:
    interim.state = SettlementState.VOID
    interim.save(update_fields=["state"])
    activity.record(by=by, verb="settlement.dropped", object=interim, unit=interim.brand)
    return interim


def _locked(interim: Settlement) -> Settlement:
    found = Settlement.objects.select_for_update(of=("self",)).select_related("brand", "job")
    return found.get(pk=interim.pk)


def people_of(*, brand: Unit, words: str) -> list[int]:
    """The creators whom a text names: numbers of people and codes of units, with all below them.

    Refuses ``unknown_people``, naming the words that are neither.
    """
    asked = words.replace(",", " ").replace("，", " ").split()
    units = list(Unit.objects.filter(brand=brand, code__in=asked))
    people = Creator.objects.filter(brand=brand, number__in=asked)
    known = {unit.code for unit in units} | set(people.values_list("number", flat=True))
    if missing := [word for word in asked if word not in known]:
        raise DomainError(
            "unknown_people",
            _("These are neither people nor stores: %(words)s."),
            words=", ".join(missing[:5]),
        )
    wanted = Q(number__in=asked)
    for unit in units:
        wanted |= Q(store__path__startswith=unit.path)
    return list(
        Creator.objects.filter(wanted, brand=brand).order_by("pk").values_list("pk", flat=True)
    )
