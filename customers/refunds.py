"""How the refunds of an order fall on its lines. Plain calculation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from kosops.lib.money import split


@dataclass(frozen=True)
class RefundableLine:
    """What was paid for a line and the sum of the refunds that name it, in minor units."""

    paid: int
    named: int = 0


def spread(lines: Sequence[RefundableLine], unnamed: int) -> list[int]:
    """The refunded part of each line: its own refunds and its share of those that name no line.

    ``unnamed`` is split over what is left of each line by largest remainder. The result depends
    only on the sums, not on the order in which refunds arrived (M12). The caller has checked
    that no line and no order is refunded beyond what was paid.
    """
    left = [line.paid - line.named for line in lines]
    shares = split(unnamed, left) if unnamed else [0] * len(lines)
    return [line.named + share for line, share in zip(lines, shares, strict=True)]
