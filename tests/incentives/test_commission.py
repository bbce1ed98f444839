"""The commission rule, case by case, as finance would check it."""

from dataclasses import replace
from itertools import permutations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.commission import (
    SELLER,
    SHARER,
    Frozen,
    LineFacts,
    Person,
    Rate,
    Target,
    pick_rate,
    rate_table,
    targets,
)
from kosops.lib.money import MAX_MINOR

ZHOU = Person(1, tier="", kind="kos")
HE = Person(2, tier="", kind="kos")
MAY = Person(3, tier="senior", kind="koc")
JUN = Person(4, tier="junior", kind="koc")

GENERAL = Rate(1, SELLER, 500)
SHARED = Rate(2, SHARER, 200)
PLAN = [GENERAL, SHARED]
SOLD = LineFacts(net=12_990, seller=ZHOU)


def owed(facts: LineFacts, rates=PLAN, cap_bp=3000, frozen=None) -> dict[tuple[int, str], int]:
    """Amounts by (person, role)."""
    return {(t.creator, t.role): t.amount for t in targets(facts, rates, cap_bp, frozen)}


# -- who gets what -------------------------------------------------------------


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        (SOLD, {(1, SELLER): 649}),  # 649.5 rounded down
        (replace(SOLD, sharer=MAY), {(1, SELLER): 649, (3, SHARER): 259}),
        (LineFacts(net=12_990, sharer=MAY), {(3, SHARER): 259}),
        (LineFacts(net=12_990), {}),
        (replace(SOLD, sharer=ZHOU), {(1, SELLER): 649}),  # both sold and shared: once, as seller
        (replace(SOLD, net=0), {(1, SELLER): 0}),
        (replace(SOLD, net=19), {(1, SELLER): 0}),
        (replace(SOLD, net=20), {(1, SELLER): 1}),
        (replace(SOLD, closed=True, sharer=MAY), {(1, SELLER): 0, (3, SHARER): 0}),
        (replace(SOLD, commissionable=False), {(1, SELLER): 0}),
    ],
)
def test_seller_and_sharer_earn_their_rate_of_what_was_paid(
    facts: LineFacts, expected: dict[tuple[int, str], int]
) -> None:
    assert owed(facts) == expected


def test_without_a_rate_nobody_is_listed() -> None:
    assert owed(SOLD, rates=[SHARED]) == {}
    assert owed(SOLD, rates=[]) == {}
    assert owed(replace(SOLD, sharer=MAY), rates=[SHARED]) == {(3, SHARER): 259}


def test_a_target_says_how_it_came_about() -> None:
    assert targets(SOLD, PLAN, 3000) == [
        Target(creator=1, role=SELLER, rate_id=1, rate_bp=500, base=12_990, amount=649)
    ]


# -- which rate ----------------------------------------------------------------

BY_CATEGORY = Rate(10, SHARER, 300, category="makeup")
BY_TIER = Rate(11, SHARER, 400, tier="senior")
BY_KIND = Rate(12, SHARER, 250, kind="koc")
BY_TIER_AND_KIND = Rate(13, SHARER, 450, tier="senior", kind="koc")
ALL = [SHARED, BY_CATEGORY, BY_TIER, BY_KIND, BY_TIER_AND_KIND]


@pytest.mark.parametrize(
    ("rates", "category", "person", "wins"),
    [
        (ALL, "makeup", MAY, BY_CATEGORY),  # category before tier and kind together
        (ALL, "hair", MAY, BY_TIER_AND_KIND),
        (ALL, "hair", JUN, BY_KIND),
        (ALL, "hair", ZHOU, SHARED),
        ([BY_TIER, BY_KIND], "hair", MAY, BY_TIER),  # tier before kind
        ([BY_CATEGORY], "hair", MAY, None),
        (
            [Rate(14, SHARER, 0, category="makeup"), SHARED],
            "makeup",
            MAY,
            Rate(14, SHARER, 0, "makeup"),
        ),
    ],
)
def test_the_rate_that_names_more_wins(rates, category, person, wins) -> None:
    for order in permutations(rates):
        assert pick_rate(order, SHARER, category, person.tier, person.kind) == wins


def test_a_rate_of_another_role_never_counts() -> None:
    assert pick_rate([GENERAL], SHARER, "", "", "kos") is None


def test_the_rate_table_answers_every_question_as_the_rule_does() -> None:
    categories, tiers, kinds = ["", "makeup"], ["", "junior", "senior"], ["kos", "koc"]
    rates = [*ALL, GENERAL]
    answers = {
        (role, places): rate for role, places, rate in rate_table(rates, categories, tiers, kinds)
    }
    for role in (SELLER, SHARER):
        for c, category in enumerate(categories):
            for t, tier in enumerate(tiers):
                for k, kind in enumerate(kinds):
                    asked = pick_rate(rates, role, category, tier, kind)
                    assert answers.get((role, (c, t, k))) == asked


# -- the cap -------------------------------------------------------------------


@pytest.mark.parametrize(
    ("seller_bp", "sharer_bp", "cap", "expected"),
    [
        (500, 200, 3000, (500, 200)),
        (500, 200, 700, (500, 200)),
        (500, 200, 600, (500, 100)),  # the seller first, the sharer gets what is left
        (500, 200, 500, (500, 0)),
        (500, 200, 300, (300, 0)),
        (500, 200, 0, (0, 0)),
    ],
)
def test_all_rates_together_stay_under_the_cap(seller_bp, sharer_bp, cap, expected) -> None:
    rates = [Rate(1, SELLER, seller_bp), Rate(2, SHARER, sharer_bp)]
    found = targets(replace(SOLD, sharer=MAY), rates, cap)
    assert tuple(target.rate_bp for target in found) == expected


# -- frozen rates --------------------------------------------------------------


def test_a_frozen_rate_stays_when_plan_and_tier_change() -> None:
    frozen = {(1, SELLER): Frozen(7, 800, cap_bp=3000)}
    assert owed(SOLD, rates=[GENERAL], frozen=frozen) == {(1, SELLER): 1039}
    assert owed(SOLD, rates=[], cap_bp=0, frozen=frozen) == {(1, SELLER): 1039}, "no plan that day"
    assert owed(SOLD, rates=[GENERAL], cap_bp=100, frozen=frozen) == {(1, SELLER): 1039}


def test_a_new_seller_gets_what_a_frozen_sharer_leaves() -> None:
    frozen = {(3, SHARER): Frozen(2, 2_800, cap_bp=3000)}
    found = targets(replace(SOLD, seller=HE, sharer=MAY), PLAN, 3000, frozen)
    assert [(t.creator, t.rate_bp) for t in found] == [(2, 200), (3, 2_800)]


def test_a_seller_who_comes_back_does_not_lift_the_line_above_the_cap() -> None:
    """Zhou had the whole cap, was replaced, May was given the rest under the new seller, and the
    shop puts Zhou back."""
    frozen = {
        (1, SELLER): Frozen(1, 3_000, cap_bp=3000),
        (2, SELLER): Frozen(2, 500, cap_bp=3000),
        (3, SHARER): Frozen(3, 2_500, cap_bp=3000),
    }
    back = targets(replace(SOLD, net=10_000, sharer=MAY), PLAN, 3000, frozen)
    assert [(t.creator, t.rate_bp, t.amount) for t in back] == [(1, 3_000, 3_000), (3, 0, 0)]
    again = targets(replace(SOLD, net=10_000, seller=HE, sharer=MAY), PLAN, 3000, frozen)
    assert [(t.creator, t.rate_bp) for t in again] == [(2, 500), (3, 2_500)]


def test_frozen_rates_keep_the_higher_cap_of_their_own_plan() -> None:
    frozen = {
        (1, SELLER): Frozen(1, 2_000, cap_bp=3000),
        (3, SHARER): Frozen(3, 1_000, cap_bp=3000),
    }
    found = targets(replace(SOLD, sharer=MAY), PLAN, 1_500, frozen)
    assert [t.rate_bp for t in found] == [2_000, 1_000]


# -- whatever comes ------------------------------------------------------------

PEOPLE = st.sampled_from([None, ZHOU, HE, MAY, JUN])
RATES = st.lists(
    st.builds(
        Rate,
        id=st.integers(1, 50),
        role=st.sampled_from([SELLER, SHARER]),
        rate_bp=st.integers(0, 10_000),
        category=st.sampled_from(["", "makeup", "hair"]),
        tier=st.sampled_from(["", "junior", "senior"]),
        kind=st.sampled_from(["", "kos", "koc"]),
    ),
    max_size=10,
    unique_by=lambda r: (r.role, r.category, r.tier, r.kind),
)
FACTS = st.builds(
    LineFacts,
    net=st.integers(0, MAX_MINOR),
    category=st.sampled_from(["", "makeup", "hair", "gifts"]),
    commissionable=st.booleans(),
    closed=st.booleans(),
    seller=PEOPLE,
    sharer=PEOPLE,
)


@given(FACTS, RATES, st.integers(0, 10_000))
def test_no_line_ever_costs_more_than_its_cap(facts: LineFacts, rates, cap_bp: int) -> None:
    found = targets(facts, rates, cap_bp)
    assert sum(target.rate_bp for target in found) <= cap_bp
    assert sum(target.amount for target in found) * 10_000 <= facts.net * cap_bp
    assert len({target.creator for target in found}) == len(found), "nobody is credited twice"


@given(FACTS, RATES, st.integers(0, 10_000), st.lists(PEOPLE, max_size=6))
def test_the_cap_holds_however_often_the_people_change(facts, rates, cap_bp, sellers) -> None:
    frozen: dict[tuple[int, str], Frozen] = {}
    for seller in [*sellers, facts.seller, *sellers]:
        found = targets(replace(facts, seller=seller), rates, cap_bp, frozen)
        assert sum(target.rate_bp for target in found) <= cap_bp
        for target in found:
            if target.amount:
                frozen.setdefault(
                    (target.creator, target.role), Frozen(target.rate_id, target.rate_bp, cap_bp)
                )


@given(FACTS, RATES, st.integers(0, 10_000))
def test_freezing_what_was_found_changes_nothing(facts, rates, cap_bp) -> None:
    found = targets(facts, rates, cap_bp)
    frozen = {(t.creator, t.role): Frozen(t.rate_id, t.rate_bp, cap_bp) for t in found}
    assert targets(facts, [], 0, frozen) == found


@given(FACTS, RATES, st.integers(0, 10_000))
def test_a_full_refund_leaves_exactly_nothing(facts, rates, cap_bp) -> None:
    assert all(target.amount == 0 for target in targets(replace(facts, net=0), rates, cap_bp))
