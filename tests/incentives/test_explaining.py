"""Why a line is what it is, and why one is missing, where plans ask for more."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from customers.models import Order
from incentives import explaining, places, words
from incentives.commission import MANAGER, POT, SELLER, SHARER
from incentives.plans import NewRate, save_version
from kosops.lib.secrets import blind_index
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import Office, accrue, release

pytestmark = pytest.mark.django_db

FIRST = dt.date(2026, 9, 1)


@pytest.fixture
def office() -> Office:
    return Office()


def save(office: Office, *rates: NewRate, day: dt.date = FIRST, **terms) -> None:
    save_version(
        by=None, brand=office.brand, name=f"From {day}", valid_from=day, rates=rates, **terms
    )


def told(order: Order, creator: Creator, role: str) -> explaining.Explanation:
    return explaining.explain(line=order.lines.first(), creator=creator, role=role)


def rows(explanation: explaining.Explanation) -> str:
    return " | ".join(
        f"{row.label} {row.how} {row.value}" for row in words.calculation(explanation)
    )


def test_a_share_in_a_pot_says_how_it_was_split(office: Office) -> None:
    save(office, NewRate(POT, 100))
    he = c.creator(office.people.jingan, "K002", "He")
    for someone in (office.zhou, he):
        places.put(by=None, creator=someone, first=FIRST)
    order = office.order("E1", 10_100)
    accrue(office.brand, "2026-09-05")
    said = rows(told(order, he, POT))
    assert "Store pot: 1% of the line" in said
    assert "The pot of ¥1.01 among 2 people by their shares ¥0.50" in said
    assert told(order, office.may, POT).missing == explaining.NO_SHARE


def test_an_override_says_what_it_is_a_part_of(office: Office) -> None:
    save(office, NewRate(SELLER, 500), NewRate(MANAGER, 1_000, base="seller", month_cap=50))
    lead = c.creator(office.people.jingan, "K009", "Lead")
    places.put(by=None, creator=office.zhou, first=FIRST)
    places.put(by=None, creator=lead, first=FIRST, leads=True)
    order, own = office.order("E1", 20_000), office.order("E2", 20_000, seller=lead)
    accrue(office.brand, "2026-09-05")
    said = told(order, lead, MANAGER)
    assert (said.base, said.target, said.month_added) == (1_000, 100, -50)
    assert "10% of what the seller earns" in rows(said)
    assert "The month as a whole Steps and monthly limits, beside this line −¥0.50" in rows(said)
    assert told(order, office.zhou, MANAGER).missing == explaining.NOT_THE_LEAD
    assert told(own, lead, MANAGER).missing == explaining.OWN_SALE


def test_a_rate_kept_by_the_shield_names_the_plan_that_keeps_it(office: Office) -> None:
    save(office, NewRate(SELLER, 800))
    save(office, NewRate(SELLER, 500), day=dt.date(2026, 9, 10), shield_days=30)
    office.order("E0", 10_000, day="2026-09-05")
    order = office.order("E1", 10_000, day="2026-09-15")
    accrue(office.brand, "2026-09-15")
    said = told(order, office.zhou, SELLER)
    assert (said.rate_bp, said.shielded_by.name) == (800, "From 2026-09-10")
    assert "Kept by the shield of “From 2026-09-10”" in rows(said)


@pytest.mark.parametrize(
    ("policy", "missing", "part"), [("nothing", "own_order", None), ("reduced", "", 5_000)]
)
def test_an_own_order_says_so(office: Office, policy, missing, part) -> None:
    save(office, NewRate(SHARER, 200), self_purchase=policy)
    key = blind_index("member", office.may.number)
    order = office.order("E1", 10_000, seller=None, sharer=office.may, buyer_key=key)
    accrue(office.brand, "2026-09-05")
    said = told(order, office.may, SHARER)
    assert (said.missing, said.own_bp) == (missing, part)


def test_the_limit_of_an_order_is_named_where_it_leaves_less_or_nothing(office: Office) -> None:
    save(office, NewRate(SELLER, 1_000), NewRate(SHARER, 100), order_cap=1_500)
    order = office.order("E1", 10_000, 10_000, 5_000, sharer=office.may)
    accrue(office.brand, "2026-09-05")
    first, second, third = order.lines.order_by("pk")
    explain = explaining.explain
    assert not explain(line=first, creator=office.zhou, role=SELLER).under_order_cap
    cut = explain(line=second, creator=office.zhou, role=SELLER)
    assert (cut.target, cut.under_order_cap) == (400, True)
    assert explain(line=third, creator=office.zhou, role=SELLER).missing == explaining.ORDER_CAP


def test_a_fixed_amount_under_the_limit_of_the_line_says_what_it_would_have_been(
    office: Office,
) -> None:
    save(office, NewRate(SELLER, 2_000), NewRate(SHARER, 0, fixed_amount=1_500), cap_bp=3_000)
    order = office.order("E1", 10_000, sharer=office.may)
    accrue(office.brand, "2026-09-05")
    cut = told(order, office.may, SHARER)
    assert (cut.target, cut.under_line_cap) == (1_000, True)
    assert "at most ¥30.00: ¥10.00 instead of ¥15.00" in rows(cut)
    assert not told(order, office.zhou, SELLER).limits
    assert "later_plan" in cut.would_change


def test_a_step_of_the_month_and_the_next_one_are_named(office: Office) -> None:
    steps = ((20_000, 600), (50_000, 800))
    save(office, NewRate(SELLER, 500, steps=steps))
    order = office.order("E1", 30_000)
    accrue(office.brand, "2026-09-05")
    said = told(order, office.zhou, SELLER)
    assert (said.target, said.month_added) == (1_500, 100)
    assert "Step reached: from ¥200.00" in rows(said)
    assert "Next step: from ¥500.00 ¥200.00 more net sales in the month 8%" in rows(said)
    assert "next_step" in said.would_change


def test_a_line_credited_with_nothing_names_the_step_that_it_counts_towards(office: Office) -> None:
    save(office, NewRate(SELLER, 0, steps=((50_000, 800),)))
    order = office.order("E1", 30_000)
    accrue(office.brand, "2026-09-05")
    said = told(order, office.zhou, SELLER)
    assert (said.target, said.missing) == (0, "")
    assert "Next step: from ¥500.00 ¥200.00 more net sales in the month 8%" in rows(said)
    assert "next_step" in said.would_change


def test_the_limit_of_a_person_and_of_a_rate_in_the_month_are_named(office: Office) -> None:
    save(office, NewRate(SELLER, 1_000, month_cap=1_800), person_cap=1_500)
    order = office.order("E1", 20_000)
    accrue(office.brand, "2026-09-05")
    said = told(order, office.zhou, SELLER)
    assert (said.target, said.month_added) == (2_000, -500)
    assert "By this rate one person gets at most ¥18.00 a month, instead of ¥20.00" in rows(said)
    assert "One person gets at most ¥15.00 a month, instead of ¥18.00" in rows(said)


def test_the_gates_say_what_stands_before_the_payout(office: Office) -> None:
    save(office, NewRate(SELLER, 500), hold_days=15)
    order = office.order("E1", 10_000, status="finished")
    new = told(order, office.zhou, SELLER)
    assert [gate.code for gate in new.gates if not gate.is_open] == [explaining.UP_TO_DATE]
    assert (new.missing, new.would_change) == (explaining.NEXT_RUN, ["next_run"])
    accrue(office.brand, "2026-09-05")
    kept = told(order, office.zhou, SELLER)
    (shut,) = [gate for gate in kept.gates if not gate.is_open]
    assert (shut.code, shut.until) == (explaining.WINDOW_OVER, kept.due_on)
    assert kept.would_change == ["window_over", "refund"]
    release(office.brand, "2026-10-31")
    free = told(order, office.zhou, SELLER)
    assert all(gate.is_open for gate in free.gates)
    assert free.released_on == dt.date(2026, 10, 31)


def test_who_may_see_payouts_reads_whether_the_person_can_be_paid(
    client: Client, office: Office
) -> None:
    save(office, NewRate(SELLER, 500))
    he = c.creator(office.people.jingan, "K002", "He")
    order = office.order("E1", 10_000, seller=he)
    accrue(office.brand, "2026-09-05")
    address = reverse("incentives:explain", args=[order.lines.get().pk, he.pk, SELLER])
    for role, sees in ((Role.FINANCE, True), (Role.ANALYST, False)):
        client.force_login(c.person(f"p{role}", (role, office.brand)))
        page = client.get(address).content.decode()
        assert ("The person can be paid." in page) == sees
        assert ("No account" in page) == sees
        assert "What would change it" in page


def test_the_order_says_who_gets_nothing_and_why_beside_who_gets_something(
    client: Client, office: Office
) -> None:
    save(office, NewRate(SELLER, 500))
    order = office.order("E1", 10_000, 5_000, sharer=office.may)
    accrue(office.brand, "2026-09-05")
    client.force_login(c.person("wei", (Role.ANALYST, office.brand)))
    page = client.get(reverse("incentives:order_commission", args=[order.pk])).content.decode()
    assert "¥5.00" in page
    assert page.count("The plan of that day has no rate for this role") == 1
    said = reverse(
        "incentives:explain", args=[order.lines.order_by("pk")[0].pk, office.may.pk, SHARER]
    )
    assert said in page


def test_a_line_takes_as_many_queries_in_an_order_of_many(
    office: Office, django_assert_max_num_queries
) -> None:
    save(office, NewRate(SELLER, 500), NewRate(SHARER, 200), order_cap=5_000, person_cap=9_000)
    order = office.order("E1", *[1_000] * 12, sharer=office.may)
    accrue(office.brand, "2026-09-05")
    with django_assert_max_num_queries(25):
        case = explaining.OrderCase(Order.objects.select_related("brand", "store").get(pk=order.pk))
        for line, _facts in case.facts:
            for person, role in ((office.zhou, SELLER), (office.may, SHARER)):
                assert case.explain(line, person, role).target


def test_the_page_of_a_line_shows_each_role(client: Client, office: Office) -> None:
    save(office, NewRate(POT, 100), NewRate(SELLER, 0, fixed_amount=700))
    places.put(by=None, creator=office.zhou, first=FIRST)
    order = office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    client.force_login(c.person("wei", (Role.ANALYST, office.brand)))
    for role, said in ((POT, "Store pot"), (SELLER, "¥7.00"), (MANAGER, "did not lead")):
        arguments = [order.lines.get().pk, office.zhou.pk, role]
        page = client.get(reverse("incentives:explain", args=arguments))
        assert page.status_code == 200
        assert said in page.content.decode()


def test_what_the_database_says_of_an_override_of_somebody_else(office: Office) -> None:
    """M20: whoever writes lines, a second override or one of a customer never reaches the books."""
    from incentives.models import CommissionLine, CommissionRun
    from tests.refusals import RULE_BROKEN, refused

    save(office, NewRate(SELLER, 500), NewRate(MANAGER, 100, month_cap=10**6))
    lead = c.creator(office.people.jingan, "K009", "Lead")
    places.put(by=None, creator=office.zhou, first=FIRST)
    places.put(by=None, creator=lead, first=FIRST, leads=True)
    office.order("E1", 20_000)
    run = accrue(office.brand, "2026-09-05")
    override = CommissionLine.objects.get(role=MANAGER)
    he = c.creator(office.people.jingan, "K002", "He")
    for someone in (he, office.may, office.zhou):
        with refused(RULE_BROKEN):
            again = CommissionRun.objects.create(
                brand=office.brand, kind="accrual", as_of=run.as_of, plan=run.plan
            )
            override.pk, override.creator, override.run = None, someone, again
            override.save(force_insert=True)
            again.state = "posted"
            again.save()
