"""The catalogue: who is offered what, taking it for points, codes, handing out, points back."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Activity, Person
from incentives import perks, points, points_sql, proof, reward_proof
from incentives.models import CouponCode, Redemption, Reward
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import code_of

# -- the catalogue in the database ---------------------------------------------


@pytest.fixture
def people(db: None) -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(people: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, people.brand))


def has_points(lin: Person, creator: Creator, number: int = 500) -> None:
    points.give(by=lin, creator=creator, points=number, reason="Fair", client_key=uuid.uuid4())


def spendable(creator: Creator) -> int:
    return points.balance_of(creator, timezone.localdate()).spendable


def reward(people: c.Cast, **fields: Any) -> Reward:
    usual = {
        "kind": "gift",
        "name": "Hand cream",
        "delivery": "store",
        "price": 200,
        "stock": 2,
        "opens_on": dt.date(2026, 1, 1),
        "state": "open",
    }
    return perks.add_reward(by=None, brand=people.brand, **(usual | fields))


def coupon(people: c.Cast, lin: Person, *codes: str, **fields: Any) -> Reward:
    facts = {"kind": "coupon", "delivery": "code", "name": "20 off", "state": "draft"} | fields
    made = reward(people, **facts)
    perks.add_codes(by=lin, reward=made, codes=codes)
    return perks.set_state(by=lin, reward=made, state="open")


def take(creator: Creator, wanted: Reward, **fields: Any) -> Redemption:
    facts = {"client_key": uuid.uuid4()} | fields
    return perks.redeem(by=None, creator=creator, reward=wanted, **facts)


def test_a_gift_costs_its_points_once(people: c.Cast, lin: Person) -> None:
    has_points(lin, people.may)
    cream = reward(people)
    key = uuid.uuid4()
    first = take(people.may, cream, client_key=key)
    again = take(people.may, cream, client_key=key)
    cream.refresh_from_db()
    assert first == again
    assert (spendable(people.may), cream.taken, first.points) == (300, 1, 200)
    assert Activity.objects.filter(verb="redemption.added").count() == 1
    assert points_sql.differences(people.brand) == []


def test_who_cannot_pay_takes_nothing(people: c.Cast, lin: Person) -> None:
    has_points(lin, people.may, 199)
    cream = reward(people)
    assert code_of(lambda: take(people.may, cream)) == "not_enough_points"
    cream.refresh_from_db()
    assert (cream.taken, Redemption.objects.count(), spendable(people.may)) == (0, 0, 199)


def test_refusals_leave_everything_as_it_was(people: c.Cast, lin: Person) -> None:
    has_points(lin, people.may)
    for fields, code in (
        ({"stock": 0}, "out_of_stock"),
        ({"creator_kind": "kos"}, "not_for_you"),
        ({"tiers": ["senior"]}, "not_for_you"),
        ({"unit": people.tianhe}, "not_for_you"),
        ({"closes_on": dt.date(2026, 1, 2)}, "reward_over"),
        ({"opens_on": dt.date(2099, 1, 1)}, "not_open_yet"),
        ({"state": "closed"}, "reward_closed"),
        ({"delivery": "post"}, "address_needed"),
    ):
        wanted = reward(people, **fields)
        assert code_of(lambda wanted=wanted: take(people.may, wanted)) == code
    people.may.state = "paused"
    assert code_of(lambda: take(people.may, reward(people))) == "not_active"
    assert (spendable(people.may), Redemption.objects.count()) == (500, 0)


def test_the_limit_per_person_counts_what_was_not_cancelled(people: c.Cast, lin: Person) -> None:
    has_points(lin, people.may)
    cream = reward(people, per_person=1, price=10)
    first = take(people.may, cream)
    assert code_of(lambda: take(people.may, cream)) == "had_enough"
    perks.cancel(by=lin, redemption=first, reason="Sold out")
    take(people.may, cream)


def test_a_code_is_shown_to_its_owner_and_given_out_once(people: c.Cast, lin: Person) -> None:
    has_points(lin, people.may)
    twenty = coupon(people, lin, "AAA-1", "AAA-2", "AAA-1")
    assert twenty.stock == 2
    codes = {perks.code_of(take(people.may, twenty)) for _each in range(2)}
    assert codes == {"AAA-1", "AAA-2"}
    assert code_of(lambda: take(people.may, twenty)) == "out_of_stock"
    stored = bytes(CouponCode.objects.earliest("pk").code)
    assert b"AAA-1" not in stored
    used = CouponCode.objects.earliest("pk")
    with pytest.raises(IntegrityError), transaction.atomic():
        CouponCode.objects.filter(pk=used.pk).update(redemption=None)


def test_codes_of_the_brand_are_never_added_twice(people: c.Cast, lin: Person) -> None:
    coupon(people, lin, "AAA-1")
    other = reward(people, kind="coupon", delivery="code", state="draft")
    assert perks.add_codes(by=lin, reward=other, codes=["AAA-1", "BBB-1"]) == 1
    refused = code_of(lambda: perks.add_codes(by=lin, reward=other, codes=[" "]))
    assert refused == "no_codes"
    refused = code_of(lambda: perks.add_codes(by=lin, reward=other, codes=["x" * 61]))
    assert refused == "code_too_long"
    refused = code_of(lambda: perks.add_codes(by=lin, reward=reward(people), codes=["x"]))
    assert refused == "not_a_coupon"
    assert len(set(perks.new_codes(50))) == 50


def test_a_coupon_without_codes_does_not_open(people: c.Cast, lin: Person) -> None:
    empty = reward(people, kind="coupon", delivery="code", state="draft")
    assert code_of(lambda: perks.set_state(by=lin, reward=empty, state="open")) == "no_codes"


def test_cancelling_brings_points_and_piece_back_exactly(people: c.Cast, lin: Person) -> None:
    has_points(lin, people.may)
    cream = reward(people, stock=1)
    taken = take(people.may, cream)
    assert code_of(lambda: perks.cancel(by=lin, redemption=taken, reason="")) == "reason_needed"
    perks.cancel(by=lin, redemption=taken, reason="Broken")
    cream.refresh_from_db()
    assert (spendable(people.may), cream.left) == (500, 1)
    refused = code_of(lambda: perks.cancel(by=lin, redemption=taken, reason="Again"))
    assert refused == "wrong_state_change"
    assert spendable(people.may) == 500
    assert points_sql.differences(people.brand) == []


def test_the_proof_finds_a_piece_that_nobody_has(people: c.Cast, lin: Person) -> None:
    has_points(lin, people.may)
    cream = reward(people)
    perks.cancel(by=lin, redemption=take(people.may, cream), reason="Broken")
    take(people.may, cream)
    checks = reward_proof.CHECKS
    found = proof.verify(checks=checks)
    assert [each.code for each in found if each.differences] == []
    Reward.objects.filter(pk=cream.pk).update(taken=2)
    found = proof.verify(checks=checks)
    assert [each.code for each in found if each.differences] == ["pieces_taken"]


def test_sending_needs_a_number_and_ends_with_the_address_gone(people: c.Cast, lin: Person) -> None:
    has_points(lin, people.may)
    parcel = take(people.may, reward(people, delivery="post"), address="May, 138, Nanjing Road")
    assert perks.address_of(parcel) == "May, 138, Nanjing Road"
    assert b"Nanjing" not in bytes(parcel.address or b"")
    refused = code_of(lambda: perks.hand_out(by=lin, redemption=parcel, state="sent"))
    assert refused == "tracking_needed"
    sent = perks.hand_out(by=lin, redemption=parcel, state="sent", tracking="SF100")
    done = perks.hand_out(by=lin, redemption=sent, state="done")
    assert (done.tracking, done.address) == ("SF100", None)
    handed = take(people.may, reward(people))
    refused = code_of(
        lambda: perks.hand_out(by=lin, redemption=handed, state="sent", tracking="SF1")
    )
    assert refused == "not_by_post"


def test_what_was_paid_never_changes(people: c.Cast, lin: Person) -> None:
    has_points(lin, people.may)
    taken = take(people.may, reward(people))
    for change in ({"points": 1}, {"state": "sent", "creator": people.zhou}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Redemption.objects.filter(pk=taken.pk).update(**change)
    perks.hand_out(by=lin, redemption=taken, state="done")
    with pytest.raises(IntegrityError), transaction.atomic():
        Redemption.objects.filter(pk=taken.pk).update(state="to_do")


def test_a_free_benefit_of_a_tier_is_offered_to_those_who_have_it(
    people: c.Cast, lin: Person
) -> None:
    seat = reward(
        people, kind="benefit", name="Camera course", delivery="arranged", price=0, tiers=["senior"]
    )
    today = timezone.localdate()
    assert perks.offers_for(people.may, today, 0) == []
    assert list(perks.unlocks_of(people.may, "senior")) == [seat]
    people.may.tier = "senior"
    (offer,) = perks.offers_for(people.may, today, 0)
    assert offer.takes
    assert take(people.may, seat).points == 0


def test_rewards_that_cannot_be_are_refused(people: c.Cast, lin: Person) -> None:
    assert code_of(lambda: reward(people, closes_on=dt.date(2025, 1, 1))) == "ends_before_start"
    assert code_of(lambda: reward(people, price=0)) == "price_needed"
    assert code_of(lambda: reward(people, delivery="code")) == "coupon_by_code"
    has_points(lin, people.may)
    cream = reward(people)
    take(people.may, cream)
    refused = code_of(lambda: perks.change_reward(by=lin, reward=cream, stock=0))
    assert refused == "stock_below_taken"
    refused = code_of(lambda: perks.change_reward(by=lin, reward=cream, delivery="post"))
    assert refused == "delivery_fixed"
    assert perks.change_reward(by=lin, reward=cream, stock=9).stock == 9
    with pytest.raises(IntegrityError), transaction.atomic():
        Reward.objects.filter(pk=cream.pk).update(taken=10)
