"""Take the public file Online Retail through import and settlement, and count it twice.

The same steps as a person would take: the import of `manage.py import_file` with its preset, then
three settled months. Beside what kosops made of the file stands what a plain count of it says.
"""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import time
from argparse import ArgumentParser
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.core.management import call_command
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Sum

from accounts.choices import Role, UnitKind
from accounts.models import Grant, Person, Unit
from accounts.units import add_unit
from customers.models import Order, OrderLine, Refund, WaitingRefund
from incentives import proof, settlement
from incentives.commission import SELLER
from incentives.models import PlanVersion
from incentives.plans import NewRate, save_version
from integrations.models import ImportBatch
from kosops.lib.periods import Month
from matrix.choices import CreatorKind
from matrix.models import Creator
from matrix.registry import add_creator

CODE = "OR"
BRAND = "Online Retail (real invoices)"
STORE = "SHOP"
SOURCE = "online-retail"
FORMAT = "online_retail"
KOS = 12
MONTHS = (Month(2011, 9), Month(2011, 10), Month(2011, 11))
RATE_BP = 500


@dataclass
class Facts:
    """What a plain count of the file says."""

    lines: int = 0
    invoices: set[str] = field(default_factory=set)
    sold: set[str] = field(default_factory=set)
    sale_lines: int = 0
    cancelled: set[str] = field(default_factory=set)
    cancellation_lines: int = 0
    corrections: int = 0
    without_price: int = 0
    bad_debt: int = 0


class Command(BaseCommand):
    help = "Import the Online Retail file into a brand of its own, settle three months, count."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", type=Path, help="online_retail.csv or .csv.gz")

    def handle(self, *args: Any, **options: Any) -> None:
        facts = count(options["file"])
        brand, person = self._prepare()
        self._import(brand, person, options["file"])
        self._compare(brand, facts)
        self._settle(brand)
        findings = proof.verify()
        differences = proof.differences(findings)
        self.stdout.write(f"verify_books: {differences} differences")
        if differences:
            raise CommandError("The books do not prove: manage.py verify_books")

    def _prepare(self) -> tuple[Unit, Person]:
        """The brand with one store and KOS to whom the hash rule gives the customers."""
        brand = Unit.objects.filter(kind=UnitKind.BRAND, code=CODE).first() or add_unit(
            by=None, kind=UnitKind.BRAND, code=CODE, name=BRAND
        )
        store = Unit.objects.filter(brand=brand, code=STORE).first() or add_unit(
            by=None, kind=UnitKind.STORE, code=STORE, name="Online shop", parent=brand
        )
        for number in range(1, KOS + 1):
            code = f"OR{number:02d}"
            if not Creator.objects.filter(brand=brand, number=code).exists():
                add_creator(
                    by=None, store=store, kind=CreatorKind.KOS, number=code, name=f"Seller {number}"
                )
        if not PlanVersion.objects.filter(brand=brand).exists():
            # Nothing counts before the first plan, so these months are the first to settle.
            save_version(
                by=None,
                brand=brand,
                name="Trial plan",
                valid_from=MONTHS[0].first_day,
                rates=[NewRate(SELLER, RATE_BP)],
            )
        person, created = Person.objects.get_or_create(
            username="online-retail-trial", defaults={"name": "Online Retail trial"}
        )
        if created:
            person.set_unusable_password()
            person.save()
            Grant.objects.create(
                person=person, role=Role.FINANCE, unit=brand, since=dt.date(2020, 1, 1)
            )
        return brand, person

    def _import(self, brand: Unit, person: Person, path: Path) -> None:
        done = ImportBatch.objects.filter(brand=brand, format=FORMAT, state="done").first()
        if done is not None:
            self.stdout.write("The file is imported already; the counts follow.")
            return
        began = time.perf_counter()
        call_command(
            "import_file",
            FORMAT,
            path,
            brand=CODE,
            by=person.username,
            source=SOURCE,
            option=[f"store={STORE}"],
            confirm=True,
            stdout=self.stdout,
        )
        self.stdout.write(f"Check and import took {time.perf_counter() - began:.0f} s.")

    # -- counting --------------------------------------------------------------------------

    def _compare(self, brand: Unit, facts: Facts) -> None:
        """The file's own count beside what is in kosops; any difference is an error."""
        counts = ImportBatch.objects.get(brand=brand, format=FORMAT, state="done").counts
        reasons = counts["reasons"]
        orders = Order.objects.filter(brand=brand, source=SOURCE)
        waiting = WaitingRefund.objects.filter(brand=brand, source=SOURCE)
        matched, open_rows = waiting.exclude(applied_at=None), waiting.filter(applied_at=None)
        refunds = Refund.objects.filter(order__brand=brand)
        rows = (
            ("lines in the file", facts.lines, counts["rows"]),
            (
                "invoices in the file",
                len(facts.invoices),
                orders.count()
                + waiting.values("order_external_id").distinct().count()
                + _only_left_out(facts),
            ),
            ("invoices with a sale", len(facts.sold), orders.count()),
            ("lines of sales", facts.sale_lines, OrderLine.objects.filter(order__in=orders).count()),
            (
                "cancellation invoices",
                len(facts.cancelled),
                waiting.values("order_external_id").distinct().count(),
            ),
            ("cancellation lines", facts.cancellation_lines, waiting.count()),
            ("stock corrections, left out", facts.corrections, reasons.get("stock_correction", 0)),
            ("other lines without a price", facts.without_price, reasons.get("no_price", 0)),
            ("adjustments of bad debt", facts.bad_debt, reasons.get("bad_debt", 0)),
            ("  matched or still waiting", facts.cancellation_lines, matched.count() + open_rows.count()),
        )  # fmt: skip
        self.stdout.write(f"{'':<36}{'file':>12}{'kosops':>12}")
        for label, ours, theirs in rows:
            self.stdout.write(f"{label:<36}{ours:>12,}{theirs:>12,}")
        self.stdout.write(f"cancellations matched to sales: {matched.count():,}")
        for reason in open_rows.values_list("reason", flat=True).distinct().order_by("reason"):
            self.stdout.write(f"  waiting, {reason}: {open_rows.filter(reason=reason).count():,}")
        total = refunds.aggregate(total=Sum("amount"))["total"] or 0
        self.stdout.write(f"refunds booked: {refunds.count():,}, {total / 100:,.2f}")
        if any(ours != theirs for _label, ours, theirs in rows):
            raise CommandError("The counts do not add up.")

    def _settle(self, brand: Unit) -> None:
        for month in MONTHS:
            began = time.perf_counter()
            totals = settlement.settle(by=None, brand=brand, month=month).totals
            self.stdout.write(
                f"{month}: {totals['creators']} statements, earned {totals['earned'] / 100:,.2f},"
                f" clawed back {totals['clawed_back'] / 100:,.2f},"
                f" payable {totals['payable'] / 100:,.2f}"
                f" ({time.perf_counter() - began:.1f} s)"
            )


def count(path: Path) -> Facts:
    """Count the file with nothing but the csv module, so that it can prove the import wrong."""
    facts = Facts()
    opened: Any = gzip.open if path.suffix == ".gz" else open
    with opened(path, "rt", newline="", encoding="utf-8-sig") as file:
        for row in csv.DictReader(file):
            facts.lines += 1
            invoice, quantity = row["InvoiceNo"], int(row["Quantity"])
            facts.invoices.add(invoice)
            if invoice.startswith("C"):
                facts.cancelled.add(invoice)
                facts.cancellation_lines += 1
            elif invoice.startswith("A"):
                facts.bad_debt += 1
            elif quantity < 0:
                facts.corrections += 1
            elif float(row["UnitPrice"]) == 0:
                facts.without_price += 1
            else:
                facts.sold.add(invoice)
                facts.sale_lines += 1
    return facts


def _only_left_out(facts: Facts) -> int:
    """Invoices of which no line is a sale or a cancellation."""
    return len(facts.invoices - facts.sold - facts.cancelled)
