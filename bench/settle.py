"""Settle a month of 1,000,000 orders beside the bare SQL that writes the same lines.

``settle``          from changed orders to posted journals, statements and a closed month, by
                    `settlement.settle`. The reference computes and inserts the same commission
                    lines, releases, journals, postings and statements in one transaction, into
                    tables with the same columns, indexes and CHECKs, but without triggers, without
                    foreign keys, without memory of what was posted before and without any way to go
                    on after a kill.
``settle_copy``     the same settlement, beside a reference that computes nothing: it only copies the
                    finished rows from one set of tables into another.
``settle_rerun``    the same command once more for the settled month. The reference is the first
                    settlement.
``settle_recheck``  every order is looked at again although nothing changed, as after a changed
                    rule of attribution; nothing may be posted. The reference is that of ``settle``.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from functools import partial

from django.db import transaction

from accounts.models import Unit
from bench import settle_data
from bench.harness import Result, benchmark, copy_of_database, seconds_of, settle
from bench.settle_data import MONTH
from customers import intake
from incentives import commission_runs, settlement
from kosops.lib import sql

ORDERS = 1_000_000
TIMES = 3


@benchmark("settle")
def settle_month(scale: float) -> list[Result]:
    orders = int(ORDERS * scale)
    brand = settle_data.write(orders)
    settle()
    turns = [turn(brand) for _ in range(TIMES)]
    bare, copied, first, rerun, recheck = map(statistics.median, zip(*turns, strict=True))
    return [
        Result("settle", orders, first, bare),
        Result("settle_copy", orders, first, copied),
        Result("settle_rerun", orders, rerun, first),
        Result("settle_recheck", orders, recheck, bare),
    ]


def turn(brand: Unit) -> tuple[float, float, float, float, float]:
    """Seconds of both references, the first settlement, its repetition and a recheck."""
    with copy_of_database():
        warm()
        reference = seconds_of(write_bare)
        bare = sums("bare_")
        settle()
        copied = seconds_of(copy_bare)
    with copy_of_database():
        warm()
        first = seconds_of(partial(settlement.settle, by=None, brand=brand, month=MONTH))
        rerun = seconds_of(partial(settlement.settle, by=None, brand=brand, month=MONTH))
        if (ours := sums("incentives_")) != bare:
            raise RuntimeError(f"the reference comes to {bare}, the product to {ours}")
        settle()
        recheck = seconds_of(partial(look_again, brand))
    return reference, copied, first, rerun, recheck


def look_again(brand: Unit) -> None:
    day = MONTH.shifted(1).first_day
    intake.look_again(brand=brand, first=MONTH.first_day, until=None)
    run = commission_runs.accrue(by=None, brand=brand, as_of=day)
    again = commission_runs.release(by=None, brand=brand, as_of=day)
    if run.counts["lines"] or again.counts["lines"]:
        raise RuntimeError(f"looking again posted something: {run.counts}, {again.counts}")


def warm() -> None:
    """Read what both will read, so that the first of them does not pay for the other."""
    sql.fetch_one("SELECT sum(seller_id) FROM customers_order")
    sql.fetch_one("SELECT sum(paid_amount) FROM customers_orderline")


def sums(prefix: str) -> dict[str, object]:
    """How much stands in the tables: lines, money and people."""
    return sql.fetch_one(
        f"""
        SELECT l.*, r.*, p.*, s.* FROM
          (SELECT count(*) AS lines, sum(amount) AS earned FROM {prefix}commissionline) AS l,
          (SELECT count(*) AS releases, sum(amount) AS released FROM {prefix}releaseline) AS r,
          (SELECT count(*) AS postings, sum(abs(amount)) AS moved FROM {prefix}posting) AS p,
          (SELECT count(*) AS people, sum(payable) AS payable FROM {prefix}statement) AS s
        """
    )


TABLES = ("commissionline", "releaseline", "ledgeraccount", "journal", "posting", "statement")


def write_bare() -> None:
    """What somebody would write by hand for this one month, knowing that nothing is posted yet."""
    with transaction.atomic():
        for statement in bare_statements():
            sql.execute(statement, {"first": MONTH.first_day, "last": MONTH.last_day})


def copy_bare() -> None:
    """Copy what `write_bare` wrote, row by row in its order."""
    with transaction.atomic():
        for table in TABLES:
            sql.execute(bare_table(f"copy_{table}", table))
            sql.execute(f"INSERT INTO copy_{table} OVERRIDING SYSTEM VALUE TABLE bare_{table}")


def bare_table(name: str, table: str) -> str:
    return f"""CREATE TABLE {name} (LIKE incentives_{table} INCLUDING DEFAULTS
               INCLUDING GENERATED INCLUDING IDENTITY INCLUDING CONSTRAINTS INCLUDING INDEXES)"""


def bare_statements() -> Iterator[str]:
    yield "SET LOCAL jit = off; SET LOCAL work_mem = '64MB'"
    for table in TABLES:
        yield bare_table(f"bare_{table}", table)
    yield _LINES
    yield _RELEASES
    for kind, debit, credit, lines in (
        ("accrual", "expense", "accrued", "commissionline"),
        ("release", "accrued", "payable", "releaseline"),
    ):
        yield _ACCOUNTS.format(debit=debit, credit=credit, lines=lines)
        yield _JOURNALS.format(kind=kind, lines=lines)
        yield _POSTINGS.format(kind=kind, debit=debit, credit=credit, lines=lines)
    yield _STATEMENTS


_LINES = """
    INSERT INTO bare_commissionline (run_id, order_id, order_line_id, creator_id, role, rate_id,
        rate_bp, sequence, base, target, amount)
    WITH priced AS MATERIALIZED (
        SELECT o.id AS order_id, l.id AS line_id, o.seller_id, o.sharer_id,
               l.paid_amount - l.refunded_amount AS base, v.cap_bp,
               COALESCE(sc.id, sg.id) AS seller_rate,
               COALESCE(sc.rate_bp, sg.rate_bp) AS seller_bp,
               COALESCE(hb.id, ht.id, hg.id) AS sharer_rate,
               COALESCE(hb.rate_bp, ht.rate_bp, hg.rate_bp) AS sharer_bp
          FROM customers_order o
          JOIN customers_orderline l ON l.order_id = o.id AND l.commissionable
          JOIN incentives_planversion v ON v.brand_id = o.brand_id AND v.valid @> o.business_date
          JOIN incentives_planrate sg ON sg.version_id = v.id AND sg.role = 'seller'
               AND sg.category = ''
          JOIN incentives_planrate hg ON hg.version_id = v.id AND hg.role = 'sharer'
               AND hg.category = '' AND hg.tier = ''
          LEFT JOIN incentives_planrate sc ON sc.version_id = v.id AND sc.role = 'seller'
               AND sc.category = l.category AND l.category <> ''
          LEFT JOIN matrix_creator h ON h.id = o.sharer_id
          LEFT JOIN incentives_planrate ht ON ht.version_id = v.id AND ht.role = 'sharer'
               AND ht.tier = h.tier AND ht.category = '' AND h.tier <> ''
          LEFT JOIN incentives_planrate hb ON hb.version_id = v.id AND hb.role = 'sharer'
               AND hb.tier = h.tier AND hb.category = l.category AND l.category <> ''
         WHERE o.business_date BETWEEN %(first)s AND %(last)s
    )
    SELECT 1, order_id, line_id, creator_id, role, rate_id, bp, 1, base, base * bp / 10000,
           base * bp / 10000
      FROM (SELECT order_id, line_id, seller_id AS creator_id, 'seller' AS role,
                   seller_rate AS rate_id, LEAST(seller_bp, cap_bp) AS bp, base
              FROM priced WHERE seller_id IS NOT NULL
            UNION ALL
            SELECT order_id, line_id, sharer_id, 'sharer', sharer_rate,
                   LEAST(sharer_bp, cap_bp - LEAST(seller_bp, cap_bp)), base
              FROM priced WHERE sharer_id IS NOT NULL) AS owed
     WHERE base * bp / 10000 <> 0
     ORDER BY order_id, line_id
"""

_RELEASES = """
    INSERT INTO bare_releaseline (run_id, order_id, creator_id, sequence, amount)
    SELECT 1, c.order_id, c.creator_id, 1, sum(c.amount)
      FROM bare_commissionline c
      JOIN customers_order o ON o.id = c.order_id AND o.status <> 'refunding'
       AND (o.finished_at AT TIME ZONE 'Asia/Shanghai')::date + 15 <= %(last)s
     GROUP BY c.order_id, c.creator_id ORDER BY c.order_id
"""

_ACCOUNTS = """
    INSERT INTO bare_ledgeraccount (brand_id, kind, creator_id, currency)
    SELECT (SELECT min(brand_id) FROM customers_order), kind, creator_id, 'CNY'
      FROM (SELECT '{credit}' AS kind, creator_id FROM bare_{lines} GROUP BY creator_id
            UNION ALL SELECT 'expense', NULL WHERE '{debit}' = 'expense') AS opened
"""

_JOURNALS = """
    INSERT INTO bare_journal (brand_id, currency, kind, source, key, run_id, business_date,
        created_at, reason)
    SELECT (SELECT min(brand_id) FROM customers_order), 'CNY', '{kind}', '{kind}', creator_id, 1,
           %(last)s, now(), ''
      FROM bare_{lines} GROUP BY creator_id
"""

_POSTINGS = """
    INSERT INTO bare_posting (journal_id, line, account_id, currency, amount)
    SELECT j.id, side.line, side.account, 'CNY', side.amount
      FROM (SELECT creator_id, sum(amount) AS amount FROM bare_{lines} GROUP BY creator_id) AS sums
      JOIN bare_journal j ON j.source = '{kind}' AND j.key = sums.creator_id::text
      JOIN bare_ledgeraccount d ON d.kind = '{debit}'
       AND (d.creator_id = sums.creator_id OR d.creator_id IS NULL)
      JOIN bare_ledgeraccount c ON c.kind = '{credit}' AND c.creator_id = sums.creator_id
     CROSS JOIN LATERAL (VALUES (1, d.id, sums.amount), (2, c.id, -sums.amount))
           AS side (line, account, amount)
"""

_STATEMENTS = """
    INSERT INTO bare_statement (settlement_id, creator_id, store_id, held_opening, earned,
        clawed_back, released, held, opening, paid_out, payable)
    SELECT 1, e.creator_id, c.store_id, 0, e.amount, 0, COALESCE(r.amount, 0),
           e.amount - COALESCE(r.amount, 0), 0, 0, COALESCE(r.amount, 0)
      FROM (SELECT creator_id, sum(amount) AS amount FROM bare_commissionline
             GROUP BY creator_id) AS e
      JOIN matrix_creator c ON c.id = e.creator_id
      LEFT JOIN (SELECT creator_id, sum(amount) AS amount FROM bare_releaseline
                  GROUP BY creator_id) AS r ON r.creator_id = e.creator_id
"""
