"""The worked example of docs/rewards.md."""

import datetime as dt
from pathlib import Path

from incentives import rewards_rule
from incentives.rewards_rule import Stands, Step, Terms, Thing

TEXT = (Path(__file__).parents[2] / "docs/rewards.md").read_text()
DAY = dt.date(2026, 9, 1)
TERMS = Terms(
    "note", (Step(0, 500), Step(1_000, 5_000)), check_days=7, watch_days=60, cap_person=7_000
)


def on(day, value, stands=Stands.STANDS):
    return rewards_rule.judge(Thing(DAY, value, stands=stands), TERMS, DAY + dt.timedelta(day))


def test_the_days_of_the_example():
    assert "| 3 | 1,200 interactions | ¥50 | ¥0 | held until day 7 |" in TEXT
    held, paid = on(3, 1_200), on(8, 1_200)
    assert (held.amount, held.may_pay) == (5_000, False)
    assert (paid.amount, paid.may_pay) == (5_000, True)
    assert "| 8 | her second note, 1,300 | ¥20 | ¥20 | the month is full |" in TEXT
    second = on(8, 1_300).amount
    assert rewards_rule.allot([(5_000, paid.amount), (0, second)], TERMS.cap_person) == [
        5_000,
        2_000,
    ]
    assert "the second note now gets its ¥50" in TEXT
    gone = on(20, 1_200, Stands.GONE).amount
    assert rewards_rule.allot([(5_000, gone), (2_000, second)], TERMS.cap_person) == [0, 5_000]
