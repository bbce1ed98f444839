"""What waits for a person because of accounts, refunds and links, and where it leads."""

from __future__ import annotations

import datetime as dt
import re
import uuid

import pytest
from django.test import Client
from django.utils import timezone

from accounts import waiting
from accounts.choices import Role
from accounts.models import Person
from content.models import PostLink
from customers.models import WaitingRefund
from matrix.choices import AccountState, CreatorState, Domain
from matrix.models import SocialAccount
from tests import cast as c

pytestmark = pytest.mark.django_db


@pytest.fixture
def people() -> c.Cast:
    return c.cast()


def person(people: c.Cast, role: str) -> Person:
    return c.person(f"one-{role}", (role, people.brand))


def account(people: c.Cast, **fields: object) -> SocialAccount:
    values = {
        "platform": "xiaohongshu",
        "domain": Domain.PUBLIC,
        "ownership": "personal",
        "owner_proof": "checked",
    }
    return SocialAccount.objects.create(
        brand=people.brand, unit=people.jingan, creator=people.zhou, **(values | fields)
    )


def waits(who: Person) -> dict[str, str]:
    """Sentence to address, without the marks around the figure."""
    found = waiting.items_for(Person.objects.get(pk=who.pk))
    return {re.sub("<[^>]+>", "", str(item.text)): item.href for item in found}


def test_accounts_of_leavers_and_banned_ones_wait_for_whoever_may_act(people: c.Cast) -> None:
    lin, xu = person(people, Role.OPERATOR), person(people, Role.ANALYST)
    account(people, handle="a")
    account(people, handle="b", state=AccountState.BANNED)
    account(people, handle="c", state=AccountState.CLOSED)
    account(people, handle="d", platform="wecom", domain=Domain.PRIVATE)
    assert list(waits(lin)) == ["1 account is banned by its platform"]
    people.zhou.state = CreatorState.LEFT
    people.zhou.save()
    found = waits(lin)
    assert list(found) == [
        "2 accounts are held by people who left",
        "1 account is banned by its platform",
    ]
    assert waits(xu) == {}
    browser = Client()
    browser.force_login(lin)
    page = browser.get(found["2 accounts are held by people who left"])
    assert page.status_code == 200
    assert "2 accounts" in page.content.decode()


def test_refunds_wait_once_their_order_is_overdue(people: c.Cast) -> None:
    lin, xu = person(people, Role.OPERATOR), person(people, Role.ANALYST)
    for hours, number in ((2, "REFUND-1"), (30, "REFUND-2")):
        refund = WaitingRefund.objects.create(
            brand=people.brand,
            source="shop",
            external_id=number,
            order_external_id="X1",
            amount=100,
            refunded_at=timezone.now(),
        )
        WaitingRefund.objects.filter(pk=refund.pk).update(
            received_at=timezone.now() - dt.timedelta(hours=hours)
        )
    words = "1 refund waits for its order for over a day"
    assert list(waits(lin)) == [words]
    browser = Client()
    browser.force_login(lin)
    shown = browser.get(waits(lin)[words]).content.decode()
    assert "REFUND-2" in shown and "REFUND-1" not in shown
    assert waits(xu) == {}


def test_links_wait_for_whoever_may_decide_on_posts(people: c.Cast) -> None:
    lin, xu = person(people, Role.REVIEWER), person(people, Role.ANALYST)
    for state in ("waiting", "refused"):
        PostLink.objects.create(
            brand=people.brand,
            store=people.zhou.store,
            creator=people.zhou,
            platform="xiaohongshu",
            url=f"https://xhslink.com/{state}",
            client_key=uuid.uuid4(),
            noted_at=timezone.now(),
            received_at=timezone.now(),
            state=state,
            reason="Not ours" if state == "refused" else "",
        )
    assert waits(lin) == {"1 link of a creator has no post yet": "/posts/links/"}
    assert waits(xu) == {}
