"""The brand that the settlement benchmark settles: orders written set-based, the same each time.

Every value is a hash of the order's number, so a size always gives the same data. 1,000,000 orders
have 2.4 lines each; about 30 % of the orders have a sharer besides the seller, 5 % had a part of a
line refunded and 0.5 % a whole line, 0.2 % have a refund under way. Orders were paid on the first
fifteen days of September and are due for release by its end, so that settling September accrues
and releases every one of them.
"""

from __future__ import annotations

import datetime as dt

from django.db import connection

from accounts.choices import UnitKind
from accounts.models import Unit
from accounts.units import add_unit
from incentives.commission import SELLER, SHARER
from incentives.plans import NewRate, save_version
from kosops.lib.periods import Month

MONTH = Month(2026, 9)
STORES = 200
SELLERS = 3_000
SHARERS = 3_000
CATEGORIES = ("skincare", "makeup", "fragrance", "hair", "body", "gifts")


def write(orders: int) -> Unit:
    """Fill an empty database; returns the brand."""
    brand = add_unit(by=None, kind=UnitKind.BRAND, code="CY", name="Chengye Beauty")
    stores = [
        add_unit(by=None, kind=UnitKind.STORE, code=f"S{no:04d}", name=f"Store {no}", parent=brand)
        for no in range(STORES)
    ]
    save_version(
        by=None,
        brand=brand,
        name="Standard",
        valid_from=dt.date(2026, 1, 1),
        rates=[
            NewRate(SELLER, 300),
            *(NewRate(SELLER, 350 + 50 * no, category=name) for no, name in enumerate(CATEGORIES)),
            NewRate(SHARER, 200),
            NewRate(SHARER, 400, tier="intermediate"),
            NewRate(SHARER, 600, tier="senior"),
            NewRate(SHARER, 800, tier="senior", category="fragrance"),
        ],
        cap_bp=1200,
    )
    with connection.cursor() as cursor:
        # The rows are right by construction; checking each foreign key would take minutes.
        cursor.execute("SET session_replication_role = replica")
        params = {
            "brand": brand.pk,
            "first_store": stores[0].pk,
            "stores": STORES,
            "sellers": SELLERS,
            "sharers": SHARERS,
            "orders": orders,
            "categories": list(CATEGORIES),
        }
        for statement in (_CREATORS, _LINES, _REFUNDS, _ORDERS, _CHANGED):
            cursor.execute(statement, params)
        cursor.execute("RESET session_replication_role")
    return brand


# h(n, salt): a number from 0 to 2^31 that depends on nothing else.
_H = "(hashint8extended({n}, {salt}) & 2147483647)"


def _h(n: str, salt: int) -> str:
    return _H.format(n=n, salt=salt)


_CREATORS = """
    INSERT INTO matrix_creator (id, brand_id, store_id, kind, koc_kind, talent_type, number,
        share_code, name, state, tier, identity, created_at)
    SELECT n, %(brand)s, %(first_store)s + n %% %(stores)s,
           CASE WHEN n <= %(sellers)s THEN 'kos' ELSE 'koc' END,
           CASE WHEN n <= %(sellers)s THEN '' ELSE 'brand_love' END, '',
           'N' || n, 'C' || n, 'Creator ' || n, 'active',
           CASE WHEN n <= %(sellers)s THEN ''
                ELSE (ARRAY['', 'junior', 'intermediate', 'senior'])[1 + n %% 4] END, 'checked', now()
      FROM generate_series(1, %(sellers)s + %(sharers)s) AS n
"""

# One to four lines, 2.4 on average.
_LINES = f"""
    INSERT INTO customers_orderline (id, order_id, line_no, sku, title, category, quantity,
        paid_amount, refunded_amount, commissionable)
    SELECT row_number() OVER (ORDER BY n, no), n, no::text, 'SKU' || {_h("n * 4 + no", 6)} %% 2000,
           'Article', COALESCE((%(categories)s::text[])[1 + {_h("n * 4 + no", 7)} %% 8], ''), 1,
           paid,
           CASE WHEN no <> 1 OR {_h("n", 11)} %% 1000 >= 55 THEN 0
                WHEN {_h("n", 11)} %% 1000 < 5 THEN paid ELSE 1 + paid / 3 END,
           {_h("n * 4 + no", 9)} %% 50 <> 0
      FROM generate_series(1, %(orders)s) AS n
     CROSS JOIN LATERAL generate_series(1,
           (ARRAY[1, 2, 2, 3, 4])[1 + {_h("n", 10)} %% 5]) AS no
     CROSS JOIN LATERAL (SELECT 1000 + {_h("n * 4 + no", 8)} %% 49000 AS paid) AS price
"""

_REFUNDS = """
    INSERT INTO customers_refund (order_id, line_id, external_id, amount, refunded_at, created_at)
    SELECT order_id, id, 'R' || order_id, refunded_amount, now(), now()
      FROM customers_orderline WHERE refunded_amount > 0
"""

_ORDERS = f"""
    INSERT INTO customers_order (id, brand_id, store_id, source, external_id, channel, status,
        currency, paid_at, finished_at, business_date, seller_id, seller_by, sharer_id, sharer_by,
        paid_amount, refunded_amount, facts_version, created_at, updated_at)
    SELECT n, %(brand)s, %(first_store)s + seller %% %(stores)s, 'shop', 'E' || n, 'store',
           CASE WHEN {_h("n", 1)} %% 1000 < 2 THEN 'refunding' ELSE 'finished' END, 'CNY',
           paid_at, paid_at, (paid_at AT TIME ZONE 'Asia/Shanghai')::date, seller, 'explicit',
           sharer, CASE WHEN sharer IS NULL THEN '' ELSE 'share_code' END, t.paid, t.refunded, 1,
           now(), now()
      FROM (SELECT n,
                   timestamptz '2026-09-01 00:00+08' + {_h("n", 2)} %% 1296000 * interval '1 second'
                       AS paid_at,
                   1 + {_h("n", 3)} %% %(sellers)s AS seller,
                   CASE WHEN {_h("n", 4)} %% 10 < 3
                        THEN %(sellers)s + 1 + {_h("n", 5)} %% %(sharers)s END AS sharer
              FROM generate_series(1, %(orders)s) AS n) AS facts
      JOIN (SELECT order_id, sum(paid_amount) AS paid, sum(refunded_amount) AS refunded
              FROM customers_orderline GROUP BY order_id) AS t ON t.order_id = n
     ORDER BY n
"""

_CHANGED = """
    INSERT INTO customers_changedorder (order_id, brand_id, business_date)
    SELECT id, brand_id, business_date FROM customers_order
"""
