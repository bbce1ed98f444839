"""Member prices: kept by the work of the month before, decided once for each person and month."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts.choices import Role
from incentives import standing, standing_rules
from incentives.models import Standing, StandingMonth
from incentives.standing_rules import Asked, Work
from kosops.lib.periods import Month
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import code_of
from tests.incentives.test_points import people, post, today
from tests.incentives.test_points_pages import browser

__all__ = ["people", "today"]


def price(people: c.Cast, **fields: Any) -> Standing:
    facts = {"name": "Member price", "discount_bp": 1000, "notes": 1} | fields
    return standing.add_standing(by=None, brand=people.brand, **facts)


def work_out(people: c.Cast, day: str = "2026-09-20") -> int:
    return standing.work_out(by=None, brand=people.brand, today=dt.date.fromisoformat(day))


@pytest.mark.django_db
def test_who_worked_last_month_has_it_this_month(people: c.Cast, today: Any) -> None:
    price(people)
    post(people.may, "2026-08-31")
    post(people.zhou, "2026-09-01")
    assert (work_out(people), work_out(people)) == (2, 0)
    rows = StandingMonth.objects.order_by("creator").values_list("creator", "notes", "met")
    assert set(rows) == {(people.may.pk, 1, True), (people.zhou.pk, 0, False)}
    for row in StandingMonth.objects.select_related("standing"):
        asked = Asked(row.standing.notes, row.standing.orders)
        assert row.met is standing_rules.is_met(
            asked, Work(row.notes, row.orders), is_new=row.is_new
        )


@pytest.mark.django_db
def test_orders_count_for_seller_and_sharer_and_newcomers_are_spared(
    people: c.Cast, today: Any
) -> None:
    price(people, notes=0, orders=1)
    c.order(people, "A1", 100, day="2026-08-05", sharer=people.may)
    new = c.creator(people.jingan, "C9", "New", kind="koc", joined_on=dt.date(2026, 8, 20))
    old = c.creator(people.jingan, "C8", "Old", kind="koc", joined_on=dt.date(2026, 7, 31))
    Creator.objects.filter(pk=c.creator(people.jingan, "C7", "Gone").pk).update(state="paused")
    work_out(people)
    met = dict(StandingMonth.objects.values_list("creator", "met"))
    assert met == {people.may.pk: True, people.zhou.pk: True, new.pk: True, old.pk: False}


@pytest.mark.django_db
def test_only_those_whom_it_is_for(people: c.Cast, today: Any) -> None:
    price(people, creator_kind="koc", programme="distribution")
    assert work_out(people) == 0
    Creator.objects.filter(pk=people.may.pk).update(programme="distribution")
    assert work_out(people) == 1
    people.may.refresh_from_db()
    (own,) = standing.own(people.may, dt.date(2026, 9, 20))
    assert (own.has, own.missing) == (False, Work(1, 0))
    assert standing.own(people.zhou, dt.date(2026, 9, 20)) == []


@pytest.mark.django_db
def test_what_was_decided_stays_and_what_asks_nothing_is_refused(
    people: c.Cast, today: Any
) -> None:
    made = price(people)
    work_out(people)
    assert code_of(lambda: price(people)) == "standing_name_taken"
    assert code_of(lambda: price(people, name="Other", notes=0)) == "asks_nothing"
    with pytest.raises(IntegrityError), transaction.atomic():
        StandingMonth.objects.update(met=True)
    standing.switch(by=None, standing=made, active=False)
    assert work_out(people, "2026-10-02") == 0
    (shown,) = standing.of_brand(people.brand, Month(2026, 9))
    assert (shown.having, shown.without) == (0, 2)


@pytest.mark.django_db
def test_the_page_and_the_phone(people: c.Cast, today: Any) -> None:
    client = browser(c.person("lin", (Role.OPERATOR, people.brand)))
    form = {"name": "Member", "discount": "10", "first_order": "20", "notes": "1", "orders": "0"}
    address = reverse("incentives:standings")
    assert client.post(address, form | {"notes": "0"}).status_code == 422
    assert client.post(address, form).status_code == 302
    made = Standing.objects.get()
    assert (made.discount_bp, made.first_order_bp) == (1000, 2000)
    analyst = browser(c.person("ana", (Role.ANALYST, people.brand)))
    assert analyst.get(address).status_code == 200
    assert analyst.post(address, form).status_code == 403
    switch = reverse("incentives:standing_switch", args=[made.pk])
    assert analyst.post(switch).status_code == 403
    people.may.person = c.person("may", (Role.KOC, people.jingan))
    people.may.save()
    page = browser(people.may.person).get(reverse("mobile:catalogue"))
    assert [own.has for own in page.context["standings"]] == [False]
    assert client.post(switch).status_code == 302
    made.refresh_from_db()
    assert not made.active
