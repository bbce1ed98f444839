"""Rewards in points: posted as points, held and freed by the reward, taken back, proved."""

from __future__ import annotations

import threading
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from content.models import Post
from incentives import points, points_rules, proof, reward_proof, rewards, rewards_rule
from incentives.models import Journal, PointLine, RewardItem, RewardRule
from incentives.rewards_rule import RuleFault
from kosops.lib.errors import DomainError
from kosops.lib.sql import exclusive
from tests import cast as c
from tests.incentives.test_rewards_pages import FORM
from tests.incentives.test_rewards_runs import (
    TODAY,
    approved,
    days,
    lin,
    note,
    owed,
    people,
    refused,
    reward_of,
    run,
    terms,
    zhao,
)
from tests.refusals import as_owner_without_guards, sql

__all__ = ["approved", "lin", "people", "zhao"]

pytestmark = pytest.mark.django_db
STEPS = [{"at_least": 0, "amount": 20}, {"at_least": 1_000, "amount": 300}]


@pytest.fixture
def ruled(approved):
    def make(**changed):
        return approved(**({"steps": STEPS, "points_months": 6} | changed))

    return make


def holds(creator):
    found = points.balance_of(creator, TODAY)
    return found.spendable, found.held


def test_points_are_held_until_the_check_and_then_free(people, ruled):
    ruled()
    young, old = note(people.may, 3, 1_200), note(people.may, 8)
    made = run(people)
    assert made.counts == {"rewards": 2, "lines": 3, "journals": 0, "points": 320}
    assert holds(people.may) == (20, 300)
    assert reward_of(young).standing == "waiting"
    assert reward_of(old).standing == "payable"
    assert owed(people, people.may, "accrued") == owed(people, people.may, "payable") == 0
    lines = {line.key: line for line in PointLine.objects.all()}
    line = lines[str(reward_of(young).pk)]
    assert line.expires_on == points_rules.expiry_day(reward_of(young).done_on, 6)
    assert line.available_on == reward_of(young).done_on + days(7)


def test_a_second_run_posts_nothing(people, ruled):
    ruled()
    note(people.may, 8, 1_200)
    run(people)
    journals = Journal.objects.count()
    assert run(people).counts == {"rewards": 0, "lines": 0, "journals": 0}
    points.run(by=None, brand=people.brand, today=TODAY)
    assert Journal.objects.count() == journals, "the night's run of points finds it all there"


def test_a_hidden_note_is_held_again_and_a_removed_one_takes_its_points_back(people, ruled):
    ruled()
    post = note(people.may, 8, 1_200)
    run(people)
    assert holds(people.may) == (300, 0)
    Post.objects.filter(pk=post.pk).update(state="hidden")
    run(people)
    assert holds(people.may) == (0, 300)
    Post.objects.filter(pk=post.pk).update(state="removed")
    run(people)
    assert holds(people.may) == (0, 0)
    assert [line.amount for line in PointLine.objects.order_by("sequence")] == [300, -300]


def test_points_that_were_spent_are_owed_when_the_note_goes(people, ruled):
    ruled()
    post = note(people.may, 8, 1_200)
    run(people)
    with transaction.atomic():
        points.spend(by=None, creator=people.may, points=250, key="x:1", reason="Soap")
    Post.objects.filter(pk=post.pk).update(state="removed")
    run(people)
    assert points.balance_of(people.may, TODAY).owed == 250


def test_the_limit_of_a_month_is_in_points(people, ruled):
    ruled(cap_person=310, check_days=1)
    note(people.may, 1, 1_200)
    note(people.may, 1, 1_200)
    run(people)
    assert holds(people.may) == (310, 0)


def test_money_and_points_side_by_side(people, ruled, approved):
    ruled(name="In points")
    approved(name="In money")
    note(people.may, 8)
    run(people)
    assert holds(people.may) == (20, 0)
    assert owed(people, people.may, "payable") == 500
    money, in_points, _pieces = rewards.sums(people.may.rewards.all())
    assert (money.released, in_points.released) == (500, 20)


def test_other_points_wait_for_their_night(people, ruled):
    points.save_rule(by=None, brand=people.brand, event="post", points=5, valid_from=TODAY)
    ruled()
    note(people.may, 0)
    run(people)
    assert set(PointLine.objects.values_list("source", flat=True)) == {"reward"}
    points.run(by=None, brand=people.brand, today=TODAY)
    assert sorted(PointLine.objects.values_list("source", flat=True)) == ["post", "reward"]


@pytest.mark.django_db(transaction=True)
def test_a_reward_run_waits_for_a_run_of_points(people, ruled):
    ruled()
    note(people.may, 8)
    said = []

    def other():
        try:
            run(people)
        except DomainError as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    with exclusive(f"points:{people.brand.pk}", busy=DomainError("busy", "busy")):
        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
    assert said == ["points_busy"]
    assert not RewardItem.objects.exists(), "nothing half done"


# -- the rule ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changed", "field", "problem"),
    [
        ({"points_months": 0}, "points_months", "out_of_range"),
        ({"points_months": 121}, "points_months", "out_of_range"),
        ({"points_months": 2}, "points_months", "expires_watched"),
        ({"steps": [{"at_least": 0, "amount": 10**6 + 1}]}, "steps", "out_of_range"),
    ],
)
def test_terms_in_points_that_cannot_be(changed, field, problem):
    with pytest.raises(RuleFault) as fault:
        rewards_rule.terms_from_json(terms(points_months=6) | changed)
    assert (fault.value.field, fault.value.problem) == (field, problem)


def test_a_rule_is_not_replaced_by_one_that_pays_otherwise(people, ruled, lin):
    rule = ruled()
    values = {"by": lin, "brand": people.brand, "name": "Now in money", "first_day": TODAY}
    replace = partial(rewards.propose, code=rule.code, **values)
    refused("other_currency", replace, terms=terms())
    assert replace(terms=terms(points_months=6)).in_points


def test_the_database_knows_what_is_in_points(people, lin):
    rule = rewards.propose(by=lin, brand=people.brand, name="Notes", terms=terms(), first_day=TODAY)
    for changed in ({"currency": "PTS"}, {"terms": terms(points_months=6)}):
        with pytest.raises(IntegrityError), transaction.atomic():
            RewardRule.objects.create(
                **{
                    **{name: getattr(rule, name) for name in ("brand", "name", "source", "terms")},
                    **{name: getattr(rule, name) for name in ("period", "created_by")},
                    "code": "other",
                    **changed,
                }
            )


# -- proof ---------------------------------------------------------------------


@settings(
    max_examples=12,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    steps=st.lists(
        st.tuples(
            st.integers(0, 3), st.sampled_from(["online", "hidden", "removed"]), st.booleans()
        ),
        max_size=6,
    )
)
def test_whatever_happens_points_and_rewards_agree(people, ruled, steps):
    """Notes come, are hidden, go and come back; after each run the books prove."""
    with transaction.atomic():
        if not RewardRule.objects.exists():
            ruled(cap_person=500)
        notes = [note(people.may, day, 1_200) for day in (2, 8, 9, 20)]
        for place, state, liked in steps:
            Post.objects.filter(pk=notes[place].pk).update(state=state, likes=1_200 if liked else 5)
            run(people)
            money, in_points, _pieces = rewards.sums(people.may.rewards.all())
            assert holds(people.may) == (in_points.released, in_points.held)
            assert (money.released, money.held) == (0, 0)
            assert proof.differences(proof.verify(checks=reward_proof.CHECKS)) == 0
        transaction.set_rollback(True)


@pytest.mark.parametrize(
    ("damage", "found"),
    [
        ("UPDATE incentives_rewardline SET amount = amount + 1", {"rewards_in_points"}),
        ("UPDATE incentives_pointline SET key = '0'", {"rewards_in_points"}),
        (
            "UPDATE incentives_pointline SET amount = amount + 1",
            {"rewards_in_points", "points_in_books"},
        ),
    ],
)
def test_the_proof_finds_what_was_damaged(people, ruled, damage, found):
    ruled()
    note(people.may, 20)
    run(people)
    whole = proof.verify(checks=reward_proof.CHECKS)
    assert proof.differences(whole) == 0
    with as_owner_without_guards():
        sql(damage)
    damaged = proof.verify(checks=reward_proof.CHECKS)
    assert {each.code for each in damaged if each.differences} == found


# -- pages ---------------------------------------------------------------------


IN_POINTS = FORM | {"paid_in": "points", "points_months": "6", "pays_0": "5", "cap_person": "300"}


def test_a_rule_in_points_is_written_and_read(client: Client, people, lin):
    client.force_login(lin)
    assert client.post(reverse("incentives:reward_rules"), IN_POINTS).status_code == 302
    rule = RewardRule.objects.get()
    assert (rule.currency, rule.terms["points_months"]) == ("PTS", 6)
    assert [step["amount"] for step in rule.terms["steps"]] == [5, 50]
    shown = client.get(reverse("incentives:reward_rules")).content.decode()
    assert "Interactions from 1,000: 50 points" in shown
    assert "Free 7 days later" in shown
    assert "At most 300 points a person and month" in shown
    assert "6 months later" in shown


def test_half_a_point_is_refused(client: Client, people, lin):
    client.force_login(lin)
    answer = client.post(reverse("incentives:reward_rules"), IN_POINTS | {"pays_0": "5.50"})
    assert answer.status_code == 422
    assert "Points are whole numbers." in answer.content.decode()
    assert not RewardRule.objects.exists()


def test_the_pages_and_the_phone_say_points(client: Client, people, lin, ruled):
    ruled()
    post = note(people.may, 3, 1_200)
    run(people)
    client.force_login(lin)
    listed = client.get(reverse("incentives:rewards")).content.decode()
    assert "300 points are held until" in listed
    page = client.get(reverse("incentives:reward", args=[reward_of(post).pk])).content.decode()
    assert "they live until" in page
    assert "¥" not in page
    whole = client.get(reverse("incentives:points_person", args=[people.may.pk])).content.decode()
    assert "Reward by a rule" in whole

    phone = Client()
    phone.force_login(c.person("may"))
    people.may.person = c.Person.objects.get(username="may")
    people.may.save()
    own = phone.get(reverse("mobile:rewards")).content.decode()
    assert "300 points are held until" in own
    assert "Points from notes" in own
