"""What spreadsheet programs do to the lists of the matrix: refused or asked, and no row lost (F7)."""

from __future__ import annotations

import datetime as dt
import io
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from openpyxl import Workbook

from accounts.models import Person, Unit
from integrations import settling
from integrations.models import ImportBatch
from matrix import communities
from matrix.models import CommunityMember, Creator, SocialAccount, StaffReport
from tests import cast as c
from tests.integrations.passing import check, confirm, faults
from tests.integrations.people import *  # noqa: F403

UID = "5f3a9c0d0000000001009e7"


@dataclass(frozen=True)
class List:
    """A list of the matrix with its ids and days; ``row`` gives a good row by number."""

    columns: dict[str, str]
    ids: tuple[str, ...]
    model: type[Any]
    days: tuple[str, ...] = ()
    options: dict[str, str] = field(default_factory=dict)


LISTS = {
    "stores": List({"code": "门店编码", "name": "门店名称"}, ("code",), Unit),
    "creators": List(
        {"number": "工号", "name": "姓名", "kind": "类型", "store_code": "门店编码",
         "share_code": "分享码", "joined_on": "入职日期", "left_on": "离职日期"},
        ("number", "store_code", "share_code"), Creator, ("joined_on", "left_on"),
    ),
    "social_accounts": List(
        {"handle": "账号名称", "platform": "平台", "uid": "账号ID", "number": "工号",
         "ownership": "账号归属", "opened_on": "开通时间"},
        ("uid", "number"), SocialAccount, ("opened_on",),
    ),
    "community_members": List(
        {"community": "社群", "number": "工号", "since": "入群时间"},
        ("number",), CommunityMember, ("since",),
    ),
    "xiaohongshu_staff": List(
        {"name": "员工名称", "uid": "账号ID", "public_number": "小红书账号id", "handle": "小红书昵称",
         "opened_on": "开通时间", "dm_leads": "总私信留资数", "form_leads": "总表单客资数"},
        ("uid", "public_number"), StaffReport, ("opened_on",),
        {"period_from": "2026-10-01", "period_to": "2026-10-31"},
    ),
}  # fmt: skip


def good(code: str, number: int) -> dict[str, Any]:
    """A row that comes in, as a workbook holds it."""
    return {
        "stores": {"code": f"SH01{number}", "name": f"Store {number}"},
        "creators": {"number": f"N{number}", "name": f"Person {number}", "kind": "KOS",
                     "store_code": "0012", "share_code": f"S{number}", "joined_on": "2026-03-01",
                     "left_on": ""},
        "social_accounts": {"handle": f"note {number}", "platform": "小红书", "uid": f"{UID}{number}",
                            "number": f"K{number}", "ownership": "公司", "opened_on": "2026-03-01"},
        "community_members": {"community": "Circle", "number": f"K{number}", "since": "2026-03-01"},
        "xiaohongshu_staff": {"name": f"Person K{number}", "uid": f"staff{number}",
                              "public_number": f"42{number}", "handle": f"note {number}",
                              "opened_on": "2026-03-01", "dm_leads": "3", "form_leads": "1"},
    }[code]  # fmt: skip


@pytest.fixture
def place(brand: Unit, lin: Person) -> Unit:
    store = c.add_unit(by=None, kind="store", code="0012", name="Jing'an", parent=brand)
    store.brand = brand
    c.creators(store, [{"number": f"K{one}", "name": f"Person K{one}"} for one in range(1, 10)])
    c.creators(store, [{"number": "00777", "name": "Zero"}])
    for creator in Creator.objects.filter(number__startswith="K"):
        c.account(
            creator, handle=f"own {creator.number}", platform_uid=f"staff{creator.number[1:]}"
        )
    communities.open_community(
        by=lin, unit=brand, name="Circle", kind="wechat_group", host=lin,
        opened_on=dt.date(2026, 1, 1),
    )  # fmt: skip
    return store


def book_of(code: str, *rows: dict[str, Any]) -> Workbook:
    book = Workbook()
    book.active.append(list(LISTS[code].columns.values()))
    for row in rows:
        book.active.append([row.get(name) for name in LISTS[code].columns])
    return book


def saved(book: Workbook) -> SimpleUploadedFile:
    content = io.BytesIO()
    book.save(content)
    return SimpleUploadedFile(f"list-{len(content.getvalue())}.xlsx", content.getvalue())


def checked(lin: Person, brand: Unit, code: str, book: Workbook) -> ImportBatch:
    return check(lin, brand, code, saved(book), options=LISTS[code].options)


def nothing_is_lost(batch: ImportBatch, rows: int) -> bool:
    """Each row of the file has one outcome, and those that do not come in are kept with theirs."""
    counts = batch.checked_counts
    outcomes = ("new", "changed", "unchanged", "skipped", "faulty", "ambiguous")
    waiting = counts["faulty"] + counts["ambiguous"]
    return (
        counts["rows"] == rows == sum(counts[name] for name in outcomes)
        and batch.issues.count() == waiting
    )


IDS = [(code, column) for code, one in LISTS.items() for column in one.ids]
DAYS = [(code, column) for code, one in LISTS.items() for column in one.days]


@pytest.mark.parametrize(("code", "column"), IDS)
def test_an_id_that_lost_something_is_refused_by_name(
    lin: Person, brand: Unit, place: Unit, code: str, column: str
) -> None:
    spoilt = ("1.23E+17", 123456789012345678, 1.23e17, 12345, 12345.5)
    rows = [
        good(code, 1),
        *({**good(code, 2 + at), column: cell} for at, cell in enumerate(spoilt)),
    ]
    batch = checked(lin, brand, code, book_of(code, *rows))
    found = [(line, fault) for line, where, fault in faults(batch) if where == column]
    assert found == [
        (3, "id_in_scientific_form"),
        (4, "id_lost_digits"),
        (5, "id_lost_digits"),
        (6, "id_not_text"),
        (7, "id_not_text"),
    ]
    assert nothing_is_lost(batch, len(rows))
    before = LISTS[code].model.objects.count()
    confirm(lin, batch)
    assert LISTS[code].model.objects.count() == before + 1


@pytest.mark.parametrize(("code", "column"), IDS)
def test_an_id_with_a_point_zero_is_taken_with_a_note(
    lin: Person, brand: Unit, place: Unit, code: str, column: str
) -> None:
    batch = checked(lin, brand, code, book_of(code, {**good(code, 1), column: "20010.0"}))
    assert batch.checked_counts["notes"] == {"id_point_zero": 1}
    assert nothing_is_lost(batch, 1)


@pytest.mark.parametrize(
    ("code", "column", "cut", "known"),
    [
        ("creators", "store_code", "12", "0012"),
        ("social_accounts", "number", "777", "00777"),
        ("community_members", "number", "777", "00777"),
    ],
)
def test_an_id_without_its_zeros_is_refused_with_the_one_that_is_meant(
    lin: Person, brand: Unit, place: Unit, code: str, column: str, cut: str, known: str
) -> None:
    """Else a list from a program that cut the zeros would add everybody a second time."""
    batch = checked(lin, brand, code, book_of(code, good(code, 1), {**good(code, 2), column: cut}))
    assert faults(batch) == [(3, column, "zeros_lost")]
    assert batch.issues.get().faults[0]["params"] == {"code": cut, "known": known}
    assert nothing_is_lost(batch, 2)


TWO_MEANINGS = [("stores", "code", "12", "0012"), ("creators", "number", "777", "00777")]


@pytest.mark.parametrize(("code", "column", "cut", "known"), TWO_MEANINGS)
@pytest.mark.parametrize("is_new", [False, True])
def test_of_an_id_without_zeros_a_person_says_whether_it_is_new(
    lin: Person,
    brand: Unit,
    place: Unit,
    code: str,
    column: str,
    cut: str,
    known: str,
    is_new: bool,
) -> None:
    batch = checked(lin, brand, code, book_of(code, good(code, 1), {**good(code, 2), column: cut}))
    issue = batch.issues.get()
    assert (issue.outcome, issue.faults[0]["code"]) == ("ambiguous", "zeros_lost")
    assert [one["value"] for one in issue.candidates] == [known, "new"]
    settling.choose_candidate(by=lin, issue=issue, choice="new" if is_new else known)
    confirm(lin, batch)
    model, field = (Unit, "code") if code == "stores" else (Creator, "number")
    named = {one[0] for one in model.objects.values_list(field) if one[0] in (cut, known)}
    assert named == ({cut, known} if is_new else {known})
    meant = model.objects.get(**{field: cut if is_new else known})
    assert meant.name == good(code, 2)["name"]


def test_the_number_of_somebody_of_the_other_kind_is_no_reason_to_ask(
    lin: Person, brand: Unit, place: Unit
) -> None:
    row = {**good("creators", 1), "number": "777", "kind": "KOC"}
    batch = checked(lin, brand, "creators", book_of("creators", row))
    assert (faults(batch), batch.checked_counts["new"]) == ([], 1)


def test_a_number_that_only_looks_alike_is_taken(lin: Person, brand: Unit, place: Unit) -> None:
    rows = [{**good("creators", 1), "number": number} for number in ("7770", "0777", "77")]
    rows = [{**row, "share_code": f"T{at}"} for at, row in enumerate(rows)]
    batch = checked(lin, brand, "creators", book_of("creators", *rows))
    assert (faults(batch), batch.checked_counts["new"]) == ([], 3)


@pytest.mark.parametrize(("code", "column"), DAYS)
def test_an_odd_day_is_refused_or_asked_about(
    lin: Person, brand: Unit, place: Unit, code: str, column: str
) -> None:
    odd = ("2026-02-30", "2026-13-01", "01/02/2026", 45_000, "soon", "0000-00-00")
    rows = [good(code, 1), *({**good(code, 2 + at), column: cell} for at, cell in enumerate(odd))]
    batch = checked(lin, brand, code, book_of(code, *rows))
    found = [(line, fault) for line, where, fault in faults(batch) if where == column]
    assert found == [
        (3, "not_a_time"),
        (4, "not_a_time"),
        (5, "day_or_month_first"),
        (6, "serial_date"),
        (7, "not_a_time"),
        (8, "not_a_time"),
    ]
    assert nothing_is_lost(batch, len(rows))


TOTALS = (
    "合计",
    "总计",
    "小计",
    "Total",
    "合计：",
    "总计（元）",
    "本页小计",
    "Grand total",
    "小計",
)


@pytest.mark.parametrize("code", LISTS)
def test_rows_of_totals_are_refused_whatever_they_are_called(
    lin: Person, brand: Unit, place: Unit, code: str
) -> None:
    first, second, *_others = LISTS[code].columns
    sums = [{**good(code, 2 + at), first: word} for at, word in enumerate(TOTALS[:7])]
    # With nothing in the first column, and behind a running number.
    sums += [
        {**good(code, 1), first: "", second: "合计"},
        {**good(code, 1), first: 9, second: "总计"},
    ]
    batch = checked(lin, brand, code, book_of(code, good(code, 1), *sums))
    assert [fault for _line, _column, fault in faults(batch)] == ["totals_row"] * len(sums)
    assert nothing_is_lost(batch, 1 + len(sums))


@pytest.mark.parametrize("code", LISTS)
def test_cells_under_a_merged_one_and_hidden_sheets_are_no_rows_of_their_own(
    lin: Person, brand: Unit, place: Unit, code: str
) -> None:
    needed = {"stores": 1, "creators": 4, "social_accounts": 1, "community_members": 1,
              "xiaohongshu_staff": 2}[code]  # fmt: skip
    rows = [good(code, number) for number in (1, 2)]
    book = book_of(code, *rows)
    book.active.merge_cells(start_row=2, end_row=3, start_column=needed, end_column=needed)
    hidden = book.create_sheet("old", 0)
    hidden.sheet_state = "hidden"
    hidden.append(list(LISTS[code].columns.values()))
    hidden.append([good(code, 9).get(name) for name in LISTS[code].columns])
    book.active = 1
    batch = checked(lin, brand, code, book)
    column = list(LISTS[code].columns)[needed - 1]
    assert faults(batch) == [(3, column, "merged_cell")]
    assert nothing_is_lost(batch, 2)
    assert [one["hidden"] for one in batch.preview["sheets"]] == [True, False]
