"""Stores, creators and accounts from the files that HR and the regions keep."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.choices import UnitKind
from accounts.models import Unit
from accounts.units import add_unit
from customers.models import Order
from integrations import settling
from integrations.models import ImportIssue
from kosops.lib.secrets import blind_index
from matrix import import_organisation
from matrix.choices import CreatorState, Platform
from matrix.models import Creator, MemberKey, SocialAccount
from tests.integrations.passing import bring_in, check, confirm, faults, figures
from tests.integrations.people import *  # noqa: F403
from tests.integrations.trying import csv_file, xlsx_file

STORES = (
    "门店编码,门店名称,门店类型,大区编码,大区,城市\n"
    "0012,静安旗舰店,直营店,EAST,华东,上海\n"
    "0013,徐汇店,加盟店,EAST,华东,上海\n"
    "0101,天河店,,SOUTH,华南,广州\n"
)
CREATORS = (
    "工号,姓名,类型,门店编码,分享码,入职日期\n"
    "K0231,周敏,KOS,0012,Q7K2,2025.08.07\n"
    "K0232,陈静,导购,0013,,2026/1/4\n"
    "M9001,梅,KOC,0012,MAY1,2026年03月01日\n"
)


@pytest.fixture(autouse=True)
def formats_offered():
    import_organisation.register_formats()


@pytest.fixture
def stores(lin, brand):
    bring_in(lin, brand, "stores", csv_file(STORES))
    return {unit.code: unit for unit in Unit.objects.filter(kind=UnitKind.STORE)}


@pytest.fixture
def creators(lin, brand, stores):
    bring_in(lin, brand, "creators", csv_file(CREATORS))
    return {one.number: one for one in Creator.objects.all()}


# -- stores ----------------------------------------------------------------------------


def test_stores_come_in_under_their_regions(brand, stores):
    jingan, tianhe = stores["0012"], stores["0101"]
    east = Unit.objects.get(code="EAST")
    assert (jingan.name, jingan.store_kind, jingan.city) == ("静安旗舰店", "physical", "上海")
    assert (east.kind, east.name, east.parent) == (UnitKind.REGION, "华东", brand)
    assert jingan.path == f"/{brand.pk}/{east.pk}/{jingan.pk}/"
    assert east.path == f"/{brand.pk}/{east.pk}/"
    assert jingan.parent == stores["0013"].parent == east
    assert tianhe.parent.code == "SOUTH"
    assert Unit.objects.filter(kind=UnitKind.REGION).count() == 2


def test_the_same_stores_again_change_nothing(lin, brand, stores):
    batch = check(lin, brand, "stores", csv_file(STORES + "\n"))
    assert figures(batch) == {"unchanged": 3}


def test_a_store_moves_to_another_region_and_blank_cells_leave_the_rest(lin, brand, stores):
    bring_in(
        lin,
        brand,
        "stores",
        csv_file("门店编码,门店名称,大区,城市,营业状态\n0013,徐汇店,华南,,闭店\n"),
    )
    moved = Unit.objects.get(code="0013")
    assert (moved.parent.code, moved.city, moved.active) == ("SOUTH", "上海", False)
    assert moved.path == f"{moved.parent.path}{moved.pk}/"
    assert moved.store_kind == "franchise"


def test_faulty_stores_are_named_by_line_and_column(lin, brand, stores):
    text = (
        "门店编码,门店名称,门店类型,大区编码,大区\n"
        ",无编码,,,\n"
        "0300,店,飞船,,\n"
        "0301,店,,NORTH,\n"
        "0302,店,,0012,\n"
        "0303,店,,,华北\n"
        "EAST,店,,,\n"
        "0304,店,,,\n"
        "0304,店二,,,\n"
        "合计,,,,\n"
    )
    batch = check(lin, brand, "stores", csv_file(text))
    assert faults(batch) == [
        (2, "code", "required"),
        (3, "kind", "not_a_choice"),
        (4, "region_name", "required"),
        (5, "region_code", "not_a_region"),
        (6, "region_name", "no_code_for_region"),
        (7, "code", "not_a_store"),
        (9, "", "repeated_row"),
        (10, "", "totals_row"),
    ]
    assert figures(batch) == {"new": 1, "faulty": 8}


def test_a_code_names_a_store_or_a_region(lin, brand):
    text = (
        "门店编码,门店名称,大区编码,大区\n"
        "A,店一,B,大区\nB,店二,,\nC,店三,A,大区\nD,店四,D,大区\n" + "E" * 41 + ",店五,,\n"
    )
    assert faults(check(lin, brand, "stores", csv_file(text))) == [
        (3, "code", "not_a_store"),
        (4, "region_code", "not_a_region"),
        (5, "region_code", "not_a_region"),
        (6, "code", "too_long"),
    ]


def test_two_regions_of_one_name_are_decided_by_a_person(lin, brand, stores):
    add_unit(by=lin, kind=UnitKind.REGION, code="EAST2", name="华东", parent=brand)
    batch = check(lin, brand, "stores", csv_file("门店编码,门店名称,大区\n0400,新店,华东\n"))
    issue = ImportIssue.objects.get(batch=batch)
    assert issue.outcome == "ambiguous"
    wanted = next(one for one in issue.candidates if "EAST2" in one["label"])
    settling.choose_candidate(by=lin, issue=issue, choice=wanted["value"])
    batch.refresh_from_db()
    confirm(lin, batch)
    assert Unit.objects.get(code="0400").parent.code == "EAST2"


# -- creators ----------------------------------------------------------------------------


def test_creators_come_in_with_their_store(brand, stores, creators):
    zhou, may = creators["K0231"], creators["M9001"]
    assert (zhou.name, zhou.kind, zhou.store, zhou.share_code) == (
        "周敏",
        "kos",
        stores["0012"],
        "Q7K2",
    )
    assert (zhou.state, zhou.joined_on, zhou.brand) == (
        CreatorState.ACTIVE,
        dt.date(2025, 8, 7),
        brand,
    )
    assert (may.kind, may.joined_on) == ("koc", dt.date(2026, 3, 1))
    assert creators["K0232"].kind == "kos"


def test_the_same_creators_again_change_nothing(lin, brand, creators):
    assert figures(check(lin, brand, "creators", csv_file(CREATORS + "\n"))) == {"unchanged": 3}


def test_a_transfer_takes_the_accounts_along(lin, brand, stores, creators):
    bring_in(
        lin, brand, "social_accounts", csv_file("平台,账号名称,工号\n小红书,周敏的好物,K0231\n")
    )
    bring_in(lin, brand, "creators", csv_file("工号,姓名,类型,门店编码\nK0231,周敏,KOS,0101\n"))
    zhou = Creator.objects.get(number="K0231")
    assert (zhou.store, zhou.share_code) == (stores["0101"], "Q7K2")
    assert SocialAccount.objects.get().unit == stores["0101"]


def test_leaving_notes_the_day_and_no_state_is_skipped_over(lin, brand, creators):
    file = csv_file(
        "工号,姓名,类型,门店编码,状态,离职日期\n"
        "K0231,周敏,KOS,0012,离职,2026-10-31\n"
        "K0232,陈静,KOS,0013,候选,\n"
    )
    batch = bring_in(lin, brand, "creators", file)
    zhou = Creator.objects.get(number="K0231")
    assert (zhou.state, zhou.left_on) == (CreatorState.LEFT, dt.date(2026, 10, 31))
    assert faults(batch) == [(3, "state", "wrong_state_change")]


def test_faulty_creators_are_named_by_line_and_column(lin, brand, creators):
    text = (
        "工号,姓名,类型,门店编码,KOC类型,分享码,入职日期\n"
        "K1,甲,KOS,12,,,\n"
        "K2,乙,KOS,9999,,,\n"
        "K3,丙,KOS,0012,孵化,,\n"
        "K4,丁,KOS,0012,,Q7K2,\n"
        "1.23E+17,戊,KOS,0012,,,\n"
        "K6,己,店长,0012,,,\n"
        "K7,庚,KOS,0012,,,46227\n"
        "K8,辛,KOS,0012,,NEW1,\n"
        "K9,壬,KOS,0012,,NEW1,\n"
    )
    batch = check(lin, brand, "creators", csv_file(text))
    assert faults(batch) == [
        (2, "store_code", "zeros_lost"),
        (3, "store_code", "unknown_store"),
        (4, "koc_kind", "koc_kind_of_kos"),
        (5, "share_code", "share_code_taken"),
        (6, "number", "id_in_scientific_form"),
        (7, "kind", "not_a_choice"),
        (8, "joined_on", "serial_date"),
        (10, "share_code", "share_code_taken"),
    ]
    assert figures(batch) == {"new": 1, "faulty": 8}
    zeros = ImportIssue.objects.get(batch=batch, line=2).faults[0]["params"]
    assert zeros == {"code": "12", "known": "0012"}


def test_numbers_that_a_workbook_made_of_codes_are_refused(lin, brand, stores):
    file = xlsx_file(["工号", "姓名", "类型", "门店编码"], ["K1", "甲", "KOS", 12])
    assert faults(check(lin, brand, "creators", file)) == [(2, "store_code", "id_not_text")]


def test_creators_of_another_brand_do_not_exist(
    lin, brand, stores, creators, stranger, other_brand
):
    add_unit(by=None, kind=UnitKind.STORE, code="0012", name="Other", parent=other_brand)
    batch = bring_in(stranger, other_brand, "creators", csv_file(CREATORS))
    assert figures(batch) == {"new": 2, "faulty": 1}
    assert Creator.objects.get(brand=brand, number="K0231").name == "周敏"


# -- accounts ----------------------------------------------------------------------------

ACCOUNTS = (
    "平台,账号名称,账号ID,工号,门店编码,账号归属,粉丝数\n"
    "小红书,周敏的好物,5f3a00000000000000000012,K0231,,员工授权,1.4万\n"
    "抖音,静安旗舰店,,,0012,公司开通,\n"
    "小红书,澄野美妆,,,,,422.9万\n"
    "企微,周敏,,K0231,,,-\n"
)


def test_accounts_belong_to_a_creator_a_store_or_the_brand(lin, brand, stores, creators):
    batch = bring_in(lin, brand, "social_accounts", csv_file(ACCOUNTS))
    assert figures(batch) == {"new": 4}
    zhou = SocialAccount.objects.get(platform_uid="5f3a00000000000000000012")
    assert (zhou.creator, zhou.unit, zhou.followers, zhou.ownership, zhou.domain) == (
        creators["K0231"],
        stores["0012"],
        14_000,
        "employee_authorised",
        "public",
    )
    shop = SocialAccount.objects.get(platform=Platform.DOUYIN)
    assert (shop.creator, shop.unit, shop.followers) == (None, stores["0012"], None)
    assert SocialAccount.objects.get(handle="澄野美妆").unit == brand
    assert SocialAccount.objects.get(platform=Platform.WECOM).domain == "private"
    assert figures(check(lin, brand, "social_accounts", csv_file(ACCOUNTS + "\n"))) == {
        "unchanged": 4
    }


def test_an_account_keeps_its_owner_when_the_row_names_none(lin, brand, stores, creators):
    bring_in(lin, brand, "social_accounts", csv_file(ACCOUNTS))
    bring_in(
        lin,
        brand,
        "social_accounts",
        csv_file("平台,账号名称,账号ID,粉丝数\n小红书,改名了,5f3a00000000000000000012,15000\n"),
    )
    zhou = SocialAccount.objects.get(platform_uid="5f3a00000000000000000012")
    assert (zhou.handle, zhou.followers, zhou.creator) == ("改名了", 15_000, creators["K0231"])


def test_accounts_of_one_name_are_decided_by_a_person(lin, brand, stores, creators):
    bring_in(
        lin,
        brand,
        "social_accounts",
        csv_file("平台,账号名称,工号\n抖音,好物,K0231\n抖音,好物,K0232\n"),
    )
    batch = check(lin, brand, "social_accounts", csv_file("平台,账号名称,粉丝数\n抖音,好物,7\n"))
    issue = ImportIssue.objects.get(batch=batch)
    assert len(issue.candidates) == 3
    wanted = SocialAccount.objects.get(creator=creators["K0232"])
    settling.choose_candidate(by=lin, issue=issue, choice=str(wanted.pk))
    batch.refresh_from_db()
    confirm(lin, batch)
    wanted.refresh_from_db()
    assert (wanted.followers, wanted.creator) == (7, creators["K0232"])
    assert SocialAccount.objects.count() == 2


def test_faulty_accounts_are_named_by_line_and_column(lin, brand, stores, creators):
    Creator.objects.filter(number="K0232").update(state=CreatorState.LEFT)
    text = (
        "平台,账号名称,工号,门店编码,私域层级,粉丝数\n"
        "快手,a,,,,\n"
        "抖音,b,K9999,,,\n"
        "抖音,c,K0231,0013,,\n"
        "抖音,d,,,服务层,\n"
        "抖音,e,K0232,,,\n"
        "抖音,f,,,,很多\n"
        "抖音,,,,,\n"
    )
    twice = "平台,账号名称,账号ID,工号\n抖音,a,U1,K0231\n抖音,b,U1,K0232\n"
    assert faults(check(lin, brand, "social_accounts", csv_file(twice))) == [
        (3, "", "repeated_row")
    ]
    assert faults(check(lin, brand, "social_accounts", csv_file(text))) == [
        (2, "platform", "not_a_choice"),
        (3, "number", "unknown_creator"),
        (4, "store_code", "two_owners"),
        (5, "layer", "layer_of_public_account"),
        (6, "number", "owner_has_left"),
        (7, "followers", "not_a_count"),
        (8, "handle", "required"),
    ]


def test_the_number_of_queries_does_not_depend_on_the_number_of_rows(lin, brand, stores):
    def queries(rows: int) -> int:
        text = "工号,姓名,类型,门店编码\n"
        text += "".join(f"X{rows}-{n},人{n},KOS,0012\n" for n in range(rows))
        with CaptureQueriesContext(connection) as seen:
            assert figures(bring_in(lin, brand, "creators", csv_file(text))) == {"new": rows}
        return len(seen)

    queries(2)  # keeps the mapping
    assert queries(1500) == queries(3)


def test_a_file_says_where_koc_work_and_in_which_programme(lin, brand, creators):
    head = "工号,姓名,类型,门店编码,域,项目类型\n"
    bring_in(lin, brand, "creators", csv_file(head + "M9001,梅,KOC,0012,私域,分销\n"))
    may = Creator.objects.get(number="M9001")
    assert (may.domain_said, may.domain_reason, may.programme) == ("private", "", "distribution")
    again = check(lin, brand, "creators", csv_file(head + "M9001,梅,KOC,0012,,\n\n"))
    assert figures(again) == {"unchanged": 1}
    wrong = check(lin, brand, "creators", csv_file(head + "K0231,周敏,KOS,0012,公域,种草\n"))
    assert faults(wrong) == [
        (2, "domain", "domain_of_kos"),
        (2, "programme", "programme_of_kos"),
    ]


def test_who_comes_with_the_file_is_known_by_orders_that_came_before(lin, brand, stores):
    order = Order.objects.create(
        brand=brand,
        store=stores["0012"],
        source="shop",
        external_id="1",
        status="finished",
        currency="CNY",
        paid_at=timezone.now(),
        business_date=dt.date(2026, 9, 1),
        buyer_key=blind_index("member_id", "M9001"),
        paid_amount=100,
    )
    bring_in(lin, brand, "creators", csv_file(CREATORS))
    known = MemberKey.objects.exclude(bought_on=None).get()
    assert (known.creator.number, known.bought_on) == ("M9001", order.business_date)
