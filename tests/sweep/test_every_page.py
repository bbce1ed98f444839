"""Every page of the product in a real browser, filled with the demo brand.

The pages come from the table of addresses, so a new one is looked at by itself; one whose argument
nobody can fill fails `test_every_argument_can_be_filled`. Run by ``pytest -m sweep``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.core.management import call_command
from django.test import Client
from django.urls import reverse
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts import saved_views
from accounts.api_keys import create_key
from accounts.models import ApiKey, Job, Person, SavedView, Unit
from content.models import Post
from customers.models import Order
from incentives.models import (
    CommissionLine,
    PayoutBatch,
    Settlement,
    Statement,
    TierChange,
    TierRun,
)
from integrations.importing import start_import
from integrations.models import ImportBatch, ImportIssue
from matrix.models import Creator
from tests.flows.test_main_job_in_browser import CHROMIUM, FLAGS
from tests.test_doors import PUBLIC, ROUTES, WORDS

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "assets" / "node_modules" / "axe-core" / "axe.min.js"
WIDTHS = (320, 390, 768, 1440)
LANGUAGES = {"en": "en", "zh-hans": "zh-Hans", "ja": "ja"}
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Who is asked to open a page: the first whom it is shown to.
PEOPLE = ("lin", "zhao", "zhou")

pytestmark = [
    pytest.mark.sweep,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

# What stands for each argument of an address. `pk` is a thing of the page's own app.
ARGUMENTS: dict[str, Callable[[], Any]] = {
    "job_id": lambda: Job.objects.latest("pk").pk,
    "person_id": lambda: Person.objects.get(username="he").pk,
    "grant_id": lambda: Person.objects.get(username="he").grants.latest("pk").pk,
    "view_id": lambda: SavedView.objects.latest("pk").pk,
    "key_id": lambda: ApiKey.objects.latest("pk").pk,
    "issue_pk": lambda: ImportIssue.objects.latest("pk").pk,
    "run_id": lambda: TierRun.objects.latest("pk").pk,
    "change_id": lambda: TierChange.objects.latest("pk").pk,
    "creator_id": lambda: a_line().creator_id,
    "order_line_id": lambda: a_line().order_line_id,
    "role": lambda: a_line().role,
    "order_id": lambda: Order.objects.latest("pk").pk,
    "settlement_id": lambda: Settlement.objects.latest("pk").pk,
    "statement_id": lambda: Statement.objects.filter(payable__gt=0).latest("pk").pk,
    "batch_id": lambda: PayoutBatch.objects.latest("pk").pk,
    "integrations:pk": lambda: ImportBatch.objects.latest("pk").pk,
    "matrix:pk": lambda: Creator.objects.filter(person__username="zhou").get().pk,
    "content:pk": lambda: Post.objects.exclude(creator=None).latest("pk").pk,
    "content:creator_posts:pk": lambda: Creator.objects.latest("pk").pk,
    "customers:pk": lambda: Order.objects.latest("pk").pk,
    "customers:creator_orders:pk": lambda: Creator.objects.latest("pk").pk,
}


def a_line() -> CommissionLine:
    """A line of the person who looks at the phone pages."""
    return CommissionLine.objects.filter(creator__person__username="zhou").latest("pk")


def value_of(name: str, argument: str) -> Any:
    app = name.partition(":")[0]
    for key in (f"{name}:{argument}", f"{app}:{argument}", argument):
        if key in ARGUMENTS:
            return ARGUMENTS[key]()
    raise LookupError(f"Say in ARGUMENTS what stands for “{argument}” of {name}.")


@pytest.fixture
def brand(db: None) -> Unit:
    """The demo brand, and what it does not have of itself: a key, an import, a job."""
    call_command("demo", scale=0.05, password="correct horse battery", verbosity=0)
    lin = Person.objects.get(username="lin")
    brand = Unit.objects.get(kind="brand")
    saved_views.save_view(by=lin, page="content:posts", name="Online", query="state=online")
    create_key(by=lin, unit=brand, name="Shop", scopes=["orders:read"])
    Job.objects.create(kind="tests", unit=brand, label="A job", state="done", created_by=lin)
    file = ContentFile("订单号,支付时间,实付金额\nZ1,2026-09-01,1.00\n".encode(), name="march.csv")
    batch = start_import(
        by=lin, brand=brand, format_code="orders", source="shop", uploaded_file=file
    )
    ImportIssue.objects.create(batch=batch, line=1, outcome="faulty")
    return brand


@pytest.fixture
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    if not AXE.exists():
        pytest.skip("axe-core is not installed: npm ci --prefix assets")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; the test itself stays synchronous.
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def test_every_argument_can_be_filled(brand: Unit) -> None:
    for name, arguments in ROUTES:
        for argument in arguments:
            value_of(name, argument)


def pages() -> list[tuple[str, str]]:
    """(person, address) of every address that shows a whole page to one of `PEOPLE`."""
    clients = {}
    for username in PEOPLE:
        clients[username] = Client()
        clients[username].force_login(Person.objects.get(username=username))
    found = []
    for name, arguments in ROUTES:
        if name in PUBLIC or name.startswith("api:"):
            continue
        address = reverse(
            name, kwargs=WORDS.get(name) or {each: value_of(name, each) for each in arguments}
        )
        for username, client in clients.items():
            answer = client.get(address)
            is_page = answer.status_code == 200 and not answer.streaming
            if is_page and b"<html" in answer.content[:2_000]:
                found.append((username, address))
                break
    return found


class Looker:
    """Looks at pages as one person does and keeps what is wrong with them."""

    def __init__(self, browser: Browser, server: str, username: str) -> None:
        self.server = server
        self.context: BrowserContext = browser.new_context(color_scheme="light")
        client, cookie = Client(), settings.SESSION_COOKIE_NAME
        client.force_login(Person.objects.get(username=username))
        self.context.add_cookies(
            [{"name": cookie, "value": client.cookies[cookie].value, "url": server}]
        )
        self.page: Page = self.context.new_page()
        self.wrong: list[str] = []
        self.address = ""
        self.page.on("pageerror", lambda error: self.complain(f"script: {error}"))
        self.page.on(
            "console",
            lambda message: message.type == "error" and self.complain(f"console: {message.text}"),
        )

    def complain(self, text: str) -> None:
        self.wrong.append(f"{self.address}: {text}")

    def look(self, address: str) -> None:
        for language, lang in LANGUAGES.items():
            self.address = f"{address} [{language}]"
            self.speak(language)
            self.page.set_viewport_size({"width": 1440, "height": 900})
            self.page.goto(f"{self.server}{address}")
            if self.page.evaluate("document.documentElement.lang") != lang:
                self.complain("is in another language")
            if language == "en":
                self.check_access()
            self.check_widths()

    def speak(self, language: str) -> None:
        self.context.add_cookies(
            [{"name": "django_language", "value": language, "url": self.server}]
        )

    def check_access(self) -> None:
        """WCAG 2.2 AA by axe, in both themes."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)
            self.page.evaluate(AXE.read_text())
            for rule, places in self.page.evaluate(
                """(tags) => axe.run(document, { runOnly: tags }).then((found) =>
                    found.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120))]))""",
                RULES,
            ):
                self.complain(f"{scheme}: {rule}: {places[:3]}")
        self.page.emulate_media(color_scheme="light")

    def check_widths(self) -> None:
        for width in WIDTHS:
            self.page.set_viewport_size({"width": width, "height": 844})
            needs = self.page.evaluate("document.documentElement.scrollWidth")
            if needs > width:
                self.complain(f"{needs} px wide on {width}")


def test_every_page_is_sound(brand: Unit, live_server: LiveServer, browser: Browser) -> None:
    lookers: dict[str, Looker] = {}
    shown = pages()
    assert len(shown) > 35
    for username, address in shown:
        if username not in lookers:
            lookers[username] = Looker(browser, live_server.url, username)
        lookers[username].look(address)
    assert [line for looker in lookers.values() for line in looker.wrong] == []
