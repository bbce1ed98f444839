"""Every page of the product in a real browser, filled with the demo brand: WCAG, widths, weight,
shifts, targets, large text, letters, policy and requests.

The pages come from the table of addresses, so a new one is looked at by itself; one whose argument
nobody can fill fails `test_every_argument_can_be_filled`. Run by ``pytest -m sweep``.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.conf import settings
from django.core.files.base import ContentFile
from django.db import connections
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Request,
    Response,
    TimeoutError,
    sync_playwright,
)
from pytest_django.live_server_helper import LiveServer

from accounts import saved_views
from accounts.api_keys import create_key
from accounts.models import ApiKey, Job, Person, SavedView, Unit
from content.models import Post, PostLink
from customers.models import Order
from incentives import race_screens
from incentives.models import (
    Benefit,
    Boost,
    CommissionLine,
    Correction,
    Dispute,
    DryRun,
    Duty,
    Journal,
    OwnOrder,
    Payout,
    PayoutBatch,
    PayoutHold,
    PlanVersion,
    PointGrant,
    PointRule,
    ProofRun,
    Race,
    RaceDispute,
    RaceEntry,
    RaceScreen,
    Redemption,
    Reward,
    RewardItem,
    RewardRule,
    SchemeCheck,
    Settlement,
    ShareLink,
    Shift,
    ShiftPlace,
    Standing,
    Statement,
    Theme,
    TierCertificate,
    TierChange,
    TierPin,
    TierRun,
)
from integrations.importing import start_import
from integrations.models import ImportBatch, ImportIssue
from kosops.lib.secrets import decrypt
from matrix.models import (
    Application,
    Community,
    CommunityMember,
    Creator,
    Custody,
    CustomerTransfer,
    Evidence,
    HandoverItem,
    HelpRequest,
    Pairing,
    PlatformRule,
    PurchaseProof,
    Receipt,
    Recruitment,
    RecruitmentChannel,
    SocialAccount,
    TransferBatch,
)
from matrix.recruiting_choices import Stage, TrialState
from tests import weight
from tests.flows.test_main_job_in_browser import CHROMIUM, FLAGS
from tests.sweep.demo import demo_database
from tests.test_doors import PUBLIC, ROUTES, WORDS

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "assets" / "node_modules" / "axe-core" / "axe.min.js"
HERE = Path(__file__).parent
# From wide to narrow: the page is opened on the widest.
WIDTHS = (1440, 768, 390, 320)
NARROWEST = 320
LANGUAGES = {"en": "en", "zh-hans": "zh-Hans", "ja": "ja"}
# How the page is opened in the other languages: at which width, and what the person asked of the
# system. That other words need more room shows there and on the narrowest width.
OTHERS: list[tuple[str, int, dict[str, Any]]] = [
    ("zh-hans", 390, {"reduced_motion": "reduce"}),
    ("ja", 1440, {"forced_colors": "active"}),
]
# One family of each list in base.css, by the lang attribute.
FONTS = {"zh-Hans": "PingFang SC", "zh": "PingFang SC", "ja": "Hiragino Sans"}
MOST_SHIFT = 0.05
RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
# Who is asked to open a page: the first whom it is shown to.
# Workers share the pages out.
PARTS = 4
PEOPLE = ("lin", "zhao", "zhou")

pytestmark = [
    pytest.mark.sweep,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
]

# What stands for each argument of an address. `pk` is a thing of the page's own app.
ARGUMENTS: dict[str, Callable[[], Any]] = {
    "code": lambda: "douyin",
    "job_id": lambda: Job.objects.latest("pk").pk,
    "person_id": lambda: Person.objects.get(username="he").pk,
    "grant_id": lambda: Person.objects.get(username="he").grants.latest("pk").pk,
    "view_id": lambda: SavedView.objects.latest("pk").pk,
    "key_id": lambda: ApiKey.objects.latest("pk").pk,
    "issue_pk": lambda: ImportIssue.objects.latest("pk").pk,
    "run_id": lambda: TierRun.objects.latest("pk").pk,
    "change_id": lambda: TierChange.objects.latest("pk").pk,
    "benefit_id": lambda: Benefit.objects.latest("pk").pk,
    "incentives:number": lambda: TierCertificate.objects.latest("pk").number,
    "item_id": lambda: RewardItem.objects.filter(earned__gt=0).latest("pk").pk,
    "incentives:reward_rule_decide:rule_id": lambda: RewardRule.objects.latest("pk").pk,
    "incentives:kind": lambda: "reward",
    "scheme_id": lambda: SchemeCheck.objects.filter(kind="reward").latest("pk").reward_id,
    "boost_id": lambda: Boost.objects.latest("pk").pk,
    "post_id": lambda: RewardItem.objects.filter(post__state="online").latest("pk").post_id,
    "pin_id": lambda: TierPin.objects.latest("pk").pk,
    "creator_id": lambda: a_line().creator_id,
    "order_line_id": lambda: a_line().order_line_id,
    "role": lambda: a_line().role,
    "order_id": lambda: Order.objects.latest("pk").pk,
    "settlement_id": lambda: Settlement.objects.latest("pk").pk,
    "version_id": lambda: PlanVersion.objects.latest("pk").pk,
    "statement_id": lambda: Statement.objects.filter(payable__gt=0).latest("pk").pk,
    "own_order_id": lambda: OwnOrder.objects.latest("pk").pk,
    "dispute_id": lambda: Dispute.objects.latest("pk").pk,
    "dry_run_id": lambda: DryRun.objects.filter(finished_at__isnull=False).latest("pk").pk,
    "proof_id": lambda: ProofRun.objects.latest("pk").pk,
    "correction_id": lambda: Correction.objects.latest("pk").pk,
    "journal_id": lambda: Journal.objects.filter(source="correction").latest("pk").pk,
    "reward_id": lambda: Reward.objects.earliest("pk").pk,
    "redemption_id": lambda: Redemption.objects.filter(state="to_do").latest("pk").pk,
    "mobile:own_reward:redemption_id": lambda: (
        Redemption.objects.filter(creator__person__username="zhou").latest("pk").pk
    ),
    "duty_id": lambda: Duty.objects.earliest("pk").pk,
    "shift_id": lambda: Shift.objects.filter(settled_at__isnull=False).latest("pk").pk,
    "mobile:volunteer_shift:shift_id": lambda: (
        Shift.objects.filter(starts_at__gt=timezone.now()).latest("pk").pk
    ),
    "mobile:volunteer_calendar:shift_id": lambda: (
        ShiftPlace.objects.filter(state="held", creator__person__username="zhou")
        .latest("pk")
        .shift_id
    ),
    "mobile:volunteer_attendance:shift_id": lambda: (
        Shift.objects.filter(
            duty__host__person__username="zhou",
            starts_at__lt=timezone.now(),
            settled_at=None,
        )
        .latest("pk")
        .pk
    ),
    "place_id": lambda: (
        ShiftPlace.objects.filter(
            state="held", shift=Shift.objects.filter(settled_at__isnull=False).latest("pk")
        )
        .latest("pk")
        .pk
    ),
    "share_id": lambda: ShareLink.objects.latest("pk").pk,
    "file": lambda: "png",
    "standing_id": lambda: Standing.objects.latest("pk").pk,
    "theme_id": lambda: Theme.objects.filter(state="closed").latest("pk").pk,
    "rule_id": lambda: PointRule.objects.latest("pk").pk,
    "gift_id": lambda: PointGrant.objects.latest("pk").pk,
    "batch_id": lambda: PayoutBatch.objects.latest("pk").pk,
    "race_id": lambda: a_race("running").pk,
    "incentives:race_edit:race_id": lambda: a_race("draft").pk,
    "incentives:race_result:race_id": lambda: a_race("frozen").pk,
    "entry_id": lambda: RaceEntry.objects.filter(race=a_race("running")).earliest("pk").pk,
    "incentives:race_dispute_answer:dispute_id": lambda: (
        RaceDispute.objects.filter(state="open").latest("pk").pk
    ),
    "screen_id": lambda: RaceScreen.objects.latest("pk").pk,
    "incentives:race_screen:token": lambda: (
        race_screens.open_screen(by=a_race("running").created_by, race=a_race("running")).token
    ),
    "payout_id": lambda: Payout.objects.latest("pk").pk,
    "hold_id": lambda: PayoutHold.objects.latest("pk").pk,
    "integrations:pk": lambda: ImportBatch.objects.latest("pk").pk,
    "matrix:pk": lambda: Creator.objects.filter(person__username="zhou").get().pk,
    **dict.fromkeys(
        ("matrix:profile:pk", "matrix:pair:pk"),
        lambda: (
            SocialAccount.objects.filter(
                domain="public", state="active", creator__person__username="zhou"
            )
            .latest("pk")
            .pk
        ),
    ),
    **dict.fromkeys(
        ("matrix:platform_rule:pk", "matrix:platform_rule_remove:pk"),
        lambda: PlatformRule.objects.latest("valid_from").pk,
    ),
    "matrix:creator_domain:pk": lambda: Creator.objects.filter(kind="koc").earliest("pk").pk,
    "matrix:purchase_add:pk": lambda: Creator.objects.filter(kind="koc").earliest("pk").pk,
    "matrix:purchase_take_back:proof_id": lambda: (
        PurchaseProof.objects.filter(verdict="accepted").latest("pk").pk
    ),
    "matrix:receipt:receipt_id": lambda: Receipt.objects.filter(waiting=True).latest("pk").pk,
    "matrix:pairing_end:pk": lambda: Pairing.objects.latest("pk").pk,
    "matrix:store:pk": lambda: Unit.objects.filter(kind="store").earliest("pk").pk,
    "matrix:region:pk": lambda: Unit.objects.filter(kind="region").earliest("pk").pk,
    "content:unit_posts:pk": lambda: Unit.objects.filter(kind="store").earliest("pk").pk,
    "customers:unit_orders:pk": lambda: Unit.objects.filter(kind="store").earliest("pk").pk,
    **dict.fromkeys(
        (
            "matrix:account:pk",
            "matrix:account_change:pk",
            "matrix:account_reveal:pk",
            "matrix:account_state:pk",
            "matrix:custody_begin:pk",
            "matrix:custody_paper:pk",
            "matrix:custody_sign:pk",
            "matrix:event_add:pk",
        ),
        lambda: Custody.objects.filter(until=None, taker_at=None).latest("pk").account_id,
    ),
    "side": lambda: "taker",
    "mobile:custody_sign:pk": lambda: Custody.objects.latest("pk").pk,
    **dict.fromkeys(
        (
            "matrix:batches_make:pk",
            "matrix:customers_add:pk",
            "matrix:handover:pk",
            "matrix:handover_close:pk",
            "matrix:handover_customers:pk",
            "matrix:handover_item:pk",
            "matrix:handover_look:pk",
            "matrix:handover_off:pk",
        ),
        lambda: an_open_item().handover_id,
    ),
    "item_pk": lambda: an_open_item().pk,
    "matrix:batch_file:pk": lambda: TransferBatch.objects.latest("pk").pk,
    "matrix:customer_settle:pk": lambda: CustomerTransfer.objects.latest("pk").pk,
    "matrix:evidence:pk": lambda: Evidence.objects.latest("pk").pk,
    "recruitment_id": lambda: Recruitment.objects.earliest("pk").pk,
    "application_id": lambda: a_trial().pk,
    "matrix:apply:token": lambda: RecruitmentChannel.objects.earliest("pk").token,
    "matrix:apply_status:token": lambda: decrypt(a_trial().status_token),
    "content:pk": lambda: Post.objects.exclude(creator=None).latest("pk").pk,
    "content:link_add:pk": lambda: (
        SocialAccount.objects.filter(creator=None, domain="public", unit__kind="store")
        .latest("pk")
        .pk
    ),
    "content:review:pk": lambda: Post.objects.filter(review="waits").latest("pk").pk,
    "mobile:post_corrected:pk": lambda: Post.objects.filter(review="problem").latest("pk").pk,
    "content:creator_posts:pk": lambda: Creator.objects.latest("pk").pk,
    **dict.fromkeys(
        ("content:link:pk", "content:link_to_post:pk", "content:link_refuse:pk"),
        lambda: PostLink.objects.filter(state="waiting").latest("pk").pk,
    ),
    **dict.fromkeys(
        (
            "matrix:community:pk",
            "matrix:community_change:pk",
            "matrix:community_close:pk",
            "matrix:member_add:pk",
            "content:community_posts:pk",
        ),
        lambda: Community.objects.latest("pk").pk,
    ),
    **dict.fromkeys(
        (
            "matrix:help_request:pk",
            "matrix:help_answer:pk",
            "matrix:help_hand_on:pk",
            "matrix:help_close:pk",
        ),
        lambda: HelpRequest.objects.filter(state="waiting").latest("pk").pk,
    ),
    "matrix:member_remove:pk": lambda: CommunityMember.objects.latest("pk").pk,
    "customers:pk": lambda: Order.objects.latest("pk").pk,
    "customers:creator_orders:pk": lambda: Creator.objects.latest("pk").pk,
}


def a_trial() -> Application:
    """Somebody whose note is awaited."""
    return Application.objects.filter(stage=Stage.TRIAL, trial__state=TrialState.RECEIVED).latest(
        "pk"
    )


def a_race(state: str) -> Race:
    return Race.objects.filter(state=state).earliest("pk")


def a_line() -> CommissionLine:
    """A line of the person who looks at the phone pages."""
    return CommissionLine.objects.filter(creator__person__username="zhou").latest("pk")


def an_open_item() -> HandoverItem:
    """A thing of the case that has most to show."""
    items = HandoverItem.objects.filter(handover__state="open")
    return items.filter(part="customers").last() or items.latest("pk")


def value_of(name: str, argument: str) -> Any:
    app = name.partition(":")[0]
    for key in (f"{name}:{argument}", f"{app}:{argument}", argument):
        if key in ARGUMENTS:
            return ARGUMENTS[key]()
    raise LookupError(f"Say in ARGUMENTS what stands for “{argument}” of {name}.")


@pytest.fixture
def brand(db: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Unit]:
    """The demo brand, and what it does not have of itself: a key, an import, a job."""
    # A worker's folder stands in the one of the run, beside those of the others.
    base, worker = tmp_path_factory.getbasetemp(), "PYTEST_XDIST_WORKER" in os.environ
    owner = os.getppid() if worker else os.getpid()
    with demo_database(owner, (base.parent if worker else base) / "demo-files"):
        yield complete()


def complete() -> Unit:
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
        # Where an event loop runs Django has a connection of its own: one that was opened before
        # this test has another database, and one of this test would outlive its database.
        connections.close_all()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        connections.close_all()
        browser.close()


def test_every_argument_can_be_filled(brand: Unit) -> None:
    for name, arguments in ROUTES:
        for argument in () if name.startswith("api:") else arguments:
            value_of(name, argument)


def pages(routes: list[tuple[str, set[str]]]) -> list[tuple[str, str]]:
    """(person, address) of each of ``routes`` that shows a whole page to one of `PEOPLE`."""
    clients = {}
    for username in PEOPLE:
        clients[username] = Client()
        clients[username].force_login(Person.objects.get(username=username))
    found = []
    for name, arguments in routes:
        if name in PUBLIC - {
            "mobile:offline",
            "matrix:apply",
            "matrix:apply_status",
        } or name.startswith("api:"):
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
        self.context.add_init_script((HERE / "watch.js").read_text())
        self.page: Page = self.context.new_page()
        self.devtools = self.context.new_cdp_session(self.page)
        self.wrong: list[str] = []
        self.address = ""
        self.width = 0
        self.page.on("pageerror", lambda error: self.complain(f"script: {error}"))
        self.page.on("console", self.hear)
        self.page.on("request", self.see_request)
        self.page.on("response", self.see_response)

    def complain(self, text: str) -> None:
        line = f"{self.address}: {text}"
        if line not in self.wrong:
            self.wrong.append(line)

    # -- what the browser says --------------------------------------------------

    def hear(self, message: ConsoleMessage) -> None:
        if message.type == "error" or "Content Security Policy" in message.text:
            self.complain(f"console: {message.text} {message.location.get('url', '')}")

    def see_request(self, request: Request) -> None:
        if not request.url.startswith((f"{self.server}/", "data:", "blob:")):
            self.complain(f"asks another host: {request.url}")

    def see_response(self, response: Response) -> None:
        if response.status >= 400:
            self.complain(f"{response.status} for {response.url}")

    # -- looking ----------------------------------------------------------------

    def look(self, address: str) -> None:
        self.address = f"{address} [en]"
        document = self.open(address, "en", width=1440)
        is_phone = self.page.evaluate("document.body.classList.contains('staff')")
        self.check_shift()
        self.check_weight(document)
        self.check_parts()
        self.check_access()
        for each in WIDTHS:
            self.check_width(each)
        self.check_targets(44 if is_phone else 24, width=390 if is_phone else 1440)
        self.check_large_text(width=390 if is_phone else 1280)
        for language, width, wishes in OTHERS:
            self.address = f"{address} [{language}]"
            self.page.emulate_media(**wishes)
            self.open(address, language, width=width)
            self.check_shift()
            self.check_parts()
            self.check_letters()
            self.check_width(width)
            self.check_width(NARROWEST)
            self.page.emulate_media(reduced_motion="null", forced_colors="null")

    def open(self, address: str, language: str, *, width: int) -> bytes:
        """Load the page and the parts that it asks for by itself; return the document."""
        self.context.add_cookies(
            [{"name": "django_language", "value": language, "url": self.server}]
        )
        self.resize(width)
        answer = self.load(f"{self.server}{address}")
        if not self.page.evaluate("kosWatch.settled()"):
            self.complain("is not complete after ten seconds")
        for text in self.page.evaluate("kosWatch.violations"):
            self.complain(f"policy: {text}")
        if self.page.evaluate("document.documentElement.lang") != LANGUAGES[language]:
            self.complain("is in another language")
        assert answer is not None
        return answer.body()

    def load(self, address: str) -> Response | None:
        """Go there. Of some thousand loads in one tab one hangs, on any phone page; the next goes on.

        Whether the service worker or the browser holds it is not known yet. A page that hangs twice
        is a fault of its own.
        """
        try:
            return self.page.goto(address)
        except TimeoutError:
            self.page.goto("about:blank")
            return self.page.goto(address)

    def check_shift(self) -> None:
        shift = self.page.evaluate("kosWatch.shift")
        if shift > MOST_SHIFT:
            self.complain(f"shifts by {shift:.3f}: {self.page.evaluate('kosWatch.shifted')}")

    def check_weight(self, document: bytes) -> None:
        """The budgets, and that what was weighed is what the browser asked for."""

        def fetch(path: str) -> bytes:
            return self.context.request.get(f"{self.server}{path}").body()

        try:
            found, _is_phone = weight.weigh(document, fetch)
        except LookupError as error:
            self.complain(str(error))
            return
        for text in weight.excess(document, fetch):
            self.complain(text)
        asked = {
            urlsplit(name).path
            for name in self.page.evaluate(
                "performance.getEntriesByType('resource').map((entry) => entry.name)"
            )
        }
        endings = (".css", ".js", *weight.FONTS)
        if unweighed := {path for path in asked if path.endswith(endings)} - set(found.parts):
            self.complain(f"asks for what was not weighed: {unweighed}")

    def check_parts(self) -> None:
        for text in self.page.evaluate("kosWatch.parts()"):
            self.complain(text)

    def check_access(self) -> None:
        """WCAG 2.2 AA by axe; in the dark only colours can differ."""
        self.page.evaluate(AXE.read_text())
        self.run_axe("light", {"type": "tag", "values": RULES})
        self.page.emulate_media(color_scheme="dark")
        self.run_axe("dark", {"type": "rule", "values": ["color-contrast"]})
        self.page.emulate_media(color_scheme="light")

    def run_axe(self, scheme: str, rules: dict[str, Any]) -> None:
        for rule, places in self.page.evaluate(
            """(rules) => axe.run(document, { runOnly: rules, resultTypes: ["violations"] }).then((found) =>
                found.violations.map((v) => [v.id, v.nodes.map((n) => n.html.slice(0, 120))]))""",
            rules,
        ):
            self.complain(f"{scheme}: {rule}: {places[:3]}")

    def resize(self, width: int, height: int = 844) -> None:
        if width == self.width:
            return
        self.width = width
        # Playwright's own way takes four times as long.
        self.devtools.send(
            "Emulation.setDeviceMetricsOverride",
            {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False},
        )

    def check_width(self, width: int) -> None:
        self.resize(width)
        self.check_overflow(f"on {width}")

    def check_overflow(self, where: str) -> None:
        # Charts follow the width of the page in the frame after it has changed.
        needs, has = self.page.evaluate(
            """() => new Promise((done) =>
                requestAnimationFrame(() => requestAnimationFrame(() => {
                    const page = document.documentElement;
                    done([page.scrollWidth, page.clientWidth]);
                })))"""
        )
        if needs > has:
            self.complain(f"{needs} px wide {where}")

    def check_targets(self, least: int, *, width: int) -> None:
        self.resize(width)
        if small := self.page.evaluate("(least) => kosWatch.smallTargets(least)", least):
            self.complain(f"targets under {least} px: {small}")

    def check_large_text(self, *, width: int) -> None:
        """Text at 200 %, as a person sets it in the browser."""
        self.resize(width)
        self.page.evaluate("document.documentElement.style.fontSize = '200%'")
        self.check_overflow(f"on {width} with text at 200 %")

    def check_letters(self) -> None:
        for text in self.page.evaluate("(fonts) => kosWatch.letters(fonts)", FONTS):
            self.complain(text)


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_is_sound(
    brand: Unit, live_server: LiveServer, browser: Browser, part: int
) -> None:
    lookers: dict[str, Looker] = {}
    shown = pages(ROUTES[part::PARTS])
    assert len(shown) > 75 / PARTS
    for username, address in shown:
        if username not in lookers:
            lookers[username] = Looker(browser, live_server.url, username)
        lookers[username].look(address)
    wrong = [line for looker in lookers.values() for line in looker.wrong]
    assert wrong == [], "\n".join(wrong)


def test_what_is_wrong_is_noticed(live_server: LiveServer, browser: Browser) -> None:
    """The twin of the sweep: a page with every fault that it looks for."""
    Person.objects.create_user("lin", "correct horse battery", name="Lin")
    looker = Looker(browser, live_server.url, "lin")
    looker.context.route(
        f"{live_server.url}/faulty/",
        lambda route: route.fulfill(
            body=(HERE / "faulty.html").read_text(),
            content_type="text/html; charset=utf-8",
            headers={"Content-Security-Policy": "style-src 'unsafe-inline'; img-src 'self'"},
        ),
    )
    looker.look("/faulty/")
    heard = "\n".join(looker.wrong)
    for words in (
        "[en]: asks another host: https://elsewhere.example/a.png",
        "[en]: policy: img-src https://elsewhere.example",
        "[en]: console: ",
        f"[en]: 404 for {live_server.url}/static/kosops/js/no-such.js",
        "[en]: /static/kosops/js/no-such.js does not exist",
        "[en]: is in another language",
        "[en]: shifts by 0.",
        "[zh-hans]: shifts by 0.",
        "[en]: has 2 h1",
        "[en]: has 0 main",
        "[en]: has no title of its own",
        "[en]: targets under 24 px: ['small ",
        "[en]: light: image-alt",
        "px wide on 320",
        "px wide on 1280 with text at 200 %",
        "[zh-hans]: letter-spacing: h1 “一一一一”",
        "[zh-hans]: latin fonts only, or another language's: h1 “一一一一”",
    ):
        assert words in heard, f"{words} is not in\n{heard}"
