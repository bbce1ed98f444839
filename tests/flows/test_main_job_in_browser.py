"""The main job in a real browser: files in, tiers and commission worked out, a payout approved by
a second person, the money seen on the phone, a refund taken back, and the books proved.
"""

import csv
import datetime as dt
import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.core.files.base import File
from playwright.sync_api import Browser, Page, expect, sync_playwright

from accounts.choices import Role
from incentives import proof, tasks
from incentives.ladders import start_ladders
from incentives.models import PayoutBatch, TierChange
from matrix.choices import Domain, Ownership, Platform
from matrix.models import SocialAccount
from tests import cast as c

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("main-job"),
]

TODAY = dt.datetime.now(c.ZONE).date()
LAST_MONTH = (TODAY.replace(day=1) - dt.timedelta(days=1)).replace(day=1)
# Early in the month, so that the hold of some days ends within it.
SALE = LAST_MONTH.replace(day=3)


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


class Visitor:
    """Somebody at a browser of their own."""

    def __init__(self, browser: Browser, address: str, username: str, *, phone: bool = False):
        size = {"width": 390, "height": 844} if phone else {"width": 1440, "height": 900}
        self.page: Page = browser.new_context(viewport=size, locale="en-US").new_page()
        self.page.set_default_timeout(20_000)
        self.address = address
        self.complaints: list[str] = []
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on(
            "console",
            lambda message: (
                self.complaints.append(message.text)
                if "Content Security Policy" in message.text
                else None
            ),
        )
        self.page.goto(f"{address}/account/login/")
        self.page.fill("[name=login]", username)
        self.page.fill("[name=password]", c.PASSWORD)
        self.page.press("[name=password]", "Enter")
        self.page.wait_for_url(re.compile(r"/(overview|m)/"))

    def open(self, path: str) -> Page:
        self.page.goto(f"{self.address}{path}")
        return self.page

    def press(self, label: str) -> None:
        self.page.get_by_role("button", name=label).click()

    def bring_in(
        self, kind: str, name: str, rows: list[list[str]], *, source: str, account: str = ""
    ) -> None:
        """All steps of the import wizard."""
        page = self.open("/imports/new/")
        page.select_option("[name=format]", kind)
        page.fill("[name=source]", source)
        page.set_input_files(
            "[name=file]", {"name": name, "mimeType": "text/csv", "buffer": as_csv(rows)}
        )
        self.press("Upload the file")
        if account:
            page.fill("[name=find_account]", account)
        self.press("Check the file")
        page.get_by_role("button", name=re.compile("^Import [0-9]")).click()
        expect(page.get_by_text("The file was imported")).to_be_visible()


def as_csv(rows: list[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerows(rows)
    return text.getvalue().encode("utf-8-sig")


def people_of_the_story() -> c.Cast:
    people = c.cast()
    c.plan(people.brand, hold_days=5)
    for username in ("chen", "zhao"):
        c.finance(people, username)
    c.person("lin", (Role.OPERATOR, people.brand))
    for creator, username, role in (
        (people.zhou, "zhou", Role.KOS),
        (people.may, "may", Role.KOC),
    ):
        creator.person = c.person(username, (role, people.jingan))
        creator.share_code = f"S{creator.number}"
        creator.save()
        c.pay_to_bank(creator)
    SocialAccount.objects.create(
        brand=people.brand,
        unit=people.jingan,
        creator=people.may,
        platform=Platform.XIAOHONGSHU,
        domain=Domain.PUBLIC,
        ownership=Ownership.PERSONAL,
        owner_proof="checked",
        handle="may.skin",
    )
    start_ladders(by=None, brand=people.brand, valid_from=c.LONG_AGO)
    return people


def answer_to(batch: PayoutBatch) -> list[list[str]]:
    """What the bank says: all paid."""
    with File(batch.file.open("rb")) as file:
        sent = list(csv.DictReader(io.StringIO(file.read().decode("utf-8-sig"))))
    return [
        ["商户单号", "状态", "金额", "流水号"],
        *([row["out_no"], "成功", row["amount"], f"B{row['out_no']}"] for row in sent),
    ]


def test_from_files_to_paid_and_back(browser: Browser, live_server) -> None:
    people_of_the_story()
    address = live_server.url
    lin = Visitor(browser, address, "lin")

    # Orders and notes come in by the wizard.
    lin.bring_in(
        "orders",
        "orders.csv",
        [
            [
                "订单号",
                "行号",
                "门店编码",
                "支付时间",
                "实付金额",
                "状态",
                "商品名称",
                "员工编号",
                "分享码",
            ],
            [
                "E1",
                "1",
                "SH0001",
                f"{SALE} 10:30:00",
                "1,299.00",
                "已完成",
                "修护精华",
                "K001",
                "SC001",
            ],
            ["E1", "2", "SH0001", f"{SALE} 10:30:00", "700.00", "已完成", "面霜", "K001", "SC001"],
        ],
        source="pos",
    )
    published = TODAY - dt.timedelta(days=20)
    lin.bring_in(
        "xiaohongshu_notes",
        "笔记列表明细表.csv",
        [
            ["笔记标题", "首次发布时间", "体裁", "曝光", "观看量", "点赞", "评论", "收藏", "分享"],
            ["换季泛红，三步稳住", f"{published:%Y年%m月%d日}12时00分00秒", "图文", "3万", "1.4万", "620", "80", "310", "12"],
        ],
        source="creator-centre",
        account="may.skin",
    )  # fmt: skip

    # The nightly jobs run; May has a note with over 1,000 interactions, and the page says so.
    tasks.nightly_tiers.apply(throw=True)
    tasks.nightly_commission.apply(throw=True)
    page = lin.open("/matrix/creators/?q=May")
    page.get_by_role("link", name="May").first.click()
    expect(page.locator("main")).to_contain_text("Senior")
    change = TierChange.objects.get(creator__name="May")
    page = lin.open(f"/tiers/changes/{change.pk}/")
    expect(page.locator("main")).to_contain_text("Senior")
    expect(page.locator("main")).to_contain_text("换季泛红，三步稳住")

    # Finance settles the month and makes a batch; the second person approves it.
    chen = Visitor(browser, address, "chen")
    chen.open("/settlements/")
    chen.press("Settle ")
    chen.press("Make the payout batch")
    chen.press("Submit for approval")
    expect(chen.page.get_by_text("You made this batch")).to_be_visible()
    zhao = Visitor(browser, address, "zhao")
    page = zhao.open("/approvals/")
    page.get_by_role("link", name=re.compile("payout batch to approve")).click()
    page.get_by_role("link", name=re.compile("^CY-")).click()
    page.get_by_role("link", name="Open the page").click()
    zhao.press("Approve 2 payouts")
    expect(page.get_by_text("The batch is approved.")).to_be_visible()

    # The file goes to the bank, the answer comes back.
    batch = PayoutBatch.objects.get()
    page = chen.open(f"/payouts/{batch.pk}/")
    chen.press("Export the file for the bank")
    with page.expect_download() as download:
        page.get_by_role("link", name="Download the file").click()
    batch.refresh_from_db()
    assert Path(download.value.path()).read_bytes() == batch.file.open("rb").read()
    chen.bring_in("payout_results", "answer.csv", answer_to(batch), source="bank")

    # Zhou Min sees on the phone that 5 % of 1,999.00 is paid, and how it came about.
    zhou = Visitor(browser, address, "zhou", phone=True)
    page = zhou.open(f"/m/money/?month={LAST_MONTH:%Y-%m}")
    expect(page.get_by_text("Paid", exact=True).first).to_be_visible()
    expect(page.locator("main")).to_contain_text("¥99.95")
    page.get_by_role("link", name=re.compile("修护精华")).click()
    expect(page.locator("main")).to_contain_text("¥1,299.00 × 5% = ¥64.95. Payable")

    # The customer sends it all back. The next run takes the commission back, exactly.
    lin.bring_in(
        "refunds",
        "refunds.csv",
        [
            ["订单号", "退款单号", "退款金额", "退款时间"],
            ["E1", "R1", "1999.00", f"{SALE + dt.timedelta(days=6)} 09:00:00"],
        ],
        source="pos",
    )
    tasks.nightly_commission.apply(throw=True)
    page = zhou.open("/m/money/")
    expect(page.get_by_text("Owed back")).to_be_visible()
    expect(page.locator("main")).to_contain_text("−¥99.95")

    assert proof.differences(proof.verify()) == 0
    assert [who.complaints for who in (lin, chen, zhao, zhou)] == [[], [], [], []]
