"""Whether the member price of a month is kept by the work of the month before."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

# Reasons for which the shop gives the price.
ENTITLED = frozenset({"kept", "new"})


@dataclass(frozen=True)
class Asked:
    """Notes that are online and own sales that a month needs."""

    notes: int
    orders: int


@dataclass(frozen=True)
class Work:
    notes: int
    orders: int


def is_met(asked: Asked, work: Work, *, is_new: bool) -> bool:
    """Who is new keeps it without work; for the others each number must be reached."""
    return is_new or (work.notes >= asked.notes and work.orders >= asked.orders)


def missing(asked: Asked, work: Work) -> Work:
    """What is still to be done this month for the next one."""
    return Work(max(0, asked.notes - work.notes), max(0, asked.orders - work.orders))


def since(decided: tuple[int, int], kept: Sequence[tuple[int, int]]) -> tuple[int, int] | None:
    """The first of the unbroken months up to the decided one; None where that was not kept.

    Months are (year, month), ``kept`` the latest first. A month that is missing breaks the row.
    """
    first, wanted = None, decided
    for month in kept:
        if month != wanted:
            break
        first = month
        wanted = (month[0], month[1] - 1) if month[1] > 1 else (month[0] - 1, 12)
    return first


def reason(*, met: bool, is_new: bool, in_use: bool, state: str) -> str:
    """Why somebody has the price or not, in one word; what ends it at once comes first."""
    if not in_use:
        return "rests"
    if state != "active":
        return "left" if state == "left" else "paused"
    if not met:
        return "missed"
    return "new" if is_new else "kept"
