"""Posts as lists and pages show them: formulas, rates, figures over time."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db.models import QuerySet

from content.choices import Relationship
from content.formulas import ENGAGEMENT, TIER_INTERACTIONS, value_of
from content.models import MetricSnapshot, Post, PostLink
from kosops.lib.money import BASIS_POINTS
from matrix.models import Creator

# Cumulative figures, in the order in which pages show them.
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
# A post with one of these was made for something: what for has to be said in it. Own staff speak
# for their employer and show where they belong in their profile instead.
NEEDS_DISCLOSURE = frozenset(
    {Relationship.GIFT, Relationship.LOAN, Relationship.PAID, Relationship.COMMISSION}
)


@dataclass(frozen=True, slots=True)
class Fall:
    """A cumulative figure that went down, which a platform does when it takes figures back."""

    figure: str
    before: int
    after: int


@dataclass(frozen=True, slots=True)
class Reading:
    """The figures of a post as one source gave them at a moment."""

    at: dt.datetime
    source: str
    figures: Mapping[str, int | None]
    falls: tuple[Fall, ...] = ()

    @property
    def interactions(self) -> int | None:
        return value_of(TIER_INTERACTIONS, self.figures)


def of_creator(creator: Creator) -> QuerySet[Post]:
    """All posts of a creator, for the creator."""
    return Post.objects.filter(creator=creator)


def take_over(keep: Creator, merged: Creator) -> None:
    """Posts and links of a row that was merged belong to the one that counts now."""
    Post.objects.filter(creator=merged).update(creator=keep)
    PostLink.objects.filter(creator=merged).update(creator=keep)


# -- words of the list ---------------------------------------------------------


def figures_of(post: Post | MetricSnapshot) -> dict[str, int | None]:
    return {name: getattr(post, name) for name in FIGURES}


def interactions(post: Post) -> int | None:
    return value_of(TIER_INTERACTIONS, figures_of(post))


def engagement_bp(post: Post) -> int | None:
    """Engagement over views in basis points; unknown without views."""
    engaged = value_of(ENGAGEMENT, figures_of(post))
    if engaged is None or not post.views:
        return None
    return engaged * BASIS_POINTS // post.views


def lacks_disclosure(post: Post) -> bool:
    """Whether the post was made for something that nobody recorded as disclosed."""
    return post.relationship in NEEDS_DISCLOSURE and not post.disclosure


# -- figures over time ---------------------------------------------------------


@dataclass(slots=True)
class History:
    """Readings of a post, oldest first, with the figures that any of them has."""

    readings: list[Reading] = field(default_factory=list)
    columns: list[str] = field(default_factory=list)
    shortened: bool = False

    @property
    def falls(self) -> list[tuple[Reading, Fall]]:
        return [(reading, fall) for reading in self.readings for fall in reading.falls]


def history(snapshots: QuerySet[Any], limit: int) -> History:
    """The last ``limit`` readings of a post."""
    rows = list(snapshots.order_by("-captured_at", "-pk")[: limit + 1])
    readings = with_falls(
        Reading(row.captured_at, row.source, figures_of(row)) for row in reversed(rows)
    )
    columns = [
        name for name in FIGURES if any(reading.figures[name] is not None for reading in readings)
    ]
    # One more than shown was read, so that the first shown is compared as well.
    return History(readings[-limit:], columns, shortened=len(rows) > limit)


def with_falls(readings: Iterable[Reading]) -> list[Reading]:
    """Readings with the figures in which each stands below the one before that knew it.

    Sources count differently, so a reading is compared with the last one of its own source.
    """
    last: dict[tuple[str, str], int] = {}
    found: list[Reading] = []
    for reading in readings:
        falls: list[Fall] = []
        for name, value in reading.figures.items():
            if value is None:
                continue
            before = last.get((reading.source, name))
            if before is not None and value < before:
                falls.append(Fall(name, before, value))
            last[reading.source, name] = value
        found.append(Reading(reading.at, reading.source, reading.figures, tuple(falls)))
    return found


def series(readings: Sequence[Reading], name: str) -> list[int | None]:
    return [reading.figures[name] for reading in readings]
