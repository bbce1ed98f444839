"""The list of stores, and the pages of stores and regions, each with their refusals."""

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Person
from accounts.units import add_unit
from matrix import figures, finding
from matrix.choices import CreatorState
from matrix.models import Creator
from tests import cast as c
from tests.matrix.test_pages import account, browser_of, page, pair, post, text_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def lu(chengye: c.Cast) -> Person:
    """Manager of the Jing'an store."""
    return c.person("lu", (Role.STORE_MANAGER, chengye.jingan))


def stores_in(response) -> list[str]:
    return [row.unit.name for row in response.context["rows"]]


# -- the list ------------------------------------------------------------------


@pytest.fixture
def stores(chengye: c.Cast) -> c.Cast:
    add_unit(
        by=None, kind="store", code="LIVE1", name="Live room", parent=chengye.south,
        store_kind="live", city="Guangzhou",
    )  # fmt: skip
    shut = add_unit(by=None, kind="store", code="OLD1", name="Old Street", parent=chengye.east)
    type(shut).objects.filter(pk=shut.pk).update(active=False)
    account(chengye.jingan, "Jing'an store")
    post(account(chengye.zhou, "zhou"))
    figures.refresh_changed(NOW)
    return chengye


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Jing'an Kerry Centre", "Live room", "Tianhe Parc Central"]),
        ({"closed": "on"},
         ["Jing'an Kerry Centre", "Live room", "Old Street", "Tianhe Parc Central"]),
        ({"q": "guang"}, ["Live room"]),
        ({"q": "SH00"}, ["Jing'an Kerry Centre"]),
        ({"kind": "live"}, ["Live room"]),
        ({"without": "public"}, ["Live room", "Tianhe Parc Central"]),
        ({"without": "douyin"}, ["Jing'an Kerry Centre", "Live room", "Tianhe Parc Central"]),
        ({"sort": "-people", "q": "e"},
         ["Jing'an Kerry Centre", "Tianhe Parc Central", "Live room"]),
        ({"sort": "-posts", "unit": "east"}, ["Jing'an Kerry Centre"]),
    ],
)  # fmt: skip
def test_the_list_filters_and_sorts(stores, lin, query, names) -> None:
    query = {key: stores.east.pk if value == "east" else value for key, value in query.items()}
    shown = stores_in(page(lin, "stores", **query))
    # Stores with as many people as another stand in no order that matters.
    assert shown == names if "-people" not in query.values() else set(shown) == set(names)


def test_the_list_shows_what_was_counted_and_only_ones_own(stores, lin, lu) -> None:
    jingan = page(lin, "stores").context["rows"][0]
    assert (jingan.figures.people, jingan.figures.accounts, jingan.figures.posts) == (2, 2, 1)
    assert stores_in(page(lu, "stores")) == ["Jing'an Kerry Centre"]
    assert page(c.person("zhou", (Role.KOS, stores.jingan)), "stores").status_code == 403
    assert page(lin, "stores", without="nonsense").status_code == 422


# -- one store -----------------------------------------------------------------


def test_a_store_has_a_manager_a_rank_and_what_to_fix(chengye, lin, lu) -> None:
    beside = add_unit(by=None, kind="store", code="SH2", name="Bund", parent=chengye.east)
    for number in range(2):
        post(account(c.creator(beside, f"K{number}", f"Someone {number}"), f"bund {number}"))
    post(account(chengye.zhou, "zhou at work"))
    gone = c.creator(chengye.jingan, "K8", "Wang Jia", state=CreatorState.LEFT)
    post(pair(account(gone, "wang")).public_account)
    figures.refresh_changed(NOW)

    shown = page(lin, "store", chengye.jingan.pk)
    text = text_of(shown)

    assert "Store manager: Lu" in text
    # Two posts each: neither stands before the other.
    assert shown.context["rank"]["place"] == 1 and shown.context["rank"]["of"] == 2
    assert [(fix.title, fix.button) for fix in shown.context["fixes"]] == [
        ("wang", "Hand over"), ("zhou at work", "Pair"),
    ]  # fmt: skip
    assert reverse("matrix:creator", args=[gone.pk]) in text


def test_the_rank_leads_to_the_stores_beside_only_who_sees_them(chengye, lin, lu) -> None:
    add_unit(by=None, kind="store", code="SH2", name="Bund", parent=chengye.east)
    figures.refresh_changed(NOW)

    assert page(lin, "store", chengye.jingan.pk).context["rank"]["href"]
    assert page(lu, "store", chengye.jingan.pk).context["rank"]["href"] == ""
    assert "Bund" not in text_of(page(lu, "store", chengye.jingan.pk))


@pytest.mark.parametrize("tab", ["people", "accounts", "posts", "orders", "nonsense"])
def test_tabs_show_what_belongs_to_the_store(chengye, lin, tab) -> None:
    account(chengye.zhou, "zhou at work")
    account(chengye.jingan, "Jing'an store")
    text = text_of(page(lin, "store", chengye.jingan.pk, tab=tab))
    expected = {
        "accounts": ["zhou at work", "Jing&#x27;an store"],
        "posts": [reverse("content:unit_posts", args=[chengye.jingan.pk])],
        "orders": [reverse("customers:unit_orders", args=[chengye.jingan.pk])],
    }.get(tab, ["Zhou Min", "May"])
    assert all(word in text for word in expected)


def test_a_tab_of_what_a_person_may_not_see_is_not_offered(chengye) -> None:
    fang = c.person("fang", (Role.REVIEWER, chengye.brand))
    text = text_of(page(fang, "store", chengye.jingan.pk))
    assert "tab=posts" in text and "tab=orders" not in text
    asked = text_of(page(fang, "store", chengye.jingan.pk, tab="orders"))
    assert "You may not see this" in asked


def test_parts_of_other_apps_show_the_latest_of_the_whole_part(chengye, lin, lu) -> None:
    post(account(chengye.zhou, "zhou"), title="Of Zhou")
    post(account(c.creator(chengye.tianhe, "K2", "Li Na"), "li"), title="Of Li")
    c.order(chengye, "E1", 10_000)
    htmx = {"HX-Request": "true"}
    browser = browser_of(lin)

    of_east = browser.get(reverse("content:unit_posts", args=[chengye.east.pk]), headers=htmx)
    orders = browser.get(reverse("customers:unit_orders", args=[chengye.jingan.pk]), headers=htmx)

    assert "Of Zhou" in text_of(of_east) and "Of Li" not in text_of(of_east)
    assert "E1" in text_of(orders)
    plain = browser.get(reverse("content:unit_posts", args=[chengye.east.pk]))
    assert plain["Location"] == f"{reverse('content:posts')}?unit={chengye.east.pk}"
    refused = browser_of(lu).get(reverse("content:unit_posts", args=[chengye.tianhe.pk]))
    assert refused.status_code == 404


def test_a_store_outside_the_scope_does_not_exist(chengye, lin, lu) -> None:
    assert page(lu, "store", chengye.tianhe.pk).status_code == 404
    assert page(lu, "region", chengye.east.pk).status_code == 404
    assert page(lin, "region", chengye.jingan.pk).status_code == 404
    assert page(lin, "store", chengye.east.pk).status_code == 404
    zhou = c.person("zhou", (Role.KOS, chengye.jingan))
    assert page(zhou, "store", chengye.jingan.pk).status_code == 403


# -- a region ------------------------------------------------------------------


def test_a_region_adds_up_its_stores_and_names_those_with_most_to_fix(chengye, lin) -> None:
    c.person("xu", (Role.REGION_MANAGER, chengye.east))
    account(chengye.zhou, "one")
    account(chengye.may, "two", "douyin")

    shown = page(lin, "region", chengye.east.pk)

    assert "Regional manager: Xu" in text_of(shown)
    assert [kpi.value for kpi in shown.context["kpis"]][:2] == ["2", "2"]
    assert [fix.title for fix in shown.context["fixes"]] == ["Jing'an Kerry Centre"]
    assert [row.unit for row in shown.context["stores"]] == [chengye.jingan]


def test_search_and_tree_lead_to_the_page_of_a_unit(chengye, lin) -> None:
    address = reverse("matrix:store", args=[chengye.jingan.pk])

    (hit,) = finding.units(lin, "Kerry", 5)
    opened = f"{chengye.brand.pk},{chengye.east.pk}"

    assert hit.href == address
    assert f'href="{address}"' in text_of(page(lin, "tree", open=opened))


def test_a_unit_page_takes_the_same_queries_for_any_number_of_people(
    chengye, lin, django_assert_max_num_queries
) -> None:
    browser, address = browser_of(lin), reverse("matrix:store", args=[chengye.jingan.pk])
    account(chengye.zhou, "zhou")
    browser.get(address)
    with django_assert_max_num_queries(17) as few:
        browser.get(address)
    queries = len(few)
    for number in range(40):
        account(c.creator(chengye.jingan, f"X{number}", f"Person {number}"), f"a{number}")
    browser.get(address)
    with django_assert_max_num_queries(queries):
        browser.get(address)
    assert Creator.objects.count() == 42
