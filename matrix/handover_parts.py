"""The registry of what a handover lists. Each app registers the things that it knows.

Accounts, pairings, the share code and customers in WeCom are parts of this app; apps above add
theirs (posts, channel codes, open work, leads) when they start.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.db.models import Q
from django.utils.functional import Promise

from accounts.models import Person
from matrix.custody_choices import HandoverPath
from matrix.models import Handover, HandoverItem
from matrix.takers import Taker

Text = str | Promise

NEEDS_TAKER = Q(path=HandoverPath.TRANSFER, taker=None, taker_person=None, reason="")


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A thing that a person holds; ``key`` names it within its part."""

    key: str
    path: str
    label: str = ""
    count: int | None = None
    account_id: int | None = None
    pairing_id: int | None = None


class Part:
    """Base of a part. One object serves all cases; ``order`` is that of the list and of settling."""

    code: ClassVar[str]
    label: ClassVar[Text]
    help: ClassVar[Text] = ""
    order: ClassVar[int] = 100
    # What else a page of the case offers; a template that takes ``case`` and ``part``.
    template: ClassVar[str] = ""

    def find(self, cases: Sequence[Handover]) -> Iterable[tuple[Handover, Found]]:
        """What the people of ``cases`` hold, in a fixed number of queries."""
        raise NotImplementedError

    def open(self) -> Q:
        """Which items of this part still stop their case."""
        return NEEDS_TAKER

    def why_open(self, item: HandoverItem) -> Text:
        """What an open item waits for, in words."""
        raise NotImplementedError

    def words(self, item: HandoverItem) -> Text:
        """What the thing is called."""
        return item.label

    def ways(self, item: HandoverItem) -> Sequence[HandoverPath]:
        """The ways that a person may choose between."""
        return (HandoverPath(item.path),)

    def choose(self, *, by: Person | None, item: HandoverItem, taker: Taker | None) -> None:
        """Prepare that ``taker`` takes it over, or nobody does. Refuse who cannot."""

    def rank(self, item: HandoverItem) -> int:
        """Which of the part's items are settled first."""
        return 0

    def settle(self, *, by: Person | None, item: HandoverItem, on: dt.date) -> None:
        """Hand the thing over when the case is closed; ``on`` is the last day."""


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """Let handovers list what this part knows."""
    _parts[part.code] = part


def all_parts() -> list[Part]:
    return sorted(_parts.values(), key=lambda part: part.order)


def part_of(item: HandoverItem) -> Part | None:
    """Who knows the item; None when its app is no longer installed."""
    return _parts.get(item.part)


def still_open() -> Q:
    """Items that stop their case, of whatever part. What nobody knows does not go by itself."""
    condition = ~Q(part__in=list(_parts)) & NEEDS_TAKER
    for part in _parts.values():
        condition |= Q(part=part.code) & part.open()
    return Q(done_at=None) & condition


def open_words(items: Iterable[Any]) -> str:
    """The things that are still open, for a sentence."""
    shown = []
    for item in items:
        part = part_of(item)
        shown.append(str(part.words(item)) if part else item.label)
    return ", ".join(shown)
