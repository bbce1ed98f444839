"""Member prices as the shop reads them: who has one today, and who no longer."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from accounts.choices import Role
from incentives import places, standing, standing_rules
from incentives.models import Standing, StandingMonth
from matrix.models import Creator
from tests import cast as c
from tests.api import Program, code
from tests.incentives.test_points import people, post, today
from tests.incentives.test_standing import price, work_out

__all__ = ["people", "today"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def shop(people: c.Cast, today: Any) -> Program:
    return Program(c.person("lin", (Role.OPERATOR, people.brand)), people.brand, "prices:read")


def items(shop: Program, **query: Any) -> list[dict[str, Any]]:
    answer = shop.get("member-prices", query)
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def named(shop: Program, **query: Any) -> dict[str, str]:
    return {each["creator"]["number"]: each["reason"] for each in items(shop, **query)}


def test_who_kept_it_has_the_rates_and_who_missed_it_has_none(
    people: c.Cast, shop: Program
) -> None:
    price(people, first_order_bp=2000)
    post(people.may, "2026-08-31")
    work_out(people)
    by_number = {each["creator"]["number"]: each for each in items(shop)}
    may, zhou = by_number[people.may.number], by_number[people.zhou.number]
    assert may["creator"] == {"kind": "koc", "number": people.may.number, "store": "SH0001"}
    assert (may["entitled"], may["reason"]) == (True, "kept")
    assert (may["discount_bp"], may["first_order_bp"]) == (1000, 2000)
    assert (may["since"], may["until"], may["month"]) == ("2026-09-01", "2026-09-30", "2026-09")
    assert (zhou["entitled"], zhou["reason"]) == (False, "missed")
    assert (zhou["discount_bp"], zhou["first_order_bp"]) == (0, 0)
    assert (zhou["since"], zhou["until"]) == (None, None)
    assert named(shop, entitled="true") == {people.may.number: "kept"}
    assert named(shop, entitled="false") == {people.zhou.number: "missed"}


def test_it_runs_since_the_first_of_the_unbroken_months(people: c.Cast, shop: Program) -> None:
    made = price(people)
    work_out(people)
    for month, met in (("2026-05", True), ("2026-06", False), ("2026-07", True), ("2026-08", True)):
        StandingMonth.objects.create(
            standing=made, creator=people.may, month=month, notes=1, orders=0, is_new=False, met=met
        )
    newer = price(people, name="Newer")
    StandingMonth.objects.create(
        standing=newer, creator=people.may, month="2026-08", notes=1, orders=0, is_new=False,
        met=True,
    )  # fmt: skip
    (shown,) = items(shop, creator="koc:" + people.may.number, entitled="true")
    # The newer price is not worked out for September yet: what August decided goes on.
    assert (shown["price"], shown["since"], shown["until"]) == ("Newer", "2026-08-01", "2026-09-20")


@pytest.mark.parametrize(
    ("kept", "first"),
    [
        ([(2026, 1), (2025, 12), (2025, 10)], (2025, 12)),
        ([(2025, 12)], None),
        ([], None),
    ],
)
def test_a_missing_month_breaks_the_row(kept: list[Any], first: Any) -> None:
    assert standing_rules.since((2026, 1), kept) == first


def test_who_left_paused_or_a_price_that_rests_is_not_entitled_any_more(
    people: c.Cast, shop: Program
) -> None:
    made = price(people)
    post(people.may, "2026-08-31")
    post(people.zhou, "2026-08-31")
    work_out(people)
    Creator.objects.filter(pk=people.may.pk).update(state="paused")
    Creator.objects.filter(pk=people.zhou.pk).update(state="left", left_on="2026-09-20")
    assert named(shop) == {people.may.number: "paused", people.zhou.number: "left"}
    assert items(shop, entitled="true") == []
    standing.switch(by=None, standing=made, active=False)
    assert set(named(shop).values()) == {"rests"}
    assert items(shop, entitled="true") == []


def test_what_happened_since_is_read_and_older_decisions_are_not(
    people: c.Cast, shop: Program
) -> None:
    made = price(people)
    work_out(people)
    later = (timezone.now() + dt.timedelta(days=2)).isoformat()
    assert items(shop, updated_since=later) == []
    earlier = (timezone.now() - dt.timedelta(hours=1)).isoformat()
    assert set(named(shop, updated_since=earlier)) == {people.may.number, people.zhou.number}
    Creator.objects.filter(pk=people.may.pk).update(state="left", left_on="2026-10-20")
    assert named(shop, updated_since=later) == {people.may.number: "left"}
    Standing.objects.filter(pk=made.pk).update(switched_at=timezone.now() + dt.timedelta(days=3))
    assert set(named(shop, updated_since=later)) == {people.may.number, people.zhou.number}


def test_one_member_is_found_by_the_number_of_the_member_centre(
    people: c.Cast, shop: Program
) -> None:
    price(people)
    work_out(people)
    places.link_own_buyer(by=None, creator=people.zhou, number="M-778")
    assert list(named(shop, member="M-778")) == [people.zhou.number]
    assert list(named(shop, member=people.may.number)) == [people.may.number]
    # The number of a KOS is one of the staff list and means no member.
    assert items(shop, member=people.zhou.number) == []
    assert "M-778" not in shop.get("member-prices", {"member": "M-778"}).content.decode()


def test_what_means_nothing_is_refused(people: c.Cast, shop: Program) -> None:
    for query in ({"entitled": "yes"}, {"updated_since": "2026-09-20"}, {"phone": "138"}):
        assert code(shop.get("member-prices", query)) == (400, "validation")
    assert code(shop.get("member-prices", {"creator": "K404"})) == (404, "not_found")


def test_a_list_is_read_page_by_page_in_few_queries(
    people: c.Cast, shop: Program, django_assert_max_num_queries: Any
) -> None:
    price(people)
    for number in range(5):
        c.creator(people.jingan, f"N{number}", "New", kind="koc", joined_on=dt.date(2026, 8, 20))
    work_out(people)
    seen, address = [], "/api/v1/member-prices?limit=3"
    while address:
        with django_assert_max_num_queries(8):
            answer = shop.follow(address).json()
        seen += [each["creator"]["number"] for each in answer["items"]]
        address = answer["next"]
    assert len(seen) == len(set(seen)) == 7


def test_a_key_of_a_store_reads_its_own_people_and_another_brand_none(
    people: c.Cast, shop: Program
) -> None:
    price(people)
    work_out(people)
    lin = c.person("lin2", (Role.OPERATOR, people.brand))
    assert named(Program(lin, people.jingan, "prices:read"))
    assert named(Program(lin, people.tianhe, "prices:read")) == {}
    assert items(Program(lin, c.cast_of_another_brand(), "prices:read")) == []
