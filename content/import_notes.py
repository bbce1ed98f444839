"""Import formats of the creator centres: Xiaohongshu's note list and Douyin's list of works.

Neither file names the account or carries an id of the post (DATA-SHAPES 4.1, 4.7): the account is
asked for, and posts are recognised by title and time. Each row becomes a reading of the post's
figures at the time of the export; a blank is unknown and never 0.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Unit
from content.choices import Genre, Location, PostState, Relationship
from content.locations import read as read_location
from content.matching import NEAR_TIME, SAME_TIME, KnownPost, match, normal_title
from content.models import MetricSnapshot, Post
from content.posts import FIGURES
from content.submissions import link_waiting
from integrations.choices import Outcome
from integrations.formats import (
    PLATFORM_ZONE,
    Choice,
    Column,
    ImportFormat,
    ImportRun,
    Option,
    Reading,
    Record,
    as_choice,
    as_count,
    as_duration,
    as_moment,
    as_rate,
    as_signed_count,
    as_text,
    register,
)
from integrations.sheets import values as cells
from integrations.sheets.reading import Cell
from integrations.sheets.values import Parser
from kosops.lib.errors import DomainError
from kosops.lib.sql import execute
from matrix.choices import CreatorKind, Platform
from matrix.models import SocialAccount

MAX_FOUND = 20
NEW_POST = "new"
# Readings may be a few minutes ahead of our clock, not more.
AHEAD = dt.timedelta(minutes=10)

STATUSES = {
    "公开": PostState.ONLINE,
    "已发布": PostState.ONLINE,
    "审核通过": PostState.ONLINE,
    "私密": PostState.HIDDEN,
    "仅自己可见": PostState.HIDDEN,
    "好友可见": PostState.HIDDEN,
    "互关朋友可见": PostState.HIDDEN,
    "审核中": PostState.HIDDEN,
    "不适宜公开": PostState.HIDDEN,
    "审核不通过": PostState.REMOVED,
    "未通过": PostState.REMOVED,
    "已下架": PostState.REMOVED,
    "已删除": PostState.REMOVED,
}


def as_genre(_reading: Reading) -> Parser:
    """``图文``, ``视频``, ``1min-视频``, ``1-3min视频``; another word is an unknown genre."""
    read = cells.text(maximum=40)

    def parse(cell: Cell) -> str | None:
        word = read(cell)
        if word is None:
            return None
        for sign, genre in (
            ("视频", Genre.VIDEO),
            ("video", Genre.VIDEO),
            ("图文", Genre.IMAGE_TEXT),
            ("直播", Genre.LIVE),
        ):
            if sign in word.lower():
                return str(genre)
        return str(Genre.UNKNOWN)

    return parse


def accounts_of(brand: Unit, person: Person, platform: str) -> Any:
    """Accounts of a platform for which the person may import."""
    return SocialAccount.objects.for_user(person, "imports.run").filter(
        brand=brand, platform=platform
    )


def _account_label(account: SocialAccount) -> str:
    return f"{account.handle} · {account.owner_name}" + (
        f" · {account.platform_uid}" if account.platform_uid else ""
    )


class PostList(ImportFormat):
    """What both lists have in common."""

    platform: ClassVar[str]
    zone = PLATFORM_ZONE
    result_url = "content:posts"
    words = {
        "account_gone": _("The account that was chosen is no longer there."),
        "published_in_future": _("%(value)s lies in the future."),
        "figures_fell": _("Rows in which a figure is lower than it was before"),
        "repeated": _("Rows that stand in the file twice"),
    }

    def __init__(self, run: ImportRun) -> None:
        super().__init__(run)
        account = (
            SocialAccount.objects.select_related("creator", "unit")
            .filter(brand=run.brand, platform=self.platform, pk=run.options.get("account") or 0)
            .first()
        )
        if account is None:
            raise DomainError("account_gone", self.words["account_gone"])
        self.account = account
        self.captured_at = _captured_at(run)
        self._in_file: dict[str, list[tuple[dt.datetime, Record]]] = defaultdict(list)

    # -- what rows mean --------------------------------------------------------------

    def resolve(self, records: list[Record]) -> None:
        posts = self._posts_around(records)
        self._posts = {post.pk: post for post in posts}
        by_day: dict[dt.date, list[KnownPost]] = defaultdict(list)
        for post in posts:
            known = KnownPost(post.pk, post.title_key, post.published_at)
            by_day[post.published_at.date()].append(known)
        for record in records:
            self._resolve(record, by_day)

    def _posts_around(self, records: list[Record]) -> list[Post]:
        times = [record.values["published_at"] for record in records]
        return list(
            Post.objects.filter(
                account=self.account,
                published_at__gte=min(times) - NEAR_TIME,
                published_at__lte=max(times) + NEAR_TIME,
            )
        )

    def _resolve(self, record: Record, by_day: dict[dt.date, list[KnownPost]]) -> None:
        published_at = record.values["published_at"]
        if published_at > self.run.at + AHEAD:
            record.refuse(
                "published_in_future", "published_at", value=published_at.isoformat(" ", "minutes")
            )
            return
        key = normal_title(record.values["title"] or "")
        if self._is_repeated(record, key):
            return
        day = published_at.astimezone(dt.UTC).date()
        around = [
            post for shift in (-1, 0, 1) for post in by_day.get(day + dt.timedelta(days=shift), ())
        ]
        found = match(key, published_at, around)
        post_id = found.post_id
        if post_id is None and found.candidates:
            post_id = self._decided(record, found.candidates)
            if record.outcome:
                return
        self._compare(record, self._posts[post_id] if post_id else None)

    def _is_repeated(self, record: Record, key: str) -> bool:
        """Whether the file has this post in an earlier row; equal rows are left out, others refused."""
        published_at = record.values["published_at"]
        # A title of nothing but emoji has an empty key.
        key = key or record.values["title"] or ""
        for time, first in self._in_file[key]:
            if first.line != record.line and abs(time - published_at) <= SAME_TIME:
                if _figures(first) == _figures(record):
                    record.skip("repeated")
                else:
                    record.refuse("repeated_row", first=first.line)
                return True
        self._in_file[key].append((published_at, record))
        return False

    def _decided(self, record: Record, candidates: Sequence[int]) -> int | None:
        """The post that a person chose for the row; asks for a choice when there is none."""
        if record.choice == NEW_POST:
            return None
        chosen = [post_id for post_id in candidates if str(post_id) == record.choice]
        if chosen:
            return chosen[0]
        if record.choice:
            record.refuse("no_longer_a_candidate")
            return None
        record.ask(
            [
                *(
                    Choice(str(post_id), _post_label(self._posts[post_id]))
                    for post_id in candidates
                ),
                Choice(NEW_POST, _("A post that is not known yet")),
            ]
        )
        return None

    def _compare(self, record: Record, post: Post | None) -> None:
        figures = _figures(record)
        known = {name: value for name, value in figures.items() if value is not None}
        record.target = post
        if post is None:
            record.outcome = Outcome.NEW
            return
        state = record.values.get("state")
        same = all(getattr(post, name) == value for name, value in known.items())
        placed = self._location(record) and not post.location
        if same and not placed and state in (None, post.state):
            record.outcome = Outcome.UNCHANGED
            return
        record.outcome = Outcome.CHANGED
        if any(
            value < (getattr(post, name) or 0)
            for name, value in known.items()
            if name != "followers_gained"
        ):
            record.reason = "figures_fell"

    # -- writing ----------------------------------------------------------------------

    def write(self, records: list[Record]) -> None:
        added = [(record, self._new_post(record)) for record in records if record.target is None]
        Post.objects.bulk_create([post for _record, post in added])
        pairs = [*added, *((record, record.target) for record in records if record.target)]
        MetricSnapshot.objects.bulk_create(
            [self._snapshot(record, post) for record, post in pairs], ignore_conflicts=True
        )
        known = [(record, record.target) for record in records if record.target]
        self._update_posts(
            [
                (record, post)
                for record, post in known
                if post.figures_at is None or post.figures_at <= self.captured_at
            ]
        )
        owner = self.account.creator_id
        link_waiting(creators=[owner] if owner else [], accounts=[self.account.pk])

    def _location(self, record: Record) -> Location:
        unit = self.account.unit
        return read_location(record.values.get("location"), (unit.name, unit.code))

    def _new_post(self, record: Record) -> Post:
        account, values = self.account, record.values
        own_staff = account.creator is not None and account.creator.kind == CreatorKind.KOS
        return Post(
            brand=self.run.brand,
            store=account.unit,
            account=account,
            creator=account.creator,
            platform=self.platform,
            title=values["title"] or "",
            title_key=normal_title(values["title"] or ""),
            genre=values.get("genre") or Genre.UNKNOWN,
            state=values.get("state") or PostState.ONLINE,
            published_at=values["published_at"],
            location=self._location(record),
            relationship=Relationship.OWN_STAFF if own_staff else Relationship.NONE,
            figures_at=self.captured_at,
            **_figures(record),
        )

    def _snapshot(self, record: Record, post: Post) -> MetricSnapshot:
        values = record.values
        return MetricSnapshot(
            post=post,
            captured_at=self.captured_at,
            source=self.run.source,
            click_rate_bp=_hundredths(values.get("click_rate"), 10_000),
            completion_rate_bp=_hundredths(values.get("completion_rate"), 10_000),
            watch_seconds_x100=_hundredths(values.get("watch_time"), Decimal("0.1")),
            raw=record.raw(),
            **_figures(record),
        )

    def _update_posts(self, pairs: list[tuple[Record, Post]]) -> None:
        """Bring the latest figures forward; an unknown figure leaves the one that was known."""
        if not pairs:
            return
        columns: dict[str, list[Any]] = {name: [] for name in FIGURES}
        for record, _post in pairs:
            for name, value in _figures(record).items():
                columns[name].append(value)
        titles = [record.values["title"] or "" for record, _post in pairs]
        execute(
            f"""
            UPDATE content_post AS post
               SET {", ".join(f"{name} = COALESCE(read.{name}, post.{name})" for name in FIGURES)},
                   title = COALESCE(NULLIF(read.title, ''), post.title),
                   title_key = COALESCE(NULLIF(read.title_key, ''), post.title_key),
                   state = COALESCE(read.state, post.state),
                   genre = CASE WHEN post.genre = '' THEN COALESCE(read.genre, '')
                                ELSE post.genre END,
                   location = CASE WHEN post.location = '' THEN read.location
                                   ELSE post.location END,
                   figures_at = %(captured_at)s
              FROM unnest(%(ids)s::bigint[], %(titles)s::text[], %(keys)s::text[],
                          %(states)s::text[], %(genres)s::text[], %(locations)s::text[],
                          {", ".join(f"%({name})s::bigint[]" for name in FIGURES)})
                   AS read (id, title, title_key, state, genre, location, {", ".join(FIGURES)})
             WHERE post.id = read.id
            """,
            {
                "ids": [post.pk for _record, post in pairs],
                "titles": titles,
                "keys": [normal_title(title) for title in titles],
                "states": [record.values.get("state") for record, _post in pairs],
                "genres": [record.values.get("genre") for record, _post in pairs],
                "locations": [str(self._location(record)) for record, _post in pairs],
                "captured_at": self.captured_at,
                **columns,
            },
        )


def _figures(record: Record) -> dict[str, int | None]:
    return {name: record.values.get(name) for name in FIGURES}


def _hundredths(value: Decimal | int | None, scale: Decimal | int) -> int | None:
    """``value`` times ``scale`` as a whole number: a share in basis points, ms in 1/100 s."""
    if value is None:
        return None
    return int((Decimal(value) * scale).quantize(Decimal(1), ROUND_HALF_UP))


def _post_label(post: Post) -> str:
    local = timezone.localtime(post.published_at)
    return f"{post.title[:60] or '…'} · {local:%Y-%m-%d %H:%M}"


def _captured_at(run: ImportRun) -> dt.datetime:
    written = run.options.get("captured_at")
    read = cells.moment(ZoneInfo(PLATFORM_ZONE))(written) if written else None
    return min(read, run.at) if isinstance(read, dt.datetime) else run.at


def _account_option(platform: str) -> Option:
    def find(brand: Unit, person: Person, text: str) -> list[Choice]:
        found = accounts_of(brand, person, platform).filter(
            Q(handle__icontains=text)
            | Q(platform_uid=text)
            | Q(creator__name__icontains=text)
            | Q(creator__number=text)
        )
        rows = found.select_related("creator", "unit").order_by("handle", "pk")[:MAX_FOUND]
        return [Choice(str(one.pk), _account_label(one)) for one in rows]

    def named(brand: Unit, person: Person, value: str) -> Choice | None:
        if not value.isascii() or not value.isdigit():
            return None
        one = (
            accounts_of(brand, person, platform)
            .select_related("creator", "unit")
            .filter(pk=value)
            .first()
        )
        return Choice(value, _account_label(one)) if one else None

    return Option(
        "account",
        _("Account that the file was exported from"),
        kind="lookup",
        help=_("The file does not say it. Search by account name, person or number."),
        find=find,
        named=named,
    )


CAPTURED_AT = Option(
    "captured_at",
    _("Day and time of the export"),
    kind="moment",
    required=False,
    help=_("Figures are kept as of this time. Without it, the time of the upload counts."),
)

TITLE = Column(
    "title", _("Title"), as_text(2000), aliases=("笔记标题", "标题", "作品名称", "作品标题")
)
# The creator centres do not export it; people add the column.
LOCATION = Column(
    "location",
    _("Location tag"),
    as_text(120),
    aliases=("定位", "地点", "位置", "地理位置", "门店定位", "location"),
)
PUBLISHED = ("首次发布时间", "发布时间", "作品发布时间", "published_at")


class XiaohongshuNotes(PostList):
    code = "xiaohongshu_notes"
    label = _("Xiaohongshu notes (creator centre)")
    help = _("The list of notes that the creator centre exports, with or without its first line.")
    platform = Platform.XIAOHONGSHU
    options = (_account_option(Platform.XIAOHONGSHU), CAPTURED_AT)
    columns = (
        TITLE,
        Column("published_at", _("Published"), as_moment, required=True, aliases=PUBLISHED),
        Column("genre", _("Genre"), as_genre, aliases=("体裁", "笔记类型")),
        Column("impressions", _("Impressions"), as_count, aliases=("曝光", "曝光量", "曝光数")),
        Column("views", _("Views"), as_count, aliases=("观看量", "观看", "观看数", "阅读量")),
        Column(
            "click_rate", _("Cover click rate"), as_rate(), aliases=("封面点击率", "封面点击率(%)")
        ),
        Column("likes", _("Likes"), as_count, aliases=("点赞", "点赞数", "点赞量")),
        Column("comments", _("Comments"), as_count, aliases=("评论", "评论数", "评论量")),
        Column("saves", _("Saves"), as_count, aliases=("收藏", "收藏数", "收藏量")),
        Column(
            "followers_gained", _("Followers gained"), as_signed_count, aliases=("涨粉", "涨粉数")
        ),
        Column("shares", _("Shares"), as_count, aliases=("分享", "分享数", "分享量")),
        Column(
            "watch_time",
            _("Average watch time"),
            as_duration,
            aliases=("人均观看时长", "平均观看时长", "平均观看时长(s)"),
        ),
        LOCATION,
    )


class DouyinWorks(PostList):
    code = "douyin_works"
    label = _("Douyin works (creator centre)")
    help = _("The list of works that Douyin's creator centre exports.")
    platform = Platform.DOUYIN
    options = (_account_option(Platform.DOUYIN), CAPTURED_AT)
    columns = (
        TITLE,
        Column("published_at", _("Published"), as_moment, required=True, aliases=PUBLISHED),
        Column("genre", _("Genre"), as_genre, aliases=("体裁", "作品类型")),
        Column("state", _("State"), as_choice(STATUSES), aliases=("审核状态", "作品状态", "状态")),
        Column("views", _("Plays"), as_count, aliases=("播放量", "播放")),
        Column("completion_rate", _("Completion rate"), as_rate(), aliases=("完播率",)),
        Column("click_rate", _("Cover click rate"), as_rate(), aliases=("封面点击率",)),
        Column("watch_time", _("Average watch time"), as_duration, aliases=("平均播放时长",)),
        Column("likes", _("Likes"), as_count, aliases=("点赞量", "点赞", "点赞数")),
        Column("shares", _("Shares"), as_count, aliases=("分享量", "分享", "分享数")),
        Column("comments", _("Comments"), as_count, aliases=("评论量", "评论", "评论数")),
        Column("saves", _("Saves"), as_count, aliases=("收藏量", "收藏", "收藏数")),
        Column(
            "followers_gained",
            _("Followers gained"),
            as_signed_count,
            aliases=("粉丝增量", "涨粉量"),
        ),
        LOCATION,
    )


def register_formats() -> None:
    """Offer the formats in the import wizard; called when the app starts."""
    for kind in (XiaohongshuNotes, DouyinWorks):
        register(kind)
