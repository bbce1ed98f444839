"""Leaver stories in a real browser, by who owns the accounts; their customers and their money.

Headquarters works at a desk, the people sign on their phones, finance pays a month later.
"""

from __future__ import annotations

import datetime as dt
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright
from pytest_django.live_server_helper import LiveServer

from accounts.choices import Role
from content.models import Post
from customers.models import Order
from incentives import proof
from incentives.choices import PayoutState
from incentives.models import PayoutBatch, Statement
from matrix import custody, registry
from matrix.custody_choices import TransferState
from matrix.models import Creator, CustomerTransfer, Handover, Pairing, SocialAccount
from tests import cast as c
from tests.flows.test_main_job_in_browser import (
    CHROMIUM,
    FLAGS,
    LAST_MONTH,
    SALE,
    Visitor,
    answer_to,
)

pytestmark = [
    pytest.mark.sweep,
    pytest.mark.browser,
    pytest.mark.django_db(transaction=True),
    pytest.mark.xdist_group("handover"),
]

# Sold on the 3rd of last month, gone after the 6th, sold again with the old code on the 9th.
LAST_DAY = SALE + dt.timedelta(days=3)
LATER = SALE + dt.timedelta(days=6)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with pytest.MonkeyPatch.context() as patch, sync_playwright() as playwright:
        # Playwright keeps an event loop in this thread; the tests themselves stay synchronous.
        patch.setitem(os.environ, "DJANGO_ALLOW_ASYNC_UNSAFE", "true")
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Story:
    """Zhou Min leaves the Jing'an store; Wang Fang and Li Na stay. Lin takes care of it."""

    people: c.Cast
    wang: Creator
    li: Creator
    browser: Browser
    address: str
    visitors: list[Visitor]

    def visit(self, username: str, *, phone: bool = False) -> Visitor:
        visitor = Visitor(self.browser, self.address, username, phone=phone)
        self.visitors.append(visitor)
        return visitor


@pytest.fixture
def story(live_server: LiveServer, browser: Browser) -> Iterator[Story]:
    people = c.cast()
    c.person("lin", (Role.OPERATOR, people.brand))
    wang = c.creator(people.jingan, "K002", "Wang Fang")
    li = c.creator(people.jingan, "K003", "Li Na")
    for creator, username in ((people.zhou, "zhou"), (wang, "wang"), (li, "li")):
        creator.person = c.person(username, (Role.KOS, people.jingan))
        creator.share_code = username.upper()
        creator.save()
    story = Story(people, wang, li, browser, live_server.url, [])
    yield story
    assert [visitor.complaints for visitor in story.visitors if visitor.complaints] == []
    for visitor in story.visitors:
        visitor.page.context.close()


# -- pages ---------------------------------------------------------------------


def begin_leaving(lin: Visitor, creator: Creator, last_day: dt.date = LAST_DAY) -> Page:
    """From the page of the person to the case with its checklist."""
    page = lin.open(f"/matrix/creators/{creator.pk}/")
    page.get_by_role("link", name="Leaves or moves").click()
    page.fill("[name=last_day]", last_day.isoformat())
    lin.press("Begin the handover")
    expect(page.get_by_text("The handover has begun.")).to_be_visible()
    return page


def thing(page: Page, words: str, part: str = "accounts"):
    """One thing of the checklist."""
    return page.locator(f"#part-{part} .handover-item").filter(has_text=words)


def name_taker(page: Page, words: str, taker: Creator, part: str = "accounts") -> None:
    item = thing(page, words, part)
    item.locator("[name=holder]").select_option(label=f"{taker.name} · {taker.number}")
    item.get_by_role("button", name="Save").click()
    expect(thing(page, words, part)).to_contain_text(f"Taker: {taker.name}")


def name_nobody(page: Page, words: str, why: str) -> None:
    item = thing(page, words)
    item.locator("[name=reason]").fill(why)
    item.get_by_role("button", name="Save").click()
    expect(thing(page, words)).to_contain_text(f"Nobody: {why}")


def sign_on_the_phone(story: Story, username: str, words: str) -> None:
    phone = story.visit(username, phone=True)
    page = phone.open("/m/accounts/")
    phone.press(words)
    expect(page.get_by_text("Signed. Thank you.")).to_be_visible()


def is_still_open(page: Page, *words: str) -> None:
    """The case names what is missing and offers no way to close it."""
    page.reload()
    for each in words:
        expect(page.locator("main")).to_contain_text(each)
    expect(page.get_by_text("Still open:")).to_be_visible()
    expect(close_button(page)).to_have_count(0)


def close_button(page: Page):
    return page.get_by_role("button", name="Close the handover")


def close(page: Page) -> None:
    page.reload()
    close_button(page).click()
    expect(page.get_by_text("Nothing of it was deleted.")).to_be_visible()


def expect_left(page: Page, story: Story) -> None:
    """Zhou Min has left with the last day, on her page and in the books of the matrix."""
    page.get_by_role("link", name="Zhou Min").first.click()
    expect(page.locator("main")).to_contain_text("Left")
    zhou = Creator.objects.get(pk=story.people.zhou.pk)
    assert (zhou.state, zhou.left_on, zhou.share_code_until) == ("left", LAST_DAY, LAST_DAY)
    assert Handover.objects.get().state == "done"


def again(account: SocialAccount) -> SocialAccount:
    return SocialAccount.objects.get(pk=account.pk)


# -- by ownership --------------------------------------------------------------


def test_what_the_company_opened_goes_on_with_both_signatures(story: Story) -> None:
    zhou, wang = story.people.zhou, story.wang
    note = c.account(zhou, handle="Zhou at Kerry")
    custody.begin(by=None, account=note, creator=zhou, since=c.LONG_AGO)

    lin = story.visit("lin")
    page = begin_leaving(lin, zhou)
    is_still_open(page, "Choose who takes it over.")
    name_taker(page, "Zhou at Kerry", wang)
    is_still_open(page, "The giver has not signed yet.")
    sign_on_the_phone(story, "zhou", "Sign: I give it")
    is_still_open(page, "The taker has not signed yet.")
    sign_on_the_phone(story, "wang", "Sign: I take it over")
    close(page)

    expect_left(page, story)
    page = lin.open(f"/matrix/accounts/{note.pk}/")
    expect(page.locator("main")).to_contain_text("Wang Fang")
    assert again(note).creator == wang
    assert [(each.creator, each.is_signed) for each in note.custodies.filter(until=None)] == [
        (wang, True)
    ]


def test_what_an_employee_authorised_is_only_unbound_and_its_posts_stay(story: Story) -> None:
    zhou, wang = story.people.zhou, story.wang
    note = c.account(zhou, handle="Zhou's notes", ownership="employee_authorised")
    wecom = c.account(wang, platform="wecom", handle="wangfang")
    registry.pair_accounts(by=None, public=note, private=wecom, since=c.LONG_AGO)
    post = Post.objects.create(
        brand=story.people.brand,
        store=story.people.jingan,
        account=note,
        creator=zhou,
        platform="xiaohongshu",
        title="Autumn in the city",
        published_at=c.at("2026-09-01"),
        likes=1_234,
    )

    lin = story.visit("lin")
    page = begin_leaving(lin, zhou)
    expect(thing(page, "Zhou's notes")).to_contain_text("Authorisation is withdrawn")
    expect(thing(page, "Zhou's notes").locator("[name=holder]")).to_have_count(0)
    expect(thing(page, "1 post", "posts")).to_be_visible()
    close(page)

    expect_left(page, story)
    assert (again(note).state, again(note).closed_why) == ("closed", "withdrawn")
    assert (again(note).creator, Pairing.objects.get().until) == (zhou, LAST_DAY)
    page = lin.open(f"/posts/{post.pk}/")
    expect(page.locator("main")).to_contain_text("Autumn in the city")
    expect(page.locator("main")).to_contain_text("1,234")
    expect(page.locator("main")).to_contain_text("Zhou Min")


def test_of_a_personal_account_nothing_is_taken(story: Story) -> None:
    zhou = story.people.zhou
    own = c.account(zhou, platform="douyin", handle="min.dances", ownership="personal")
    wechat = c.account(zhou, platform="wechat", handle="wxid_zhou", ownership="personal")

    lin = story.visit("lin")
    page = begin_leaving(lin, zhou)
    for words in ("min.dances", "w•••u"):
        expect(thing(page, words)).to_contain_text("Stays with its owner")
        expect(thing(page, words).locator("form")).to_have_count(0)
    close(page)

    expect_left(page, story)
    for account in (again(own), again(wechat)):
        assert (account.state, account.closed_why) == ("closed", "with_owner")
        assert (account.creator, account.custodies.count()) == (zhou, 0)


# -- customers in WeCom --------------------------------------------------------


def list_customers(page: Page, lines: list[str]) -> None:
    part = page.locator("#part-customers")
    part.locator("[name=lines]").fill("\n".join(lines))
    part.get_by_role("button", name="List the customers").click()
    expect(page.get_by_text(f"{len(lines)} customers were listed.")).to_be_visible()


def make_file(lin: Visitor, page: Page) -> list[str]:
    """Have the planned customers asked for; the rows of the newest file for the SCRM."""
    lin.press("Make the files for WeCom")
    expect(page.get_by_text("The files are ready.")).to_be_visible()
    with page.expect_download() as download:
        page.locator("#part-customers").get_by_role("link", name="Download").last.click()
    return Path(download.value.path()).read_text("utf-8-sig").splitlines()[1:]


def wecom_says(lin: Visitor, answers: dict[str, int]) -> None:
    rows = [[userid, str(status)] for userid, status in answers.items()]
    lin.bring_in(
        "wecom_transfer_results",
        f"answers-{len(rows)}.csv",
        [["external_userid", "status"], *rows],
        source="scrm",
    )


def test_each_customer_in_wecom_gets_an_end_before_the_case_closes(story: Story) -> None:
    zhou, wang, li = story.people.zhou, story.wang, story.li
    for creator, name in ((zhou, "zhoumin"), (wang, "wangfang"), (li, "lina")):
        c.account(creator, platform="wecom", handle=name)
    ids = {name: f"wm{name}00000001" for name in ("Sun", "Qian", "Zhao")}

    lin = story.visit("lin")
    page = begin_leaving(lin, zhou)
    case = page.url
    name_nobody(page, "zhoumin", "The number is given back")
    list_customers(page, [f"{userid}, {name}" for name, userid in ids.items()])
    name_taker(page, "", wang, "customers")
    assert make_file(lin, page) == [f"zhoumin,wangfang,{userid}" for userid in ids.values()]

    # One goes over, one says no, and for one the taker has no room.
    wecom_says(lin, {ids["Sun"]: 1, ids["Qian"]: 3, ids["Zhao"]: 4})
    page.goto(case)
    is_still_open(page)
    page.get_by_role("link", name="All customers").click()
    row = page.get_by_role("row").filter(has_text="Qian")
    row.locator("[name=note]").fill("Asked to add Wang Fang")
    row.get_by_role("button", name="Asked to add").click()
    expect(page.get_by_role("row").filter(has_text="Qian")).to_contain_text("Asked to add Wang")
    row = page.get_by_role("row").filter(has_text="Zhao")
    row.locator("[name=holder]").select_option(label="Li Na · K003")
    row.get_by_role("button", name="Plan anew").click()
    expect(page.get_by_role("row").filter(has_text="Zhao")).to_contain_text("Li Na")

    # Planned anew is no end yet, and neither is asked for.
    page.goto(case)
    is_still_open(page)
    assert make_file(lin, page) == [f"zhoumin,lina,{ids['Zhao']}"]
    is_still_open(page)
    wecom_says(lin, {ids["Zhao"]: 1})
    page.goto(case)
    close(page)

    expect_left(page, story)
    ends = CustomerTransfer.objects.order_by("pk").values_list("name", "state", "taker__name")
    assert list(ends) == [
        ("Sun", TransferState.DONE, "Wang Fang"),
        ("Qian", TransferState.INVITED, "Wang Fang"),
        ("Zhao", TransferState.DONE, "Li Na"),
    ]


# -- money ---------------------------------------------------------------------


def orders_file(*rows: tuple[str, dt.date, str, str, str]) -> list[list[str]]:
    """Rows of (order, day, yuan, number of who sold, share code)."""
    return [
        ["订单号", "行号", "门店编码", "支付时间", "实付金额", "状态", "员工编号", "分享码"],
        *(
            [order, "1", "SH0001", f"{day} 10:30:00", yuan, "已完成", seller, code]
            for order, day, yuan, seller, code in rows
        ),
    ]


def pay_the_month(chen: Visitor, zhao: Visitor) -> PayoutBatch:
    """Finance settles last month; a second person approves; the bank pays all of the batch."""
    chen.open("/settlements/")
    chen.press("Settle ")
    chen.press("Make the payout batch")
    chen.press("Submit for approval")
    expect(chen.page.get_by_text("You made this batch")).to_be_visible()
    batch = PayoutBatch.objects.get()
    page = zhao.open(f"/payouts/{batch.pk}/")
    # Who left is in the batch, so a warning asks for a reason.
    page.fill("[name=reason]", "Earned before leaving")
    page.get_by_role("button", name=re.compile("^Approve [0-9]")).click()
    expect(page.get_by_text("The batch is approved.")).to_be_visible()
    page = chen.open(f"/payouts/{batch.pk}/")
    chen.press("Export the file for the bank")
    expect(page.get_by_role("link", name="Download the file")).to_be_visible()
    batch.refresh_from_db()
    chen.bring_in("payout_results", "answer.csv", answer_to(batch), source="bank")
    return batch


def test_what_was_sold_before_leaving_is_paid_afterwards_and_the_dead_code_pays_nobody(
    story: Story,
) -> None:
    people, zhou = story.people, story.people.zhou
    c.plan(people.brand, hold_days=5)
    for username in ("chen", "zhao"):
        c.finance(people, username)
    for creator in (zhou, story.wang):
        c.pay_to_bank(creator)
    c.account(zhou, handle="min.notes", ownership="personal")

    # She sold E1 herself; Wang Fang sold E2 with her code. Then she leaves.
    lin = story.visit("lin")
    lin.bring_in(
        "orders",
        "before.csv",
        orders_file(
            ("E1", SALE, "1,000.00", "K001", ""), ("E2", LAST_DAY, "1,000.00", "K002", "ZHOU")
        ),
        source="pos",
    )
    page = begin_leaving(lin, zhou)
    expect(thing(page, "2 orders", "orders")).to_be_visible()
    close(page)
    expect_left(page, story)

    # A customer comes back with the old code: the order counts, the code does not.
    lin.bring_in(
        "orders", "after.csv", orders_file(("E3", LATER, "1,000.00", "K002", "ZHOU")), source="pos"
    )
    expect(lin.page.locator("main")).to_contain_text("share code ended")
    assert Order.objects.get(external_id="E3").sharer is None

    chen, zhao = story.visit("chen"), story.visit("zhao")
    batch = pay_the_month(chen, zhao)

    # 5 % of E1 and 2 % of E2 are hers; E3 pays who sold it and nobody else.
    page = chen.open(f"/payouts/{batch.pk}/")
    paid = page.get_by_role("row").filter(has_text="Zhou Min")
    expect(paid).to_contain_text("¥70.00")
    expect(paid).to_contain_text("Paid")
    assert batch.payouts.get(creator=zhou).state == PayoutState.SUCCEEDED
    assert batch.payouts.get(creator=story.wang).amount == 10_000
    statement = Statement.objects.get(creator=zhou)
    assert statement.settlement.period == f"{LAST_MONTH:%Y-%m}"
    page = chen.open(f"/commission/statements/{statement.pk}/")
    for order, is_hers in (("E1", True), ("E2", True), ("E3", False)):
        expect(page.locator("main").get_by_text(order, exact=True)).to_have_count(int(is_hers))
    assert proof.differences(proof.verify()) == 0
