"""Each figure of the overview opens the list behind it, and the list has the same number."""

import re
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from insights import figures, periods
from insights.behind import Behind
from matrix.choices import CreatorKind
from tests import cast as c
from tests.insights.test_overview import post, yesterday

pytestmark = pytest.mark.django_db

WEEK = "?period=7d"


@pytest.fixture
def people() -> c.Cast:
    """Posts and orders of two stores in two regions, within the week and before it."""
    people = c.cast()
    day = yesterday()
    other = c.creator(people.tianhe, "K002", "He Ying")
    post(people, day, likes=10)
    post(people, day, likes=4)
    post(people, c.dt.date(2026, 1, 5), likes=99)
    c.order(people, "E1", 10_000, day=day.isoformat())
    c.order(people, "E2", 20_000, day=day.isoformat(), seller=other, store=people.tianhe)
    c.order(people, "E3", 30_000, day=day.isoformat(), seller=None)
    c.order(people, "E4", 40_000, day="2026-01-05")
    return people


def opened(client: Client, address: str) -> int:
    """How many rows the list has that the address leads to."""
    response = client.get(unescape(address))
    assert response.status_code == 200, address
    assert response.context["problems"] == []
    return int(response.context["count"]())


def overview(client: Client, query: str = WEEK) -> dict:
    return client.get(reverse("insights:overview") + query).context


def signed_in(client: Client, role: str, unit: object) -> Client:
    client.force_login(c.person("somebody", (role, unit)))
    return client


@pytest.mark.parametrize(
    ("metric", "figure"),
    [("notes", "notes"), ("interactions", "notes"), ("orders", "orders"), ("sales", "orders")],
)
def test_the_trend_opens_as_many_rows_as_its_figure_says(
    client: Client, people: c.Cast, metric: str, figure: str
) -> None:
    signed_in(client, Role.OPERATOR, people.brand)
    shown = overview(client, f"{WEEK}&metric={metric}")
    span = shown["span"]
    total = figures.daily([people.jingan.pk, people.tianhe.pk], span)[figure].total

    assert total == 2
    assert opened(client, shown["trend"].href) == total


def test_commission_opens_all_orders_since_sharing_alone_earns_too(
    client: Client, people: c.Cast
) -> None:
    signed_in(client, Role.OPERATOR, people.brand)
    assert opened(client, overview(client, f"{WEEK}&metric=commission")["trend"].href) == 3


def test_each_day_of_the_trend_opens_the_rows_of_that_day(client: Client, people: c.Cast) -> None:
    signed_in(client, Role.OPERATOR, people.brand)
    now, before = overview(client, f"{WEEK}&metric=orders")["trend"].series

    assert [opened(client, link) for link in now.links] == now.values
    assert sum(now.values) == 2
    assert [opened(client, link) for link in before.links] == before.values


@pytest.mark.parametrize("region", ["east", "south"])
def test_a_region_opens_its_own_rows(client: Client, people: c.Cast, region: str) -> None:
    signed_in(client, Role.OPERATOR, people.brand)
    unit = getattr(people, region)
    shown = overview(client, f"{WEEK}&metric=orders&region={unit.pk}")
    assert opened(client, shown["trend"].href) == 1


def test_a_regional_manager_opens_lists_of_the_own_region(client: Client, people: c.Cast) -> None:
    signed_in(client, Role.REGION_MANAGER, people.south)
    shown = overview(client, f"{WEEK}&metric=orders")
    assert "unit=" not in shown["trend"].href
    assert opened(client, shown["trend"].href) == 1


def test_each_figure_of_a_store_opens_as_many_rows(client: Client, people: c.Cast) -> None:
    signed_in(client, Role.OPERATOR, people.brand)
    for row in overview(client)["page"].object_list:
        assert opened(client, row.behind["notes"]) == row.notes
        assert opened(client, row.behind["kos"]) == row.kos
        assert opened(client, row.behind["sales"]) == 1, row.name


def test_the_tiers_of_this_month_open_the_people_at_each(client: Client, people: c.Cast) -> None:
    people.may.tier = "junior"
    people.may.save()
    gone = c.creator(people.jingan, "C009", "Gone", kind=CreatorKind.KOC)
    gone.tier, gone.state = "junior", "left"
    gone.save()
    signed_in(client, Role.OPERATOR, people.brand)

    junior = overview(client)["tiers"]["chart"].series[0]

    assert junior.links[:-1] == [""] * 5
    assert (junior.values[-1], opened(client, junior.links[-1])) == (1, 1)


def test_who_may_not_see_a_list_is_not_led_there(people: c.Cast) -> None:
    reviewer = c.person("reviewer", (Role.REVIEWER, people.brand))
    behind = Behind(reviewer, people.brand)
    day = yesterday()
    assert behind.orders(day, day) == ""
    assert behind.posts(day, day)
    assert Behind(c.person("zhou", (Role.KOS, people.jingan)), people.brand).posts(day, day) == ""


def test_the_twin_of_the_trend_holds_the_same_links(client: Client, people: c.Cast) -> None:
    signed_in(client, Role.OPERATOR, people.brand)
    page = client.get(reverse("insights:overview") + WEEK).content.decode()
    twin = re.search(r'<details class="twin">.*?</details>', page, re.S)
    assert twin
    links = re.findall(r'<td class="num"><a class="figure-link" href="([^"]+)">', twin.group())
    assert len(links) == 14
    assert opened(client, links[-2]) == 2


def test_buyers_are_counted_once_and_only_where_they_are_known(people: c.Cast) -> None:
    day = yesterday().isoformat()
    for number, buyer in (("B1", "min"), ("B2", "min"), ("B3", "lan")):
        c.order(people, number, 1_000, day=day, buyer_key=buyer.encode())
    c.order(people, "B4", 1_000, day=day, buyer_key=b"yu", seller=None)

    found = figures.steps(
        [people.jingan.pk, people.tianhe.pk], periods.span("7d", timezone.localdate())
    )

    assert (found.customers, found.credited, found.again) == (3, 2, 1)
    assert found.views is None


def test_without_known_buyers_nothing_is_claimed(people: c.Cast) -> None:
    found = figures.steps(
        [people.jingan.pk, people.tianhe.pk], periods.span("7d", timezone.localdate())
    )
    assert (found.customers, found.credited, found.again) == (None, None, None)
