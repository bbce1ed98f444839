"""The tier rules as the programme handbook states them; no database."""

import copy
import datetime as dt
from itertools import count
from zoneinfo import ZoneInfo

import pytest

from incentives import tiers
from incentives.tiers import LadderFault, Note, Outcome, Standing

AS_OF = dt.date(2026, 11, 20)
SHANGHAI = ZoneInfo("Asia/Shanghai")
KOC = tiers.ladder_from_json(tiers.standard_rules("koc"))
numbers = count(1)


def note(days_ago, interactions=10, *, whole=True, hour=12):
    at = dt.datetime.combine(AS_OF - dt.timedelta(days_ago), dt.time(hour), tzinfo=SHANGHAI)
    return Note(next(numbers), at, interactions, whole)


def decide(tier, notes, *, falls_on=None, ladder=KOC, as_of=AS_OF):
    facts = tiers.facts_of(notes, ladder.measures, as_of)
    return tiers.decide(Standing(tier, falls_on), facts, ladder, as_of)


# -- the table that operations can check ---------------------------------------

THREE_GOOD = [note(10, 400), note(20, 300), note(30, 250)]
THREE_POOR = [note(10, 40), note(20, 150), note(30, 900)]
HIT = note(40, 1000)


@pytest.mark.parametrize(
    ("tier", "notes", "outcome", "to_tier"),
    [
        # nothing to rise with
        ("", [], "stays", ""),
        # C37: one note makes junior, however old
        ("", [note(0)], "promoted", "junior"),
        ("", [note(900)], "promoted", "junior"),
        ("junior", [note(900)], "stays", "junior"),
        # C38: three notes in 60 days make intermediate; the 60th day counts, the 61st does not
        ("junior", [note(0), note(30), note(59)], "promoted", "intermediate"),
        ("junior", [note(0), note(30), note(60)], "stays", "junior"),
        # two notes in 60 days keep it, one does not
        ("intermediate", [note(0), note(59)], "stays", "intermediate"),
        ("intermediate", [note(0), note(60)], "at_risk", "junior"),
        # C39: a note with 1,000 interactions makes senior, from any tier
        ("intermediate", [*THREE_GOOD, HIT], "promoted", "senior"),
        ("", [HIT], "promoted", "senior"),
        ("junior", [note(40, 999)], "stays", "junior"),
        ("junior", [note(179, 1000)], "promoted", "senior"),
        ("junior", [note(180, 1000)], "stays", "junior"),
        # C40: a falling median of the last three settled notes puts senior at risk
        ("senior", THREE_GOOD, "stays", "senior"),
        ("senior", THREE_POOR, "at_risk", "intermediate"),
        # ... but a hit does not lift who has just fallen while the median is low
        ("intermediate", [*THREE_POOR, HIT], "stays", "intermediate"),
        # notes of the last days are not settled: only two older ones count, so it is not known
        ("senior", [note(1, 0), note(6, 0), note(20, 300), note(30, 250)], "stays", "senior"),
        ("senior", [note(7, 0), note(8, 0), note(20, 300)], "at_risk", "intermediate"),
        # who posts nothing for 180 days falls to the highest tier that is still kept
        ("senior", [note(200, 5000)], "at_risk", "junior"),
        ("senior", [], "at_risk", ""),
        ("junior", [], "at_risk", ""),
    ],
)
def test_standard_koc_ladder(tier, notes, outcome, to_tier):
    decision = decide(tier, notes)
    assert (decision.outcome, decision.to_tier) == (outcome, to_tier)


def test_unknown_figures_neither_promote_nor_demote():
    unknown = [note(day, None, whole=False) for day in (10, 20, 30)]
    assert decide("intermediate", unknown).outcome == Outcome.STAYS
    assert decide("senior", unknown).outcome == Outcome.STAYS


def test_a_partly_known_sum_can_promote_but_not_demote():
    assert decide("junior", [note(10, 1000, whole=False)]).to_tier == "senior"
    partly = [note(day, 5, whole=False) for day in (10, 20, 30)]
    assert decide("senior", partly).outcome == Outcome.STAYS


def test_a_best_note_to_keep_is_lost_only_when_every_figure_is_known():
    rules = tiers.standard_rules("koc")
    rules["tiers"][2]["keep"] = [{"fact": "best_note", "at_least": 500, "within_days": 90}]
    ladder = tiers.ladder_from_json(rules)
    poor = [note(10, 499), note(20, 30), note(30, 30)]
    assert decide("senior", poor, ladder=ladder).outcome == Outcome.AT_RISK
    assert decide("senior", [*poor, note(40, None, whole=False)], ladder=ladder).outcome == "stays"
    assert decide("senior", [note(91, 5000)], ladder=ladder).outcome == Outcome.AT_RISK


# -- grace ---------------------------------------------------------------------


def test_demotion_waits_for_the_grace_and_names_the_day():
    decision = decide("senior", THREE_POOR)
    assert decision.falls_on == AS_OF + dt.timedelta(30)
    assert (decision.tier, decision.because) == ("senior", "keep")


def test_the_promised_day_stands_and_on_it_the_creator_falls():
    tomorrow = AS_OF + dt.timedelta(1)
    assert decide("senior", THREE_POOR, falls_on=tomorrow).falls_on == tomorrow
    fallen = decide("senior", THREE_POOR, falls_on=AS_OF)
    assert (fallen.outcome, fallen.to_tier) == (Outcome.DEMOTED, "intermediate")


def test_who_recovers_is_no_longer_at_risk():
    decision = decide("senior", THREE_GOOD, falls_on=AS_OF)
    assert (decision.outcome, decision.falls_on) == (Outcome.STAYS, None)


def test_who_rises_while_at_risk_rises():
    decision = decide("intermediate", [HIT], falls_on=AS_OF)
    assert (decision.outcome, decision.to_tier) == (Outcome.PROMOTED, "senior")


def test_without_grace_a_creator_falls_at_once():
    rules = tiers.standard_rules("koc") | {"grace_days": 0}
    decision = decide("senior", THREE_POOR, ladder=tiers.ladder_from_json(rules))
    assert decision.outcome == Outcome.DEMOTED


def test_nobody_goes_up_and_down_by_turns():
    """Whatever a demotion leads to, the same facts do not promote again."""
    notes = [*THREE_POOR, HIT]
    tier, seen = "senior", []
    for _ in range(4):
        decision = decide(tier, notes, falls_on=AS_OF)
        tier = decision.to_tier
        seen.append(tier)
    assert seen == ["intermediate"] * 4


def test_notes_of_the_next_day_do_not_count_yet():
    assert decide("", [note(-1, 5000)]).outcome == Outcome.STAYS


# -- the notes to show ---------------------------------------------------------


def test_deciding_notes_are_those_that_a_person_would_check():
    senior = KOC.tiers[2]
    notes = [*THREE_POOR, HIT]
    (best,) = senior.reach
    assert tiers.deciding_notes(notes, best, AS_OF) == [HIT.id]
    median = senior.keep[1]
    assert tiers.deciding_notes(notes, median, AS_OF) == [n.id for n in THREE_POOR]
    three = KOC.tiers[1].reach[0]
    assert tiers.deciding_notes([*notes, note(50)], three, AS_OF) == [n.id for n in THREE_POOR]


# -- the JSON form -------------------------------------------------------------


@pytest.mark.parametrize("kind", ["koc", "kos"])
def test_the_json_form_goes_there_and_back(kind):
    rules = tiers.standard_rules(kind)
    assert tiers.ladder_to_json(tiers.ladder_from_json(rules)) == rules


def changed(path, value):
    rules = copy.deepcopy(tiers.standard_rules("koc"))
    place = rules
    for part in path[:-1]:
        place = place[part]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    return rules


@pytest.mark.parametrize(
    ("path", "value", "field", "problem"),
    [
        (["grace_days"], None, "grace_days", "missing"),
        (["grace_days"], -1, "grace_days", "too_small"),
        (["grace_days"], 366, "grace_days", "too_large"),
        (["grace_days"], "30", "grace_days", "not_a_number"),
        (["grace_days"], True, "grace_days", "not_a_number"),
        (["formula"], "likes", "formula", "not_known"),
        (["price"], 1000, "price", "unknown_field"),
        (["tiers"], {}, "tiers", "missing"),
        (["tiers", 0, "tier"], "gold", "tiers[0].tier", "not_known"),
        (["tiers", 0, "tier"], "senior", "tiers", "wrong_order"),
        (["tiers", 1, "reach"], [], "tiers[1].reach", "empty"),
        (["tiers", 1, "keep"], None, "tiers[1].keep", "missing"),
        (
            ["tiers", 0, "reach"],
            [{"fact": "notes", "at_least": 1}, {"fact": "notes", "at_least": 3}],
            "tiers[0].reach[1]",
            "repeated",
        ),
        (["tiers", 1, "reach", 0], "three", "tiers[1].reach[0]", "missing"),
        (["tiers", 1, "reach", 0, "fact"], "recruits", "tiers[1].reach[0].fact", "not_known"),
        (["tiers", 2, "reach", 0, "at_least"], 0, "tiers[2].reach[0].at_least", "too_small"),
        (["tiers", 2, "reach", 0, "at_least"], 1.5, "tiers[2].reach[0].at_least", "not_a_number"),
        (
            ["tiers", 2, "reach", 0, "within_days"],
            4000,
            "tiers[2].reach[0].within_days",
            "too_large",
        ),
        (["tiers", 2, "keep", 1, "last_notes"], None, "tiers[2].keep[1].last_notes", "missing"),
        (
            ["tiers", 2, "keep", 1, "within_days"],
            30,
            "tiers[2].keep[1].within_days",
            "unknown_field",
        ),
    ],
)
def test_a_wrong_ladder_is_refused_by_the_name_of_the_field(path, value, field, problem):
    with pytest.raises(LadderFault) as fault:
        tiers.ladder_from_json(changed(path, value))
    assert (fault.value.field, fault.value.problem) == (field, problem)


@pytest.mark.parametrize("data", [None, [], "koc", 3])
def test_a_ladder_is_an_object(data):
    with pytest.raises(LadderFault):
        tiers.ladder_from_json(data)


def test_keys_of_measures_can_be_columns():
    assert [measure.key for measure in KOC.measures] == [
        "notes",
        "notes_60",
        "best_note_180",
        "notes_180",
        "median_note_3_7",
    ]
