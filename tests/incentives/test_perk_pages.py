"""The pages of the catalogue: HQ sets it up and hands out, people take on the phone."""

import datetime as dt
import uuid
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts import waiting
from accounts.choices import Role
from accounts.models import Person
from incentives import perks
from incentives.models import Redemption, Reward
from tests import cast as c
from tests.incentives.test_perks import coupon, has_points, lin, people, reward, spendable, take
from tests.incentives.test_points_pages import browser

__all__ = ["lin", "people"]
pytestmark = pytest.mark.django_db

FORM = {
    "name": "Hand cream",
    "kind": "gift",
    "delivery": "store",
    "price": "200",
    "stock": "3",
    "opens_on": "2026-01-01",
    "tiers": ["senior"],
}


@pytest.fixture
def may(people: c.Cast) -> Any:
    people.may.person = c.person("may", (Role.KOC, people.jingan))
    people.may.save()
    return people.may


@pytest.fixture
def manager(people: c.Cast) -> Person:
    return c.person("manager", (Role.STORE_MANAGER, people.jingan))


def button(**more: Any) -> dict[str, Any]:
    return {"client_key": str(uuid.uuid4())} | more


def test_headquarters_adds_changes_and_opens(people: c.Cast, lin: Person) -> None:
    client = browser(lin)
    assert client.post(reverse("incentives:catalogue_add"), FORM).status_code == 302
    made = Reward.objects.get()
    assert (made.state, made.stock, made.tiers) == ("draft", 3, ["senior"])
    page = reverse("incentives:catalogue_item", args=[made.pk])
    assert client.post(page, FORM | {"price": "90"}).status_code == 302
    assert client.post(page, FORM | {"closes_on": "2025-01-01"}).status_code == 422
    client.post(reverse("incentives:catalogue_state", args=[made.pk]), {"state": "open"})
    made.refresh_from_db()
    assert (made.state, made.price) == ("open", 90)
    assert "Hand cream" in client.get(reverse("incentives:catalogue")).content.decode()


def test_who_may_only_look_changes_nothing(people: c.Cast, manager: Person) -> None:
    made = reward(people)
    client = browser(manager)
    assert client.get(reverse("incentives:catalogue")).status_code == 200
    assert client.post(reverse("incentives:catalogue_add"), FORM).status_code == 403
    for name in ("catalogue_state", "catalogue_codes"):
        address = reverse(f"incentives:{name}", args=[made.pk])
        assert client.post(address, {"state": "closed", "lines": "A1"}).status_code in (403, 404)
    made.refresh_from_db()
    assert made.state == "open"


def test_codes_come_from_a_file_lines_or_are_made(people: c.Cast, lin: Person) -> None:
    made = reward(people, kind="coupon", delivery="code", state="draft")
    address = reverse("incentives:catalogue_codes", args=[made.pk])
    file = SimpleUploadedFile("codes.csv", "﻿code,batch\nA-1,x\nA-2,x\n".encode())
    assert browser(lin).post(address, {"file": file, "lines": "A-2\nA-3"}).status_code == 302
    assert browser(lin).post(address, {"generate": "5"}).status_code == 302
    assert browser(lin).post(address, {"lines": ""}).status_code == 422
    made.refresh_from_db()
    assert made.stock == 8


def test_a_person_takes_a_coupon_and_sees_its_code(
    people: c.Cast,
    lin: Person,
    may: Any,
) -> None:
    has_points(lin, may)
    twenty = coupon(people, lin, "AAA-1")
    client = browser(may.person)
    address = reverse("mobile:catalogue_item", args=[twenty.pk])
    assert "300" in client.get(address).content.decode()
    pressed = button()
    for _twice in range(2):
        answer = client.post(address, pressed, follow=True)
        assert "AAA-1" in answer.content.decode()
    assert spendable(may) == 300
    assert client.post(address, button()).status_code == 422
    assert [
        each.reward for each in client.get(reverse("mobile:own_rewards")).context["page"].rows
    ] == [twenty]


def test_what_another_took_does_not_exist_for_me(
    people: c.Cast,
    lin: Person,
    may: Any,
) -> None:
    has_points(lin, people.zhou)
    theirs = take(people.zhou, coupon(people, lin, "AAA-1"))
    client = browser(may.person)
    assert client.get(reverse("mobile:own_reward", args=[theirs.pk])).status_code == 404


def test_the_phone_shows_what_is_for_me_and_what_the_next_tier_unlocks(
    people: c.Cast,
    may: Any,
) -> None:
    mine, seat = reward(people, price=0, per_person=1), reward(people, tiers=["junior"])
    reward(people, creator_kind="kos", name="For staff")
    page = browser(may.person).get(reverse("mobile:catalogue"))
    assert [offer.reward for offer in page.context["offers"]] == [mine]
    assert list(perks.unlocks_of(may, "junior")) == [seat]


def test_a_store_hands_over_and_another_store_does_not(
    people: c.Cast,
    lin: Person,
    manager: Person,
    may: Any,
) -> None:
    has_points(lin, may)
    taken = take(may, reward(people))
    todo = reverse("incentives:redemptions") + "?state=to_do"
    assert todo in [item.href for item in waiting.items_for(manager)]
    address = reverse("incentives:redemption", args=[taken.pk])
    stranger = c.person("far", (Role.STORE_MANAGER, people.tianhe))
    assert browser(stranger).post(address, {"act": "done"}).status_code == 404
    analyst = c.person("ana", (Role.ANALYST, people.brand))
    assert browser(analyst).post(address, {"act": "done"}).status_code == 403
    assert browser(manager).post(address, {"act": "done"}).status_code == 302
    assert browser(manager).post(address, {"act": "done"}).status_code == 422
    taken.refresh_from_db()
    assert taken.state == "done"


def test_sending_and_cancelling_from_the_page(
    people: c.Cast,
    lin: Person,
    may: Any,
) -> None:
    has_points(lin, may)
    taken = take(may, reward(people, delivery="post"), address="May, Nanjing Road")
    address = reverse("incentives:redemption", args=[taken.pk])
    client = browser(lin)
    assert "Nanjing Road" in client.get(address).content.decode()
    analyst = c.person("ana", (Role.ANALYST, people.brand))
    assert "Nanjing Road" not in browser(analyst).get(address).content.decode()
    assert client.post(address, {"act": "sent"}).status_code == 422
    assert client.post(address, {"act": "sent", "tracking": "SF1"}).status_code == 302
    assert client.post(address, {"act": "cancelled"}).status_code == 422
    assert client.post(address, {"act": "cancelled", "reason": "Lost"}).status_code == 302
    assert (spendable(may), Redemption.objects.get().state) == (500, "cancelled")


def test_a_reward_that_is_not_open_does_not_exist_on_the_phone(
    people: c.Cast,
    may: Any,
) -> None:
    draft = reward(people, state="draft")
    page = reverse("mobile:catalogue_item", args=[draft.pk])
    assert browser(may.person).post(page, button()).status_code == 404
    later = reward(people, opens_on=dt.date(2099, 1, 1))
    page = reverse("mobile:catalogue_item", args=[later.pk])
    assert browser(may.person).post(page, button()).status_code == 422
