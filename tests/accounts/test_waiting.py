"""What waits for a person: one query for the figures of all apps, and only of what is theirs."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.core.files.base import ContentFile

from accounts import access, waiting
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


def test_a_statement_is_made_once_a_minute_and_anew_for_other_roles(
    people: c.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []
    compiled = waiting._compiled
    monkeypatch.setattr(waiting, "_statements", {})
    monkeypatch.setattr(waiting, "_compiled", lambda one: made.append(one) or compiled(one))
    lin = anew("lin")
    noon = c.at("2026-09-01")
    monkeypatch.setattr("django.utils.timezone.now", lambda: noon)
    for _time in range(2):
        assert waiting.facts_of(anew("lin"))["falling"] == 1
    assert len(made) == 1
    Grant.objects.filter(person=lin).update(unit=people.tianhe)
    assert waiting.facts_of(anew("lin"))["falling"] == 0
    Grant.objects.filter(person=lin).delete()
    assert set(waiting.facts_of(anew("lin")).values()) == {0}
    assert len(made) == 3
    monkeypatch.setattr("django.utils.timezone.now", lambda: noon + dt.timedelta(minutes=1))
    waiting.facts_of(anew("lin"))
    assert len(made) == 4


def test_who_holds_the_same_roles_elsewhere_shares_the_statement_and_not_the_figures(
    people: c.Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    noon = c.at("2026-09-01")
    monkeypatch.setattr("django.utils.timezone.now", lambda: noon)
    monkeypatch.setattr(waiting, "_statements", {})
    for username, store in (("wu", people.jingan), ("xu", people.tianhe)):
        c.person(username, (Role.STORE_MANAGER, store))
    assert waiting.facts_of(anew("wu"))["falling"] == 1
    assert waiting.facts_of(anew("xu"))["falling"] == 0
    assert len(waiting._statements) == 1


def test_a_shared_statement_is_the_one_that_the_person_would_get_alone(people: c.Cast) -> None:
    mingwang = add_unit(by=None, kind=UnitKind.BRAND, code="MW", name="Mingwang Foods")
    hq = tuple((role, people.brand) for role in access.HQ_ROLES)
    c.person("all", *hq)
    c.person("both", (Role.FINANCE, people.brand), (Role.FINANCE, mingwang))
    c.person("twice", (Role.OPERATOR, people.jingan), (Role.STORE_MANAGER, people.jingan))
    c.person("stores", (Role.STORE_MANAGER, people.jingan), (Role.STORE_MANAGER, people.tianhe))
    c.person("root", is_superuser=True)
    for username in ("lin", "all", "both", "twice", "stores", "root"):
        shared, alone = waiting._statement(anew(username)), waiting._compiled(anew(username))
        assert shared.names == alone.names, username
        assert shared.sql == alone.sql, username
        # A time may lie a moment later; of several units another may come first.
        assert untimed(shared.params) == untimed(alone.params), username


def untimed(params: list[Any]) -> list[str]:
    return sorted(str(each) for each in params if not isinstance(each, dt.date))


def test_questions_ask_nothing_while_they_are_put(
    people: c.Cast, django_assert_num_queries
) -> None:
    lin = anew("lin")
    lin.has_perm_code("orders.view")  # the grants
    with django_assert_num_queries(0):
        assert waiting._compiled(lin).names


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
