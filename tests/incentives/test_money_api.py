"""Statements, settlements, payouts, tiers, places and rewards by API: the figures of the pages."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.choices import Role
from content.models import Post
from incentives import interim, race_standings, races, tier_pins
from incentives.commission import SELLER
from incentives.ladders import start_ladders
from incentives.models import Statement
from incentives.plans import NewRate, save_version
from tests import cast as c
from tests.api import Program, code
from tests.incentives.money import OCTOBER, Office, settle
from tests.incentives.test_race_season import a_race, people, season, set_day, zhao  # noqa: F401
from tests.incentives.test_race_season import lin as race_lin  # noqa: F401

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def lin(office: Office):
    return c.person("lin", (Role.OPERATOR, office.brand))


@pytest.fixture
def program(office: Office, lin) -> Program:
    return Program(lin, office.brand, "commissions:read", "payouts:read", "tiers:read")


# -- statements ----------------------------------------------------------------


def test_a_statement_adds_up_to_what_its_parts_say(office: Office, program: Program) -> None:
    save_version(
        by=None,
        brand=office.brand,
        name="Steps",
        valid_from=dt.date(2026, 9, 1),
        rates=[NewRate(SELLER, 500, steps=((10_000, 700),))],
    )
    office.order("E1", 20_000)
    settle(office.brand)
    shown = program.get("statements/2026-09/K001").json()
    stored = Statement.objects.get(creator=office.zhou)
    assert shown["earned"]["amount"] == stored.earned == 1_200
    assert shown["payable"]["amount"] == stored.payable
    (month,) = shown["month_lines"]
    assert (month["plan"], month["amount"]["amount"]) == ("Steps", 200)
    assert shown["lines"]["amount"]["amount"] + 200 == stored.earned
    (line,) = program.follow(shown["lines"]["href"]).json()["items"]
    assert line["amount"]["amount"] == 1_000


def test_an_interim_statement_is_asked_for_by_its_day(office: Office, program: Program) -> None:
    office.order("E1", 10_000, day="2026-09-02")
    interim.issue(
        by=office.chen,
        brand=office.brand,
        until=dt.date(2026, 9, 20),
        creators=[office.zhou.pk],
        reason="leaves",
    )
    assert code(program.get("statements/2026-09/K001")) == (404, "not_found")
    shown = program.get("statements/2026-09/K001", {"until": "2026-09-20"}).json()
    assert (shown["until"], shown["payable"]["amount"]) == ("2026-09-20", 500)
    (listed,) = program.get("statements").json()["items"]
    assert listed["until"] == "2026-09-20"


def test_statements_are_filtered_and_cut_into_pages(office: Office, program: Program) -> None:
    office.order("E1", 10_000, sharer=office.may)
    settle(office.brand)
    office.order("E2", 10_000, day="2026-10-05")
    settle(office.brand, OCTOBER)

    def found(**query) -> list[tuple[str, str]]:
        items = program.get("statements", query).json()["items"]
        return [(each["period"], each["creator"]["number"]) for each in items]

    assert len(found()) == 4
    assert sorted(found(period="2026-09")) == [("2026-09", "C001"), ("2026-09", "K001")]
    assert found(creator="koc:C001", period="2026-09") == [("2026-09", "C001")]
    assert found(updated_since="2100-01-01T00:00:00Z") == []
    first = program.get("statements", {"limit": 3}).json()
    rest = program.follow(first["next"]).json()
    assert (len(first["items"]), len(rest["items"]), rest["next"]) == (3, 1, None)
    assert program.follow(rest["previous"]).json()["items"] == first["items"]


@pytest.mark.parametrize(
    "path", ["statements/2026-09/K999", "statements/2026-13/K001", "statements/2025-01/K001"]
)
def test_a_statement_that_is_not_there_is_404(office: Office, program: Program, path: str) -> None:
    office.order("E1", 10_000)
    settle(office.brand)
    assert code(program.get(path)) == (404, "not_found")


def test_a_statement_shows_payouts_to_keys_that_may_read_payouts(
    office: Office, program: Program, lin
) -> None:
    office.order("E1", 10_000)
    office.paid(settle(office.brand))
    (payout,) = program.get("statements/2026-09/K001").json()["payouts"]
    assert (payout["state"], payout["amount"]["amount"]) == ("succeeded", 500)
    assert set(payout["account"]) <= set("·* 0123456789")
    money = Program(lin, office.brand, "commissions:read")
    assert "payouts" not in money.get("statements/2026-09/K001").json()


# -- payouts -------------------------------------------------------------------


def test_batches_and_payouts_follow_the_bank(office: Office, program: Program) -> None:
    office.order("E1", 10_000)
    batch = office.exported(settle(office.brand))
    (shown,) = program.get("payout-batches", {"state": "exported"}).json()["items"]
    assert (shown["number"], shown["total"]["amount"]) == (batch.number, 500)
    assert shown["file_hash"] and shown["content_hash"]
    whole = program.get(f"payout-batches/{batch.number}").json()
    (payout,) = program.follow(whole["payouts"]).json()["items"]
    assert (payout["state"], payout["provider_no"]) == ("sending", None)
    office.answer(batch, succeeded=False)
    (payout,) = program.get("payouts", {"state": "failed"}).json()["items"]
    assert payout["failure"] == "account closed"
    assert program.get("payouts", {"state": "succeeded"}).json()["items"] == []
    assert program.get("payouts", {"creator": "C001"}).json()["items"] == []
    assert program.get("payout-batches", {"period": "2026-10"}).json()["items"] == []
    assert program.get("payout-batches", {"state": "sent"}).status_code == 400


def test_lists_ask_as_often_for_many_rows(
    office: Office, program: Program, django_assert_max_num_queries
) -> None:
    for number in range(6):
        someone = c.creator(office.people.jingan, f"K1{number}", f"Person {number}")
        c.pay_to_bank(someone)
        office.order(f"E{number}", 10_000, seller=someone)
    office.submitted(settle(office.brand))
    for path in ("statements", "settlements", "payout-batches", "payouts", "commissions"):
        with django_assert_max_num_queries(6):
            assert program.get(path).json()["items"], path


# -- why -----------------------------------------------------------------------


def test_a_tier_set_by_hand_says_until_when_and_why(office: Office, program: Program, lin) -> None:
    start_ladders(by=None, brand=office.brand, valid_from=c.LONG_AGO)
    today = timezone.localdate()
    tier_pins.pin(
        by=lin,
        creator=office.may,
        tier="senior",
        until=today + dt.timedelta(days=30),
        reason="Launch partner",
    )
    shown = program.get("explain/tier", {"creator": "koc:C001"}).json()
    assert shown["tier"] == "senior"
    assert shown["gates"]["set_by_hand_until"] == (today + dt.timedelta(days=30)).isoformat()
    assert (shown["history"][0]["by"], shown["history"][0]["reason"]) == ("hand", "Launch partner")
    assert "May" not in str(shown)


def test_without_tier_rules_the_answer_says_so(office: Office, program: Program) -> None:
    shown = program.get("explain/tier", {"creator": "koc:C001"}).json()
    assert (shown["missing"], shown["rule"]) == ("no_ladder", None)
    assert program.get("explain/tier").status_code == 400


def test_a_place_is_explained_term_by_term(people, season, race_lin) -> None:  # noqa: F811
    started = races.start(by=race_lin, race=a_race(people, race_lin))
    race_standings.refresh(by=None, race=started)
    program = Program(race_lin, people.brand, "tiers:read")
    (shown,) = program.get("explain/race", {"store": "SH0001"}).json()["items"]
    assert (shown["place"], shown["score"]) == (2, 6_600)
    assert sum(term["points"] for term in shown["terms"]) == shown["score"]
    assert shown["would_change"]["to_the_next_place"] == "14.00"
    assert shown["would_change"]["any_of"]
    south = Program(race_lin, people.south, "tiers:read")
    assert code(south.get("explain/race", {"store": "SH0001"})) == (404, "not_found")
    assert program.get("explain/race", {"creator": "K001"}).json()["items"] == []


@pytest.mark.parametrize("query", [{}, {"creator": "K001", "store": "SH0001"}])
def test_a_place_is_of_one_participant(program: Program, query) -> None:
    assert program.get("explain/race", query).status_code == 400


def test_a_post_that_no_rule_took_in_says_so(office: Office, program: Program) -> None:
    Post.objects.create(
        brand=office.brand,
        store=office.people.jingan,
        account=c.account(office.zhou),
        creator=office.zhou,
        platform="xiaohongshu",
        platform_post_id="66f0",
        title="A note",
        published_at=c.at("2026-09-02"),
    )
    query = {"platform": "xiaohongshu", "post": "66f0"}
    shown = program.get("explain/reward", query).json()
    assert (shown["items"], shown["missing"]) == ([], "no_rule")
    assert code(program.get("explain/reward", query | {"post": "66f1"})) == (404, "not_found")
