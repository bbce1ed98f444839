"""What waits for a person: one query for the figures of all apps, and only of what is theirs."""

from __future__ import annotations

import pytest
from django.core.files.base import ContentFile

from accounts import waiting
from accounts.choices import Role, UnitKind
from accounts.models import Grant, Person
from accounts.units import add_unit
from incentives.models import TierRisk
from integrations import importing
from tests import cast as c

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> c.Cast:
    found = c.cast()
    TierRisk.objects.create(
        creator=found.zhou,
        since="2026-09-01",
        falls_on="2026-12-01",
        explanation={},
    )
    lin = c.person("lin", (Role.OPERATOR, found.brand))
    file = ContentFile("订单号,支付时间,实付金额\nZ1,2026-09-01,1.00\n".encode(), name="march.csv")
    importing.start_import(
        by=lin, brand=found.brand, format_code="orders", source="shop", uploaded_file=file
    )
    return found


def anew(username: str) -> Person:
    """As a request finds the person."""
    return Person.objects.get(username=username)


def test_all_figures_are_one_query(people: c.Cast, django_assert_num_queries) -> None:
    c.person("chen", (Role.FINANCE, people.brand))
    chen = anew("chen")
    chen.has_perm_code("orders.view")  # the grants
    with django_assert_num_queries(1):
        facts = waiting.facts_of(chen)
        assert importing.waiting_for(chen) == 1
    assert (facts["falling"], facts["open_imports"], facts["batches_to_decide"]) == (1, 1, 0)


def test_the_questions_are_put_together_once_a_minute_but_asked_each_time(
    people: c.Cast, monkeypatch
) -> None:
    asked: list[str] = []

    def falling(person: Person):
        asked.append(person.username)
        return waiting.figure(TierRisk.objects.all())

    monkeypatch.setattr(waiting, "_questions", {"falling": falling})
    chen = c.person("chen", (Role.FINANCE, people.brand))
    first = waiting.facts_of(anew("chen"))
    TierRisk.objects.all().delete()

    assert (first, waiting.facts_of(anew("chen"))) == ({"falling": 1}, {"falling": 0})
    assert asked == ["chen"]

    Grant.objects.filter(person=chen).update(role=Role.ANALYST)
    waiting.facts_of(anew("chen"))
    assert asked == ["chen", "chen"]


def test_nothing_of_others_is_counted(people: c.Cast) -> None:
    mingwang = add_unit(by=None, kind=UnitKind.BRAND, code="MW", name="Mingwang Foods")
    c.person("qian", (Role.OPERATOR, mingwang), (Role.FINANCE, mingwang))
    c.person("zhou", (Role.KOS, people.jingan))
    for username in ("qian", "zhou"):
        assert set(waiting.facts_of(anew(username)).values()) == {0}
        assert waiting.items_for(anew(username)) == []


def test_the_queue_itself_is_asked_anew(people: c.Cast) -> None:
    lin = anew("lin")
    assert len(waiting.items_for(lin)) == 1
    TierRisk.objects.all().delete()
    assert waiting.items_for(lin) == []
