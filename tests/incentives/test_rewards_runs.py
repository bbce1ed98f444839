"""Reward runs: what they post, once; conditions, caps, taking back; two people; the SQL and the rule."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from accounts.choices import Role
from content import reviews
from content.choices import LinkState
from content.formulas import TIER_INTERACTIONS, is_whole, value_of
from content.models import MetricSnapshot, Post, PostLink
from incentives import (
    ledger,
    proof,
    rewards,
    rewards_boosts,
    rewards_rule,
    rewards_runs,
    rewards_words,
)
from incentives.models import Journal, LedgerAccount, RewardItem, RewardLine, RewardRule
from incentives.rewards_rule import Stands, Thing
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from tests import cast as c

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()
STEPS = [{"at_least": 0, "amount": 500}, {"at_least": 1_000, "amount": 5_000}]


def days(number):
    return dt.timedelta(days=number)


@pytest.fixture
def people():
    return c.cast()


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def zhao(people):
    return c.finance(people, "zhao")


def terms(**changed):
    base = {
        "source": "note",
        "steps": STEPS,
        "check_days": 7,
        "count_days": 30,
        "watch_days": 60,
    }
    return base | changed


@pytest.fixture
def approved(people, lin, zhao):
    def make(**changed):
        first = changed.pop("first_day", TODAY - days(30))
        rule = rewards.propose(
            by=lin,
            brand=people.brand,
            name=changed.pop("name", "Notes in autumn"),
            terms=terms(**changed),
            first_day=first,
        )
        return rewards.approve(by=zhao, rule=rule)

    return make


def note(creator, days_ago, interactions=10, **fields):
    account = fields.pop("account", None) or (
        creator.social_accounts.first() or c.account(creator, handle=creator.name)
    )
    figures = {"likes": interactions, "saves": 0, "comments": 0}
    published = timezone.now() - days(days_ago)
    return Post.objects.create(
        brand=creator.brand,
        store=creator.store,
        account=account,
        creator=creator,
        **{"platform": "xiaohongshu", "published_at": published, "figures_at": timezone.now()}
        | figures
        | fields,
        title_key=f"{creator.pk} {Post.objects.count()}",
    )


def run(people, as_of=TODAY):
    return rewards_runs.run(by=None, brand=people.brand, as_of=as_of)


def owed(people, creator, kind):
    account = ledger.account(brand=people.brand, kind=kind, currency="CNY", creator=creator)
    return -ledger.balance(account)


def reward_of(post):
    return RewardItem.objects.get(post=post)


def refused(code, command, **values):
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        command(**values)
    assert refusal.value.code == code


# -- a run ---------------------------------------------------------------------


def test_a_note_is_held_and_paid_after_its_check(people, approved):
    approved()
    post = note(people.may, 3, 1_200)
    first = run(people)
    assert first.counts == {"rewards": 1, "lines": 1, "journals": 1}
    assert (owed(people, people.may, "accrued"), owed(people, people.may, "payable")) == (5_000, 0)
    assert reward_of(post).standing == "waiting"
    later = note(people.may, 8)
    run(people)
    assert owed(people, people.may, "payable") == 500
    assert reward_of(later).standing == "payable"
    assert Journal.objects.filter(kind="reward").count() == 2


def test_a_second_run_posts_nothing(people, approved):
    approved()
    note(people.may, 8, 1_200)
    run(people)
    assert run(people).counts == {"rewards": 0, "lines": 0, "journals": 0}
    assert owed(people, people.may, "payable") == 5_000


def test_a_step_reached_later_pays_the_difference(people, approved):
    approved()
    post = note(people.may, 8, 900)
    run(people)
    Post.objects.filter(pk=post.pk).update(likes=1_000)
    run(people)
    lines = RewardLine.objects.filter(kind="earned").order_by("sequence")
    assert [(line.sequence, line.amount) for line in lines] == [(1, 500), (2, 4_500)]
    assert owed(people, people.may, "payable") == 5_000


def test_a_note_removed_after_payment_gives_its_reward_back(people, approved):
    approved()
    post = note(people.may, 8, 1_200)
    run(people)
    Post.objects.filter(pk=post.pk).update(state="removed")
    run(people)
    assert (owed(people, people.may, "accrued"), owed(people, people.may, "payable")) == (0, 0)
    found = reward_of(post)
    assert (found.standing, found.earned, found.released) == ("removed", 0, 0)
    assert found.lines.count() == 4, "nothing is edited, both ways are to be seen"


def test_a_hidden_note_is_held_again(people, approved):
    approved()
    post = note(people.may, 8, 1_200)
    run(people)
    Post.objects.filter(pk=post.pk).update(state="hidden")
    run(people)
    assert owed(people, people.may, "accrued") == 5_000
    assert owed(people, people.may, "payable") == 0


@pytest.fixture
def ren(people):
    return c.person("ren", (Role.REVIEWER, people.brand))


@pytest.fixture
def hiring(people):
    """May's only account, whose notes a second person reviews."""
    return c.account(people.may, handle="hiring", purpose="recruiting")


def test_a_note_in_review_is_held_until_it_is_cleared(people, approved, hiring, ren):
    approved()
    post = note(people.may, 8, 1_200)
    run(people)
    assert reward_of(post).standing == "in_review"
    assert "until a second person has reviewed" in rewards_words.standing_sentence(reward_of(post))
    assert (owed(people, people.may, "accrued"), owed(people, people.may, "payable")) == (5_000, 0)

    reviews.review(by=ren, post=post, findings=[])
    run(people)
    assert (owed(people, people.may, "accrued"), owed(people, people.may, "payable")) == (0, 5_000)


def test_what_was_payable_is_held_again_after_a_problem_and_not_lost(people, approved, hiring, ren):
    approved()
    post = note(people.may, 8, 1_200)
    reviews.review(by=ren, post=post, findings=[])
    run(people)
    reviews.review(by=ren, post=post, findings=["fee"])
    run(people)

    assert reward_of(post).standing == "problem"
    assert "found a problem" in rewards_words.standing_sentence(reward_of(post))
    assert (owed(people, people.may, "accrued"), owed(people, people.may, "payable")) == (5_000, 0)
    assert proof.differences(proof.verify()) == 0


def test_notes_of_an_account_count_without_those_in_review(people, approved, hiring, ren):
    month = Month.of(TODAY).shifted(-1)
    first = (TODAY - month.first_day).days
    rule = approved(
        source="account",
        steps=[{"at_least": 2, "amount": 3_000}],
        first_day=TODAY - days(31),
        check_days=0,
    )
    assert rule.pk
    posts = [note(people.may, first - shift) for shift in (1, 2)]
    reviews.review(by=ren, post=posts[0], findings=[])
    run(people)
    assert RewardItem.objects.get(rule=rule).value == 1

    reviews.review(by=ren, post=posts[1], findings=[])
    run(people)
    assert RewardItem.objects.get(rule=rule).value == 2


def test_a_note_that_a_review_holds_gets_no_traffic(people, lin, zhao, hiring, ren):
    post = note(people.may, 2)
    post.refresh_from_db()
    asked = {"by": lin, "amount": 10_000, "reason": "Runs well"}
    refused("note_in_review", rewards_boosts.ask, post=post, **asked)

    reviews.review(by=ren, post=post, findings=[])
    post.refresh_from_db()
    rewards_boosts.set_budget(by=lin, brand=people.brand, month=Month.of(TODAY), amount=40_000)
    boost = rewards_boosts.ask(post=post, **asked)
    reviews.review(by=ren, post=post, findings=["pay"])
    boost.refresh_from_db()
    refused("note_in_review", rewards_boosts.approve, by=zhao, boost=boost, amount=10_000)


def test_after_the_watch_nothing_changes_any_more(people, approved):
    approved(count_days=5, check_days=5, watch_days=6, first_day=TODAY - days(20))
    post = note(people.may, 10, 1_200, figures_at=timezone.now() - days(6))
    run(people, TODAY - days(5))
    Post.objects.filter(pk=post.pk).update(state="removed")
    run(people)
    refused("reward_closed", rewards.stop, by=None, item=reward_of(post), reason="Late")
    with pytest.raises(IntegrityError), transaction.atomic():
        RewardItem.objects.update(watched_until=TODAY)
    assert owed(people, people.may, "payable") == 5_000


def test_the_books_prove_with_rewards_in_them(people, approved):
    approved()
    note(people.may, 8, 1_200)
    run(people)
    assert proof.differences(proof.verify()) == 0


# -- what counts ---------------------------------------------------------------


def test_figures_after_the_last_day_that_counts_do_not_count(people, approved):
    approved(count_days=10, watch_days=60)
    post = note(people.may, 20, 1_200)
    MetricSnapshot.objects.create(
        post=post, source="a", captured_at=timezone.now() - days(11), likes=400, saves=0, comments=3
    )
    run(people)
    found = reward_of(post)
    assert (found.value, found.earned) == (403, 500)


def test_figures_after_a_boost_are_not_organic(people, approved, lin, zhao):
    approved()
    post = note(people.may, 10, 1_200)
    MetricSnapshot.objects.create(
        post=post, source="a", captured_at=timezone.now() - days(6), likes=600, saves=0, comments=0
    )
    rewards_boosts.set_budget(by=lin, brand=people.brand, month=Month.of(TODAY), amount=90_000)
    boost = rewards_boosts.ask(by=lin, post=post, amount=30_000, reason="Nearly there")
    rewards_boosts.approve(by=zhao, boost=boost, amount=20_000)
    rewards_boosts.record_spent(
        by=lin, boost=boost, amount=20_000, began_at=timezone.now() - days(5)
    )
    run(people)
    assert reward_of(post).value == 600


def test_a_jump_waits_for_a_person(people, approved, lin):
    approved(jump=500)
    post = note(people.may, 8, 1_200)
    for ago, likes in ((5, 20), (4.5, 1_100)):
        MetricSnapshot.objects.create(
            post=post,
            source="a",
            captured_at=timezone.now() - days(ago),
            likes=likes,
            saves=0,
            comments=0,
        )
    run(people)
    assert (reward_of(post).standing, owed(people, people.may, "payable")) == ("flagged", 0)
    rewards.clear(by=lin, item=reward_of(post))
    run(people)
    assert (reward_of(post).standing, owed(people, people.may, "payable")) == ("payable", 5_000)


@pytest.mark.parametrize(
    ("conditions", "taken_in"),
    [
        ({"kinds": ["koc"]}, True),
        ({"kinds": ["kos"]}, False),
        ({"tiers": ["senior"]}, False),
        ({"platforms": ["xiaohongshu"]}, True),
        ({"platforms": ["douyin"]}, False),
        ({"followers_from": 1_000, "followers_to": 5_000}, True),
        ({"followers_from": 5_000}, False),
        ({"handed_in": True}, False),
    ],
)
def test_conditions_decide_who_is_taken_in(people, approved, conditions, taken_in):
    approved(**conditions)
    c.account(people.may, handle="may", followers=2_000)
    note(people.may, 8)
    run(people)
    assert RewardItem.objects.exists() is taken_in


def test_unknown_followers_are_in_no_band(people, approved):
    approved(followers_to=5_000)
    note(people.may, 8)
    run(people)
    assert not RewardItem.objects.exists()


def test_a_note_that_was_handed_in_counts(people, approved):
    approved(handed_in=True)
    post = note(people.may, 8)
    PostLink.objects.create(
        store=people.may.store,
        brand=people.brand,
        creator=people.may,
        platform="xiaohongshu",
        url="https://www.xiaohongshu.com/explore/1",
        client_key="7d444840-9dc0-11d1-b245-5ffdce74fad2",
        noted_at=timezone.now(),
        received_at=timezone.now(),
        state=LinkState.LINKED,
        post=post,
    )
    run(people)
    assert RewardItem.objects.get().post == post


def test_the_rule_is_frozen_on_each_note(people, approved):
    approved()
    post = note(people.may, 8, 1_200)
    run(people)
    frozen = reward_of(post).frozen
    assert frozen["kind"] == "koc"
    with pytest.raises(IntegrityError), transaction.atomic():
        RewardItem.objects.update(frozen={})


def test_a_full_month_and_a_used_up_budget_say_so(people, approved):
    approved(cap_person=7_000, budget=12_000)
    lan = c.creator(people.jingan, "C002", "Lan", kind="koc")
    mine = [note(people.may, 8, 1_200), note(people.may, 8, 1_300)]
    run(people)
    assert [reward_of(post).earned for post in mine] == [5_000, 2_000]
    assert reward_of(mine[1]).standing == "cap_person"
    theirs = [note(lan, 8, 1_200), note(lan, 8)]
    run(people)
    assert [reward_of(post).earned for post in theirs] == [5_000, 0]
    assert reward_of(theirs[1]).standing == "cap_budget"


# -- other sources -------------------------------------------------------------


def test_orders_of_a_month_earn_a_bonus_that_refunds_take_back(people, approved):
    month = Month.of(TODAY).shifted(-1)
    day = month.first_day.isoformat()
    approved(
        source="deal",
        steps=[{"at_least": 2, "amount": 20_000}],
        check_days=0,
        first_day=month.last_day,
    )
    c.order(people, "A1", 90_000, day=day)
    c.order(people, "A2", 90_000, day=day)
    run(people)
    assert owed(people, people.zhou, "payable") == 20_000
    c.refund(people, "A2", "R1", 90_000, day=day)
    run(people)
    assert owed(people, people.zhou, "payable") == 0
    assert RewardItem.objects.get(creator=people.zhou).standing == "below"


def test_notes_of_an_account_earn_an_incentive(people, approved):
    month = Month.of(TODAY).shifted(-1)
    approved(
        source="account",
        steps=[{"at_least": 2, "amount": 9_900}],
        check_days=0,
        first_day=month.last_day,
    )
    for place in (1, 2):
        note(people.zhou, 0, published_at=c.at(month.first_day.replace(day=place).isoformat()))
    run(people)
    assert owed(people, people.zhou, "payable") == 9_900


# -- two people ----------------------------------------------------------------


def test_a_rule_needs_a_second_person(people, lin, zhao):
    rule = rewards.propose(by=lin, brand=people.brand, name="Notes", terms=terms(), first_day=TODAY)
    note(people.may, 0)
    run(people)
    assert not RewardItem.objects.exists(), "nothing before it is approved"
    refused("own_rule", rewards.approve, by=lin, rule=rule)
    with pytest.raises(IntegrityError), transaction.atomic():
        RewardRule.objects.filter(pk=rule.pk).update(
            state="approved", decided_by=lin, decided_at=timezone.now()
        )
    rewards.approve(by=zhao, rule=rule)
    refused("rule_decided", rewards.reject, by=zhao, rule=rule, reason="Too late")
    with pytest.raises(IntegrityError), transaction.atomic():
        RewardRule.objects.filter(pk=rule.pk).update(terms={})


def test_a_new_version_ends_the_one_before_it(people, lin, zhao, approved):
    first = approved()
    second = rewards.propose(
        by=lin, brand=people.brand, name="More", terms=terms(), first_day=TODAY, code=first.code
    )
    rewards.approve(by=zhao, rule=second)
    first.refresh_from_db()
    assert first.last_day == TODAY - days(1)
    third = rewards.propose(
        by=lin, brand=people.brand, name="Same day", terms=terms(), first_day=TODAY, code=first.code
    )
    refused("rules_overlap", rewards.approve, by=zhao, rule=third)


def test_stopping_takes_back_and_says_why(people, approved, lin):
    approved()
    post = note(people.may, 8, 1_200)
    run(people)
    refused("reason_needed", rewards.stop, by=lin, item=reward_of(post), reason="")
    rewards.stop(by=lin, item=reward_of(post), reason="Edited after the check")
    run(people)
    assert owed(people, people.may, "payable") == 0
    refused("reward_stopped", rewards.stop, by=lin, item=reward_of(post), reason="Again")


def test_runs_refuse_days_to_come(people):
    refused("day_not_here", rewards_runs.run, by=None, brand=people.brand, as_of=TODAY + days(1))


def test_a_boost_stays_within_the_budget_and_needs_two_people(people, lin, zhao):
    post = note(people.may, 3)
    boost = rewards_boosts.ask(by=lin, post=post, amount=30_000, reason="Nearly there")
    refused("boost_open", rewards_boosts.ask, by=lin, post=post, amount=1, reason="More")
    refused("own_boost", rewards_boosts.approve, by=lin, boost=boost, amount=30_000)
    refused("budget_used_up", rewards_boosts.approve, by=zhao, boost=boost, amount=30_000)
    month = Month.of(TODAY)
    rewards_boosts.set_budget(by=lin, brand=people.brand, month=month, amount=40_000)
    rewards_boosts.approve(by=zhao, boost=boost, amount=30_000)
    values = {"by": lin, "boost": boost, "began_at": timezone.now()}
    refused("more_than_approved", rewards_boosts.record_spent, **values, amount=40_000)
    rewards_boosts.record_spent(**values, amount=25_000)
    assert rewards_boosts.this_month(people.brand, month) == (40_000, 25_000)
    refused(
        "budget_below_approved",
        rewards_boosts.set_budget,
        by=lin,
        brand=people.brand,
        month=month,
        amount=20_000,
    )


# -- the SQL and the rule say the same -----------------------------------------

notes = st.fixed_dictionaries(
    {
        "who": st.integers(0, 1),
        "days_ago": st.integers(0, 20),
        "likes": st.one_of(st.none(), st.integers(0, 40)),
        "saves": st.one_of(st.none(), st.integers(0, 10)),
        "state": st.sampled_from(["online", "online", "hidden", "removed"]),
        "stopped": st.sampled_from([False, False, False, True]),
        "review": st.sampled_from(["", "", "waits", "problem", "clear"]),
    }
)


@settings(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    drawn=st.lists(notes, min_size=1, max_size=6),
    grown=st.lists(st.integers(-1, 40), min_size=6, max_size=6),
    cap=st.one_of(st.none(), st.integers(100, 900)),
    budget=st.one_of(st.none(), st.integers(100, 1_500)),
    zero=st.booleans(),
)
def test_the_run_and_the_rule_agree(people, lin, zhao, ren, drawn, grown, cap, budget, zero):
    """Two runs, between which figures move, against the rule applied note by note."""
    steps = [{"at_least": 0, "amount": 50}] * zero + [
        {"at_least": 10, "amount": 200},
        {"at_least": 30, "amount": 700},
    ]
    with transaction.atomic():
        rule = rewards.propose(
            by=lin,
            brand=people.brand,
            name="Drawn",
            terms=terms(steps=steps, cap_person=cap, budget=budget),
            first_day=TODAY - days(25),
        )
        rewards.approve(by=zhao, rule=rule)
        found = rewards_rule.terms_from_json(rule.terms)
        whose = [people.may, people.zhou]
        accounts = {
            (place, asked): c.account(
                creator, handle=f"{place} {asked}", purpose="recruiting" if asked else "sales"
            )
            for place, creator in enumerate(whose)
            for asked in (False, True)
        }
        posts = [
            note(
                whose[one["who"]],
                one["days_ago"],
                likes=one["likes"],
                saves=one["saves"],
                comments=1,
                state=one["state"],
                account=accounts[one["who"], one["review"] != ""],
            )
            for one in drawn
        ]
        for post, one in zip(posts, drawn, strict=True):
            reviewed(ren, post, one["review"])
        run(people)
        check(found, posts, {post.pk: 0 for post in posts})
        posted = {item.post_id: item.earned for item in RewardItem.objects.all()}
        for post, one, likes in zip(posts, drawn, grown, strict=False):
            Post.objects.filter(pk=post.pk).update(likes=None if likes < 0 else likes)
            if one["stopped"]:
                rewards.stop(by=lin, item=reward_of(post), reason="Edited")
        run(people)
        check(found, posts, posted)
        books = LedgerAccount.objects.filter(kind="payable", brand=people.brand)
        assert -sum(map(ledger.balance, books)) == sum(
            item.released for item in RewardItem.objects.all()
        )
        transaction.set_rollback(True)


def reviewed(ren, post, state):
    """Bring a post that waits into a state of review."""
    if state in ("problem", "clear"):
        reviews.review(by=ren, post=post, findings=["fee"] if state == "problem" else [])
    post.refresh_from_db()


def stands(post):
    held = {"waits": "in_review", "problem": "problem"}
    online = held.get(post.review, "stands")
    return Stands({"online": online, "hidden": "paused", "removed": "gone"}[post.state])


def check(found, posts, posted):
    items = {item.post_id: item for item in RewardItem.objects.order_by("pk")}
    verdicts = {}
    for item in items.values():
        post = Post.objects.get(pk=item.post_id)
        figures = vars(post)
        thing = Thing(
            done_on=timezone.localdate(post.published_at),
            value=value_of(TIER_INTERACTIONS, figures),
            whole=is_whole(TIER_INTERACTIONS, figures, post.platform),
            stands=stands(post),
            stopped=item.stopped_by_id is not None,
        )
        verdicts[post.pk] = rewards_rule.judge(thing, found, TODAY)
    given = {pk: verdicts[pk].amount for pk in items}
    groups = {}
    for pk, item in items.items():
        groups.setdefault((item.creator_id, Month.of(item.done_on)), []).append(pk)
    for group in groups.values():
        wishes = [(posted[pk], given[pk]) for pk in group]
        given |= zip(group, rewards_rule.allot(wishes, found.cap_person), strict=True)
    person = dict(given)
    everybody = list(items)
    wishes = [(posted[pk], given[pk]) for pk in everybody]
    given |= zip(everybody, rewards_rule.allot(wishes, found.budget), strict=True)
    for pk, item in items.items():
        expected = verdicts[pk].reason
        if given[pk] < person[pk]:
            expected = "cap_budget"
        elif person[pk] < verdicts[pk].amount:
            expected = "cap_person"
        released = given[pk] if verdicts[pk].may_pay else 0
        assert (item.earned, item.released, item.standing) == (given[pk], released, expected)
