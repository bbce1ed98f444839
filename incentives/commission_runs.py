"""Commission runs: from changed orders to lines, from due orders to releases, and into the books.

A run works in batches of orders, one transaction each: the batch leaves the list of changed (or
due) orders in the same statement's transaction that writes its lines, so a killed run goes on
where it stopped. When no order is left, one journal per creator is posted for the whole run.
Nothing is posted twice because every line carries a sequence under a unique key.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import ledger
from incentives.choices import JournalKind, LedgerKind, RunKind, RunState, SettlementState, Tier
from incentives.commission import rate_table
from incentives.models import CommissionRun, PlanVersion, Settlement
from incentives.plans import rates_of
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind

BATCH = 10_000

Tell = Callable[[int], None]


def accrue(
    *, by: Person | None, brand: Unit, as_of: dt.date, batch: int = BATCH, tell: Tell | None = None
) -> CommissionRun:
    """Work out commission of all changed orders paid up to ``as_of`` and post it.

    Refuses `run_in_progress` while another run of the brand is going on and `month_settled` when
    ``as_of`` lies in a settled month. A run that was cut off is taken up again first.
    """
    with _exclusive(brand):
        return _run(by, brand, RunKind.ACCRUAL, as_of, batch, tell)


def release(
    *, by: Person | None, brand: Unit, as_of: dt.date, batch: int = BATCH, tell: Tell | None = None
) -> CommissionRun:
    """Make commission payable whose hold ended by ``as_of``; refusals as for `accrue`."""
    with _exclusive(brand):
        _finish_open(by, brand, RunKind.ACCRUAL, batch)
        return _run(by, brand, RunKind.RELEASE, as_of, batch, tell)


def _exclusive(brand: Unit) -> Any:
    return sql.held(
        f"commission:{brand.pk}",
        busy=DomainError(
            "run_in_progress", _("A commission run of this brand is going on. Try again later.")
        ),
    )


def _run(
    by: Person | None, brand: Unit, kind: str, as_of: dt.date, batch: int, tell: Tell | None
) -> CommissionRun:
    _finish_open(by, brand, kind, batch)
    check_month_open(brand, as_of)
    run = CommissionRun.objects.create(brand=brand, kind=kind, as_of=as_of, started_by=by)
    return _complete(by, run, batch, tell)


def _finish_open(by: Person | None, brand: Unit, kind: str, batch: int) -> None:
    """Take up a run that was cut off, so that its lines reach the books before new ones come."""
    cut_off = CommissionRun.objects.filter(brand=brand, kind=kind).exclude(state=RunState.POSTED)
    for run in cut_off:
        _complete(by, run, batch, None)


def check_month_open(brand: Unit, day: dt.date) -> None:
    """Refuse `month_settled` when ``day`` lies in a settled month."""
    period = f"{day:%Y-%m}"
    if Settlement.objects.filter(
        brand=brand, period=period, state=SettlementState.SETTLED
    ).exists():
        raise DomainError(
            "month_settled",
            _("%(period)s is settled. Post into the open month."),
            period=period,
        )


def _complete(
    by: Person | None, run: CommissionRun, batch: int, tell: Tell | None
) -> CommissionRun:
    step = _accrue_batch if run.kind == RunKind.ACCRUAL else _release_batch
    # A release run that resumes must not touch orders that became due only later.
    done = int(run.counts.get("orders", 0))
    while run.state == RunState.CALCULATING:
        with transaction.atomic():
            orders, lines = step(run, batch)
            run.counts = {
                "orders": run.counts.get("orders", 0) + orders,
                "lines": run.counts.get("lines", 0) + lines,
            }
            if orders < batch:
                run.state = RunState.POSTING
            run.save(update_fields=["counts", "state"])
        done += orders
        if tell is not None:
            tell(done)
    _post(by, run)
    return run


# -- accrual -------------------------------------------------------------------

_TAKE_CHANGED = """
    WITH taken AS (
        DELETE FROM customers_changedorder
         WHERE order_id IN (
            SELECT order_id FROM customers_changedorder
             WHERE brand_id = %(brand)s AND business_date <= %(as_of)s
             ORDER BY order_id LIMIT %(batch)s FOR UPDATE)
        RETURNING order_id)
    INSERT INTO run_batch SELECT order_id FROM taken
"""

# What is posted per entitlement, for the orders of the batch. The frozen rate is the same on
# all lines of an entitlement.
_POSTED = """
    INSERT INTO run_posted
    SELECT c.order_line_id, c.creator_id, c.role, min(c.order_id), min(c.rate_id), min(c.rate_bp),
           max(c.sequence), sum(c.amount)::bigint
      FROM run_batch b JOIN incentives_commissionline c ON c.order_id = b.order_id
     GROUP BY c.order_line_id, c.creator_id, c.role
"""

# incentives.commission.targets in SQL: the seller's rate first, the sharer gets what the cap leaves.
_LINES = """
    WITH line AS (
        SELECT o.id AS order_id, l.id AS line_id, p.id AS version_id, p.cap_bp,
               COALESCE(k.category, '') AS category,
               CASE WHEN o.status = 'closed' OR NOT l.commissionable THEN 0
                    ELSE l.paid_amount - l.refunded_amount END AS base,
               o.seller_id, NULLIF(o.sharer_id, o.seller_id) AS sharer_id
          FROM run_batch b
          JOIN customers_order o ON o.id = b.order_id AND o.currency = %(currency)s
          JOIN customers_orderline l ON l.order_id = o.id
          LEFT JOIN incentives_planversion p
            ON p.brand_id = o.brand_id AND p.valid @> o.business_date
          LEFT JOIN run_category k ON k.version_id = p.id AND k.category = l.category
    ), seller AS (
        SELECT n.*, f.rate_id AS frozen_id, f.sequence, COALESCE(f.posted, 0) AS posted,
               COALESCE(f.rate_id, r.rate_id) AS rate_id,
               -- LEAST passes NULL over, so a missing rate needs saying.
               CASE WHEN f.rate_bp IS NOT NULL THEN f.rate_bp
                    WHEN r.rate_bp IS NOT NULL
                    THEN GREATEST(0, LEAST(r.rate_bp, n.cap_bp - COALESCE(h.rate_bp, 0)))
               END AS rate_bp
          FROM line n
          LEFT JOIN matrix_creator s ON s.id = n.seller_id
          LEFT JOIN run_rate r ON r.version_id = n.version_id AND r.role = 'seller'
               AND r.category = n.category AND r.tier = s.tier AND r.kind = s.kind
          LEFT JOIN run_posted f ON f.order_line_id = n.line_id AND f.creator_id = n.seller_id
               AND f.role = 'seller'
          LEFT JOIN run_posted h ON h.order_line_id = n.line_id AND h.creator_id = n.sharer_id
               AND h.role = 'sharer'
    ), sharer AS (
        SELECT n.order_id, n.line_id, n.sharer_id, n.base, f.sequence,
               COALESCE(f.posted, 0) AS posted,
               COALESCE(f.rate_id, r.rate_id) AS rate_id,
               CASE WHEN f.rate_bp IS NOT NULL THEN f.rate_bp
                    WHEN r.rate_bp IS NOT NULL
                    THEN GREATEST(0, LEAST(r.rate_bp, n.cap_bp - COALESCE(n.rate_bp, 0)))
               END AS rate_bp
          FROM seller n
          JOIN matrix_creator s ON s.id = n.sharer_id
          LEFT JOIN run_rate r ON r.version_id = n.version_id AND r.role = 'sharer'
               AND r.category = n.category AND r.tier = s.tier AND r.kind = s.kind
          LEFT JOIN run_posted f ON f.order_line_id = n.line_id AND f.creator_id = n.sharer_id
               AND f.role = 'sharer'
    ), owed AS (
        SELECT order_id, line_id, seller_id AS creator_id, 'seller' AS role, rate_id, rate_bp,
               sequence, base, base * rate_bp / 10000 AS target, posted
          FROM seller WHERE seller_id IS NOT NULL AND rate_id IS NOT NULL
        UNION ALL
        SELECT order_id, line_id, sharer_id, 'sharer', rate_id, rate_bp,
               sequence, base, base * rate_bp / 10000, posted
          FROM sharer WHERE rate_id IS NOT NULL
        UNION ALL
        -- Beneficiaries who are no longer named are owed nothing.
        SELECT f.order_id, f.order_line_id, f.creator_id, f.role, f.rate_id, f.rate_bp,
               f.sequence, 0, 0, f.posted
          FROM run_posted f JOIN customers_order o ON o.id = f.order_id
         WHERE f.creator_id IS DISTINCT FROM
               CASE f.role WHEN 'seller' THEN o.seller_id
                    ELSE NULLIF(o.sharer_id, o.seller_id) END
    )
    INSERT INTO incentives_commissionline (run_id, order_id, order_line_id, creator_id, role,
        rate_id, rate_bp, sequence, base, target, amount)
    SELECT %(run)s, order_id, line_id, creator_id, role, rate_id, rate_bp,
           COALESCE(sequence, 0) + 1, base, target, target - posted
      FROM owed WHERE target <> posted
        ON CONFLICT (order_line_id, creator_id, role, sequence) DO NOTHING
"""

# The hold counts from the day the order was finished where the shop tells it, else from payment.
# An order with a refund under way waits until the shop has decided.
_PENDING = """
    INSERT INTO incentives_pendingrelease (order_id, brand_id, due_on)
    SELECT o.id, o.brand_id,
           COALESCE((o.finished_at AT TIME ZONE %(zone)s)::date, o.business_date)
               + (SELECT max(p.hold_days) FROM incentives_planversion p
                   WHERE p.brand_id = o.brand_id AND p.valid @> o.business_date)
      FROM run_batch b JOIN customers_order o ON o.id = b.order_id
     WHERE o.status <> 'refunding'
       AND EXISTS (SELECT 1 FROM incentives_commissionline c WHERE c.order_id = o.id)
        ON CONFLICT (order_id) DO UPDATE SET due_on = EXCLUDED.due_on
"""

_NOT_PENDING = """
    DELETE FROM incentives_pendingrelease
     WHERE order_id IN (SELECT o.id FROM run_batch b JOIN customers_order o ON o.id = b.order_id
                         WHERE o.status = 'refunding')
"""


def _accrue_batch(run: CommissionRun, batch: int) -> tuple[int, int]:
    """Take up to ``batch`` changed orders; (orders taken, lines written)."""
    params = {
        "run": run.pk,
        "brand": run.brand_id,
        "as_of": run.as_of,
        "batch": batch,
        "currency": settings.CURRENCY,
        "zone": settings.TIME_ZONE,
    }
    _temporary_tables()
    orders = sql.execute(_TAKE_CHANGED, params)
    if not orders:
        return 0, 0
    _write_rate_table(run.brand)
    sql.execute("ANALYZE run_batch")
    sql.execute(_POSTED)
    sql.execute("ANALYZE run_posted")
    lines = sql.execute(_LINES, params)
    sql.execute(_PENDING, params)
    sql.execute(_NOT_PENDING)
    return orders, lines


def _temporary_tables() -> None:
    sql.execute(
        """
        CREATE TEMP TABLE IF NOT EXISTS run_batch (order_id bigint PRIMARY KEY) ON COMMIT DROP;
        CREATE TEMP TABLE IF NOT EXISTS run_posted (
            order_line_id bigint, creator_id bigint, role text, order_id bigint, rate_id bigint,
            rate_bp integer, sequence integer, posted bigint) ON COMMIT DROP;
        CREATE TEMP TABLE IF NOT EXISTS run_rate (
            version_id bigint, role text, category text, tier text, kind text, rate_id bigint,
            rate_bp integer) ON COMMIT DROP;
        CREATE TEMP TABLE IF NOT EXISTS run_category (
            version_id bigint, category text) ON COMMIT DROP;
        TRUNCATE run_batch, run_posted, run_rate, run_category
        """
    )


def _write_rate_table(brand: Unit) -> None:
    """Answer every rate question once, by the rule itself, for the batch to join with."""
    for version in PlanVersion.objects.filter(brand=brand):
        rates = rates_of(version)
        rows = list(rate_table(rates, Tier.values, CreatorKind.values))
        sql.execute(
            """
            INSERT INTO run_rate
            SELECT %(version)s, * FROM unnest(%(roles)s::text[], %(categories)s::text[],
                %(tiers)s::text[], %(kinds)s::text[], %(ids)s::bigint[], %(rates)s::int[])
            """,
            {
                "version": version.pk,
                "roles": [row[0] for row in rows],
                "categories": [row[1] for row in rows],
                "tiers": [row[2] for row in rows],
                "kinds": [row[3] for row in rows],
                "ids": [row[4] for row in rows],
                "rates": [row[5] for row in rows],
            },
        )
        sql.execute(
            "INSERT INTO run_category SELECT %(version)s, unnest(%(categories)s::text[])",
            {
                "version": version.pk,
                "categories": sorted({rate.category for rate in rates if rate.category}),
            },
        )


# -- release -------------------------------------------------------------------

_TAKE_DUE = """
    WITH taken AS (
        DELETE FROM incentives_pendingrelease
         WHERE order_id IN (
            SELECT order_id FROM incentives_pendingrelease
             WHERE brand_id = %(brand)s AND due_on <= %(as_of)s
             ORDER BY order_id LIMIT %(batch)s FOR UPDATE)
        RETURNING order_id)
    INSERT INTO run_batch SELECT order_id FROM taken
"""

_RELEASES = """
    INSERT INTO incentives_releaseline (run_id, order_id, creator_id, sequence, amount)
    SELECT %(run)s, earned.order_id, earned.creator_id, COALESCE(gone.sequence, 0) + 1,
           earned.amount - COALESCE(gone.amount, 0)
      FROM (SELECT c.order_id, c.creator_id, sum(c.amount)::bigint AS amount
              FROM run_batch b JOIN incentives_commissionline c ON c.order_id = b.order_id
             GROUP BY c.order_id, c.creator_id) AS earned
      LEFT JOIN (SELECT r.order_id, r.creator_id, sum(r.amount)::bigint AS amount,
                        max(r.sequence) AS sequence
                   FROM run_batch b JOIN incentives_releaseline r ON r.order_id = b.order_id
                  GROUP BY r.order_id, r.creator_id) AS gone
        ON gone.order_id = earned.order_id AND gone.creator_id = earned.creator_id
     WHERE earned.amount <> COALESCE(gone.amount, 0)
        ON CONFLICT (order_id, creator_id, sequence) DO NOTHING
"""


def _release_batch(run: CommissionRun, batch: int) -> tuple[int, int]:
    """Take up to ``batch`` due orders; (orders taken, lines written)."""
    params = {"run": run.pk, "brand": run.brand_id, "as_of": run.as_of, "batch": batch}
    _temporary_tables()
    orders = sql.execute(_TAKE_DUE, params)
    if not orders:
        return 0, 0
    sql.execute("ANALYZE run_batch")
    return orders, sql.execute(_RELEASES, params)


# -- into the books ------------------------------------------------------------

# (sub-ledger, kind of journal, account debited, account credited)
_BOOKING = {
    RunKind.ACCRUAL: (
        "incentives_commissionline",
        JournalKind.ACCRUAL,
        LedgerKind.EXPENSE,
        LedgerKind.ACCRUED,
    ),
    RunKind.RELEASE: (
        "incentives_releaseline",
        JournalKind.RELEASE,
        LedgerKind.ACCRUED,
        LedgerKind.PAYABLE,
    ),
}

_JOURNALS = """
    WITH earned AS (
        SELECT creator_id, sum(amount)::bigint AS amount FROM {table}
         WHERE run_id = %(run)s GROUP BY creator_id HAVING sum(amount) <> 0
    ), entry AS (
        INSERT INTO incentives_journal (brand_id, currency, kind, source, key, run_id,
            business_date, created_at, created_by_id, reason)
        SELECT %(brand)s, %(currency)s, %(kind)s, %(source)s, creator_id::text, %(run)s,
               %(as_of)s, %(now)s, %(by)s, ''
          FROM earned ORDER BY creator_id
            ON CONFLICT (source, key) DO NOTHING
        RETURNING id, key::bigint AS creator_id
    )
    INSERT INTO incentives_posting (journal_id, line, account_id, currency, amount)
    SELECT entry.id, side.line, a.id, %(currency)s, side.sign * earned.amount
      FROM entry JOIN earned USING (creator_id)
     CROSS JOIN (VALUES (1, %(debit)s, 1), (2, %(credit)s, -1)) AS side (line, account, sign)
      JOIN incentives_ledgeraccount a ON a.brand_id = %(brand)s AND a.currency = %(currency)s
           AND a.kind = side.account
           AND a.creator_id IS NOT DISTINCT FROM
               CASE WHEN side.account = 'expense' THEN NULL ELSE entry.creator_id END
     ORDER BY entry.id, side.line
"""


@transaction.atomic
def _post(by: Person | None, run: CommissionRun) -> None:
    """Post one journal per creator, close the run and log it."""
    table, kind, debit, credit = _BOOKING[RunKind(run.kind)]
    currency = settings.CURRENCY
    if debit == LedgerKind.EXPENSE:
        ledger.account(brand=run.brand, kind=debit, currency=currency)
    ledger.open_accounts(
        brand=run.brand,
        kinds=[side for side in (debit, credit) if side != LedgerKind.EXPENSE],
        currency=currency,
        creators_sql=f"SELECT DISTINCT creator_id FROM {table} WHERE run_id = %(run)s",
        params={"run": run.pk},
    )
    now = timezone.now()
    postings = sql.execute(
        _JOURNALS.format(table=table),
        {
            "run": run.pk,
            "brand": run.brand_id,
            "currency": currency,
            "kind": kind,
            "source": f"run:{run.pk}",
            "as_of": run.as_of,
            "now": now,
            "by": by.pk if by else None,
            "debit": debit,
            "credit": credit,
        },
    )
    run.state = RunState.POSTED
    run.posted_at = now
    run.counts = {**run.counts, "journals": postings // 2}
    run.save(update_fields=["state", "posted_at", "counts"])
    activity.record(by=by, verb="commission_run.run", object=run, unit=run.brand, after=run.counts)
