"""What months add to their lines, for all people of a run at once (`commission_month`)."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from accounts.models import Person
from incentives import ledger
from incentives.choices import JournalKind, LedgerKind, RunKind
from incentives.commission_month import Sum, month_target, releasable
from incentives.models import CommissionRun, PlanVersion
from incentives.plan_choices import BandMode
from incentives.plans import month_rates_of
from kosops.lib import sql
from kosops.lib.periods import Month


def source(run_id: int) -> str:
    return f"month:{run_id}"


# The people's orders of a month, found by the ways that have an index: who sold, who shared, and
# the stores in which somebody had a place.
_ORDERS = """
    WITH wanted AS (
        SELECT m.creator_id, m.month, (m.month + interval '1 month')::date AS until
          FROM month_wanted m
    )
    SELECT w.creator_id, w.month, o.id AS order_id
      FROM wanted w JOIN customers_order o ON o.seller_id = w.creator_id
           AND o.business_date >= w.month AND o.business_date < w.until
    UNION
    SELECT w.creator_id, w.month, o.id
      FROM wanted w JOIN customers_order o ON o.sharer_id = w.creator_id
           AND o.business_date >= w.month AND o.business_date < w.until
    UNION
    SELECT w.creator_id, w.month, o.id
      FROM wanted w
      JOIN incentives_staffplace p ON p.creator_id = w.creator_id
           AND p.valid && daterange(w.month, w.until)
      JOIN customers_order o ON o.store_id = p.store_id
           AND o.paid_at >= (w.month::timestamp AT TIME ZONE %(zone)s)
           AND o.paid_at < (w.until::timestamp AT TIME ZONE %(zone)s)
    UNION
    -- An override follows the seller, also into another store's order.
    SELECT w.creator_id, w.month, o.id
      FROM wanted w
      JOIN incentives_staffplace p ON p.creator_id = w.creator_id AND p.leads
           AND p.valid && daterange(w.month, w.until)
      JOIN incentives_staffplace s ON s.store_id = p.store_id AND s.valid && p.valid
      JOIN customers_order o ON o.seller_id = s.creator_id
           AND o.business_date >= w.month AND o.business_date < w.until
"""

_TABLES = """
    CREATE TEMP TABLE IF NOT EXISTS month_wanted (creator_id bigint, month date) ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS month_order (
        creator_id bigint, month date, order_id bigint) ON COMMIT DROP;
    TRUNCATE month_wanted, month_order
"""

# What the month reads of an entitlement (c its lines, r their rate, l its order line, o the order).
# Towards a step counts what is left of the order line today, since a refund below a cent of
# commission posts nothing, as long as the order still names the person. ``whole`` says that it
# earned its rate in full.
OF_ENTITLEMENT = """
    min(c.rate_id) AS rate_id, sum(c.amount)::bigint AS amount,
    CASE WHEN c.role NOT IN ('seller', 'sharer')
              THEN (max(ARRAY[c.sequence, c.base]))[2]
         WHEN bool_and(l.commissionable AND o.status <> 'closed' AND c.creator_id =
                  CASE c.role WHEN 'seller' THEN o.seller_id
                       ELSE NULLIF(o.sharer_id, o.seller_id) END)
              THEN min(l.paid_amount - l.refunded_amount)
         ELSE 0 END AS base,
    sum(c.amount) = (max(ARRAY[c.sequence, c.base]))[2]
        * min(r.rate_bp) / 10000 AS whole
"""
# A rate's `commission_month.Sum` of these, as e.
OF_RATE = """
    COALESCE(sum(e.base) FILTER (WHERE e.whole), 0)::bigint AS base,
    COALESCE(sum(e.amount) FILTER (WHERE e.whole), 0)::bigint AS amount,
    COALESCE(sum(e.amount) FILTER (WHERE NOT e.whole), 0)::bigint AS others
"""

# Rates of which a month is more than the sum of its lines.
MONTHLY_RATES = """
    SELECT r.id FROM incentives_planrate r
      JOIN incentives_planversion v ON v.id = r.version_id
     WHERE v.person_cap IS NOT NULL OR r.month_cap IS NOT NULL
        OR EXISTS (SELECT 1 FROM incentives_planband b WHERE b.rate_id = r.id)
"""

_SUMS = f"""
    SELECT e.creator_id, e.month, r.version_id, e.rate_id, {OF_RATE},
           sum(e.base)::bigint AS sales
      FROM (SELECT m.creator_id, m.month, {OF_ENTITLEMENT}
              FROM month_order m
              JOIN incentives_commissionline c ON c.order_id = m.order_id
                   AND c.creator_id = m.creator_id
              JOIN customers_order o ON o.id = m.order_id
              JOIN customers_orderline l ON l.id = c.order_line_id
              JOIN incentives_planrate r ON r.id = c.rate_id
             WHERE c.rate_id IN ({MONTHLY_RATES})
             GROUP BY m.creator_id, m.month, c.order_id, c.order_line_id, c.role) AS e
      JOIN incentives_planrate r ON r.id = e.rate_id
     GROUP BY e.creator_id, e.month, r.version_id, e.rate_id
"""

_POSTED = """
    SELECT l.creator_id, l.month, l.version_id, sum(l.amount)::bigint AS amount,
           max(l.sequence) AS sequence
      FROM incentives_monthline l JOIN month_wanted m
        ON m.creator_id = l.creator_id AND m.month = l.month
     GROUP BY l.creator_id, l.month, l.version_id
"""

Key = tuple[int, dt.date]


@dataclass(frozen=True)
class Posted:
    amount: int = 0
    sequence: int = 0


def accrue(run: CommissionRun) -> int:
    """Write what the changed months of the brand add or take; how many lines."""
    sql.execute(_TABLES)
    # A month that had something of its own counts again too: an order may have left it.
    changed = sql.execute(
        """
        WITH gone AS (DELETE FROM incentives_changedmonth WHERE brand_id = %(brand)s
                      RETURNING creator_id, month)
        INSERT INTO month_wanted
        SELECT creator_id, month FROM gone
        UNION
        SELECT l.creator_id, l.month FROM incentives_monthline l
          JOIN gone ON gone.creator_id = l.creator_id
         WHERE l.version_id IS NOT NULL
         GROUP BY l.creator_id, l.month HAVING sum(l.amount) <> 0
        """,
        {"brand": run.brand_id},
    )
    if not changed:
        return 0
    _find_orders()
    sums: dict[Key, dict[int, dict[int, tuple[Sum, int]]]] = defaultdict(lambda: defaultdict(dict))
    for row in sql.fetch_all(_SUMS):
        found = Sum(row["base"], row["amount"], row["others"])
        sums[row["creator_id"], row["month"]][row["version_id"]][row["rate_id"]] = (
            found,
            row["sales"],
        )
    versions = PlanVersion.objects.filter(
        pk__in={version for each in sums.values() for version in each}
    )
    rules = {version.pk: (version, month_rates_of(version)) for version in versions}
    posted = _posted()
    lines = []
    for key in sorted({*sums, *(key for key, own in posted.items() if set(own) - {None})}):
        before = posted.get(key, {})
        for version_id in sorted(
            {*sums[key], *(version for version in before if version is not None)}
        ):
            rates = sums[key].get(version_id, {})
            target = _target(
                rules.get(version_id), {no: own for no, (own, _sales) in rates.items()}
            )
            was = before.get(version_id, Posted())
            if target != was.amount:
                lines.append(
                    (
                        *(run.pk, *key, version_id, was.sequence + 1),
                        sum(own.amount + own.others for own, _sales in rates.values()),
                        sum(sales for _own, sales in rates.values()),
                        target,
                        target - was.amount,
                    )
                )
    return _write(lines)


def _target(rules: tuple[PlanVersion, Any] | None, sums: dict[int, Sum]) -> int:
    if rules is None:
        return 0
    version, rates = rules
    return month_target(
        sums,
        rates,
        whole=version.band_mode == BandMode.WHOLE,
        person_cap=version.person_cap,
    )


def release(run: CommissionRun) -> int:
    """Make payable what months added, and take back what they took; how many lines."""
    sql.execute(_TABLES)
    open_months = sql.execute(
        """
        INSERT INTO month_wanted
        SELECT l.creator_id, l.month FROM incentives_monthline l
          JOIN matrix_creator c ON c.id = l.creator_id AND c.brand_id = %(brand)s
         GROUP BY l.creator_id, l.month
        HAVING sum(l.amount) FILTER (WHERE l.version_id IS NOT NULL)
               IS DISTINCT FROM COALESCE(sum(l.amount) FILTER (WHERE l.version_id IS NULL), 0)
        """,
        {"brand": run.brand_id},
    )
    if not open_months:
        return 0
    _find_orders()
    posted = _posted()
    holds = dict(PlanVersion.objects.filter(brand=run.brand_id).values_list("pk", "hold_days"))
    sums = {
        (row["creator_id"], row["month"]): row
        for row in sql.fetch_all(
            """
            SELECT w.creator_id, w.month, COALESCE(c.amount, 0) AS earned,
                   COALESCE(r.amount, 0) AS released
              FROM month_wanted w
              LEFT JOIN (
                SELECT m.creator_id, m.month, sum(c.amount)::bigint AS amount
                  FROM month_order m
                  JOIN incentives_commissionline c
                    ON c.order_id = m.order_id AND c.creator_id = m.creator_id
                 GROUP BY 1, 2) AS c USING (creator_id, month)
              LEFT JOIN (
                SELECT m.creator_id, m.month, sum(r.amount)::bigint AS amount
                  FROM month_order m
                  JOIN incentives_releaseline r
                    ON r.order_id = m.order_id AND r.creator_id = m.creator_id
                 GROUP BY 1, 2) AS r USING (creator_id, month)
            """
        )
    }
    lines = []
    for key, own in sorted(posted.items()):
        added = {version: each.amount for version, each in own.items() if version is not None}
        hold = max((holds.get(version, 0) for version in added), default=0)
        over = Month.of(key[1]).last_day + dt.timedelta(days=hold) <= run.as_of
        own_sums = sums.get(key, {"earned": 0, "released": 0})
        target = releasable(
            sum(added.values()), own_sums["earned"], own_sums["released"], over=over
        )
        was = own.get(None, Posted())
        if target != was.amount:
            lines.append(
                (
                    *(run.pk, *key, None, was.sequence + 1, own_sums["released"], 0),
                    *(target, target - was.amount),
                )
            )
    return _write(lines)


def _find_orders() -> None:
    sql.execute("ANALYZE month_wanted")
    sql.execute(f"INSERT INTO month_order {_ORDERS}", {"zone": settings.TIME_ZONE})
    sql.execute("ANALYZE month_order")


def _posted() -> dict[Key, dict[int | None, Posted]]:
    """What stands for each wanted month, by version; None is what was released."""
    found: dict[Key, dict[int | None, Posted]] = defaultdict(dict)
    for row in sql.fetch_all(_POSTED):
        own = found[row["creator_id"], row["month"]]
        own[row["version_id"]] = Posted(row["amount"], row["sequence"])
    return dict(found)


def _write(lines: Iterable[tuple[Any, ...]]) -> int:
    rows = list(lines)
    sql.insert_rows(
        "incentives_monthline",
        ["run_id", "creator_id", "month", "version_id", "sequence", "lines_amount", "base",
         "target", "amount"],
        rows,
    )  # fmt: skip
    return len(rows)


# (kind of journal, account debited, account credited)
_BOOKING = {
    RunKind.ACCRUAL: (JournalKind.ACCRUAL, LedgerKind.EXPENSE, LedgerKind.ACCRUED),
    RunKind.RELEASE: (JournalKind.RELEASE, LedgerKind.ACCRUED, LedgerKind.PAYABLE),
}


def post(by: Person | None, run: CommissionRun) -> int:
    """Work out the months of a run and post one journal per person for them; how many.

    They stand beside the journals of the run's lines. Runs in the caller's transaction, once per
    run.
    """
    lines = (accrue if run.kind == RunKind.ACCRUAL else release)(run)
    if not lines:
        return 0
    kind, debit, credit = _BOOKING[RunKind(run.kind)]
    return ledger.post_set(
        by=by,
        brand=run.brand,
        currency=settings.CURRENCY,
        kind=kind,
        source=source(run.pk),
        debit=debit,
        credit=credit,
        business_date=run.as_of,
        entries="""
            SELECT creator_id::text, creator_id, sum(amount)::bigint FROM incentives_monthline
             WHERE run_id = %(run)s GROUP BY creator_id HAVING sum(amount) <> 0
        """,
        params={"run": run.pk},
    )
