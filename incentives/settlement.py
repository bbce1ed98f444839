"""Settling a month: the last runs, one statement per creator, and the month is closed."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import DateField, Exists, OuterRef, QuerySet
from django.db.models.expressions import RawSQL
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity, jobs
from accounts.models import Job, Person, Unit
from incentives import commission_runs, commission_sql, settlement_sql
from incentives.choices import SettlementState
from incentives.models import Settlement
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from kosops.lib.repeating import whole

jobs.name_counts({"creators": _("Creators")})


@whole
def start(*, by: Person, brand: Unit, month: Month) -> Settlement:
    """Settle ``month`` in the background; repeated for a settled month it changes nothing (M3).

    Refuses `month_not_over` and `earlier_month_open` (statements continue each other, so months
    are settled in their order).
    """
    opened = _open(by, brand, month)
    settlement = Settlement.objects.select_for_update().get(pk=opened.pk)
    if settlement.state == SettlementState.SETTLED or (settlement.job and settlement.job.is_open):
        return settlement
    settlement.job = jobs.start(
        by=by,
        kind="incentives.settle",
        unit=brand,
        label=str(_("Settle %(month)s") % {"month": month}),
        params={"settlement": settlement.pk},
    )
    settlement.save(update_fields=["job"])
    return settlement


@jobs.job_kind("incentives.settle")
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    settlement = Settlement.objects.select_related("brand").get(pk=job.params["settlement"])
    complete(by=job.created_by, settlement=settlement, tell=progress)
    settlement.refresh_from_db()
    return {"creators": settlement.totals["creators"]}


def settle(*, by: Person | None, brand: Unit, month: Month) -> Settlement:
    """Settle ``month`` here and now; refusals as for `start`."""
    with transaction.atomic():
        settlement = _open(by, brand, month)
    return complete(by=by, settlement=settlement)


def next_month(brand: Unit) -> Month | None:
    """The month that can be settled next, None when there is none or it is not over yet."""
    found = next_months(Unit.objects.filter(pk=brand.pk))
    return found[0][1] if found else None


def next_months(brands: QuerySet[Unit]) -> list[tuple[Unit, Month]]:
    """`next_month` of those brands that have one, by one query."""
    running = Settlement.objects.filter(
        brand=OuterRef("pk"), until=None, state=SettlementState.CALCULATING
    )
    found = brands.filter(~Exists(running)).annotate(open_day=_earliest_open_day())
    months = [(brand, Month.of(brand.open_day)) for brand in found if brand.open_day]
    return [(brand, month) for brand, month in months if month.last_day < timezone.localdate()]


def late_orders(settlement: Settlement, most: int = 50) -> list[dict[str, Any]]:
    """Orders of closed months whose commission changed in this one (T4), the earliest day first.

    Each with its own day, what this month posted for it, and in ``whole`` how many there are.
    """
    month = Month.parse(settlement.period)
    return sql.fetch_all(
        """
        SELECT o.id, o.external_id, o.business_date AS day, o.paid_at, s.name AS store,
               sum(c.amount)::bigint AS amount, count(*) OVER () AS whole
          FROM incentives_commissionrun r
          JOIN incentives_commissionline c ON c.run_id = r.id
          JOIN customers_order o ON o.id = c.order_id AND o.business_date < %(first)s
          JOIN accounts_unit s ON s.id = o.store_id
         WHERE r.brand_id = %(brand)s AND r.kind = 'accrual'
           AND r.as_of BETWEEN %(first)s AND %(last)s
         GROUP BY o.id, s.name ORDER BY o.business_date, o.id LIMIT %(most)s
        """,
        {
            "brand": settlement.brand_id,
            "first": month.first_day,
            "last": settlement.until or month.last_day,
            "most": most,
        },
    )


def days_to_run(brand: Unit, day: dt.date) -> list[dt.date]:
    """The days for which runs up to ``day`` have to be made, ``day`` itself last.

    What belongs to an earlier month that is still open is posted there, on its last day, so that a
    month holds its own orders also when their files come late. Months that are settled stay as
    they are: what changes in them is posted in the first open month.
    """
    rows = sql.fetch_all(
        """
        SELECT DISTINCT to_char(GREATEST(work.day, open.first), 'YYYY-MM') AS month
          FROM (SELECT business_date AS day FROM customers_changedorder
                 WHERE brand_id = %(brand)s AND business_date <= %(day)s
                UNION
                SELECT due_on FROM incentives_pendingrelease
                 WHERE brand_id = %(brand)s AND due_on <= %(day)s) AS work
         CROSS JOIN (SELECT COALESCE(
                    (SELECT (max(period || '-01')::date + interval '1 month')::date
                       FROM incentives_settlement
                      WHERE brand_id = %(brand)s AND state = 'settled'),
                    (SELECT min(lower(valid)) FROM incentives_planversion
                      WHERE brand_id = %(brand)s),
                    %(day)s) AS first) AS open
         WHERE to_char(GREATEST(work.day, open.first), 'YYYY-MM') < to_char(%(day)s, 'YYYY-MM')
         ORDER BY 1
        """,
        {"brand": brand.pk, "day": day},
    )
    return [*(Month.parse(row["month"]).last_day for row in rows), day]


def _open(by: Person | None, brand: Unit, month: Month) -> Settlement:
    existing = Settlement.objects.filter(brand=brand, period=str(month), until=None).first()
    if existing is not None:
        return existing
    if month.last_day >= timezone.localdate():
        raise DomainError(
            "month_not_over",
            _("%(month)s is not over yet. It can be settled from %(day)s."),
            month=str(month),
            day=str(month.last_day + dt.timedelta(days=1)),
        )
    earliest = earliest_unsettled(brand)
    if earliest is not None and earliest < month:
        raise DomainError("earlier_month_open", _("Settle %(month)s first."), month=str(earliest))
    later = Settlement.objects.filter(brand=brand, period__gt=str(month), until=None).first()
    if later is not None:
        raise DomainError(
            "later_month_settled",
            _("%(later)s is settled already, so %(month)s is closed too."),
            later=later.period,
            month=str(month),
        )
    # Two people may press the button at once: the second gets the first one's settlement.
    opened, _created = Settlement.objects.get_or_create(
        brand=brand,
        period=str(month),
        until=None,
        defaults={"currency": settings.CURRENCY, "created_by": by},
    )
    return opened


def earliest_unsettled(brand: Unit) -> Month | None:
    """The first open month that has journals or changed orders. Before the first plan nothing counts."""
    found = Unit.objects.filter(pk=brand.pk).annotate(open_day=_earliest_open_day())
    day = found.values_list("open_day", flat=True).get()
    return Month.of(day) if day else None


def _earliest_open_day() -> RawSQL:
    """For a query of brands: the first day after the settled months on which something happened."""
    return RawSQL(
        """
        (SELECT LEAST(
            (SELECT min(business_date) FROM incentives_journal
              WHERE brand_id = accounts_unit.id AND business_date >= open.first),
            (SELECT min(business_date) FROM customers_changedorder
              WHERE brand_id = accounts_unit.id AND business_date >= open.first
                AND business_date >= (SELECT min(lower(valid)) FROM incentives_planversion
                                       WHERE brand_id = accounts_unit.id)))
           FROM (SELECT COALESCE((max(period) || '-01')::date + interval '1 month',
                                 '-infinity')::date AS first
                   FROM incentives_settlement
                  WHERE brand_id = accounts_unit.id AND state = 'settled') AS open)
        """,
        (),
        output_field=DateField(null=True),
    )


def complete(
    *, by: Person | None, settlement: Settlement, tell: commission_runs.Tell | None = None
) -> Settlement:
    """Run what is due up to the month's last day and write the statements. Can run again.

    No other run of the brand goes on until the month is closed: its journals would miss the
    statements and then find the month shut. Refuses `run_in_progress`.
    """
    month = Month.parse(settlement.period)
    brand = settlement.brand
    settlement.refresh_from_db()
    if settlement.state == SettlementState.SETTLED:
        return settlement
    with commission_runs.exclusive(brand):
        settlement.refresh_from_db()
        if settlement.state == SettlementState.SETTLED:
            return settlement
        commission_runs.accrue_alone(by=by, brand=brand, as_of=month.last_day, tell=tell)
        commission_runs.release_alone(by=by, brand=brand, as_of=month.last_day, tell=tell)
        with transaction.atomic():
            locked = Settlement.objects.select_for_update().get(pk=settlement.pk)
            _write_statements(locked, month)
            close(by, locked)
    settlement.refresh_from_db()
    return settlement


def _write_statements(settlement: Settlement, month: Month) -> None:
    sql.execute(commission_sql.SETTINGS)
    # Journals of the month that are being written come in; later ones find the month settled.
    sql.execute(
        "SELECT pg_advisory_xact_lock(incentives_month_key(%(brand)s, %(period)s))",
        {"brand": settlement.brand_id, "period": settlement.period},
    )
    settlement_sql.write_statements(settlement, month.first_day, month.last_day)


def close(by: Person | None, settlement: Settlement, state: str = SettlementState.SETTLED) -> None:
    """Make what was written final, in the caller's transaction."""
    totals = settlement_sql.totals_of(settlement)
    settlement.content_hash = totals.pop("digest")
    settlement.totals = totals
    settlement.state = state
    settlement.settled_at = max(timezone.now(), settlement.created_at)
    settlement.save(update_fields=["content_hash", "totals", "state", "settled_at"])
    activity.record(
        by=by, verb=f"settlement.{state}", object=settlement, unit=settlement.brand, after=totals
    )
