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


# -- any of the conditions, and moves that wait ---------------------------------


def all_known(**values):
    names = ("notes_60", "notes_90", "sales_90", "orders_90", "leads_90")
    return {name: tiers.Fact(values.get(name, 0)) for name in names}


STARS = tiers.ladder_from_json(tiers.star_rules())


def test_where_any_is_enough_one_reaches_and_one_keeps():
    two, three = STARS.tiers[1:]
    assert tiers.is_reached(two, all_known(orders_90=20))
    assert not tiers.is_reached(two, all_known(orders_90=19))
    assert not tiers.is_lost(two, all_known(leads_90=18))
    assert tiers.is_lost(two, all_known(leads_90=17))
    assert not tiers.is_reached(three, all_known(sales_90=5_000_000, notes_90=5)), "all are needed"
    assert tiers.is_lost(three, all_known(sales_90=3_000_000))


def test_a_tier_without_conditions_to_keep_is_never_lost():
    for keep_any in (True, False):
        rule = tiers.TierRule("senior", STARS.tiers[2].reach, (), keep_any=keep_any)
        assert not tiers.is_lost(rule, all_known())
        assert tiers.is_reached(rule, all_known(sales_90=5_000_000, notes_90=6))


def test_whose_tier_is_pinned_stays_whatever_the_facts():
    facts = tiers.facts_of([], KOC.measures, AS_OF)
    pinned = Standing("senior", falls_on=AS_OF, pinned=True)
    assert tiers.decide(pinned, facts, KOC, AS_OF) == tiers.Decision(Outcome.STAYS, "senior")


def test_a_decision_names_the_tier_whose_conditions_decided():
    risen = decide("junior", [HIT])
    assert (risen.tier, risen.because) == ("senior", "reach")
    fallen = decide("senior", THREE_POOR, falls_on=AS_OF)
    assert (fallen.tier, fallen.because, fallen.falls_on) == ("senior", "keep", None)


@pytest.mark.parametrize(
    ("review", "waiting"),
    [("none", []), ("demotions", ["demoted"]), ("all", ["promoted", "demoted"])],
)
def test_moves_that_wait_for_a_person(review, waiting):
    ladder = tiers.ladder_from_json(tiers.standard_rules("koc") | {"review": review})
    assert [str(outcome) for outcome in Outcome if ladder.waits(outcome)] == waiting


@pytest.mark.parametrize(
    ("values", "median"), [((5,), 5), ((5, 9), 5), ((1, 5, 9), 5), ((1, 5, 8, 9), 5)]
)
def test_the_middle_value_is_that_of_a_note_and_the_lower_of_two(values, median):
    measure = tiers.Measure("median_note", last_notes=len(values), settled_days=0)
    notes = [note(0, value) for value in values]
    assert tiers.facts_of(notes, [measure], AS_OF)[measure.key] == tiers.Fact(median)


def test_the_middle_value_counts_nothing_as_nothing_and_few_notes_as_unknown():
    measure = tiers.Measure("median_note", last_notes=1, settled_days=0)
    assert tiers.facts_of([note(0, 0)], [measure], AS_OF)[measure.key] == tiers.Fact(0)
    unknown = tiers.Fact(None, sure=False)
    assert tiers.facts_of([], [measure], AS_OF)[measure.key] == unknown


# -- the notes to show ---------------------------------------------------------


def test_deciding_notes_are_those_that_a_person_would_check():
    senior = KOC.tiers[2]
    notes = [*THREE_POOR, HIT]
    (best,) = senior.reach
    assert tiers.deciding_notes(notes, best, AS_OF) == [HIT.id]
    median = senior.keep[1]
    assert tiers.deciding_notes(notes, median, AS_OF) == [n.id for n in THREE_POOR]
    three = KOC.tiers[1].reach[0]
    assert tiers.deciding_notes([note(-1, 5000), *notes], best, AS_OF) == [HIT.id]
    assert tiers.deciding_notes([*notes, note(50)], three, AS_OF) == [n.id for n in THREE_POOR]


def test_the_note_of_today_is_shown_and_of_many_the_newest_ten():
    today = note(0, 5000)
    (best,) = KOC.tiers[2].reach
    assert tiers.deciding_notes([today, HIT], best, AS_OF) == [today.id]
    unliked = [note(1, 0), note(2, 1)]
    assert tiers.deciding_notes(unliked, best, AS_OF) == [unliked[1].id]
    twenty = tiers.Condition(tiers.Measure("notes"), 20)
    notes = [note(day) for day in range(20)]
    assert tiers.deciding_notes(notes, twenty, AS_OF) == [n.id for n in notes[:10]]
    sales = tiers.Condition(tiers.Measure("sales", 90), 1)
    assert tiers.deciding_notes(notes, sales, AS_OF) == []


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
        (["review"], "some", "review", "not_known"),
        (["tiers", 1, "reach_any"], "yes", "tiers[1].reach_any", "not_known"),
        (["tiers", 1, "keep_any"], 1, "tiers[1].keep_any", "not_known"),
        (["tiers", 1, "price"], 1, "tiers[1].price", "unknown_field"),
        (["tiers", 1, "reach", 0, "price"], 1, "tiers[1].reach[0].price", "unknown_field"),
        (["tiers", 1], "gold", "tiers[1]", "missing"),
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
    assert str(fault.value) == f"{field}: {problem}"


@pytest.mark.parametrize("data", [None, [], "koc", 3])
def test_a_ladder_is_an_object(data):
    with pytest.raises(LadderFault):
        tiers.ladder_from_json(data)


def test_a_ladder_has_a_name_where_it_stands_alone():
    with pytest.raises(LadderFault, match="rules: missing"):
        tiers.ladder_from_json(None)


@pytest.mark.parametrize(
    ("path", "value", "params"),
    [
        (["review"], "some", {"value": "some"}),
        (["formula"], "likes", {"value": "likes"}),
        (["tiers", 0, "tier"], "gold", {"value": "gold"}),
        (["tiers", 0, "tier"], "senior", {"value": "junior, intermediate, senior"}),
        (["tiers", 1, "reach", 0, "fact"], "recruits", {"value": "recruits"}),
        (["tiers", 1, "keep_any"], "yes", {"value": "yes"}),
        (["tiers", 1, "reach_any"], "y" * 99, {"value": "y" * 40}),
        (["grace_days"], "9" * 99, {"value": "9" * 40}),
        (["grace_days"], 366, {"value": 366, "limit": 365}),
        (["grace_days"], -1, {"value": -1, "limit": 0}),
    ],
)
def test_a_refused_ladder_repeats_what_was_written_and_names_the_limit(path, value, params):
    with pytest.raises(LadderFault) as fault:
        tiers.ladder_from_json(changed(path, value))
    assert fault.value.params == params


@pytest.mark.parametrize(
    ("path", "least", "most"),
    [
        (["grace_days"], 0, 365),
        (["tiers", 1, "reach", 0, "at_least"], 1, 10**9),
        (["tiers", 1, "reach", 0, "within_days"], 1, 3650),
        (["tiers", 2, "keep", 1, "last_notes"], 1, 20),
        (["tiers", 2, "keep", 1, "settled_days"], 0, 90),
    ],
)
def test_a_number_of_a_ladder_may_stand_at_its_limits_but_not_beyond(path, least, most):
    for value in (least, most):
        rules = changed(path, value)
        assert tiers.ladder_to_json(tiers.ladder_from_json(rules)) == rules
    field = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)[1:]
    for value, problem in ((least - 1, "too_small"), (most + 1, "too_large")):
        with pytest.raises(LadderFault) as fault:
            tiers.ladder_from_json(changed(path, value))
        assert (fault.value.field, fault.value.problem) == (field, problem)


def test_a_ladder_that_says_no_more_counts_likes_saves_and_comments_and_lets_nobody_wait():
    ladder = tiers.ladder_from_json(changed(["formula"], None))
    assert (ladder.formula, ladder.review) == ("tier_interactions", "none")
    other = tiers.ladder_from_json(changed(["formula"], "engagement") | {"review": "all"})
    assert (other.formula, other.review) == ("engagement", "all")
    assert tiers.ladder_to_json(other)["review"] == "all"


def test_either_condition_of_a_tier_goes_there_and_back():
    rules = tiers.star_rules()
    assert tiers.ladder_to_json(tiers.ladder_from_json(rules)) == rules
    (_one, two, three) = tiers.ladder_from_json(rules).tiers
    assert (two.reach_any, two.keep_any) == (True, True)
    assert (three.reach_any, three.keep_any) == (False, False)


def test_a_condition_alone_is_refused_by_its_own_fields():
    with pytest.raises(LadderFault) as fault:
        tiers.condition_from_json({"fact": "notes"})
    assert fault.value.field == "at_least"
    for nothing in ("three", 3, None):
        with pytest.raises(LadderFault) as fault:
            tiers.condition_from_json(nothing)
        assert (fault.value.field, fault.value.problem) == ("rules", "missing")


# -- the ladders that a brand starts with --------------------------------------


def said(conditions):
    return " ".join(f"{condition.key}>={condition.at_least}" for condition in conditions)


@pytest.mark.parametrize(
    ("kind", "tier", "reach", "keep"),
    [
        ("koc", 0, "notes>=1", "notes>=1"),
        ("koc", 1, "notes_60>=3", "notes_60>=2"),
        (
            *("koc", 2, "best_note_180>=1000"),
            "notes_180>=1 median_note_3_7>=200",
        ),
        ("kos", 1, "notes_60>=3", "notes_60>=2"),
        (
            *("kos", 2, "best_note_180>=300"),
            "notes_180>=1 median_note_3_7>=60",
        ),
        ("stars", 0, "notes_60>=1", "notes_90>=1"),
        # Sales in fen: 10,000.00 or 20 orders or 30 leads of 90 days; 6,000.00, 12, 18 to keep.
        (
            *("stars", 1, "sales_90>=1000000 orders_90>=20 leads_90>=30"),
            "sales_90>=600000 orders_90>=12 leads_90>=18",
        ),
        (
            *("stars", 2, "sales_90>=5000000 notes_90>=6"),
            "sales_90>=3000000 notes_90>=3",
        ),
    ],
)
def test_the_ladders_to_start_with_say_these_numbers(kind, tier, reach, keep):
    rules = tiers.star_rules() if kind == "stars" else tiers.standard_rules(kind)
    ladder = tiers.ladder_from_json(rules)
    assert (said(ladder.tiers[tier].reach), said(ladder.tiers[tier].keep)) == (reach, keep)
    assert ladder.grace_days == 30


# -- facts that are not notes --------------------------------------------------


def test_what_others_count_is_taken_as_it_is_and_unknown_where_nobody_counted():
    ladder = tiers.ladder_from_json(tiers.star_rules())
    sold = {"sales_90": tiers.Fact(1_200_000), "leads_90": tiers.Fact(3, sure=False)}
    found = tiers.facts_of([note(1)], ladder.measures, AS_OF, sold)
    assert found["sales_90"] == tiers.Fact(1_200_000)
    assert found["leads_90"] == tiers.Fact(3, sure=False)
    assert found["orders_90"] == tiers.Fact(None, sure=False)
    assert found["notes_60"] == tiers.Fact(1)
    nobody = tiers.facts_of([], ladder.measures, AS_OF)
    assert nobody["sales_90"] == tiers.Fact(None, sure=False)


def test_an_app_can_name_a_fact_and_whether_it_is_money(monkeypatch):
    monkeypatch.setattr(tiers, "_counted", {"orders": False, "sales": True})
    assert tiers.is_money("notes") is False
    assert (tiers.is_money("sales"), tiers.is_money("orders")) == (True, False)
    tiers.name_fact("courses")
    tiers.name_fact("deposits", money=True)
    assert tiers.counted_facts() == ("orders", "sales", "courses", "deposits")
    assert (tiers.is_money("courses"), tiers.is_money("deposits")) == (False, True)


def test_keys_of_measures_can_be_columns():
    assert [measure.key for measure in KOC.measures] == [
        "notes",
        "notes_60",
        "best_note_180",
        "notes_180",
        "median_note_3_7",
    ]
