"""The map of the matrix: a level at a time, with a table that says the same."""

import pytest
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Person
from matrix import map_pages
from matrix.choices import AccountState
from tests import cast as c
from tests.matrix.test_pages import account, browser_of, page, pair, post, text_of

pytestmark = pytest.mark.django_db


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


def circles(response) -> dict[str, map_pages.Circle]:
    return {circle.name: circle for circle in response.context["circles"]}


def look(person: Person, **query: object):
    return page(person, "tree", view="map", **query)


def test_the_topmost_level_shows_regions_by_people_and_need(chengye, lin) -> None:
    post(pair(account(chengye.zhou, "fine")).public_account)
    account(c.creator(chengye.tianhe, "K2", "Li Na"), "li", state=AccountState.BANNED)

    shown = look(lin)
    found = circles(shown)

    assert list(found) == ["East", "South"]
    assert (found["East"].tone, found["South"].tone) == ("good", "bad")
    assert found["East"].radius > found["South"].radius
    assert "1 of 1 accounts needs action" in text_of(shown)
    assert "Nothing to do" in text_of(shown)


def test_a_click_opens_the_level_below_down_to_the_people(chengye, lin) -> None:
    account(chengye.zhou, "zhou")

    region = browser_of(lin).get(circles(look(lin))["East"].href)
    store = browser_of(lin).get(circles(region)["Jing'an Kerry Centre"].href)

    assert [circle.name for circle in store.context["trail"]] == [
        "Chengye Beauty", "East", "Jing'an Kerry Centre",
    ]  # fmt: skip
    people = {circle.name: circle for circle in store.context["people"]}
    assert people["Zhou Min"].words == "Not paired · Silent for 14 days"
    assert people["May"].words == "No account"
    assert people["May"].href == reverse("matrix:creator", args=[chengye.may.pk])
    assert reverse("matrix:store", args=[chengye.jingan.pk]) in text_of(store)


def test_the_table_twin_opens_the_same_level(chengye, lin) -> None:
    twin = look(lin, at=chengye.east.pk).context["twin"]

    assert chengye.jingan.name in [
        row.row.unit.name for row in browser_of(lin).get(twin).context["rows"]
    ]


def test_units_outside_the_scope_are_not_on_the_map(chengye) -> None:
    xu = c.person("xu", (Role.REGION_MANAGER, chengye.east))

    assert list(circles(look(xu))) == ["Jing'an Kerry Centre"]
    assert look(xu, at=chengye.tianhe.pk).status_code == 404
    assert look(xu, at="nonsense").status_code == 404
    assert look(c.person("zhou", (Role.KOS, chengye.jingan))).status_code == 403


def test_htmx_gets_the_level_alone(chengye, lin) -> None:
    text = text_of(page(lin, "tree", fragment=True, view="map"))

    assert "<html" not in text and "East" in text
