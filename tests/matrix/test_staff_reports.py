"""The KOS staff report of Xiaohongshu's company back office: in, and onto the pages."""

import datetime as dt

import pytest
from django.urls import reverse

from accounts.units import add_unit
from integrations import importing, settling
from integrations.models import ImportIssue
from kosops.lib.errors import DomainError
from matrix import staff_reports
from matrix.models import SocialAccount, StaffReport
from matrix.registry import add_account, add_creator
from tests.integrations.passing import bring_in, check, faults, figures
from tests.integrations.people import *  # noqa: F403
from tests.integrations.trying import csv_file, xlsx_file

NAMES = (
    "员工名称,小红书账号id,小红书昵称,账号ID,所属地区,标签,开通时间,发布笔记数,投流笔记数,笔记投流消耗,"
    "总互动数,总表单客资数,总私信进线数,总私信开口数,总私信留资数,笔记曝光量,笔记点击量"
).split(",")
UID = "5f3a9c0d0000000001009e7b"
ZHOU = ["周敏", "4278210993", "周敏的好物", UID, "中国大陆-上海-上海市", "静安", "2024-12-18", "11", "2",
        "1,280.50", "3,406", "7", "58", "41", "19", "12.6万", "9,877"]  # fmt: skip
OTHER = ["王芳", "951123456", "小芳试色", "5f3a9c0d0000000001009e7c", "-", "-", "-", "3", "-", "-", "-",
         "-", "-", "-", "-", "-", "-"]  # fmt: skip
OCTOBER = {"period_from": "2026-10-01", "period_to": "2026-10-31"}


@pytest.fixture
def store(lin, brand):
    return add_unit(by=lin, kind="store", code="SH0001", name="Jing'an", parent=brand)


@pytest.fixture
def zhou(lin, store):
    return add_creator(by=lin, store=store, kind="kos", number="K001", name="周敏")


@pytest.fixture
def account(lin, zhou):
    return add_account(
        by=lin, platform="xiaohongshu", handle="周敏的好物", ownership="company_opened",
        creator=zhou, platform_uid=UID,
    )  # fmt: skip


def report(*rows, name="专业号-线索明细-20261102.csv"):
    lines = [",".join(f'"{cell}"' for cell in row) for row in (NAMES, *rows)]
    return csv_file("\n".join(lines) + "\n", name=name)


def bring(lin, brand, file, **options):
    return bring_in(
        lin, brand, "xiaohongshu_staff", file, source="back-office", options=OCTOBER | options
    )


def test_a_report_says_how_many_leads_each_account_won(lin, brand, zhou, account):
    batch = bring(lin, brand, report(ZHOU))
    assert figures(batch) == {"new": 1}
    row = StaffReport.objects.get()
    assert (row.account, row.creator, row.unit) == (account, zhou, zhou.store)
    assert (row.period_from, row.period_to) == (dt.date(2026, 10, 1), dt.date(2026, 10, 31))
    assert (row.form_leads, row.dm_leads, row.leads) == (7, 19, 26)
    assert (row.dm_inbound, row.dm_opened, row.notes, row.promoted_notes) == (58, 41, 11, 2)
    assert (row.promotion_spend, row.impressions, row.clicks) == (128_050, 126_000, 9_877)
    assert (row.region, row.labels) == ("中国大陆-上海-上海市", "静安")
    assert row.raw["账号ID"] == UID
    account.refresh_from_db()
    assert (account.public_number, account.opened_on) == ("4278210993", dt.date(2024, 12, 18))


def test_a_dash_is_unknown_and_never_zero(lin, brand, zhou, account):
    bring(lin, brand, report([*ZHOU[:7], *["-"] * 10]))
    row = StaffReport.objects.get()
    assert (row.form_leads, row.dm_leads, row.leads, row.promotion_spend) == (None,) * 4


def test_the_same_period_again_brings_what_changed_and_another_period_its_own_row(
    lin, brand, zhou, account
):
    bring(lin, brand, report(ZHOU))
    later = [*ZHOU[:14], "23", *ZHOU[15:]]
    assert figures(bring(lin, brand, report(later))) == {"changed": 1}
    assert StaffReport.objects.get().leads == 30
    again = check(
        lin, brand, "xiaohongshu_staff", xlsx_file(NAMES, later, name="again.xlsx"),
        source="back-office", options=OCTOBER,
    )  # fmt: skip
    assert figures(again) == {"unchanged": 1}
    september = {"period_from": "2026-09-01", "period_to": "2026-09-30"}
    earlier = [*ZHOU[:14], "3", *ZHOU[15:]]
    assert figures(bring(lin, brand, report(earlier), **september)) == {"new": 1}
    assert [row.leads for row in staff_reports.of_creator(zhou)] == [30, 10]


def test_the_period_is_asked_for_and_checked(lin, brand, zhou, account):
    batch = importing.start_import(
        by=lin, brand=brand, format_code="xiaohongshu_staff", source="back-office",
        uploaded_file=report(ZHOU),
    )  # fmt: skip

    def refusal(**options):
        with pytest.raises(DomainError) as refused:
            importing.map_columns(by=lin, batch=batch, mapping=batch.mapping, options=options)
        return refused.value.code, refused.value.params["field"]

    assert refusal() == ("bad_option", "period_from")
    assert refusal(period_from="2026-10-01") == ("bad_option", "period_to")
    assert refusal(period_from="2026-10-32", period_to="2026-10-31")[1] == "period_from"
    assert refusal(period_from="2026-10-31", period_to="2026-10-01")[0] == "period_reversed"
    assert refusal(period_from="2024-10-01", period_to="2026-10-31")[0] == "period_too_long"


def test_an_unknown_account_is_refused_or_added_to_the_kos_of_that_name(lin, brand, zhou, store):
    refused = check(
        lin, brand, "xiaohongshu_staff", report(ZHOU, OTHER), source="back-office", options=OCTOBER
    )
    assert faults(refused) == [(2, "uid", "unknown_account"), (3, "uid", "unknown_account")]
    assert not SocialAccount.objects.exists()

    batch = bring(lin, brand, report(OTHER, ZHOU), unknown="add")
    assert figures(batch) == {"new": 1, "faulty": 1}
    assert faults(batch) == [(2, "name", "no_kos_of_name")]
    added = SocialAccount.objects.get(platform_uid=UID)
    assert (added.creator, added.handle, added.state) == (zhou, "周敏的好物", "active")
    assert (added.ownership, added.owner_proof) == ("employee_authorised", "staff_record")
    assert added.staff_reports.get().leads == 26


def test_two_of_one_name_are_asked_about(lin, brand, zhou, store):
    namesake = add_creator(by=lin, store=store, kind="kos", number="K002", name="周敏")
    add_creator(by=lin, store=store, kind="kos", number="K003", name="王芳")
    batch = bring(lin, brand, report(ZHOU, OTHER), unknown="add")
    StaffReport.objects.all().delete()
    issue = ImportIssue.objects.get(batch=batch, outcome="ambiguous")
    settling.choose_candidate(by=lin, issue=issue, choice=f"creator-{namesake.pk}")
    assert StaffReport.objects.get().creator == namesake


def test_an_account_without_an_id_is_found_by_its_name_and_gets_the_id(lin, brand, zhou):
    known = add_account(
        by=lin, platform="xiaohongshu", handle="周敏的好物", ownership="personal", creator=zhou
    )
    bring(lin, brand, report(ZHOU))
    known.refresh_from_db()
    assert known.platform_uid == UID
    assert StaffReport.objects.get().account == known


def test_an_account_of_a_store_and_a_row_twice_are_refused(lin, brand, store):
    add_account(
        by=lin, platform="xiaohongshu", handle="Jing'an", ownership="company_opened", unit=store,
        platform_uid=UID,
    )  # fmt: skip
    batch = check(
        lin, brand, "xiaohongshu_staff", report(ZHOU, ZHOU), source="back-office", options=OCTOBER
    )
    assert faults(batch) == [(2, "uid", "not_a_staff_account"), (3, "", "repeated_row")]


def test_an_id_that_a_spreadsheet_spoilt_is_refused(lin, brand, zhou, account):
    spoilt = [*ZHOU]
    spoilt[3] = 5.3e23
    batch = check(
        lin, brand, "xiaohongshu_staff", xlsx_file(NAMES, spoilt), source="back-office",
        options=OCTOBER,
    )  # fmt: skip
    assert [(line, column) for line, column, _code in faults(batch)] == [(2, "uid")]


def test_leads_stand_in_the_list_and_on_the_page_of_the_creator(lin, brand, zhou, account, client):
    bring(lin, brand, report(ZHOU))
    bring(
        lin, brand, report([*ZHOU[:14], "3", *ZHOU[15:]], name="sep.csv"),
        period_from="2026-09-01", period_to="2026-09-30",
    )  # fmt: skip
    client.force_login(lin)
    page = client.get(reverse("matrix:staff_reports"))
    assert [row.leads for row in page.context["rows"]] == [26]
    assert "26" in page.content.decode()
    assert next(str(kpi.value) for kpi in page.context["figures"]) == "26"
    both = client.get(reverse("matrix:staff_reports") + "?period=all")
    assert [row.leads for row in both.context["rows"]] == [26, 10]
    assert not both.context["figures"]
    wrong = client.get(reverse("matrix:staff_reports") + "?period=2020-01-01_2020-01-31")
    assert wrong.status_code == 422
    of_zhou = client.get(reverse("matrix:creator", args=[zhou.pk]))
    assert [row.leads for row in of_zhou.context["reports"]] == [26, 10]
