"""A preset for UCI Online Retail: invoice lines of a UK gift seller, 2010-12 to 2011-12.

The file is public (Chen, Sain and Guo 2012, doi 10.1057/dbm.2012.17) and knows no stores, sellers or
refunds as kosops does, so some things are set by rule:

- The seller of an invoice is picked by a hash of the customer's number among the active KOS of the
  brand, in order of their numbers; the store is the seller's. Invoices without a customer have no
  seller and belong to the store chosen at upload.
- Pounds count as the brand's currency.
- A line whose invoice begins with C is a cancellation and names no invoice. It is taken for a refund
  of the latest earlier lines of the same customer and article, up to what was paid for them. What
  finds no such line stays among the refunds that wait.
- Negative lines without C are stock corrections, lines without a price are no sale, and invoices
  that begin with A adjust bad debt: all are left out and counted.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import UnitKind
from accounts.models import Person, Unit
from customers import intake
from customers.choices import Attribution, Channel, OrderStatus, WaitingReason
from customers.import_orders import WORDS, OrderRows, add_stored_lines, numbered, take_outcomes
from customers.intake import LineFacts, OrderFacts, RefundFacts
from customers.models import Order, WaitingRefund
from integrations.choices import Outcome
from integrations.formats import (
    Choice,
    Column,
    IdReader,
    ImportFormat,
    ImportRun,
    Option,
    Reading,
    Record,
    as_id,
    as_moment,
    as_text,
)
from integrations.sheets import values as cells
from integrations.sheets.faults import ValueFault
from integrations.sheets.reading import Cell
from integrations.sheets.values import Parser
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.secrets import blind_index
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Creator

# What is charged beside the goods earns nothing.
SERVICE_CODES = frozenset(
    ("POST", "DOT", "M", "C2", "D", "S", "BANK CHARGES", "AMAZONFEE", "CRUK", "B")
)
GIFT_VOUCHER = "GIFT_0001_"

TO_MATCH = WaitingReason.TO_MATCH.value
NO_CUSTOMER = WaitingReason.NO_CUSTOMER.value
NO_SALE = WaitingReason.NO_SALE.value
MORE_THAN_SOLD = WaitingReason.MORE_THAN_SOLD.value
REASONS = (TO_MATCH, NO_CUSTOMER, NO_SALE, MORE_THAN_SOLD)
MAX_FOUND = 20
MATCHED_AT_ONCE = 2_000
_PRICE = re.compile(r"-?\d{1,9}(?:\.\d{1,4})?", re.ASCII)


def as_price(_reading: Reading) -> Parser:
    """Pounds with up to four decimals, as a decimal number; may be negative."""

    def parse(cell: Cell) -> Decimal | None:
        if cells.is_unknown(cell):
            return None
        written = format(cell, ".15g") if isinstance(cell, float) else str(cell).strip()
        if not _PRICE.fullmatch(written):
            raise ValueFault("not_an_amount", value=cells.shown(cell), decimals=4)
        return Decimal(written)

    return parse


def as_signed_quantity(_reading: Reading) -> Parser:
    return cells.whole_number(minimum=-(10**6), maximum=10**6)


def is_service(stock_code: str) -> bool:
    code = stock_code.upper()
    return code in SERVICE_CODES or code.startswith(GIFT_VOUCHER)


def place_of(customer: str, count: int) -> int:
    """Which of ``count`` sellers a customer belongs to: the stated hash rule."""
    digest = hashlib.sha256(customer.encode()).digest()
    return int.from_bytes(digest[:8], "big") % count


def amount_of(quantity: int, price: Decimal) -> int:
    """Pence for ``quantity`` pieces; half a penny counts up."""
    return int((abs(quantity) * price * 100).quantize(Decimal(1), ROUND_HALF_UP))


def _stores(brand: Unit, person: Person, text: str) -> list[Choice]:
    found = Unit.objects.for_user(person, "imports.run").filter(
        brand=brand, kind=UnitKind.STORE, name__icontains=text
    )
    by_code = Unit.objects.for_user(person, "imports.run").filter(
        brand=brand, kind=UnitKind.STORE, code=text
    )
    return [
        Choice(str(unit.pk), f"{unit.name} ({unit.code})")
        for unit in (found | by_code).order_by("name", "pk")[:MAX_FOUND]
    ]


def _store(brand: Unit, person: Person, value: str) -> Choice | None:
    if not value.isascii() or not value.isdigit():
        return None
    unit = (
        Unit.objects.for_user(person, "imports.run")
        .filter(brand=brand, kind=UnitKind.STORE, pk=value)
        .first()
    )
    return Choice(value, f"{unit.name} ({unit.code})") if unit else None


class OnlineRetail(ImportFormat):
    code = "online_retail"
    label = _("UCI Online Retail (public test data)")
    help = _(
        "Invoice lines with cancellations. Sellers are picked by a hash of the customer's number; "
        "pounds count as the brand's currency."
    )
    result_url = "customers:orders"
    group = "invoice"
    zone = "Europe/London"
    words = WORDS | {
        "no_kos": _("The brand has no active KOS to whom invoices could be given."),
        "store_gone": _("The store that was chosen is no longer there."),
        "stock_correction": _("Stock corrections, left out"),
        "bad_debt": _("Adjustments of bad debt, left out"),
        "no_price": _("Lines without a price, left out"),
        "negative_sale": _("A cancellation must have a negative quantity, a sale a positive one."),
        "cancellation": _("Lines of cancellations"),
        "matched": _("Cancellations matched to sales"),
        NO_CUSTOMER: _("Cancellations without a customer, waiting"),
        NO_SALE: _("Cancellations without an earlier sale, waiting"),
        MORE_THAN_SOLD: _("Cancellations of more than was sold, the rest waiting"),
    }
    options = (
        Option(
            "store",
            _("Store of invoices without a customer"),
            kind="lookup",
            help=_("Search by name or code."),
            find=_stores,
            named=_store,
        ),
    )
    columns = (
        Column("invoice", _("Invoice"), as_id, required=True, aliases=("InvoiceNo", "Invoice")),
        Column("article", _("Article number"), IdReader(60), required=True, aliases=("StockCode",)),
        Column("title", _("Article"), as_text(500), aliases=("Description",)),
        Column("quantity", _("Quantity"), as_signed_quantity, required=True, aliases=("Quantity",)),
        Column("at", _("Time"), as_moment, required=True, aliases=("InvoiceDate",)),
        Column("price", _("Price"), as_price, required=True, aliases=("UnitPrice", "Price")),
        Column("customer", _("Customer"), as_id, aliases=("CustomerID", "Customer ID")),
        Column("country", _("Country"), as_text(60), aliases=("Country",)),
    )

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        brand = run.brand
        self._sellers = list(
            Creator.objects.filter(
                brand=brand, kind=CreatorKind.KOS, state=CreatorState.ACTIVE
            ).order_by("number", "pk")
        )
        if not self._sellers:
            raise DomainError("no_kos", self.words["no_kos"])
        store = Unit.objects.filter(
            brand=brand, kind=UnitKind.STORE, pk=run.options.get("store") or 0
        ).first()
        if store is None:
            raise DomainError("store_gone", self.words["store_gone"])
        self._store = store

    # -- what rows mean ----------------------------------------------------------------------

    def resolve(self, records: list[Record]) -> None:
        sales: dict[str, OrderRows] = {}
        cancelled: list[Record] = []
        numbers: dict[str, Counter[str]] = defaultdict(Counter)
        for record in records:
            kind = self._sort(record)
            if kind == "sale":
                invoice = record.values["invoice"]
                sales.setdefault(invoice, OrderRows(invoice)).records.append(record)
            elif kind == "cancellation":
                record.target = self._cancellation(record, numbers)
                cancelled.append(record)
        self._resolve_sales(list(sales.values()))
        self._resolve_cancelled(cancelled)

    def _sort(self, record: Record) -> str:
        values = record.values
        invoice, quantity, price = values["invoice"].upper(), values["quantity"], values["price"]
        if invoice.startswith("A"):
            record.skip("bad_debt")
        elif invoice.startswith("C"):
            if quantity < 0 < price:
                return "cancellation"
            record.refuse("negative_sale", "quantity")
        elif quantity < 0 and price == 0:
            record.skip("stock_correction")
        elif price == 0:
            record.skip("no_price")
        elif quantity > 0 and price > 0:
            return "sale"
        else:
            record.refuse("negative_sale", "quantity")
        return ""

    def _resolve_sales(self, sales: list[OrderRows]) -> None:
        for order in sales:
            order.facts = self._order(order)
        add_stored_lines(self.run.brand, self.run.source, sales)
        self._keep_first_time(sales)
        for order in sales:
            for record in order.records:
                record.target = order
        stated = [order.facts for order in sales if order.facts]
        results = intake.foresee_orders(brand=self.run.brand, rows=stated) if self.run.check else []
        take_outcomes(sales, {one.external_id: one for one in results}, {})

    def _order(self, order: OrderRows) -> OrderFacts:
        first = order.records[0].values
        seller = self._seller(first["customer"])
        return OrderFacts(
            source=self.run.source,
            external_id=order.order_no,
            store_id=seller.store_id if seller else self._store.pk,
            paid_at=min(record.values["at"] for record in order.records),
            lines=tuple(self._lines(order)),
            status=OrderStatus.FINISHED,
            channel=Channel.OTHER,
            buyer_key=buyer_key(first["customer"]),
            seller_id=seller.pk if seller else None,
            seller_by=Attribution.RULE if seller else Attribution.NONE,
        )

    def _seller(self, customer: str | None) -> Creator | None:
        if not customer:
            return None
        return self._sellers[place_of(customer, len(self._sellers))]

    def _lines(self, order: OrderRows) -> Iterator[LineFacts]:
        seen: Counter[str] = Counter()
        for record in order.records:
            values = record.values
            yield LineFacts(
                line_no=numbered(values["article"], seen),
                paid_amount=amount_of(values["quantity"], values["price"]),
                sku=values["article"],
                title=values["title"] or "",
                quantity=values["quantity"],
                commissionable=not is_service(values["article"]),
            )

    def _keep_first_time(self, sales: list[OrderRows]) -> None:
        """Lines of one invoice may bear two minutes and stand apart: the earliest time counts."""
        stored = dict(
            Order.objects.filter(
                brand=self.run.brand,
                source=self.run.source,
                external_id__in=[order.order_no for order in sales],
            ).values_list("external_id", "paid_at")
        )
        for order in sales:
            known = stored.get(order.order_no)
            if order.facts is not None and known is not None:
                order.facts = replace(order.facts, paid_at=min(known, order.facts.paid_at))

    def _cancellation(self, record: Record, numbers: dict[str, Counter[str]]) -> RefundFacts:
        """A refund that waits: the file does not say of which invoice."""
        values = record.values
        invoice = values["invoice"]
        return RefundFacts(
            source=self.run.source,
            order_external_id=invoice,
            external_id=numbered(values["article"], numbers[invoice]),
            amount=amount_of(values["quantity"], values["price"]),
            refunded_at=values["at"],
            reason=TO_MATCH if values["customer"] else NO_CUSTOMER,
            raw=record.raw() | {"customer": values["customer"], "article": values["article"]},
        )

    def _resolve_cancelled(self, cancelled: list[Record]) -> None:
        outcomes = intake.foresee_refunds(
            brand=self.run.brand, rows=[record.target for record in cancelled]
        )
        for record, outcome in zip(cancelled, outcomes, strict=True):
            record.reason = "cancellation"
            if outcome.result == intake.REJECTED:
                record.refuse(outcome.code)
            else:
                waits = outcome.result == intake.WAITING
                record.outcome = Outcome.NEW if waits else Outcome.UNCHANGED

    # -- writing --------------------------------------------------------------------------------

    def write(self, records: list[Record]) -> None:
        brand = self.run.brand
        sales = {
            id(record.target): record.target
            for record in records
            if isinstance(record.target, OrderRows)
        }
        stated = [order.facts for order in sales.values() if order.facts]
        results = intake.take_orders(brand=brand, rows=stated)
        take_outcomes(sales.values(), {one.external_id: one for one in results}, {})
        intake.take_refunds(
            brand=brand,
            rows=[record.target for record in records if isinstance(record.target, RefundFacts)],
        )

    def finish(self) -> dict[str, int]:
        """Match the cancellations that wait to earlier sales; what is left goes on waiting."""
        waiting = list(
            WaitingRefund.objects.select_for_update()
            .filter(
                brand=self.run.brand,
                source=self.run.source,
                applied_at__isnull=True,
                reason__in=(TO_MATCH, NO_SALE, MORE_THAN_SOLD),
            )
            .order_by("refunded_at", "pk")
        )
        for start in range(0, len(waiting), MATCHED_AT_ONCE):
            match_cancellations(
                self.run.brand, self.run.source, waiting[start : start + MATCHED_AT_ONCE]
            )
        return self._figures()

    def _figures(self) -> dict[str, int]:
        rows = WaitingRefund.objects.filter(
            brand=self.run.brand, source=self.run.source, reason__in=REASONS
        )
        open_rows = Counter(rows.filter(applied_at__isnull=True).values_list("reason", flat=True))
        return {
            "matched": rows.filter(applied_at__isnull=False).count(),
            **{reason: open_rows[reason] for reason in (MORE_THAN_SOLD, NO_SALE, NO_CUSTOMER)},
        }


def buyer_key(customer: str | None) -> bytes | None:
    return blind_index("member_id", customer) if customer else None


@dataclass
class SoldLine:
    """A line of a sale with what is left of it to refund."""

    order_no: str
    line_no: str
    paid_at: dt.datetime
    left: int


def match_cancellations(brand: Unit, source: str, waiting: list[WaitingRefund]) -> None:
    """Turn cancellations into refunds of the latest earlier lines of customer and article."""
    sold = _sold_lines(brand, source, waiting)
    found: list[tuple[WaitingRefund, RefundFacts]] = []
    for refund in waiting:
        raw: dict[str, Any] = refund.raw or {}
        lines = sold.get((raw["customer"], raw["article"]), [])
        earlier = [line for line in lines if line.paid_at <= refund.refunded_at]
        left = refund.amount
        for line in earlier:
            amount = min(left, line.left)
            if amount:
                line.left -= amount
                left -= amount
                found.append((refund, _refund_of(refund, line, amount)))
        refund.reason = NO_SALE if not earlier else MORE_THAN_SOLD
    outcomes = intake.take_refunds(brand=brand, rows=[facts for _refund, facts in found])
    matched: Counter[int] = Counter()
    for (refund, facts), outcome in zip(found, outcomes, strict=True):
        if outcome.result == intake.CREATED:
            matched[refund.pk] += facts.amount
    now = timezone.now()
    for refund in waiting:
        if matched[refund.pk] == refund.amount:
            refund.applied_at, refund.reason = now, TO_MATCH
        else:
            # Only the rest goes on waiting; the whole stands in the kept row.
            refund.amount -= matched[refund.pk]
    sql.update_rows(waiting, ["amount", "reason", "applied_at"])


def _sold_lines(
    brand: Unit, source: str, waiting: list[WaitingRefund]
) -> dict[tuple[str, str], list[SoldLine]]:
    """Lines of the customers and articles in question that can still be refunded, latest first."""
    pairs = {((refund.raw or {})["customer"], (refund.raw or {})["article"]) for refund in waiting}
    rows = sql.fetch_all(
        """
        SELECT wanted.customer, wanted.article, o.external_id, o.paid_at, l.line_no,
               l.paid_amount - l.refunded_amount AS amount
          FROM unnest(%(customers)s::text[], %(keys)s::bytea[], %(articles)s::text[])
               AS wanted (customer, key, article)
          JOIN customers_order o ON o.buyer_key = wanted.key
          JOIN customers_orderline l ON l.order_id = o.id AND l.sku = wanted.article
         WHERE o.brand_id = %(brand)s AND o.source = %(source)s
         ORDER BY o.paid_at DESC, o.id DESC, l.id DESC
        """,
        {
            "customers": [customer for customer, _article in pairs],
            "keys": [buyer_key(customer) for customer, _article in pairs],
            "articles": [article for _customer, article in pairs],
            "brand": brand.pk,
            "source": source,
        },
    )
    sold: dict[tuple[str, str], list[SoldLine]] = defaultdict(list)
    for row in rows:
        sold[row["customer"], row["article"]].append(
            SoldLine(row["external_id"], row["line_no"], row["paid_at"], row["amount"])
        )
    return sold


def _refund_of(refund: WaitingRefund, line: SoldLine, amount: int) -> RefundFacts:
    return RefundFacts(
        source=refund.source,
        order_external_id=line.order_no,
        external_id=f"{refund.order_external_id}/{refund.external_id}>{line.line_no}"[:80],
        amount=amount,
        refunded_at=refund.refunded_at,
        line_no=line.line_no,
    )
