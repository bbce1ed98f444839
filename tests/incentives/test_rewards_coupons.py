"""Rewards in coupons: handed out at the check, once, waiting for stock, withdrawn, proved."""

from __future__ import annotations

import threading
import uuid
from functools import partial

import pytest
from django.db import IntegrityError, connection, transaction
from django.urls import reverse

from accounts import waiting
from accounts.choices import Role
from content.models import Post
from incentives import perks, points, proof, reward_proof, rewards, rewards_coupons, rewards_rule
from incentives.models import CouponCode, Redemption, Reward, RewardItem, RewardRule
from incentives.rewards_rule import RuleFault, Step, Terms
from kosops.lib.errors import DomainError
from matrix.models import Creator
from tests import cast as c
from tests.incentives.test_perks import coupon
from tests.incentives.test_rewards_pages import FORM
from tests.incentives.test_rewards_runs import (
    TODAY,
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

__all__ = ["lin", "people", "zhao"]

pytestmark = pytest.mark.django_db
STEPS = [{"at_least": 0, "amount": 1}, {"at_least": 1_000, "amount": 2}]


@pytest.fixture
def ten(people, lin):
    """A coupon with three codes, not offered for points."""
    made = coupon(people, lin, "AAA-1", "AAA-2", "AAA-3", name="10 off", price=50)
    return perks.set_state(by=lin, reward=made, state="closed")


@pytest.fixture
def ruled(people, lin, zhao, ten):
    def make(handed_out=ten, **changed):
        rule = rewards.propose(
            by=lin,
            brand=people.brand,
            name=changed.pop("name", "Coupons for notes"),
            terms=terms(**({"steps": STEPS, "coupon_cost": 1_000} | changed)),
            first_day=TODAY - days(30),
            coupon=handed_out,
        )
        return rewards.approve(by=zhao, rule=rule)

    return make


def pieces(creator):
    return Redemption.objects.filter(creator=creator).order_by("item", "piece")


def states(creator):
    return [each.state for each in pieces(creator)]


def free(reward):
    return CouponCode.objects.filter(reward=reward, redemption=None).count()


def left(reward):
    reward.refresh_from_db()
    return reward.left


def differences():
    found = proof.verify(checks=reward_proof.CHECKS)
    return [finding.code for finding in found if finding.differences]


# -- handing out ---------------------------------------------------------------


def test_a_coupon_is_held_until_the_check_and_then_handed_out(people, ruled, ten):
    ruled()
    young, old = note(people.may, 3, 1_200), note(people.may, 8)
    made = run(people)
    assert made.counts == {"rewards": 2, "lines": 3, "journals": 0, "coupons": 1}
    assert (reward_of(young).earned, reward_of(young).released) == (2, 0)
    (piece,) = pieces(people.may)
    assert (piece.item, piece.state, piece.points) == (reward_of(old), "done", 0)
    assert (left(ten), free(ten)) == (2, 2)
    assert owed(people, people.may, "accrued") == owed(people, people.may, "payable") == 0
    assert differences() == []


def test_a_second_run_hands_out_nothing(people, ruled, ten):
    ruled()
    note(people.may, 8, 1_200)
    run(people)
    assert run(people).counts == {"rewards": 0, "lines": 0, "journals": 0}
    assert (pieces(people.may).count(), left(ten)) == (2, 1)


def test_a_run_that_is_cut_off_has_handed_out_nothing(people, ruled, ten):
    ruled()
    note(people.may, 8)
    with transaction.atomic():
        run(people)
        transaction.set_rollback(True)
    assert (pieces(people.may).count(), left(ten), free(ten)) == (0, 3, 3)
    run(people)
    assert (pieces(people.may).count(), left(ten), free(ten)) == (1, 2, 2)


def test_a_step_reached_later_hands_out_the_rest(people, ruled):
    ruled()
    post = note(people.may, 8, 900)
    run(people)
    Post.objects.filter(pk=post.pk).update(likes=1_000)
    run(people)
    assert [each.piece for each in pieces(people.may)] == [1, 2]


def test_a_benefit_without_a_code_waits_for_a_person(people, lin, ruled):
    seat = perks.add_reward(
        by=None,
        brand=people.brand,
        kind="benefit",
        name="Seat",
        delivery="arranged",
        price=0,
        stock=1,
        opens_on=TODAY,
    )
    ruled(handed_out=seat, steps=[{"at_least": 0, "amount": 1}])
    post = note(people.may, 8)
    run(people)
    assert states(people.may) == ["to_do"]
    perks.hand_out(by=lin, redemption=pieces(people.may).get(), state="done")
    Post.objects.filter(pk=post.pk).update(state="removed")
    run(people)
    assert states(people.may) == ["done"], "what was handed over stays handed over"
    assert left(seat) == 0
    assert differences() == []


def test_what_was_cancelled_by_hand_is_not_handed_out_again(people, lin, ruled):
    gift = perks.add_reward(
        by=None,
        brand=people.brand,
        kind="gift",
        name="Soap",
        delivery="store",
        price=9,
        stock=5,
        opens_on=TODAY,
    )
    ruled(handed_out=gift, steps=[{"at_least": 0, "amount": 1}])
    note(people.may, 8)
    run(people)
    perks.cancel(by=lin, redemption=pieces(people.may).get(), reason="Moved away")
    assert run(people).counts == {"rewards": 0, "lines": 0, "journals": 0}
    assert (states(people.may), left(gift)) == (["cancelled"], 5)


# -- out of stock --------------------------------------------------------------


def test_out_of_stock_waits_and_is_handed_out_when_codes_come(people, lin, ruled, ten):
    rule = ruled()
    note(people.may, 9, 1_200)
    second = note(people.may, 8, 1_200)
    made = run(people)
    assert made.counts["coupons"] == 3
    assert made.counts["coupons_wait"] == 1
    assert rewards_coupons.waiting(RewardItem.objects.all()) == {rule.pk: 1}
    assert rewards_coupons.short(RewardItem.objects.all()).get() == reward_of(second)
    perks.add_codes(by=lin, reward=ten, codes=["BBB-1", "BBB-2"])
    assert rewards_coupons.hand_out(by=lin, reward=ten) == 1
    assert (pieces(people.may).count(), left(ten), free(ten)) == (4, 1, 1)
    assert rewards_coupons.waiting(RewardItem.objects.all()) == {}


def test_first_done_is_served_first(people, ruled):
    ruled(steps=[{"at_least": 0, "amount": 2}])
    late, early = note(people.may, 8), note(people.may, 9)
    run(people)
    assert reward_of(early).pieces.count() == 2
    assert reward_of(late).pieces.count() == 1


def test_the_budget_counts_the_cost_of_each_coupon(people, ruled):
    ruled(budget=2_900)
    note(people.may, 9, 1_200)
    note(people.may, 8, 1_200)
    run(people)
    assert pieces(people.may).count() == 2
    assert sorted(RewardItem.objects.values_list("standing", flat=True)) == [
        "cap_budget",
        "payable",
    ]


def test_the_limit_of_a_month_is_in_coupons(people, ruled):
    ruled(cap_person=3, check_days=1)
    note(people.may, 1, 1_200)
    note(people.may, 1, 1_200)
    run(people)
    assert pieces(people.may).count() == 3


# -- taking back ---------------------------------------------------------------


def test_a_code_nobody_saw_goes_back_to_the_stock(people, ruled, ten):
    ruled()
    post = note(people.may, 8)
    run(people)
    Post.objects.filter(pk=post.pk).update(state="removed")
    assert run(people).counts["coupons_back"] == 1
    piece = pieces(people.may).get()
    assert (piece.state, perks.code_of(piece)) == ("cancelled", "")
    assert (left(ten), free(ten)) == (3, 3)
    assert differences() == []


def test_a_code_that_was_shown_is_withdrawn_and_given_to_nobody(people, ruled, ten):
    ruled()
    post = note(people.may, 8)
    run(people)
    piece = rewards_coupons.show_code(by=people.may.person, redemption=pieces(people.may).get())
    seen = perks.code_of(piece)
    assert seen.startswith("AAA-")
    Post.objects.filter(pk=post.pk).update(state="removed")
    run(people)
    assert (states(people.may), left(ten), free(ten)) == (["cancelled"], 2, 2)
    assert perks.code_of(pieces(people.may).get()) == ""
    Post.objects.filter(pk=post.pk).update(state="online")
    run(people)
    piece = pieces(people.may).get()
    assert (piece.state, perks.code_of(piece)) == ("done", seen), "the same one, not a second"
    assert (left(ten), free(ten)) == (2, 2)
    assert differences() == []


def test_a_note_that_comes_back_gets_one_coupon_again(people, ruled, ten):
    ruled()
    post = note(people.may, 8)
    for state in ("online", "removed", "online"):
        Post.objects.filter(pk=post.pk).update(state=state)
        run(people)
    assert (states(people.may), left(ten), free(ten)) == (["done"], 2, 2)


def test_a_hidden_note_keeps_its_coupon_and_gets_no_new_one(people, ruled):
    ruled()
    shown, young = note(people.may, 8), note(people.may, 9, state="hidden")
    run(people)
    Post.objects.filter(pk=shown.pk).update(state="hidden")
    assert "coupons_back" not in run(people).counts
    assert states(people.may) == ["done"]
    assert reward_of(young).pieces.count() == 0


def test_a_withdrawn_code_is_not_shown(people, ruled):
    ruled()
    post = note(people.may, 8)
    run(people)
    before = pieces(people.may).get()
    Post.objects.filter(pk=post.pk).update(state="removed")
    run(people)
    refused("no_code", rewards_coupons.show_code, by=people.may.person, redemption=before)


# -- two at once ---------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_the_last_code_goes_to_one_of_two(people, lin, ruled, ten):
    """A run hands out what somebody takes for points at the same moment."""
    perks.set_state(by=lin, reward=ten, state="open")
    points.give(by=lin, creator=people.zhou, points=500, reason="Fair", client_key=uuid.uuid4())
    ruled(steps=[{"at_least": 0, "amount": 3}])
    note(people.may, 8)
    start, said = threading.Barrier(2), []

    def at_once(command):
        start.wait()
        try:
            command()
        except DomainError as refusal:
            said.append(refusal.code)
        finally:
            connection.close()

    take = partial(perks.redeem, by=None, creator=people.zhou, reward=ten, client_key=uuid.uuid4())
    both = [threading.Thread(target=at_once, args=[each]) for each in (partial(run, people), take)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert said in ([], ["out_of_stock"])
    assert (left(ten), free(ten)) == (0, 0)
    with_code = CouponCode.objects.filter(redemption__isnull=False)
    assert with_code.values("redemption").distinct().count() == 3
    assert pieces(people.may).count() + pieces(people.zhou).count() == 3


# -- what is refused -----------------------------------------------------------


def test_rules_that_cannot_be(people, lin, ten):
    propose = partial(
        rewards.propose, by=lin, brand=people.brand, name="N", first_day=TODAY, terms=terms()
    )
    refused("coupon_needed", propose, coupon=ten)
    in_coupons = terms(steps=STEPS, coupon_cost=1_000)
    refused("coupon_needed", propose, terms=in_coupons)
    for wrong in (
        {"points_months": 6},
        {"budget": 500, "coupon_cost": 0},
        {"steps": [{"at_least": 0, "amount": 21}]},
    ):
        refused("invalid_reward_rule", propose, terms=in_coupons | wrong, coupon=ten)
    post = perks.add_reward(
        by=None,
        brand=people.brand,
        kind="gift",
        name="Box",
        delivery="post",
        price=9,
        opens_on=TODAY,
    )
    refused("coupon_by_post", propose, terms=in_coupons, coupon=post)
    with pytest.raises(RuleFault):
        rewards_rule.terms_from_json(in_coupons | {"coupon_cost": "1"})


def test_the_budget_pays_for_whole_pieces():
    rule = Terms("note", (Step(0, 1),), coupon_cost=1_000, budget=2_999)
    assert rule.most == 2
    assert Terms("note", (Step(0, 1),), budget=2_999).most == 2_999


def test_a_coupon_of_a_rule_keeps_how_it_is_handed_out(people, lin, ruled):
    soap = perks.add_reward(
        by=None,
        brand=people.brand,
        kind="gift",
        name="Soap",
        delivery="store",
        price=9,
        opens_on=TODAY,
    )
    ruled(handed_out=soap)
    refused("delivery_fixed", perks.change_reward, by=lin, reward=soap, delivery="post")


def test_the_database_holds_what_a_piece_is(people, ruled, ten):
    ruled()
    post = note(people.may, 8)
    run(people)
    piece, item = pieces(people.may).get(), reward_of(post)
    held = reward_of(post)
    for fields in (
        {"piece": 1},
        {"piece": 2},
        {"piece": 0},
        {"piece": 2, "creator": people.zhou},
        {"piece": None},
    ):
        facts = {
            "brand": people.brand,
            "reward": ten,
            "creator": people.may,
            "points": 0,
            "item": held,
            "client_key": uuid.uuid4(),
            "created_at": piece.created_at,
            "changed_at": piece.created_at,
        }
        with pytest.raises(IntegrityError), transaction.atomic():
            Redemption.objects.create(**facts | fields)
    for change in ({"state": "cancelled"}, {"piece": 9}, {"item": None, "piece": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Redemption.objects.filter(pk=piece.pk).update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        CouponCode.objects.filter(redemption=piece).update(redemption=None)
    with pytest.raises(IntegrityError), transaction.atomic():
        RewardRule.objects.filter(pk=item.rule_id).update(coupon=None)


def test_the_proof_finds_a_piece_too_many(people, ruled, ten):
    ruled()
    note(people.may, 8)
    run(people)
    with as_owner_without_guards():
        sql("UPDATE incentives_rewarditem SET earned = 0, released = 0")
    assert differences() == ["rewards_in_coupons"]
    with as_owner_without_guards():
        sql("UPDATE incentives_reward SET taken = 0")
    assert differences() == ["rewards_in_coupons", "codes_in_stock"]
    assert Reward.objects.get(pk=ten.pk).left == 3


# -- the pages -----------------------------------------------------------------


@pytest.fixture
def hq(client, lin):
    client.force_login(lin)
    return client


def page(client, name, *args):
    response = client.get(reverse(name, args=args))
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def in_coupons(ten, **changed):
    form = FORM | {"paid_in": "coupons", "coupon": ten.pk, "coupon_cost": "10", "budget": "300"}
    return form | {"pays_0": "1", "pays_1": "2", "cap_person": "3"} | changed


def test_a_rule_is_written_approved_and_says_what_it_hands_out(hq, people, zhao, ten):
    rules = reverse("incentives:reward_rules")
    assert hq.post(rules, in_coupons(ten)).status_code == 302
    rule = RewardRule.objects.get()
    assert (rule.currency, rule.coupon, rule.terms["budget"]) == ("CPN", ten, 30_000)
    hq.force_login(zhao)
    hq.post(reverse("incentives:reward_rule_decide", args=[rule.pk]), {"decision": "approve"})
    shown = page(hq, "incentives:reward_rules")
    assert "As such: 10 off × 1" in shown
    assert "Handed out 7 days later, if it still stands then" in shown
    assert "At most 10 off × 3 a person and month" in shown
    assert "Each costs ¥10.00 of the budget" in shown


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"coupon": ""}, "Say which coupon the rule hands out."),
        ({"pays_0": "1.5"}, "Coupons are whole numbers."),
        ({"coupon_cost": ""}, "Say what one coupon costs"),
    ],
)
def test_a_rule_that_cannot_be_is_said(hq, ten, changed, said):
    answer = hq.post(reverse("incentives:reward_rules"), in_coupons(ten, **changed))
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_out_of_stock_is_said_at_the_rule_to_hq_and_in_the_queue(hq, people, lin, ruled, ten):
    ruled()
    note(people.may, 9, 1_200)
    second = note(people.may, 8, 1_200)
    run(people)
    for name, *args in (
        ("incentives:reward_rules",),
        ("incentives:catalogue_item", ten.pk),
        ("incentives:reward", reward_of(second).pk),
    ):
        assert "1 piece of “10 off” waits: none is left." in page(hq, name, *args), name
    assert "10 off × 2: 1 waits, since none is left" in page(hq, "incentives:rewards")
    assert waiting.facts_of(lin)["coupons_short"] == 1
    assert "coupon is owed and none is left" in " ".join(
        str(each.text) for each in waiting.items_for(lin)
    )
    codes = reverse("incentives:catalogue_codes", args=[ten.pk])
    said = hq.post(codes, {"lines": "CCC-1"}, follow=True).content.decode()
    assert "1 that waited was handed out." in said
    assert "waits: none is left" not in page(hq, "incentives:reward_rules")


def test_hq_sees_what_was_handed_out_for_a_note(hq, people, ruled):
    ruled()
    post = note(people.may, 8)
    run(people)
    shown = page(hq, "incentives:reward", reward_of(post).pk)
    piece = pieces(people.may).get()
    assert "10 off × 1: handed out." in shown
    assert reverse("incentives:redemption", args=[piece.pk]) in shown
    assert "Coupons for notes" in page(hq, "incentives:redemption", piece.pk)


def test_the_phone_shows_the_code_when_asked(client, people, ruled):
    may = c.person("may", (Role.KOC, people.jingan))
    Creator.objects.filter(pk=people.may.pk).update(person=may)
    client.force_login(may)
    ruled()
    post = note(people.may, 8)
    run(people)
    piece = pieces(people.may).get()
    own = reverse("mobile:own_reward", args=[piece.pk])
    shown = page(client, "mobile:rewards")
    assert "10 off × 1: handed out." in shown
    assert own in shown
    assert "AAA-" not in client.get(own).content.decode(), "not before it is asked for"
    assert "AAA-" in client.post(own, follow=True).content.decode()
    Post.objects.filter(pk=post.pk).update(state="removed")
    run(people)
    shown = client.get(own).content.decode()
    assert "Withdrawn, since what it was for does not stand any more." in shown
    assert "AAA-" not in shown


def test_the_phone_counts_what_is_there_and_says_what_waits(client, people, ruled):
    may = c.person("may", (Role.KOC, people.jingan))
    Creator.objects.filter(pk=people.may.pk).update(person=may)
    client.force_login(may)
    ruled(steps=[{"at_least": 0, "amount": 2}])
    note(people.may, 9)
    note(people.may, 8)
    run(people)
    shown = client.get(reverse("mobile:rewards"))
    assert shown.context["coupons_here"] == 3
    assert "10 off × 2: 1 waits, since none is left" in shown.content.decode()
