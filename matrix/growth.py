"""How the matrix grew, month by month (K28): people, accounts, followers, notes, reach.

Months before the first count are worked out from the days on which people joined and left and
accounts were opened. They are marked as estimated: who was deleted, and what was closed since, is
not in them, and nobody knows their followers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from kosops.lib import sql
from kosops.lib.periods import Month
from matrix import figures, holdings

MONTHS = 12


@dataclass(slots=True)
class MonthFigures:
    """One month of a part of the tree; NULL is unknown. The present month is as of now."""

    month: dt.date
    people: int = 0
    accounts: int = 0
    active: int = 0
    followers: int | None = None
    notes: int = 0
    views: int | None = None
    estimated: bool = False
    joined: int = 0
    left: int = 0


# -- queries -------------------------------------------------------------------


def by_month(paths: Sequence[str], now: dt.datetime) -> list[MonthFigures]:
    """The last `MONTHS` months of all units at and below these paths together, oldest first.

    Months before anything was known are left out.
    """
    present = Month.of(timezone.localdate(now))
    params = {
        "paths": list(paths),
        "first": present.shifted(1 - MONTHS).first_day,
        "last": present.last_day,
    }
    found = {
        row["month"]: MonthFigures(**row)
        for row in sql.fetch_all(
            """
            SELECT month, sum(kos + koc)::int AS people, sum(accounts)::int AS accounts,
                   sum(active)::int AS active, sum(followers)::bigint AS followers,
                   sum(notes)::int AS notes, sum(views)::bigint AS views,
                   bool_or(estimated) AS estimated
              FROM matrix_unitfigures
             WHERE unit_id IN (SELECT id FROM accounts_unit WHERE path ^@ ANY(%(paths)s))
               AND month BETWEEN %(first)s AND %(last)s
             GROUP BY month ORDER BY month
            """,
            params,
        )
    }
    for row in sql.fetch_all(
        """
        WITH unit AS MATERIALIZED (
            SELECT id FROM accounts_unit WHERE path ^@ ANY(%(paths)s)
        )
        SELECT date_trunc('month', day::timestamp)::date AS month, sum(joined)::int AS joined,
               sum(gone)::int AS gone
          FROM (SELECT joined_on AS day, count(*) AS joined, 0 AS gone FROM matrix_creator
                 WHERE store_id IN (SELECT id FROM unit)
                   AND joined_on BETWEEN %(first)s AND %(last)s
                   AND state <> 'candidate' GROUP BY joined_on
                 UNION ALL
                SELECT left_on, 0, count(*) FROM matrix_creator
                 WHERE store_id IN (SELECT id FROM unit)
                   AND left_on BETWEEN %(first)s AND %(last)s
                   AND state = 'left' GROUP BY left_on) AS moved
         GROUP BY 1
        """,
        params,
    ):
        if row["month"] in found:
            found[row["month"]].joined = row["joined"]
            found[row["month"]].left = row["gone"]
    months = list(found.values())
    while months and not (months[0].people or months[0].accounts or months[0].notes):
        months.pop(0)
    return months


# -- commands ------------------------------------------------------------------


def nightly(now: dt.datetime) -> None:
    """Count every unit for the new day, late posts of last month, months that are missing, assets."""
    figures.refresh_changed(now)
    figures.recount_month(Month.of(timezone.localdate(now)).shifted(-1))
    backfill(now)
    holdings.count_all(now)


@transaction.atomic
def backfill(now: dt.datetime) -> int:
    """Work out the months for which a unit has no figures; returns how many rows were added."""
    present = Month.of(timezone.localdate(now))
    first, last = present.shifted(1 - MONTHS), present.shifted(-1)
    added = sql.execute(
        """
        WITH missing AS MATERIALIZED (
            SELECT u.id AS unit_id, m.day::date AS month,
                   (m.day + interval '1 month' - interval '1 day')::date AS day
              FROM accounts_unit u
             CROSS JOIN generate_series(%(first)s::timestamp, %(last)s::timestamp,
                                        interval '1 month') AS m(day)
             WHERE NOT EXISTS (SELECT FROM matrix_unitfigures f
                                WHERE f.unit_id = u.id AND f.month = m.day::date)
        ), people AS (
            SELECT m.unit_id, m.month, count(*) FILTER (WHERE c.kind = 'kos') AS kos,
                   count(*) FILTER (WHERE c.kind = 'koc') AS koc
              FROM missing m JOIN matrix_creator c ON c.store_id = m.unit_id
             WHERE COALESCE(c.joined_on, (c.created_at AT TIME ZONE %(zone)s)::date) <= m.day
               AND c.state <> 'candidate'
               AND (c.state <> 'left' OR c.left_on > m.day)
             GROUP BY 1, 2
        ), opened AS (
            SELECT m.unit_id, m.month, a.platform, count(*) AS number
              FROM missing m JOIN matrix_socialaccount a ON a.unit_id = m.unit_id
             WHERE a.domain = 'public' AND a.state <> 'closed'
               AND COALESCE(a.opened_on, (a.created_at AT TIME ZONE %(zone)s)::date) <= m.day
             GROUP BY 1, 2, 3
        ), accounts AS (
            SELECT unit_id, month, sum(number)::int AS number,
                   jsonb_object_agg(platform, number) AS platforms
              FROM opened GROUP BY 1, 2
        )
        INSERT INTO matrix_unitfigures
               (unit_id, month, day, counted_at, estimated, kos, koc, accounts, platforms, paired,
                needing, needs, posts, notes, active, grid)
        SELECT m.unit_id, m.month, m.day, %(now)s, true, COALESCE(p.kos, 0), COALESCE(p.koc, 0),
               COALESCE(a.number, 0), COALESCE(a.platforms, '{}'), 0, 0, '{}', 0, 0, 0, '{}'
          FROM missing m
          LEFT JOIN people p ON p.unit_id = m.unit_id AND p.month = m.month
          LEFT JOIN accounts a ON a.unit_id = m.unit_id AND a.month = m.month
        ON CONFLICT DO NOTHING
        """,
        {
            "first": first.first_day,
            "last": last.first_day,
            "zone": settings.TIME_ZONE,
            "now": now,
        },
    )
    if added:
        for back in range(1, MONTHS):
            figures.recount_month(present.shifted(-back))
    return added
