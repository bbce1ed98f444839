"""Which limit left less than a rate alone would give; plain data, and it adds up with the rules."""

from hypothesis import given
from hypothesis import strategies as st

from incentives import commission_limits as limits
from incentives.commission import (
    MANAGER,
    SELLER,
    SHARER,
    Frozen,
    LineFacts,
    Person,
    Rate,
    Terms,
    order_targets,
)
from incentives.commission_month import MonthRate, Step, Sum, month_target

ZHOU, MAY, LEAD = Person(1, "", "kos"), Person(2, "", "koc"), Person(3, "", "kos")


def met(*lines: LineFacts, terms: Terms) -> list[list[tuple[str, str, int, int, int]]]:
    found = limits.of_order(lines, terms, [{} for _line in lines])
    return [
        [
            (role, each.code, each.limit, each.wanted, each.got)
            for role, own in of.items()
            for each in own
        ]
        for of in found
    ]


def line(net: int = 10_000, **facts) -> LineFacts:
    return LineFacts(net=net, paid=net, seller=ZHOU, sharer=MAY, **facts)


def test_nothing_is_said_where_no_limit_was_met() -> None:
    terms = Terms((Rate(1, SELLER, 500), Rate(2, SHARER, 200)), cap_bp=3_000, order_cap=10_000)
    assert met(line(), terms=terms) == [[]]


def test_a_percentage_and_a_fixed_amount_under_the_limit_of_the_line() -> None:
    percent = Terms((Rate(1, SELLER, 2_000), Rate(2, SHARER, 1_500)), cap_bp=3_000)
    assert met(line(), terms=percent) == [[(SHARER, limits.LINE_CAP, 3_000, 1_500, 1_000)]]
    fixed = Terms((Rate(1, SELLER, 2_000), Rate(2, SHARER, 0, fixed=1_500)), cap_bp=3_000)
    assert met(line(), terms=fixed) == [[(SHARER, limits.LINE_CAP, 3_000, 1_500, 1_000)]]


def test_an_override_under_the_limit_of_the_line() -> None:
    terms = Terms((Rate(1, SELLER, 2_900), Rate(2, MANAGER, 1_000, of_seller=True)), cap_bp=3_000)
    one = LineFacts(net=10_000, paid=10_000, seller=ZHOU, manager=LEAD)
    assert met(one, terms=terms) == [[(MANAGER, limits.LINE_CAP, 3_000, 290, 100)]]


def test_an_own_order_is_not_a_limit() -> None:
    terms = Terms((Rate(1, SELLER, 1_000),), cap_bp=3_000, own_bp=5_000)
    assert met(line(own=ZHOU.id), terms=terms) == [[]]


def test_the_limit_of_the_order_is_met_by_the_lines_one_after_the_other() -> None:
    terms = Terms((Rate(1, SELLER, 1_000),), cap_bp=3_000, order_cap=1_500)
    assert met(line(), line(), line(), terms=terms) == [
        [],
        [(SELLER, limits.ORDER_CAP, 1_500, 1_000, 500)],
        [(SELLER, limits.ORDER_CAP, 1_500, 1_000, 0)],
    ]


@given(
    st.lists(st.integers(0, 50_000), min_size=1, max_size=4),
    st.integers(0, 4_000),
    st.integers(0, 4_000),
    st.none() | st.integers(1, 3_000),
    st.integers(0, 4_000),
    st.none() | st.integers(1, 6_000),
)
def test_what_is_left_is_what_is_owed(amounts, seller, sharer, fixed, cap_bp, order_cap) -> None:
    """The last limit that a role met left exactly what the rule owes, and without one it all came."""
    rates = (Rate(1, SELLER, seller), Rate(2, SHARER, 0 if fixed else sharer, fixed=fixed))
    terms = Terms(rates, cap_bp, order_cap)
    lines = [line(amount) for amount in amounts]
    owed = order_targets(lines, terms, [{} for _ in lines])
    found = limits.of_order(lines, terms, [{} for _ in lines])
    for targets, own in zip(owed, found, strict=True):
        for target in targets:
            for one in own[target.role]:
                assert one.got < one.wanted
            if own[target.role]:
                assert own[target.role][-1].got == target.amount


def test_the_month_of_a_rate_and_of_a_person() -> None:
    rates = [MonthRate(1, 500, cap=700), MonthRate(2, 200)]
    sums = {1: Sum(base=20_000, amount=1_000), 2: Sum(base=10_000, amount=200)}

    def of(rate_id: int, cap: int | None) -> list[tuple[str, int, int, int]]:
        found = limits.of_month(sums, rates, rate_id=rate_id, person_cap=cap)
        return [(each.code, each.limit, each.wanted, each.got) for each in found]

    assert of(1, None) == [(limits.MONTH_CAP, 700, 1_000, 700)]
    assert of(2, None) == []
    assert of(2, 800) == [(limits.PERSON_CAP, 800, 900, 800)]
    earned = sum(each.amount for each in sums.values())
    assert month_target(sums, rates, person_cap=800) == 800 - earned


def month(sums: dict[int, Sum], *rates: MonthRate, rate_id: int = 1, **more):
    found = limits.of_month(sums, rates, rate_id=rate_id, **more)
    return [(each.code, each.limit, each.wanted, each.got) for each in found]


def test_steps_count_for_what_a_month_would_have_brought() -> None:
    stepped = MonthRate(1, 500, steps=(Step(10_000, 1_000),), cap=900)
    sums = {1: Sum(base=20_000, amount=1_000)}
    # 5 % of the first hundred yuan, 10 % of the second; or 10 % of the whole.
    assert month(sums, stepped) == [(limits.MONTH_CAP, 900, 1_500, 900)]
    assert month(sums, stepped, whole=True) == [(limits.MONTH_CAP, 900, 2_000, 900)]


def test_what_the_lines_came_to_counts_where_there_are_no_steps_and_others_add_to_it() -> None:
    sums = {1: Sum(base=20_000, amount=600, others=150)}
    assert month(sums, MonthRate(1, 500, cap=700)) == [(limits.MONTH_CAP, 700, 750, 700)]
    assert month(sums, MonthRate(1, 500, cap=749)) == [(limits.MONTH_CAP, 749, 750, 749)]


def test_a_limit_that_is_just_reached_holds_nothing_down() -> None:
    sums = {1: Sum(base=20_000, amount=750)}
    assert month(sums, MonthRate(1, 500, cap=750), person_cap=750) == []
    assert month(sums, MonthRate(1, 500), person_cap=749) == [(limits.PERSON_CAP, 749, 750, 749)]


def test_a_rate_without_lines_in_the_month_met_nothing() -> None:
    sums = {1: Sum(base=20_000, amount=750)}
    idle = MonthRate(2, 500, cap=100)
    assert month(sums, MonthRate(1, 500, cap=700), idle, rate_id=2) == []
    assert month({}, MonthRate(1, 500, steps=(Step(0, 900),), cap=1)) == []


def test_of_an_own_order_only_the_own_person_is_asked_less() -> None:
    rates = (Rate(1, SELLER, 2_000), Rate(2, SHARER, 2_000))
    terms = Terms(rates, cap_bp=2_500, own_bp=5_000)
    # Of Zhou's own order half her rate counts; May's share is that of any other.
    assert met(line(own=ZHOU.id), terms=terms) == [[(SHARER, limits.LINE_CAP, 2_500, 2_000, 1_500)]]


def test_parts_of_a_rate_are_rounded_down_as_the_rule_does() -> None:
    terms = Terms((Rate(1, SELLER, 333), Rate(2, SHARER, 100)), cap_bp=200, own_bp=5_000)
    # Half of 3.33 % is 1.66 %, not 1.665 %.
    assert met(line(1_000_000, own=ZHOU.id), terms=terms) == [
        [(SHARER, limits.LINE_CAP, 20_000, 10_000, 3_400)]
    ]


def test_a_share_without_a_seller_is_asked_by_its_own_rate() -> None:
    terms = Terms((Rate(1, SHARER, 1_000), Rate(2, SELLER, 900)), cap_bp=500)
    alone = LineFacts(net=10_000, paid=10_000, sharer=MAY)
    assert met(alone, terms=terms) == [[(SHARER, limits.LINE_CAP, 500, 1_000, 500)]]
    assert met(LineFacts(net=10_000, paid=10_000), terms=terms) == [[]]


def test_the_rate_that_was_frozen_says_what_was_wanted() -> None:
    now, then = Rate(1, SELLER, 500), Rate(7, SELLER, 2_000)
    terms = Terms((now,), cap_bp=1_000)
    kept = {(ZHOU.id, SELLER): Frozen(7, 1_000, 1_000, rate=then)}
    (own,) = limits.of_order([line()], terms, [kept])
    assert [(each.limit, each.wanted, each.got) for each in own[SELLER]] == [(1_000, 2_000, 1_000)]
    # A percentage whose plan is not at hand: what it comes to is what was wanted.
    gone = {(ZHOU.id, SELLER): Frozen(99, 1_000, 1_000)}
    (own,) = limits.of_order([line()], terms, [gone])
    assert own[SELLER] == []


def test_the_steps_around_a_month() -> None:
    low, high = Step(10_000, 600), Step(20_000, 800)
    rate = MonthRate(1, 500, steps=(high, low))
    assert limits.steps_around(rate, 9_999) == (None, low)
    assert limits.steps_around(rate, 10_000) == (low, high)
    assert limits.steps_around(rate, 20_000) == (high, None)
