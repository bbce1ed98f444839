"""The worked example of docs/tiers.md."""

from pathlib import Path

from incentives import tiers
from incentives.tiers import Fact

TEXT = (Path(__file__).parents[2] / "docs/tiers.md").read_text()
LADDER = tiers.ladder_from_json(tiers.star_rules())


def facts(sales, orders):
    return {
        "notes_60": Fact(1),
        "notes_90": Fact(1),
        "sales_90": Fact(sales),
        "orders_90": Fact(orders),
        "leads_90": Fact(None, sure=False),
    }


def test_sales_alone_give_two_stars():
    assert "sold for ¥12,000 in the last 90 days, with 8 orders" in TEXT
    two = LADDER.tiers[1]
    found = facts(1_200_000, 8)
    assert [tiers.is_met(condition, found) for condition in two.reach] == [True, False, None]
    assert tiers.is_reached(two, found)


def test_unknown_leads_keep_them_after_a_refund():
    assert "her sales are ¥5,000: less than the ¥6,000" in TEXT
    two = LADDER.tiers[1]
    found = facts(500_000, 7)
    assert [tiers.is_met(condition, found) for condition in two.keep] == [False, False, None]
    assert not tiers.is_lost(two, found)
