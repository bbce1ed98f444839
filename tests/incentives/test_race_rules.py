"""How figures become points, places and prizes, by hand and at random."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives import race_rules as rules
from incentives.race_choices import Measure, TieRule
from incentives.race_rules import Formula, Heads, Leagues, Runner, Term
from tests import tables

SALES = Formula(
    terms=(Term("sales", 60, Measure.PER_HEAD), Term("posts", 40, Measure.PER_HEAD)),
    heads=Heads(active_days=3, at_least=2),
    prizes=(100_000, 50_000, 20_000),
)


def run(id, heads, league="", **values):
    return Runner(id, league, heads, values)


def by_id(placed):
    return {standing.id: standing for standing in placed}


def one(weight=100, measure="total", **more):
    """A formula of one figure."""
    return Formula(terms=(Term("a", weight, measure, more.pop("target", 0)),), **more)


def many(*weights):
    """A formula of figures with these weights."""
    return Formula(terms=tuple(Term(f"f{n}", weight, "total") for n, weight in enumerate(weights)))


def test_a_small_store_beats_a_large_one_when_each_head_does_more() -> None:
    placed = by_id(
        rules.standings(
            SALES, [run(1, 10, sales=500_000, posts=20), run(2, 3, sales=300_000, posts=9)]
        )
    )
    large, small = placed[1], placed[2]
    assert (small.rank, large.rank) == (1, 2)
    assert small.score == 10_000
    # 50,000.000 of 100,000.000 a head is 50 %, 2.000 of 3.000 posts is 66.66 %.
    assert [points.points for points in large.points] == [3000, 2666]
    assert large.score == 5666


def test_the_least_number_of_heads_keeps_one_star_from_winning_alone() -> None:
    (alone,) = rules.standings(SALES, [run(1, 1, sales=100_000, posts=1)])
    assert alone.heads == 2
    assert alone.points[0].figure == 50_000_000


def test_each_league_has_its_own_best_and_its_own_first_place() -> None:
    placed = by_id(
        rules.standings(
            SALES, [run(1, 2, "a", sales=100, posts=1), run(2, 2, "b", sales=9, posts=1)]
        )
    )
    assert placed[1].rank == placed[2].rank == 1
    assert placed[1].score == placed[2].score == 10_000


def test_equal_scores_share_the_place_and_the_next_one_is_left_out() -> None:
    runners = [run(1, 2, sales=10, posts=1), run(2, 2, sales=10, posts=1), run(3, 2, sales=5)]
    assert [s.rank for s in rules.standings(SALES, runners)] == [1, 1, 3]


def test_the_heaviest_figure_decides_between_equal_scores_where_the_rule_says_so() -> None:
    formula = Formula(
        terms=(Term("sales", 50, Measure.TOTAL), Term("posts", 50, Measure.TOTAL)),
        tie=TieRule.FIRST_FACT,
    )
    runners = [run(1, 0, sales=50, posts=100), run(2, 0, sales=100, posts=50)]
    placed = rules.standings(formula, runners)
    assert [(s.id, s.rank, s.score) for s in placed] == [(2, 1, 7500), (1, 2, 7500)]


def test_a_target_is_per_head_and_counts_up_to_one_and_a_half() -> None:
    formula = Formula(terms=(Term("posts", 100, Measure.TARGET, target=10),))
    placed = by_id(
        rules.standings(formula, [run(1, 2, posts=15), run(2, 1, posts=40), run(3, 4, posts=0)])
    )
    assert [placed[id].score for id in (1, 2, 3)] == [7500, 15_000, 0]


def test_leagues_are_made_of_kind_and_size() -> None:
    leagues = Leagues(by_kind=True, bands=(5, 10))
    assert [rules.league_of(leagues, "live", size) for size in (0, 4, 5, 9, 10)] == [
        *("live:0", "live:0", "live:1", "live:1", "live:2")
    ]
    assert rules.band_of(leagues, "live:0") == (0, 4)
    assert rules.band_of(leagues, "live:1") == (5, 9)
    assert rules.band_of(leagues, "live:2") == (10, None)
    assert rules.band_of(Leagues(bands=(5,)), ":0") == (0, 4)
    assert rules.league_of(Leagues(), "live", 7) == ":"
    assert rules.band_of(Leagues(), ":") is None


def test_the_kind_of_a_league_may_be_any_text() -> None:
    leagues = Leagues(by_kind=True, bands=(5,))
    assert rules.band_of(leagues, "pop-up:mall:1") == (5, None)
    assert rules.band_of(leagues, "live:7") is None, "a band that there is no more"


def test_who_is_alone_counts_as_one_head_at_least() -> None:
    assert rules.counted_heads(Heads(at_least=0), 0) == 1
    assert rules.counted_heads(Heads(at_least=1), 0) == 1
    assert rules.counted_heads(Heads(at_least=1), 4) == 4


def test_each_point_can_be_opened_down_to_its_figure() -> None:
    (me, _other) = rules.standings(
        SALES, [run(1, 2, "east", sales=100, posts=3), run(2, 2, "east", sales=50)]
    )
    assert (me.league, me.rank) == ("east", 1)
    sales, posts = me.points
    # 100 by two heads is 50.000 a head, the best of the league: 100 % of 60.
    assert sales == rules.Points("sales", 100, 50_000, 50_000, 10_000, 6_000)
    assert posts == rules.Points("posts", 3, 1_500, 1_500, 10_000, 4_000)


def test_a_part_of_a_target_is_rounded_down() -> None:
    formula = one(measure="target", target=3)
    (only,) = rules.standings(formula, [run(1, 1, a=1)])
    assert only.points[0].share_bp == 3_333


def test_what_nobody_has_gives_no_share() -> None:
    (only,) = rules.standings(one(), [run(1, 1)])
    assert (only.points[0].share_bp, only.score, only.rank) == (0, 0, 1)
    assert only.points[0].value == 0


def test_a_figure_by_heads_is_rounded_down_and_a_total_is_not_divided() -> None:
    (head,) = rules.standings(one(measure="per_head"), [run(1, 3, a=10)])
    (total,) = rules.standings(one(), [run(1, 3, a=10)])
    assert (str(head.points[0].figure), str(total.points[0].figure)) == ("3333", "10000")


# -- what closes the gap -------------------------------------------------------


def test_what_closes_the_gap_is_the_least_that_does() -> None:
    runners = [run(1, 2, sales=100, posts=10), run(2, 2, sales=80, posts=10)]
    placed = by_id(rules.standings(SALES, runners))
    steps = rules.closing(SALES, placed[2], placed[1].score - 1)
    assert steps == [rules.Step("sales", 20)]
    assert rules.closing(SALES, placed[2], placed[1].score) == []


def test_the_heaviest_figure_is_named_first() -> None:
    formula = Formula(terms=(Term("posts", 40, "total"), Term("sales", 60, "total")))
    runners = [run(1, 1, sales=100, posts=100), run(2, 1, sales=80, posts=80)]
    ahead, me = rules.standings(formula, runners)
    steps = rules.closing(formula, me, me.score + 99)
    # One more point each: 1 of 60 needs 2 more of sales, 1 of 40 needs 3 more posts.
    assert steps == [rules.Step("sales", 2), rules.Step("posts", 3)]
    assert ahead.score == 10_000


def test_a_total_asks_no_more_of_a_large_store() -> None:
    runners = [run(1, 1, a=100), run(2, 10, a=80)]
    ahead, me = rules.standings(one(), runners)
    assert rules.closing(one(), me, 9_000) == [rules.Step("a", 11)]
    assert me.heads == 10 and ahead.score == 10_000


def test_beyond_a_target_half_as_much_again_counts() -> None:
    formula = one(measure="target", target=10)
    ahead, me = rules.standings(formula, [run(1, 2, a=28), run(2, 2, a=20)])
    assert rules.closing(formula, me, ahead.score) == [rules.Step("a", 9)]
    assert rules.closing(formula, me, 15_000) == []


def test_one_more_is_enough_where_one_passes() -> None:
    runners = [run(1, 1, a=100), run(2, 1, a=99)]
    _ahead, me = rules.standings(one(), runners)
    assert rules.closing(one(), me, 9_990) == [rules.Step("a", 1)]


def test_where_nobody_has_any_the_first_one_is_enough() -> None:
    placed = by_id(rules.standings(SALES, [run(1, 2, sales=100), run(2, 2, sales=90)]))
    assert rules.Step("posts", 1) in rules.closing(SALES, placed[2], placed[1].score)


field = st.lists(
    st.tuples(st.integers(0, 6), st.integers(0, 5_000_000), st.integers(0, 60)),
    min_size=2,
    max_size=8,
)


@given(field)
def test_doing_so_much_more_passes_and_one_less_does_not(rows) -> None:
    runners = [
        run(id, heads, sales=sales, posts=posts) for id, (heads, sales, posts) in enumerate(rows)
    ]
    placed = rules.standings(SALES, runners)
    ahead, me = placed[0], placed[-1]
    mine = next(runner for runner in runners if runner.id == me.id)
    for step in rules.closing(SALES, me, ahead.score):
        for more, passes in ((step.more, True), (step.more - 1, False)):
            values = {**mine.values, step.fact: mine.values[step.fact] + more}
            others = [
                r if r.id != me.id else Runner(me.id, "", mine.heads, values) for r in runners
            ]
            again = by_id(rules.standings(SALES, others))[me.id]
            assert (again.score > ahead.score) == passes or not more


@given(field, st.sampled_from(TieRule.values))
def test_places_follow_scores_and_scores_add_up(rows, tie) -> None:
    formula = Formula(SALES.terms, SALES.heads, tie=tie)
    placed = rules.standings(
        formula, [run(id, heads, sales=s, posts=p) for id, (heads, s, p) in enumerate(rows)]
    )
    assert placed[0].rank == 1
    for before, after in zip(placed, placed[1:], strict=False):
        assert before.score >= after.score
        assert before.rank <= after.rank
    assert all(s.score == sum(p.points for p in s.points) <= 10_000 for s in placed)


# -- prizes --------------------------------------------------------------------


def test_equal_ones_pool_the_prizes_of_the_places_they_take() -> None:
    runners = [
        *(run(id, 2, sales=10, posts=1) for id in (1, 2)),
        *(run(3, 2, sales=5, posts=0), run(4, 2)),
    ]
    won = rules.prizes_of(SALES, rules.standings(SALES, runners))
    # 1,000.00 and 500.00 for the first two; nothing for who has nothing.
    assert won == {1: 75_000, 2: 75_000, 3: 20_000}


def test_hardly_anything_wins_and_nothing_does_not() -> None:
    formula = one(prizes=(500, 300))
    hardly = run(2, 1, a=1)
    placed = rules.standings(formula, [run(1, 1, a=10_000), hardly, run(3, 1)])
    assert [standing.score for standing in placed] == [10_000, 1, 0]
    assert rules.prizes_of(formula, placed) == {1: 500, 2: 300}
    assert rules.prizes_of(formula, rules.standings(formula, [run(3, 1)])) == {}


def test_each_league_has_all_the_prizes_and_the_odd_cent_goes_to_the_lower_id() -> None:
    formula = one(prizes=(101, 100))
    placed = rules.standings(
        formula, [run(4, 1, "a", a=5), run(3, 1, "a", a=5), run(9, 1, "b", a=1)]
    )
    assert rules.prizes_of(formula, placed) == {3: 101, 4: 100, 9: 101}


def test_a_store_prize_is_split_to_the_cent_and_what_is_left_goes_to_the_lower_id() -> None:
    assert rules.share_out(100, {7: 1, 3: 1, 5: 1}) == {3: 34, 5: 33, 7: 33}
    assert rules.share_out(1000, {1: 20, 2: 10}) == {1: 667, 2: 333}


@given(st.integers(1, 10**9), st.dictionaries(st.integers(1, 99), st.integers(1, 31), min_size=1))
def test_a_split_prize_adds_up_and_is_within_a_cent(pot, weights) -> None:
    parts = rules.share_out(pot, weights)
    assert sum(parts.values()) == pot
    total = sum(weights.values())
    assert all(abs(parts[id] * total - pot * weight) < total for id, weight in weights.items())


# -- formulas and proof --------------------------------------------------------


@pytest.mark.parametrize(
    "formula",
    [
        many(50, 10, 10, 10, 10, 10),
        many(99, 1),
        one(measure="target", target=1),
        one(heads=Heads(1, 1)),
        one(heads=Heads(31, 100)),
        one(leagues=Leagues(bands=(1, 2, 3, 4, 5, 6))),
        one(prizes=(10**9, *[5] * 19)),
    ],
)
def test_a_formula_at_its_limits_is_taken(formula) -> None:
    assert rules.from_json(rules.to_json(formula)) == formula


@pytest.mark.parametrize(
    ("formula", "problem"),
    [
        (many(40, 10, 10, 10, 10, 10, 10), "terms"),
        (many(100, 0), "weights"),
        (many(60, 50), "weights"),
        (one(heads=Heads(32, 1)), "heads"),
        (one(heads=Heads(3, 0)), "heads"),
        (one(heads=Heads(3, 101)), "heads"),
        (one(leagues=Leagues(bands=(1, 2, 3, 4, 5, 6, 7))), "bands"),
        (one(prizes=(5,) * 21), "prizes"),
        (one(prizes=(10**9 + 1,)), "prizes"),
        (Formula(terms=()), "terms"),
        (Formula(terms=(Term("a", 60, Measure.TOTAL),)), "weights"),
        (Formula(terms=(Term("a", 50, "total"), Term("a", 50, "total"))), "fact_twice"),
        (Formula(terms=(Term("a", 100, "best"),)), "measure"),
        (Formula(terms=(Term("a", 100, Measure.TARGET),)), "target"),
        (Formula(terms=(Term("a", 100, Measure.TOTAL, target=3),)), "target"),
        (Formula(terms=(Term("a", 100, "total"),), heads=Heads(0, 1)), "heads"),
        (Formula(terms=(Term("a", 100, "total"),), leagues=Leagues(bands=(5, 5))), "bands"),
        (Formula(terms=(Term("a", 100, "total"),), leagues=Leagues(bands=(0,))), "bands"),
        (Formula(terms=(Term("a", 100, "total"),), tie="lots"), "tie"),
        (Formula(terms=(Term("a", 100, "total"),), prizes=(0,)), "prizes"),
        (Formula(terms=(Term("a", 100, "total"),), prizes=(1, 2)), "prizes_rise"),
    ],
)
def test_a_formula_that_means_nothing_is_refused(formula, problem) -> None:
    with pytest.raises(rules.FormulaFault) as fault:
        rules.check(formula)
    assert fault.value.problem == problem
    assert str(fault.value) == problem


def test_a_refused_formula_says_what_the_limit_or_the_sum_is() -> None:
    for formula, params in ((many(), {"most": 6}), (many(60, 50), {"total": 110})):
        with pytest.raises(rules.FormulaFault) as fault:
            rules.check(formula)
        assert fault.value.params == params


def test_a_formula_is_stored_and_read_as_it_was() -> None:
    formula = Formula(
        terms=(Term("a", 70, Measure.TARGET, 5), Term("b", 30, Measure.TOTAL)),
        heads=Heads(4, 3),
        leagues=Leagues(True, (5, 10)),
        tie=TieRule.FIRST_FACT,
        prizes=(300, 200),
    )
    assert rules.from_json(rules.to_json(formula)) == formula


def test_the_digest_tells_any_line_apart_and_not_their_order() -> None:
    runners = [run(1, 2, sales=100, posts=1), run(2, 2, sales=90, posts=1)]
    placed = rules.standings(SALES, runners)
    head = {"race": 1}
    same = rules.digest(SALES, head, reversed(placed))
    assert rules.digest(SALES, head, placed) == same
    other = rules.standings(SALES, [runners[0], run(2, 2, sales=91, posts=1)])
    assert rules.digest(SALES, head, other) != same
    assert rules.digest(SALES, {"race": 2}, placed) != same


def test_a_digest_can_be_worked_out_with_any_tool_and_stays_the_same() -> None:
    (only,) = rules.standings(one(prizes=(5,)), [run(1, 1, "a", a=2)])
    text = (
        '{"formula":{"heads":{"active_days":3,"at_least":1},"leagues":{"bands":[],"by_kind":false},'
        '"prizes":[5],"terms":[{"fact":"a","measure":"total","weight":100}],"tie":"shared"},'
        '"lines":[[1,"a",1,1,10000,[["a",2,10000]]]],"season":{"number":2,"race":1}}'
    )
    known = hashlib.sha256(text.encode()).hexdigest()
    assert rules.digest(one(prizes=(5,)), {"race": 1, "number": 2}, [only]) == known


# -- the example of docs/races.md ----------------------------------------------


def test_the_example_of_the_documentation_is_what_the_rules_give() -> None:
    formula = Formula(
        terms=(Term("sales", 60, Measure.PER_HEAD), Term("posts", 40, Measure.PER_HEAD)),
        heads=Heads(active_days=3, at_least=2),
        prizes=(300_000, 100_000),
    )
    placed = rules.standings(
        formula,
        [
            run(1, 6, sales=12_000_000, posts=30),
            run(2, 3, sales=7_500_000, posts=12),
            run(3, 1, sales=3_000_000, posts=10),
        ],
    )
    assert [(s.id, s.heads, [p.points for p in s.points], s.score, s.rank) for s in placed] == [
        (2, 3, [6000, 3200], 9200, 1),
        (1, 6, [4800, 4000], 8800, 2),
        (3, 2, [3600, 4000], 7600, 3),
    ]
    assert rules.closing(formula, placed[1], 9200) == [rules.Step("sales", 1_003_500)]
    assert rules.prizes_of(formula, placed) == {2: 300_000, 1: 100_000}
    assert rules.share_out(300_000, {1: 20, 2: 10, 3: 7}) == {1: 162_162, 2: 81_081, 3: 56_757}
    words = (tables.ROOT / "docs" / "races.md").read_text()
    for said in ("92.00 | 1 |", "88.00 | 2 |", "76.00 | 3 |", "10,035.00 more net sales"):
        assert said in words
    assert "1,621.62, 810.81 and 567.57" in words
