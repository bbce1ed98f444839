"""Places in a store: who has one, from when, and who may say so."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from customers.models import ChangedOrder
from incentives import places
from incentives.models import OwnBuyer, StaffPlace
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import code_of
from tests.refusals import OVERLAP, RESTRICTED, RULE_BROKEN, refused, sql

pytestmark = pytest.mark.django_db

FIRST = dt.date(2026, 9, 1)


@pytest.fixture
def people() -> c.Cast:
    return c.cast()


def put(creator: Creator, day: dt.date = FIRST, **more) -> StaffPlace:
    return places.put(by=None, creator=creator, first=day, **more)


def test_a_new_lead_follows_the_old_one_from_the_day_on(people: c.Cast) -> None:
    he = c.creator(people.jingan, "K002", "He")
    put(people.zhou, leads=True)
    put(he, dt.date(2026, 9, 10), leads=True)
    led = {day: places.on(dt.date(2026, 9, day)).get(leads=True).creator for day in (1, 9, 10, 30)}
    assert led == {1: people.zhou, 9: people.zhou, 10: he, 30: he}
    assert places.on(dt.date(2026, 9, 30)).filter(creator=people.zhou).exists(), "she stays"


@pytest.mark.parametrize(
    ("more", "code"),
    [({"weight": 1_001}, "weight_out_of_range"), ({"weight": 0}, "no_weights")],
)
def test_a_share_that_makes_no_sense_is_refused(people: c.Cast, more, code: str) -> None:
    assert code_of(lambda: put(people.zhou, **more)) == code


def test_a_customer_never_has_a_place(people: c.Cast) -> None:
    assert code_of(lambda: put(people.may)) == "not_staff"
    with refused(RULE_BROKEN):
        StaffPlace.objects.create(store=people.jingan, creator=people.may, valid=(FIRST, None))


def test_days_that_are_over_keep_their_places(people: c.Cast) -> None:
    place = put(people.zhou)
    assert code_of(lambda: put(people.zhou)) == "place_in_the_past"
    with refused(OVERLAP):
        StaffPlace.objects.create(store=people.tianhe, creator=people.zhou, valid=(FIRST, None))
    for statement in (
        "UPDATE incentives_staffplace SET weight = 5",
        "UPDATE incentives_staffplace SET valid = '[2026-08-01,)'",
        "DELETE FROM incentives_staffplace",
    ):
        with refused(RESTRICTED):
            sql(statement)
    assert place.weight == 1


def test_a_place_for_past_days_lets_runs_look_again(people: c.Cast) -> None:
    c.plan(people.brand)
    order = c.order(people, "E1", 10_000)
    sql("DELETE FROM customers_changedorder")
    put(people.zhou)
    assert ChangedOrder.objects.get().order_id == order.pk


def test_a_run_enters_who_is_there_and_ends_who_left(people: c.Cast) -> None:
    places.follow(people.brand)
    assert StaffPlace.objects.get().creator == people.zhou
    he = c.creator(people.jingan, "K002", "He")
    Creator.objects.filter(pk=people.zhou.pk).update(state="left")
    places.follow(people.brand)
    places.follow(people.brand)
    tomorrow = dt.date.today() + dt.timedelta(days=1)  # noqa: DTZ011
    zhou, other = StaffPlace.objects.order_by("pk")
    assert abs((zhou.valid.upper - tomorrow).days) <= 1
    assert (other.creator, zhou.valid.upper) == (he, other.valid.lower)
    assert {own.creator for own in OwnBuyer.objects.all()} == {people.may}


def test_lin_names_the_manager_of_a_store_on_the_page(client: Client, people: c.Cast) -> None:
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    address = f"{reverse('incentives:places')}?store=SH0001"
    form = {"number": "K001", "first": "2026-09-01", "weight": "2", "leads": "on", "buys_as": "9"}
    assert client.post(address, form | {"number": "K999"}).status_code == 422
    assert client.post(address, form).status_code == 302
    place = StaffPlace.objects.get()
    assert (place.creator, place.weight, place.leads) == (people.zhou, 2, True)
    assert OwnBuyer.objects.filter(creator=people.zhou).count() == 2
    assert "Zhou Min" in client.get(address).content.decode()


def test_who_only_looks_names_nobody(client: Client, people: c.Cast) -> None:
    client.force_login(c.person("wei", (Role.ANALYST, people.brand)))
    address = reverse("incentives:places")
    assert client.get(address).status_code == 200
    assert client.post(address, {"number": "K001"}).status_code == 403
    assert not StaffPlace.objects.exists()
