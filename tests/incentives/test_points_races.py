"""Two people at once at the last coupon, and one person twice at the same points (M31).

Each race runs as well with its guards taken away, to show what harm they prevent.
"""

import datetime as dt
import uuid
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.db import connection
from django.utils import timezone

from accounts.choices import Role
from incentives import perks, points
from incentives.models import CouponCode, LedgerAccount, Redemption, Reward
from tests import cast as c
from tests.incentives.races import Race, keep, own_database, put_back
from tests.refusals import sql


@pytest.fixture(scope="module", autouse=True)
def in_an_own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("points"):
        keep()
        yield


@pytest.fixture(autouse=True)
def and_back_again(in_an_own_database: None) -> Iterator[None]:
    yield
    put_back()


class Shop:
    """May and Zhou with 300 points each, and a coupon of 200 with one code."""

    def __init__(self) -> None:
        people = c.cast()
        self.brand, self.may, self.zhou = people.brand, people.may, people.zhou
        lin = c.person("lin", (Role.OPERATOR, self.brand))
        for creator in (self.may, self.zhou):
            points.give(by=lin, creator=creator, points=300, reason="Fair", client_key=uuid.uuid4())
        self.coupon = self.reward(kind="coupon", delivery="code", state="draft")
        perks.add_codes(by=lin, reward=self.coupon, codes=["ONLY-ONE"])
        perks.set_state(by=lin, reward=self.coupon, state="open")

    def reward(self, **fields: Any) -> Reward:
        facts = {
            "kind": "gift",
            "name": "Cream",
            "delivery": "store",
            "price": 200,
            "opens_on": dt.date(2026, 1, 1),
            "state": "open",
        }
        return perks.add_reward(by=None, brand=self.brand, **(facts | fields))

    def take(self, creator: Any, reward: Reward) -> Redemption:
        return perks.redeem(by=None, creator=creator, reward=reward, client_key=uuid.uuid4())

    def left(self, creator: Any) -> int:
        return points.balance_of(creator, timezone.localdate()).released


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.fixture
def race(monkeypatch: pytest.MonkeyPatch) -> Race:
    """Everybody comes as far as the check before anybody takes."""
    race = Race()
    monkeypatch.setattr(perks, "_check_may_take", race.before(perks._check_may_take))
    monkeypatch.setattr(points, "balance_of", met_after(race, points.balance_of))
    return race


def met_after(race: Race, act: Any) -> Any:
    def then_meet(*args: Any, **more: Any) -> Any:
        found = act(*args, **more)
        race.meet()
        return found

    return then_meet


def no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "lock", lambda creator: None)


def test_the_last_coupon_goes_to_one(shop: Shop, race: Race) -> None:
    ends = race.run(
        lambda: shop.take(shop.may, shop.coupon), lambda: shop.take(shop.zhou, shop.coupon)
    )
    assert sorted(end.code for end in ends) == ["", "out_of_stock"]
    shop.coupon.refresh_from_db()
    assert (shop.coupon.taken, Redemption.objects.count()) == (1, 1)
    assert CouponCode.objects.exclude(redemption=None).count() == 1
    assert sorted([shop.left(shop.may), shop.left(shop.zhou)]) == [100, 300]


def test_the_same_points_are_spent_once(shop: Shop, race: Race) -> None:
    cream = shop.reward()
    ends = race.run(lambda: shop.take(shop.may, cream), lambda: shop.take(shop.may, cream))
    assert sorted(end.code for end in ends) == ["", "not_enough_points"]
    assert (shop.left(shop.may), Redemption.objects.count()) == (100, 1)


def test_without_the_lock_the_same_points_would_be_spent_twice(
    shop: Shop, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: two rewards, so that no other row keeps the two apart."""
    no_locks(monkeypatch)
    one, other = shop.reward(), shop.reward(name="Soap")
    ends = race.run(lambda: shop.take(shop.may, one), lambda: shop.take(shop.may, other))
    assert [end.code for end in ends] == ["", ""]
    assert shop.left(shop.may) == -100


def test_with_the_lock_two_rewards_do_not_spend_the_same_points(shop: Shop, race: Race) -> None:
    one, other = shop.reward(), shop.reward(name="Soap")
    ends = race.run(lambda: shop.take(shop.may, one), lambda: shop.take(shop.may, other))
    assert sorted(end.code for end in ends) == ["", "not_enough_points"]
    assert shop.left(shop.may) == 100


def test_a_run_does_not_keep_anybody_from_spending(shop: Shop) -> None:
    """A posting takes a weak lock on the account; who spends goes past it."""
    race = Race()
    account = LedgerAccount.objects.get(kind="points", creator=shop.may)

    def run_half_way() -> None:
        with connection.cursor() as cursor:
            cursor.execute("BEGIN")
            cursor.execute(
                "SELECT id FROM incentives_ledgeraccount WHERE id = %s FOR KEY SHARE", [account.pk]
            )
            race.meet()
            race.meet()
            cursor.execute("ROLLBACK")

    def spend() -> None:
        race.meet()
        shop.take(shop.may, shop.reward())
        race.meet()

    assert [end.code for end in race.run(run_half_way, spend)] == ["", ""]
    assert shop.left(shop.may) == 100


# -- the last piece ------------------------------------------------------------


def two_at_the_last_piece(shop: Shop, race: Race) -> list[str]:
    cream = shop.reward(stock=1)
    ends = race.run(lambda: shop.take(shop.may, cream), lambda: shop.take(shop.zhou, cream))
    return sorted(end.code for end in ends)


def without_the_lock_on_the_reward(monkeypatch: pytest.MonkeyPatch) -> None:
    objects = Reward.objects
    unlocked = SimpleNamespace(
        select_for_update=lambda of: objects.all(), filter=objects.filter, create=objects.create
    )
    monkeypatch.setattr(perks, "Reward", lambda **fields: Reward(**fields))
    monkeypatch.setattr(perks.Reward, "objects", unlocked, raising=False)


def test_the_last_piece_goes_to_one(shop: Shop, race: Race) -> None:
    assert two_at_the_last_piece(shop, race) == ["", "out_of_stock"]
    assert (Reward.objects.get(kind="gift").taken, Redemption.objects.count()) == (1, 1)


def test_without_the_lock_the_stock_itself_refuses_the_second(
    shop: Shop, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: taken away is FOR UPDATE on the reward; a check of the database stands behind."""
    without_the_lock_on_the_reward(monkeypatch)
    assert two_at_the_last_piece(shop, race) == ["", "IntegrityError"]
    assert Redemption.objects.count() == 1


def test_without_lock_and_check_the_last_piece_is_given_twice(
    shop: Shop, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control's control: the harm is real."""
    without_the_lock_on_the_reward(monkeypatch)
    sql("ALTER TABLE incentives_reward DROP CONSTRAINT reward_within_stock")
    try:
        assert two_at_the_last_piece(shop, race) == ["", ""]
        found = Reward.objects.get(kind="gift")
        assert (found.taken, found.stock, Redemption.objects.count()) == (2, 1, 2)
    finally:
        sql("UPDATE incentives_reward SET taken = 0")
        sql(
            "ALTER TABLE incentives_reward ADD CONSTRAINT reward_within_stock"
            " CHECK (stock IS NULL OR taken <= stock)"
        )
