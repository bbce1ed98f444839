"""A season from draft to prizes: what each step does and what it refuses."""

import datetime as dt

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.choices import Role, UnitKind
from accounts.models import Activity
from accounts.units import add_unit
from content.models import Post
from incentives import (
    race_disputes,
    race_prizes,
    race_rules,
    race_screens,
    race_sql,
    race_standings,
    races,
)
from incentives.choices import JournalKind, LedgerKind
from incentives.models import Journal, LedgerAccount, Posting, RaceStanding
from incentives.race_choices import Measure, RaceState
from incentives.race_rules import Formula, Heads, Leagues, Term
from kosops.lib.errors import DomainError
from matrix import registry
from matrix.choices import CreatorKind
from matrix.models import SocialAccount, StaffReport
from tests import cast as c

pytestmark = pytest.mark.django_db

FIRST, LAST, CUT_OFF = dt.date(2026, 9, 1), dt.date(2026, 9, 30), dt.date(2026, 10, 7)
FORMULA = Formula(
    terms=(
        Term("sales_net", 60, Measure.PER_HEAD),
        Term("new_buyers", 20, Measure.PER_HEAD),
        Term("posts", 20, Measure.PER_HEAD),
    ),
    heads=Heads(active_days=2, at_least=1),
    prizes=(100_001, 50_000),
)


@pytest.fixture
def set_day(monkeypatch):
    """Let the clock stand at noon of a day."""

    def stand(day):
        monkeypatch.setattr(timezone, "now", lambda: c.at(str(day)))

    stand("2026-09-10")
    return stand


@pytest.fixture
def people(set_day):
    return c.cast()


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def zhao(people):
    return c.finance(people, "zhao")


def refused(code, command, **arguments):
    with pytest.raises(DomainError) as refusal:
        command(**arguments)
    assert refusal.value.code == code


def post(creator, day, store=None, likes=10, number=[0]):  # noqa: B006
    number[0] += 1
    account, _new = SocialAccount.objects.get_or_create(
        brand=creator.brand,
        creator=creator,
        platform="xiaohongshu",
        domain="public",
        ownership="personal",
        owner_proof="checked",
        handle=creator.name,
        defaults={"unit": creator.store},
    )
    return Post.objects.create(
        brand=creator.brand,
        store=store or creator.store,
        account=account,
        creator=creator,
        platform="xiaohongshu",
        title=f"Serum {number[0]}",
        title_key=f"serum{number[0]}",
        published_at=c.at(day),
        likes=likes,
        saves=0,
        comments=0,
    )


def a_race(people, by, scheme="stores", formula=FORMULA, **fields):
    days = {"first_day": FIRST, "last_day": LAST, "cut_off_on": CUT_OFF} | fields
    return races.add_race(
        by=by, brand=people.brand, scheme=scheme, name="Autumn race", formula=formula, **days
    )


@pytest.fixture
def season(people):
    li = c.creator(people.tianhe, "K002", "Li Na")
    c.order(people, "A1", 10_000, day="2026-09-03", buyer_key=b"b1")
    c.order(people, "A2", 20_000, day="2026-09-04", buyer_key=b"b1")
    c.order(people, "B1", 25_000, day="2026-09-03", seller=li, store=people.tianhe, buyer_key=b"b2")
    c.order(people, "B2", 25_000, day="2026-09-05", seller=li, store=people.tianhe, buyer_key=b"b3")
    post(people.zhou, "2026-09-06")
    return li


def now_at(race, unit):
    row = race_standings.current(race).get(entry__store=unit)
    return row, {each["fact"]: each["value"] for each in row.points}


# -- facts ---------------------------------------------------------------------


def test_facts_of_stores_are_found_in_one_query_each(people, season, lin) -> None:
    race = a_race(people, lin)
    c.refund(people, "A2", "R1", 5_000)
    with CaptureQueriesContext(connection) as queries:
        found = race_sql.gather(races.season_of(race), FORMULA)
    # Orders, first orders, posts, and who was active.
    assert len(queries) == 4
    assert found.values[people.jingan.pk] == {"sales_net": 25_000, "new_buyers": 1, "posts": 1}
    assert found.values[people.tianhe.pk] == {"sales_net": 50_000, "new_buyers": 2}
    assert found.days == {people.jingan.pk: {people.zhou.pk: 3}, people.tianhe.pk: {season.pk: 2}}


def test_facts_of_people_count_an_order_once_for_seller_and_sharer(people, lin) -> None:
    formula = Formula(terms=(Term("orders", 50, "total"), Term("leads", 50, "total")))
    race = a_race(people, lin, "deals", formula)
    c.order(people, "A1", 10_000, sharer=people.may)
    c.order(people, "A2", 10_000, sharer=people.zhou)
    account = c.account(people.zhou)
    weeks = [
        ("2026-09-01", "2026-09-07", 3),
        ("2026-09-01", "2026-09-30", 5),
        ("2026-08-25", "2026-09-05", 90),
    ]
    for first, last, leads in weeks:
        StaffReport.objects.create(
            brand=people.brand,
            unit=people.jingan,
            account=account,
            creator=people.zhou,
            period_from=first,
            period_to=last,
            dm_leads=leads,
            source="x",
            taken_at=timezone.now(),
        )
    found = race_sql.gather(races.season_of(race), formula)
    assert found.values[people.zhou.pk] == {"orders": 2, "leads": 5}
    assert found.values[people.may.pk] == {"orders": 1}


def test_a_buyer_is_new_where_the_first_order_was_and_only_in_its_season(people, lin) -> None:
    formula = Formula(terms=(Term("new_buyers", 100, Measure.TOTAL),))
    race = a_race(people, lin, formula=formula)
    c.order(people, "OLD", 100, day="2026-08-01", buyer_key=b"old")
    c.order(people, "A", 100, day="2026-09-02", buyer_key=b"old")
    c.order(people, "B", 100, day="2026-09-02", buyer_key=b"new")
    c.order(people, "C", 100, day="2026-09-03", buyer_key=b"new", store=people.tianhe)
    found = race_sql.gather(races.season_of(race), formula)
    assert found.values == {people.jingan.pk: {"new_buyers": 1}}


def test_results_stay_with_the_store_where_somebody_was_on_the_day(
    people, season, lin, set_day
) -> None:
    race = races.start(by=lin, race=a_race(people, lin))
    registry.move_creator(by=lin, creator=people.zhou, store=people.tianhe, on=dt.date(2026, 9, 10))
    set_day("2026-09-13")
    c.order(people, "A9", 7_000, day="2026-09-11", store=people.tianhe)
    race_standings.refresh(by=None, race=race)
    jingan, facts = now_at(race, people.jingan)
    assert (facts["sales_net"], facts["posts"], jingan.heads) == (30_000, 1, 1)
    tianhe, facts = now_at(race, people.tianhe)
    # One day in Guangzhou makes no active head there yet.
    assert (facts["sales_net"], tianhe.heads) == (57_000, 1)
    post(people.zhou, "2026-09-12", store=people.tianhe)
    race_standings.refresh(by=None, race=race)
    assert now_at(race, people.tianhe)[0].heads == 2


# -- setting up and starting ---------------------------------------------------


def test_a_formula_is_versioned_while_a_draft_and_frozen_at_the_start(people, lin) -> None:
    race = a_race(people, lin)
    other = Formula(terms=(Term("posts", 100, Measure.TOTAL),))
    days = {"first_day": FIRST, "last_day": LAST, "cut_off_on": CUT_OFF}
    races.change_race(by=lin, race=race, name="Autumn", formula=other, **days)
    races.change_race(by=lin, race=race, name="Autumn again", formula=other, **days)
    assert list(race.formulas.values_list("version", flat=True)) == [1, 2]
    race = races.start(by=lin, race=race)
    assert race.formula.version == 2
    assert races.formula_of(race) == other
    refused("race_started", races.change_race, by=lin, race=race, name="x", formula=FORMULA, **days)
    refused("race_started", races.start, by=lin, race=race)
    with pytest.raises(IntegrityError), transaction.atomic():
        race.formulas.update(rules={})
    with pytest.raises(IntegrityError), transaction.atomic():
        type(race).objects.filter(pk=race.pk).update(last_day=CUT_OFF)


def test_a_formula_that_cannot_be_is_refused(people, lin) -> None:
    unknown = Formula(terms=(Term("smiles", 100, Measure.TOTAL),))
    refused("invalid_formula", a_race, people=people, by=lin, formula=unknown)
    refused("invalid_formula", a_race, people=people, by=lin, scheme="deals", formula=FORMULA)
    refused("wrong_days", a_race, people=people, by=lin, cut_off_on=FIRST)


def test_a_race_of_the_past_does_not_start(people, lin, set_day) -> None:
    race = a_race(people, lin)
    set_day("2026-10-02")
    refused("race_over", races.start, by=lin, race=race)


def test_the_three_schemes_begin_with_formulas_that_work(people, lin) -> None:
    for scheme, template in races.SCHEMES.items():
        race = a_race(people, lin, scheme, template.formula)
        assert race.kind == template.kind
        races.start(by=lin, race=race)
        race_standings.refresh(by=None, race=race)


def test_a_store_keeps_its_league_and_a_new_store_enters_the_one_that_fits(people, lin) -> None:
    formula = Formula(terms=FORMULA.terms, leagues=Leagues(bands=(2,)))
    race = races.start(by=lin, race=a_race(people, lin, formula=formula))
    for number in range(3):
        c.creator(people.jingan, f"K1{number}", f"New {number}")
    ningbo = add_unit(by=None, kind=UnitKind.STORE, code="NB1", name="Ningbo", parent=people.east)
    for number in range(2):
        c.creator(ningbo, f"K2{number}", f"Newer {number}")
    race_standings.refresh(by=None, race=race)
    assert race.entries.get(store=people.jingan).league == ":0"
    assert race.entries.get(store=ningbo).league == ":1"
    with pytest.raises(IntegrityError), transaction.atomic():
        race.entries.filter(store=people.jingan).update(league=":1")


def test_people_run_by_kind_in_leagues_of_followers(people, lin) -> None:
    formula = Formula(terms=(Term("posts", 100, "total"),), leagues=Leagues(bands=(1000,)))
    c.account(people.zhou, followers=5000)
    race = races.start(by=lin, race=a_race(people, lin, "accounts", formula))
    (entry,) = race.entries.all()
    assert (entry.creator, entry.league) == (people.zhou, ":1")
    koc = races.start(
        by=lin, race=a_race(people, lin, "accounts", formula, creator_kind=CreatorKind.KOC)
    )
    assert [entry.creator for entry in koc.entries.all()] == [people.may]


# -- standings -----------------------------------------------------------------


def test_standings_are_kept_by_day_and_movement_is_against_the_day_before(
    people, season, lin, set_day
) -> None:
    race = races.start(by=lin, race=a_race(people, lin))
    race_standings.refresh(by=None, race=race)
    race_standings.refresh(by=None, race=race)
    assert RaceStanding.objects.filter(race=race).count() == 2
    rows = list(race_standings.current(race))
    assert [(row.entry.store.code, row.rank, row.score) for row in rows] == [
        ("GZ0001", 1, 8000),
        ("SH0001", 2, 6600),
    ]
    set_day("2026-09-11")
    c.order(people, "A5", 90_000, day="2026-09-11", buyer_key=b"b9")
    race = race_standings.refresh(by=None, race=race)
    rows = list(race_standings.current(race))
    before = race_standings.ranks_before(rows)
    assert [(row.entry.store.code, row.rank, before[row.entry_id]) for row in rows] == [
        ("SH0001", 1, 2),
        ("GZ0001", 2, 1),
    ]
    assert race.standings_at == timezone.now()


def test_only_a_race_that_runs_is_worked_out(people, lin, set_day) -> None:
    race = a_race(people, lin)
    refused("race_not_running", race_standings.refresh, by=None, race=race)
    set_day("2026-08-20")
    races.start(by=lin, race=race)
    refused("race_not_begun", race_standings.refresh, by=None, race=race)


# -- the result ----------------------------------------------------------------


def frozen(people, lin, set_day):
    race = races.start(by=lin, race=a_race(people, lin))
    set_day("2026-10-08")
    return race_standings.freeze(by=lin, race=race)


def test_the_result_is_fixed_after_late_data_and_proved_by_its_digest(
    people, season, lin, set_day
) -> None:
    race = races.start(by=lin, race=a_race(people, lin))
    set_day("2026-10-01")
    race = race_standings.refresh(by=None, race=race)
    assert race.state == RaceState.CLOSING
    refused("late_data_awaited", race_standings.freeze, by=lin, race=race)
    # It came late, but in time.
    c.order(people, "LATE", 40_000, day="2026-09-29", buyer_key=b"late")
    set_day("2026-10-08")
    race = race_standings.freeze(by=lin, race=race)
    assert race.state == RaceState.FROZEN
    assert now_at(race, people.jingan)[1]["sales_net"] == 70_000
    proof = race_standings.prove(by=lin, race=race)
    assert (proof.same, proof.digest, proof.differences) == (True, race.digest, 0)
    refused("race_fixed", race_standings.freeze, by=lin, race=race)


def test_what_comes_after_is_shown_and_changes_nothing(people, season, lin, set_day) -> None:
    race = frozen(people, lin, set_day)
    before = list(race.standings.order_by("pk").values())
    c.order(people, "TOO-LATE", 90_000, day="2026-09-30")
    proof = race_standings.prove(by=lin, race=race)
    assert not proof.same
    entry = race.entries.get(store=people.jingan).pk
    assert {"entry": entry, "what": "sales_net", "was": 30_000, "now": 120_000} in proof.examples
    assert {"entry": entry, "what": "rank", "was": 2, "now": 1} in proof.examples
    assert list(race.standings.order_by("pk").values()) == before
    refused("race_not_running", race_standings.refresh, by=lin, race=race)


def test_the_database_refuses_to_touch_a_fixed_result(people, season, lin, set_day) -> None:
    race = frozen(people, lin, set_day)
    touching = [
        lambda: race.standings.update(rank=1),
        lambda: race.standings.all().delete(),
        lambda: race.awards.update(amount=1),
        lambda: type(race).objects.filter(pk=race.pk).update(digest="0" * 64),
        lambda: type(race).objects.filter(pk=race.pk).update(state="closing"),
        lambda: (
            type(race)
            .objects.filter(pk=race.pk)
            .update(approved_at=timezone.now(), approved_by=lin)
        ),
    ]
    for touch in touching:
        with pytest.raises(IntegrityError), transaction.atomic():
            touch()


def test_the_nightly_run_fixes_what_is_due_and_leaves_what_is_doubted(
    people, season, lin, set_day
) -> None:
    due, doubted = (races.start(by=lin, race=a_race(people, lin)) for _race in range(2))
    race_disputes.raise_dispute(by=lin, entry=doubted.entries.first(), text="An order is missing")
    set_day("2026-10-08")
    race_standings.run_all()
    for race, state in ((due, "frozen"), (doubted, "closing")):
        race.refresh_from_db()
        assert race.state == state


# -- disputes ------------------------------------------------------------------


def test_no_result_is_fixed_while_points_are_doubted(people, season, lin, set_day) -> None:
    race = races.start(by=lin, race=a_race(people, lin))
    entry = race.entries.get(store=people.jingan)
    dispute = race_disputes.raise_dispute(by=lin, entry=entry, text="Ours", fact="sales_net")
    assert race_standings.disputed(race) == [entry.pk]
    refused(
        "dispute_open", race_disputes.raise_dispute, by=lin, entry=entry, text="x", fact="sales_net"
    )
    refused(
        "reason_needed", race_disputes.raise_dispute, by=lin, entry=entry, text=" ", fact="posts"
    )
    set_day("2026-10-08")
    refused("disputes_open", race_standings.freeze, by=lin, race=race)
    refused("unknown_answer", race_disputes.answer, by=lin, dispute=dispute, state="open", text="x")
    race_disputes.answer(by=lin, dispute=dispute, state="refused", text="All orders are in")
    refused(
        "dispute_answered", race_disputes.answer, by=lin, dispute=dispute, state="upheld", text="x"
    )
    race = race_standings.freeze(by=lin, race=race)
    refused("race_not_running", race_disputes.raise_dispute, by=lin, entry=entry, text="x")


# -- prizes --------------------------------------------------------------------


def test_prizes_go_to_the_active_people_once_after_a_second_person(
    people, season, lin, zhao, set_day
) -> None:
    wang = c.creator(people.jingan, "K003", "Wang Fang")
    for day in ("2026-09-07", "2026-09-08"):
        post(wang, day)
    race = frozen(people, lin, set_day)
    awards = {award.creator: award.amount for award in race.awards.all()}
    # Guangzhou is first; Jing'an shares 500.00 by active days, 3 for Zhou and 2 for Wang.
    assert awards == {season: 100_001, people.zhou: 30_000, wang: 20_000}
    refused("own_race", race_prizes.approve, by=lin, race=race)
    assert race_prizes.approve(by=zhao, race=race) == 3
    refused("prizes_approved", race_prizes.approve, by=zhao, race=race)
    journals = Journal.objects.filter(kind=JournalKind.PRIZE)
    assert journals.count() == 3
    payable = LedgerAccount.objects.get(creator=wang, kind=LedgerKind.PAYABLE)
    assert -sum(Posting.objects.filter(account=payable).values_list("amount", flat=True)) == 20_000
    expense = LedgerAccount.objects.get(brand=people.brand, kind=LedgerKind.PRIZES)
    assert sum(Posting.objects.filter(account=expense).values_list("amount", flat=True)) == 150_001


def test_nobody_approves_a_prize_of_their_own(people, season, lin, zhao, set_day) -> None:
    season.person = zhao
    season.save()
    race = frozen(people, lin, set_day)
    refused("own_prize", race_prizes.approve, by=zhao, race=race)
    assert not Journal.objects.exists()


def test_prizes_wait_for_the_result(people, season, lin, zhao) -> None:
    race = races.start(by=lin, race=a_race(people, lin))
    refused("race_not_fixed", race_prizes.approve, by=zhao, race=race)


def test_a_person_wins_the_whole_prize(people, season, lin, set_day) -> None:
    formula = Formula(terms=(Term("sales_net", 100, "total"),), prizes=(5_000,))
    race = races.start(by=lin, race=a_race(people, lin, "deals", formula))
    set_day("2026-10-08")
    race = race_standings.freeze(by=None, race=race)
    (award,) = race.awards.all()
    assert (award.creator, award.amount, award.prize) == (season, 5_000, 5_000)


# -- screens -------------------------------------------------------------------


def test_a_link_opens_one_race_until_it_is_ended(people, season, lin) -> None:
    race = a_race(people, lin)
    refused("race_not_started", race_screens.open_screen, by=lin, race=race)
    races.start(by=lin, race=race)
    made = race_screens.open_screen(by=lin, race=race, store=people.jingan)
    assert race_screens.screen_of(made.token) == made.screen
    assert race_screens.screen_of(made.token[:-1]) is None
    assert made.token.encode() not in bytes(made.screen.token_digest)
    race_screens.end_screen(by=lin, screen=made.screen)
    assert race_screens.screen_of(made.token) is None
    refused("not_in_race", race_screens.open_screen, by=lin, race=race, store=people.east)


def test_each_step_writes_one_row_of_the_log(people, season, lin, zhao, set_day) -> None:
    race = frozen(people, lin, set_day)
    race_standings.prove(by=lin, race=race)
    race_prizes.approve(by=zhao, race=race)
    verbs = Activity.objects.filter(verb__startswith="race.").order_by("id")
    assert list(verbs.values_list("verb", flat=True)) == [
        *("race.added", "race.started", "race.fixed", "race.proved", "race.prizes_approved")
    ]
    assert race_rules.from_json(verbs[1].after["rules"]) == FORMULA
