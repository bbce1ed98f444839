"""The reward rule by itself: the table that finance can check."""

import datetime as dt

import pytest

from incentives import rewards_rule as rule
from incentives.rewards_rule import Reason, Stands, Step, Terms, Thing

DAY = dt.date(2026, 9, 1)
# 5 yuan for the note, 50 from 1,000 interactions, 200 from 5,000.
TERMS = Terms("note", (Step(0, 500), Step(1_000, 5_000), Step(5_000, 20_000)))
STEPPED = Terms("note", (Step(1_000, 5_000),))


def judged(value, terms=TERMS, *, days=7, **fields):
    thing = Thing(DAY, value, **fields)
    verdict = rule.judge(thing, terms, DAY + dt.timedelta(days))
    return verdict.amount, verdict.may_pay, verdict.reason


@pytest.mark.parametrize(
    ("value", "amount"),
    [(0, 500), (999, 500), (1_000, 5_000), (4_999, 5_000), (5_000, 20_000), (90_000, 20_000)],
)
def test_the_highest_step_pays_its_whole_amount(value, amount):
    assert judged(value) == (amount, True, Reason.PAYABLE)


def test_what_is_earned_waits_for_the_check():
    assert judged(1_000, days=6) == (5_000, False, Reason.WAITING)
    assert judged(1_000, days=7) == (5_000, True, Reason.PAYABLE)


def test_unknown_figures_reach_only_the_step_at_zero():
    assert judged(None, whole=False) == (500, True, Reason.PAYABLE)
    assert judged(None, STEPPED, whole=False) == (0, False, Reason.UNKNOWN)
    assert judged(900, STEPPED, whole=False) == (0, False, Reason.UNKNOWN)
    assert judged(900, STEPPED) == (0, False, Reason.BELOW)


def test_a_removed_note_gives_its_reward_back_and_a_hidden_one_waits():
    assert judged(1_000, stands=Stands.GONE) == (0, False, Reason.REMOVED)
    assert judged(1_000, stands=Stands.PAUSED) == (5_000, False, Reason.HIDDEN)


def test_a_jump_is_looked_at_before_a_step_pays():
    assert judged(1_000, jumped=True) == (5_000, False, Reason.FLAGGED)
    assert judged(10, jumped=True) == (500, True, Reason.PAYABLE), "the note itself is paid"


def test_a_stopped_reward_is_none():
    assert judged(1_000, stopped=True) == (0, False, Reason.STOPPED)


@pytest.mark.parametrize(
    ("wishes", "limit", "given"),
    [
        ([(0, 50), (0, 50), (0, 50)], None, [50, 50, 50]),
        ([(0, 50), (0, 50), (0, 50)], 120, [50, 50, 20]),
        ([(0, 50), (50, 50), (50, 50)], 120, [20, 50, 50]),
        ([(50, 200), (50, 50)], 120, [70, 50]),
        ([(50, 0), (0, 100)], 100, [0, 100]),
        ([(50, 20), (0, 100)], 100, [20, 80]),
        ([(80, 80), (80, 80)], 100, [80, 80]),
    ],
)
def test_a_cap_takes_nothing_away_from_who_has_it(wishes, limit, given):
    assert rule.allot(wishes, limit) == given


def test_terms_read_what_they_write():
    terms = Terms(
        "note",
        (Step(0, 500), Step(1_000, 5_000)),
        cap_person=30_000,
        kinds=("koc",),
        followers_from=1_000,
        jump=500,
        handed_in=True,
    )
    assert rule.terms_from_json(rule.terms_to_json(terms)) == terms


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"steps": []}, "empty"),
        ({"steps": [{"at_least": 0, "amount": 5}] * 9}, "too_many"),
        ({"steps": [{"at_least": 5, "amount": 5}, {"at_least": 5, "amount": 9}]}, "not_rising"),
        ({"steps": [{"at_least": 5, "amount": 9}, {"at_least": 6, "amount": 5}]}, "not_rising"),
        ({"steps": [{"at_least": 5, "amount": 1.5}]}, "not_a_number"),
        ({"steps": [{"at_least": 5, "amount": -1}]}, "out_of_range"),
        ({"watch_days": 3}, "too_short"),
        ({"followers_from": 10, "followers_to": 5}, "wrong_order"),
        ({"check_days": None}, "not_a_number"),
    ],
)
def test_terms_that_cannot_be_are_refused(changed, problem):
    with pytest.raises(rule.RuleFault) as fault:
        rule.terms_from_json(rule.terms_to_json(TERMS) | changed)
    assert fault.value.problem == problem
