"""The score of an applicant and the route that suits them: rules on plain data.

A fact that is not known is left out, and its weight is spread over those that are: nobody loses
points for what nobody knows.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from matrix.recruiting_choices import Level, Route

FOLLOWERS, QUALITY = "followers", "quality"
RECENCY, FREQUENCY, AMOUNT, ACTIVITY = "recency", "frequency", "amount", "activity"
PARTS = (FOLLOWERS, QUALITY, RECENCY, FREQUENCY, AMOUNT, ACTIVITY)

# Quality above all (C06); what was bought counts as much as the size of the account and posting.
WEIGHTS: Mapping[str, int] = {
    FOLLOWERS: 20,
    QUALITY: 30,
    RECENCY: 10,
    FREQUENCY: 10,
    AMOUNT: 10,
    ACTIVITY: 20,
}
MOST_WEIGHT = 100

# Where a part reaches its full points. Followers count by their magnitude: 100 are worth about
# half of 10,000, since people with few followers are meant.
FULL_FOLLOWERS = 10_000
FULL_ORDERS = 12
FULL_AMOUNT = 500_000  # minor units in a year
FULL_NOTES = 12  # in 30 days
RECENT_DAYS, FORGOTTEN_DAYS = 30, 365


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of an applicant; None is unknown. ``amount`` is in minor units."""

    followers: int | None = None
    quality: float | None = None  # mean of the reviewers' marks, 1 to 5
    recency: int | None = None  # days since the last order
    frequency: int | None = None  # orders within a year
    amount: int | None = None  # net, within a year
    activity: int | None = None  # own notes in the last 30 days

    @classmethod
    def of(cls, kept: Mapping[str, object]) -> Facts:
        """From the JSON in which they are kept."""
        names = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in kept.items() if name in names})  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class Part:
    """One line of the score: the fact, its weight, and what of 100 it reached; None is unknown."""

    code: str
    fact: float | int | None
    weight: int
    reached: int | None


@dataclass(frozen=True, slots=True)
class Score:
    """``value`` is 0 to 100, None where nothing at all is known."""

    value: int | None
    parts: tuple[Part, ...]

    @property
    def unknown(self) -> tuple[Part, ...]:
        """Parts that would count and are not known."""
        return tuple(part for part in self.parts if part.weight and part.reached is None)


def score(facts: Facts, weights: Mapping[str, int] = WEIGHTS) -> Score:
    """The weighted mean of what is known, rounded half up."""
    parts = tuple(_part(code, getattr(facts, code), weights.get(code, 0)) for code in PARTS)
    known = [(part.weight, part.reached) for part in parts if part.reached is not None]
    whole = sum(weight for weight, _reached in known)
    if not whole:
        return Score(None, parts)
    total = sum(weight * reached for weight, reached in known)
    return Score((2 * total + whole) // (2 * whole), parts)


def _part(code: str, fact: float | int | None, weight: int) -> Part:
    reached = None if fact is None else min(100, max(0, math.floor(100 * _SCALES[code](fact))))
    return Part(code, fact, weight, reached)


_SCALES: Mapping[str, Callable[[float], float]] = {
    FOLLOWERS: lambda fact: math.log10(1 + fact) / math.log10(1 + FULL_FOLLOWERS),
    QUALITY: lambda fact: (fact - 1) / 4,
    RECENCY: lambda fact: (FORGOTTEN_DAYS - fact) / (FORGOTTEN_DAYS - RECENT_DAYS),
    FREQUENCY: lambda fact: fact / FULL_ORDERS,
    AMOUNT: lambda fact: fact / FULL_AMOUNT,
    ACTIVITY: lambda fact: fact / FULL_NOTES,
}


def wrong_weights(weights: Mapping[str, int]) -> str:
    """Why these weights cannot be used, as a code; empty if they can."""
    if set(weights) != set(PARTS):
        return "unknown_weight"
    if any(not 0 <= weight <= MOST_WEIGHT for weight in weights.values()):
        return "weight_out_of_range"
    return "" if any(weights.values()) else "no_weight"


# -- routes --------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Suited:
    """The route and the answers that led to it, as codes."""

    route: Route
    because: tuple[str, ...]


def route_of(*, willingness: int, content: int, network: int) -> Suited:
    """C13 to C16. Whoever posts regularly is for seeding, whoever reaches a group and is willing
    for distribution; everybody else shares.

    Of somebody who is strong in both, content decides: seeding asks less of other people.
    """
    if content == Level.MUCH:
        return Suited(Route.SEEDING, ("content",))
    if network == Level.MUCH and willingness >= Level.SOME:
        return Suited(Route.DISTRIBUTOR, ("network", "willingness"))
    if content == Level.SOME and willingness == Level.MUCH:
        return Suited(Route.SEEDING, ("content", "willingness"))
    return Suited(Route.SHARER, ("willingness",))


# -- words that may not be asked for ------------------------------------------

_PRAISE = re.compile(
    r"(?<![不非勿])(?:必须夸|只能夸|要求好评|给好评|打?五星好评|五星评价|好评返现)"
    r"|\b(?:only|must)\s+(?:be\s+)?(?:positive|praise)\b|\bfive[- ]star\s+(?:review|rating)s?\b",
    re.IGNORECASE,
)


def asks_for_praise(text: str) -> str:
    """The words by which a text asks for a good opinion; empty without any (RULES 5.7)."""
    found = _PRAISE.search(text)
    return found.group() if found else ""
