"""What posts earn in the theme of a month, by their result.

A post earns the points of the highest step that its interactions reach. Of one person so many
posts count, those with the most interactions (of equal ones the earlier known). There is no rank:
what one person earns takes nothing from another.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

MOST_STEPS = 6


class StepFault(ValueError):
    """Steps that cannot be: ``empty``, ``too_many``, ``not_rising``."""

    def __init__(self, problem: str) -> None:
        super().__init__(problem)
        self.problem = problem


@dataclass(frozen=True, order=True)
class Step:
    """``points`` for a post with at least so many interactions."""

    at_least: int
    points: int


@dataclass(frozen=True)
class Entry:
    """A post of the theme; unknown interactions earn nothing yet."""

    post: int
    creator: int
    interactions: int | None


@dataclass(frozen=True)
class Result:
    post: int
    creator: int
    interactions: int
    points: int


def steps_from(pairs: Iterable[Sequence[Any]]) -> tuple[Step, ...]:
    """Steps of pairs, checked: each asks for more and brings more than the one before."""
    steps = tuple(sorted(Step(int(at_least), int(points)) for at_least, points in pairs))
    if not steps:
        raise StepFault("empty")
    if len(steps) > MOST_STEPS:
        raise StepFault("too_many")
    rising = all(a.at_least < b.at_least and a.points < b.points for a, b in pairwise(steps))
    if not rising or steps[0].at_least < 0 or steps[0].points < 1:
        raise StepFault("not_rising")
    return steps


def reached(interactions: int | None, steps: Sequence[Step]) -> Step | None:
    """The highest step that these interactions reach."""
    if interactions is None:
        return None
    return max((step for step in steps if step.at_least <= interactions), default=None)


def next_step(interactions: int | None, steps: Sequence[Step]) -> Step | None:
    """The step to reach next; None at the top."""
    return min((step for step in steps if step.at_least > (interactions or 0)), default=None)


def results_of(entries: Iterable[Entry], steps: Sequence[Step], most_posts: int) -> list[Result]:
    """What the posts came to, by post; those beyond the number that counts earn 0."""
    by_person: dict[int, list[Entry]] = defaultdict(list)
    for entry in entries:
        if entry.interactions is not None:
            by_person[entry.creator].append(entry)
    results = []
    for creator, own in by_person.items():
        own.sort(key=lambda entry: (-(entry.interactions or 0), entry.post))
        for place, entry in enumerate(own):
            step = reached(entry.interactions, steps) if place < most_posts else None
            results.append(
                Result(entry.post, creator, entry.interactions or 0, step.points if step else 0)
            )
    return sorted(results, key=lambda result: result.post)


def digest(results: Iterable[Result]) -> str:
    """The fingerprint of results: who works them out again must come to the same."""
    lines = (f"{r.post}|{r.creator}|{r.interactions}|{r.points}" for r in results)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()
