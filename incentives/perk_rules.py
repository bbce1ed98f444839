"""Whether a reward of the catalogue is there for a person, and if not, why."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True)
class Access:
    """For whom a reward is; empty means everybody. ``unit`` is the path of a part of the tree."""

    kind: str = ""
    tiers: Collection[str] = ()
    layers: Collection[str] = ()
    unit: str = ""


@dataclass(frozen=True)
class Taker:
    kind: str
    tier: str
    layer: str
    unit: str


def is_for(access: Access, taker: Taker) -> bool:
    """Kind and unit must fit, and with tiers or layers named one of them: either opens the door."""
    if access.kind and access.kind != taker.kind:
        return False
    if access.unit and not taker.unit.startswith(access.unit):
        return False
    if not access.tiers and not access.layers:
        return True
    return taker.tier in access.tiers or taker.layer in access.layers


def why_not(
    *,
    today: dt.date,
    opens_on: dt.date,
    closes_on: dt.date | None,
    left: int | None,
    per_person: int | None,
    had: int,
) -> str:
    """The code of what stands against it; empty when nothing does. The price is asked apart."""
    if today < opens_on:
        return "not_open_yet"
    if closes_on is not None and today > closes_on:
        return "reward_over"
    if per_person is not None and had >= per_person:
        return "had_enough"
    if left is not None and left <= 0:
        return "out_of_stock"
    return ""
