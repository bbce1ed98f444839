"""A month by another plan, worked out by the statements of the runs themselves.

There is one rule and it is not repeated here. Within one transaction temporary tables take the
names of the tables that a run writes; PostgreSQL looks for a name among temporary tables first, so
the same statements fill those instead. What they came to per person is kept, then they are dropped.
Nothing is frozen in them: each order is credited as if this plan had been in force on its day.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.db import transaction

from incentives import commission_sql, month_sql, places
from incentives.choices import RunKind
from incentives.commission_sql import Rules
from incentives.models import CommissionRun, DryRun
from incentives.plans import is_wide, monthly
from kosops.lib import sql
from kosops.lib.periods import Month

BATCH = 20_000
# How many of those who win or lose most are kept with the totals.
SHOWN = 25

# What the accrual of a run writes, or takes away.
WRITTEN = (
    "customers_changedorder",
    "incentives_commissionline",
    "incentives_pendingrelease",
    "incentives_monthline",
    "incentives_changedmonth",
)
# What a run brings up to date before it asks more than category, tier and kind.
FOLLOWED = ("incentives_staffplace", "incentives_ownbuyer")


# -- one month -----------------------------------------------------------------


@transaction.atomic
def work_out(dry_run: DryRun, month: Month) -> dict[str, int]:
    """Keep what each person has of a month and would have; counts and sales of the month."""
    sql.execute(commission_sql.SETTINGS)
    place = {
        "dry_run": dry_run.pk,
        "brand": dry_run.brand_id,
        "first": month.first_day,
        "until": month.shifted(1).first_day,
        "zone": settings.TIME_ZONE,
        "currency": settings.CURRENCY,
    }
    run = _run_of(dry_run, month)
    wide = any("wide" in entry for entry in run.plan)
    _find_orders(place)
    facts = sql.fetch_one(_FACTS, place)
    sql.execute(_LIVE, place)
    with shadowed(*WRITTEN, copied=FOLLOWED if wide else ()):
        if wide:
            places.follow(dry_run.brand)
        sql.execute(
            "INSERT INTO customers_changedorder (order_id, brand_id, business_date)"
            " SELECT order_id, %(brand)s, day FROM dry_order",
            place,
        )
        rules = Rules.of(run)
        for span in commission_sql.accrual_spans(run, BATCH):
            commission_sql.accrue_span(run, rules, span)
        if monthly(dry_run.version):
            sql.execute("ANALYZE incentives_commissionline")
            month_sql.accrue(run)
        sql.execute(_KEEP, place)
    sql.execute("DROP TABLE dry_order, dry_live")
    return facts


def _run_of(dry_run: DryRun, month: Month) -> CommissionRun:
    """A run that is never saved: the month's orders and no plan but this one on all its days.

    The shield asks for the plan that ended where this one begins; there is none here.
    """
    version = dry_run.version
    entry = {
        "version": version.pk,
        "first": month.first_day.isoformat(),
        "until": month.shifted(1).first_day.isoformat(),
        **({"wide": True} if is_wide(version) else {}),
    }
    return CommissionRun(
        pk=0, brand=dry_run.brand, kind=RunKind.ACCRUAL, as_of=month.last_day, plan=[entry]
    )


def _find_orders(place: dict[str, Any]) -> None:
    # The days of payment find them by an index, the business date says which they are.
    sql.execute(
        """
        CREATE TEMP TABLE dry_order ON COMMIT DROP AS
        SELECT id AS order_id, business_date AS day FROM customers_order
         WHERE brand_id = %(brand)s AND currency = %(currency)s
           AND business_date >= %(first)s AND business_date < %(until)s
           AND paid_at >= (%(first)s::timestamp AT TIME ZONE %(zone)s)
           AND paid_at < (%(until)s::timestamp AT TIME ZONE %(zone)s)
         ORDER BY id
        """,
        place,
    )
    sql.execute("ANALYZE dry_order")


# Orders that wait for a run are known to the plan and not to what is posted.
_FACTS = """
    SELECT (SELECT count(*) FROM dry_order) AS orders,
           COALESCE((SELECT sum(l.paid_amount - l.refunded_amount)
                       FROM dry_order d JOIN customers_order o ON o.id = d.order_id
                       JOIN customers_orderline l ON l.order_id = d.order_id
                      WHERE o.status <> 'closed'), 0)::bigint AS sales,
           (SELECT count(*) FROM dry_order JOIN customers_changedorder c USING (order_id))
               AS waiting
"""

# What stands posted for the month: lines of its orders, and what the months added or took.
_LIVE = """
    CREATE TEMP TABLE dry_live ON COMMIT DROP AS
    SELECT creator_id, sum(amount)::bigint AS amount
      FROM (SELECT c.creator_id, c.amount
              FROM dry_order d JOIN incentives_commissionline c ON c.order_id = d.order_id
            UNION ALL
            SELECT l.creator_id, l.amount FROM incentives_monthline l
              JOIN matrix_creator c ON c.id = l.creator_id AND c.brand_id = %(brand)s
             WHERE l.month = %(first)s AND l.version_id IS NOT NULL) AS posted
     GROUP BY creator_id
"""

_KEEP = """
    INSERT INTO incentives_dryrunperson (dry_run_id, month, creator_id, store_id, tier, live, dry)
    SELECT %(dry_run)s, %(first)s, c.id, c.store_id, c.tier, COALESCE(live.amount, 0),
           COALESCE(dry.amount, 0)
      FROM dry_live AS live
      FULL JOIN (
        SELECT creator_id, sum(amount)::bigint AS amount
          FROM (SELECT creator_id, amount FROM incentives_commissionline
                UNION ALL SELECT creator_id, amount FROM incentives_monthline) AS written
         GROUP BY creator_id) AS dry ON dry.creator_id = live.creator_id
      JOIN matrix_creator c ON c.id = COALESCE(live.creator_id, dry.creator_id)
     WHERE COALESCE(live.amount, 0) <> 0 OR COALESCE(dry.amount, 0) <> 0
     ORDER BY c.id
"""


@contextmanager
def shadowed(*written: str, copied: tuple[str, ...] = ()) -> Iterator[None]:
    """Let temporary tables stand before these tables: ``written`` empty, ``copied`` with all rows.

    Runs inside a transaction; an error takes the temporary tables along with it.
    """
    tables = (*written, *copied)
    for table in tables:
        sql.execute(f"CREATE TEMP TABLE dry_{table} (LIKE {table} INCLUDING ALL) ON COMMIT DROP")
    for table in copied:
        sql.execute(
            f"INSERT INTO dry_{table} SELECT * FROM {table};"
            f"SELECT setval(pg_get_serial_sequence('dry_{table}', 'id'),"
            f" (SELECT COALESCE(max(id), 0) + 1 FROM dry_{table}))"
        )
    for table in tables:
        sql.execute(f"ALTER TABLE dry_{table} RENAME TO {table}")
    if not all(map(_is_temporary, tables)):
        raise RuntimeError("temporary tables do not come first in the search path")
    yield
    for table in tables:
        sql.execute(f"DROP TABLE pg_temp.{table}")


def _is_temporary(table: str) -> bool:
    found = sql.fetch_one(
        "SELECT relpersistence = 't' AS temporary FROM pg_class WHERE oid = %(table)s::regclass",
        {"table": table},
    )
    return bool(found["temporary"])


# -- all months together -------------------------------------------------------

# A tenth of the people with the highest sums today is the head, the next four tenths the waist.
_PEOPLE = """
    CREATE TEMP TABLE dry_person ON COMMIT DROP AS
    SELECT p.creator_id, p.tier, split_part(u.path, '/', 3)::bigint AS region, p.live, p.dry,
           CASE WHEN (p.place - 1) * 10 < p.people THEN 'head'
                WHEN (p.place - 1) * 2 < p.people THEN 'waist' ELSE 'tail' END AS part
      FROM (SELECT *, row_number() OVER (ORDER BY live DESC, dry DESC, creator_id) AS place,
                   count(*) OVER () AS people
              FROM (SELECT creator_id, max(store_id) AS store_id, max(tier) AS tier,
                           sum(live)::bigint AS live, sum(dry)::bigint AS dry
                      FROM incentives_dryrunperson WHERE dry_run_id = %(dry_run)s
                     GROUP BY creator_id) AS summed) AS p
      JOIN accounts_unit u ON u.id = p.store_id
"""

_SUMS = """
    SELECT CASE GROUPING(region, tier, part) WHEN 3 THEN 'regions' WHEN 5 THEN 'tiers'
                WHEN 6 THEN 'parts' ELSE 'all' END AS table,
           COALESCE(region::text, tier, part) AS key, count(*) AS people,
           COALESCE(sum(live), 0)::bigint AS live, COALESCE(sum(dry), 0)::bigint AS dry,
           count(*) FILTER (WHERE dry > live) AS more, count(*) FILTER (WHERE dry < live) AS less
      FROM dry_person GROUP BY GROUPING SETS ((), (region), (tier), (part))
     ORDER BY live DESC, key
"""

_MONTHS = """
    SELECT to_char(month, 'YYYY-MM') AS key, count(*) AS people, sum(live)::bigint AS live,
           sum(dry)::bigint AS dry, count(*) FILTER (WHERE dry > live) AS more,
           count(*) FILTER (WHERE dry < live) AS less
      FROM incentives_dryrunperson WHERE dry_run_id = %(dry_run)s GROUP BY month ORDER BY month
"""

_MOST = """
    SELECT creator_id, live, dry FROM dry_person
     WHERE {which} ORDER BY abs(dry - live) DESC, creator_id LIMIT %(shown)s
"""


@transaction.atomic
def totals(dry_run: DryRun) -> dict[str, Any]:
    """Sums over all months: ``all`` together, by region, tier, part and month, and who moves most.

    Each sum: key, people, live, dry, more (how many get more), less.
    """
    sql.execute(commission_sql.SETTINGS)
    place = {"dry_run": dry_run.pk, "shown": SHOWN}
    sql.execute(_PEOPLE, place)
    found: dict[str, Any] = {"regions": [], "tiers": [], "parts": []}
    for row in sql.fetch_all(_SUMS):
        table = row.pop("table")
        if table == "all":
            found["all"] = row
        else:
            found[table].append(row)
    found["months"] = sql.fetch_all(_MONTHS, place)
    found["winners"] = sql.fetch_all(_MOST.format(which="dry > live"), place)
    found["losers"] = sql.fetch_all(_MOST.format(which="dry < live"), place)
    sql.execute("DROP TABLE dry_person")
    return found


def people(dry_run: DryRun) -> list[dict[str, Any]]:
    """Everybody whom the dry run credits or the books do, over all months, by who they are."""
    return sql.fetch_all(
        """
        SELECT c.number, c.name, u.name AS store, p.tier, p.live, p.dry
          FROM (SELECT creator_id, max(store_id) AS store_id, max(tier) AS tier,
                       sum(live)::bigint AS live, sum(dry)::bigint AS dry
                  FROM incentives_dryrunperson WHERE dry_run_id = %(dry_run)s
                 GROUP BY creator_id) AS p
          JOIN matrix_creator c ON c.id = p.creator_id
          JOIN accounts_unit u ON u.id = p.store_id
         ORDER BY p.dry - p.live, c.id
        """,
        {"dry_run": dry_run.pk},
    )
