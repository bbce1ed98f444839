"""The links that people of the demo brand added on the phone in the last days."""

from __future__ import annotations

import datetime as dt
import random
import string
import uuid

from django.utils import timezone

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from content import submissions
from content.choices import Location
from content.models import Post, PostLink
from matrix import custody
from matrix.choices import CreatorState, Platform
from matrix.models import Creator, SocialAccount

# Of the person who shows the phone, and of others at HQ.
RECOGNISED = 4
WAITING = 9
WITHIN = dt.timedelta(days=8)

TITLES = (
    "今天到店试了新香水，拍给你们看",
    "梅雨天的底妆怎么不闷",
    "熬夜后第二天这样护肤",
    "黄皮试唇釉，自然光实拍",
    "",
    "三款洁面的质地对比",
    "给妈妈挑的眼霜",
    "",
    "柜台被问得多的防晒问题",
)
WAITS_AT_HOME = "下班后五分钟护肤，屏障霜怎么叠"
OF_STORE = "静安店今天的柜台活动"
REFUSED = "这是店里的团建照片，与产品无关。请添加介绍产品的那一篇。"


@demo_part(order=31)
class LinksOfPosts(DemoPart):
    """Links that were recognised, that wait, and one that was refused."""

    name = "links"
    fills = (PostLink,)

    def prepare(self) -> None:
        self.added = 0

    def play(self, until: dt.datetime) -> None:
        if until < self.demo.moments()[-1]:
            return
        zhou = Creator.objects.select_related("person", "store").get(
            brand=self.demo.brand, person__username="zhou"
        )
        self._of_store(zhou, until)
        own = Post.objects.filter(creator=zhou, platform=Platform.XIAOHONGSHU)
        for post in own.order_by("-published_at")[:RECOGNISED]:
            self._add(zhou, f"{post.title} {post.url}", post.published_at)
        self._add(zhou, _short(self.rng, WAITS_AT_HOME), until - dt.timedelta(hours=4))
        refused = self._add(zhou, _short(self.rng, ""), until - dt.timedelta(days=2, hours=5))
        with clock(until - dt.timedelta(days=1, hours=9)):
            lin = Person.objects.get(username="lin")
            submissions.refuse_link(by=lin, link=refused, reason=REFUSED)
        self._add_of_others(until)

    def _of_store(self, zhou: Creator, until: dt.datetime) -> None:
        """Zhou Min holds the account of the store and adds a link of what it posted."""
        counter = SocialAccount.objects.select_related("unit").filter(
            unit=zhou.store, creator=None, platform=Platform.XIAOHONGSHU, custodies=None
        )
        lin, account = Person.objects.get(username="lin"), counter.order_by("pk").first()
        if account is None or zhou.person is None:
            return
        with clock(until - dt.timedelta(days=30)):
            held = custody.begin(by=lin, account=account, creator=zhou, since=timezone.localdate())
            custody.sign(by=lin, custody=held, side="giver")
            custody.sign(by=zhou.person, custody=held, side="taker")
        moment = until - dt.timedelta(hours=7)
        with clock(moment):
            submissions.add_link(
                by=zhou.person,
                creator=zhou,
                account=account,
                text=_short(self.rng, OF_STORE),
                location=Location.STORE,
                client_key=uuid.UUID(int=self.rng.getrandbits(128), version=4),
                noted_at=moment,
            )
        self.added += 1

    def figures(self) -> dict[str, int]:
        return {"links": self.added}

    def _add_of_others(self, until: dt.datetime) -> None:
        others = Creator.objects.filter(
            brand=self.demo.brand,
            person=None,
            state=CreatorState.ACTIVE,
            social_accounts__platform=Platform.XIAOHONGSHU,
        ).exclude(social_accounts__state="closed")
        known = list(others.distinct().order_by("pk"))
        # A small load has fewer people than titles.
        chosen = self.rng.sample(known, min(WAITING, len(known)))
        for title, creator in zip(TITLES, chosen, strict=False):
            moment = until - WITHIN * self.rng.random()
            self._add(creator, _short(self.rng, title), moment)

    def _add(self, creator: Creator, text: str, published_at: dt.datetime) -> PostLink:
        """A link that was added some minutes after the post was published."""
        later = published_at + dt.timedelta(minutes=self.rng.randint(2, 40))
        moment = min(later, self.demo.moments()[-1])
        with clock(moment):
            link = submissions.add_link(
                by=creator.person,
                creator=creator,
                text=text,
                client_key=uuid.UUID(int=self.rng.getrandbits(128), version=4),
                noted_at=moment,
            )
        self.added += 1
        return link


def _short(rng: random.Random, title: str) -> str:
    code = "".join(rng.choices(string.ascii_letters + string.digits, k=6))
    return f"{title} http://xhslink.com/a/{code} ，复制本条信息，打开【小红书】App查看精彩内容！"
