"""Whether the member price of a month is kept by the work of the month before."""

from __future__ import annotations

from dataclasses import dataclass


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
