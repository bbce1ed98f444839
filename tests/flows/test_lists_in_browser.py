"""A list as Lin uses it all day: rows beside it and side by side, columns, views, several at once."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect, sync_playwright

from accounts.choices import Role
from accounts.models import SavedView
from matrix.models import Creator
from tests import cast as c
from tests.flows.test_main_job_in_browser import CHROMIUM, FLAGS, Visitor

WATCH = Path(__file__).parents[1] / "sweep" / "watch.js"

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sweep,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("lists"),
]


@pytest.fixture
def lin(live_server, monkeypatch: pytest.MonkeyPatch) -> Iterator[Visitor]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    monkeypatch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    chengye = c.cast()
    c.creator(chengye.tianhe, "K002", "Wu Jing")
    c.person("lin", (Role.OPERATOR, chengye.brand))
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        visitor = Visitor(browser, live_server.url, "lin")
        yield visitor
        assert visitor.complaints == []
        browser.close()


def in_focus(page: Page) -> str:
    return page.evaluate("document.activeElement.closest('tr')?.innerText ?? ''")


def test_a_row_opens_beside_the_list_and_the_next_follows(lin: Visitor) -> None:
    page = lin.open("/matrix/creators/")
    for key in ("j", "j", "Enter"):
        page.keyboard.press(key)
    title, place = page.locator(".peek-title"), page.locator("[data-kos-peek-place]")
    expect(title).to_have_text("Wu Jing")
    expect(place).to_have_text("2 / 3")
    page.keyboard.press("j")
    expect(title).to_have_text("Zhou Min")
    # There is none behind the last.
    page.keyboard.press("j")
    expect(place).to_have_text("3 / 3")
    page.get_by_role("button", name="The row before").click()
    expect(title).to_have_text("Wu Jing")
    page.keyboard.press("Escape")
    expect(page.locator("#peek")).to_be_hidden()
    assert "Wu Jing" in in_focus(page)
    page.keyboard.press("Enter")
    page.get_by_role("link", name="Open the page").click()
    expect(page.locator("h1")).to_have_text("Wu Jing")


def test_what_cannot_be_loaded_says_so_and_the_list_stays(lin: Visitor) -> None:
    page = lin.open("/matrix/creators/")
    page.route("**/matrix/creators/*/", lambda route: route.abort())
    page.get_by_role("link", name="May").click()
    expect(page.locator("#peek")).to_contain_text("That could not be loaded")
    page.keyboard.press("Escape")
    expect(page.get_by_role("link", name="Zhou Min")).to_be_visible()


def test_a_page_that_arrives_slowly_does_not_move(lin: Visitor) -> None:
    page = lin.page
    page.add_init_script(WATCH.read_text())
    # Style sheets and scripts are at hand, as on every visit but the first.
    lin.open("/matrix/creators/")
    slowly = {"offline": False, "latency": 150, "downloadThroughput": 50_000}
    page.context.new_cdp_session(page).send(
        "Network.emulateNetworkConditions", {**slowly, "uploadThroughput": 50_000}
    )
    lin.open("/matrix/creators/")
    assert page.evaluate("kosWatch.settled()")
    assert page.evaluate("kosWatch.shift") < 0.01, page.evaluate("kosWatch.shifted")


def test_on_a_phone_the_row_leads_to_its_page(lin: Visitor) -> None:
    page = lin.open("/matrix/creators/")
    page.set_viewport_size({"width": 390, "height": 844})
    page.get_by_role("link", name="May").click()
    expect(page.locator("h1")).to_have_text("May")


def test_rows_are_chosen_compared_paused_and_taken_up_again(lin: Visitor) -> None:
    page = lin.open("/matrix/creators/")
    for key in ("j", "x", "j", "x"):
        page.keyboard.press(key)
    bar = page.locator("[data-kos-bulk]")
    expect(bar).to_contain_text("2 chosen")
    bar.get_by_role("button", name="Side by side").click()
    expect(page.locator("#compare .peek-title")).to_have_text(["May", "Wu Jing"])
    page.keyboard.press("Escape")
    bar.get_by_role("button", name="Pause").click()
    page.get_by_role("button", name="Pause 2 people").click()
    expect(page.get_by_text("2 people were paused.")).to_be_visible()
    assert Creator.objects.filter(state="paused").count() == 2
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_text("2 people are active again.")).to_be_visible()
    assert Creator.objects.filter(state="paused").count() == 0


def test_an_ending_session_is_said_before_and_the_form_stays(lin: Visitor) -> None:
    lin.page.clock.install()
    page = lin.open("/settings/people/add/")
    page.get_by_label("Name", exact=True).fill("Half a form")
    page.clock.fast_forward("11:54:00")
    expect(page.get_by_text("You are signed out at")).to_have_count(0)
    page.clock.fast_forward("01:30")
    expect(page.get_by_text("You are signed out at")).to_be_visible()
    with page.expect_popup() as beside:
        page.get_by_role("link", name="Stay signed in").click()
    # The proof of a minute ago still counts: the clock of the server has not moved.
    expect(beside.value.get_by_role("heading", name="You stay signed in")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("Half a form")


def test_columns_and_filters_are_kept_under_a_name(lin: Visitor) -> None:
    page = lin.open("/matrix/creators/")
    page.locator(".columns-button").click()
    page.get_by_label("Share code").check()
    expect(page.get_by_role("columnheader", name="Share code")).to_be_visible()
    page.keyboard.press("Escape")
    page.select_option("[name=kind]", "kos")
    expect(page.get_by_role("link", name="May")).to_have_count(0)
    page.get_by_role("link", name="Views").click()
    page.get_by_label("Keep the list as it stands now").fill("Staff with codes")
    page.get_by_role("button", name="Save the view").click()
    expect(page.get_by_text("The view “Staff with codes” was saved.")).to_be_visible()
    assert "kind=kos" in SavedView.objects.get().query
    lin.open("/matrix/creators/")
    expect(page.get_by_role("link", name="May")).to_be_visible()
    page.get_by_role("link", name="Views").click()
    page.get_by_role("link", name="Staff with codes").click()
    expect(page).to_have_url(re.compile("columns=share_code"))
    expect(page.get_by_role("link", name="May")).to_have_count(0)
