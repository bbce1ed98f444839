"""Try a plan on a month of 1,000,000 orders beside the settlement of the same month.

``dry_run``  the plan in force, from nothing to kept sums per person, by `dry_runs.work_out`. The
             reference is `settlement.settle` of the same orders: two lanes, releases, journals and
             statements. Both come to the same amount, or the benchmark fails.
"""

from __future__ import annotations

import statistics
from functools import partial

from accounts.models import Unit
from bench import settle_data
from bench.harness import Result, benchmark, copy_of_database, seconds_of, settle
from bench.settle import sums, warm
from bench.settle_data import MONTH
from incentives import dry_runs, settlement
from incentives.models import PlanVersion

ORDERS = 1_000_000
TIMES = 3


@benchmark("dry_run")
def dry_run(scale: float) -> Result:
    orders = int(ORDERS * scale)
    brand = settle_data.write(orders)
    settle()
    turns = [turn(brand) for _ in range(TIMES)]
    tried, settled = map(statistics.median, zip(*turns, strict=True))
    return Result("dry_run", orders, tried, settled)


def turn(brand: Unit) -> tuple[float, float]:
    """Seconds of the dry run before anything is posted, and of the settlement after it."""
    with copy_of_database():
        warm()
        begun = dry_runs.begin(
            by=None,
            version=PlanVersion.objects.get(brand=brand),
            first=MONTH,
            last=MONTH,
        )
        tried = seconds_of(partial(dry_runs.work_out, begun))
        settle()
        settled = seconds_of(partial(settlement.settle, by=None, brand=brand, month=MONTH))
        if (found := begun.totals["all"]["dry"]) != (ours := sums("incentives_")["earned"]):
            raise RuntimeError(f"the dry run comes to {found}, the settlement to {ours}")
    return tried, settled
