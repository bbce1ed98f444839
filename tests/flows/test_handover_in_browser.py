"""A leaver story in a real browser: begun, signed on the phone, closed by headquarters."""

from __future__ import annotations

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page
from pytest_django.live_server_helper import LiveServer

from accounts.choices import Role
from matrix import custody
from matrix.models import Handover
from tests import cast as c
from tests.sweep.test_every_page import browser  # noqa: F401

pytestmark = [
    pytest.mark.sweep,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]


def signed_in(engine: Browser, server: str, username: str, *, width: int) -> Page:
    page = engine.new_context(viewport={"width": width, "height": 844}).new_page()
    page.goto(server + reverse("account_login"))
    page.fill("[name=login]", username)
    page.fill("[name=password]", c.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url(lambda url: "login" not in url)
    return page


def test_a_leaver_hands_over_with_both_signatures(
    live_server: LiveServer,
    browser: Browser,  # noqa: F811
) -> None:
    people = c.cast()
    lin = c.person("lin", (Role.OPERATOR, people.brand))
    wang = c.creator(people.jingan, "K002", "Wang Fang")
    for creator, name in ((people.zhou, "zhou"), (wang, "wang")):
        creator.person = c.person(name, (Role.KOS, people.jingan))
        creator.save()
    note = c.account(people.zhou, handle="Zhou at Kerry")
    custody.begin(by=lin, account=note, creator=people.zhou, since=c.at("2026-09-01").date())

    hq = signed_in(browser, live_server.url, "lin", width=1440)
    hq.goto(live_server.url + reverse("matrix:creator", args=[people.zhou.pk]))
    hq.click("text=Leaves or moves")
    hq.fill("[name=last_day]", "2026-10-15")
    hq.click("text=Begin the handover")
    hq.select_option("[name=holder]", label="Wang Fang · K002")
    hq.click("form[action*='/items/'] >> text=Save")
    hq.wait_for_selector("text=Taker: Wang Fang")

    for name, words in (("zhou", "Sign: I give it"), ("wang", "Sign: I take it over")):
        phone = signed_in(browser, live_server.url, name, width=390)
        phone.goto(live_server.url + reverse("mobile:custody"))
        phone.click(f"text={words}")
        phone.wait_for_selector("text=Signed. Thank you.")

    hq.reload()
    hq.click("button >> text=Close the handover")
    hq.wait_for_selector("text=Nothing of it was deleted")
    note.refresh_from_db()
    people.zhou.refresh_from_db()
    assert (note.creator, people.zhou.state) == (wang, "left")
    assert Handover.objects.get().state == "done"
