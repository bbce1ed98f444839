"""One person, one row: suspects, merging, and what later files mean by the merged row."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import access
from accounts.choices import Role
from content.models import Post
from customers.models import Order
from kosops.lib.errors import DomainError
from matrix import communities, duplicates, handover, registry
from matrix.models import CommunityMember, Creator, DistinctPair, Pairing
from tests import cast as c
from tests.integrations.passing import bring_in, check, faults
from tests.integrations.trying import csv_file

TODAY = dt.date(2026, 11, 20)


@pytest.fixture
def people(db):
    return c.cast()


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def twin(people):
    """Zhou Min a second time, as another list wrote her down."""
    return c.creator(people.jingan, "0K001", "zhou min", share_code="TWIN")


def account(creator, handle="zhou_skin", platform="xiaohongshu"):
    return registry.add_account(
        by=None, creator=creator, platform=platform, handle=handle, ownership="personal"
    )


def found(person):
    return [
        ({pair.first.number, pair.second.number}, pair.reasons)
        for pair in duplicates.suspects(access.reach(person, "matrix.edit"))
    ]


def refusal(command, **values):
    with pytest.raises(DomainError) as refused, transaction.atomic():
        command(by=None, **values)
    return refused.value.code


# -- suspects ------------------------------------------------------------------


def test_rows_of_one_person_are_found_with_the_reasons(people, lin, twin):
    account(people.zhou)
    account(twin, handle="ZHOU_skin")
    Creator.objects.filter(pk=twin.pk).update(name="Zhou Min")
    assert found(lin) == [({"K001", "0K001"}, ("number", "handle", "name"))]


def test_other_people_are_not_suspected(people, lin):
    c.creator(people.tianhe, "K002", "Zhou Min")
    c.creator(people.jingan, "C002", "Zhou Min", kind="koc")
    c.creator(people.jingan, "K0010", "Wang Fang")
    assert found(lin) == []


def test_who_was_found_to_be_two_people_is_not_asked_about_again(people, lin, twin):
    pair = duplicates.keep_apart(by=lin, first=twin, second=people.zhou)
    assert (pair.first, pair.second) == tuple(sorted((people.zhou, twin), key=lambda one: one.pk))
    duplicates.keep_apart(by=lin, first=people.zhou, second=twin)
    assert DistinctPair.objects.count() == 1
    assert found(lin) == []
    assert refusal(duplicates.keep_apart, first=twin, second=twin) == "same_row"


def test_only_rows_in_reach_are_compared(people, twin):
    southern = c.person("tian", (Role.OPERATOR, people.south))
    assert found(southern) == []
    assert found(c.person("nobody")) == []


# -- merging -------------------------------------------------------------------


def test_a_merged_row_leaves_and_its_accounts_and_posts_move(people, twin):
    own, other = account(people.zhou), account(twin, handle="minmin")
    wecom = account(people.zhou, "zhoumin", "wecom")
    registry.pair_accounts(by=None, public=own, private=wecom, since=dt.date(2026, 9, 1))
    second = registry.pair_accounts(by=None, public=other, private=wecom, since=dt.date(2026, 9, 1))
    post = Post.objects.create(
        brand=people.brand, store=people.jingan, account=other, creator=twin,
        platform="xiaohongshu", title="A note", published_at=c.at("2026-10-01"),
    )  # fmt: skip
    twin.person = c.person("zhou", (Role.KOS, people.jingan))
    twin.save()

    duplicates.merge(by=None, keep=people.zhou, merged=twin, on=TODAY)

    for row in (people.zhou, twin, other, post, second):
        row.refresh_from_db()
    assert (twin.state, twin.merged_into, twin.merged_on) == ("left", people.zhou, TODAY)
    assert (twin.person, people.zhou.person.username) == (None, "zhou")
    assert (other.creator, post.creator) == (people.zhou, people.zhou)
    # One open pairing per person and platform: that of the row that counts stays.
    assert second.until == TODAY
    assert Pairing.objects.get(until=None).public_account == own


@pytest.mark.parametrize(
    ("keep", "merged", "code"),
    [
        ("zhou", "zhou", "same_row"),
        ("zhou", "may", "other_kind"),
        ("gone", "zhou", "keeper_has_left"),
    ],
)
def test_what_cannot_be_one_person_is_refused(people, keep, merged, code):
    rows = {"zhou": people.zhou, "may": people.may,
            "gone": c.creator(people.jingan, "K009", "Gone", state="left")}  # fmt: skip
    assert refusal(duplicates.merge, keep=rows[keep], merged=rows[merged], on=TODAY) == code


def test_a_row_is_merged_once_and_two_sign_ins_are_not_lost(people, twin):
    for number, creator in enumerate((people.zhou, twin)):
        creator.person = c.person(f"zhou{number}", (Role.KOS, people.jingan))
        creator.save()
    values = {"keep": people.zhou, "merged": twin, "on": TODAY}
    assert refusal(duplicates.merge, **values) == "two_sign_ins"
    Creator.objects.filter(pk=twin.pk).update(person=None)
    duplicates.merge(by=None, **values)
    assert refusal(duplicates.merge, **values) == "merged_before"


def test_the_database_holds_that_a_merged_row_has_left(people, twin):
    for change in ({"merged_into": people.zhou}, {"merged_into": people.zhou, "merged_on": TODAY}):
        with (
            pytest.raises(IntegrityError, match="creator_merged_has_left"),
            transaction.atomic(),
        ):
            Creator.objects.filter(pk=twin.pk).update(**change)
    with pytest.raises(IntegrityError, match="merged_into_another"), transaction.atomic():
        Creator.objects.filter(pk=twin.pk).update(merged_into=twin, merged_on=TODAY, state="left")


def test_a_chain_of_merges_leads_to_its_end(people, twin):
    third = c.creator(people.jingan, "K003", "Zhou Min")
    duplicates.merge(by=None, keep=twin, merged=third, on=TODAY)
    duplicates.merge(by=None, keep=people.zhou, merged=twin, on=TODAY)
    third.refresh_from_db()
    assert third.merged_into == people.zhou


def test_communities_and_questions_of_a_merged_row_go_over(people, lin, twin):
    values = {
        "by": lin,
        "unit": people.jingan,
        "kind": "wecom_group",
        "host": lin,
        "opened_on": TODAY,
    }
    circle = communities.open_community(name="Circle", **values)
    both = communities.open_community(name="Both", **values)
    for community, creator in ((circle, twin), (both, twin), (both, people.zhou)):
        CommunityMember.objects.create(community=community, creator=creator, since=TODAY)
    duplicates.merge(by=lin, keep=people.zhou, merged=twin, on=TODAY)
    members = CommunityMember.objects.filter(creator=people.zhou, until=None)
    assert {member.community for member in members} == {circle, both}


def test_a_row_that_is_being_handed_over_is_not_merged(people, lin, twin):
    account(twin, handle="minmin")
    handover.open_case(by=lin, creator=twin, reason="leaves", last_day=TODAY)
    assert refusal(duplicates.merge, keep=people.zhou, merged=twin, on=TODAY) == "handover_open"


# -- what later files mean ---------------------------------------------------------


ORDERS = "订单号,门店编码,支付时间,实付金额,导购工号,分享码\n"


def test_orders_before_the_merge_stay_and_later_ones_count_for_the_row_that_is_kept(
    people, lin, twin
):
    c.plan(people.brand)
    before = ORDERS + "Z1,SH0001,2026-11-10 10:00,100.00,0K001,\n"
    bring_in(lin, people.brand, "orders", csv_file(before), source="shop")
    duplicates.merge(by=lin, keep=people.zhou, merged=twin, on=TODAY)
    after = (
        ORDERS
        + "Z1,SH0001,2026-11-10 10:00,90.00,0K001,\nZ2,SH0001,2026-11-21 10:00,100.00,0K001,TWIN\n"
    )
    bring_in(lin, people.brand, "orders", csv_file(after), source="shop")
    orders = {order.external_id: order for order in Order.objects.all()}
    assert (orders["Z1"].seller, orders["Z2"].seller) == (twin, people.zhou)
    assert orders["Z2"].sharer == people.zhou


def test_the_staff_list_is_told_which_number_counts(people, lin, twin):
    duplicates.merge(by=lin, keep=people.zhou, merged=twin, on=TODAY)
    rows = "工号,姓名,类型,门店编码\n0K001,Zhou Min,KOS,SH0001\n"
    batch = check(lin, people.brand, "creators", csv_file(rows))
    assert faults(batch) == [(2, "number", "merged_row")]


# -- pages ---------------------------------------------------------------------


@pytest.fixture
def browser(lin):
    browser = Client()
    browser.force_login(lin)
    return browser


def test_lin_sees_both_sides_and_decides(people, browser, twin):
    account(twin, handle="minmin")
    page = browser.get(reverse("matrix:duplicates")).content.decode()
    assert "Xiaohongshu · minmin" in page and "The same person: keep K001" in page
    answer = browser.post(
        reverse("matrix:merge", args=[people.zhou.pk]), {"merged": twin.pk}, follow=True
    )
    assert "0K001 is now the same person as K001" in answer.content.decode()
    twin.refresh_from_db()
    assert twin.merged_on == timezone.localdate()
    shown = browser.get(reverse("matrix:creator", args=[twin.pk])).content.decode()
    assert "The same person as K001" in shown
    assert "Nobody stands here twice" in browser.get(reverse("matrix:duplicates")).content.decode()


def test_lin_says_that_they_are_two_people(people, browser, twin):
    browser.post(reverse("matrix:keep_apart", args=[people.zhou.pk]), {"other": twin.pk})
    assert DistinctPair.objects.count() == 1
    assert "Nobody stands here twice" in browser.get(reverse("matrix:duplicates")).content.decode()


def test_a_row_of_another_brand_is_not_there_and_a_refusal_says_why(people, browser, twin):
    answer = browser.post(reverse("matrix:merge", args=[people.zhou.pk]), {"merged": "x"})
    assert answer.status_code == 404
    answer = browser.post(
        reverse("matrix:merge", args=[people.zhou.pk]), {"merged": people.may.pk}, follow=True
    )
    assert "paid by different rules" in answer.content.decode()


def test_a_store_manager_may_not_decide(people, twin):
    browser = Client()
    browser.force_login(c.person("gu", (Role.STORE_MANAGER, people.jingan)))
    assert browser.get(reverse("matrix:duplicates")).status_code == 403
    answer = browser.post(reverse("matrix:merge", args=[people.zhou.pk]), {"merged": twin.pk})
    assert answer.status_code == 403
