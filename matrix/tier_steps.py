"""How tiers are called and in what order they stand, lowest first.

`Creator.tier` holds a code that ``incentives`` decides. It names the steps here when it starts, so
that lists can show a tier in words.
"""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.functional import Promise

Text = str | Promise

_steps: dict[str, Text] = {}


def register(steps: Iterable[tuple[str, Text]]) -> None:
    """Name the tiers, lowest first."""
    _steps.clear()
    _steps.update(steps)


def choices() -> list[tuple[str, Text]]:
    return list(_steps.items())


def label(code: str) -> Text:
    """The name of a tier; the code itself where nobody named it."""
    return _steps.get(code, code)


def level(code: str) -> int:
    """1 for the lowest tier; 0 for no tier or one that nobody named."""
    return list(_steps).index(code) + 1 if code in _steps else 0
