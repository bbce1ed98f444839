"""Accounts of the demo brand that recruit staff, and the reviews of what they post.

The demo brand deals in beauty, which asks for no stricter review; its accounts for recruiting do.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from content import reviews
from content.choices import Genre, Location, PostState, Relationship
from content.demo import SOURCES
from content.matching import normal_title
from content.models import MetricSnapshot, Post, PostReview
from content.review_rules import Item
from matrix import registry
from matrix.choices import AccountPurpose, Ownership, Platform
from matrix.models import Creator, SocialAccount

OF_BRAND = "澄野美妆招聘"
OF_STORE = "静安店·招人啦"


@dataclass(frozen=True)
class Note:
    """A note, days before the end, and what a review found; None while it waits."""

    title: str
    days_ago: int
    findings: tuple[Item, ...] | None = None
    note: str = ""
    corrected: bool = False


NOTES_OF_BRAND = (
    Note("澄野美妆 2027 校招开始了", 24, ()),
    Note("在专柜上班的一天", 17, ()),
    Note("店长培养计划，两年带一家店", 12, (Item.PAY,), "请按合同写明底薪和提成的算法。"),
    Note("内推有奖，推荐一位得 500", 8, (Item.HEADS,), "内推奖励不能写在公开招聘里。"),
    Note("美容顾问的一周排班", 4),
    Note("面试前想知道的六件事", 2),
)
NOTES_OF_STORE = (
    Note("静安店招早班美容顾问", 14, ()),
    Note("来店里面试怎么走", 9, (Item.EMPLOYER,), "请补上用人单位和门店地址。", corrected=True),
    Note("招小姐姐，28 岁以下优先", 6, (Item.EQUAL,), "请删掉性别和年龄要求。"),
    Note("静安店周末兼职，时薪明写", 1),
)


@demo_part(order=31)
class Reviews(DemoPart):
    """Notes of two recruiting accounts: cleared, with a problem, corrected, and waiting."""

    name = "reviews"
    fills = (PostReview,)

    def prepare(self) -> None:
        self.reviewed = 0

    def play(self, until: dt.datetime) -> None:
        if until < self.demo.moments()[-1]:
            return
        zhou = Creator.objects.select_related("person", "store").get(
            brand=self.demo.brand, person__username="zhou"
        )
        opened = self.demo.last_day - dt.timedelta(days=40)
        facts: dict[str, Any] = {
            "by": None,
            "platform": Platform.XIAOHONGSHU,
            "ownership": Ownership.COMPANY_OPENED,
            "opened_on": opened,
            "purpose": AccountPurpose.RECRUITING,
        }
        of_brand = registry.add_account(unit=self.demo.brand, handle=OF_BRAND, **facts)
        of_store = registry.add_account(creator=zhou, handle=OF_STORE, **facts)
        for account, notes in ((of_brand, NOTES_OF_BRAND), (of_store, NOTES_OF_STORE)):
            for note in notes:
                self._review(self._publish(account, note, until), note, zhou)

    def figures(self) -> dict[str, int]:
        return {"reviews": self.reviewed}

    def _publish(self, account: SocialAccount, note: Note, until: dt.datetime) -> Post:
        day = self.demo.day - dt.timedelta(days=note.days_ago)
        figures = {
            "views": self.rng.randint(200, 900),
            "likes": self.rng.randint(5, 40),
            "comments": self.rng.randint(0, 9),
            "saves": self.rng.randint(0, 12),
        }
        # The newest are read the same evening.
        read = self.demo.at(self.demo.last_day, 23)
        with clock(until):
            post = Post.objects.create(
                brand=self.demo.brand,
                store=account.unit,
                account=account,
                creator=account.creator,
                platform=account.platform,
                title=note.title,
                title_key=normal_title(note.title),
                genre=Genre.IMAGE_TEXT,
                state=PostState.ONLINE,
                published_at=self.demo.at(day, 12, self.rng.randint(0, 59)),
                relationship=Relationship.OWN_STAFF,
                location=Location.UNKNOWN,
                figures_at=read,
                **figures,
            )
        source = SOURCES[Platform(account.platform)]
        MetricSnapshot.objects.create(post=post, captured_at=read, source=source, **figures)
        return post

    def _review(self, post: Post, note: Note, zhou: Creator) -> None:
        if note.findings is None:
            return
        lin = Person.objects.get(username="lin")
        with clock(post.published_at + dt.timedelta(hours=20)):
            reviews.review(by=lin, post=post, findings=note.findings, note=note.note)
        self.reviewed += 1
        if note.corrected and zhou.person:
            with clock(post.published_at + dt.timedelta(hours=30)):
                reviews.corrected(by=zhou.person, post=post)
