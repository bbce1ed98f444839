"""What is known about the posting of accounts, creators and units.

Posts belong to ``content``, which stands above this app. It registers itself here when it starts,
so that the tree and the lists can show when somebody last posted.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, Protocol

from django.db.models import BooleanField, DateTimeField, IntegerField, QuerySet, Value
from django.utils import timezone

SILENT_DAYS = 14
RECENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Posting:
    """Posts in the last `RECENT_DAYS`, the latest post, the best interactions of any post."""

    posts: int = 0
    last_at: dt.datetime | None = None
    best: int | None = None


NOTHING = Posting()


@dataclass(frozen=True, slots=True)
class Published:
    """Posts of a span, how many accounts published them, their views as far as known."""

    notes: int
    active: int
    views: int | None


class Source(Protocol):
    """What the owner of posts answers. Ids without posts may be left out of the answers."""

    def of_units(self, ids: Collection[int], since: dt.datetime) -> dict[int, Posting]: ...

    def of_creators(self, ids: Collection[int], since: dt.datetime) -> dict[int, Posting]: ...

    def of_accounts(self, ids: Collection[int], since: dt.datetime) -> dict[int, Posting]: ...

    def of_month(
        self, ids: Collection[int], since: dt.datetime, until: dt.datetime
    ) -> dict[int, Published]:
        """What units published between two moments, the second not counted."""
        ...

    def of_communities(self, ids: Collection[int], since: dt.datetime) -> dict[int, Posting]:
        """Of all who are in a community now; ``best`` is of posts since then."""
        ...

    def mark_posted(self, accounts: QuerySet[Any], since: dt.datetime) -> QuerySet[Any]:
        """Annotate accounts with ``posted``: whether they have a post since then."""
        ...

    def with_recent_posts(self, creators: QuerySet[Any], since: dt.datetime) -> QuerySet[Any]:
        """Annotate creators with ``recent_posts``, 0 without any."""
        ...

    def with_last_post(self, creators: QuerySet[Any]) -> QuerySet[Any]:
        """Annotate creators with ``last_post_at``, long ago without any."""
        ...


_sources: list[Source] = []


def register(source: Source) -> None:
    """Say who knows the posts; the last one registered answers."""
    _sources[:] = [source]


def of_units(ids: Collection[int], now: dt.datetime) -> dict[int, Posting]:
    return _sources[0].of_units(ids, recent(now)) if _sources and ids else {}


def of_creators(ids: Collection[int], now: dt.datetime) -> dict[int, Posting]:
    return _sources[0].of_creators(ids, recent(now)) if _sources and ids else {}


def of_accounts(ids: Collection[int], now: dt.datetime) -> dict[int, Posting]:
    return _sources[0].of_accounts(ids, recent(now)) if _sources and ids else {}


def of_month(ids: Collection[int], first: dt.date, last: dt.date) -> dict[int, Published]:
    """What units published from the first to the last day, both counted."""
    until = last + dt.timedelta(days=1)
    if not (_sources and ids):
        return {}
    return _sources[0].of_month(ids, day_start(first), day_start(until))


def of_communities(ids: Collection[int], now: dt.datetime) -> dict[int, Posting]:
    return _sources[0].of_communities(ids, recent(now)) if _sources and ids else {}


def mark_posted(accounts: QuerySet[Any], since: dt.datetime) -> QuerySet[Any]:
    """Without a source nobody is called silent."""
    if not _sources:
        return accounts.annotate(posted=Value(True, BooleanField()))
    return _sources[0].mark_posted(accounts, since)


def with_recent_posts(creators: QuerySet[Any], now: dt.datetime) -> QuerySet[Any]:
    if not _sources:
        return creators.annotate(recent_posts=Value(0, IntegerField()))
    return _sources[0].with_recent_posts(creators, recent(now))


def with_last_post(creators: QuerySet[Any]) -> QuerySet[Any]:
    if not _sources:
        never = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
        return creators.annotate(last_post_at=Value(never, DateTimeField()))
    return _sources[0].with_last_post(creators)


def recent(now: dt.datetime) -> dt.datetime:
    """The start of the first of the last `RECENT_DAYS` days: counts hold for a whole day."""
    return day_start(timezone.localdate(now) - dt.timedelta(days=RECENT_DAYS))


def silent_since(now: dt.datetime) -> dt.datetime:
    return day_start(timezone.localdate(now) - dt.timedelta(days=SILENT_DAYS))


def day_start(day: dt.date) -> dt.datetime:
    """Midnight in the brand's time zone."""
    return timezone.make_aware(dt.datetime.combine(day, dt.time()))
