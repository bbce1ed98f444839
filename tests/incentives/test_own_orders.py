"""Who buys through their own code, or from their own team, is seen and checked (M19)."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import waiting
from accounts.choices import Role
from accounts.models import Activity
from incentives import own_orders, places
from incentives.commission import MANAGER, SELLER, SHARER
from incentives.models import OwnOrder
from incentives.plan_choices import SelfPurchase
from incentives.plans import NewRate, PlanTerms, approve, draft, submit
from kosops.lib.secrets import blind_index
from tests import cast as c
from tests.incentives.money import Office, accrue, code_of, differences, held
from tests.refusals import RESTRICTED, RULE_BROKEN, refused, sql

pytestmark = pytest.mark.django_db
NUMBER = "VIP-777"
RATES = (NewRate(SELLER, 500), NewRate(SHARER, 200), NewRate(MANAGER, 100, month_cap=100_000))


def key(number: str = NUMBER) -> bytes:
    return blind_index("member_id", number)


class Shop(Office):
    """The office with a manager, and a plan in which own orders give nothing."""

    def __init__(self, own: str = SelfPurchase.NOTHING) -> None:
        super().__init__()
        self.lead = c.creator(self.people.jingan, "K009", "Lead Liu")
        places.put(by=None, creator=self.zhou, first=dt.date(2026, 8, 1))
        places.put(by=None, creator=self.lead, first=dt.date(2026, 8, 1), leads=True)
        terms = PlanTerms("Own orders", dt.date(2026, 9, 1), cap_bp=3000, self_purchase=own)
        plan = draft(by=None, brand=self.brand, terms=terms, rates=RATES)
        approve(by=None, version=submit(by=None, version=plan))

    def bought_by(self, creator: Any, **facts: Any) -> Any:
        own_orders.link_buyer(by=None, creator=creator, number=NUMBER)
        return self.order("E1", 100_000, buyer_key=key(), sharer=self.may, **facts)


@pytest.fixture
def shop() -> Shop:
    return Shop()


@pytest.mark.parametrize(
    ("buyer", "role", "zhou", "may", "lead"),
    [
        ("zhou", "seller", 0, 2_000, 1_000),
        ("may", "sharer", 5_000, 0, 1_000),
        ("lead", "manager", 5_000, 2_000, 0),
    ],
)
def test_who_buys_through_themself_gets_nothing_and_is_found(
    shop: Shop, buyer: str, role: str, zhou: int, may: int, lead: int
) -> None:
    """M19: target 0 for the one who bought, the others as always, and the order waits for a check."""
    order = shop.bought_by(getattr(shop, buyer))
    accrue(shop.brand, "2026-09-20")
    assert (held(shop.zhou), held(shop.may), held(shop.lead)) == (zhou, may, lead)
    found = OwnOrder.objects.get()
    assert (found.order, found.creator, found.role) == (order, getattr(shop, buyer), role)
    assert found.checked_at is None
    assert differences() == {}


def test_a_plan_that_allows_it_pays_and_the_order_is_found_all_the_same() -> None:
    shop = Shop(own=SelfPurchase.ALLOWED)
    shop.bought_by(shop.zhou)
    accrue(shop.brand, "2026-09-20")
    assert held(shop.zhou) == 5_000
    assert OwnOrder.objects.get().creator == shop.zhou


def test_what_somebody_else_bought_is_no_own_order(shop: Shop) -> None:
    stranger = c.creator(shop.people.tianhe, "K077", "Guo Yan")
    shop.bought_by(stranger)
    shop.order("E2", 10_000, buyer_key=key("VIP-778"))
    shop.order("E3", 10_000)
    accrue(shop.brand, "2026-09-20")
    assert not OwnOrder.objects.exists()


def test_a_manager_of_another_store_buys_as_anybody(shop: Shop) -> None:
    other = c.creator(shop.people.tianhe, "K078", "Lead of Tianhe")
    places.put(by=None, creator=other, first=dt.date(2026, 8, 1), leads=True)
    shop.bought_by(other)
    accrue(shop.brand, "2026-09-20")
    assert not OwnOrder.objects.exists()


def test_a_number_that_becomes_known_later_finds_earlier_orders(shop: Shop) -> None:
    shop.order("E1", 10_000, buyer_key=key())
    shop.order("E2", 10_000, sharer=shop.may, buyer_key=key(shop.may.number))
    accrue(shop.brand, "2026-09-20")
    assert [own.creator for own in OwnOrder.objects.all()] == [shop.may], "KOCs by their number"
    assert own_orders.link_buyer(by=None, creator=shop.zhou, number=NUMBER) == 1
    assert OwnOrder.objects.count() == 2


def test_found_once_however_often_runs_look(shop: Shop) -> None:
    shop.bought_by(shop.zhou)
    for day in ("2026-09-20", "2026-09-21"):
        c.look_again(shop.people)
        accrue(shop.brand, day)
    assert OwnOrder.objects.count() == 1


def test_a_run_without_own_orders_asks_a_constant_number_of_queries(
    shop: Shop, django_assert_max_num_queries: Any
) -> None:
    for number in range(20):
        shop.order(f"E{number}", 1_000, buyer_key=key(f"V{number}"))
    with django_assert_max_num_queries(6):
        own_orders.find(shop.brand)


# -- checking ------------------------------------------------------------------


@pytest.fixture
def own(shop: Shop) -> OwnOrder:
    shop.bought_by(shop.zhou)
    accrue(shop.brand, "2026-09-20")
    return OwnOrder.objects.get()


def test_what_was_found_is_noted_once(shop: Shop, own: OwnOrder) -> None:
    checked = own_orders.check(by=shop.chen, own_order=own, note=" For the family ")
    assert (checked.checked_by, checked.note) == (shop.chen, "For the family")
    row = Activity.objects.get(verb="own_order.checked")
    assert (row.actor, row.after) == (shop.chen, {"note": "For the family"})
    again = lambda: own_orders.check(by=shop.zhao, own_order=own, note="x")  # noqa: E731
    assert code_of(again) == "checked_already"


def test_a_check_says_what_was_found_and_is_not_ones_own(shop: Shop, own: OwnOrder) -> None:
    assert code_of(lambda: own_orders.check(by=shop.chen, own_order=own, note=" ")) == "note_needed"
    shop.zhou.person = shop.chen
    shop.zhou.save()
    assert code_of(lambda: own_orders.check(by=shop.chen, own_order=own, note="x")) == "own_order"
    own.refresh_from_db()
    assert own.checked_at is None


def test_sql_cannot_undo_a_finding(shop: Shop, own: OwnOrder) -> None:
    for statement, code in (
        ("UPDATE incentives_ownorder SET role = 'sharer'", RESTRICTED),
        ("UPDATE incentives_ownorder SET checked_at = now()", RULE_BROKEN),
        ("DELETE FROM incentives_ownorder", RESTRICTED),
    ):
        with refused(code):
            sql(statement)
    own_orders.check(by=shop.chen, own_order=own, note="Fine")
    with refused(RESTRICTED):
        sql("UPDATE incentives_ownorder SET note = 'Not fine'")


def test_finance_checks_it_on_the_page(client: Client, shop: Shop, own: OwnOrder) -> None:
    assert waiting.facts_of(shop.chen)["own_orders"] == 1
    client.force_login(shop.chen)
    listed = client.get(reverse("incentives:own_orders") + "?state=open")
    assert "Zhou Min" in listed.text and "E1" in listed.text
    page = client.get(reverse("incentives:own_order", args=[own.pk]))
    assert "0%" in page.text, "what the plan of the day gives"
    address = reverse("incentives:own_order_check", args=[own.pk])
    assert client.post(address, {"note": ""}).status_code == 422
    answer = client.post(address, {"note": "For the family"}, follow=True)
    assert "For the family" in answer.text
    assert "Zhou Min" not in client.get(reverse("incentives:own_orders") + "?state=open").text
    assert "Zhou Min" in client.get(reverse("incentives:own_orders") + "?state=checked&q=E1").text


def test_an_analyst_looks_and_does_not_check(client: Client, shop: Shop, own: OwnOrder) -> None:
    client.force_login(c.person("analyst", (Role.ANALYST, shop.brand)))
    assert client.get(reverse("incentives:own_order", args=[own.pk])).status_code == 200
    address = reverse("incentives:own_order_check", args=[own.pk])
    assert client.post(address, {"note": "x"}).status_code in (403, 404)
    own.refresh_from_db()
    assert own.checked_at is None


def test_the_buyer_is_told_that_somebody_else_checks(
    client: Client, shop: Shop, own: OwnOrder
) -> None:
    shop.zhou.person = shop.chen
    shop.zhou.save()
    client.force_login(shop.chen)
    page = client.get(reverse("incentives:own_order", args=[own.pk]))
    assert "You bought this yourself" in page.text
    assert (
        "own_orders" not in waiting.facts_of(shop.chen)
        or not waiting.facts_of(shop.chen)["own_orders"]
    )
