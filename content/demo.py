"""The demo brand's posts and their figures over time."""

from __future__ import annotations

import datetime as dt
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from django.db.models import Q

from accounts.demo import DemoPart, demo_part
from content.choices import Genre, Location, PostState, Relationship
from content.matching import normal_title
from content.models import MetricSnapshot, Post
from kosops.lib import sql
from matrix.choices import CreatorKind, CreatorState, Domain, Platform
from matrix.models import SocialAccount

POSTS = 6000
# Of a hundred posts by whom; the rest are of stores.
SHARES = {CreatorKind.KOS: 58, CreatorKind.KOC: 38}

# Interactions are log-normal: (middle, spread between authors, spread between their notes), so that
# about 0.5 % of staff notes and 12 % of consumer notes reach 1,000, as in two real samples.
INTEREST = {
    CreatorKind.KOS: (3.56, 0.95, 0.88),
    CreatorKind.KOC: (5.15, 1.05, 1.06),
}
OF_STORE = (4.0, 0.3, 1.2)
# How much of its figures a note has after so many days.
EVENING = 18
GROWTH = ((1, 0.42), (3, 0.68), (7, 0.86), (30, 1.0))
# Posting days: Monday to Sunday.
WEEKDAYS = (0.9, 0.9, 1.0, 1.1, 1.3, 1.25, 1.05)
# How posts gather towards the end: 1 would be evenly over the months.
GATHERING = 0.6
HOURS = (8, 9, 12, 12, 13, 17, 18, 19, 20, 20, 21, 21, 22)
# Of a thousand creators so many stopped posting at some time.
STOPPED = 70

SCENES = (
    "换季 早八 通勤 熬夜后 空调房 约会前 出差 大太阳天 健身后 梅雨天 婚礼前 面试前 周末 降温天"
).split()
SKINS = "混干皮 油皮 敏感肌 黄皮 干皮 混油皮 痘肌".split()
CARE = "屏障霜 防晒乳 精华水 卸妆膏 护手霜 面膜 洁面 身体乳 眼霜 乳液 润唇膏".split()
MAKEUP = "唇釉 粉底液 腮红 眼影盘 香水 散粉 隔离 气垫 唇膏".split()
ANY = CARE + MAKEUP
# What a title may be about, and how it goes.
TITLES = (
    (ANY, "{scene}怎么用{thing}，{skin}的做法"),
    (ANY, "{thing}用了两周，说说感受"),
    (ANY, "{thing}上脸实拍｜{skin}版"),
    (MAKEUP, "{scene}五分钟出门妆，重点是{thing}"),
    (ANY, "{skin}选{thing}看这三点"),
    (ANY, "{thing}空瓶记：回购和不回购"),
    (ANY, "今天到店试了{thing}，拍给你们看"),
    (CARE, "{thing}用量到底多少才合适"),
    (CARE, "{scene}用{thing}不搓泥的顺序"),
    (ANY, "三款{thing}质地对比"),
    (CARE, "给妈妈挑的{thing}"),
    (ANY, "{scene}包里只带{thing}"),
    (CARE, "{skin}的{scene}护肤步骤，先说{thing}"),
    (MAKEUP, "{thing}色号怎么挑｜自然光实拍"),
    (ANY, "新到的{thing}开箱"),
    (CARE, "睡前护肤从{thing}开始"),
)
TITLES_OF_STAFF = (
    (ANY, "柜台被问得多的{thing}问题"),
    (ANY, "导购帮你试｜{skin}用{thing}"),
    (ANY, "下班后的柜姐怎么用{thing}"),
    (ANY, "店里这周到的{thing}，{scene}用得上"),
    (CARE, "一分钟看懂{thing}成分表"),
)

# (relationship, share) and what the note says about it.
RELATIONS = {
    CreatorKind.KOS: ((Relationship.OWN_STAFF, 1),),
    CreatorKind.KOC: (
        (Relationship.COMMISSION, 45),
        (Relationship.GIFT, 25),
        (Relationship.NONE, 25),
        (Relationship.PAID, 5),
    ),
}
# What the location tags show, of a hundred posts.
PLACES_OF_STORE = {Location.STORE: 76, Location.OTHER: 5, Location.NONE: 7, Location.UNKNOWN: 12}
PLACES_OF_PEOPLE = {Location.UNKNOWN: 86, Location.STORE: 8, Location.NONE: 6}
DISCLOSURES = {
    Relationship.OWN_STAFF: "本人为澄野美妆员工",
    Relationship.COMMISSION: "通过本文下单，作者可获佣金",
    Relationship.GIFT: "产品由品牌赠送",
    Relationship.PAID: "品牌合作",
    Relationship.NONE: "",
}
SOURCES = {
    Platform.XIAOHONGSHU: "xiaohongshu-notes",
    Platform.DOUYIN: "douyin-works",
    Platform.CHANNELS: "channels-videos",
}
# What May posted: days ago, final interactions. She lacks 38 for the next tier.
MAY = ((150, 88), (118, 240), (52, 410), (38, 962), (24, 355), (12, 288), (2, 430))
MAY_BEST = "混干皮换季护肤，从屏障霜开始"


# What an export says about a post: the figures in the order of `COLUMNS`.
FIGURES = (
    "impressions",
    "views",
    "likes",
    "recommends",
    "comments",
    "saves",
    "shares",
    "followers_gained",
)
COLUMNS = (
    "post_id",
    "captured_at",
    "source",
    *FIGURES,
    "click_rate_bp",
    "completion_rate_bp",
    "watch_seconds_x100",
)


@dataclass(frozen=True)
class Reading:
    """The figures of a post at a moment; what is not among ``values`` is unknown."""

    at: dt.datetime
    source: str
    values: dict[str, int | None]

    def row(self, post_id: int) -> tuple[object, ...]:
        known = (self.values.get(name) for name in COLUMNS[3:])
        return (post_id, self.at, self.source, *known)


# The columns of a post that a plan fills; figures and dates of rows follow.
POST_COLUMNS = (
    "id",
    "brand_id",
    "store_id",
    "account_id",
    "creator_id",
    "platform",
    "platform_post_id",
    "title",
    "title_key",
    "url",
    "genre",
    "state",
    "published_at",
    "is_commercial",
    "relationship",
    "disclosure",
    "location",
    "created_at",
)


@dataclass
class Planned:
    """A post that will be published, and the readings of its figures that will be taken."""

    published_at: dt.datetime
    gone_at: dt.datetime | None
    # By column; the id is drawn when the post is published.
    post: dict[str, object]
    id: int = 0
    readings: list[Reading] = field(default_factory=list)


@demo_part(order=30)
class PostsAndMetrics(DemoPart):
    """Posts of creators and stores, read 1, 3, 7 and 30 days after they were published."""

    name = "content"
    fills = (Post, MetricSnapshot)

    def prepare(self) -> None:
        self.places = self.demo.rng("places of posts")
        self.plan = sorted(self._plan(), key=lambda planned: planned.published_at)
        self.published = 0
        self.readings = 0
        self.live: list[Planned] = []
        self.read_until = self.demo.at(self.demo.first_day, 0)

    def play(self, until: dt.datetime) -> None:
        fresh = []
        while self.published < len(self.plan):
            planned = self.plan[self.published]
            if planned.published_at > until:
                break
            fresh.append(planned)
            self.published += 1
        self._publish(fresh, until)
        self.live += fresh
        self._take_readings(until)
        gone = [planned.id for planned in self.live if planned.gone_at and planned.gone_at <= until]
        Post.objects.filter(pk__in=gone).update(state=PostState.REMOVED)
        self.live = [planned for planned in self.live if planned.readings]

    def figures(self) -> dict[str, int]:
        return {"posts": self.published, "snapshots": self.readings}

    def _publish(self, fresh: list[Planned], until: dt.datetime) -> None:
        ids = sql.fetch_all(
            "SELECT nextval(pg_get_serial_sequence('content_post', 'id')) AS id"
            " FROM generate_series(1, %(count)s)",
            {"count": len(fresh)},
        )
        for planned, row in zip(fresh, ids, strict=True):
            planned.id = row["id"]
            planned.post |= {"id": planned.id, "created_at": until}
        sql.copy_rows(
            "content_post",
            POST_COLUMNS,
            ([planned.post[column] for column in POST_COLUMNS] for planned in fresh),
        )

    def _take_readings(self, until: dt.datetime) -> None:
        rows = []
        for planned in self.live:
            while planned.readings and planned.readings[0].at <= until:
                rows.append(planned.readings.pop(0).row(planned.id))
        sql.copy_rows("content_metricsnapshot", COLUMNS, rows)
        posts = list({row[0] for row in rows})
        sql.execute(_LATEST_FIGURES, {"posts": posts, "since": self.read_until, "until": until})
        self.readings += len(rows)
        self.read_until = until

    # -- what will be posted ---------------------------------------------------------

    def _plan(self) -> Iterator[Planned]:
        accounts = list(
            SocialAccount.objects.filter(
                Q(creator=None) | ~Q(creator__state=CreatorState.CANDIDATE),
                brand=self.demo.brand,
                domain=Domain.PUBLIC,
            )
            .select_related("creator", "unit")
            .order_by("pk")
        )
        self._judge(accounts)
        total = self.demo.size(POSTS)
        for kind, percent in SHARES.items():
            own = [a for a in accounts if a.creator and a.creator.kind == kind]
            count = total * percent // 100
            if kind == CreatorKind.KOC:
                count -= len(MAY)
                yield from self._may(own)
            yield from self._posts(own, count)
        stores = [account for account in accounts if account.creator is None]
        yield from self._posts(stores, total - sum(total * p // 100 for p in SHARES.values()))

    def _judge(self, accounts: list[SocialAccount]) -> None:
        """How keen and how good each author is, and when some stopped."""
        demo, rng = self.demo, self.rng
        self.skill: dict[int, float] = {}
        self.keen: dict[int, float] = {}
        self.stopped: dict[int, dt.date] = {}
        for account in accounts:
            author = _author(account)
            if author in self.keen:
                continue
            self.skill[author] = rng.gauss(0, 1)
            self.keen[author] = rng.lognormvariate(0, 0.5)
            if rng.random() * 1000 < STOPPED:
                self.stopped[author] = demo.last_day - dt.timedelta(days=rng.randint(62, 130))
            if account.unit_id == account.brand_id:
                self.keen[author], self.skill[author] = 6.0, 1.5
            if account.creator and account.creator.person_id:
                self.keen[author], self.skill[author] = 3.5, 1.3
                self.stopped.pop(author, None)

    def _posts(self, accounts: list[SocialAccount], count: int) -> Iterator[Planned]:
        # Xiaohongshu is where they mostly post.
        weights = [
            self.keen[_author(account)]
            * (1.0 if account.platform == Platform.XIAOHONGSHU else 0.6)
            * self._span(account)
            for account in accounts
        ]
        chosen = Counter(self.rng.choices(range(len(accounts)), weights, k=count))
        for place, own in sorted(chosen.items()):
            account = accounts[place]
            for moment in self._moments(account, own):
                yield self._post(account, moment, self._interest(account))

    def _window(self, account: SocialAccount) -> tuple[dt.date, dt.date]:
        first, last = self.demo.first_day, self.demo.last_day
        if creator := account.creator:
            first = max(first, creator.joined_on or first)
            last = min(last, creator.left_on or last, self.stopped.get(creator.pk, last))
        return first, last

    def _span(self, account: SocialAccount) -> float:
        """The part of the time in which the account could post."""
        if account.creator and account.creator.person_id and self._is_may(account):
            return 0.0
        first, last = self._window(account)
        return max(0.0, ((last - first).days + 1) / len(self.demo.days))

    def _moments(self, account: SocialAccount, count: int) -> Iterator[dt.datetime]:
        """``count`` moments, more of them month by month, with about even distances."""
        first, last = self._window(account)
        days = (last - first).days
        for number in range(count):
            part = (number + self.rng.random()) / count
            day = first + dt.timedelta(days=round(days * part**GATHERING))
            # Weekends are for posting: some wait a day or two for them.
            while day < last and self.rng.random() * max(WEEKDAYS) > WEEKDAYS[day.weekday()]:
                day += dt.timedelta(days=1)
            yield self._at(day)

    def _at(self, day: dt.date) -> dt.datetime:
        return self.demo.at(
            day, self.rng.choice(HOURS), self.rng.randint(0, 59), self.rng.randint(0, 59)
        )

    def _interest(self, account: SocialAccount) -> int:
        kind = account.creator.kind if account.creator else None
        middle, between, within = INTEREST[CreatorKind(kind)] if kind else OF_STORE
        skill = self.skill[_author(account)]
        return int(self.rng.lognormvariate(middle + between * skill, within))

    # -- May ---------------------------------------------------------------------------

    def _is_may(self, account: SocialAccount) -> bool:
        creator = account.creator
        return bool(creator and creator.person_id and creator.kind == CreatorKind.KOC)

    def _may(self, accounts: list[SocialAccount]) -> Iterator[Planned]:
        account = next(
            a for a in accounts if self._is_may(a) and a.platform == Platform.XIAOHONGSHU
        )
        best = max(interactions for _days, interactions in MAY)
        for days, interactions in MAY:
            moment = self._at(self.demo.day - dt.timedelta(days=days))
            planned = self._post(account, moment, interactions, steady=True)
            if interactions == best:
                planned.post |= {"title": MAY_BEST, "title_key": normal_title(MAY_BEST)}
            yield planned

    # -- one post ------------------------------------------------------------------------

    def _post(
        self, account: SocialAccount, moment: dt.datetime, interest: int, *, steady: bool = False
    ) -> Planned:
        rng, creator = self.rng, account.creator
        kind = CreatorKind(creator.kind) if creator else CreatorKind.KOS
        choices = RELATIONS[kind]
        relation = rng.choices([name for name, _w in choices], [w for _name, w in choices])[0]
        if creator is None:
            relation = Relationship.NONE
        title = self._title(of_staff=kind == CreatorKind.KOS)
        # Some forget to say it; a page lists these.
        told = steady or rng.random() > 0.03
        uid = f"{rng.getrandbits(96):024x}"
        post: dict[str, object] = {
            "brand_id": account.brand_id,
            "store_id": account.unit_id,
            "account_id": account.pk,
            "creator_id": account.creator_id,
            "platform": account.platform,
            "platform_post_id": uid,
            "title": title,
            "title_key": normal_title(title),
            "url": _url(account.platform, uid),
            "genre": self._genre(account.platform),
            "state": PostState.ONLINE,
            "published_at": moment,
            "is_commercial": relation in (Relationship.PAID, Relationship.COMMISSION),
            "relationship": relation,
            "disclosure": DISCLOSURES[relation] if told else "",
            "location": self._location(account),
        }
        gone = not steady and rng.random() < 0.012
        gone_at = moment + dt.timedelta(days=rng.randint(4, 60)) if gone else None
        planned = Planned(moment, gone_at, post)
        whole = _figures(rng, account.platform, interest)
        published = moment.astimezone(self.demo.zone).date()
        if published == self.demo.last_day and moment.hour < EVENING:
            # The newest are read the same evening, or yesterday's posts would have no figures.
            values = _values(rng, account.platform, whole, 0.2, sure=steady)
            source = SOURCES[Platform(account.platform)]
            captured = self.demo.at(published, 23, rng.randint(5, 55))
            planned.readings.append(Reading(captured, source, values))
        for days, part in GROWTH:
            captured = self.demo.at(published + dt.timedelta(days=days), 8, rng.randint(5, 55))
            if gone_at and captured > gone_at:
                break
            if not steady:
                part = min(1.0, max(0.05, part + rng.gauss(0, 0.06))) if days < 30 else 1.0
            values = _values(rng, account.platform, whole, part, sure=steady)
            source = SOURCES[Platform(account.platform)]
            planned.readings.append(Reading(captured, source, values))
        return planned

    def _title(self, *, of_staff: bool) -> str:
        rng = self.rng
        things, title = rng.choice((*TITLES, *TITLES_OF_STAFF) if of_staff else TITLES)
        return title.format(
            scene=rng.choice(SCENES), skin=rng.choice(SKINS), thing=rng.choice(things)
        )

    def _location(self, account: SocialAccount) -> str:
        """Stores mostly name themselves; of people's posts nobody asks."""
        shares = PLACES_OF_STORE if account.creator is None else PLACES_OF_PEOPLE
        return self.places.choices(tuple(shares), tuple(shares.values()))[0]

    def _genre(self, platform: str) -> str:
        if platform == Platform.XIAOHONGSHU and self.rng.random() < 0.68:
            return Genre.IMAGE_TEXT
        return Genre.VIDEO


_LATEST_FIGURES = f"""
    UPDATE content_post AS post
       SET {", ".join(f"{name} = COALESCE(new.{name}, post.{name})" for name in FIGURES)},
           figures_at = new.captured_at
      FROM (SELECT DISTINCT ON (post_id) * FROM content_metricsnapshot
             WHERE post_id = ANY(%(posts)s)
               AND captured_at > %(since)s AND captured_at <= %(until)s
             ORDER BY post_id, captured_at DESC) AS new
     WHERE post.id = new.post_id
"""


def _author(account: SocialAccount) -> int:
    """Who posts there: the creator, or a store by the account alone."""
    return account.creator_id or -account.pk


def _url(platform: str, uid: str) -> str:
    if platform == Platform.XIAOHONGSHU:
        return f"https://www.xiaohongshu.com/explore/{uid}"
    return ""


def _figures(rng: random.Random, platform: str, interest: int) -> dict[str, int]:
    """Final figures of a post with so many likes, saves and comments together."""
    views = int(interest / rng.uniform(0.025, 0.085)) + rng.randint(20, 160)
    comments = int(interest * rng.uniform(0.05, 0.14))
    figures = {"views": views, "comments": comments, "shares": int(interest * rng.uniform(0, 0.1))}
    if platform == Platform.CHANNELS:
        figures["recommends"] = int(interest * rng.uniform(0.2, 0.6))
        figures["likes"] = interest - comments
    else:
        saves = int(interest * (rng.uniform(0.2, 0.45) if platform == "xiaohongshu" else 0.13))
        figures |= {"saves": saves, "likes": interest - comments - saves}
    if platform == Platform.XIAOHONGSHU:
        figures["impressions"] = int(views / rng.uniform(0.07, 0.19))
    if platform != Platform.CHANNELS:
        figures["followers_gained"] = int(interest * rng.uniform(0, 0.03))
    return figures


def _values(
    rng: random.Random, platform: str, whole: dict[str, int], part: float, *, sure: bool
) -> dict[str, int | None]:
    """What the platform's export says when so much of the final figures is there."""
    values: dict[str, int | None] = {
        # The parts add up to the final interactions exactly once all of it is there.
        name: value if part == 1.0 else int(value * part)
        for name, value in whole.items()
    }
    views, impressions = values["views"] or 0, values.get("impressions")
    if not sure and rng.random() < 0.04:
        # "数据较少": the platform does not tell.
        values[rng.choice(("shares", "comments", "followers_gained"))] = None
    if not sure and rng.random() < 0.03 and values["comments"]:
        # A comment that the platform took away again.
        values["comments"] -= 1
    if impressions:
        values["click_rate_bp"] = views * 10_000 // impressions
    if platform != Platform.XIAOHONGSHU:
        values["completion_rate_bp"] = rng.randint(900, 4200)
    values["watch_seconds_x100"] = rng.randint(450, 2600)
    return values
