"""Whose request for help comes first (C54): the rule that the queue explains itself by.

The quality layer before everybody, then the higher tier, then whoever has waited longer.
"""

from __future__ import annotations

QUALITY = "quality"
OF_QUALITY = 100
# Seconds since 1970 stay below it for three thousand years, so weight decides before waiting.
STEP = 10**11


def weight(layer: str, level: int) -> int:
    """How much a creator's layer and tier count; ``level`` is 0 without a tier, 1 for the lowest."""
    return (OF_QUALITY if layer == QUALITY else 0) + level


def place(weight: int, asked_at: float) -> int:
    """What the queue is sorted by, the largest first; ``asked_at`` in seconds since 1970."""
    return weight * STEP - int(asked_at)
