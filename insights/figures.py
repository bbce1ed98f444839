"""The figures of the overview, per day and per store, in a constant number of queries.

Every query is bounded by the stores that the person may see and by days; days are the brand's.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from content.formulas import TIER_INTERACTIONS, sql_of
from insights.periods import Span
from kosops.lib import sql

NOTES = "notes"
INTERACTIONS = "interactions"
ORDERS = "orders"
SALES = "sales"
COMMISSION = "commission"
METRICS = (NOTES, INTERACTIONS, ORDERS, SALES, COMMISSION)

# Sales count when the order names who sold it; refunds are taken off the day of the sale.
_DAILY = {
    "posts": f"""
        SELECT (p.published_at AT TIME ZONE %(zone)s)::date AS day, count(*) AS notes,
               sum({sql_of(TIER_INTERACTIONS, "p")})::bigint AS interactions
          FROM content_post p
         WHERE p.store_id = ANY(%(stores)s)
           AND p.published_at >= %(start)s AND p.published_at < %(end)s
         GROUP BY 1
    """,
    "orders": """
        SELECT o.business_date AS day, count(*) AS orders,
               sum(o.paid_amount - o.refunded_amount)::bigint AS sales
          FROM customers_order o
         WHERE o.store_id = ANY(%(stores)s) AND o.seller_id IS NOT NULL AND o.status <> 'closed'
           AND o.paid_at >= %(start)s AND o.paid_at < %(end)s
         GROUP BY 1
    """,
    # By the day of the sale, not of the run, so that it can be held against the sales.
    "commission": """
        SELECT o.business_date AS day, sum(c.amount)::bigint AS commission
          FROM customers_order o JOIN incentives_commissionline c ON c.order_id = o.id
         WHERE o.store_id = ANY(%(stores)s)
           AND o.paid_at >= %(start)s AND o.paid_at < %(end)s
         GROUP BY 1
    """,
}

_STORES = f"""
    WITH posted AS (
        SELECT p.store_id, count(*) AS notes,
               sum({sql_of(TIER_INTERACTIONS, "p")})::bigint AS interactions
          FROM content_post p
         WHERE p.store_id = ANY(%(stores)s)
           AND p.published_at >= %(start)s AND p.published_at < %(end)s
         GROUP BY 1
    ), sold AS (
        SELECT o.store_id, o.business_date AS day,
               sum(o.paid_amount - o.refunded_amount)::bigint AS sales
          FROM customers_order o
         WHERE o.store_id = ANY(%(stores)s) AND o.seller_id IS NOT NULL AND o.status <> 'closed'
           AND o.paid_at >= %(start_before)s AND o.paid_at < %(end)s
         GROUP BY 1, 2
    ), totals AS (
        SELECT store_id, sum(sales) FILTER (WHERE day >= %(first)s) AS sales,
               sum(sales) FILTER (WHERE day BETWEEN %(first_before)s AND %(last_before)s)
                   AS sales_before,
               array_agg(day ORDER BY day) FILTER (WHERE day >= %(first)s) AS days,
               array_agg(sales ORDER BY day) FILTER (WHERE day >= %(first)s) AS daily
          FROM sold GROUP BY 1
    ), people AS (
        SELECT c.store_id, count(*) AS kos FROM matrix_creator c
         WHERE c.store_id = ANY(%(stores)s) AND c.kind = 'kos' AND c.state = 'active'
         GROUP BY 1
    )
    SELECT u.id, u.name, u.code, r.name AS region, COALESCE(people.kos, 0) AS kos,
           COALESCE(posted.notes, 0) AS notes, posted.interactions,
           COALESCE(totals.sales, 0)::bigint AS sales,
           COALESCE(totals.sales_before, 0)::bigint AS sales_before, totals.days, totals.daily,
           rank() OVER (ORDER BY COALESCE(totals.sales, 0) DESC) AS place,
           rank() OVER (ORDER BY COALESCE(totals.sales_before, 0) DESC) AS place_before
      FROM accounts_unit u
      LEFT JOIN accounts_unit r ON r.id = u.parent_id
      LEFT JOIN posted ON posted.store_id = u.id
      LEFT JOIN totals ON totals.store_id = u.id
      LEFT JOIN people ON people.store_id = u.id
     WHERE u.id = ANY(%(stores)s)
     ORDER BY place, u.name
"""


# A customer is known where an order carries an identifier; one without cannot be told from another.
_FUNNEL = """
    WITH bought AS (
        SELECT o.buyer_key, count(*) FILTER (WHERE o.seller_id IS NOT NULL) AS credited
          FROM customers_order o
         WHERE o.store_id = ANY(%(stores)s) AND o.buyer_key IS NOT NULL AND o.status <> 'closed'
           AND o.paid_at >= %(start)s AND o.paid_at < %(end)s
         GROUP BY 1
    )
    SELECT (SELECT sum(p.views)::bigint FROM content_post p
             WHERE p.store_id = ANY(%(stores)s)
               AND p.published_at >= %(start)s AND p.published_at < %(end)s) AS views,
           count(*) AS customers,
           count(*) FILTER (WHERE credited > 0) AS credited,
           count(*) FILTER (WHERE credited > 1) AS again
      FROM bought
"""


@dataclass(frozen=True)
class Steps:
    """From notes to customers over a span; None where nothing is known."""

    views: int | None
    customers: int | None
    credited: int | None
    again: int | None


@dataclass(frozen=True)
class Series:
    """One metric over a span, None on days without any known figure."""

    now: list[int | None]
    before: list[int | None]

    @property
    def total(self) -> int | None:
        return _total(self.now)

    @property
    def total_before(self) -> int | None:
        return _total(self.before)


@dataclass
class StoreRow:
    """One store of the leaderboard; ``moved`` is up when positive, ``share`` of the best in words.

    ``behind`` has the address of the list behind each figure.
    """

    id: int
    name: str
    code: str
    region: str
    kos: int
    notes: int
    interactions: int | None
    sales: int
    sales_before: int
    place: int
    moved: int
    trend: list[int] = field(default_factory=list)
    share: str = ""
    behind: dict[str, str] = field(default_factory=dict)


def daily(stores: Sequence[int], span: Span) -> dict[str, Series]:
    """All metrics over the span and the one before, in three queries."""
    params = _params(stores, span) | {"start": _start(span.first_before)}
    found: dict[str, dict[dt.date, int | None]] = {metric: {} for metric in METRICS}
    for query in _DAILY.values():
        for row in sql.fetch_all(query, params):
            day = row.pop("day")
            for metric, value in row.items():
                found[metric][day] = value
    return {
        metric: Series(
            now=[_value(metric, found[metric], day) for day in span.days],
            before=[_value(metric, found[metric], day) for day in span.days_before],
        )
        for metric in METRICS
    }


def steps(stores: Sequence[int], span: Span) -> Steps:
    """How far notes carried and how many customers bought, by whom and how often."""
    found = sql.fetch_one(_FUNNEL, _params(stores, span))
    if not found["customers"]:
        return Steps(views=found["views"], customers=None, credited=None, again=None)
    return Steps(**found)


def store_table(stores: Sequence[int], span: Span) -> list[StoreRow]:
    """All stores with their figures of the span, by sales."""
    rows = sql.fetch_all(_STORES, _params(stores, span))
    return [_store_row(row, span) for row in rows]


def _store_row(row: dict[str, Any], span: Span) -> StoreRow:
    sales = dict(zip(row.pop("days") or [], row.pop("daily") or [], strict=True))
    place_before = row.pop("place_before")
    return StoreRow(
        **row, moved=place_before - row["place"], trend=[int(sales.get(d, 0)) for d in span.days]
    )


def _params(stores: Sequence[int], span: Span) -> dict[str, Any]:
    return {
        "stores": list(stores),
        "zone": settings.TIME_ZONE,
        "first": span.first,
        "first_before": span.first_before,
        "last_before": span.last_before,
        "start": _start(span.first),
        "start_before": _start(span.first_before),
        "end": _start(span.last + dt.timedelta(days=1)),
    }


def _start(day: dt.date) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(), ZoneInfo(settings.TIME_ZONE))


def _value(metric: str, found: dict[dt.date, int | None], day: dt.date) -> int | None:
    # A day without posts had no interactions that could be known; a day without orders sold nothing.
    return found.get(day) if metric == INTERACTIONS else found.get(day, 0)


def _total(values: list[int | None]) -> int | None:
    known = [value for value in values if value is not None]
    return sum(known) if known else None
