"""The overview shows what is so in the part of the tree that the person may see."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from content.models import Post
from insights import figures, periods
from matrix.choices import Domain, Ownership, Platform
from matrix.models import SocialAccount
from tests import cast as c

pytestmark = pytest.mark.django_db


def yesterday() -> dt.date:
    return timezone.localdate() - dt.timedelta(days=1)


def post(people: c.Cast, day: dt.date, **figures: int | None) -> Post:
    account, _new = SocialAccount.objects.get_or_create(
        brand=people.brand,
        unit=people.jingan,
        creator=people.zhou,
        platform=Platform.XIAOHONGSHU,
        domain=Domain.PUBLIC,
        ownership=Ownership.COMPANY_OPENED,
        owner_proof="company",
        handle="zhou",
    )
    return Post.objects.create(
        brand=people.brand,
        store=people.jingan,
        account=account,
        creator=people.zhou,
        platform=Platform.XIAOHONGSHU,
        title=f"Note {Post.objects.count()}",
        title_key=f"note{Post.objects.count()}",
        published_at=c.at(day.isoformat()),
        **figures,
    )


def test_figures_add_up_and_unknown_is_not_zero() -> None:
    people = c.cast()
    day = yesterday()
    post(people, day, likes=10, saves=None, comments=3)
    post(people, day - dt.timedelta(days=1))
    c.order(people, "E1", 10_000, day=day.isoformat())
    c.refund(people, "E1", "R1", 4_000, day=day.isoformat())
    c.order(people, "E2", 5_000, day=day.isoformat(), seller=None)

    daily = figures.daily([people.jingan.pk], periods.span("7d", timezone.localdate()))

    assert daily["notes"].total == 2
    assert daily["interactions"].now[-2:] == [None, 13]
    assert (daily["orders"].total, daily["sales"].total) == (1, 6_000)
    assert daily["interactions"].total_before is None


def test_stores_are_ranked_by_sales() -> None:
    people = c.cast()
    day = yesterday().isoformat()
    other = c.creator(people.tianhe, "K002", "He Ying")
    c.order(people, "E1", 10_000, day=day)
    c.order(people, "E2", 30_000, day=day, seller=other, store=people.tianhe)

    rows = figures.store_table(
        [people.jingan.pk, people.tianhe.pk], periods.span("7d", timezone.localdate())
    )

    assert [(row.name, row.sales, row.place) for row in rows] == [
        ("Tianhe Parc Central", 30_000, 1),
        ("Jing'an Kerry Centre", 10_000, 2),
    ]


def test_a_regional_manager_sees_the_own_region(client: Client) -> None:
    people = c.cast()
    client.force_login(c.person("xu", (Role.REGION_MANAGER, people.south)))

    page = client.get(reverse("insights:overview")).content.decode()

    assert "Tianhe Parc Central" in page
    assert "Kerry Centre" not in page


def test_creators_have_no_overview(client: Client) -> None:
    people = c.cast()
    client.force_login(c.person("zhou", (Role.KOS, people.jingan)))

    assert client.get(reverse("insights:overview")).status_code == 403


@pytest.mark.parametrize("query", ["period=never", "metric=x&page=99&sort=-nothing", "region=x"])
def test_an_address_that_means_nothing_shows_the_usual_overview(client: Client, query: str) -> None:
    people = c.cast()
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))

    assert client.get(f"{reverse('insights:overview')}?{query}").status_code == 200


def test_the_number_of_queries_does_not_grow_with_the_stores(
    client: Client, django_assert_max_num_queries
) -> None:
    people = c.cast()
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    for number in range(3):
        c.order(people, f"E{number}", 1_000, day=yesterday().isoformat())
    with django_assert_max_num_queries(30) as few:
        client.get(reverse("insights:overview"))
    for number in range(20):
        store = c.add_unit(
            by=None, kind="store", code=f"X{number}", name=f"Store {number}", parent=people.east
        )
        seller = c.creator(store, f"X{number}", f"Seller {number}")
        c.order(
            people, f"X{number}", 1_000, day=yesterday().isoformat(), seller=seller, store=store
        )
    with django_assert_max_num_queries(len(few)):
        client.get(reverse("insights:overview"))


@pytest.mark.parametrize(
    ("today", "code", "expected"),
    [
        ("2026-11-21", "month", ("2026-11-01", "2026-11-20", "2026-10-01", "2026-10-20")),
        ("2026-11-01", "month", ("2026-10-01", "2026-10-31", "2026-09-01", "2026-09-30")),
        ("2026-11-21", "7d", ("2026-11-14", "2026-11-20", "2026-11-07", "2026-11-13")),
        ("2026-11-21", "quarter", ("2026-10-01", "2026-11-20", "2026-07-01", "2026-08-20")),
    ],
)
def test_spans_are_full_days_against_the_same_days_before(
    today: str, code: str, expected: tuple[str, ...]
) -> None:
    found = periods.span(code, dt.date.fromisoformat(today))

    days = (found.first, found.last, found.first_before, found.last_before)
    assert tuple(day.isoformat() for day in days) == expected


@pytest.mark.parametrize(
    ("code", "language", "words"),
    [
        ("month", "en", "Oct"),
        ("month", "zh-hans", "10月"),
        ("7d", "en", "7 – 13 Nov"),
        ("quarter", "en", "1 Jul – 20 Aug"),
    ],
)
def test_what_is_compared_with_is_said_in_few_words(code: str, language: str, words: str) -> None:
    found = periods.span(code, dt.date(2026, 11, 21))
    assert found.compared_with(language) == words


@pytest.mark.parametrize("period", ["7d", "month", "quarter"])
def test_every_figure_of_the_overview_says_what_it_is(client: Client, period: str) -> None:
    people = c.cast()
    c.order(people, "E1", 1_000, day=yesterday().isoformat(), buyer_key=b"min")
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    page = client.get(f"{reverse('insights:overview')}?period={period}").content.decode()

    figures = re.findall(r'<li class="kpi(?: is-selected)?">(.*?)</li>', page, re.S)
    assert len(figures) == 5
    assert all('class="help"' in figure for figure in figures)
    stores = page[page.index('id="stores"') :]
    heads = re.findall(r'<th scope="col" class="num".*?</th>', stores, re.S)
    assert len(heads) == 5
    assert all('class="help"' in head for head in heads)
