"""Points: what earns them, how they are held, spent, returned, taken back, and how they expire."""

import datetime as dt
import random
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.choices import Role
from accounts.models import Activity
from content.models import Post
from incentives import ledger, nightly, points, points_rules, points_sources, points_sql
from incentives.choices import POINTS, JournalKind, LedgerKind
from incentives.models import Journal, PointGrant, PointLine, PointRule
from incentives.points_rules import Fact, Lot, Rule
from matrix.models import Creator, SocialAccount
from tests import cast as c
from tests.incentives.money import code_of

TODAY = dt.date(2026, 9, 20)


@pytest.fixture
def people() -> c.Cast:
    return c.cast()


@pytest.fixture
def today(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets a test choose the day."""

    class Day:
        def __call__(self, day: dt.date) -> dt.date:
            at = dt.datetime.combine(day, dt.time(12), tzinfo=c.ZONE)
            monkeypatch.setattr("django.utils.timezone.now", lambda: at)
            return day

    turn = Day()
    turn(TODAY)
    return turn


def account(creator: Creator) -> SocialAccount:
    found, _ = SocialAccount.objects.get_or_create(
        brand=creator.brand,
        unit=creator.store,
        creator=creator,
        platform="xiaohongshu",
        domain="public",
        ownership="personal",
        owner_proof="checked",
        handle=creator.name,
    )
    return found


def post(creator: Creator, day: str, number: int = 1, **fields: Any) -> Post:
    return Post.objects.create(
        brand=creator.brand,
        store=creator.store,
        account=account(creator),
        creator=creator,
        platform="xiaohongshu",
        platform_post_id=f"{creator.pk}-{day}-{number}",
        published_at=c.at(day),
        **fields,
    )


def rule(people: c.Cast, number: int = 10, **fields: Any) -> PointRule:
    facts = {"event": "post", "valid_from": dt.date(2026, 1, 1)} | fields
    return points.save_rule(by=None, brand=people.brand, points=number, **facts)


def run(people: c.Cast, day: dt.date = TODAY) -> Any:
    return points.run(by=None, brand=people.brand, today=day)


def holds(creator: Creator, day: dt.date = TODAY) -> int:
    return points.balance_of(creator, day).spendable


def give(by: Any, creator: Creator, number: int, **fields: Any) -> PointGrant:
    facts = {"reason": "Helped at the fair", "client_key": uuid.uuid4()} | fields
    return points.give(by=by, creator=creator, points=number, **facts)


@pytest.mark.django_db
def test_a_post_earns_and_a_second_run_posts_nothing(people: c.Cast, today: Any) -> None:
    rule(people)
    post(people.may, "2026-09-05")
    first = run(people)
    assert (first.counts["lines"], first.counts["earned"]) == (1, 10)
    assert holds(people.may) == 10
    journals = Journal.objects.count()
    again = run(people)
    assert (again.counts["lines"], again.counts["released_people"]) == (0, 0)
    assert Journal.objects.count() == journals
    assert Activity.objects.filter(verb="point_run.run").count() == 2
    assert points_sql.differences(people.brand) == []


@pytest.mark.django_db
def test_a_brand_without_points_gets_no_run(people: c.Cast, today: Any) -> None:
    post(people.may, "2026-09-05")
    assert run(people) is None
    nightly.run_points(today=TODAY)
    assert not Journal.objects.filter(currency=POINTS).exists()


@pytest.mark.django_db
def test_points_are_held_and_released_on_their_day(people: c.Cast, today: Any) -> None:
    rule(people, hold_days=7)
    post(people.may, "2026-09-18")
    run(people)
    balance = points.balance_of(people.may, TODAY)
    assert (balance.spendable, balance.held) == (0, 10)
    run(people, dt.date(2026, 9, 24))
    assert holds(people.may) == 0
    run(people, dt.date(2026, 9, 25))
    balance = points.balance_of(people.may, dt.date(2026, 9, 25))
    assert (balance.spendable, balance.held) == (10, 0)


@pytest.mark.django_db
def test_a_removed_post_takes_back_what_it_brought_and_back_again(
    people: c.Cast, today: Any
) -> None:
    rule(people)
    gone = post(people.may, "2026-09-05")
    run(people)
    Post.objects.filter(pk=gone.pk).update(state="removed")
    assert run(people).counts["taken_back"] == 10
    assert holds(people.may) == 0
    Post.objects.filter(pk=gone.pk).update(state="online")
    run(people)
    assert holds(people.may) == 10
    amounts = PointLine.objects.order_by("sequence").values_list("sequence", "amount")
    assert list(amounts) == [(1, 10), (2, -10), (3, 10)]
    assert points_sql.differences(people.brand) == []


@pytest.mark.django_db
def test_a_removed_post_whose_points_are_spent_leaves_a_debt(people: c.Cast, today: Any) -> None:
    rule(people)
    gone = post(people.may, "2026-09-05")
    run(people)
    with transaction.atomic():
        points.spend(by=None, creator=people.may, points=10, key="x:1", reason="Soap")
    Post.objects.filter(pk=gone.pk).update(state="removed")
    run(people)
    balance = points.balance_of(people.may, TODAY)
    assert (balance.spendable, balance.owed) == (0, 10)
    post(people.may, "2026-09-06")
    post(people.may, "2026-09-07")
    run(people)
    assert holds(people.may) == 10


@pytest.mark.django_db
def test_the_rule_that_names_the_kind_goes_first_and_days_outside_earn_nothing(
    people: c.Cast, today: Any
) -> None:
    rule(people, 10)
    rule(people, 30, creator_kind="koc", valid_from=dt.date(2026, 10, 1))
    for creator in (people.may, people.zhou):
        post(creator, "2025-12-31")
        post(creator, "2026-09-05")
        post(creator, "2026-10-05")
    run(people, dt.date(2026, 10, 6))
    assert holds(people.may, dt.date(2026, 10, 6)) == 40
    assert holds(people.zhou, dt.date(2026, 10, 6)) == 20


@pytest.mark.django_db
def test_result_does_not_depend_on_order_repetition_or_lateness(people: c.Cast, today: Any) -> None:
    """The same posts in five orders, with runs between: the same lines in sum, as the rule says."""
    rule(people, 10, cap_day=15, cap_month=45)
    days = ["2026-09-01", "2026-09-01", "2026-09-02", "2026-09-03", "2026-09-03", "2026-09-08"]
    shuffled = random.Random(7)
    results = []
    for turn in range(5):
        someone = c.creator(people.jingan, f"X{turn}", f"Shuffle {turn}", kind="koc")
        order = list(enumerate(days))
        shuffled.shuffle(order)
        for number, on in order:
            post(someone, on, number)
            if shuffled.random() < 0.5:
                run(people)
        run(people)
        run(people)
        lines = PointLine.objects.filter(creator=someone)
        facts = [
            Fact(p.published_at.astimezone(c.ZONE).date(), str(p.pk))
            for p in Post.objects.filter(creator=someone)
        ]
        worth = points_rules.targets(facts, Rule(10, cap_day=15, cap_month=45))
        posted: dict[str, int] = dict.fromkeys(worth, 0)
        for line in lines:
            posted[line.key] += line.amount
        assert posted == worth
        results.append(holds(someone))
    assert results == [45] * 5
    assert points_sql.differences(people.brand) == []


@pytest.mark.django_db
@settings(max_examples=12)
@given(data=st.data())
def test_sql_says_what_the_rule_says(data: st.DataObject) -> None:
    with transaction.atomic():
        people = c.cast()
        caps = st.one_of(st.none(), st.integers(10, 60))
        made = rule(people, 10, cap_day=data.draw(caps), cap_month=data.draw(caps))
        for number, on in enumerate(data.draw(st.lists(st.integers(1, 5), max_size=8))):
            post(people.may, f"2026-0{8 + on % 2}-0{on}", number)
        points_sql.prepare(brand=people.brand, today=TODAY)
        with connection.cursor() as cursor:
            cursor.execute("SELECT key, points FROM point_target")
            said = dict(cursor.fetchall())
        facts = [Fact(p.published_at.date(), str(p.pk)) for p in Post.objects.all()]
        worth = points_rules.targets(facts, Rule(10, made.cap_day, made.cap_month))
        assert said == {key: number for key, number in worth.items() if number}
        transaction.set_rollback(True)


@pytest.mark.django_db
def test_another_part_adds_a_source(people: c.Cast, today: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(points_sources, "_sources", dict(points_sources._sources))
    points_sources.register(
        points_sources.Source(
            code="course",
            label="Course",
            facts=f"SELECT 'c1' AS key, {people.may.pk}::bigint AS creator_id,"
            " date '2026-09-01' AS earned_on, 25 AS points, 0 AS hold_days, 6 AS months",
            ruled=False,
        )
    )
    run(people)
    assert holds(people.may) == 25
    assert points.balance_of(people.may, TODAY).next_lot == Lot(dt.date(2027, 3, 31), 25)


# -- expiry --------------------------------------------------------------------


@pytest.mark.django_db
def test_points_expire_first_in_first_out(people: c.Cast, today: Any) -> None:
    rule(people, 100, months=1)
    post(people.may, "2026-08-05")  # lives to 30 September
    post(people.may, "2026-09-05")  # to 31 October
    run(people)
    with transaction.atomic():
        last = points.spend(by=None, creator=people.may, points=30, key="x:1", reason="Soap")
    assert last == dt.date(2026, 9, 30)
    assert run(people, dt.date(2026, 9, 30)).counts["expired"] == 0
    october = dt.date(2026, 10, 1)
    # Before the night has taken them away they cannot be spent any more.
    assert holds(people.may, october) == 100
    assert run(people, october).counts["expired"] == 70
    assert holds(people.may, october) == 100
    assert run(people, october).counts["expired"] == 0
    assert run(people, dt.date(2026, 11, 1)).counts["expired"] == 100
    assert points_sql.differences(people.brand) == []


@pytest.mark.django_db
def test_what_has_expired_is_closed(people: c.Cast, today: Any) -> None:
    """A post that goes after its points have expired takes nothing from the living ones."""
    rule(people, 100, months=1)
    old = post(people.may, "2026-08-05")
    post(people.may, "2026-09-05")
    run(people)
    run(people, dt.date(2026, 10, 1))
    Post.objects.filter(pk=old.pk).update(state="removed")
    assert run(people, dt.date(2026, 10, 2)).counts["lines"] == 0
    assert holds(people.may, dt.date(2026, 10, 2)) == 100


@pytest.mark.django_db
def test_returned_points_are_exact_and_live_on(people: c.Cast, today: Any) -> None:
    rule(people, 100, months=1)
    post(people.may, "2026-08-05")
    run(people)
    with transaction.atomic():
        last = points.spend(by=None, creator=people.may, points=60, key="x:1", reason="Soap")
    late = today(dt.date(2026, 10, 10))
    run(people, late)
    points.give_back(
        by=None, creator=people.may, points=60, key="x:1", expires_on=last, reason="Broken"
    )
    balance = points.balance_of(people.may, late)
    assert (balance.spendable, balance.next_lot) == (60, Lot(dt.date(2026, 11, 9), 60))
    run(people, late)
    assert holds(people.may, late) == 60
    assert points_sql.differences(people.brand) == []


# -- rules over time -----------------------------------------------------------


@pytest.mark.django_db
def test_a_new_rule_ends_the_one_before(people: c.Cast, today: Any) -> None:
    before = rule(people, 10)
    after = rule(people, 20, valid_from=dt.date(2026, 10, 1))
    before.refresh_from_db()
    assert (before.last_day, after.last_day) == (dt.date(2026, 9, 30), None)


@pytest.mark.django_db
def test_wrong_rules_are_refused(people: c.Cast, today: Any) -> None:
    rule(people, 10)
    assert code_of(lambda: rule(people, event="breathing")) == "unknown_event"
    assert code_of(lambda: rule(people, 0)) == "points_out_of_range"
    assert code_of(lambda: rule(people, cap_day=5)) == "cap_too_small"
    assert code_of(lambda: rule(people, months=1, hold_days=29)) == "held_too_long"
    assert code_of(lambda: rule(people, 9)) == "rule_starts_in_past"
    october = dt.date(2026, 10, 15)
    assert code_of(lambda: rule(people, 9, valid_from=october)) == "starts_mid_month"
    rule(people, 9, valid_from=dt.date(2026, 12, 1))
    november = dt.date(2026, 11, 1)
    assert code_of(lambda: rule(people, 9, valid_from=november)) == "rule_overlaps"


@pytest.mark.django_db
def test_a_rule_ends_but_never_changes(people: c.Cast, today: Any) -> None:
    made = rule(people, 10)
    past = TODAY - dt.timedelta(days=1)
    refused = code_of(lambda: points.end_rule(by=None, rule=made, last_day=past))
    assert refused == "rule_ends_in_past"
    assert points.end_rule(by=None, rule=made, last_day=TODAY).last_day == TODAY
    assert code_of(lambda: points.end_rule(by=None, rule=made, last_day=TODAY)) == "rule_ended"
    with pytest.raises(IntegrityError), transaction.atomic():
        PointRule.objects.filter(pk=made.pk).update(points=99)


@pytest.mark.django_db
def test_lines_only_grow_and_no_rule_overlaps(people: c.Cast, today: Any) -> None:
    made = rule(people, 10)
    post(people.may, "2026-09-05")
    run(people)
    for act in (
        lambda: PointLine.objects.update(amount=9),
        lambda: PointLine.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
    made.pk = None
    with pytest.raises(IntegrityError), transaction.atomic():
        made.save(force_insert=True)


# -- by hand -------------------------------------------------------------------


@pytest.fixture
def lin(people: c.Cast) -> Any:
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def chen(people: c.Cast) -> Any:
    return c.finance(people, "chen")


@pytest.mark.django_db
def test_small_points_by_hand_go_through_at_once(people: c.Cast, today: Any, lin: Any) -> None:
    key = uuid.uuid4()
    first = give(lin, people.may, 200, client_key=key)
    again = give(lin, people.may, 200, client_key=key)
    assert first == again
    assert (first.state, holds(people.may)) == ("posted", 200)
    run(people)
    assert holds(people.may) == 200
    assert points_sql.differences(people.brand) == []


@pytest.mark.django_db
def test_above_the_limit_a_second_person_decides(
    people: c.Cast, today: Any, lin: Any, chen: Any
) -> None:
    give(lin, people.may, 400)
    grant = give(lin, people.may, 101)
    assert (grant.state, holds(people.may)) == ("waiting", 400)
    refused = code_of(lambda: points.decide_grant(by=lin, grant=grant, approve=True))
    assert refused == "same_person"
    points.decide_grant(by=chen, grant=grant, approve=True)
    assert holds(people.may) == 501
    refused = code_of(lambda: points.decide_grant(by=chen, grant=grant, approve=True))
    assert refused == "grant_decided"


@pytest.mark.django_db
def test_a_refusal_says_why_and_gives_nothing(
    people: c.Cast, today: Any, lin: Any, chen: Any
) -> None:
    grant = give(lin, people.may, 501)
    refused = code_of(lambda: points.decide_grant(by=chen, grant=grant, approve=False))
    assert refused == "reason_needed"
    points.decide_grant(by=chen, grant=grant, approve=False, answer="Wrong person")
    grant.refresh_from_db()
    assert (grant.state, grant.answer, holds(people.may)) == ("rejected", "Wrong person", 0)


@pytest.mark.django_db
def test_points_are_taken_by_hand_as_far_as_there_are_any(
    people: c.Cast, today: Any, lin: Any
) -> None:
    give(lin, people.may, 100)
    assert code_of(lambda: give(lin, people.may, -101)) == "not_enough_points"
    give(lin, people.may, -40)
    assert holds(people.may) == 60


@pytest.mark.django_db
def test_who_may_not_get_points_by_hand(people: c.Cast, today: Any, lin: Any) -> None:
    assert code_of(lambda: give(lin, people.may, 1, reason=" ")) == "reason_needed"
    assert code_of(lambda: give(lin, people.may, 0)) == "points_out_of_range"
    people.may.person = lin
    assert code_of(lambda: give(lin, people.may, 1)) == "own_points"
    people.zhou.state = "left"
    assert code_of(lambda: give(lin, people.zhou, 1)) == "creator_left"


@pytest.mark.django_db
def test_the_database_keeps_maker_and_checker_apart(people: c.Cast, today: Any, lin: Any) -> None:
    grant = give(lin, people.may, 501)
    with pytest.raises(IntegrityError), transaction.atomic():
        PointGrant.objects.filter(pk=grant.pk).update(
            state="posted", checker=lin, decided_at=c.at("2026-09-20")
        )
    with pytest.raises(IntegrityError), transaction.atomic():
        PointGrant.objects.filter(pk=grant.pk).update(points=1)


@pytest.mark.django_db
def test_the_books_hold_points_apart_from_money(people: c.Cast, today: Any) -> None:
    """M25: a journal in money takes no line of a points' account, in code and in the database."""
    money = ledger.account(brand=people.brand, kind=LedgerKind.REWARDS, currency="CNY")
    own = ledger.account(
        brand=people.brand, kind=LedgerKind.POINTS, currency=POINTS, creator=people.may
    )
    refused = code_of(
        lambda: ledger.post(
            by=None,
            brand=people.brand,
            kind=JournalKind.REWARD,
            source="test",
            key="1",
            business_date=TODAY,
            postings=[(money, 10), (own, -10)],
        )
    )
    assert refused == "mixed_currency"
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            """
            WITH j AS (INSERT INTO incentives_journal (brand_id, currency, kind, source, key,
                         business_date, created_at, reason)
                       VALUES (%s, 'CNY', 'reward', 'test', '2', '2026-09-20', now(), '')
                       RETURNING id)
            INSERT INTO incentives_posting (journal_id, line, account_id, currency, amount)
            SELECT j.id, v.line, v.account, 'CNY', v.amount FROM j,
                   (VALUES (1, %s, 10), (2, %s, -10)) AS v (line, account, amount)
            """,
            [people.brand.pk, money.pk, own.pk],
        )
