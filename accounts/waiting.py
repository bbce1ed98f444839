"""The "Waiting for you" queue: apps register what they have for a person when they start."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from accounts.models import Person
from kosops.ui.parts import Waiting

Source = Callable[[Person], Iterable[Waiting]]

RANKS = ("must", "notice", "suggestion")
_sources: list[Source] = []


def register(source: Source) -> Source:
    """Add a source. It checks the person's permissions itself and asks a fixed number of queries."""
    if source not in _sources:
        _sources.append(source)
    return source


def items_for(person: Person) -> list[Waiting]:
    """All that waits for the person, what must be done first."""
    items = [item for source in _sources for item in source(person)]
    return sorted(items, key=lambda item: RANKS.index(item.rank))
