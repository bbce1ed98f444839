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

SILENT_DAYS = 14
RECENT_DAYS = 30


@dataclass(frozen=True, slots=True)
class Posting:
    """Posts in the last `RECENT_DAYS`, the latest post, the best interactions of any post."""

    posts: int = 0
    last_at: dt.datetime | None = None
    best: int | None = None


NOTHING = Posting()


class Source(Protocol):
    """What the owner of posts answers. Ids without posts may be left out of the answers."""

    def of_units(self, ids: Collection[int], since: dt.datetime) -> dict[int, Posting]: ...

    def of_creators(self, ids: Collection[int], since: dt.datetime) -> dict[int, Posting]: ...

    def of_accounts(self, ids: Collection[int], since: dt.datetime) -> dict[int, Posting]: ...

    def mark_posted(self, accounts: QuerySet[Any], since: dt.datetime) -> QuerySet[Any]:
        """Annotate accounts with ``posted``: whether they have a post since then."""
        ...

    def sortable(self, creators: QuerySet[Any], since: dt.datetime) -> QuerySet[Any]:
        """Annotate creators with ``recent_posts`` and ``last_post_at``, neither NULL."""
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


def mark_posted(accounts: QuerySet[Any], since: dt.datetime) -> QuerySet[Any]:
    """Without a source nobody is called silent."""
    if not _sources:
        return accounts.annotate(posted=Value(True, BooleanField()))
    return _sources[0].mark_posted(accounts, since)


def sortable(creators: QuerySet[Any], now: dt.datetime) -> QuerySet[Any]:
    """Creators with ``recent_posts`` and ``last_post_at``, to sort by."""
    if not _sources:
        return creators.annotate(
            recent_posts=Value(0, IntegerField()), last_post_at=Value(now, DateTimeField())
        )
    return _sources[0].sortable(creators, recent(now))


def recent(now: dt.datetime) -> dt.datetime:
    return now - dt.timedelta(days=RECENT_DAYS)


def silent_since(now: dt.datetime) -> dt.datetime:
    return now - dt.timedelta(days=SILENT_DAYS)
