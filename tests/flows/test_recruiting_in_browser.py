"""A customer applies on a phone without script, by keyboard; HQ invites her, sends the cream and
takes her into the programme.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Browser, Page, expect, sync_playwright

from accounts.choices import Role
from kosops.lib.secrets import decrypt
from matrix.models import Application, Creator, Recruitment
from tests import cast as c
from tests.flows.test_main_job_in_browser import CHROMIUM, FLAGS, Visitor
from tests.matrix import recruits as r

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sweep,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("recruiting"),
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


def phone_of(browser: Browser) -> Page:
    """A small phone that runs no script."""
    context = browser.new_context(
        viewport={"width": 360, "height": 700}, java_script_enabled=False, locale="en-US"
    )
    return context.new_page()


def type_into(page: Page, label: str, text: str) -> None:
    page.get_by_label(label, exact=True).focus()
    page.keyboard.type(text)


def apply_by_keyboard(page: Page) -> None:
    type_into(page, "Your name", "Li Na")
    type_into(page, "Mobile number", "138 0013 8000")
    page.get_by_label("Platform", exact=False).first.select_option("xiaohongshu")
    page.get_by_label("Name of the account").first.focus()
    page.keyboard.type("lina")
    for question in ("tell others", "write notes", "look after a group"):
        group = page.get_by_role("group", name=question)
        group.get_by_label("Not yet").focus()
        # Space chooses, an arrow goes on to the next.
        page.keyboard.press("Space")
        page.keyboard.press("ArrowDown")
    for box in ("I have read this and agree", "I am 18 or older"):
        page.get_by_label(box).focus()
        page.keyboard.press("Space")
    with page.expect_navigation():
        page.keyboard.press("Enter")


def test_from_the_link_into_the_programme(live_server: Any, browser: Browser) -> None:
    chengye = c.cast()
    cream: Recruitment = r.recruitment(chengye, unit=chengye.brand)
    c.person("lin", (Role.OPERATOR, chengye.brand))
    link = live_server.url + reverse("matrix:apply", args=[r.channel(cream).token])

    phone = phone_of(browser)
    phone.goto(link)
    for language, words in (
        ("日本語", "応募する"),
        ("简体中文", "提交申请"),
        ("English", "Send the application"),
    ):
        phone.get_by_role("button", name=language).click()
        expect(phone.get_by_role("button", name=words)).to_be_visible()
    apply_by_keyboard(phone)
    # Filled in faster than anybody reads: one question, and it is in.
    if phone.get_by_label("How much is").count():
        words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine"]
        text = phone.locator("label[for=id_answer]").inner_text()
        numbers = [words.index(word) + 1 for word in re.findall(r"\w+", text) if word in words]
        type_into(phone, text, str(sum(numbers)))
        phone.keyboard.press("Enter")
    expect(phone.get_by_text("Your application has come in.")).to_be_visible()
    one = Application.objects.get()
    private = live_server.url + reverse("matrix:apply_status", args=[decrypt(one.status_token)])

    lin = Visitor(browser, live_server.url, "lin")
    page = lin.open(f"/recruiting/applications/?recruitment={cream.pk}")
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.locator(".peek-content")).to_contain_text("Parts of the score")
    page.keyboard.press("Escape")
    page.fill("#best-count", "1")
    lin.press("Choose them")
    lin.press("Invite 1 person")
    expect(page.get_by_text("1 person is invited.")).to_be_visible()

    phone.goto(private)
    phone.fill("[name=receiver]", "Li Na")
    phone.fill("[name=phone]", "13800138000")
    phone.fill("[name=street]", "Kaixuan Road 1")
    phone.get_by_role("button", name="Send it there").click()
    page = lin.open(f"/recruiting/applications/{one.pk}/")
    page.fill("[name=carrier]", "SF")
    page.fill("[name=parcel]", "SF1")
    lin.press("Save the parcel")
    phone.goto(private)
    phone.get_by_role("button", name="It has arrived").click()
    phone.fill("[name=link]", "https://www.xiaohongshu.com/explore/1")
    phone.get_by_role("button", name="Hand in the note").click()
    expect(phone.get_by_text("is being read")).to_be_visible()

    page = lin.open(f"/recruiting/applications/{one.pk}/")
    lin.press("Accept the note")
    page.select_option("[name=store]", str(chengye.jingan.pk))
    page.check("[name=identity_checked]")
    lin.press("Take into the programme")
    expect(page.get_by_role("heading", name="Li Na")).to_be_visible()
    assert Creator.objects.get(name="Li Na").identity == "checked"
    phone.goto(private)
    expect(phone.get_by_text("Welcome to the programme.")).to_be_visible()
    assert lin.complaints == []
