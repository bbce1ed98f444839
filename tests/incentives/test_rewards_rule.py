"""The reward rule by itself: the table that finance can check."""

import datetime as dt

import pytest

from incentives import rewards_rule as rule
from incentives.rewards_rule import Reason, Stands, Step, Terms, Thing

DAY = dt.date(2026, 9, 1)
# 5 yuan for the note, 50 from 1,000 interactions, 200 from 5,000.
TERMS = Terms("note", (Step(0, 500), Step(1_000, 5_000), Step(5_000, 20_000)))
STEPPED = Terms("note", (Step(1_000, 5_000),))


def steps(*pairs):
    return [{"at_least": at_least, "amount": amount} for at_least, amount in pairs]


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


def test_a_verdict_names_the_step_it_stands_on_paid_or_not():
    for fields in ({}, {"jumped": True}, {"stands": Stands.PAUSED}):
        assert rule.judge(Thing(DAY, 1_200, **fields), TERMS, DAY + dt.timedelta(7)).step == 1_000
    assert rule.judge(Thing(DAY, 1_200), TERMS, DAY).step == 1_000
    assert rule.judge(Thing(DAY, 5), STEPPED, DAY).step is None


def test_the_step_to_aim_for_is_the_next_one():
    assert rule.next_step(None, TERMS) == Step(1_000, 5_000)
    assert rule.next_step(999, TERMS) == Step(1_000, 5_000)
    assert rule.next_step(1_000, TERMS) == Step(5_000, 20_000)
    assert rule.next_step(5_000, TERMS) is None
    assert rule.next_step(0, Terms("note", (Step(1, 100),))) == Step(1, 100)


def test_a_figure_of_zero_reaches_no_step_that_asks_for_one():
    single = Terms("note", (Step(1, 100),))
    assert rule.step_reached(0, single) is rule.step_reached(None, single) is None


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


def test_a_note_that_a_review_holds_is_held_with_what_it_is_worth():
    assert judged(1_000, stands=Stands.IN_REVIEW) == (5_000, False, Reason.IN_REVIEW)
    assert judged(1_000, stands=Stands.PROBLEM) == (5_000, False, Reason.PROBLEM)
    assert judged(5, STEPPED, stands=Stands.IN_REVIEW) == (0, False, Reason.BELOW)


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
    ("changed", "field", "problem"),
    [
        ({"steps": []}, "steps", "empty"),
        ({"steps": steps(*[(0, 5)] * 9)}, "steps", "too_many"),
        ({"steps": steps((5, 5), (5, 9))}, "steps", "not_rising"),
        ({"steps": steps((5, 9), (6, 5))}, "steps", "not_rising"),
        ({"steps": steps((5, 5), (6, 5))}, "steps", "not_rising"),
        ({"steps": steps((5, 1.5))}, "steps[0].amount", "not_a_number"),
        ({"steps": steps((0, 1), (True, 5))}, "steps[1].at_least", "not_a_number"),
        ({"steps": steps((5, -1))}, "steps[0].amount", "out_of_range"),
        ({"steps": steps((5, rule.MOST_AMOUNT + 1))}, "steps[0].amount", "out_of_range"),
        ({"steps": steps((rule.MOST_VALUE + 1, 5))}, "steps[0].at_least", "out_of_range"),
        ({"watch_days": 3}, "watch_days", "too_short"),
        # Neither the check nor the counting may outlast the watch of 60 days.
        ({"check_days": 61}, "watch_days", "too_short"),
        ({"count_days": 61}, "watch_days", "too_short"),
        ({"watch_days": 366}, "watch_days", "out_of_range"),
        ({"budget": 10**12 + 1}, "budget", "out_of_range"),
        ({"jump": "many"}, "jump", "not_a_number"),
        ({"followers_from": 10, "followers_to": 5}, "followers_to", "wrong_order"),
        ({"check_days": None}, "check_days", "not_a_number"),
    ],
)
def test_terms_that_cannot_be_are_refused_by_the_name_of_the_field(changed, field, problem):
    with pytest.raises(rule.RuleFault) as fault:
        rule.terms_from_json(rule.terms_to_json(TERMS) | changed)
    assert (fault.value.field, fault.value.problem) == (field, problem)
    assert field in str(fault.value) and problem in str(fault.value)


@pytest.mark.parametrize(
    "changed",
    [
        {"steps": steps(*((n, n + 1) for n in range(rule.MOST_STEPS)))},
        {"steps": steps((rule.MOST_VALUE, rule.MOST_AMOUNT))},
        {"check_days": 60, "count_days": 60, "watch_days": 60},
        {"check_days": 0, "count_days": 0, "watch_days": 0},
        {"watch_days": 365},
        {"budget": 10**12},
        {"followers_from": 10, "followers_to": 10},
    ],
)
def test_terms_at_their_limits_are_taken(changed):
    form = rule.terms_to_json(TERMS) | changed
    assert rule.terms_to_json(rule.terms_from_json(form)) == form


def test_terms_that_say_nothing_more_mean_anybody_and_no_limit():
    days = {"check_days": 7, "count_days": 30, "watch_days": 60}
    bare = rule.terms_from_json({"steps": steps((0, 5)), **days})
    assert bare == Terms("", (Step(0, 5),))
    with pytest.raises(rule.RuleFault, match="steps: empty"):
        rule.terms_from_json(days)
