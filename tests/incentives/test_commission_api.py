"""Commission and its explanation by API: the same as on the page, for the reach of the key."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from customers.models import OrderLine
from incentives import explaining, places
from incentives.commission import MANAGER, POT, SELLER, SHARER
from incentives.models import CommissionLine, CommissionRun
from incentives.plans import NewRate, save_version
from tests import cast as c
from tests.api import Program, code
from tests.incentives.money import Office, accrue, release

pytestmark = pytest.mark.django_db

FIRST = dt.date(2026, 9, 1)


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def lin(office: Office):
    return c.person("lin", (Role.OPERATOR, office.brand))


@pytest.fixture
def program(office: Office, lin) -> Program:
    return Program(lin, office.brand, "commissions:read")


def save(office: Office, *rates: NewRate, **terms) -> None:
    save_version(by=None, brand=office.brand, name="Autumn", valid_from=FIRST, rates=rates, **terms)


# -- the feed ------------------------------------------------------------------


def test_a_posted_line_says_order_person_rate_and_amount(office: Office, program: Program) -> None:
    office.order("E1", 10_000)
    run = accrue(office.brand, "2026-09-05")
    (line,) = program.get("commissions").json()["items"]
    assert line == {
        "order": {"source": "shop", "external_id": "E1"},
        "line": "1",
        "creator": {"kind": "kos", "number": "K001", "store": "SH0001"},
        "role": "seller",
        "sequence": 1,
        "plan": "Plan from 2020-01-01",
        "rate_bp": 500,
        "base": {"amount": 10_000, "currency": "CNY"},
        "target": {"amount": 500, "currency": "CNY"},
        "amount": {"amount": 500, "currency": "CNY"},
        "paid_on": "2026-09-05",
        "posted_on": "2026-09-05",
        "updated_at": run.posted_at.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
    }


def test_the_feed_is_read_page_by_page_and_later_lines_come_behind_the_cursor(
    office: Office, program: Program
) -> None:
    for number in range(5):
        office.order(f"E{number}", 10_000)
    accrue(office.brand, "2026-09-05")
    seen, address, links = [], "/api/v1/commissions?limit=2", []
    while address:
        answer = program.follow(address)
        seen += [line["order"]["external_id"] for line in answer.json()["items"]]
        address = answer.json()["next"]
        links.append(answer.get("Link", ""))
    assert seen == [f"E{number}" for number in range(5)]
    assert 'rel="next"' in links[0] and 'rel="prev"' in links[1]
    # A line of a later run stands behind everything that was read before.
    (second,) = program.get("commissions", {"limit": 1, "creator": "K001"}).json()["items"]
    office.refund("E0", "R0", 4_000)
    accrue(office.brand, "2026-09-12")
    last = program.get("commissions", {"limit": 200}).json()["items"][-1]
    assert second["order"]["external_id"] == "E0"
    assert (last["order"]["external_id"], last["sequence"]) == ("E0", 2)
    assert last["amount"]["amount"] == -200


def test_lines_of_a_run_that_is_not_done_are_not_read(office: Office, program: Program) -> None:
    office.order("E1", 10_000)
    run = accrue(office.brand, "2026-09-05")
    line = CommissionLine.objects.get()
    line.pk, line.sequence, line.run = (
        None,
        2,
        CommissionRun.objects.create(
            brand=office.brand, kind="accrual", as_of=run.as_of, plan=run.plan
        ),
    )
    line.save(force_insert=True)
    found = program.get("commissions").json()["items"]
    assert [each["sequence"] for each in found] == [1]


@pytest.mark.parametrize(
    ("query", "orders"),
    [
        ({"period": "2026-09"}, ["E1", "E1"]),
        ({"period": "2026-10"}, ["E2"]),
        ({"creator": "koc:C001"}, ["E1"]),
        ({"creator": "C001", "role": "seller"}, []),
        ({"source": "shop", "external_id": "E2"}, ["E2"]),
        ({"role": "sharer"}, ["E1"]),
        ({"updated_since": "2020-01-01T00:00:00+08:00"}, ["E1", "E1", "E2"]),
        ({"updated_since": "2100-01-01T00:00:00Z"}, []),
    ],
)
def test_the_filters(office: Office, program: Program, query, orders) -> None:
    office.order("E1", 10_000, sharer=office.may)
    accrue(office.brand, "2026-09-05")
    office.order("E2", 10_000, day="2026-10-02")
    accrue(office.brand, "2026-10-02")
    found = program.get("commissions", query).json()["items"]
    assert [line["order"]["external_id"] for line in found] == orders


@pytest.mark.parametrize(
    ("query", "parameter", "why"),
    [
        ("staff=K001", "staff", "unknown"),
        ("period=2026-09&period=2026-10", "period", "repeated"),
        ("period=", "period", "invalid"),
        ("period=2026-13", "period", "invalid"),
        ("role=boss", "role", "invalid"),
        ("limit=0", "limit", "invalid"),
        ("limit=201", "limit", "invalid"),
        ("limit=1000000000", "limit", "invalid"),
        ("limit=２", "limit", "invalid"),
        ("updated_since=2026-09-01T00:00:00", "updated_since", "invalid"),
        ("updated_since=2026-09-01", "updated_since", "invalid"),
        ("updated_since=0001-01-01T00:00:00%2B08:00", "updated_since", "invalid"),
        ("cursor=abc", "cursor", "invalid"),
        ("external_id=E1", "source", "required"),
        ("creator=%00", "creator", "invalid"),
        ("sort=amount", "sort", "unknown"),
    ],
)
def test_a_parameter_that_means_nothing_is_refused(program: Program, query, parameter, why) -> None:
    answer = program.follow(f"/api/v1/commissions?{query}")
    assert code(answer) == (400, "validation")
    (error,) = answer.json()["errors"]
    assert (error["parameter"], error["code"]) == (parameter, why)


def test_a_number_that_two_people_have_needs_its_kind(office: Office, program: Program) -> None:
    c.creator(office.people.jingan, "K001", "Other", kind="koc")
    refused = program.get("commissions", {"creator": "K001"})
    assert refused.json()["errors"][0]["code"] == "ambiguous"
    assert program.get("commissions", {"creator": "kos:K001"}).status_code == 200


# -- why -----------------------------------------------------------------------


def why(program: Program, order: str = "E1", **more) -> list[dict]:
    answer = program.get("commissions/explain", {"source": "shop", "external_id": order, **more})
    assert answer.status_code == 200, answer.content
    return answer.json()["items"]


def test_every_role_of_every_line_is_explained_or_said_to_be_empty(
    office: Office, program: Program
) -> None:
    save(office, NewRate(SELLER, 500), NewRate(POT, 100))
    places.put(by=None, creator=office.zhou, first=FIRST)
    office.order("E1", 10_000, 5_000)
    accrue(office.brand, "2026-09-05")
    found = [
        (each["line"], each["role"], each["state"] or each["missing"]) for each in why(program)
    ]
    assert found == [
        (line, role, said)
        for line in ("1", "2")
        for role, said in (
            (SELLER, "held"),
            (SHARER, "nobody_shared"),
            (POT, "held"),
            (MANAGER, "nobody_led"),
        )
    ]
    (one,) = why(program, line="2", role=SELLER)
    assert one["amount"] == {"amount": 250, "currency": "CNY"}
    assert one["rule"]["plan"] == "Autumn"
    assert one["facts"]["base"] == {"amount": 5_000, "currency": "CNY"}
    assert one["dates"]["due_on"] is None or one["dates"]["due_on"] > "2026-09-05"
    assert [gate["code"] for gate in one["gates"] if not gate["open"]] == ["window_over"]
    assert [change["code"] for change in one["would_change"]] == ["window_over", "refund"]


def test_a_missing_line_names_its_reason_and_what_would_change_it(
    office: Office, program: Program
) -> None:
    save(office, NewRate(SELLER, 500, category="skin care"))
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    (one,) = why(program, role=SELLER)
    assert (one["missing"], one["amount"]) == ("no_rate", None)
    assert one["would_change"][0]["code"] == "later_plan"
    assert one["rule"]["plan"] == "Autumn"


def test_somebody_who_is_not_named_is_told_so(office: Office, program: Program) -> None:
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    (one,) = why(program, role=SHARER, creator="koc:C001")
    assert one["missing"] == explaining.NOT_NAMED


def test_limits_are_in_the_answer(office: Office, program: Program) -> None:
    save(office, NewRate(SELLER, 1_000), order_cap=1_500, person_cap=1_200)
    office.order("E1", 10_000, 10_000)
    accrue(office.brand, "2026-09-05")
    (one,) = why(program, line="2")[:1]
    assert [(limit["code"], limit["got"]["amount"]) for limit in one["limits"]] == [
        ("order_cap", 500),
        ("person_cap", 1_200),
    ]
    assert one["month_added"]["amount"] == -300


def test_the_page_and_the_api_say_the_same(office: Office, program: Program) -> None:
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    (one,) = why(program, role=SELLER)
    browser = Client()
    browser.force_login(c.person("wei", (Role.ANALYST, office.brand)))
    line = OrderLine.objects.get()
    page = browser.get(reverse("incentives:explain", args=[line.pk, office.zhou.pk, SELLER]))
    shown = page.content.decode()
    for text in (
        one["text"],
        *(row["label"] for row in one["calculation"]),
        *(gate["text"] for gate in one["gates"]),
        *(change["text"] for change in one["would_change"]),
    ):
        assert text in shown


def test_sentences_are_in_the_language_asked_for_and_codes_are_not(
    office: Office, program: Program
) -> None:
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    query = {"source": "shop", "external_id": "E1", "role": SELLER}
    told = {
        language: program.get("commissions/explain", query, **{"Accept-Language": language})
        for language in ("en", "zh-Hans", "ja")
    }
    items = {language: answer.json()["items"][0] for language, answer in told.items()}
    assert len({item["text"] for item in items.values()}) == 3
    assert {item["state"] for item in items.values()} == {"held"}
    assert told["ja"]["Content-Language"] == "ja"
    assert "Accept-Language" in told["ja"]["Vary"]


def test_an_account_that_is_missing_is_told_to_who_may_read_payouts(
    office: Office, lin, program: Program
) -> None:
    he = c.creator(office.people.jingan, "K002", "He")
    office.order("E1", 10_000, seller=he)
    accrue(office.brand, "2026-09-05")
    release(office.brand, "2026-10-31")
    assert "payee_ready" not in str(why(program))
    both = Program(lin, office.brand, "commissions:read", "payouts:read")
    assert any(
        gate["code"] == "payee_ready" and not gate["open"]
        for each in why(both, role=SELLER)
        for gate in each["gates"]
    )


@pytest.mark.parametrize(
    ("query", "status"),
    [
        ({"source": "shop"}, 400),
        ({"external_id": "E1"}, 400),
        ({"source": "shop", "external_id": "E9"}, 404),
        ({"source": "till", "external_id": "E1"}, 404),
        ({"source": "shop", "external_id": "E1", "line": "9"}, 400),
        ({"source": "shop", "external_id": "E1", "role": "boss"}, 400),
        ({"source": "shop", "external_id": "E1", "creator": "K999"}, 404),
    ],
)
def test_what_cannot_be_explained_is_refused(
    office: Office, program: Program, query, status
) -> None:
    office.order("E1", 10_000)
    assert program.get("commissions/explain", query).status_code == status


def test_a_key_sees_its_own_part_only(office: Office, lin) -> None:
    """A sharer of another region is left out of the region's explanation, not shown as nobody."""
    far = c.creator(office.people.tianhe, "C009", "Far", kind="koc")
    office.order("E1", 10_000, sharer=far)
    accrue(office.brand, "2026-09-05")
    assert CommissionLine.objects.count() == 2
    east = Program(lin, office.people.east, "commissions:read")
    south = Program(lin, office.people.south, "commissions:read")
    assert [each["role"] for each in why(east)] == [SELLER, POT, MANAGER]
    assert len(east.get("commissions").json()["items"]) == 1
    assert [line["role"] for line in south.get("commissions").json()["items"]] == [SHARER]
    order = {"source": "shop", "external_id": "E1"}
    assert code(south.get("commissions/explain", order)) == (404, "not_found")


def test_queries_do_not_grow_with_the_rows(
    office: Office, program: Program, django_assert_max_num_queries
) -> None:
    office.order("E1", *[1_000] * 9, sharer=office.may)
    accrue(office.brand, "2026-09-05")
    with django_assert_max_num_queries(8):
        assert len(program.get("commissions").json()["items"]) == 18
    with django_assert_max_num_queries(25):
        assert len(why(program)) == 36
