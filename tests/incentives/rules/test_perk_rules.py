"""For whom a reward of the catalogue is, and what stands against taking it."""

import datetime as dt
from typing import Any

import pytest

from incentives.perk_rules import Access, Taker, is_for, why_not

MAY = Taker(kind="koc", tier="senior", layer="quality", unit="/1/2/3/")


@pytest.mark.parametrize(
    ("access", "fits"),
    [
        (Access(), True),
        (Access(kind="kos"), False),
        (Access(tiers=["senior"]), True),
        (Access(tiers=["junior"]), False),
        # A tier or a layer: either opens the door.
        (Access(tiers=["junior"], layers=["quality"]), True),
        (Access(layers=["potential"]), False),
        (Access(unit="/1/2/"), True),
        (Access(unit="/1/9/"), False),
    ],
)
def test_access(access: Access, fits: bool) -> None:
    assert is_for(access, MAY) is fits


@pytest.mark.parametrize(
    ("facts", "code"),
    [
        ({}, ""),
        ({"today": dt.date(2026, 9, 1)}, ""),
        ({"today": dt.date(2026, 8, 31)}, "not_open_yet"),
        ({"today": dt.date(2026, 9, 30)}, ""),
        ({"today": dt.date(2026, 10, 1)}, "reward_over"),
        ({"had": 1, "left": 1}, ""),
        ({"had": 2}, "had_enough"),
        ({"left": 0}, "out_of_stock"),
        ({"left": None, "per_person": None, "had": 99, "closes_on": None}, ""),
    ],
)
def test_what_stands_against_it(facts: dict[str, Any], code: str) -> None:
    usual: dict[str, Any] = {
        "today": dt.date(2026, 9, 20),
        "opens_on": dt.date(2026, 9, 1),
        "closes_on": dt.date(2026, 9, 30),
        "left": 5,
        "per_person": 2,
        "had": 0,
    }
    assert why_not(**(usual | facts)) == code
