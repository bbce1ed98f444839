"""Which layer a creator is in: quality, standard or potential (C52).

Four axes, each marked 0 (little), 1 (some) or 2 (much) by two thresholds: completion of what was
asked, content base, skill, influence. The mean of the marks decides. An axis nobody knows anything
about is left out, so that an unknown figure is never held against a person. The layer steers whom
the brand cares for first; rights and rates hang on the tier, and applicants are ranked by a score.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum


class Axis(StrEnum):
    COMPLETION = "completion"
    CONTENT = "content"
    SKILL = "skill"
    INFLUENCE = "influence"


Thresholds = Mapping[Axis, tuple[int, int]]

# Completed of a hundred tasks; posts in 30 days; interactions of the best post; followers.
DEFAULTS: Thresholds = {
    Axis.COMPLETION: (50, 80),
    Axis.CONTENT: (2, 6),
    Axis.SKILL: (100, 500),
    Axis.INFLUENCE: (500, 3_000),
}
# Means from which on a creator is in the layer.
QUALITY_FROM, STANDARD_FROM = 1.5, 0.75


@dataclass(frozen=True, slots=True)
class Mark:
    """An axis with its value, its mark, and the value from which the next mark is given."""

    axis: Axis
    value: int
    mark: int
    next_at: int | None


@dataclass(frozen=True, slots=True)
class Decision:
    layer: str
    marks: tuple[Mark, ...]


def decide(facts: Mapping[Axis, int | None], thresholds: Thresholds = DEFAULTS) -> Decision:
    """The layer of a creator with these facts. Of whom nothing is known has potential."""
    marks = tuple(
        _mark(axis, value, thresholds[axis])
        for axis in Axis
        if (value := facts.get(axis)) is not None
    )
    mean = sum(mark.mark for mark in marks) / len(marks) if marks else 0
    if mean >= QUALITY_FROM:
        return Decision("quality", marks)
    return Decision("standard" if mean >= STANDARD_FROM else "potential", marks)


def _mark(axis: Axis, value: int, limits: tuple[int, int]) -> Mark:
    mark = sum(value >= limit for limit in limits)
    return Mark(axis, value, mark, limits[mark] if mark < len(limits) else None)


def problem(thresholds: Thresholds) -> Axis | None:
    """The first axis whose thresholds do not rise from 1 on; None when all do."""
    return next((axis for axis in Axis if not 1 <= thresholds[axis][0] < thresholds[axis][1]), None)
