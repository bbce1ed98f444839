"""The SQL of tier_sql and the pure rules of tiers say the same about any creators and posts."""

import datetime as dt
import json
from zoneinfo import ZoneInfo

import pytest
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.models import Person
from accounts.units import add_unit
from content import formulas
from content.models import Post
from customers.models import Order
from incentives import tier_sql, tiers
from incentives.models import TierPin, TierRisk
from incentives.tiers import Condition, Fact, Ladder, Measure, Note, Standing, TierRule
from kosops.lib import sql
from matrix.models import Creator, SocialAccount, StaffReport

SHANGHAI = ZoneInfo("Asia/Shanghai")
AS_OF = dt.date(2026, 11, 20)
START = dt.datetime(2026, 11, 20, tzinfo=SHANGHAI)

# -- what Hypothesis draws -----------------------------------------------------

windows = st.sampled_from([None, 1, 7, 30, 60])
thresholds = st.integers(1, 60)
measures = st.one_of(
    st.builds(Measure, st.just("notes"), within_days=windows),
    st.builds(Measure, st.just("best_note"), within_days=windows),
    st.builds(
        Measure,
        st.just("median_note"),
        last_notes=st.integers(1, 4),
        settled_days=st.sampled_from([0, 3, 7]),
    ),
    st.builds(
        Measure,
        st.sampled_from(["orders", "sales", "leads"]),
        within_days=st.sampled_from([None, 7, 30]),
    ),
)
SMALL = ("notes", "orders", "leads")
conditions = st.builds(Condition, measures, at_least=st.one_of(st.integers(1, 4), thresholds)).map(
    # A count of notes has to be small to be met now and then.
    lambda c: Condition(c.measure, min(c.at_least, 4)) if c.measure.fact in SMALL else c
)


@st.composite
def random_ladders(draw):
    def rule(tier):
        reach = draw(st.lists(conditions, min_size=1, max_size=2, unique_by=lambda c: c.key))
        keep = draw(st.lists(conditions, max_size=2, unique_by=lambda c: c.key))
        return TierRule(tier, tuple(reach), tuple(keep), draw(st.booleans()), draw(st.booleans()))

    return Ladder(
        tiers=tuple(rule(tier) for tier in tiers.TIERS),
        grace_days=draw(st.sampled_from([0, 1, 30])),
        formula=draw(st.sampled_from(sorted(formulas.FORMULAS))),
    )


@st.composite
def programme_ladders(draw):
    """Ladders of the shape that programmes have, with small numbers."""

    def notes(at_least, within_days=None):
        return Condition(Measure("notes", within_days=within_days), at_least)

    hit = Condition(Measure("best_note", within_days=60), draw(st.integers(40, 70)))
    median = Measure(
        "median_note", last_notes=draw(st.integers(1, 3)), settled_days=draw(st.integers(0, 7))
    )
    falling = Condition(median, draw(st.integers(20, 50)))
    return Ladder(
        tiers=(
            TierRule("junior", (notes(1),), (notes(1),)),
            TierRule("intermediate", (notes(2, 30),), (notes(1, 30),)),
            TierRule("senior", (hit,), (notes(1, 60), falling)),
        ),
        grace_days=draw(st.sampled_from([0, 30])),
    )


ladders = st.one_of(random_ladders(), programme_ladders())

# One figure in ten is unknown.
figures = st.integers(-3, 30).map(lambda figure: None if figure < 0 else figure)
posts = st.fixed_dictionaries(
    {
        # Whole hours, so that midnights in Shanghai and ties are hit often.
        "hours_ago": st.integers(-30, 24 * 65),
        "state": st.sampled_from(["online", "online", "online", "hidden", "removed"]),
        "platform": st.sampled_from(["xiaohongshu", "channels"]),
        "likes": figures,
        "saves": figures,
        "comments": figures,
        "shares": figures,
    }
)
orders = st.fixed_dictionaries(
    {
        "days_ago": st.integers(-1, 31),
        "as_who": st.sampled_from(["seller", "sharer", "both"]),
        "paid": st.integers(0, 40),
        "refunded": st.integers(0, 10),
        "status": st.sampled_from(["paid", "finished", "closed"]),
    }
)
reports = st.fixed_dictionaries(
    {
        "first": st.sampled_from([40, 29, 6, 3]),
        "last": st.sampled_from([2, 0, -1]),
        "form_leads": st.one_of(st.none(), st.integers(0, 3)),
        "dm_leads": st.one_of(st.none(), st.integers(0, 3)),
    }
)
creators = st.fixed_dictionaries(
    {
        "tier": st.sampled_from(["", *tiers.TIERS]),
        "falls_in": st.one_of(st.none(), st.integers(-2, 3)),
        "state": st.sampled_from(["active", "active", "onboarding", "paused", "left"]),
        "posts": st.lists(posts, max_size=7),
        "orders": st.lists(orders, max_size=3),
        "reports": st.lists(reports, max_size=2, unique_by=lambda r: (r["first"], r["last"])),
        "pinned": st.sampled_from([False, False, False, True]),
    }
)

# -- the same in both ----------------------------------------------------------


@pytest.fixture
def account(db):
    brand = add_unit(by=None, kind="brand", code="CY", name="Chengye Beauty")
    store = add_unit(by=None, kind="store", code="SH01", name="Xintiandi", parent=brand)
    return SocialAccount.objects.create(
        brand=brand,
        unit=store,
        platform="xiaohongshu",
        domain="public",
        handle="store",
        owner_proof="company",
    )


def place(account, drawn):
    """Write the drawn creators and posts; returns creators in their order."""
    made = Creator.objects.bulk_create(
        Creator(
            brand=account.brand,
            store=account.unit,
            kind="koc",
            number=str(number),
            name=f"May {number}",
            tier=one["tier"],
            state=one["state"],
            identity="checked",
        )
        for number, one in enumerate(drawn)
    )
    rows = []
    for creator, one in zip(made, drawn, strict=True):
        for number, post in enumerate(one["posts"]):
            fields = {name: value for name, value in post.items() if name != "hours_ago"}
            rows.append(
                Post(
                    brand=account.brand,
                    store=account.unit,
                    account=account,
                    creator=creator,
                    title_key=f"{creator.pk} {number}",
                    published_at=START + dt.timedelta(days=1, hours=-post["hours_ago"]),
                    **fields,
                )
            )
        place_orders(creator, one["orders"])
        place_reports(account, creator, one["reports"])
        if one["pinned"]:
            TierPin.objects.create(
                creator=creator,
                tier=one["tier"],
                period=DateRange(AS_OF, AS_OF + dt.timedelta(1)),
                reason="A prize of the founder",
                created_by=Person.objects.get_or_create(username="lin")[0],
            )
        if one["falls_in"] is not None:
            TierRisk.objects.create(
                creator=creator,
                since=AS_OF - dt.timedelta(9),
                falls_on=AS_OF + dt.timedelta(one["falls_in"]),
                explanation={},
            )
    Post.objects.bulk_create(rows)
    return made


def place_orders(creator, drawn):
    for number, one in enumerate(drawn):
        day = AS_OF - dt.timedelta(one["days_ago"])
        Order.objects.create(
            brand=creator.brand,
            store=creator.store,
            source="shop",
            external_id=f"{creator.pk} {number}",
            status=one["status"],
            currency="CNY",
            paid_at=dt.datetime.combine(day, dt.time(12), tzinfo=SHANGHAI),
            business_date=day,
            seller=creator if one["as_who"] != "sharer" else None,
            sharer=creator if one["as_who"] != "seller" else None,
            paid_amount=one["paid"],
            refunded_amount=min(one["refunded"], one["paid"]),
        )


def place_reports(account, creator, drawn):
    own = SocialAccount.objects.create(
        brand=account.brand,
        unit=account.unit,
        creator=creator,
        platform="xiaohongshu",
        domain="public",
        ownership="personal",
        handle=f"account {creator.pk}",
        owner_proof="checked",
    )
    for one in drawn:
        StaffReport.objects.create(
            brand=account.brand,
            unit=account.unit,
            account=own,
            creator=creator,
            period_from=AS_OF - dt.timedelta(one["first"]),
            period_to=AS_OF - dt.timedelta(one["last"]),
            form_leads=one["form_leads"],
            dm_leads=one["dm_leads"],
            source="test",
            taken_at=START,
        )


def counted(creator, measure):
    """A fact beside the posts, counted the slow and plain way."""
    since = tiers.first_day(AS_OF, measure.within_days) if measure.within_days else dt.date.min
    if measure.fact == "leads":
        return leads(creator, since)
    nets = [
        order.net_amount
        for order in Order.objects.filter(brand=creator.brand)
        if creator.pk in (order.seller_id, order.sharer_id)
        and order.status != "closed"
        and order.net_amount > 0
        and since <= order.business_date <= AS_OF
    ]
    return Fact(len(nets) if measure.fact == "orders" else sum(nets))


def leads(creator, since):
    inside = [
        report
        for report in StaffReport.objects.filter(creator=creator)
        if report.leads is not None and since <= report.period_from and report.period_to <= AS_OF
    ]
    told = [
        report.leads
        for report in inside
        if not any(
            other != report
            and other.period_from <= report.period_from
            and other.period_to >= report.period_to
            for other in inside
        )
    ]
    return Fact(sum(told)) if told else Fact(None, sure=False)


def notes_of(creator, formula):
    return [
        Note(
            id=post.pk,
            published_at=post.published_at.astimezone(SHANGHAI),
            value=formulas.value_of(formula, vars(post)),
            whole=formulas.is_whole(formula, vars(post), post.platform),
        )
        for post in Post.objects.filter(creator=creator, state="online")
    ]


def by_rules(creator, ladder):
    """(facts, decision) as the pure rules say."""
    notes = notes_of(creator, ladder.formula)
    others = {
        measure.key: counted(creator, measure)
        for measure in ladder.measures
        if measure.fact in tiers.counted_facts()
    }
    facts = tiers.facts_of(notes, ladder.measures, AS_OF, others)
    risk = TierRisk.objects.filter(creator=creator).first()
    pinned = TierPin.objects.filter(creator=creator).exists()
    standing = Standing(creator.tier, risk.falls_on if risk else None, pinned)
    return notes, facts, tiers.decide(standing, facts, ladder, AS_OF)


def question(account, ladder, creator=None):
    return tier_sql.Question(
        ladder=ladder,
        brand_id=account.brand_id,
        kind="koc",
        as_of=AS_OF,
        zone=SHANGHAI,
        creator=creator,
    )


def by_sql(account, ladder):
    asked = question(account, ladder)
    statement = f"""
        WITH d AS MATERIALIZED ({tier_sql.decisions(asked)})
        SELECT d.*, {tier_sql.tier_of("d.to_level")} AS to_tier,
               {tier_sql.tier_of("d.rule_level")} AS rule_tier,
               {tier_sql.explanation(asked, "d")} AS explanation
          FROM d
    """
    return {row["creator_id"]: row for row in sql.fetch_all(statement, asked.params)}


def facts_by_sql(account, ladder, creator):
    asked = question(account, ladder, creator.pk)
    (row,) = sql.fetch_all(tier_sql.facts(asked), asked.params)
    return {
        measure.key: Fact(
            row[measure.key],
            sure=row[f"{measure.key}_sure"]
            if measure.fact == "best_note"
            else row[measure.key] is not None,
        )
        for measure in ladder.measures
    }


def expected_explanation(decision, ladder, facts, notes):
    if decision.because is None:
        return None
    rule = ladder.tiers[tiers.TIERS.index(decision.tier)]
    chosen = rule.reach if decision.because == "reach" else rule.keep
    by_any = rule.reach_any if decision.because == "reach" else rule.keep_any
    wanted = decision.because == "reach"
    decisive = (
        chosen
        if decision.because == "reach"
        else [condition for condition in chosen if tiers.is_met(condition, facts) is False]
    )
    if by_any:
        decisive = [c for c in chosen if tiers.is_met(c, facts) is wanted]
    return ({"any": True} if by_any else {}) | {
        "rule": decision.because,
        "tier": decision.tier,
        "facts": {condition.key: facts[condition.key].value for condition in chosen},
        "thresholds": {c.key: tiers.condition_to_json(c) for c in chosen},
        "posts": [
            post for condition in decisive for post in tiers.deciding_notes(notes, condition, AS_OF)
        ],
    }


@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(ladder=ladders, drawn=st.lists(creators, min_size=1, max_size=5))
def test_sql_and_rules_agree(account, ladder, drawn):
    with transaction.atomic():
        made = place(account, drawn)
        rows = by_sql(account, ladder)
        evaluated = {creator.pk for creator in made if creator.state in ("active", "onboarding")}
        assert set(rows) == evaluated
        for creator in made:
            notes, facts, decision = by_rules(creator, ladder)
            assert facts_by_sql(account, ladder, creator) == facts
            if creator.pk not in evaluated:
                continue
            row = rows[creator.pk]
            assert (row["outcome"], row["to_tier"], row["falls_on"]) == (
                decision.outcome,
                decision.to_tier,
                decision.falls_on,
            )
            assert (row["rule_tier"], row["because"]) == (decision.tier, decision.because)
            told = row["explanation"] and json.loads(row["explanation"])
            if told:
                told.pop("since", None)
            assert told == expected_explanation(decision, ladder, facts, notes)
        transaction.set_rollback(True)
