"""The public set of real invoices: what is a sale, what a refund, what neither."""

import gzip
import io
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Sum

from accounts.units import add_unit
from customers import import_orders
from customers.import_online_retail import amount_of, is_service, place_of
from customers.models import Order, OrderLine, Refund, WaitingRefund
from matrix.registry import add_creator
from tests.integrations.passing import bring_in, check, faults, figures
from tests.integrations.people import *  # noqa: F403
from tests.integrations.trying import csv_file

REAL_FILE = Path(__file__).parents[3] / "shared" / "data" / "online_retail.csv.gz"
# Of the real file; the whole of it is a trial (docs/trials.md), these are its first rows.
REAL_ROWS = 10_000

NAMES = "InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n"
LINES = NAMES + (
    "536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    "536365,85123A,WHITE HANGING HEART,6,2010-12-01 08:26:00,2.55,17850.0,United Kingdom\n"
    "536365,POST,POSTAGE,1,2010-12-01 08:27:00,18.00,17850.0,United Kingdom\n"
    "536366,71053,WHITE METAL LANTERN,2,2010-12-01 08:28:00,3.39,,United Kingdom\n"
    "536367,21777,,-10,2010-12-01 08:30:00,0,,United Kingdom\n"
    "536368,22139,found,5,2010-12-01 08:31:00,0,,United Kingdom\n"
    "A536369,B,Adjust bad debt,1,2010-12-01 08:32:00,11062.06,,United Kingdom\n"
)
CANCELLED = (
    "C536370,85123A,WHITE HANGING HEART,-8,2010-12-02 09:00:00,2.55,17850.0,United Kingdom\n"
    "C536370,85123A,WHITE HANGING HEART,-1,2010-12-02 09:00:00,2.55,17850.0,United Kingdom\n"
    "C536371,99999,NEVER SOLD,-1,2010-12-02 09:05:00,5.00,17850.0,United Kingdom\n"
    "C536372,71053,WHITE METAL LANTERN,-1,2010-12-02 09:06:00,3.39,,United Kingdom\n"
)


@pytest.fixture(autouse=True)
def formats_offered():
    import_orders.register_formats()


@pytest.fixture
def stores(lin, brand):
    return [
        add_unit(by=lin, kind="store", code=f"S{number}", name=f"Store {number}", parent=brand)
        for number in range(3)
    ]


@pytest.fixture
def sellers(lin, stores):
    return [
        add_creator(by=lin, store=store, kind="kos", number=f"K{place}", name=f"Seller {place}")
        for place, store in enumerate(stores)
    ]


@pytest.fixture
def options(stores):
    return {"store": str(stores[0].pk)}


def retail(lin, brand, text, options):
    return bring_in(lin, brand, "online_retail", csv_file(text), source="uci", options=options)


def test_sales_are_orders_and_what_is_no_sale_is_left_out_and_counted(
    lin, brand, stores, sellers, options
):
    batch = retail(lin, brand, LINES, options)
    assert figures(batch) == {"new": 4, "skipped": 3}
    assert batch.counts["reasons"] == {"stock_correction": 1, "no_price": 1, "bad_debt": 1}
    assert batch.counts["notes"] == {"id_point_zero": 3}
    first, second = Order.objects.order_by("external_id")
    seller = sellers[place_of("17850", 3)]
    assert (first.seller, first.seller_by, first.store) == (seller, "rule", seller.store)
    assert (second.seller, second.seller_by, second.store) == (None, "", stores[0])
    assert first.paid_amount == 2 * 1530 + 1800
    assert first.paid_at.isoformat() == "2010-12-01T08:26:00+00:00"
    assert [
        (line.line_no, line.paid_amount, line.commissionable)
        for line in first.lines.order_by("line_no")
    ] == [("85123A.1", 1530, True), ("85123A.2", 1530, True), ("POST.1", 1800, False)]


def test_cancellations_are_matched_to_the_latest_earlier_lines(lin, brand, sellers, options):
    later = LINES.splitlines()[1].replace("536365", "536399").replace("12-01", "12-05")
    batch = retail(lin, brand, LINES + CANCELLED + later + "\n", options)
    assert batch.counts["figures"] == {
        "matched": 2,
        "more_than_sold": 0,
        "no_sale": 1,
        "no_customer": 1,
    }
    order = Order.objects.get(external_id="536365")
    assert order.refunded_amount == 9 * 255
    refunds = order.refunds.order_by("external_id").values_list("external_id", "amount")
    assert list(refunds) == [
        ("C536370/85123A.1>85123A.1", 510),
        ("C536370/85123A.1>85123A.2", 1530),
        ("C536370/85123A.2>85123A.1", 255),
    ]
    assert not Refund.objects.filter(order__external_id="536399").exists()
    waiting = dict(
        WaitingRefund.objects.filter(applied_at=None).values_list("order_external_id", "reason")
    )
    assert waiting == {"C536371": "no_sale", "C536372": "no_customer"}


def test_more_cancelled_than_sold_leaves_the_rest_waiting(lin, brand, sellers, options):
    text = LINES + CANCELLED.splitlines()[0].replace("-8", "-15") + "\n"
    batch = retail(lin, brand, text, options)
    assert batch.counts["figures"]["more_than_sold"] == 1
    rest = WaitingRefund.objects.get()
    assert (rest.amount, rest.applied_at, rest.reason) == (3 * 255, None, "more_than_sold")
    assert rest.raw["Quantity"] == "-15"
    assert Order.objects.get(external_id="536365").refunded_amount == 12 * 255


def test_the_same_rows_in_another_file_change_nothing(lin, brand, sellers, options):
    retail(lin, brand, LINES + CANCELLED, options)
    before = list(WaitingRefund.objects.values_list("pk", "amount", "reason", "applied_at"))
    batch = check(lin, brand, "online_retail", csv_file(LINES + CANCELLED + "\n"), source="uci",
                  options=options)  # fmt: skip
    assert figures(batch) == {"unchanged": 8, "skipped": 3}
    assert list(WaitingRefund.objects.values_list("pk", "amount", "reason", "applied_at")) == before


def test_lines_of_one_invoice_that_stand_apart_are_one_order(
    lin, brand, sellers, options, monkeypatch
):
    from integrations import rows

    monkeypatch.setattr(rows.chunks, "__kwdefaults__", {"size": 1})
    lines = LINES.splitlines()
    apart = "\n".join([lines[0], lines[1], lines[4], lines[3]]) + "\n"
    retail(lin, brand, apart, options)
    order = Order.objects.get(external_id="536365")
    assert order.lines.count() == 2
    assert order.paid_at.isoformat() == "2010-12-01T08:26:00+00:00"
    batch = check(lin, brand, "online_retail", csv_file(apart + "\n"), source="uci",
                  options=options)  # fmt: skip
    assert figures(batch) == {"unchanged": 3}


def test_faulty_lines_are_named(lin, brand, sellers, options):
    text = NAMES + (
        "536365,A,x,6,2010-12-01 08:26:00,two,17850.0,UK\n"
        "C536366,A,x,6,2010-12-01 08:26:00,2.55,17850.0,UK\n"
        "536367,A,x,6.5,2010-12-01 08:26:00,2.55,17850.0,UK\n"
        "536368,A,x,6,01/12/2010 08:26,2.55,1.785E+4,UK\n"
        "536369,A,x,-6,2010-12-01 08:26:00,2.55,17850.0,UK\n"
    )
    batch = check(lin, brand, "online_retail", csv_file(text), source="uci", options=options)
    assert faults(batch) == [
        (2, "price", "not_an_amount"),
        (3, "quantity", "negative_sale"),
        (4, "quantity", "not_a_count"),
        (5, "at", "day_or_month_first"),
        (5, "customer", "id_in_scientific_form"),
        (6, "quantity", "negative_sale"),
    ]


def test_without_kos_there_is_nobody_to_give_invoices_to(lin, brand, stores, options):
    batch = check(lin, brand, "online_retail", csv_file(LINES), source="uci", options=options)
    assert (batch.state, batch.error["code"]) == ("failed", "no_kos")


def test_the_stated_rules():
    assert amount_of(12, Decimal("0.42")) == 504
    assert amount_of(1, Decimal("0.001")) == 0
    assert amount_of(-5, Decimal("0.001")) == 1
    assert [code for code in ("POST", "m", "gift_0001_40", "85123A", "BANK CHARGES")
            if is_service(code)] == ["POST", "m", "gift_0001_40", "BANK CHARGES"]  # fmt: skip
    assert place_of("17850", 240) == place_of("17850", 240)
    spread = Counter(place_of(str(number), 10) for number in range(5000))
    assert min(spread.values()) > 400


# -- the real file ----------------------------------------------------------------------------


@pytest.fixture
def real_rows():
    if not REAL_FILE.exists():
        pytest.skip(f"the public data set is not at {REAL_FILE}")
    with gzip.open(REAL_FILE, "rt", encoding="utf-8", newline="") as file:
        return "".join(line for _place, line in zip(range(REAL_ROWS + 1), file, strict=False))


def test_the_first_rows_of_the_real_file_add_up(lin, brand, sellers, options, real_rows):
    packed = io.BytesIO(gzip.compress(real_rows.encode()))
    file = SimpleUploadedFile("online_retail.csv.gz", packed.getvalue())
    batch = bring_in(lin, brand, "online_retail", file, source="uci", options=options)
    truth = Counter()
    invoices, cancelled, paid = set(), 0, 0
    for line in real_rows.splitlines()[1:]:
        invoice, *_rest = line.split(",")
        quantity, _at, price = line.rsplit(",", 5)[1:4]
        if invoice.startswith("A"):
            truth["bad_debt"] += 1
        elif invoice.startswith("C"):
            truth["cancellation"] += 1
            cancelled += amount_of(int(quantity), Decimal(price))
        elif int(quantity) < 0:
            truth["stock_correction"] += 1
        elif Decimal(price) == 0:
            truth["no_price"] += 1
        else:
            truth["sale"] += 1
            paid += amount_of(int(quantity), Decimal(price))
            invoices.add(invoice)
    reasons = batch.counts["reasons"]
    assert batch.counts["faulty"] == 0
    assert {name: reasons.get(name, 0) for name in truth if name != "sale"} == {
        name: number for name, number in truth.items() if name != "sale"
    }
    assert batch.counts["new"] == truth["sale"] + truth["cancellation"]
    assert Order.objects.count() == len(invoices)
    assert OrderLine.objects.count() == truth["sale"]
    assert Order.objects.aggregate(sum=Sum("paid_amount"))["sum"] == paid
    matched = Refund.objects.aggregate(sum=Sum("amount"))["sum"]
    waiting = WaitingRefund.objects.filter(applied_at=None).aggregate(sum=Sum("amount"))["sum"]
    assert matched + waiting == cancelled
    parts = batch.counts["figures"]
    assert sum(parts.values()) == truth["cancellation"]
