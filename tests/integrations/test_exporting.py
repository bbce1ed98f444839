"""Lists as files: what the page shows, no row more, safe to open and noted."""

import csv
import io
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from openpyxl import load_workbook

from accounts import jobs
from accounts.choices import JobState, Role, UnitKind
from accounts.models import Activity, Job, Person
from accounts.units import add_unit
from integrations import exporting
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import Office, settle

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(people: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, people.brand))


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def ask(person: Person, code: str, query: str = "", file_type: str = "csv", **more: str) -> Any:
    form = {"list": code, "query": query, "type": file_type, **more}
    return browser_of(person).post(reverse("integrations:export"), form)


def table(content: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(content.decode("utf-8-sig"))))


def column(content: bytes, heading: str) -> list[str]:
    rows = table(content)
    place = rows[0].index(heading)
    return [row[place] for row in rows[1:]]


def finished(job: Job) -> Job:
    jobs.run(job.pk)
    job.refresh_from_db()
    return job


# -- what stands in the file ---------------------------------------------------


def test_orders_come_as_numbers_with_those_who_are_credited(people: c.Cast, lin: Person) -> None:
    c.order(people, "E1", 12_990, 7_000, sharer=people.may)
    c.refund(people, "E1", "R1", 90)
    answer = ask(lin, "orders")
    assert answer["Content-Type"].startswith("text/csv")
    assert 'filename="orders-' in answer["Content-Disposition"]
    row = dict(zip(*table(answer.content), strict=True))
    assert (row["Order number"], row["Paid"], row["Refunded"]) == ("E1", "199.90", "0.90")
    assert (row["Seller"], row["Sharer number"]) == ("Zhou Min", "C001")
    assert row["Paid at"].startswith("2026-09-")


def test_a_workbook_holds_the_same(people: c.Cast, lin: Person) -> None:
    c.order(people, "00012345678901234567", 19_990)
    content = ask(lin, "orders", file_type="xlsx").content
    heads, row = list(load_workbook(io.BytesIO(content)).active.values)
    found = dict(zip(heads, row, strict=True))
    assert found["Order number"] == "00012345678901234567"
    assert Decimal(str(found["Paid"])) == Decimal("199.9")


def test_filters_and_order_are_those_of_the_page(people: c.Cast, lin: Person) -> None:
    c.order(people, "E1", 10_000, day="2026-09-05")
    c.order(people, "E2", 10_000, day="2026-09-07")
    c.order(people, "E3", 10_000, day="2026-09-06", seller=None)
    assert column(ask(lin, "orders").content, "Order number") == ["E2", "E3", "E1"]
    assert column(ask(lin, "orders", "sort=paid").content, "Order number") == ["E1", "E3", "E2"]
    assert column(ask(lin, "orders", "no_seller=on").content, "Order number") == ["E3"]
    # A page further down is no filter.
    second = "cursor=anything&sort=-paid"
    assert len(column(ask(lin, "orders", second).content, "Order number")) == 3


def test_creators_and_posts_can_be_had_too(people: c.Cast, lin: Person) -> None:
    assert column(ask(lin, "creators", "kind=koc").content, "Name") == ["May"]
    posts = table(ask(lin, "posts").content)
    assert posts[0][:3] == ["Title", "Platform", "Account"]
    assert posts[1:] == []


def test_statements_are_those_of_the_month_asked_for() -> None:
    office = Office()
    office.order("E1", 20_000, day="2026-09-05")
    settle(office.brand)
    shown = ask(office.chen, "statements")
    assert column(shown.content, "Payable") == ["10.00"]
    assert column(shown.content, "Month") == ["2026-09"]
    assert table(ask(office.chen, "statements", "period=2026-08").content)[1:] == []


def test_a_name_that_a_spreadsheet_would_run_is_text(people: c.Cast, lin: Person) -> None:
    """F6"""
    Creator.objects.filter(pk=people.may.pk).update(name="=HYPERLINK(1)")
    assert column(ask(lin, "creators", "kind=koc").content, "Name") == ["'=HYPERLINK(1)"]
    content = ask(lin, "creators", "kind=koc", "xlsx").content
    cells = [cell for row in load_workbook(io.BytesIO(content)).active for cell in row]
    assert all(cell.data_type != "f" for cell in cells)


def test_words_are_in_the_language_of_the_person(people: c.Cast, lin: Person) -> None:
    browser = browser_of(lin)
    form = {"list": "orders", "query": "", "type": "csv"}
    answer = browser.post(reverse("integrations:export"), form, headers={"Accept-Language": "ja"})
    assert "注文番号" in answer.content.decode()


# -- a long list ---------------------------------------------------------------


@pytest.fixture
def few_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "AT_ONCE", 3)
    monkeypatch.setattr(exporting, "BATCH", 2)


def test_a_long_list_becomes_a_job_with_the_same_file(
    people: c.Cast, lin: Person, few_at_once: None
) -> None:
    for number in range(7):
        c.order(people, f"E{number}", 10_000 + number, day=f"2026-09-0{1 + number % 3}")
    answer = ask(lin, "orders", "sort=paid")
    job = Job.objects.get()
    assert answer["Location"] == reverse("accounts:job", args=[job.pk])
    job = finished(job)
    assert (job.state, job.done, job.total, job.counts) == (JobState.DONE, 7, 7, {"rows": 7})
    content = job.result_file.read()
    days = column(content, "Paid at")
    assert days == sorted(days)
    assert sorted(column(content, "Order number")) == [f"E{number}" for number in range(7)]
    page = browser_of(lin).get(reverse("accounts:job_file", args=[job.pk]))
    assert b"".join(page.streaming_content) == content


def test_nobody_else_sees_the_job_or_its_file(
    people: c.Cast, lin: Person, few_at_once: None
) -> None:
    for number in range(5):
        c.order(people, f"E{number}", 10_000)
    ask(lin, "orders")
    job = finished(Job.objects.get())
    for other in (
        c.person("zhang", (Role.OPERATOR, people.brand)),
        c.person("he", (Role.STORE_MANAGER, people.jingan)),
    ):
        assert browser_of(other).get(reverse("accounts:job_file", args=[job.pk])).status_code == 404
        assert "Export" not in browser_of(other).get(reverse("accounts:jobs")).content.decode()
    assert "Export" in browser_of(lin).get(reverse("accounts:jobs")).content.decode()


def test_who_lost_the_right_loses_the_file(people: c.Cast, lin: Person, few_at_once: None) -> None:
    for number in range(5):
        c.order(people, f"E{number}", 10_000)
    ask(lin, "orders")
    job = finished(Job.objects.get())
    lin.grants.all().delete()
    assert not jobs.visible_to(Person.objects.get(pk=lin.pk)).filter(pk=job.pk).exists()


def test_a_store_manager_takes_away_only_the_own_store(people: c.Cast, few_at_once: None) -> None:
    for number in range(5):
        c.order(people, f"E{number}", 10_000)
    he = c.person("he", (Role.STORE_MANAGER, people.tianhe))
    assert column(ask(he, "orders").content, "Order number") == []
    assert not Job.objects.exists()


def test_more_rows_than_a_worksheet_holds_are_refused_with_the_way_out(
    people: c.Cast, lin: Person, few_at_once: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exporting, "XLSX_ROWS", 4)
    for number in range(5):
        c.order(people, f"E{number}", 10_000)
    ask(lin, "orders", file_type="xlsx")
    job = finished(Job.objects.get())
    assert job.state == JobState.FAILED
    assert "Take CSV" in job.error


# -- refusals ------------------------------------------------------------------


def test_a_filter_that_means_nothing_gives_no_file(people: c.Cast, lin: Person) -> None:
    c.order(people, "E1", 10_000)
    answer = ask(lin, "orders", "status=nonsense", next="/orders/?status=nonsense")
    assert answer["Location"] == "/orders/?status=nonsense"
    assert not Activity.objects.filter(verb="list.exported").exists()


@pytest.mark.parametrize("file_type", ["", "exe", "pdf"])
def test_another_kind_of_file_is_refused(people: c.Cast, lin: Person, file_type: str) -> None:
    assert ask(lin, "orders", file_type=file_type).status_code == 302


def test_the_way_back_stays_in_the_house(people: c.Cast, lin: Person) -> None:
    answer = ask(lin, "orders", file_type="exe", next="https://elsewhere.example/")
    assert answer["Location"] == reverse("home")


def test_an_unknown_list_does_not_exist(people: c.Cast, lin: Person) -> None:
    assert ask(lin, "secrets").status_code == 404


def test_a_list_needs_its_right(people: c.Cast) -> None:
    he = c.person("he", (Role.STORE_MANAGER, people.jingan))
    assert ask(he, "statements").status_code == 403
    assert ask(c.person("zhou", (Role.KOS, people.jingan)), "orders").status_code == 403


def test_rows_of_another_brand_stay_there(people: c.Cast) -> None:
    c.order(people, "E1", 10_000)
    other = add_unit(by=None, kind=UnitKind.BRAND, code="MW", name="Mingwang Foods")
    qian = c.person("qian", (Role.OPERATOR, other))
    assert column(ask(qian, "orders").content, "Order number") == []


# -- the log -------------------------------------------------------------------


def test_who_took_what_away_is_noted(people: c.Cast, lin: Person) -> None:
    c.order(people, "E1", 10_000)
    ask(lin, "orders", "sort=paid&status=paid&who=Zhou+Min", "xlsx")
    noted = Activity.objects.get(verb="list.exported")
    assert (noted.actor, noted.unit) == (lin, people.brand)
    assert noted.after == {
        "list": "orders",
        "format": "xlsx",
        "rows": 0,
        "query": "status=paid, who=…",
    }


def test_the_pages_offer_the_export(people: c.Cast, lin: Person) -> None:
    for name in ("matrix:creators", "content:posts", "customers:orders"):
        assert reverse("integrations:export") in browser_of(lin).get(reverse(name)).content.decode()
