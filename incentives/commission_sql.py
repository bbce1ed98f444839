"""The statements of commission runs: one span of orders at a time, set-based.

`accrue_span` is `incentives.commission.targets` for many order lines at once; a test holds the two
together. Each function is one part of a transaction that the caller opens and commits.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings

from incentives.commission import rate_table
from incentives.models import CommissionRun, PlanVersion
from incentives.plans import rates_of
from kosops.lib import sql
from matrix.choices import CreatorKind


@dataclass(frozen=True)
class Span:
    """The orders with ids above ``after`` up to ``upto``: what one transaction deals with."""

    after: int
    upto: int


@dataclass(frozen=True)
class Done:
    """How many orders a span held and how many lines were written for them."""

    orders: int
    lines: int


# -- the rules that a run goes by ----------------------------------------------


def plan_of_today(brand_id: int) -> list[dict[str, Any]]:
    """The plan versions of a brand and their days, to be kept with a run.

    Nothing else of a version can change later, so this is all a run needs to keep.
    """
    return sql.fetch_all(
        """
        SELECT id AS version, lower(valid)::text AS first, upper(valid)::text AS until
          FROM incentives_planversion WHERE brand_id = %(brand)s ORDER BY id
        """,
        {"brand": brand_id},
    )


@dataclass(frozen=True)
class Rules:
    """The plan of a run in the form of columns, ready to be joined with.

    ``rates`` answers every question of a run once, by the rule itself. A tier or category that no
    rate names is asked under the empty text.
    """

    versions: dict[str, list[Any]]
    rates: dict[str, list[Any]]
    categories: dict[str, list[Any]]
    tiers: list[str]

    @classmethod
    def of(cls, run: CommissionRun) -> Rules:
        days = {entry["version"]: entry for entry in run.plan}
        versions = list(PlanVersion.objects.filter(pk__in=days).order_by("pk"))
        rates = {version.pk: rates_of(version) for version in versions}
        tiers = sorted({rate.tier for own in rates.values() for rate in own if rate.tier})
        answers = [
            (version_id, *row)
            for version_id, own in rates.items()
            for row in rate_table(own, tiers, CreatorKind.values)
        ]
        categories = sorted(
            {(version_id, r.category) for version_id, own in rates.items() for r in own}
        )
        return cls(
            versions={
                "version_ids": [version.pk for version in versions],
                "firsts": [days[version.pk]["first"] for version in versions],
                "untils": [days[version.pk]["until"] for version in versions],
                "caps": [version.cap_bp for version in versions],
                "holds": [version.hold_days for version in versions],
            },
            rates=_columns(
                ("version_ids", "roles", "categories", "tiers", "kinds", "rate_ids", "bps"), answers
            ),
            categories=_columns(("version_ids", "names"), categories),
            tiers=tiers,
        )

    def write(self) -> None:
        """Put the rules into temporary tables of the transaction."""
        sql.execute(_RULE_TABLES)
        sql.execute(
            """
            INSERT INTO run_version
            SELECT id, daterange(first, until), cap_bp, hold_days
              FROM unnest(%(version_ids)s::bigint[], %(firsts)s::date[], %(untils)s::date[],
                   %(caps)s::int[], %(holds)s::int[]) AS v (id, first, until, cap_bp, hold_days)
            """,
            self.versions,
        )
        sql.execute(
            """
            INSERT INTO run_rate
            SELECT * FROM unnest(%(version_ids)s::bigint[], %(roles)s::text[],
                %(categories)s::text[], %(tiers)s::text[], %(kinds)s::text[],
                %(rate_ids)s::bigint[], %(bps)s::int[])
            """,
            self.rates,
        )
        sql.execute(
            "INSERT INTO run_category SELECT * FROM unnest(%(version_ids)s::bigint[],"
            " %(names)s::text[])",
            self.categories,
        )


def _columns(names: Sequence[str], rows: Sequence[Sequence[Any]]) -> dict[str, list[Any]]:
    return {name: [row[place] for row in rows] for place, name in enumerate(names)}


_RULE_TABLES = """
    CREATE TEMP TABLE IF NOT EXISTS run_version (
        id bigint, valid daterange, cap_bp integer, hold_days integer) ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS run_rate (
        version_id bigint, role text, category text, tier text, kind text, rate_id bigint,
        rate_bp integer) ON COMMIT DROP;
    CREATE TEMP TABLE IF NOT EXISTS run_category (
        version_id bigint, category text) ON COMMIT DROP;
    TRUNCATE run_version, run_rate, run_category
"""

# Compiling the batch's statements to machine code takes longer than running them.
_SETTINGS = "SET LOCAL jit = off; SET LOCAL work_mem = '64MB'"


# -- accrual -------------------------------------------------------------------


def accrual_spans(run: CommissionRun, batch: int) -> list[Span]:
    """The changed orders of the run, cut into spans of ``batch`` orders."""
    return _spans(
        "SELECT order_id FROM customers_changedorder"
        " WHERE brand_id = %(brand)s AND business_date <= %(as_of)s",
        run,
        batch,
    )


def _spans(orders: str, run: CommissionRun, batch: int) -> list[Span]:
    ends = [
        row["order_id"]
        for row in sql.fetch_all(
            f"""
            SELECT order_id
              FROM (SELECT order_id, row_number() OVER (ORDER BY order_id) AS place,
                           count(*) OVER () AS places
                      FROM ({orders}) AS orders) AS numbered
             WHERE place %% %(batch)s = 0 OR place = places ORDER BY order_id
            """,
            {"brand": run.brand_id, "as_of": run.as_of, "batch": batch},
        )
    ]
    return [Span(after, upto) for after, upto in zip([-1, *ends], ends, strict=False)]


# Taken first and in a statement of its own: it may wait for an intake that is changing an order,
# and the statement after it then sees what that intake wrote. Locked in id order, as intake does.
_TAKE_CHANGED = """
    WITH taken AS (
        DELETE FROM customers_changedorder
         WHERE order_id = ANY (ARRAY(
            SELECT order_id FROM customers_changedorder
             WHERE brand_id = %(brand)s AND business_date <= %(as_of)s
               AND order_id > %(after)s AND order_id <= %(upto)s
             ORDER BY order_id FOR UPDATE))
        RETURNING order_id)
    INSERT INTO run_batch SELECT order_id FROM taken
"""

# What is posted per entitlement, for the orders of the batch. The first line's rate is frozen;
# later ones may be lower, to stay under the cap, so it is the highest.
_POSTED = """
    INSERT INTO run_posted
    SELECT c.order_line_id, c.creator_id, c.role, c.order_id, min(c.rate_id), max(c.rate_bp),
           max(c.sequence), sum(c.amount)::bigint
      FROM run_batch b JOIN incentives_commissionline c ON c.order_id = b.order_id
     GROUP BY c.order_line_id, c.creator_id, c.role, c.order_id
"""

# Lines and due days in one statement, so that both rest on one moment's facts.
_ACCRUE = """
    WITH fact AS MATERIALIZED (
        SELECT o.id AS order_id, o.status, o.seller_id,
               NULLIF(o.sharer_id, o.seller_id) AS sharer_id,
               s.kind AS seller_kind, h.kind AS sharer_kind,
               CASE WHEN s.tier = ANY (%(tiers)s::text[]) THEN s.tier ELSE '' END AS seller_tier,
               CASE WHEN h.tier = ANY (%(tiers)s::text[]) THEN h.tier ELSE '' END AS sharer_tier,
               v.id AS version_id, COALESCE(v.cap_bp, 10000) AS cap_bp, v.hold_days,
               COALESCE((o.finished_at AT TIME ZONE %(zone)s)::date, o.business_date) AS held_from
          FROM run_batch b
          JOIN customers_order o ON o.id = b.order_id AND o.currency = %(currency)s
          LEFT JOIN run_version v ON v.valid @> o.business_date
          LEFT JOIN matrix_creator s ON s.id = o.seller_id
          LEFT JOIN matrix_creator h ON h.id = o.sharer_id AND h.id IS DISTINCT FROM o.seller_id
    ), rated AS (
        SELECT n.order_id, l.id AS line_id, n.seller_id, n.sharer_id, n.cap_bp,
               CASE WHEN n.status = 'closed' OR NOT l.commissionable THEN 0
                    ELSE l.paid_amount - l.refunded_amount END AS base,
               fs.sequence AS seller_sequence, COALESCE(fs.posted, 0) AS seller_posted,
               COALESCE(fs.rate_id, rs.rate_id) AS seller_rate_id,
               -- LEAST passes NULL over, so a missing rate needs saying.
               CASE WHEN fs.rate_id IS NOT NULL THEN LEAST(fs.rate_bp, n.cap_bp)
                    WHEN rs.rate_id IS NOT NULL
                    THEN GREATEST(0, LEAST(rs.rate_bp, n.cap_bp - COALESCE(fh.rate_bp, 0)))
               END AS seller_bp,
               fh.sequence AS sharer_sequence, COALESCE(fh.posted, 0) AS sharer_posted,
               COALESCE(fh.rate_id, rh.rate_id) AS sharer_rate_id,
               COALESCE(fh.rate_bp, rh.rate_bp) AS sharer_bp
          FROM fact n
          JOIN customers_orderline l ON l.order_id = n.order_id
          LEFT JOIN run_category k ON k.version_id = n.version_id AND k.category = l.category
          LEFT JOIN run_rate rs ON rs.version_id = n.version_id AND rs.role = 'seller'
               AND rs.category = COALESCE(k.category, '') AND rs.tier = n.seller_tier
               AND rs.kind = n.seller_kind
          LEFT JOIN run_rate rh ON rh.version_id = n.version_id AND rh.role = 'sharer'
               AND rh.category = COALESCE(k.category, '') AND rh.tier = n.sharer_tier
               AND rh.kind = n.sharer_kind
          LEFT JOIN run_posted fs ON fs.order_line_id = l.id AND fs.creator_id = n.seller_id
               AND fs.role = 'seller'
          LEFT JOIN run_posted fh ON fh.order_line_id = l.id AND fh.creator_id = n.sharer_id
               AND fh.role = 'sharer'
    ), owed AS (
        SELECT order_id, line_id, who.*, base, base * who.rate_bp / 10000 AS target
          FROM rated
         CROSS JOIN LATERAL (VALUES
            ('seller', seller_id, seller_rate_id, seller_bp, seller_sequence, seller_posted),
            ('sharer', sharer_id, sharer_rate_id,
             LEAST(sharer_bp, GREATEST(0, cap_bp - COALESCE(seller_bp, 0))),
             sharer_sequence, sharer_posted)
         ) AS who (role, creator_id, rate_id, rate_bp, sequence, posted)
         WHERE who.creator_id IS NOT NULL AND who.rate_id IS NOT NULL
        UNION ALL
        -- Beneficiaries who are no longer named are owed nothing.
        SELECT f.order_id, f.order_line_id, f.role, f.creator_id, f.rate_id, f.rate_bp,
               f.sequence, f.posted, 0, 0
          FROM run_posted f JOIN fact n ON n.order_id = f.order_id
         WHERE f.creator_id IS DISTINCT FROM
               CASE f.role WHEN 'seller' THEN n.seller_id ELSE n.sharer_id END
    ), added AS (
        INSERT INTO incentives_commissionline (run_id, order_id, order_line_id, creator_id, role,
            rate_id, rate_bp, sequence, base, target, amount)
        SELECT %(run)s, order_id, line_id, creator_id, role, rate_id, rate_bp,
               COALESCE(sequence, 0) + 1, base, target, target - posted
          FROM owed WHERE target <> posted
            ON CONFLICT (order_id, order_line_id, creator_id, role, sequence) DO NOTHING
        RETURNING order_id
    ), credited AS (
        SELECT n.order_id, n.status = 'refunding' AS refunding,
               n.status = 'refunding' AND EXISTS (
                    SELECT 1 FROM incentives_releaseline r WHERE r.order_id = n.order_id)
                   AS only_back,
               -- The hold counts from the day the order was finished where the shop tells it, else
               -- from payment. Nothing is released before the run that earned it.
               GREATEST(%(as_of)s, n.held_from + COALESCE(n.hold_days, (
                    SELECT max(v.hold_days) FROM run_posted f
                      JOIN incentives_planrate r ON r.id = f.rate_id
                      JOIN incentives_planversion v ON v.id = r.version_id
                     WHERE f.order_id = n.order_id))) AS due_on
          FROM fact n
         WHERE n.order_id IN (SELECT order_id FROM added UNION ALL SELECT order_id FROM run_posted)
    ), waits AS (
        INSERT INTO incentives_pendingrelease (order_id, brand_id, due_on, only_back)
        SELECT order_id, %(brand)s, due_on, only_back
          FROM credited WHERE only_back OR NOT refunding
            ON CONFLICT (order_id) DO UPDATE
           SET due_on = EXCLUDED.due_on, only_back = EXCLUDED.only_back
    ), undecided AS (
        -- An order with a refund under way waits until the shop has decided.
        DELETE FROM incentives_pendingrelease p USING credited c
         WHERE p.order_id = c.order_id AND c.refunding AND NOT c.only_back
    )
    SELECT count(*) AS lines FROM added
"""


def accrue_span(run: CommissionRun, rules: Rules, span: Span) -> Done:
    """Take the changed orders of the span and write what their commission changed by."""
    sql.execute(_SETTINGS)
    sql.execute(
        """
        CREATE TEMP TABLE IF NOT EXISTS run_batch (order_id bigint PRIMARY KEY) ON COMMIT DROP;
        CREATE TEMP TABLE IF NOT EXISTS run_posted (
            order_line_id bigint, creator_id bigint, role text, order_id bigint, rate_id bigint,
            rate_bp integer, sequence integer, posted bigint) ON COMMIT DROP;
        TRUNCATE run_batch, run_posted
        """
    )
    place = {"brand": run.brand_id, "as_of": run.as_of, "after": span.after, "upto": span.upto}
    orders = sql.execute(_TAKE_CHANGED, place)
    if not orders:
        return Done(0, 0)
    sql.execute("ANALYZE run_batch")
    sql.execute(_POSTED)
    sql.execute("ANALYZE run_posted")
    rules.write()
    facts = {
        "run": run.pk,
        "brand": run.brand_id,
        "as_of": run.as_of,
        "currency": settings.CURRENCY,
        "zone": settings.TIME_ZONE,
        "tiers": rules.tiers,
    }
    return Done(orders, sql.fetch_one(_ACCRUE, facts)["lines"])


# -- release -------------------------------------------------------------------


def release_spans(run: CommissionRun, batch: int) -> list[Span]:
    """The due orders of the run, cut into spans of ``batch`` orders."""
    return _spans(
        "SELECT order_id FROM incentives_pendingrelease"
        " WHERE brand_id = %(brand)s AND due_on <= %(as_of)s",
        run,
        batch,
    )


# An order whose facts changed since waits for the next accrual: a refund wins over the end of the
# hold (T7).
_TAKE_DUE = """
    WITH taken AS (
        DELETE FROM incentives_pendingrelease p
         WHERE p.brand_id = %(brand)s AND p.due_on <= %(as_of)s
           AND p.order_id > %(after)s AND p.order_id <= %(upto)s
           AND NOT EXISTS (SELECT 1 FROM customers_changedorder c WHERE c.order_id = p.order_id)
        RETURNING p.order_id, p.only_back)
    INSERT INTO run_due SELECT order_id, only_back FROM taken
"""

_RELEASE = """
    INSERT INTO incentives_releaseline (run_id, order_id, creator_id, sequence, amount)
    SELECT %(run)s, earned.order_id, earned.creator_id, COALESCE(gone.sequence, 0) + 1,
           earned.amount - COALESCE(gone.amount, 0)
      FROM (SELECT c.order_id, c.creator_id, sum(c.amount)::bigint AS amount,
                   bool_or(b.only_back) AS only_back
              FROM run_due b JOIN incentives_commissionline c ON c.order_id = b.order_id
             GROUP BY c.order_id, c.creator_id) AS earned
      LEFT JOIN (SELECT r.order_id, r.creator_id, sum(r.amount)::bigint AS amount,
                        max(r.sequence) AS sequence
                   FROM run_due b JOIN incentives_releaseline r ON r.order_id = b.order_id
                  GROUP BY r.order_id, r.creator_id) AS gone
        ON gone.order_id = earned.order_id AND gone.creator_id = earned.creator_id
     WHERE earned.amount <> COALESCE(gone.amount, 0)
       AND (NOT earned.only_back OR earned.amount < COALESCE(gone.amount, 0))
        ON CONFLICT (order_id, creator_id, sequence) DO NOTHING
"""


def release_span(run: CommissionRun, rules: Rules, span: Span) -> Done:
    """Take the due orders of the span and release what is held for them."""
    sql.execute(_SETTINGS)
    sql.execute(
        """
        CREATE TEMP TABLE IF NOT EXISTS run_due (
            order_id bigint PRIMARY KEY, only_back boolean) ON COMMIT DROP;
        TRUNCATE run_due
        """
    )
    place = {"brand": run.brand_id, "as_of": run.as_of, "after": span.after, "upto": span.upto}
    orders = sql.execute(_TAKE_DUE, place)
    if not orders:
        return Done(0, 0)
    sql.execute("ANALYZE run_due")
    return Done(orders, sql.execute(_RELEASE, {"run": run.pk}))
