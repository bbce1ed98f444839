"""Which post a row of an export means, when the export carries no id of the post.

Plain calculation: the importers hand in the posts of the account around the time.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from integrations.sheets.text import title_key

# Platforms write the minute, sometimes of the start and sometimes of the end of publishing.
SAME_TIME = dt.timedelta(minutes=5)
# A post that was taken down and put up again, or whose time was exported in another zone.
NEAR_TIME = dt.timedelta(hours=24)


@dataclass(frozen=True)
class KnownPost:
    id: int
    title_key: str
    published_at: dt.datetime


@dataclass(frozen=True)
class Match:
    """``post_id`` when the row clearly means one post; else the posts it could mean, if any."""

    post_id: int | None = None
    candidates: tuple[int, ...] = ()


def normal_title(title: str) -> str:
    """A title as it is compared: NFKC, lower case, without blanks, punctuation and emoji."""
    return title_key(title)


def match(key: str, published_at: dt.datetime, known: Iterable[KnownPost]) -> Match:
    """Find the post with this title key published at this time.

    The same title within five minutes is a match. Else a person decides between posts of that
    minute with another title (it was edited) and posts of that title within a day; without any,
    the post is new.
    """
    same: list[KnownPost] = []
    near: list[KnownPost] = []
    for post in known:
        apart = abs(post.published_at - published_at)
        if apart <= SAME_TIME:
            (same if post.title_key == key else near).append(post)
        elif apart <= NEAR_TIME and key and post.title_key == key:
            near.append(post)
    if len(same) == 1:
        return Match(post_id=same[0].id)
    found = sorted(same or near, key=lambda post: (abs(post.published_at - published_at), post.id))
    return Match(candidates=tuple(post.id for post in found))
