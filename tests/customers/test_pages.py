"""Orders at HQ: the list, one order, refunds that wait, a creator's orders, each with refusals."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.choices import Role
from accounts.models import Person
from accounts.units import add_unit
from customers.intake import LineFacts
from customers.models import Order, WaitingRefund
from tests import cast as c

pytestmark = pytest.mark.django_db
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def xu(chengye: c.Cast) -> Person:
    """Regional manager of the east."""
    return c.person("xu", (Role.REGION_MANAGER, chengye.east))


@pytest.fixture
def sold(chengye: c.Cast) -> dict[str, Order]:
    """Four orders that differ in everything that the list filters by, newest first."""
    li = c.creator(chengye.tianhe, "K002", "Li Na")
    found = {
        "A4": c.order(chengye, "A4", 5_000, day="2026-09-20", seller=li, store=chengye.tianhe),
        "A3": c.order(chengye, "A3", 30_000, 10_000, day="2026-09-10", sharer=chengye.may),
        "A2": c.order(chengye, "A2", 2_000, day="2026-08-31", seller=None, channel="live"),
        "A1": c.order(chengye, "A1", 1_000, day="2026-08-01"),
    }
    c.refund(chengye, "A3", "R1", 4_050)
    c.refund(chengye, "A1", "R2", 1_000)
    return found


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def page(person: Person, name: str, /, *args: object, fragment: bool = False, **query: object):
    address = reverse(f"customers:{name}", args=args)
    return browser_of(person).get(address, query, headers=FRAGMENT if fragment else None)


def text_of(response) -> str:
    return response.content.decode()


def numbers_in(response) -> list[str]:
    return [order.external_id for order in response.context["page"].rows]


# -- every door ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["orders", "waiting_refunds"])
def test_only_those_who_may_see_orders_open_the_lists(name, chengye, lin) -> None:
    reviewer = c.person("rev", (Role.REVIEWER, chengye.brand))
    zhou = c.person("zhou", (Role.KOS, chengye.jingan))

    assert page(lin, name).status_code == 200
    assert page(reviewer, name).status_code == 403
    assert page(zhou, name).status_code == 403
    assert Client().get(reverse(f"customers:{name}")).status_code == 302


@pytest.mark.parametrize("name", ["order", "creator_orders"])
def test_nothing_outside_the_scope_exists(chengye, lin, xu, sold, name) -> None:
    order = sold["A4"]
    pk = order.pk if name == "order" else order.seller_id
    reviewer = c.person("rev", (Role.REVIEWER, chengye.brand))

    assert page(lin, name, pk, fragment=True).status_code == 200
    assert page(xu, name, pk, fragment=True).status_code == 404
    assert page(reviewer, name, pk, fragment=True).status_code == 403


def test_a_regional_manager_sees_the_orders_of_the_region(chengye, xu, sold) -> None:
    assert numbers_in(page(xu, "orders")) == ["A3", "A2", "A1"]
    assert numbers_in(page(xu, "orders", number="A4")) == []
    assert page(xu, "orders", unit=chengye.tianhe.pk).status_code == 422
    assert page(xu, "orders", creator=sold["A4"].seller_id).status_code == 422


def test_orders_of_a_creator_are_only_those_in_reach(chengye, xu, sold) -> None:
    """Who sells in another region keeps those orders from the own region's manager."""
    c.order(chengye, "A5", 7_000, store=chengye.tianhe)  # Zhou Min, away in Tianhe

    shown = page(xu, "creator_orders", chengye.zhou.pk, fragment=True)

    assert [order.external_id for order in shown.context["orders"]] == ["A3", "A1"]
    assert shown.context["totals"][0]["count"] == 2


# -- the list ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, ["A4", "A3", "A2", "A1"]),
        ({"sort": "paid"}, ["A1", "A2", "A3", "A4"]),
        ({"number": "A2"}, ["A2"]),
        ({"number": " A2 "}, ["A2"]),
        ({"number": "A"}, []),
        ({"who": "zhou"}, ["A3", "A1"]),
        ({"who": "may"}, ["A3"]),
        ({"who": "k002"}, ["A4"]),
        ({"channel": "live"}, ["A2"]),
        ({"status": "refunded"}, ["A1"]),
        ({"status": "paid"}, []),
        ({"refunded": "any"}, ["A3", "A1"]),
        ({"refunded": "part"}, ["A3"]),
        ({"refunded": "whole"}, ["A1"]),
        ({"refunded": "none"}, ["A4", "A2"]),
        ({"no_seller": "on"}, ["A2"]),
        ({"no_seller": ""}, ["A4", "A3", "A2", "A1"]),
        ({"since": "2026-08-31", "until": "2026-09-10"}, ["A3", "A2"]),
    ],
)
def test_the_list_filters_and_sorts(lin, sold, query, numbers) -> None:
    assert numbers_in(page(lin, "orders", **query)) == numbers


def test_the_list_filters_by_place_and_person(chengye, lin, sold) -> None:
    assert numbers_in(page(lin, "orders", unit=chengye.south.pk)) == ["A4"]
    assert numbers_in(page(lin, "orders", creator=chengye.may.pk)) == ["A3"]
    assert numbers_in(page(lin, "orders", creator=chengye.zhou.pk)) == ["A3", "A1"]


def test_amounts_stand_in_full_with_reason_and_refund(lin, sold) -> None:
    shown = text_of(page(lin, "orders", number="A3"))

    assert "¥400.00" in shown and "¥40.50" in shown
    assert "Zhou Min" in shown and "Named on the order" in shown
    assert "May" in shown and "Share code used" in shown
    assert "Nobody" in text_of(page(lin, "orders", number="A2"))


@pytest.mark.parametrize(
    "query",
    [
        {"channel": "fax"},
        {"status": "unknown"},
        {"refunded": "maybe"},
        {"unit": "store"},
        {"creator": str(10**30)},
        {"since": "yesterday"},
        {"until": "2026-13-01"},
        {"period": "x"},
        {"sort": "-paid_amount"},
        {"number": "nul\x00"},
    ],
)
def test_a_value_that_means_nothing_is_named_not_guessed(lin, sold, query) -> None:
    refused = page(lin, "orders", **query)

    assert refused.status_code == 422
    assert numbers_in(refused) == []
    assert "This filter is not known" in text_of(refused)


@pytest.mark.parametrize("sort", ["-paid", "paid"])
def test_pages_visit_every_order_once_there_and_back(chengye, lin, sort) -> None:
    Order.objects.bulk_create(
        Order(
            brand=chengye.brand, store=chengye.jingan, source="shop", external_id=f"B{number}",
            status="finished", currency="CNY", paid_amount=100,
            # Many orders of a day carry the same time.
            paid_at=c.at(f"2026-09-0{1 + number % 3}"), business_date=dt.date(2026, 9, 1),
        )
        for number in range(120)
    )  # fmt: skip
    pages, cursor = [], ""
    while cursor is not None:
        shown = page(lin, "orders", sort=sort, cursor=cursor, fragment=True).context
        pages.append([order.pk for order in shown["page"].rows])
        cursor = shown["page"].next
    there = [pk for rows in pages for pk in rows]
    assert [len(rows) for rows in pages] == [50, 50, 20]
    assert len(set(there)) == 120

    back, cursor = [pages[-1]], shown["page"].previous
    while cursor is not None:
        shown = page(lin, "orders", sort=sort, cursor=cursor, fragment=True).context
        back.insert(0, [order.pk for order in shown["page"].rows])
        cursor = shown["page"].previous
    assert [pk for rows in back for pk in rows] == there


def test_the_list_says_why_it_is_empty(lin, sold) -> None:
    huaye = add_unit(by=None, kind="brand", code="HY", name="Huaye")
    new = c.person("new", (Role.OPERATOR, huaye))

    assert "No order fits these filters" in text_of(page(lin, "orders", number="A99"))
    assert "No orders yet" in text_of(page(new, "orders"))


def test_htmx_gets_rows_alone(lin, sold) -> None:
    response = page(lin, "orders", fragment=True, number="A3", who="")

    assert "<html" not in text_of(response) and "A3" in text_of(response)
    assert response["HX-Push-Url"] == "/orders/?number=A3"


def test_the_list_takes_the_same_queries_for_ten_rows_and_for_two_hundred(
    chengye, lin, django_assert_max_num_queries
) -> None:
    browser = browser_of(lin)
    for number in range(10):
        c.order(chengye, f"B{number}", 100, sharer=chengye.may)
    address = reverse("customers:orders")
    with django_assert_max_num_queries(12) as few:
        browser.get(address)
    for number in range(10, 200):
        c.order(chengye, f"B{number}", 100, seller=c.creator(chengye.jingan, f"X{number}", "Li"))
    for query in ("", "?no_seller=on", "?refunded=none&period=90d"):
        with django_assert_max_num_queries(len(few)):
            browser.get(address + query)


# -- one order -----------------------------------------------------------------


def test_an_order_shows_articles_refunds_and_who_is_credited(chengye, lin) -> None:
    lines = (
        LineFacts("1", 30_000, sku="CY-1", title="Barrier cream", category="skincare", quantity=2),
        LineFacts("2", 1_000, sku="POST", commissionable=False),
    )
    order = c.order(chengye, "E1", lines=lines, sharer=chengye.may)
    c.refund(chengye, "E1", "R1", 10_000, line="1")
    c.refund(chengye, "E1", "R2", 500)

    shown = text_of(page(lin, "order", order.pk))

    assert "Barrier cream" in shown and "skincare" in shown and "¥300.00" in shown
    assert "earns no commission" in shown
    assert "R1" in shown and "¥100.00" in shown
    assert "The whole order, spread over its articles" in shown and "¥5.00" in shown
    assert "¥205.00" in shown  # what remains of 310.00
    assert "Named on the order" in shown and "Share code used" in shown
    assert escape(chengye.jingan.name) in shown


def test_an_order_says_how_its_facts_changed(chengye, lin) -> None:
    order = c.order(chengye, "E1", 1_000)
    assert "Last change taken in" not in text_of(page(lin, "order", order.pk))

    c.order(chengye, "E1", 2_000, source_updated_at=timezone.now())

    shown = text_of(page(lin, "order", order.pk))
    assert "Last change taken in" in shown and "Last change in the shop" in shown
    assert page(lin, "order", order.pk).context["order"].facts_version == 2


def test_commission_is_loaded_for_those_who_may_see_it(chengye, lin, sold) -> None:
    he = c.person("he", (Role.STORE_MANAGER, chengye.jingan))
    address = reverse("incentives:order_commission", args=[sold["A3"].pk])

    assert f'hx-get="{address}"' in text_of(page(lin, "order", sold["A3"].pk))
    assert address not in text_of(page(he, "order", sold["A3"].pk))


def test_an_order_without_seller_and_sharer_says_so(lin, sold) -> None:
    shown = text_of(page(lin, "order", sold["A2"].pk))

    assert "Nobody is named." in shown and "Nobody shared it." in shown
    assert "Nothing was refunded." in shown


# -- orders of a creator -------------------------------------------------------


def test_the_latest_orders_of_a_creator_stand_on_their_page(chengye, lin, sold) -> None:
    shown = page(lin, "creator_orders", chengye.zhou.pk, fragment=True)
    alone = page(lin, "creator_orders", chengye.zhou.pk)

    assert [order.external_id for order in shown.context["orders"]] == ["A3", "A1"]
    assert "2 orders, ¥410.00 paid, ¥50.50 of it refunded" in text_of(shown)
    assert alone.status_code == 302
    assert alone["Location"] == f"/orders/?creator={chengye.zhou.pk}"


def test_a_creator_without_orders_gets_a_word(chengye, lin) -> None:
    assert "No orders yet" in text_of(page(lin, "creator_orders", chengye.may.pk, fragment=True))


# -- refunds that wait ---------------------------------------------------------


@pytest.fixture
def waiting(chengye: c.Cast) -> None:
    """Two refunds came before their orders; one of the orders has come since."""
    c.refund(chengye, "LATE", "W1", 700)
    c.refund(chengye, "NEW", "W2", 800)
    c.refund(chengye, "FOUND", "W3", 900)
    WaitingRefund.objects.filter(external_id="W1").update(
        received_at=timezone.now() - dt.timedelta(days=3)
    )
    c.order(chengye, "FOUND", 900)


@pytest.mark.parametrize(
    ("query", "refunds"),
    [
        ({}, ["W2", "W1"]),
        ({"state": "late"}, ["W1"]),
        ({"state": "applied"}, ["W3"]),
        ({"state": "all"}, ["W3", "W2", "W1"]),
        ({"number": "NEW"}, ["W2"]),
        ({"sort": "received"}, ["W1", "W2"]),
    ],
)
def test_refunds_without_an_order_are_listed(lin, waiting, query, refunds) -> None:
    assert numbers_in(page(lin, "waiting_refunds", **query)) == refunds


def test_a_refund_that_waits_too_long_says_so(lin, waiting) -> None:
    shown = text_of(page(lin, "waiting_refunds"))

    assert shown.count("badge-warn") == 1 and "¥7.00" in shown and "LATE" in shown
    assert '<span class="count">2</span>' in text_of(page(lin, "orders"))
    assert page(lin, "waiting_refunds", state="x").status_code == 422


def test_refunds_without_an_order_belong_to_the_whole_brand(chengye, xu, waiting) -> None:
    shown = page(xu, "waiting_refunds")

    assert numbers_in(shown) == []
    assert "These refunds belong to the brand as a whole" in text_of(shown)
    assert '<span class="count">' not in text_of(page(xu, "orders")).split("<main")[1]


def test_nothing_waits(lin) -> None:
    assert "No refund waits for its order" in text_of(page(lin, "waiting_refunds"))
    assert "No refund fits" in text_of(page(lin, "waiting_refunds", number="X"))
