"""Standings of 1,000 stores over 1,000,000 orders beside the bare SQL.

``race``  `race_standings.refresh`: facts, active heads, scores, places, explanations and movement
          kept for each store. The reference is one statement that works out the same scores and
          places from the orders, and writes nothing.
"""

from __future__ import annotations

import datetime as dt
import statistics
from functools import partial
from typing import Any
from unittest import mock

from django.utils import timezone

from accounts.models import Unit
from accounts.units import add_unit
from bench.harness import Result, benchmark, seconds_of, settle
from incentives import race_standings, races
from incentives.models import Race
from incentives.race_choices import Measure
from incentives.race_rules import Formula, Heads, Term
from kosops.lib import sql

STORES, ORDERS, SELLERS_PER_STORE = 1_000, 1_000_000, 6
FIRST, LAST = dt.date(2026, 9, 1), dt.date(2026, 9, 30)
NOW = dt.datetime(2026, 9, 30, 22, tzinfo=dt.timezone(dt.timedelta(hours=8)))
TURNS = 5
FORMULA = Formula(
    terms=(
        Term("sales_net", 50, Measure.PER_HEAD),
        Term("orders", 30, Measure.PER_HEAD),
        Term("new_buyers", 20, Measure.PER_HEAD),
    ),
    heads=Heads(active_days=3, at_least=2),
)

# Stores differ in size and luck; two orders in five are of a buyer who came before. Keys are right by
# construction, and a million checks of each would take minutes.
FILL = """
SET session_replication_role = replica;

INSERT INTO accounts_unit (id, brand_id, parent_id, kind, store_kind, code, name, city, path, active,
                           created_at)
SELECT %(base)s + n, %(brand)s, %(brand)s, 'store', 'physical', 'S' || n, 'Store ' || n, '',
       %(path)s || (%(base)s + n) || '/', true, now()
  FROM generate_series(1, %(stores)s) n;

INSERT INTO matrix_creator (id, brand_id, store_id, kind, koc_kind, talent_type, number, share_code,
                            name, state, tier, identity, joined_on, created_at)
SELECT n, %(brand)s, %(base)s + 1 + n %% %(stores)s, 'kos', '', '', n, '', 'Seller ' || n, 'active',
       '', 'checked', '2025-01-01', now()
  FROM generate_series(1, %(stores)s * %(sellers)s) n;

INSERT INTO customers_order (id, brand_id, store_id, source, external_id, channel, status, currency,
    paid_at, business_date, buyer_key, seller_id, seller_by, sharer_by, paid_amount, refunded_amount,
    facts_version, created_at, updated_at)
SELECT n, %(brand)s, %(base)s + 1 + seller %% %(stores)s, 'shop', 'O' || n, 'store', 'finished',
       'CNY', at, (at AT TIME ZONE 'Asia/Shanghai')::date,
       decode(md5((n %% (%(orders)s * 3 / 5 + 1))::text), 'hex'), seller, 'explicit', '',
       1000 + (random() * 90000)::int, CASE WHEN n %% 20 = 0 THEN 500 ELSE 0 END, 1, now(), now()
  FROM (SELECT n, 1 + floor(%(stores)s * %(sellers)s * power(random(), 1.2))::int AS seller,
               timestamptz '2026-08-16 00:00+08' + random() * interval '45 days' AS at
          FROM generate_series(1, %(orders)s) n) drawn;

RESET session_replication_role;
"""

# What somebody would write by hand for this formula, knowing that nothing else is asked.
REFERENCE = """
WITH season AS MATERIALIZED (
    SELECT id, store_id, seller_id, business_date, buyer_key, paid_at, paid_amount, refunded_amount
      FROM customers_order
     WHERE brand_id = %(brand)s AND business_date BETWEEN %(first)s AND %(last)s
       AND status <> 'closed' AND seller_id IS NOT NULL
), sums AS (
    SELECT store_id, SUM(paid_amount - refunded_amount)::bigint AS sales,
           COUNT(*) FILTER (WHERE refunded_amount < paid_amount) AS orders
      FROM season GROUP BY 1
), buyers AS (
    SELECT s.store_id, COUNT(*) AS buyers
      FROM season s
     WHERE NOT EXISTS (
        SELECT 1 FROM customers_order e
         WHERE e.brand_id = %(brand)s AND e.buyer_key = s.buyer_key AND e.status <> 'closed'
           AND (e.paid_at, e.id) < (s.paid_at, s.id))
     GROUP BY 1
), heads AS (
    SELECT store_id, GREATEST(COUNT(*), 2) AS heads
      FROM (SELECT store_id, seller_id FROM season
             GROUP BY 1, 2 HAVING COUNT(DISTINCT business_date) >= 3) active
     GROUP BY 1
), figures AS (
    SELECT u.id AS store_id, COALESCE(s.sales, 0) * 1000 / COALESCE(h.heads, 2) AS sales,
           COALESCE(s.orders, 0) * 1000 / COALESCE(h.heads, 2) AS orders,
           COALESCE(b.buyers, 0) * 1000 / COALESCE(h.heads, 2) AS buyers
      FROM accounts_unit u
      LEFT JOIN sums s ON s.store_id = u.id
      LEFT JOIN buyers b ON b.store_id = u.id
      LEFT JOIN heads h ON h.store_id = u.id
     WHERE u.brand_id = %(brand)s AND u.kind = 'store'
), scores AS (
    SELECT store_id, sales * 10000 / MAX(sales) OVER () * 50 / 100
           + orders * 10000 / MAX(orders) OVER () * 30 / 100
           + buyers * 10000 / MAX(buyers) OVER () * 20 / 100 AS score
      FROM figures
)
SELECT store_id, score, RANK() OVER (ORDER BY score DESC) AS place FROM scores
"""


@benchmark("race")
def race(scale: float) -> list[Result]:
    orders, stores = int(ORDERS * scale), max(int(STORES * scale), 20)
    brand = fill(orders, stores)
    with mock.patch.object(timezone, "now", return_value=NOW):
        running = races.start(by=None, race=a_race(brand))
        same_places(running, brand)
        turns = [
            (seconds_of(partial(refresh, running)), seconds_of(partial(look, brand)))
            for _turn in range(TURNS)
        ]
    ours, reference = zip(*turns, strict=True)
    return [Result("race", orders, statistics.median(ours), statistics.median(reference))]


def fill(orders: int, stores: int) -> Unit:
    brand = add_unit(by=None, kind="brand", code="CY", name="Chengye Beauty")
    sql.execute("SELECT setseed(0.5)")
    sql.execute(
        FILL,
        {
            "brand": brand.pk,
            "base": 1000,
            "path": brand.path,
            "stores": stores,
            "sellers": SELLERS_PER_STORE,
            "orders": orders,
        },
    )
    settle()
    return brand


def a_race(brand: Unit) -> Race:
    return races.add_race(
        by=None,
        brand=brand,
        scheme="stores",
        name="September",
        first_day=FIRST,
        last_day=LAST,
        cut_off_on=LAST,
        formula=FORMULA,
    )


def refresh(running: Race) -> None:
    race_standings.refresh(by=None, race=running)


def look(brand: Unit) -> list[dict[str, Any]]:
    return sql.fetch_all(REFERENCE, {"brand": brand.pk, "first": FIRST, "last": LAST})


def same_places(running: Race, brand: Unit) -> None:
    """The reference is one only if it comes to the same scores and places."""
    refresh(running)
    ours = {row.entry.store_id: (row.score, row.rank) for row in race_standings.current(running)}
    theirs = {row["store_id"]: (row["score"], row["place"]) for row in look(brand)}
    if ours != theirs:
        wrong = [store for store in ours if ours[store] != theirs.get(store)]
        raise RuntimeError(f"{len(wrong)} stores stand elsewhere, such as {wrong[:3]}")
