"""Plans that say more than category, tier and kind: conditions, fixed amounts, own orders, pots,
overrides, the shield, the caps of line and order. On plain data, in fen."""

from dataclasses import replace
from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from incentives.commission import (
    MANAGER,
    NOBODY,
    POT,
    ROLES,
    SELLER,
    SHARER,
    Case,
    Frozen,
    LineFacts,
    Person,
    Rate,
    Share,
    Target,
    Terms,
    best,
    order_targets,
    rate_for,
)

ZHOU = Person(1, tier="", kind="kos")
HE = Person(2, tier="", kind="kos")
MAY = Person(3, tier="senior", kind="koc")
CHEN = Person(9, tier="", kind="kos")  # leads the store

# One lipstick of 100.00, sold in the store 7 of region 2 by Zhou, in a live stream to a new buyer.
LINE = LineFacts(
    net=100_00,
    paid=100_00,
    category="makeup",
    sku="S1",
    store="/1/2/7/",
    channel="live",
    buyer="new",
    seller=ZHOU,
)
CAP = 10_000


def terms(*rates, **more):
    return Terms(rates, **({"cap_bp": CAP} | more))


def of_order(lines, plan, frozen=None):
    """Amounts by (person, role), line by line."""
    found = order_targets(lines, plan, frozen or [{} for _ in lines])
    return [{(t.creator, t.role): t.amount for t in targets} for targets in found]


def owed(facts, plan, frozen=None):
    return of_order([facts], plan, [frozen or {}])[0]


# -- which rate ----------------------------------------------------------------

NAMES = {
    "sku": "S1",
    "category": "makeup",
    "store": "/1/2/7/",
    "tier": "senior",
    "kind": "koc",
    "channel": "live",
    "buyer": "new",
}
CASE = Case(SHARER, **NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_rate_counts_where_all_that_it_names_is_so(name: str) -> None:
    general, naming = Rate(1, SHARER, 100), Rate(2, SHARER, 50, **{name: NAMES[name]})
    assert best([general, naming], CASE) is naming
    assert best([naming], replace(CASE, **{name: "/1/3/" if name == "store" else "other"})) is None
    assert best([naming], replace(CASE, role=SELLER)) is None
    full = Rate(3, SHARER, 10, **NAMES)
    assert best([general, naming, full], CASE) is full


def test_what_is_named_weighs_in_the_order_that_the_plan_says() -> None:
    """Article, category, store before region, tier, kind, channel, kind of buyer."""
    names = list(NAMES)
    for place, name in enumerate(names[:-1]):
        heavy = Rate(1, SHARER, 1, **{name: NAMES[name]})
        light = Rate(2, SHARER, 99, **{later: NAMES[later] for later in names[place + 1 :]})
        assert best([light, heavy], CASE) is heavy
        assert best([light, replace(heavy, priority=-1)], CASE) is light
    region, store = Rate(1, SHARER, 9, store="/1/2/"), Rate(2, SHARER, 1, store="/1/2/7/")
    assert best([region, store], CASE) is store
    assert best([region, store], replace(CASE, store="/1/2/8/")) is region


def test_a_line_is_asked_for_with_all_its_facts() -> None:
    for name, role, person in product(NAMES, (SELLER, SHARER), (MAY,)):
        rate = Rate(5, role, 100, **{name: NAMES[name]})
        assert rate_for(LINE, role, person, terms(rate)) is rate
    for name in ("tier", "kind"):
        assert rate_for(LINE, POT, None, terms(Rate(5, POT, 100, **{name: NAMES[name]}))) is None


def test_a_plain_percentage_by_category_tier_and_kind_is_simple() -> None:
    plain = Rate(1, SELLER, 500, category="makeup", tier="senior", kind="koc")
    assert plain.simple is Rate(2, SHARER, 200).simple is True
    more = [{name: NAMES[name]} for name in ("sku", "store", "channel", "buyer")]
    more += [{"priority": 1}, {"of_seller": True}, {"fixed": 0}, {"role": POT}, {"role": MANAGER}]
    assert [replace(plain, **each).simple for each in more] == [False] * len(more)


# -- the shield after a new plan -----------------------------------------------

PROMOTING = replace(ZHOU, promoting=True)


@pytest.mark.parametrize(
    ("before", "now", "kept"),
    [
        (Rate(1, SELLER, 800), Rate(2, SELLER, 500), True),
        (Rate(1, SELLER, 800), Rate(2, SELLER, 800), False),
        (Rate(1, SELLER, 500), Rate(2, SELLER, 800), False),
        (Rate(1, SELLER, 500), None, True),
        (Rate(1, SELLER, 0, fixed=300), Rate(2, SELLER, 0, fixed=200), True),
        (Rate(1, SELLER, 0, fixed=200), Rate(2, SELLER, 0, fixed=200), False),
        (Rate(1, SELLER, 0, fixed=200), Rate(2, SELLER, 0, fixed=300), False),
        # 3.00 for the line and 2.00 for each piece cannot be compared, nor can an amount and 5 %.
        (Rate(1, SELLER, 0, fixed=300), Rate(2, SELLER, 0, fixed=200, per_piece=True), False),
        (Rate(1, SELLER, 800), Rate(2, SELLER, 0, fixed=200), False),
        (Rate(1, SELLER, 0, fixed=300), Rate(2, SELLER, 500), False),
    ],
)
def test_who_was_promoting_keeps_the_old_rate_where_it_is_higher(before, now, kept) -> None:
    plan = Terms([now] if now else [], cap_bp=CAP, before=[before])
    assert rate_for(LINE, SELLER, PROMOTING, plan) is (before if kept else now)
    assert rate_for(LINE, SELLER, ZHOU, plan) is now, "who was not promoting has no shield"


def test_the_shield_is_for_sellers_and_sharers_only() -> None:
    for role in ROLES:
        old, new = Rate(1, role, 800), Rate(2, role, 500)
        shielded = rate_for(LINE, role, PROMOTING, Terms([new], cap_bp=CAP, before=[old]))
        assert shielded is (old if role in (SELLER, SHARER) else new)
    assert rate_for(LINE, SELLER, PROMOTING, terms(Rate(2, SELLER, 500))).id == 2


def test_the_line_is_paid_by_the_rate_of_the_persons_tier_and_shield() -> None:
    plan = terms(Rate(1, SHARER, 200), Rate(2, SHARER, 400, tier="senior"))
    assert owed(replace(LINE, sharer=MAY), plan) == {(3, SHARER): 4_00}
    old, new = Rate(1, SELLER, 800), Rate(2, SELLER, 500)
    assert owed(replace(LINE, seller=PROMOTING), terms(new, before=[old])) == {(1, SELLER): 8_00}


# -- fixed amounts -------------------------------------------------------------

EACH = Rate(1, SELLER, 0, fixed=10_00, per_piece=True)
ONCE = Rate(1, SELLER, 0, fixed=10_00)
THREE = replace(LINE, net=300_00, paid=300_00, pieces=3)


@pytest.mark.parametrize(
    ("facts", "rate", "amount"),
    [
        (THREE, EACH, 30_00),
        (THREE, ONCE, 10_00),
        (replace(THREE, net=200_00), EACH, 20_00),
        (replace(THREE, net=200_00), ONCE, 6_66),
        (replace(THREE, net=1), ONCE, 0),
        (replace(THREE, net=0), EACH, 0),
        # A free gift and a line of nothing come to nothing.
        (replace(THREE, net=0, paid=0), EACH, 0),
        (replace(THREE, paid=0), ONCE, 0),
        (replace(THREE, pieces=0), EACH, 0),
        (replace(THREE, pieces=-1), EACH, 0),
        (replace(THREE, closed=True), EACH, 0),
    ],
)
def test_a_fixed_amount_is_for_what_the_customer_did_not_get_back(facts, rate, amount) -> None:
    assert owed(facts, terms(rate)) == {(1, SELLER): amount}


def test_a_fixed_amount_shows_no_percentage_and_takes_its_part_of_the_cap() -> None:
    # 8.33 of 99.99 is 8.331 %, counted as 8.34 %; of 10 % the sharer gets 1.66 %.
    facts = replace(LINE, net=99_99, paid=99_99, sharer=MAY)
    plan = terms(Rate(1, SELLER, 700, fixed=8_33), Rate(2, SHARER, 500), cap_bp=1_000)
    (found,) = order_targets([facts], plan, [{}])
    assert found == [Target(1, SELLER, 1, 0, 99_99, 8_33), Target(3, SHARER, 2, 166, 99_99, 1_65)]


def test_a_fixed_amount_is_never_more_than_the_cap() -> None:
    assert owed(LINE, terms(Rate(1, SELLER, 0, fixed=50_00), cap_bp=3_000)) == {(1, SELLER): 30_00}
    assert owed(LINE, terms(ONCE, cap_bp=0)) == {(1, SELLER): 0}


def test_what_comes_to_nothing_takes_up_nothing_of_the_cap() -> None:
    refunded = replace(THREE, net=0, sharer=MAY)
    plan = terms(EACH, Rate(2, SHARER, 500), cap_bp=500)
    (found,) = order_targets([refunded], plan, [{}])
    assert [(target.role, target.rate_bp) for target in found] == [(SELLER, 0), (SHARER, 500)]


# -- own orders ----------------------------------------------------------------


def test_own_orders_count_with_the_part_that_the_plan_says() -> None:
    facts = replace(LINE, sharer=MAY, own=MAY.id)
    rates = (Rate(1, SELLER, 500), Rate(2, SHARER, 201))
    half = owed(facts, terms(*rates, own_bp=5_000))
    assert half == {(1, SELLER): 5_00, (3, SHARER): 1_00}
    assert owed(facts, terms(*rates, own_bp=0))[3, SHARER] == 0
    assert owed(facts, terms(*rates))[3, SHARER] == 2_01
    assert owed(replace(facts, own=None), terms(*rates, own_bp=0))[3, SHARER] == 2_01


def test_a_fixed_amount_for_an_own_order_is_that_part_of_it() -> None:
    assert owed(replace(THREE, own=1), terms(EACH, own_bp=5_000)) == {(1, SELLER): 15_00}


def test_a_share_in_the_pot_of_an_own_order_is_whole() -> None:
    facts = replace(LINE, own=1, staff=(Share(1),))
    assert owed(facts, terms(Rate(1, POT, 100), own_bp=0)) == {(1, POT): 1_00}


# -- the pot of a store --------------------------------------------------------


@pytest.mark.parametrize(
    ("staff", "shares"),
    [
        ((Share(1), Share(2), Share(3)), {1: 34, 2: 33, 3: 33}),
        ((Share(3), Share(1), Share(2)), {1: 34, 2: 33, 3: 33}),
        ((Share(1, 2), Share(2), Share(3)), {1: 50, 2: 25, 3: 25}),
        ((Share(1, 0), Share(2)), {2: 100}),
        ((Share(1, 0),), {}),
        ((), {}),
    ],
)
def test_the_pot_is_shared_to_the_cent_by_those_who_have_a_share(staff, shares) -> None:
    found = owed(replace(LINE, staff=staff), terms(Rate(1, POT, 100)))
    assert found == {(person, POT): amount for person, amount in shares.items()}


def test_the_rate_of_a_pot_is_frozen_for_all_who_share_it() -> None:
    frozen = {(NOBODY, POT): Frozen(8, 200, cap_bp=CAP)}
    facts = replace(LINE, staff=(Share(1), Share(2)))
    assert owed(facts, terms(Rate(1, POT, 100)), frozen) == {(1, POT): 1_00, (2, POT): 1_00}


# -- the manager's override ----------------------------------------------------

LED = replace(LINE, manager=CHEN)
OF_SELLER = Rate(2, MANAGER, 1_000, of_seller=True)


def test_an_override_is_a_part_of_the_line_or_of_what_the_seller_earns() -> None:
    seller = Rate(1, SELLER, 505)
    (found,) = order_targets([LED], terms(seller, OF_SELLER), [{}])
    assert found == [
        Target(1, SELLER, 1, 505, 100_00, 5_05),
        Target(9, MANAGER, 2, 1_000, 5_05, 50),
    ]
    assert owed(LED, terms(seller, Rate(2, MANAGER, 100)))[9, MANAGER] == 1_00


def test_without_a_sellers_commission_there_is_no_override_of_it() -> None:
    assert owed(LED, terms(OF_SELLER)) == {(9, MANAGER): 0}
    assert owed(LED, terms(replace(OF_SELLER, rate_bp=10_000))) == {(9, MANAGER): 0}
    shared = replace(LED, seller=None, sharer=MAY)
    plan = terms(Rate(1, SHARER, 500), OF_SELLER)
    assert owed(shared, plan) == {(3, SHARER): 5_00, (9, MANAGER): 0}


@pytest.mark.parametrize("facts", [replace(LED, seller=CHEN), replace(LED, sharer=CHEN)])
def test_a_manager_gets_no_override_on_what_they_sold_or_shared(facts) -> None:
    plan = terms(Rate(1, SELLER, 500), Rate(3, SHARER, 200), OF_SELLER)
    assert (9, MANAGER) not in owed(facts, plan)


# -- caps ----------------------------------------------------------------------

ALL_FOUR = (
    *(Rate(1, SELLER, 500), Rate(2, SHARER, 300)),
    *(Rate(3, POT, 200), Rate(4, MANAGER, 100)),
)
FOUR = replace(LED, sharer=MAY, staff=(Share(2),))


@pytest.mark.parametrize(
    ("cap_bp", "amounts"),
    [
        (1_100, [5_00, 3_00, 2_00, 1_00]),
        (1_050, [5_00, 3_00, 2_00, 50]),
        (900, [5_00, 3_00, 1_00, 0]),
        (600, [5_00, 1_00, 0, 0]),
        (400, [4_00, 0, 0, 0]),
    ],
)
def test_the_cap_is_taken_up_by_seller_sharer_pot_and_manager_in_turn(cap_bp, amounts) -> None:
    for rates in permutations(ALL_FOUR):
        found = owed(FOUR, terms(*rates, cap_bp=cap_bp))
        assert list(found.items()) == list(
            zip([(1, SELLER), (3, SHARER), (2, POT), (9, MANAGER)], amounts, strict=True)
        )


def test_an_override_of_the_seller_stays_under_the_cap_too() -> None:
    plan = terms(Rate(1, SELLER, 1_000), OF_SELLER, cap_bp=1_050)
    assert owed(LED, plan) == {(1, SELLER): 10_00, (9, MANAGER): 50}


def test_an_order_pays_line_by_line_until_its_cap() -> None:
    plan = terms(Rate(1, SELLER, 1_000), Rate(2, SHARER, 500), order_cap=32_00)
    line = replace(LINE, sharer=MAY)
    assert of_order([line, line, line], plan) == [
        {(1, SELLER): 10_00, (3, SHARER): 5_00},
        {(1, SELLER): 10_00, (3, SHARER): 5_00},
        {(1, SELLER): 2_00, (3, SHARER): 0},
    ]
    assert of_order([line], replace(plan, order_cap=0)) == [{(1, SELLER): 0, (3, SHARER): 0}]


def test_a_pot_that_meets_the_orders_cap_is_shared_anew() -> None:
    facts = replace(LINE, staff=(Share(1), Share(2)))
    assert owed(facts, terms(Rate(1, POT, 100), order_cap=5)) == {(1, POT): 3, (2, POT): 2}


def test_each_line_has_frozen_rates_of_its_own() -> None:
    frozen = [{(1, SELLER): Frozen(7, 800, cap_bp=CAP)}, {}]
    amounts = of_order([LINE, LINE], terms(Rate(1, SELLER, 500)), frozen)
    assert amounts == [{(1, SELLER): 8_00}, {(1, SELLER): 5_00}]
    with pytest.raises(ValueError, match="shorter"):
        order_targets([LINE], terms(), [])


# -- frozen rates of more than a percentage ------------------------------------


def test_a_frozen_amount_stays_an_amount() -> None:
    frozen = {(1, SELLER): Frozen(1, 0, CAP, rate=EACH)}
    assert owed(replace(THREE, net=100_00), terms(Rate(5, SELLER, 500)), frozen) == {
        (1, SELLER): 10_00
    }
    override = {(9, MANAGER): Frozen(2, 1_000, CAP, rate=OF_SELLER)}
    assert owed(LED, terms(Rate(1, SELLER, 500)), override)[9, MANAGER] == 50


def test_a_new_seller_leaves_a_frozen_sharer_their_amount() -> None:
    """The sharer has 8.00 of 100.00 for good; of a cap of 10 % the new seller gets 2 %."""
    amount = Rate(3, SHARER, 0, fixed=8_00)
    frozen = {(3, SHARER): Frozen(3, 0, cap_bp=1_000, rate=amount)}
    facts = replace(LINE, seller=HE, sharer=MAY)
    plan = terms(Rate(1, SELLER, 500), cap_bp=1_000)
    assert owed(facts, plan, frozen) == {(2, SELLER): 2_00, (3, SHARER): 8_00}
    assert owed(replace(facts, closed=True), plan, frozen) == {(2, SELLER): 0, (3, SHARER): 0}


def test_a_new_pot_stays_under_todays_cap_and_a_frozen_manager_under_the_old_one() -> None:
    frozen = {
        (1, SELLER): Frozen(1, 800, cap_bp=1_200),
        (9, MANAGER): Frozen(4, 300, cap_bp=1_200),
    }
    facts = replace(LED, staff=(Share(2),))
    plan = terms(Rate(3, POT, 200), cap_bp=900)
    assert owed(facts, plan, frozen) == {(1, SELLER): 8_00, (2, POT): 1_00, (9, MANAGER): 3_00}


# -- whatever comes ------------------------------------------------------------

WIDE = st.lists(
    st.builds(
        Rate,
        id=st.integers(1, 50),
        role=st.sampled_from(ROLES),
        rate_bp=st.integers(0, 4_000),
        fixed=st.none() | st.integers(0, 40_00),
        per_piece=st.booleans(),
        kind=st.sampled_from(["", "kos"]),
    ),
    max_size=6,
    unique_by=lambda rate: (rate.role, rate.kind),
)


@given(
    rates=WIDE,
    net=st.integers(0, 100_00),
    cap_bp=st.integers(0, 5_000),
    order_cap=st.none() | st.integers(0, 50_00),
    own=st.sampled_from([None, 1, 3]),
)
def test_line_and_order_never_cost_more_than_their_caps(rates, net, cap_bp, order_cap, own) -> None:
    line = replace(FOUR, net=net, pieces=2, own=own)
    plan = Terms(rates, cap_bp, order_cap=order_cap, own_bp=5_000)
    lines = of_order([line, line], plan)
    for found in lines:
        assert sum(found.values()) * 10_000 <= net * cap_bp
        assert all(amount >= 0 for amount in found.values())
    assert order_cap is None or sum(sum(found.values()) for found in lines) <= order_cap


@given(rates=WIDE, less=st.integers(0, 100_00))
def test_a_refund_never_earns_anybody_more_where_no_cap_is_met(rates, less) -> None:
    plan = Terms(rates, cap_bp=10**9)
    whole, refunded = owed(FOUR, plan), owed(replace(FOUR, net=FOUR.net - less), plan)
    assert whole.keys() == refunded.keys()
    assert all(refunded[who] <= amount for who, amount in whole.items())
