"""Whose request for help comes first."""

import pytest

from matrix.help_priority import place, weight

NOW, DAY = 1_800_000_000, 86_400


@pytest.mark.parametrize(
    ("first", "second"),
    [
        # (layer, tier level, days waited)
        (("quality", 0, 0), ("standard", 3, 400)),
        (("quality", 3, 0), ("quality", 2, 400)),
        (("", 3, 0), ("potential", 2, 400)),
        (("standard", 1, 3), ("potential", 1, 2)),
        (("", 0, 2), ("", 0, 1)),
    ],
)
def test_quality_layer_then_tier_then_waiting(first, second):
    def at(layer: str, level: int, days: int) -> int:
        return place(weight(layer, level), NOW - days * DAY)

    assert at(*first) > at(*second)
