"""The phone without a network, in a real browser: pages from before, and links that are sent once."""

import re
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Route, expect

from accounts.choices import Role
from content import mobile
from content.models import PostLink
from kosops.ui import offline
from tests import cast as c
from tests.content.links import ADDRESS, SHORT, account, add, post
from tests.flows.test_main_job_in_browser import allow_the_browser_loop, browser  # noqa: F401

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sweep,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("offline"),
]

# Looks until the phone has kept the page; playwright's own waiting takes a promise for a yes.
KEPT = """async (address) => {
    for (let look = 0; look < 400; look++) {
        if (await caches.match(address)) return true;
        await new Promise((again) => setTimeout(again, 25));
    }
    return false;
}"""


@pytest.fixture
def chengye(transactional_db: None) -> c.Cast:
    people = c.cast()
    for creator, role in ((people.zhou, Role.KOS), (people.may, Role.KOC)):
        creator.person = c.person(creator.name.split()[0].lower(), (role, people.jingan))
        creator.save()
        account(creator)
    post(people.zhou.social_accounts.get(), "Serum", likes=700, saves=200, comments=100)
    return people


class Phone:
    """One phone, on which people sign in one after the other."""

    def __init__(self, browser: Browser, address: str) -> None:  # noqa: F811
        self.address = address
        self.context: BrowserContext = browser.new_context(
            viewport={"width": 390, "height": 844}, locale="en-US"
        )
        self.page: Page = self.context.new_page()
        self.page.set_default_timeout(10_000)
        self.wrong: list[str] = []
        self.page.on("pageerror", lambda error: self.wrong.append(str(error)))
        self.page.on("console", self._listen)

    def _listen(self, message: Any) -> None:
        if "Content Security Policy" in message.text:
            self.wrong.append(message.text)

    def sign_in(self, username: str) -> None:
        self.open("/account/login/")
        self.page.fill("[name=login]", username)
        self.page.fill("[name=password]", c.PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(re.compile(r"/m/"))

    def sign_out(self) -> None:
        self.page.locator(".me-menu summary").click()
        self.page.get_by_role("button", name="Sign out").click()
        self.page.wait_for_url(re.compile(r"/login/"))

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def keep(self, *paths: str) -> None:
        """Open pages with a network, until the phone has kept them."""
        for path in paths:
            self.open(path)
            self.until_kept(path)

    def until_kept(self, path: str) -> None:
        assert self.page.evaluate(KEPT, f"{self.address}{path}"), path

    def add(self, text: str) -> None:
        self.page.fill("textarea", text)
        self.page.get_by_role("button", name="Send link").click()

    @property
    def main(self) -> Any:
        return self.page.locator("main")

    @property
    def waiting(self) -> Any:
        return self.page.locator("[data-kos-unsent-list] .list-row")


@pytest.fixture
def phone(browser: Browser, live_server: Any, chengye: c.Cast) -> Iterator[Phone]:  # noqa: F811
    phone = Phone(browser, live_server.url)
    phone.sign_in("zhou")
    yield phone
    assert phone.wrong == []
    phone.context.close()


def test_pages_from_before_show_without_a_network_and_say_from_when(phone: Phone) -> None:
    phone.keep("/m/", "/m/posts/")
    phone.until_kept("/m/posts/add/")
    phone.context.set_offline(True)

    page = phone.open("/m/posts/")
    expect(
        page.get_by_text(re.compile(r"You are offline. This page is from \d\d:\d\d"))
    ).to_be_visible()
    expect(phone.main).to_contain_text("Serum")
    # The form was never opened, but is needed where the network is not.
    expect(phone.open("/m/posts/add/").get_by_role("button", name="Send link")).to_be_visible()

    page = phone.open("/m/money/")
    expect(page.get_by_role("heading", name="You are offline")).to_be_visible()

    phone.context.set_offline(False)
    page.get_by_role("link", name="Try again").click()
    expect(page.get_by_role("heading", name="My money")).to_be_visible()
    expect(page.locator("[data-kos-offline-note]")).to_be_hidden()


def test_a_link_waits_on_the_phone_and_is_sent_once_when_the_network_returns(phone: Phone) -> None:
    phone.keep("/m/posts/add/")
    phone.context.set_offline(True)
    phone.add(f"发布了 {ADDRESS}")

    expect(phone.page.get_by_text("No network. The link is kept on this phone")).to_be_visible()
    expect(phone.waiting).to_have_count(1)
    expect(phone.page.locator("textarea")).to_have_value("")
    # Also after the page was closed.
    phone.open("/m/posts/add/")
    expect(phone.waiting).to_contain_text(ADDRESS, timeout=20_000)
    assert not PostLink.objects.exists()

    phone.context.set_offline(False)
    # The browser says so to a page that was opened with a network; this one was not.
    phone.page.evaluate("dispatchEvent(new Event('online'))")
    expect(phone.waiting).to_have_count(0)
    expect(phone.page.get_by_text("You are offline.")).to_be_hidden()
    assert PostLink.objects.get().url == ADDRESS
    phone.open("/m/posts/")
    expect(phone.main).to_contain_text("Figures not in yet")
    assert PostLink.objects.count() == 1


def lose_the_answer(route: Route) -> None:
    """The server hears it and answers, and nobody hears that."""
    route.fetch()
    route.abort()


def test_a_link_whose_answer_was_lost_is_still_one_link(phone: Phone) -> None:
    # Nobody wakes the worker, as on iOS: else it may send before anybody has looked.
    phone.page.add_init_script(
        "Object.defineProperty(ServiceWorkerRegistration.prototype, 'sync', { value: undefined })"
    )
    phone.keep("/m/posts/add/")
    phone.page.route(
        "**/m/posts/add/",
        lambda route: (
            lose_the_answer(route) if route.request.method == "POST" else route.continue_()
        ),
        times=1,
    )
    phone.add(ADDRESS)

    expect(phone.waiting).to_have_count(1)
    assert PostLink.objects.count() == 1  # it is there, but the phone cannot know

    phone.open("/m/posts/")
    expect(phone.page.locator("#own-posts")).to_contain_text(ADDRESS)
    expect(phone.waiting).to_have_count(0)
    assert PostLink.objects.count() == 1


def test_a_link_that_waits_can_be_deleted(phone: Phone) -> None:
    phone.keep("/m/posts/add/")
    phone.context.set_offline(True)
    phone.add(ADDRESS)
    phone.waiting.get_by_role("button", name="Delete").click()
    expect(phone.waiting).to_have_count(0)

    phone.context.set_offline(False)
    expect(phone.open("/m/posts/").locator("[data-kos-unsent-list]")).to_be_hidden()
    assert not PostLink.objects.exists()


def test_what_is_refused_later_is_kept_with_its_reason_and_corrected(phone: Phone) -> None:
    phone.keep("/m/posts/add/")
    phone.context.set_offline(True)
    phone.add("https://weibo.com/12345")
    expect(phone.waiting).to_have_count(1)
    phone.context.set_offline(False)

    expect(phone.waiting).to_contain_text("The link is not from Xiaohongshu")
    phone.waiting.get_by_role("link", name="Correct and send again").click()
    expect(phone.page.locator("textarea")).to_have_value("https://weibo.com/12345")
    phone.add(SHORT)
    phone.page.wait_for_url("**/m/posts/")

    expect(phone.page.locator("#own-posts")).to_contain_text("换季泛红")
    expect(phone.waiting).to_have_count(0)
    assert PostLink.objects.count() == 1


def test_a_refusal_with_a_network_stands_at_the_field_and_nothing_waits(phone: Phone) -> None:
    phone.open("/m/posts/add/")
    phone.add("https://weibo.com/12345")

    expect(phone.page.locator("#link-problem")).to_contain_text("The link is not from Xiaohongshu")
    expect(phone.waiting).to_have_count(0)
    expect(phone.page.locator("textarea")).to_have_value("https://weibo.com/12345")


def test_a_lost_session_keeps_the_link_until_the_person_is_back(phone: Phone) -> None:
    phone.keep("/m/posts/add/")
    phone.context.clear_cookies(name="session")
    phone.page.fill("textarea", ADDRESS)
    # What was pasted is not led away from.
    expect(phone.page.locator("#link-check")).to_contain_text("Your sign-in has ended.")
    phone.page.get_by_role("button", name="Send link").click()

    link = phone.waiting.get_by_role("link", name="Sign in to send")
    expect(link).to_be_visible()
    assert not PostLink.objects.exists()
    link.click()
    phone.sign_in("zhou")
    phone.open("/m/posts/")
    expect(phone.page.locator("#own-posts")).to_contain_text(ADDRESS, timeout=20_000)
    assert PostLink.objects.count() == 1


# What is noted where a form was sent, as if that happened a moment after the next page is asked for.
SENT_SOON = """() => new Promise((done) => {
    const asked = indexedDB.open("kosops", 1);
    asked.onsuccess = () => {
        const changing = asked.result.transaction("unsent", "readwrite");
        changing.objectStore("unsent").put({ key: ":sent", person: null, at: Date.now() + 60000 });
        changing.oncomplete = () => { asked.result.close(); done(); };
    };
})"""


@pytest.mark.parametrize("is_noted", [True, False])
def test_a_link_that_was_sent_while_its_page_was_on_the_way_is_shown(
    phone: Phone, chengye: c.Cast, monkeypatch: pytest.MonkeyPatch, is_noted: bool
) -> None:
    """The page is made before the link of the one before comes in; the control knows nothing of it."""
    whole = mobile.page_or_fragment

    def overtaken(*args: Any, **more: Any) -> Any:
        answer = whole(*args, **more)
        if not PostLink.objects.exists():
            add(chengye.zhou)
        return answer

    if is_noted:
        phone.page.evaluate(SENT_SOON)
    monkeypatch.setattr(mobile, "page_or_fragment", overtaken)
    page = phone.open("/m/posts/")
    own = page.locator("#own-posts")
    expect(own).to_contain_text("Serum")
    if is_noted:
        expect(own).to_contain_text(ADDRESS)
    else:
        page.wait_for_load_state("networkidle")
        expect(own).not_to_contain_text(ADDRESS)


def test_the_next_person_on_the_phone_sees_and_sends_nothing_of_the_first(phone: Phone) -> None:
    phone.keep("/m/", "/m/posts/", "/m/posts/add/")
    phone.context.set_offline(True)
    phone.add(ADDRESS)
    expect(phone.waiting).to_have_count(1)
    # The session has ended by the time the network is back.
    phone.context.clear_cookies(name="session")
    phone.context.set_offline(False)
    expect(phone.waiting).to_contain_text("Sign in to send")

    phone.sign_in("may")
    phone.keep("/m/", "/m/posts/")
    expect(phone.page.locator("[data-kos-unsent-list]")).to_be_hidden()
    phone.context.set_offline(True)
    phone.open("/m/posts/")
    expect(phone.page.get_by_text("You are offline.")).to_be_visible()
    expect(phone.main).not_to_contain_text("Serum")
    phone.open("/m/posts/add/")
    expect(phone.page.locator("body")).not_to_contain_text(ADDRESS)
    assert not PostLink.objects.exists()

    # The first one finds it again.
    phone.context.set_offline(False)
    phone.open("/m/")
    phone.sign_out()
    phone.sign_in("zhou")
    phone.open("/m/posts/")
    expect(phone.page.locator("#own-posts")).to_contain_text(ADDRESS, timeout=20_000)
    assert PostLink.objects.get().creator.name == "Zhou Min"


def test_after_signing_out_nothing_is_left_to_read(phone: Phone) -> None:
    phone.keep("/m/", "/m/posts/")
    phone.sign_out()
    phone.context.set_offline(True)

    phone.open("/m/posts/")

    expect(phone.page.get_by_role("heading", name="You are offline")).to_be_visible()
    expect(phone.page.locator("body")).not_to_contain_text("Serum")


def test_a_fault_of_ours_is_shown_as_it_is(phone: Phone, monkeypatch: pytest.MonkeyPatch) -> None:
    phone.keep("/m/posts/")

    def broken(_creator: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(mobile.posts, "of_creator", broken)
    answer = phone.page.goto(f"{phone.address}/m/posts/")
    assert answer is not None and answer.status == 500
    phone.context.set_offline(True)
    phone.open("/m/posts/")
    expect(phone.main).to_contain_text("Serum")


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(offline, "PATIENCE", 200)


@pytest.fixture
def held_up(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], None]]:
    """From when it is called, the list of posts answers only after the test."""
    go_on = threading.Event()
    own = mobile.posts.of_creator

    def wait(creator: Any) -> Any:
        go_on.wait(20)
        return own(creator)

    yield lambda: monkeypatch.setattr(mobile.posts, "of_creator", wait)
    go_on.set()


def test_a_slow_network_shows_the_page_from_before(
    impatient: None, phone: Phone, held_up: Callable[[], None]
) -> None:
    phone.keep("/m/posts/")
    held_up()

    phone.open("/m/posts/")

    expect(phone.page.get_by_text("The network is slow. This page is from")).to_be_visible()
    expect(phone.main).to_contain_text("Serum")
