"""How tiers are called and in what order they stand, lowest first.

`Creator.tier` holds a code that ``incentives`` decides. It names the steps here when it starts, so
that lists can show a tier in words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise

Text = str | Promise

_steps: dict[str, Text] = {}
# (tier, whose) -> its name on the ladder of a creator.
_by: list[Callable[[str, Any], Text]] = []


@dataclass(frozen=True)
class Whose:
    """A ladder: that of a kind of creator of a brand. A creator will do as well."""

    brand_id: int
    kind: str


def register(steps: Iterable[tuple[str, Text]], by: Callable[[str, Any], Text]) -> None:
    """Name the tiers, lowest first, and say who knows their names on a ladder."""
    _steps.clear()
    _steps.update(steps)
    _by[:] = [by]


def choices() -> list[tuple[str, Text]]:
    return list(_steps.items())


def label(code: str, whose: Any = None) -> Text:
    """The name of a tier, on somebody's ladder; the code itself where nobody named it."""
    if whose is not None and code in _steps:
        return _by[0](code, whose)
    return _steps.get(code, code)


def level(code: str) -> int:
    """1 for the lowest tier; 0 for no tier or one that nobody named."""
    return list(_steps).index(code) + 1 if code in _steps else 0
