"""The columns of a list: which are shown, chosen in the address, taken along into the file."""

import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from django.http import QueryDict
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.filters import ActivityFilter, JobFilter, PersonFilter
from accounts.models import Person
from content.filters import LinkFilter, PostFilter, ReviewFilter
from customers.filters import OrderFilter, WaitingRefundFilter
from incentives.correction_filters import CorrectionFilter
from incentives.dispute_filters import DisputeFilter
from incentives.filters import LineFilter, StatementFilter
from incentives.own_order_filters import OwnOrderFilter
from incentives.payee_filters import PayeeFilter
from incentives.perk_filters import RedemptionFilter
from incentives.points_filters import GrantFilter, HolderFilter
from incentives.rewards_filters import RewardFilter
from incentives.rota_filters import DutyFilter, ShiftFilter
from incentives.scheme_filters import SchemeFilter
from incentives.share_report_filters import SharedArticlesFilter, SharersFilter
from integrations.filters import ImportFilter
from kosops.ui import definitions
from kosops.ui.listing import ListFilter
from matrix.account_filters import AccountFilter, EventFilter
from matrix.community_filters import CommunityFilter, MemberFilter
from matrix.filters import CreatorFilter, StaffReportFilter, StoreFilter
from matrix.handover_filters import HandoverFilter
from matrix.help_filters import HelpFilter
from matrix.models import Creator
from matrix.recruiting_filters import ApplicationFilter
from tests import cast as c

ROOT = Path(__file__).resolve().parents[2]
TEMPLATES = {
    AccountFilter: "matrix/_accounts.html",
    ActivityFilter: "accounts/_activity.html",
    CommunityFilter: "matrix/_communities.html",
    ApplicationFilter: "matrix/_applications.html",
    CreatorFilter: "matrix/_creators.html",
    EventFilter: "matrix/_violations.html",
    GrantFilter: "incentives/_point_grants.html",
    HolderFilter: "incentives/_points.html",
    HelpFilter: "matrix/_help_queue.html",
    HandoverFilter: "matrix/_handovers.html",
    ImportFilter: "integrations/_imports.html",
    JobFilter: "accounts/_jobs.html",
    LinkFilter: "content/_links.html",
    LineFilter: "incentives/_statement_lines.html",
    MemberFilter: "matrix/_members.html",
    OrderFilter: "customers/_orders.html",
    PayeeFilter: "incentives/_payees.html",
    PersonFilter: "accounts/_people.html",
    PostFilter: "content/_posts.html",
    RedemptionFilter: "incentives/_redemptions.html",
    SharedArticlesFilter: "incentives/_shared_articles.html",
    SharersFilter: "incentives/_sharers.html",
    StaffReportFilter: "matrix/_staff_reports.html",
    StoreFilter: "matrix/_stores.html",
    ReviewFilter: "content/_reviews.html",
    RewardFilter: "incentives/_rewards.html",
    SchemeFilter: "incentives/_schemes.html",
    StatementFilter: "incentives/_statements.html",
    OwnOrderFilter: "incentives/_own_orders.html",
    DisputeFilter: "incentives/_disputes.html",
    DutyFilter: "incentives/_rota_duties.html",
    ShiftFilter: "incentives/_rota_shifts.html",
    CorrectionFilter: "incentives/_corrections.html",
    WaitingRefundFilter: "customers/_waiting_refunds.html",
}


def ours(kind: type[ListFilter]) -> set[type[ListFilter]]:
    return {kind, *(each for child in kind.__subclasses__() for each in ours(child))}


def test_every_list_has_its_rows_here() -> None:
    filters = {each for each in ours(ListFilter) if each.columns}
    assert {each for each in filters if not each.__module__.startswith("tests.")} == set(TEMPLATES)


@pytest.mark.parametrize("kind", TEMPLATES, ids=lambda kind: kind.__name__)
def test_the_cells_of_a_row_stand_in_the_order_of_the_columns(kind: type[ListFilter]) -> None:
    text = (ROOT / "templates" / TEMPLATES[kind]).read_text()
    cells = re.findall(r'{% cell "(\w+)"', text)
    assert cells == [column.code for column in kind.columns]
    sorts = {column.sort for column in kind.columns if column.sort}
    assert sorts <= set(kind.sorts)
    assert {column.define for column in kind.columns if column.define} <= definitions.codes()


@pytest.fixture
def chengye(db: None) -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


def creators(query: str) -> CreatorFilter:
    asker = SimpleNamespace(user=None)
    return CreatorFilter(QueryDict(query), queryset=Creator.objects.all(), request=asker)


def heads(person: Person, query: str, **headers: str) -> list[str]:
    browser = Client(headers=headers)
    browser.force_login(person)
    answer = browser.get(f"{reverse('matrix:creators')}?{query}")
    table = answer.content.decode().partition("<thead>")[2].partition("</thead>")[0]
    return [
        re.sub(r"\s+", " ", re.sub(r"<details.*?</details>|<[^>]+>", "", each)).strip()
        for each in re.findall(r"<th.*?</th>", table, re.S)
    ][1:]


def test_the_usual_columns_are_shown_until_others_are_chosen(lin: Person) -> None:
    usual = ["Name", "Kind", "Store", "Tier", "Accounts", "Posts in 30 days", "Best post"]
    assert heads(lin, "") == [*usual, "Last post"]
    assert heads(lin, "columns=share_code&columns=region") == ["Name", "Region", "Share code"]


def test_the_column_that_names_the_row_cannot_be_left_away() -> None:
    assert list(creators("columns=tier").shown_columns) == ["name", "tier"]


def test_a_column_that_is_left_away_costs_no_cell(lin: Person) -> None:
    browser = Client()
    browser.force_login(lin)
    shown = browser.get(reverse("matrix:creators") + "?columns=tier").content.decode()
    assert 'data-label="Tier"' in shown
    assert 'data-label="Store"' not in shown


@pytest.mark.django_db
def test_an_unknown_column_is_refused_with_words() -> None:
    found = creators("columns=tier&columns=salary")
    assert found.problems == ["The list has no column “salary”."]
    assert list(found.rows()) == []


def test_the_address_leaves_the_usual_columns_out(lin: Person) -> None:
    browser = Client(headers={"HX-Request": "true"})
    browser.force_login(lin)
    usual = "&".join(f"columns={code}" for code in list(creators("").shown_columns)[1:])
    answer = browser.get(f"{reverse('matrix:creators')}?q=&{usual}")
    assert answer["HX-Push-Url"] == reverse("matrix:creators")
    answer = browser.get(f"{reverse('matrix:creators')}?q=&columns=tier")
    assert answer["HX-Push-Url"] == reverse("matrix:creators") + "?columns=tier"


def test_the_file_has_the_columns_that_were_chosen(lin: Person) -> None:
    browser = Client()
    browser.force_login(lin)

    def headings(query: str) -> list[str]:
        form = {"list": "creators", "query": query, "type": "csv"}
        answer = browser.post(reverse("integrations:export"), form)
        return answer.content.decode("utf-8-sig").splitlines()[0].split(",")

    assert headings("columns=tier&columns=region") == ["Number", "Name", "Tier", "Region"]
    assert "Share code" in headings("")
