"""What sharing brings: sums of days that follow their facts, beside the period before, in scope."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest
from django.urls import reverse

from accounts import jobs
from accounts.choices import Role
from accounts.models import Job, Person
from customers.models import Order
from incentives import share_report
from incentives.models import PlanVersion, ShareArticleDay, ShareDay
from incentives.share_report import Measures, Start, Window
from tests import cast as c
from tests.incentives.money import accrue
from tests.incentives.test_points import today
from tests.incentives.test_points_pages import browser

__all__ = ["today"]
pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 9, 20)
SEPTEMBER = Window(dt.date(2026, 9, 1), dt.date(2026, 9, 30))


@pytest.fixture
def people(today: Any) -> c.Cast:
    today(DAY)
    people = c.cast()
    c.plan(people.brand)
    return people


@pytest.fixture
def lin(people: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, people.brand))


def shared(people: c.Cast, number: str, amount: int, day: str = "2026-09-05", **facts: Any) -> Any:
    return c.order(people, number, amount, day=day, **({"sharer": people.may} | facts))


def figures(lin: Person, people: c.Cast, window: Window = SEPTEMBER, unit: Any = None) -> Measures:
    days = share_report.visible_days(lin, people.brand, unit)
    return share_report.measures(days, window, window.before())[0]


def test_orders_by_a_code_are_added_up_with_what_they_cost(people: c.Cast, lin: Person) -> None:
    shared(people, "A1", 10_000)
    shared(people, "A2", 5_000)
    shared(people, "A3", 7_000, sharer=people.zhou, seller=people.may)
    c.order(people, "A4", 90_000, day="2026-09-05", seller=people.may)
    accrue(people.brand, "2026-09-06")
    c.refund(people, "A1", "R1", 4_000)
    accrue(people.brand, "2026-09-07")
    assert share_report.refresh(by=None, brand=people.brand) == 1
    found = figures(lin, people)
    assert (found.orders, found.paid, found.returned, found.net) == (3, 22_000, 4_000, 18_000)
    assert (found.people, found.commission) == (2, 360)
    assert (found.returned_bp, found.cost_bp) == (1818, 200)


def test_what_changes_later_is_found_by_the_next_run(people: c.Cast, lin: Person) -> None:
    shared(people, "A1", 10_000)
    share_report.refresh(by=None, brand=people.brand)
    assert figures(lin, people).commission == 0
    accrue(people.brand, "2026-09-06")
    shared(people, "A2", 5_000, day="2026-09-08")
    c.refund(people, "A1", "R1", 10_000)
    assert share_report.refresh(by=None, brand=people.brand) == 2
    again = figures(lin, people)
    assert (again.orders, again.returned, again.commission) == (2, 10_000, 200)
    first = list(ShareDay.objects.order_by("day").values_list("day", "orders"))
    assert [orders for _day, orders in first] == [1, 1]
    share_report.refresh(by=None, brand=people.brand, anew=True)
    assert figures(lin, people) == again


def test_an_order_that_loses_its_code_or_is_closed_goes(people: c.Cast, lin: Person) -> None:
    shared(people, "A1", 10_000)
    shared(people, "A2", 5_000)
    share_report.refresh(by=None, brand=people.brand)
    Order.objects.filter(external_id="A1").update(sharer=None)
    Order.objects.filter(external_id="A2").update(status="closed")
    share_report.refresh(by=None, brand=people.brand)
    assert figures(lin, people) == Measures()
    assert not ShareArticleDay.objects.exists()


def test_new_buyers_and_those_who_come_again_are_told_apart(people: c.Cast, lin: Person) -> None:
    for number, day, buyer in (
        ("A1", "2026-09-02", b"b" * 32),
        ("A2", "2026-09-09", b"b" * 32),
        ("A3", "2026-09-09", None),
    ):
        shared(people, number, 1_000, day=day)
        Order.objects.filter(external_id=number).update(buyer_key=buyer)
    share_report.refresh(by=None, brand=people.brand)
    found = figures(lin, people)
    assert (found.orders, found.firsts, found.repeats) == (3, 1, 1)
    # An earlier order comes in late: the first of September was none.
    c.order(people, "A0", 1_000, day="2026-08-01", seller=people.zhou)
    Order.objects.filter(external_id="A0").update(buyer_key=b"b" * 32)
    share_report.refresh(by=None, brand=people.brand)
    found = figures(lin, people)
    assert (found.firsts, found.repeats) == (0, 2)


def test_articles_have_their_own_sums_and_the_last_name(people: c.Cast, lin: Person) -> None:
    order = shared(people, "A1", 10_000)
    Order.objects.get(external_id="A1").lines.update(sku="S1", title="Rose cream", quantity=2)
    accrue(people.brand, "2026-09-06")
    share_report.refresh(by=None, brand=people.brand)
    assert order is not None
    rows = share_report.with_sums(
        lin, people.brand, None, SEPTEMBER, share_report.articles_of(people.brand)
    )
    assert [(str(row), row.net, row.sum_pieces, row.sum_commission) for row in rows] == [
        ("Rose cream", 10_000, 2, 200)
    ]


def test_a_manager_sees_the_orders_of_their_own_stores(people: c.Cast, lin: Person) -> None:
    shared(people, "A1", 10_000)
    shared(people, "A2", 3_000, store=people.tianhe)
    share_report.refresh(by=None, brand=people.brand)
    wei = c.person("wei", (Role.REGION_MANAGER, people.south))
    assert figures(wei, people).net == 3_000
    assert figures(lin, people).net == 13_000
    assert figures(lin, people, unit=people.south).net == 3_000
    shown = browser(wei).get(reverse("incentives:share_report") + "?first=2026-09-01")
    assert [row[0].net for row in shown.context["rows"]] == [3_000]


def test_the_page_compares_with_as_many_days_before(people: c.Cast, lin: Person) -> None:
    shared(people, "A1", 10_000, day="2026-09-05")
    shared(people, "A2", 5_000, day="2026-08-30")
    share_report.refresh(by=None, brand=people.brand)
    client = browser(lin)
    address = reverse("incentives:share_report")
    page = client.get(address + "?first=2026-09-01&last=2026-09-10")
    assert page.context["before"] == Window(dt.date(2026, 8, 22), dt.date(2026, 8, 31))
    assert page.context["kpis"][1].change_bp == 10_000
    assert [row[0].sum_orders for row in page.context["rows"]] == [1]
    both = client.get(address + "?first=2026-08-01&last=2026-09-10&sort=-orders")
    assert [row[0].net for row in both.context["rows"]] == [15_000]
    # Usual is the month so far.
    assert client.get(address).context["window"] == Window(dt.date(2026, 9, 1), DAY)
    assert client.get(address + "?first=nonsense").status_code == 422
    articles = client.get(reverse("incentives:share_articles") + "?first=2026-08-01")
    assert articles.status_code == 200


def test_before_and_after_a_plan(people: c.Cast, lin: Person, today: Any) -> None:
    plan = PlanVersion.objects.get()
    start = Start("plan-1", "Plan", dt.date(2026, 9, 10))
    assert share_report.around(start, 7, DAY) == (
        Window(dt.date(2026, 9, 3), dt.date(2026, 9, 9)),
        Window(dt.date(2026, 9, 10), dt.date(2026, 9, 16)),
    )
    # It runs eleven days; as many are looked at before.
    assert share_report.around(start, 28, DAY) == (
        Window(dt.date(2026, 8, 30), dt.date(2026, 9, 9)),
        Window(dt.date(2026, 9, 10), DAY),
    )
    assert share_report.around(start, 7, dt.date(2026, 9, 9)) is None
    address = reverse("incentives:share_before_after")
    page = browser(lin).get(f"{address}?scheme=plan-{plan.pk}&days=7")
    assert page.context["chosen"].code == f"plan-{plan.pk}" and page.context["days"] == 7
    assert browser(lin).get(f"{address}?days=9999&scheme=x").context["days"] == 28


def test_who_may_not_see_commission_sees_no_report(people: c.Cast, lin: Person) -> None:
    wei = browser(c.person("wei", (Role.STORE_MANAGER, people.jingan)))
    names = ("share_report", "share_articles", "share_before_after")
    for name in names:
        assert wei.get(reverse(f"incentives:{name}")).status_code == 403
    ana = browser(c.person("ana", (Role.ANALYST, people.brand)))
    assert ana.get(reverse("incentives:share_report")).status_code == 200
    assert ana.post(reverse("incentives:share_report_refresh")).status_code == 403


def test_a_button_works_it_out_anew_in_the_background(people: c.Cast, lin: Person) -> None:
    shared(people, "A1", 10_000)
    assert browser(lin).post(reverse("incentives:share_report_refresh")).status_code == 302
    job = Job.objects.get(kind=share_report.JOB)
    jobs.run(job.pk)
    job.refresh_from_db()
    assert (job.state, job.counts) == ("done", {"share_days": 1})
    assert figures(lin, people).orders == 1
