"""Settle a month by a full plan: pots, overrides, steps and limits beside the plain rates.

``settle_wide``  100,000 orders by a plan with steps for the seller, a sharer, a pot split among four
                 of each store and the manager's part with a limit a month. The reference is the
                 settlement of the same orders by the plain plan of `settle`, times the lines that
                 the full plan writes for each of its lines: a ratio of 1 means that a line costs
                 the same.
"""

from __future__ import annotations

import datetime as dt
import statistics
from functools import partial

from django.db import connection

from accounts.models import Unit
from bench import settle_data
from bench.harness import Result, benchmark, copy_of_database, seconds_of, settle
from bench.settle import warm
from bench.settle_data import MONTH
from incentives import settlement
from incentives.commission import MANAGER, POT, SELLER, SHARER
from incentives.plan_choices import Base
from incentives.plans import NewRate, save_version
from kosops.lib import sql

ORDERS = 100_000
TIMES = 3


@benchmark("settle_wide")
def settle_wide(scale: float) -> Result:
    orders = int(ORDERS * scale)
    brand = settle_data.write(orders)
    settle()
    plain = [turn(brand, wide=False) for _ in range(TIMES)]
    wide = [turn(brand, wide=True) for _ in range(TIMES)]
    seconds = statistics.median(took for took, _lines in wide)
    reference = statistics.median(took for took, _lines in plain)
    return Result("settle_wide", orders, seconds, reference * wide[0][1] / plain[0][1])


def turn(brand: Unit, *, wide: bool) -> tuple[float, int]:
    """Seconds of the settlement, and how many lines it wrote."""
    with copy_of_database():
        if wide:
            full_plan(brand)
            settle()
        warm()
        took = seconds_of(partial(settlement.settle, by=None, brand=brand, month=MONTH))
        lines = sql.fetch_one("SELECT count(*) AS lines FROM incentives_commissionline")["lines"]
    return took, lines


def full_plan(brand: Unit) -> None:
    """Everybody has a place in the store since January; four of each share its pot, one leads."""
    with connection.cursor() as cursor:
        # Places for days that are over are right by construction here.
        cursor.execute("SET session_replication_role = replica")
        cursor.execute(
            """
            INSERT INTO incentives_staffplace (creator_id, store_id, valid, weight, leads)
            SELECT id, store_id, daterange('2026-01-01', NULL), CASE WHEN place <= 4 THEN place
                   ELSE 0 END, place = 1
              FROM (SELECT id, store_id, row_number() OVER (PARTITION BY store_id ORDER BY id)
                           AS place
                      FROM matrix_creator WHERE kind = 'kos') AS staff
            """
        )
        cursor.execute("RESET session_replication_role")
    save_version(
        by=None,
        brand=brand,
        name="Full",
        valid_from=dt.date(2026, 9, 1),
        rates=[
            NewRate(SELLER, 500, steps=((2_000_000, 600), (5_000_000, 700))),
            NewRate(SHARER, 150),
            NewRate(POT, 100),
            NewRate(MANAGER, 1_000, base=Base.SELLER, month_cap=150_000),
        ],
        cap_bp=2_000,
    )
