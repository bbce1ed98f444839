"""Headquarters looks for a volunteer; May takes the place and gives it back, Zhou Min moves up, comes,
and has the thanks in her points.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import timezone
from playwright.sync_api import Browser, expect, sync_playwright

from accounts import middleware
from accounts.choices import Role
from incentives.models import Shift
from tests import cast as c
from tests.flows.test_main_job_in_browser import CHROMIUM, FLAGS, Visitor

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sweep,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("rota"),
]


@pytest.fixture
def browser(monkeypatch: pytest.MonkeyPatch) -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def sign_in(browser: Browser, address: str) -> tuple[Visitor, Visitor, Visitor]:
    people = c.cast()
    c.person("lin", (Role.OPERATOR, people.brand))
    for creator, username, role in (
        (people.zhou, "zhou", Role.KOS),
        (people.may, "may", Role.KOC),
    ):
        creator.person = c.person(username, (role, people.jingan))
        creator.save()
    return (
        Visitor(browser, address, "lin"),
        Visitor(browser, address, "may", phone=True),
        Visitor(browser, address, "zhou", phone=True),
    )


def set_up(lin: Visitor) -> Shift:
    page = lin.open("/volunteers/")
    page.get_by_role("link", name="Add an activity").click()
    page.get_by_label("Name", exact=True).fill("Auto show stand")
    page.get_by_label("What is done, as people read it").fill("Hand out samples")
    page.get_by_label("Meeting point").fill("Hall 3")
    lin.press("Keep as a draft")
    page.get_by_role("link", name="Add shifts").click()
    day = (timezone.localdate() + dt.timedelta(days=3)).isoformat()
    page.get_by_label("First day").fill(day)
    page.get_by_label("Last day").fill(day)
    for weekday in ("Sat", "Sun"):
        page.get_by_label(weekday, exact=True).uncheck()
    page.get_by_label("Begins").fill("10:00")
    page.get_by_label("Ends").fill("12:00")
    page.get_by_label("Places of each shift").fill("1")
    lin.press("Look what it makes")
    lin.press("Add 1 shift")
    lin.press("Open for sign-up")
    expect(page.get_by_text("1 place left")).to_be_visible()
    return Shift.objects.get()


def test_from_an_activity_to_points_for_who_came(
    browser: Browser, live_server, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin, may, zhou = sign_in(browser, live_server.url)
    shift = set_up(lin)

    may.open("/m/volunteer/").get_by_role("link", name=re.compile("Auto show stand")).click()
    may.press("Sign up")
    expect(may.page.get_by_text("You have a place.", exact=True)).to_be_visible()
    with may.page.expect_download() as download:
        may.page.get_by_role("link", name="Add to my calendar").click()
    assert Path(download.value.path()).read_bytes().startswith(b"BEGIN:VCALENDAR\r\n")

    zhou.open("/m/points/").get_by_role("link", name=re.compile("Volunteering")).click()
    zhou.page.get_by_role("link", name=re.compile("full, with a waiting list")).click()
    zhou.press("Join the waiting list")
    expect(zhou.page.get_by_text("You are next on the waiting list.")).to_be_visible()
    may.press("Give my place back")
    zhou.open("/m/").get_by_role("link", name=re.compile("message about your volunteer")).click()
    expect(zhou.page.get_by_text("A place came free and is yours")).to_be_visible()
    zhou.press("Read")
    expect(zhou.page.get_by_text("A place came free and is yours")).to_have_count(0)

    # The day comes; the clock of a session goes on while that of the story is turned.
    monkeypatch.setattr(middleware, "ends_at", lambda request: None)
    monkeypatch.setattr(timezone, "now", lambda: shift.ends_at + dt.timedelta(minutes=10))
    page = lin.open("/volunteers/shifts/?state=to_tick")
    page.get_by_role("link", name="Auto show stand").click()
    page.get_by_role("link", name="Open the page").click()
    page.get_by_label("Attendance of Zhou Min").select_option(label="Came")
    lin.press("Save attendance")
    lin.press("Book the points now")
    expect(page.get_by_text("50 points were booked.")).to_be_visible()

    expect(zhou.open("/m/points/").locator("main")).to_contain_text(
        "Volunteering: Auto show stand on"
    )
    assert lin.complaints + may.complaints + zhou.complaints == []
