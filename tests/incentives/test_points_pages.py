"""The pages of points: what people see of their own, what headquarters does."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import waiting
from accounts.choices import Role
from accounts.models import Person
from incentives import points
from incentives.models import PointGrant, PointRule
from incentives.points_rules import Lot
from integrations import exporting
from tests import cast as c
from tests.incentives.test_points import TODAY, give, people, post, rule, run, today  # noqa: F401

pytestmark = pytest.mark.django_db


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


@pytest.fixture
def lin(people: c.Cast) -> Person:  # noqa: F811
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def chen(people: c.Cast) -> Person:  # noqa: F811
    return c.finance(people, "chen")


@pytest.fixture
def manager(people: c.Cast) -> Person:  # noqa: F811
    return c.person("manager", (Role.STORE_MANAGER, people.tianhe))


@pytest.fixture
def earned(people: c.Cast, today: Any) -> c.Cast:  # noqa: F811
    rule(people, 30, hold_days=7)
    post(people.may, "2026-09-05")
    post(people.may, "2026-09-18")
    run(people)
    return people


def test_the_list_says_what_each_may_spend(earned: c.Cast, lin: Person) -> None:
    page = browser(lin).get(reverse("incentives:points"))
    ((account, spendable, soon),) = page.context["rows"]
    assert (account.creator, spendable, account.held, soon) == (earned.may, 30, 30, 0)
    assert [kpi.value for kpi in page.context["figures"]()] == ["60", "30", "60", "0", "0"]


def test_a_manager_of_another_store_sees_nobody_and_no_sums(
    earned: c.Cast, manager: Person
) -> None:
    page = browser(manager).get(reverse("incentives:points"))
    assert page.context["rows"] == []
    assert page.context["figures"]() == []
    one = browser(manager).get(reverse("incentives:points_person", args=[earned.may.pk]))
    assert one.status_code == 404


def test_points_by_hand_from_the_page_of_a_person(earned: c.Cast, lin: Person) -> None:
    address = reverse("incentives:points_person", args=[earned.may.pk])
    form = {"points": "50", "reason": "Fair", "months": "12", "client_key": str(uuid.uuid4())}
    for _twice in range(2):
        assert browser(lin).post(address, form).status_code == 302
    assert points.balance_of(earned.may, TODAY).spendable == 80
    page = browser(lin).get(address).content.decode()
    assert "Fair" in page and "A post is online" in page


def test_who_may_only_look_gives_nothing(earned: c.Cast) -> None:
    analyst = c.person("ana", (Role.ANALYST, earned.brand))
    address = reverse("incentives:points_person", args=[earned.may.pk])
    form = {"points": "50", "reason": "Fair", "months": "12", "client_key": str(uuid.uuid4())}
    assert browser(analyst).get(address).status_code == 200
    assert browser(analyst).post(address, form).status_code == 403
    assert not PointGrant.objects.exists()


def test_a_second_person_decides_on_the_page(earned: c.Cast, lin: Person, chen: Person) -> None:
    grant = give(lin, earned.may, 900)
    address = reverse("incentives:point_grant", args=[grant.pk])
    assert browser(lin).post(address, {"decision": "approve"}).status_code == 422
    assert browser(chen).post(address, {"decision": "reject"}).status_code == 422
    assert browser(chen).post(address, {"decision": "approve"}).status_code == 302
    assert points.balance_of(earned.may, TODAY).spendable == 930


def test_what_waits_is_told_to_the_others_alone(earned: c.Cast, lin: Person, chen: Person) -> None:
    give(lin, earned.may, 900)
    grants = "/points/by-hand/?state=waiting"
    assert grants not in [item.href for item in waiting.items_for(lin)]
    assert grants in [item.href for item in waiting.items_for(chen)]


def test_a_rule_is_made_and_ended_on_the_page(
    people: c.Cast,  # noqa: F811
    lin: Person,
    chen: Person,
    today: Any,  # noqa: F811
) -> None:
    address = reverse("incentives:point_rules")
    form = {
        "event": "post",
        "points": "20",
        "hold_days": "7",
        "months": "12",
        "valid_from": "2026-09-01",
    }
    assert browser(chen).post(address, form).status_code == 403
    assert browser(lin).post(address, form | {"points": "0"}).status_code == 422
    assert browser(lin).post(address, form).status_code == 302
    made = PointRule.objects.get()
    ending = reverse("incentives:point_rule_end", args=[made.pk])
    assert browser(chen).post(ending).status_code == 403
    assert browser(lin).post(ending).status_code == 302
    made.refresh_from_db()
    assert made.last_day == TODAY


def test_my_points_are_mine(earned: c.Cast) -> None:
    earned.may.person = c.person("may", (Role.KOC, earned.jingan))
    earned.may.save()
    earned.zhou.person = c.person("zhou", (Role.KOS, earned.jingan))
    earned.zhou.save()
    page = browser(earned.may.person).get(reverse("mobile:points"))
    assert page.context["balance"].spendable == 30
    assert page.context["balance"].next_lot == Lot(dt.date(2027, 9, 30), 60)
    assert browser(earned.zhou.person).get(reverse("mobile:points")).context["rows"] == []


def test_the_list_as_a_file_says_the_same(earned: c.Cast, lin: Person) -> None:
    export = exporting.known("points")
    assert export
    answer = exporting.start(by=lin, brand=earned.brand, export=export, query="", file_type="csv")
    last = answer.content.decode("utf-8-sig").strip().splitlines()[-1]
    assert last.split(",")[-3:] == ["30", "30", "0"]
