"""The search box: everybody finds what they may see, by the names people use."""

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from accounts.choices import Role
from accounts.models import Person
from kosops.ui import finding
from matrix.models import Creator
from tests import cast as c

pytestmark = pytest.mark.django_db

FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def people() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(people: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, people.brand))


def found(person: Person, words: str, **more: int) -> dict[str, list[str]]:
    """Labels of the hits by kind."""
    return {
        group.code: [str(hit.label) for hit in group.hits]
        for group in finding.found(person, words, **more)
    }


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def test_without_words_all_pages_and_actions_are_offered(lin: Person) -> None:
    shown = found(lin, "")
    assert set(shown) == {"pages", "actions"}
    assert shown["pages"][:2] == ["Overview", "Approvals"]
    assert "Import a file" in shown["actions"]


def test_pages_are_found_by_any_words_of_their_name(lin: Person) -> None:
    assert found(lin, "matrix ACC")["pages"] == ["Account matrix"]
    with translation.override("zh-hans"):
        assert found(lin, "账号")["pages"] == ["账号矩阵", "账号"]


def test_pages_and_actions_are_those_the_person_may_open(people: c.Cast) -> None:
    he = c.person("he", (Role.STORE_MANAGER, people.jingan))
    shown = found(he, "")
    assert "The books" not in shown["pages"]
    assert "actions" not in shown or "Add a person" not in shown["actions"]


def test_creators_are_found_by_name_number_and_share_code(people: c.Cast, lin: Person) -> None:
    Creator.objects.filter(pk=people.zhou.pk).update(share_code="CYZHOU")
    name, number = people.zhou.name, people.zhou.number
    for words in (name, name[1:].upper(), number[:3], "cyzhou"):
        assert name in found(lin, words)["creators"], words
    assert "creators" not in found(lin, number[1:])


def test_whole_names_come_first(people: c.Cast, lin: Person) -> None:
    c.creator(people.jingan, "K777", "Ann Zhou Min")
    c.creator(people.jingan, "K778", "Zhou Min Ann")
    assert found(lin, people.zhou.name)["creators"][0] == people.zhou.name


def test_stores_are_found_by_name_and_code_and_lead_to_their_people(
    people: c.Cast, lin: Person
) -> None:
    store = people.jingan
    assert found(lin, store.name[2:])["units"] == [store.name]
    (group,) = [g for g in finding.found(lin, store.code) if g.code == "units"]
    answer = browser_of(lin).get(group.hits[0].href)
    assert people.zhou.name in answer.content.decode()


def test_an_order_is_found_by_its_whole_number(people: c.Cast, lin: Person) -> None:
    c.order(people, "26110500017", 10_000)
    (group,) = [g for g in finding.found(lin, "26110500017") if g.code == "orders"]
    assert browser_of(lin).get(group.hits[0].href).status_code == 200
    assert "¥100.00" in str(group.hits[0].note)
    assert "orders" not in found(lin, "261105")


def test_nobody_finds_what_lies_outside_their_part(people: c.Cast) -> None:
    c.order(people, "26110500017", 10_000)
    elsewhere = c.person("tian", (Role.REGION_MANAGER, people.tianhe))
    for words in (people.zhou.name, people.jingan.name, "26110500017"):
        assert not {"creators", "units", "orders"} & set(found(elsewhere, words)), words


def test_no_finder_is_asked_of_somebody_without_its_permission(
    people: c.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finding, "_finders", dict(finding._finders))
    asked = []
    finding.register(
        finding.Finder(
            code="secret",
            heading="Secrets",
            permission="people.manage",
            find=lambda *given: asked.append(given) or [],
        )
    )
    found(c.person("he", (Role.STORE_MANAGER, people.jingan)), "any")
    assert asked == []
    found(c.person("lin", (Role.OPERATOR, people.brand)), "any")
    assert len(asked) == 1


def test_more_than_a_few_are_said_and_shown_on_the_page(people: c.Cast, lin: Person) -> None:
    for number in range(finding.FEW + 2):
        c.creator(people.jingan, f"K8{number:02d}", f"Sister {number}")
    (group,) = [g for g in finding.found(lin, "sister") if g.code == "creators"]
    assert (len(group.hits), group.more) == (finding.FEW, True)
    browser = browser_of(lin)
    palette = browser.get(reverse("accounts:find"), {"q": "sister"}, headers=FRAGMENT)
    assert "Show all" in palette.content.decode()
    assert "<html" not in palette.content.decode()
    page = browser.get(reverse("accounts:find"), {"q": "sister"}).content.decode()
    assert f"Sister {finding.FEW + 1}" in page


def test_long_and_strange_words_find_nothing_and_break_nothing(lin: Person) -> None:
    browser = browser_of(lin)
    for words in ("x" * 5_000, "%", "_", "\\", "'; DROP TABLE", "<b>", "\x00", "周\u200b"):
        answer = browser.get(reverse("accounts:find"), {"q": words})
        assert answer.status_code == 200, words
        assert "<b></b>" not in answer.content.decode()


def test_the_phone_s_people_have_no_search(people: c.Cast) -> None:
    zhou = c.person("zhou", (Role.KOS, people.jingan))
    assert browser_of(zhou).get(reverse("accounts:find")).status_code == 403


def test_the_number_of_queries_does_not_depend_on_the_hits(
    people: c.Cast, lin: Person, django_assert_max_num_queries
) -> None:
    for number in range(20):
        c.creator(people.jingan, f"K8{number:02d}", f"Sister {number}")
    with django_assert_max_num_queries(8):
        finding.found(lin, "sister", limit=finding.MANY)
