"""The day of two people who use no mouse: every step by keys alone, and after each one the focus
is where it should be and can be seen.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from accounts.choices import Role
from accounts.models import Person
from incentives import commission_runs, payouts, settlement
from incentives.choices import BatchState
from incentives.models import PayoutBatch
from kosops.lib.periods import Month
from tests import cast as c
from tests.flows.test_main_job_in_browser import CHROMIUM, FLAGS

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sweep,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("keyboard"),
]

# Longer than any walk through a page; more means that the thing cannot be reached.
MOST_STOPS = 90

# Name of what has the focus, and what keeps a person from seeing that it has.
FOCUS = """
() => {
  const element = document.activeElement;
  if (!element || element === document.body) return { name: "", tag: "body", unseen: "" };
  const words = (text) => text.replace(/\\s+/g, " ").trim();
  const name = words(
    element.getAttribute("aria-label") || element.labels?.[0]?.innerText || element.innerText || element.title || element.value || ""
  );
  const tag = element.tagName.toLowerCase();
  if (tag === "main") return { name: "main", tag, unseen: "" };
  const box = element.getClientRects()[0];
  if (!box || !box.width || !box.height) return { name, tag, unseen: "it has no size" };
  const [x, y] = [box.left + Math.min(box.width / 2, 40), box.top + box.height / 2];
  if (x < 0 || y < 0 || x > innerWidth || y > innerHeight) return { name, tag, unseen: `it lies outside, at ${x}, ${y}` };
  const top = document.elementFromPoint(x, y);
  const label = element.labels?.[0];
  if (!(element.contains(top) || top?.contains(element) || label?.contains(top)))
    return { name, tag, unseen: `it is covered by ${top?.outerHTML.slice(0, 80)}` };
  const marked = (each) => {
    const style = getComputedStyle(each);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  const frame = element.closest(".palette-field, .check, .upload");
  const shown = marked(element) || (frame && (marked(frame) || getComputedStyle(frame).boxShadow !== "none"));
  return { name, tag, unseen: shown ? "" : "nothing marks it" };
}
"""


@pytest.fixture(autouse=True)
def allow_the_browser_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright keeps an event loop in this thread; the tests themselves stay synchronous."""
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")


@pytest.fixture
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


class Keys:
    """Somebody at a keyboard. Nothing here points, clicks or fills."""

    def __init__(self, browser: Browser, address: str, username: str) -> None:
        context = browser.new_context(viewport={"width": 1440, "height": 900}, locale="en-US")
        self.page: Page = context.new_page()
        self.page.set_default_timeout(20_000)
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.goto(address)
        self.walk_to("Username")
        self.type(username)
        self.walk_to("Password")
        self.type(c.PASSWORD)
        self.press("Enter")
        self.page.wait_for_url(re.compile("/overview/"))

    def press(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def type(self, text: str) -> None:
        self.page.keyboard.type(text)

    def focus(self) -> str:
        """Name of what has the focus; it has to be seen."""
        found = self.page.evaluate(FOCUS)
        assert not found["unseen"], (
            f"the focus on {found['tag']} “{found['name']}”: {found['unseen']}"
        )
        return str(found["name"])

    def on(self, name: str) -> None:
        assert re.search(name, self.focus()), f"the focus is on “{self.focus()}”, not on “{name}”"

    def walk_to(self, name: str, key: str = "Tab") -> None:
        """Press Tab until what is called so has the focus; every stop on the way has to be seen."""
        passed = []
        for _stop in range(MOST_STOPS):
            self.press(key)
            passed.append(self.focus())
            if re.search(f"^(?:{name})", passed[-1]):
                return
        raise AssertionError(f"“{name}” is not reached by {key}: {passed}")

    def go_by_palette(self, words: str, choice: str) -> None:
        """Ctrl+K, a few letters, Enter."""
        self.press("Control+k")
        self.on("Search or go to")
        self.type(words)
        chosen = self.page.locator("[role=option][aria-selected=true]")
        expect(chosen).to_contain_text(choice)
        field = self.page.locator("#palette-input")
        expect(field).to_have_attribute("aria-activedescendant", chosen.get_attribute("id") or "")
        self.press("Enter")
        expect(field).to_be_hidden()

    def read_title(self, title: str) -> None:
        expect(self.page.locator("h1")).to_have_text(re.compile(title))


def open_row(keys: Keys, title: str) -> None:
    """Enter on a row, or on its link, opens what it is about beside the list."""
    keys.press("Enter")
    see_beside(keys, title)


def see_beside(keys: Keys, title: str) -> None:
    expect(keys.page.locator("#peek .peek-title")).to_have_text(title)


def open_page(keys: Keys, title: str) -> None:
    """From beside the list to the page itself."""
    keys.walk_to("Open the page")
    keys.press("Enter")
    keys.read_title(title)


def test_a_day_of_headquarters_by_keyboard(browser: Browser, live_server) -> None:
    people = c.cast()
    c.person("lin", (Role.OPERATOR, people.brand))
    c.creator(people.jingan, "K002", "Lu Yan")
    lin = Keys(browser, live_server.url, "lin")

    # The skip link is the first stop and leads past the navigation.
    lin.press("Tab")
    lin.on("Skip to content")
    lin.press("Enter")
    lin.on("main")

    # To the creators; rows by j and k, the row by Enter, and back.
    lin.go_by_palette("creators", "Creators")
    lin.page.wait_for_url(re.compile("/matrix/creators/"))
    lin.read_title("Creators")
    lin.press("j")
    lin.on("Lu Yan")
    lin.press("j")
    lin.on("May")
    lin.press("k")
    lin.on("Lu Yan")
    open_row(lin, "Lu Yan")
    # Beside the list the same keys go on, and closing leaves the focus where one has come to.
    lin.press("j")
    see_beside(lin, "May")
    lin.press("Escape")
    expect(lin.page.locator("tr", has_text="May")).to_be_focused()
    lin.on("May")
    # Two rows side by side.
    lin.press("x", "k", "x")
    lin.walk_to("Side by side")
    lin.press("Enter")
    expect(lin.page.locator("#compare .peek-title")).to_have_text(["Lu Yan", "May"])
    lin.press("Escape")
    lin.on("Side by side")
    lin.press("j")
    open_row(lin, "Lu Yan")
    open_page(lin, "Lu Yan")
    # Alt and the left arrow belong to the browser's window, which a headless one has not.
    lin.page.go_back()
    lin.page.wait_for_url(re.compile(r"/matrix/creators/(\?|$)"))

    # Filtering while typing leaves the focus in the field, and the letters are no commands.
    lin.press("/")
    lin.on("Find|Search|Name")
    lin.type("jkMay")
    lin.press("Home", "Delete", "Delete")
    rows = lin.page.locator("table[data-kos-table] tbody tr")
    expect(rows).to_have_count(1)
    expect(rows).to_contain_text("May")
    lin.page.wait_for_url(re.compile("q=May"))
    lin.on("Find|Search|Name")

    # A form: refused, the focus on what is wrong, corrected, sent.
    lin.go_by_palette("add a per", "Add a person")
    lin.read_title("Add a person")
    lin.walk_to("Name")
    lin.type("Ning Jing")
    lin.walk_to("Username")
    lin.type("ning")
    lin.walk_to("Unit")
    lin.type("Jing")
    lin.walk_to("Add the person")
    lin.press("Enter")
    expect(lin.page.locator(".field-errors")).to_have_count(1)
    lin.on("Role")
    assert lin.page.locator("[name=name]").input_value() == "Ning Jing", "input is not lost"
    lin.type("Store m")
    lin.walk_to("Add the person")
    lin.press("Enter")
    expect(lin.page.locator("main")).to_contain_text("Ning Jing")
    ning = Person.objects.get(username="ning")
    assert [(grant.role, grant.unit) for grant in ning.grants.all()] == [
        (Role.STORE_MANAGER, people.jingan)
    ]

    # Menus open, are walked by arrows, and give the focus back.
    lin.walk_to("Theme", key="Shift+Tab")
    lin.press("Enter", "ArrowDown")
    lin.on("As the system|Light|Dark")
    lin.press("Escape")
    lin.on("Theme")
    assert lin.complaints == []


def test_a_payout_is_approved_by_keyboard(browser: Browser, live_server) -> None:
    people = c.cast()
    chen, _zhao = c.finance(people, "chen"), c.finance(people, "zhao")
    c.plan(people.brand)
    c.pay_to_bank(people.zhou)
    c.order(people, "E1", 90_000)
    commission_runs.accrue(by=None, brand=people.brand, as_of=dt.date(2026, 9, 6))
    closed = settlement.settle(by=chen, brand=people.brand, month=Month(2026, 9))
    batch = payouts.make_batch(by=chen, settlement=closed)
    payouts.submit(by=chen, batch=batch)

    zhao = Keys(browser, live_server.url, "zhao")
    zhao.go_by_palette("approv", "Approvals")
    zhao.read_title("Waiting for you")
    zhao.walk_to(".*payout batch to approve")
    zhao.press("Enter")
    zhao.read_title("Payouts")
    zhao.walk_to("CY-")
    open_row(zhao, f"Payout batch {batch.number}")
    open_page(zhao, f"Payout batch {batch.number}")

    # Rejecting asks for a reason, and the focus is on where it goes. Then all is well after all.
    zhao.walk_to("Reject")
    zhao.press("Enter")
    expect(zhao.page.locator(".field-errors")).to_have_count(1)
    zhao.on("Reason")
    assert PayoutBatch.objects.get().state == BatchState.SUBMITTED
    zhao.type("Account read back to Zhou Min on the phone")
    zhao.walk_to("Approve 1 payout")
    zhao.press("Enter")
    expect(zhao.page.get_by_text("The batch is approved.")).to_be_visible()
    assert PayoutBatch.objects.get().state == BatchState.APPROVED
    assert zhao.complaints == []
