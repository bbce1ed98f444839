"""HQ pages of handovers: begin, choose takers, customers, close; who may see and do what."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts import waiting
from accounts.choices import Role
from accounts.models import Activity, Person
from integrations.models import ImportBatch
from matrix import custody, handover, import_customers, transfers
from matrix.handover_paths import ways
from matrix.models import Custody, CustomerTransfer, Handover
from matrix.transfer_rules import leaver_until, may_follow, possible_from, shown_id
from matrix.transfers import Customer
from tests import cast as c
from tests.integrations.passing import bring_in, faults
from tests.integrations.trying import csv_file

pytestmark = pytest.mark.django_db
LAST = dt.date(2026, 10, 15)


@pytest.fixture
def people():
    return c.cast()


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def case(people, lin):
    c.account(people.zhou, platform="wecom", handle="zhoumin")
    return handover.open_case(by=lin, creator=people.zhou, reason="leaves", last_day=LAST)


@pytest.fixture
def wang(people):
    wang = c.creator(people.jingan, "K002", "Wang Fang")
    c.account(wang, platform="wecom", handle="wangfang")
    return wang


def browser_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def page(client: Client, case: Handover) -> str:
    return client.get(reverse("matrix:handover", args=[case.pk])).content.decode()


def test_a_leaver_story_on_the_pages_of_a_store_manager(people, lin, wang) -> None:
    c.account(people.zhou, handle="Zhou at Kerry")
    he = c.person("he", (Role.STORE_MANAGER, people.jingan))
    browser = browser_of(he)
    creator = browser.get(reverse("matrix:creator", args=[people.zhou.pk])).content.decode()
    begin = reverse("matrix:handover_open", args=[people.zhou.pk])
    assert begin in creator
    assert browser.post(begin, {"reason": "moves", "last_day": "2026-10-15"}).status_code == 422
    browser.post(begin, {"reason": "leaves", "last_day": "2026-10-15", "note": "To Suzhou"})
    case = Handover.objects.get()
    shown = page(browser, case)
    assert "Zhou at Kerry" in shown
    assert "Choose who takes it over." in shown
    close = reverse("matrix:handover_close", args=[case.pk])
    assert "Still open" in browser.post(close, follow=True).content.decode()

    item = case.items.get(part="accounts")
    address = reverse("matrix:handover_item", args=[case.pk, item.pk])
    assert browser.post(address, {"holder": "c-999999"}).status_code == 422
    browser.post(address, {"number": "K002"})
    item.refresh_from_db()
    assert (item.taker, item.custody.creator) == (wang, wang)
    for side in ("giver", "taker"):
        paper = c.ContentFile(b"%PDF-1.4 signed", name="paper.pdf")
        browser.post(
            reverse("matrix:custody_paper", args=[item.account_id, side]),
            {"name": "By hand", "evidence": paper},
        )
    browser.post(close)
    case.refresh_from_db()
    people.zhou.refresh_from_db()
    assert (case.state, people.zhou.state, people.zhou.left_on) == ("done", "left", LAST)
    assert case.closed_by == he
    rows = browser.get(reverse("matrix:handovers")).context["rows"]
    assert [(each.creator.name, each.missing) for each, _days in rows] == [("Zhou Min", 0)]


def test_open_cases_come_first_and_say_what_is_missing(people, lin, case) -> None:
    done = handover.open_case(by=lin, creator=people.may, reason="leaves", last_day=LAST)
    handover.complete(by=lin, case=done)
    Handover.objects.filter(pk=done.pk).update(opened_at=c.at("2020-01-01"))
    rows = browser_of(lin).get(reverse("matrix:handovers")).context["rows"]
    assert [(each.pk, each.missing, each.things) for each, _days in rows] == [
        (case.pk, 2, 2),
        (done.pk, 0, 0),
    ]


def test_a_reason_stands_for_a_taker_and_it_can_be_called_off(people, lin, case) -> None:
    browser = browser_of(lin)
    item = case.items.get(part="customers")
    browser.post(
        reverse("matrix:handover_item", args=[case.pk, item.pk]), {"reason": "No customers"}
    )
    item.refresh_from_db()
    assert item.reason == "No customers"
    off = reverse("matrix:handover_off", args=[case.pk])
    assert browser.post(off, {}).status_code == 422
    browser.post(off, {"reason": "She stays"})
    case.refresh_from_db()
    assert case.state == "cancelled"


def test_customers_are_listed_asked_for_and_settled_on_the_page(people, lin, case, wang) -> None:
    browser = browser_of(lin)
    add = reverse("matrix:customers_add", args=[case.pk])
    assert browser.post(add, {"lines": " "}).status_code == 422
    browser.post(add, {"lines": "wmAbCdEfGhIj01，王女士，VIP\nwmAbCdEfGhIj02\n"})
    assert list(CustomerTransfer.objects.order_by("pk").values_list("name", "remark")) == [
        ("王女士", "VIP"),
        ("", ""),
    ]
    item = case.items.get(part="customers")
    browser.post(
        reverse("matrix:handover_item", args=[case.pk, item.pk]), {"holder": f"c-{wang.pk}"}
    )
    browser.post(reverse("matrix:batches_make", args=[case.pk]))
    shown = browser.get(reverse("matrix:handover_customers", args=[case.pk])).content.decode()
    assert "wmAb…Ij02" in shown
    assert "wmAbCdEfGhIj02" not in shown
    batch = case.batches.get()
    file = browser.get(reverse("matrix:batch_file", args=[batch.pk]))
    assert b"zhoumin,wangfang,wmAbCdEfGhIj01" in b"".join(file.streaming_content)
    assert Activity.objects.filter(verb="handover.downloaded", actor=lin).exists()
    transfers.transfer_failed(
        by=None,
        brand=people.brand,
        external_userid="wmAbCdEfGhIj01",
        reason="customer_refused",
    )
    customer = CustomerTransfer.objects.get(state="refused")
    settle = reverse("matrix:customer_settle", args=[customer.pk])
    browser.post(settle, {"act": "invited", "note": "Asked in the store"})
    customer.refresh_from_db()
    assert (customer.state, customer.note) == ("invited", "Asked in the store")


@pytest.fixture
def formats(people):
    import_customers.register_formats()


def test_customers_and_answers_come_in_by_file(people, lin, case, wang, formats) -> None:
    listed = csv_file("外部联系人ID,客户名称,备注\nwm01,王女士,VIP\nwm02,李小姐,\nwm01,twice,\n")
    batch = bring_in(
        lin,
        people.brand,
        "wecom_customers",
        listed,
        source="wecom",
        options={"case": str(case.pk)},
    )
    assert [code for _line, _column, code in faults(batch)] == ["repeated_row"]
    assert set(case.customers.values_list("external_userid", "name")) == {
        ("wm01", "王女士"),
        ("wm02", "李小姐"),
    }
    case.customers.update(taker=wang)
    transfers.make_batches(by=lin, case=case)
    answers = csv_file(
        "external_userid,status,takeover_time\nwm01,1,1790000000\nwm02,3,0\nwm99,1,0\nwm98,7,\n"
    )
    batch = bring_in(lin, people.brand, "wecom_transfer_results", answers, source="wecom")
    assert sorted(code for _line, _column, code in faults(batch)) == [
        "unknown_customer",
        "unknown_status",
    ]
    done = case.customers.get(external_userid="wm01")
    assert (done.state, done.takeover_at) == (
        "done",
        dt.datetime.fromtimestamp(1_790_000_000, dt.UTC),
    )
    assert case.customers.get(external_userid="wm02").state == "refused"
    assert ImportBatch.objects.count() == 2


@pytest.mark.parametrize(
    ("role", "see", "do"),
    [
        (Role.OPERATOR, True, True),
        (Role.REGION_MANAGER, True, True),
        (Role.STORE_MANAGER, True, True),
        (Role.AUDITOR, True, False),
        (Role.ANALYST, False, False),
        (Role.REVIEWER, False, False),
        (Role.FINANCE, False, False),
        (Role.KOS, False, False),
    ],
)
def test_who_leads_people_sees_and_works_on_their_cases(people, case, role, see, do) -> None:
    someone = c.person("someone", (role, people.jingan))
    browser = browser_of(someone)
    for name, arguments in (("matrix:handovers", []), ("matrix:handover", [case.pk])):
        assert browser.get(reverse(name, args=arguments)).status_code == (200 if see else 403)
    look = browser.post(reverse("matrix:handover_look", args=[case.pk]))
    assert look.status_code == (302 if do else 403)
    asked = Person.objects.get(username="someone")
    assert waiting.facts_of(asked)["open_handovers"] == (1 if do else 0)


def test_cases_of_other_stores_do_not_exist_for_a_manager(people, case) -> None:
    browser = browser_of(c.person("elsewhere", (Role.STORE_MANAGER, people.tianhe)))
    assert browser.get(reverse("matrix:handover", args=[case.pk])).status_code == 404
    assert browser.get(reverse("matrix:handovers")).context["rows"] == []
    begin = reverse("matrix:handover_open", args=[people.zhou.pk])
    assert browser.post(begin, {"reason": "leaves", "last_day": "2026-10-15"}).status_code == 404


def test_a_case_costs_the_same_queries_whatever_it_lists(
    people, lin, case, django_assert_max_num_queries
) -> None:
    for number in range(30):
        c.account(people.zhou, handle=f"N{number}", ownership="personal")
    handover.look_again(by=lin, case=case)
    transfers.add_customers(by=lin, case=case, customers=[Customer(f"wm{n}") for n in range(99)])
    browser = browser_of(lin)
    browser.get(reverse("matrix:handovers"))
    with django_assert_max_num_queries(24):
        page(browser, case)


def test_the_leaver_waits_on_nobody_else_for_custody(people, lin, case) -> None:
    assert custody.to_sign_by(people.zhou) == 0
    assert not Custody.objects.exists()


@pytest.mark.parametrize(
    ("reason", "ownership", "own", "found"),
    [
        ("leaves", "company_opened", True, ("transfer",)),
        ("leaves", "employee_authorised", True, ("unbind",)),
        ("leaves", "personal", True, ("leave",)),
        ("leaves", "personal", False, ("transfer",)),
        ("moves", "company_opened", True, ("follow", "transfer")),
        ("moves", "employee_authorised", True, ("follow",)),
        ("moves", "personal", True, ("follow",)),
    ],
)
def test_the_way_follows_from_who_owns_the_account(reason, ownership, own, found) -> None:
    assert ways(reason, ownership, own=own) == found


@pytest.mark.parametrize(
    ("before", "after", "may"),
    [
        ("planned", "asked", True),
        ("asked", "waiting", True),
        ("waiting", "done", True),
        ("waiting", "refused", True),
        ("refused", "invited", True),
        ("refused", "waiting", False),
        ("limit", "planned", True),
        ("limit", "invited", False),
        ("done", "refused", False),
        ("dropped", "done", False),
        ("planned", "dropped", True),
    ],
)
def test_the_states_of_a_customer(before, after, may) -> None:
    assert may_follow(before, after) == may


def test_twice_in_ninety_days_and_within_a_year() -> None:
    today = dt.date(2026, 10, 1)
    days = [today - dt.timedelta(n) for n in (100, 60, 10)]
    assert possible_from("in_service", days[:2], today) == today
    assert possible_from("in_service", days, today) == days[1] + dt.timedelta(90)
    assert possible_from("resigned", days, today) == today
    assert leaver_until(today) == dt.date(2027, 10, 1)
    assert shown_id("wmAbCdEfGhIj01") == "wmAb…Ij01"
    assert shown_id("wm1") == "wm…"
