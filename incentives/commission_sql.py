"""The statements of commission runs: one span of orders at a time, set-based.

`accrue_span` is `incentives.commission.targets` for many order lines at once; a test holds the two
together. Each function is one part of a transaction that the caller opens and commits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.conf import settings

from incentives import commission_wide_sql
from incentives.commission import rate_table
from incentives.commission_wide_sql import WideRules
from incentives.models import CommissionRun, PlanVersion
from incentives.plan_choices import PlanState
from incentives.plans import is_wide, rates_of
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
    """The approved plan versions of a brand and their days, to be kept with a run.

    Nothing else of a version can change later, so this is all a run needs to keep. ``wide`` marks
    versions that ask for more than the plain statement knows.
    """
    versions = PlanVersion.objects.filter(brand=brand_id, state=PlanState.APPROVED).order_by("pk")
    return [
        {
            "version": version.pk,
            "first": version.valid.lower.isoformat() if version.valid.lower else None,
            "until": version.valid.upper.isoformat() if version.valid.upper else None,
            **({"wide": True} if is_wide(version) else {}),
        }
        for version in versions
    ]


@dataclass(frozen=True)
class Rules:
    """The plan of a run in the form of columns, ready to be joined with.

    The rule itself answers every question once. Words become their places in a list and a question
    one number, which is much quicker to compare than four texts:

        key = (version x categories + category) x classes + class of the person

    A class is a kind of creator and a tier. A category or tier that no rate names has place 0.
    """

    categories: list[str]
    tiers: list[str]
    versions: dict[str, list[Any]]
    answers: dict[str, list[Any]]
    # Only where a version asks for more than category, tier and kind.
    wide: WideRules | None = None

    kinds = list(CreatorKind.values)

    @classmethod
    def of(cls, run: CommissionRun) -> Rules:
        days = {entry["version"]: entry for entry in run.plan}
        versions = list(PlanVersion.objects.filter(pk__in=days).order_by("pk"))
        # The plain statement never gets to see an order of a wide version.
        rates = [[] if days[version.pk].get("wide") else rates_of(version) for version in versions]
        rules = cls(
            categories=sorted({rate.category for own in rates for rate in own} - {""}),
            tiers=sorted({rate.tier for own in rates for rate in own} - {""}),
            versions={
                "numbers": list(range(len(versions))),
                "ids": [version.pk for version in versions],
                "wide": [bool(days[version.pk].get("wide")) for version in versions],
                "firsts": [days[version.pk]["first"] for version in versions],
                "untils": [days[version.pk]["until"] for version in versions],
                "caps": [version.cap_bp for version in versions],
                "holds": [version.hold_days for version in versions],
            },
            answers={"roles": [], "keys": [], "rate_ids": [], "rates": []},
            wide=WideRules.of(run, versions)
            if any("wide" in entry for entry in run.plan)
            else None,
        )
        for number, own in enumerate(rates):
            for role, places, rate in rate_table(
                own, ["", *rules.categories], ["", *rules.tiers], rules.kinds
            ):
                rules.answers["roles"].append(role)
                rules.answers["keys"].append(rules.key(number, *places))
                rules.answers["rate_ids"].append(rate.id)
                rules.answers["rates"].append(rate.rate_bp)
        return rules

    @property
    def sizes(self) -> dict[str, int]:
        """How many categories, tiers and classes there are, those without a name included."""
        tiers = len(self.tiers) + 1
        return {
            "category_count": len(self.categories) + 1,
            "tier_count": tiers,
            "class_count": tiers * len(self.kinds),
        }

    def key(self, version: int, category: int, tier: int, kind: int) -> int:
        sizes = self.sizes
        person = kind * sizes["tier_count"] + tier
        return (version * sizes["category_count"] + category) * sizes["class_count"] + person

    @property
    def words(self) -> dict[str, Any]:
        """What `_ACCRUE` needs to turn words into a key."""
        return {
            **self.sizes,
            "categories": self.categories,
            "tiers": self.tiers,
            "kinds": self.kinds,
        }

    def write(self) -> None:
        """Put versions and answers into temporary tables of the transaction."""
        sql.execute(
            """
            CREATE TEMP TABLE IF NOT EXISTS run_version (
                number integer, version_id bigint, wide boolean, valid daterange, cap_bp integer,
                hold_days integer) ON COMMIT DROP;
            CREATE TEMP TABLE IF NOT EXISTS run_rate (
                role text, key bigint, rate_id bigint, rate_bp integer) ON COMMIT DROP;
            TRUNCATE run_version, run_rate
            """
        )
        sql.execute(
            """
            INSERT INTO run_version
            SELECT number, version_id, wide, daterange(first, until), cap_bp, hold_days
              FROM unnest(%(numbers)s::int[], %(ids)s::bigint[], %(wide)s::boolean[],
                   %(firsts)s::date[], %(untils)s::date[], %(caps)s::int[], %(holds)s::int[])
                   AS v (number, version_id, wide, first, until, cap_bp, hold_days)
            """,
            self.versions,
        )
        sql.execute(
            """
            INSERT INTO run_rate
            SELECT * FROM unnest(%(roles)s::text[], %(keys)s::bigint[], %(rate_ids)s::bigint[],
                %(rates)s::int[])
            """,
            self.answers,
        )
        sql.execute("ANALYZE run_version, run_rate")


# Compiling the statements to machine code takes longer than running them.
SETTINGS = "SET LOCAL jit = off; SET LOCAL work_mem = '64MB'"


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

# Due days are worked out anew.
_NO_LONGER_DUE = """
    DELETE FROM incentives_pendingrelease
     WHERE order_id > %(after)s AND order_id <= %(upto)s
       AND order_id IN (SELECT order_id FROM run_batch)
"""

# What is posted per entitlement, for the orders of the batch. The first line's rate is frozen;
# later ones may be lower, to stay under the cap, so it is the highest.
_POSTED = """
    INSERT INTO run_posted
    SELECT c.order_line_id, c.creator_id, c.role, c.order_id, min(c.rate_id), max(c.rate_bp),
           min(v.cap_bp), max(c.sequence), sum(c.amount)::bigint
      FROM run_batch b JOIN incentives_commissionline c ON c.order_id = b.order_id
           AND c.order_id > %(after)s AND c.order_id <= %(upto)s
      JOIN incentives_planrate r ON r.id = c.rate_id
      JOIN incentives_planversion v ON v.id = r.version_id
     GROUP BY c.order_line_id, c.creator_id, c.role, c.order_id
"""

# There is no ON CONFLICT: it costs a fifth more, and a conflict would mean that two runs are at
# work. Then the unique key refuses, and the span begins anew.
# Lines and due days in one statement, so that both rest on one moment's facts. The span stands
# beside the batch in each join: where the batch is dense, one walk through the index finds all.
_ACCRUE = """
    WITH fact AS MATERIALIZED (
        SELECT o.id AS order_id, o.seller_id, h.id AS sharer_id, o.status = 'closed' AS closed,
               o.status = 'refunding' AS refunding,
               v.number AS version, COALESCE(v.cap_bp, 0) AS cap_bp, v.hold_days,
               (array_position(%(kinds)s::text[], s.kind::text) - 1) * %(tier_count)s
                   + COALESCE(array_position(%(tiers)s::text[], s.tier::text), 0) AS seller_class,
               (array_position(%(kinds)s::text[], h.kind::text) - 1) * %(tier_count)s
                   + COALESCE(array_position(%(tiers)s::text[], h.tier::text), 0) AS sharer_class,
               COALESCE((o.finished_at AT TIME ZONE %(zone)s)::date, o.business_date) AS held_from
          FROM run_batch b
          JOIN customers_order o ON o.id = b.order_id AND o.currency = %(currency)s
               AND o.id > %(after)s AND o.id <= %(upto)s
          LEFT JOIN run_version v ON v.valid @> o.business_date
          LEFT JOIN matrix_creator s ON s.id = o.seller_id
          LEFT JOIN matrix_creator h ON h.id = o.sharer_id AND h.id IS DISTINCT FROM o.seller_id
    ), line AS (
        SELECT n.order_id, l.id AS line_id, n.seller_id, n.sharer_id, n.seller_class,
               n.sharer_class, n.cap_bp,
               CASE WHEN n.closed OR NOT l.commissionable THEN 0
                    ELSE l.paid_amount - l.refunded_amount END AS base,
               (n.version * %(category_count)s
                   + COALESCE(array_position(%(categories)s::text[], l.category::text), 0))::bigint
                   * %(class_count)s AS key
          FROM fact n
          JOIN customers_orderline l ON l.order_id = n.order_id
               AND l.order_id > %(after)s AND l.order_id <= %(upto)s
    ), rated AS (
        SELECT l.order_id, l.line_id, l.seller_id, l.sharer_id, l.base,
               CASE WHEN fh.rate_id IS NOT NULL THEN GREATEST(l.cap_bp, fh.cap_bp, fs.cap_bp)
                    ELSE l.cap_bp END AS cap_bp,
               fs.sequence AS seller_sequence, COALESCE(fs.posted, 0) AS seller_posted,
               COALESCE(fs.rate_id, rs.rate_id) AS seller_rate_id,
               -- LEAST passes NULL over, so a missing rate needs saying.
               CASE WHEN fs.rate_id IS NOT NULL THEN fs.rate_bp
                    WHEN rs.rate_id IS NOT NULL
                    THEN GREATEST(0, LEAST(rs.rate_bp, l.cap_bp - COALESCE(fh.rate_bp, 0)))
               END AS seller_bp,
               fh.sequence AS sharer_sequence, COALESCE(fh.posted, 0) AS sharer_posted,
               COALESCE(fh.rate_id, rh.rate_id) AS sharer_rate_id,
               COALESCE(fh.rate_bp, rh.rate_bp) AS sharer_bp
          FROM line l
          LEFT JOIN run_rate rs ON rs.role = 'seller' AND rs.key = l.key + l.seller_class
          LEFT JOIN run_rate rh ON rh.role = 'sharer' AND rh.key = l.key + l.sharer_class
          LEFT JOIN run_posted fs ON fs.order_line_id = l.line_id AND fs.creator_id = l.seller_id
               AND fs.role = 'seller'
          LEFT JOIN run_posted fh ON fh.order_line_id = l.line_id AND fh.creator_id = l.sharer_id
               AND fh.role = 'sharer'
    ), owed AS (
        SELECT order_id, line_id, 'seller' AS role, seller_id AS creator_id,
               seller_rate_id AS rate_id, seller_bp AS rate_bp, seller_sequence AS sequence,
               seller_posted AS posted, base, base * seller_bp / 10000 AS target
          FROM rated WHERE seller_rate_id IS NOT NULL
        UNION ALL
        SELECT order_id, line_id, 'sharer', sharer_id, sharer_rate_id, bp, sharer_sequence,
               sharer_posted, base, base * bp / 10000
          FROM (SELECT *, LEAST(sharer_bp, GREATEST(0, cap_bp - COALESCE(seller_bp, 0))) AS bp
                  FROM rated WHERE sharer_rate_id IS NOT NULL) AS shared
        UNION ALL
        -- Beneficiaries who are no longer named are owed nothing.
        SELECT f.order_id, f.order_line_id, f.role, f.creator_id, f.rate_id, f.rate_bp,
               f.sequence, f.posted, 0, 0
          FROM run_posted f JOIN fact n ON n.order_id = f.order_id
         WHERE f.creator_id IS DISTINCT FROM
               CASE f.role WHEN 'seller' THEN n.seller_id ELSE n.sharer_id END
    ), change AS MATERIALIZED (
        SELECT * FROM owed WHERE target <> posted
    ), added AS (
        INSERT INTO incentives_commissionline (run_id, order_id, order_line_id, creator_id, role,
            rate_id, rate_bp, sequence, base, target, amount)
        SELECT %(run)s, order_id, line_id, creator_id, role, rate_id, rate_bp,
               COALESCE(sequence, 0) + 1, base, target, target - posted
          FROM change ORDER BY order_id, line_id
    ), credited AS (
        SELECT n.order_id, n.refunding,
               n.refunding AND EXISTS (
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
         WHERE n.order_id IN (SELECT order_id FROM change UNION ALL SELECT order_id FROM run_posted)
    ), waits AS (
        -- An order with a refund under way waits until the shop has decided.
        INSERT INTO incentives_pendingrelease (order_id, brand_id, due_on, only_back)
        SELECT order_id, %(brand)s, due_on, only_back
          FROM credited WHERE only_back OR NOT refunding
    )
    SELECT count(*) AS lines FROM change
"""


def accrue_span(run: CommissionRun, rules: Rules, span: Span) -> Done:
    """Take the changed orders of the span and write what their commission changed by."""
    sql.execute(SETTINGS)
    sql.execute(
        """
        CREATE TEMP TABLE IF NOT EXISTS run_batch (order_id bigint PRIMARY KEY) ON COMMIT DROP;
        CREATE TEMP TABLE IF NOT EXISTS run_posted (
            order_line_id bigint, creator_id bigint, role text, order_id bigint, rate_id bigint,
            rate_bp integer, cap_bp integer, sequence integer, posted bigint) ON COMMIT DROP;
        TRUNCATE run_batch, run_posted
        """
    )
    place = {"brand": run.brand_id, "as_of": run.as_of, "after": span.after, "upto": span.upto}
    orders = sql.execute(_TAKE_CHANGED, place)
    if not orders:
        return Done(0, 0)
    sql.execute("ANALYZE run_batch")
    sql.execute(_NO_LONGER_DUE, place)
    sql.execute(_POSTED, place)
    sql.execute("ANALYZE run_posted")
    rules.write()
    if rules.wide is not None and commission_wide_sql.touches(place):
        lines = commission_wide_sql.accrue({**place, "run": run.pk}, rules.wide)
        return Done(orders, lines)
    facts = {
        **place,
        "run": run.pk,
        "currency": settings.CURRENCY,
        "zone": settings.TIME_ZONE,
        **rules.words,
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
                   AND c.order_id > %(after)s AND c.order_id <= %(upto)s
             GROUP BY c.order_id, c.creator_id) AS earned
      LEFT JOIN (SELECT r.order_id, r.creator_id, sum(r.amount)::bigint AS amount,
                        max(r.sequence) AS sequence
                   FROM run_due b JOIN incentives_releaseline r ON r.order_id = b.order_id
                        AND r.order_id > %(after)s AND r.order_id <= %(upto)s
                  GROUP BY r.order_id, r.creator_id) AS gone
        ON gone.order_id = earned.order_id AND gone.creator_id = earned.creator_id
     WHERE earned.amount <> COALESCE(gone.amount, 0)
       AND (NOT earned.only_back OR earned.amount < COALESCE(gone.amount, 0))
     ORDER BY earned.order_id
"""


def release_span(run: CommissionRun, rules: Rules, span: Span) -> Done:
    """Take the due orders of the span and release what is held for them."""
    sql.execute(SETTINGS)
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
    return Done(orders, sql.execute(_RELEASE, {**place, "run": run.pk}))
