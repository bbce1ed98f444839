"""Real baskets as orders: the stated rules, and a load that can be repeated."""

import datetime as dt
from zoneinfo import ZoneInfo

import pytest

from accounts.models import Unit
from customers.complete_journey import (
    Basket,
    Product,
    Taken,
    kos_count,
    minor,
    prepare_brand,
    region_of,
    seller_place,
    take_baskets,
)
from customers.models import Order, OrderLine
from matrix.models import Creator

ZONE = ZoneInfo("Asia/Shanghai")
PRODUCTS = {
    7: Product("DELI", "CHEESE / SOFT"),
    8: Product("FUEL", "GASOLINE"),
}
BASKETS = [
    Basket(
        id=31198459044,
        household=900,
        store=330,
        at=dt.datetime(2017, 1, 1, 23, 30),  # noqa: DTZ001 - the package has local times
        lines=((7, 2, 5.99), (8, 9000, 20.10), (7, 1, 3.0), (99, 1, 0.0)),
    ),
    Basket(
        id=31198459045,
        household=901,
        store=331,
        at=dt.datetime(2017, 1, 2, 8, 0),  # noqa: DTZ001
        lines=((7, 1, 1.15),),
    ),
]


def take(baskets: list[Basket], **options: int) -> Taken:
    brand = prepare_brand(baskets_of={330: 200, 331: 1})
    taken = Taken()
    for taken in take_baskets(  # noqa: B007 - the last one counts all
        brand=brand, baskets=baskets, products=PRODUCTS, zone=ZONE, **options
    ):
        pass
    return taken


def test_a_store_belongs_to_a_region_by_its_number() -> None:
    assert [region_of(store) for store in (328, 329, 330, 331, 332)] == [
        "North",
        "East",
        "South",
        "West",
        "North",
    ]


def test_a_store_gets_a_kos_for_each_150_baskets_up_to_eight() -> None:
    assert [kos_count(n) for n in (1, 150, 151, 1200, 90_000)] == [1, 1, 2, 8, 8]


def test_a_household_is_always_served_by_the_same_kos_and_all_get_some() -> None:
    places = [seller_place(household, 8) for household in range(2469)]
    assert places == [seller_place(household, 8) for household in range(2469)]
    heads = [places.count(place) for place in range(8)]
    assert min(heads) > 250


@pytest.mark.parametrize(
    ("dollars", "cents"), [(0.29, 29), (1.15, 115), (4.35, 435), (0.0, 0), (1099.99, 109_999)]
)
def test_dollars_become_whole_cents(dollars: float, cents: int) -> None:
    assert minor(dollars) == cents


@pytest.mark.django_db
def test_baskets_become_orders_of_their_store_sold_by_rule() -> None:
    taken = take(BASKETS)
    assert (taken.baskets, taken.lines, taken.new_baskets, taken.new_lines) == (2, 5, 2, 5)
    order = Order.objects.get(external_id="31198459044")
    assert order.store.code == "S330"
    assert order.store.parent.name == "South"
    assert order.business_date == dt.date(2017, 1, 1), "the till's local time is kept"
    assert order.seller.number == f"330-{seller_place(900, 2) + 1}"
    assert order.seller_by == "rule"
    assert order.paid_amount == 599 + 2010 + 300
    lines = list(
        OrderLine.objects.filter(order=order)
        .order_by("line_no")
        .values_list("line_no", "sku", "category", "paid_amount", "commissionable")
    )
    assert lines == [
        ("1", "7", "DELI", 599, True),
        ("2", "8", "FUEL", 2010, False),
        ("3", "7", "DELI", 300, True),
        ("4", "99", "", 0, True),
    ]


@pytest.mark.django_db
def test_a_second_load_changes_nothing() -> None:
    take(BASKETS)
    before = (
        list(Order.objects.order_by("pk").values()),
        Unit.objects.count(),
        Creator.objects.count(),
    )
    again = take(BASKETS)
    assert (again.baskets, again.new_baskets, again.new_lines) == (2, 0, 0)
    after = (
        list(Order.objects.order_by("pk").values()),
        Unit.objects.count(),
        Creator.objects.count(),
    )
    assert after == before


@pytest.mark.django_db
def test_a_load_that_was_cut_off_goes_on_where_it_stopped() -> None:
    take(BASKETS[:1], chunk=1)
    taken = take(BASKETS, chunk=1)
    assert (taken.baskets, taken.new_baskets) == (2, 1)
    assert Order.objects.count() == 2
