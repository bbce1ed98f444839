"""What is known of the orders of members.

Orders belong to ``customers``, which stands above this app. It registers itself here when it
starts, so that applicants who gave a member number can be ranked by what they really bought.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from typing import Protocol

# How far back orders count.
WITHIN = dt.timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Purchases:
    """Orders within a year: how many, net sum in minor units, day of the last."""

    orders: int
    amount: int
    last_on: dt.date


class Source(Protocol):
    """What the owner of orders answers. Members without an order are left out: unknown is not 0."""

    def of_members(
        self, brand_id: int, numbers: Collection[str], since: dt.date
    ) -> dict[str, Purchases]: ...


_sources: list[Source] = []


def register(source: Source) -> None:
    """Say who knows the orders; the last one registered answers."""
    _sources[:] = [source]


def of_members(brand_id: int, numbers: Collection[str], today: dt.date) -> dict[str, Purchases]:
    """What members bought in the year up to ``today``, by member number."""
    if not _sources or not numbers:
        return {}
    return _sources[0].of_members(brand_id, numbers, today - WITHIN)
