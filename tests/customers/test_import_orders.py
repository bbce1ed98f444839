"""Orders and refunds from files."""

import datetime as dt

import pytest

from accounts.units import add_unit
from customers import import_orders
from customers.models import ChangedOrder, ContestedClaim, Order, OrderLine, Refund, WaitingRefund
from integrations import settling
from integrations.models import ImportIssue
from matrix import registry
from matrix.registry import add_creator, change_state
from tests.integrations.passing import bring_in, check, faults, figures
from tests.integrations.people import *  # noqa: F403
from tests.integrations.trying import csv_file, xlsx_file

NAMES = (
    "订单号,行号,渠道,门店编码,支付时间,订单状态,商品编码,商品名称,品类,数量,实付金额,退款金额,退款时间,"
    "会员号,分享码,导购工号"
)
TWO_ORDERS = (
    f"{NAMES}\n"
    "E001,1,门店,0012,2026-09-05 12:00:00,已完成,A-01,面霜,护肤,1,398.00,,,M77,MAY1,K0231\n"
    'E001,2,门店,0012,2026-09-05 12:00:00,已完成,B-02,口红,彩妆,2,"1,136.50",,,M77,MAY1,K0231\n'
    "E002,1,小程序,0012,2026/09/06 09:30,已付款,A-01,面霜,护肤,1,¥398,,,,,\n"
)


# One of our codes, as customers type it.
SPELT = ("K7QM3XWD", "k7qm3xwd", "K7qm 3xwd", "Ｋ７ＱＭ３ＸＷＤ")


@pytest.fixture(autouse=True)
def formats_offered():
    import_orders.register_formats()


@pytest.fixture
def store(lin, brand):
    return add_unit(by=lin, kind="store", code="0012", name="Jing'an", parent=brand)


@pytest.fixture
def zhou(lin, store):
    return add_creator(by=lin, store=store, kind="kos", number="K0231", name="周敏")


@pytest.fixture
def may(lin, store):
    return add_creator(
        by=lin, store=store, kind="koc", number="M9001", name="梅", share_code="MAY1"
    )


@pytest.fixture
def people(zhou, may):
    return zhou, may


def orders_in(lin, brand, text, **more):
    return bring_in(lin, brand, "orders", csv_file(text), source="shop", **more)


def refunds_in(lin, brand, text):
    return bring_in(lin, brand, "refunds", csv_file(text), source="shop")


def rows(*lines: str) -> str:
    return "\n".join([NAMES, *lines]) + "\n"


# -- orders ------------------------------------------------------------------------------


def test_rows_become_orders_with_their_lines(lin, brand, store, people):
    zhou, may = people
    batch = orders_in(lin, brand, TWO_ORDERS)
    assert figures(batch) == {"new": 3}
    first, second = Order.objects.order_by("external_id")
    assert (first.store, first.seller, first.sharer) == (store, zhou, may)
    assert (first.seller_by, first.sharer_by) == ("explicit", "share_code")
    assert (first.paid_amount, first.status, first.channel, first.source) == (
        153_450,
        "finished",
        "store",
        "shop",
    )
    assert first.paid_at == dt.datetime(2026, 9, 5, 4, 0, tzinfo=dt.UTC)
    assert first.business_date == dt.date(2026, 9, 5)
    assert [(line.line_no, line.sku, line.quantity, line.paid_amount, line.category)
            for line in first.lines.order_by("line_no")] == [
        ("1", "A-01", 1, 39_800, "护肤"),
        ("2", "B-02", 2, 113_650, "彩妆"),
    ]  # fmt: skip
    assert bytes(first.buyer_key)
    assert second.buyer_key is None
    assert (second.seller, second.status, second.channel) == (None, "paid", "mini_programme")
    assert ChangedOrder.objects.count() == 2


def test_the_same_rows_in_another_file_change_nothing(lin, brand, store, people):
    orders_in(lin, brand, TWO_ORDERS)
    batch = check(lin, brand, "orders", csv_file(TWO_ORDERS + "\n"), source="shop")
    assert figures(batch) == {"unchanged": 3}


def test_an_order_of_another_source_is_another_order(lin, brand, store, people):
    orders_in(lin, brand, TWO_ORDERS)
    bring_in(lin, brand, "orders", csv_file(TWO_ORDERS + "\n"), source="pos")
    assert Order.objects.count() == 4


def test_a_changed_line_raises_the_facts_version(lin, brand, store, people):
    orders_in(lin, brand, TWO_ORDERS)
    batch = orders_in(lin, brand, TWO_ORDERS.replace("398.00", "388.00"))
    assert figures(batch) == {"changed": 2, "unchanged": 1}
    order = Order.objects.get(external_id="E001")
    assert (order.paid_amount, order.facts_version) == (152_450, 2)


def test_lines_that_a_later_file_does_not_have_stay(lin, brand, store, people):
    orders_in(lin, brand, TWO_ORDERS)
    added = rows("E001,3,门店,0012,2026-09-05 12:00:00,已完成,C-03,面膜,护肤,1,99,,,M77,MAY1,K0231")
    orders_in(lin, brand, added)
    order = Order.objects.get(external_id="E001")
    assert (order.lines.count(), order.paid_amount) == (3, 163_350)
    assert not order.lines.filter(paid_amount=0).exists()


def test_rows_of_one_order_may_stand_apart(lin, brand, store, people, monkeypatch):
    from integrations import rows as chunking

    monkeypatch.setattr(chunking.chunks, "__kwdefaults__", {"size": 1})
    apart = TWO_ORDERS.splitlines()
    orders_in(lin, brand, "\n".join([apart[0], apart[1], apart[3], apart[2]]) + "\n")
    order = Order.objects.get(external_id="E001")
    assert (order.paid_amount, order.lines.count(), order.facts_version) == (153_450, 2, 2)


def test_without_line_numbers_equal_articles_are_several_lines(lin, brand, store):
    text = (
        "订单号,门店编码,支付时间,商品编码,实付金额\n"
        "E1,0012,2026-09-05,A,10\nE1,0012,2026-09-05,A,10\nE1,0012,2026-09-05,B,5\n"
    )
    orders_in(lin, brand, text)
    order = Order.objects.get()
    assert order.paid_amount == 2500
    assert sorted(order.lines.values_list("line_no", flat=True)) == ["A.1", "A.2", "B.1"]
    assert figures(check(lin, brand, "orders", csv_file(text + "\n"), source="shop")) == {
        "unchanged": 3
    }


def test_a_seller_alone_gives_the_store(lin, brand, zhou):
    orders_in(lin, brand, "订单号,支付时间,实付金额,导购工号\nE1,2026-09-05,10,K0231\n")
    assert Order.objects.get().store == zhou.store


def test_a_share_code_that_ended_credits_nobody_for_what_was_paid_later(lin, brand, store, people):
    """A16: orders up to the last day keep their sharer, also when the file comes afterwards."""
    _zhou, may = people
    change_state(by=lin, creator=may, state="left", on=dt.date(2026, 9, 5))
    later = TWO_ORDERS.replace("¥398,,,,,", "¥398,,,,MAY1,")
    batch = orders_in(lin, brand, later)
    assert batch.counts["reasons"] == {"share_code_ended": 1}
    first, second = Order.objects.order_by("external_id")
    assert (first.sharer, first.sharer_by) == (may, "share_code")
    assert second.sharer is None


def test_an_unknown_share_code_credits_nobody_and_is_counted(lin, brand, store, people):
    batch = orders_in(lin, brand, TWO_ORDERS.replace("MAY1", "NOPE"))
    assert batch.counts["reasons"] == {"share_code_unknown": 2}
    assert Order.objects.get(external_id="E001").sharer is None


def test_a_share_code_of_ours_counts_however_it_was_typed(lin, brand, store, people):
    _zhou, may = people
    registry.change_creator(by=lin, creator=may, share_code="K7QM3XWD")
    lines = [f"E{no},2026-09-05,10,K0231,{code}" for no, code in enumerate(SPELT)]
    # One order whose rows spell it in two ways names one person.
    lines += ["F1,2026-09-05,10,K0231,k7qm3xwd", "F1,2026-09-05,20,K0231,K7QM3XWD"]
    batch = orders_in(lin, brand, "\n".join(["订单号,支付时间,实付金额,导购工号,分享码", *lines]))
    assert batch.counts["reasons"] == {}
    assert set(Order.objects.values_list("sharer", flat=True)) == {may.pk}
    assert not ContestedClaim.objects.exists()


def test_a_share_code_of_the_brand_counts_as_it_is_written(lin, brand, store, people):
    orders_in(lin, brand, "订单号,支付时间,实付金额,导购工号,分享码\nE1,2026-09-05,10,K0231,may1\n")
    assert Order.objects.get().sharer is None


def test_a_fault_in_one_line_holds_back_the_whole_order(lin, brand, store, people):
    batch = orders_in(lin, brand, TWO_ORDERS.replace("398.00", "free"))
    assert faults(batch) == [
        (2, "paid_amount", "not_an_amount"),
        (3, "order_no", "other_row_of_group"),
    ]
    assert list(Order.objects.values_list("external_id", flat=True)) == ["E002"]
    first = ImportIssue.objects.get(batch=batch, line=2)
    settling.correct_row(by=lin, issue=first, cells={"实付金额": "398.00"})
    order = Order.objects.get(external_id="E001")
    assert (order.paid_amount, order.lines.count()) == (153_450, 2)
    batch.refresh_from_db()
    assert figures(batch) == {"new": 3}


GOOD = "E1,1,门店,0012,2026-09-05 12:00,已完成,A,面霜,护肤,1,10,,,,,"


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (GOOD.replace("E1,", ",", 1), "order_no", "required"),
        (GOOD.replace("E1,", "7.5e+18,", 1), "order_no", "id_in_scientific_form"),
        (GOOD.replace("0012", "12"), "store_code", "zeros_lost"),
        (GOOD.replace("0012", "0099"), "store_code", "unknown_store"),
        (GOOD.replace("0012", ""), "store_code", "no_store"),
        (GOOD.replace("2026-09-05 12:00", "05/09/2026"), "paid_at", "day_or_month_first"),
        (GOOD.replace("2026-09-05", "2090-09-05"), "", "occurred_in_future"),
        (GOOD.replace("已完成", "大概完成"), "status", "not_a_choice"),
        (GOOD.replace("门店", "火星"), "channel", "not_a_choice"),
        (GOOD.replace(",1,10,", ",一,10,"), "quantity", "not_a_count"),
        (GOOD.replace(",1,10,", ",-1,10,"), "quantity", "number_out_of_range"),
        (GOOD.replace(",10,", ",-10,"), "paid_amount", "amount_out_of_range"),
        (GOOD.replace(",10,", ",NaN,"), "paid_amount", "not_an_amount"),
        (GOOD.replace(",10,", ",Infinity,"), "paid_amount", "not_an_amount"),
        (GOOD.replace(",10,", ",1e400,"), "paid_amount", "not_an_amount"),
        (GOOD.replace(",10,", ",0.001,"), "paid_amount", "not_an_amount"),
        (GOOD.replace(",10,", ",１０,"), "paid_amount", "not_an_amount"),
        (GOOD.replace(",10,", ",10000000000,"), "paid_amount", "amount_out_of_range"),
        (GOOD + "K9999", "employee_no", "unknown_employee"),
        (GOOD.replace(",10,,,", ",10,10.01,2026-09-10,"), "refund_amount", "refund_exceeds_paid"),
        (GOOD.replace(",10,,,", ",10,5,,"), "refund_at", "refund_time_missing"),
        (GOOD.replace("已完成", "已退款"), "refund_amount", "refund_amount_missing"),
        (GOOD + ",extra", "", "extra_cells"),
    ],
)  # fmt: skip
def test_faulty_orders_are_named_by_line_and_column(lin, brand, people, row, column, code):
    batch = check(lin, brand, "orders", csv_file(rows(row)), source="shop")
    assert faults(batch) == [(2, column, code)]
    assert not Order.objects.exists()


def test_rows_of_an_order_that_contradict_each_other_are_refused(lin, brand, people):
    text = rows(
        GOOD,
        GOOD.replace("E1,1", "E1,2").replace("2026-09-05", "2026-09-09"),
        GOOD.replace("E1", "E2"),
        GOOD.replace("E1,1", "E2,1").replace(",10,", ",11,"),
        GOOD.replace("E1", "E3"),
        GOOD.replace("E1", "E3"),
    )
    batch = check(lin, brand, "orders", csv_file(text), source="shop")
    assert faults(batch) == [
        (2, "paid_at", "order_contradicts"),
        (3, "paid_at", "order_contradicts"),
        (4, "order_no", "other_row_of_group"),
        (5, "line_no", "line_repeated"),
    ]
    assert figures(batch) == {"new": 1, "skipped": 1, "faulty": 4}


def test_ids_in_number_cells_need_a_persons_word(lin, brand, store):
    file = xlsx_file(
        ["订单号", "门店编码", "支付时间", "实付金额"],
        [20260905001, "0012", dt.datetime(2026, 9, 5, 12), 129.9],  # noqa: DTZ001
    )
    batch = check(lin, brand, "orders", file, source="shop")
    assert faults(batch) == [(2, "order_no", "id_not_text")]
    from integrations import importing

    importing.cancel_import(by=lin, batch=batch)
    file.seek(0)
    bring_in(lin, brand, "orders", file, source="shop", options={"numeric_ids": "accept"})
    order = Order.objects.get()
    assert (order.external_id, order.paid_amount) == ("20260905001", 12_990)


def test_orders_of_another_brand_are_apart(lin, brand, people, stranger, other_brand):
    orders_in(lin, brand, TWO_ORDERS)
    batch = check(stranger, other_brand, "orders", csv_file(TWO_ORDERS), source="shop")
    assert {code for _line, _column, code in faults(batch)} >= {"unknown_store"}
    assert Order.objects.filter(brand=other_brand).count() == 0


# -- refunds inside order rows ---------------------------------------------------------------


def test_what_was_refunded_so_far_becomes_refunds_once(lin, brand, people):
    part = rows(GOOD.replace(",10,,,", ",10,4,2026-09-10 10:00,"))
    orders_in(lin, brand, part)
    assert figures(check(lin, brand, "orders", csv_file(part + "\n"), source="shop")) == {
        "unchanged": 1
    }
    batch = orders_in(lin, brand, rows(GOOD.replace(",10,,,", ",10,10,2026-09-12 10:00,")))
    assert figures(batch) == {"changed": 1}
    order = Order.objects.get()
    assert (order.refunded_amount, order.status) == (1000, "refunded")
    assert sorted(order.refunds.values_list("amount", flat=True)) == [400, 600]
    assert order.lines.get().refunded_amount == 1000


def test_a_version_worth_less_than_what_was_refunded_is_refused(lin, brand, people):
    orders_in(lin, brand, rows(GOOD.replace(",10,,,", ",10,8,2026-09-10,")))
    batch = check(lin, brand, "orders", csv_file(rows(GOOD.replace(",10,", ",7,"))), source="shop")
    assert faults(batch) == [(2, "", "refund_exceeds_paid")]


# -- files of refunds ---------------------------------------------------------------------------

REFUND_NAMES = "订单号,退款单号,退款金额,退款时间,行号\n"


def test_refunds_reduce_their_orders(lin, brand, people):
    orders_in(lin, brand, TWO_ORDERS)
    batch = refunds_in(
        lin,
        brand,
        REFUND_NAMES + "E001,R1,100.50,2026-09-10 10:00,2\nE001,R2,98,2026-09-11 10:00,\n",
    )
    assert figures(batch) == {"new": 2}
    order = Order.objects.get(external_id="E001")
    assert (order.refunded_amount, order.facts_version) == (19_850, 2)
    assert Refund.objects.get(external_id="R1").line.line_no == "2"
    assert sum(line.refunded_amount for line in order.lines.all()) == 19_850


def test_the_same_refunds_again_change_nothing(lin, brand, people):
    orders_in(lin, brand, TWO_ORDERS)
    text = REFUND_NAMES + "E001,R1,100.50,2026-09-10 10:00,2\nE009,R9,5,2026-09-10 10:00,\n"
    refunds_in(lin, brand, text)
    assert figures(check(lin, brand, "refunds", csv_file(text + "\n"), source="shop")) == {
        "unchanged": 2
    }


def test_a_refund_waits_for_its_order(lin, brand, people):
    batch = refunds_in(lin, brand, REFUND_NAMES + "E001,R1,100,2026-09-10 10:00,1\n")
    assert batch.counts["reasons"] == {"order_unknown": 1}
    assert WaitingRefund.objects.get().applied_at is None
    orders_in(lin, brand, TWO_ORDERS)
    assert WaitingRefund.objects.get().applied_at is not None
    assert Order.objects.get(external_id="E001").refunded_amount == 10_000


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        ("E001,R1,0,2026-09-10,\n", "", "amount_not_positive"),
        ("E001,R1,-5,2026-09-10,\n", "amount", "amount_out_of_range"),
        ("E001,R1,2000,2026-09-10,\n", "", "refund_exceeds_paid"),
        ("E001,R1,398.01,2026-09-10,1\n", "", "refund_exceeds_paid"),
        ("E001,R1,5,2026-09-10,9\n", "", "unknown_line"),
        ("E001,R1,5,2090-09-10,\n", "", "occurred_in_future"),
        ("E001,,5,2026-09-10,\n", "refund_no", "required"),
        ("E001,R0,5,2026-09-10,\n", "amount", "refund_differs"),
    ],
)
def test_faulty_refunds_are_named_by_line(lin, brand, people, row, column, code):
    orders_in(lin, brand, TWO_ORDERS)
    refunds_in(lin, brand, REFUND_NAMES + "E001,R0,1,2026-09-10,\n")
    batch = check(lin, brand, "refunds", csv_file(REFUND_NAMES + row), source="shop")
    assert faults(batch) == [(2, column, code)]
    assert Refund.objects.count() == 1


def test_a_refund_twice_in_one_file(lin, brand, people):
    orders_in(lin, brand, TWO_ORDERS)
    text = REFUND_NAMES + ("E001,R1,5,2026-09-10,\nE001,R1,5,2026-09-10,\nE001,R1,6,2026-09-10,\n")
    batch = refunds_in(lin, brand, text)
    assert faults(batch) == [(4, "refund_no", "repeated_row")]
    assert figures(batch) == {"new": 1, "skipped": 1, "faulty": 1}


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(lin, brand, people):
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    def queries(count: int) -> int:
        text = rows(*(GOOD.replace("E1,", f"E{count}-{n},") for n in range(count)))
        with CaptureQueriesContext(connection) as seen:
            assert figures(orders_in(lin, brand, text)) == {"new": count}
        return len(seen)

    queries(2)
    assert queries(1500) == queries(3)
    assert OrderLine.objects.count() == 1505


def test_rows_of_one_order_that_name_two_sellers_credit_the_first(lin, brand, store, people, zhou):
    """M18: the other is kept with the order as contested."""
    add_creator(by=lin, store=store, kind="kos", number="K0232", name="何琳")
    two = TWO_ORDERS.replace("398.00,398,,,,,K0231", "398.00,398,,,,,K0232")
    lines = two.splitlines()
    lines[2] = lines[2].replace("K0231", "K0232")
    batch = orders_in(lin, brand, "\n".join(lines) + "\n")
    order = Order.objects.get(external_id="E001")
    assert batch.counts.get("faulty", 0) == 0
    assert order.seller.number == "K0231"
    assert [claim.creator.number for claim in order.claims.all()] == ["K0232"]
