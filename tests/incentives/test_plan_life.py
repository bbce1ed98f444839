"""A plan's way from draft to approved, at the command, the page and the database."""

import datetime as dt
import html
import re

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Person
from incentives import plans
from incentives.commission import MANAGER, SELLER, SHARER
from incentives.models import PlanRate, PlanVersion
from incentives.plan_choices import PlanState
from incentives.plans import NewRate, PlanTerms
from tests import cast as c
from tests.incentives.money import accrue, code_of, held
from tests.refusals import RESTRICTED, RULE_BROKEN, refused, sql

pytestmark = pytest.mark.django_db

TERMS = PlanTerms("Winter", dt.date(2026, 12, 1))
RATES = (NewRate(SELLER, 500), NewRate(SHARER, 200))


@pytest.fixture
def people() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(people: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def zhao(people: c.Cast) -> Person:
    return c.finance(people, "zhao")


def drafted(people: c.Cast, lin: Person, *rates: NewRate, **more) -> PlanVersion:
    terms = more.pop("terms", TERMS)
    return plans.draft(by=lin, brand=people.brand, terms=terms, rates=rates or RATES, **more)


def test_only_an_approved_plan_counts(people: c.Cast, lin: Person, zhao: Person) -> None:
    version = drafted(people, lin, terms=PlanTerms("Now", dt.date(2026, 9, 1)))
    c.order(people, "E1", 10_000)
    accrue(people.brand, "2026-09-05")
    assert held(people.zhou) == 0
    plans.submit(by=lin, version=version)
    accrue(people.brand, "2026-09-06")
    assert held(people.zhou) == 0
    plans.approve(by=zhao, version=version)
    accrue(people.brand, "2026-09-07")
    assert held(people.zhou) == 500


def test_who_made_a_plan_never_approves_it(people: c.Cast, lin: Person, zhao: Person) -> None:
    version = drafted(people, lin)
    wei = c.person("wei", (Role.OPERATOR, people.brand))
    version = plans.edit(by=wei, version=version, terms=TERMS, rates=RATES)
    version = plans.submit(by=zhao, version=version)
    for maker in (lin, wei, zhao):
        assert code_of(lambda by=maker: plans.approve(by=by, version=version)) == "own_plan"
    with refused(RULE_BROKEN):
        sql("UPDATE incentives_planversion SET state = 'approved'")
    with refused(RULE_BROKEN):
        sql("UPDATE incentives_planversion SET state = 'approved', approved_by_id = %s", wei.pk)
    chen = c.finance(people, "chen")
    assert plans.approve(by=chen, version=version).approved_by == chen


def test_a_plan_sent_back_is_a_draft_again(people: c.Cast, lin: Person, zhao: Person) -> None:
    version = plans.submit(by=lin, version=drafted(people, lin))
    assert code_of(lambda: plans.edit(by=lin, version=version, terms=TERMS, rates=RATES)) == (
        "not_a_draft"
    )
    assert code_of(lambda: plans.send_back(by=zhao, version=version, reason=" ")) == "reason_needed"
    back = plans.send_back(by=zhao, version=version, reason="Too much for sharers")
    assert (back.state, back.sent_back) == (PlanState.DRAFT, "Too much for sharers")
    assert code_of(lambda: plans.approve(by=zhao, version=version)) == "not_submitted"
    dropped = plans.drop(by=lin, version=version)
    assert code_of(lambda: plans.submit(by=lin, version=dropped)) == "not_a_draft"


def test_two_drafts_may_overlap_but_only_one_is_approved(people, lin, zhao) -> None:
    """M17"""
    terms = PlanTerms("First", dt.date(2026, 12, 1), dt.date(2026, 12, 31))
    first, second = (drafted(people, lin, terms=terms) for _ in range(2))
    first, second = (plans.submit(by=lin, version=each) for each in (first, second))
    plans.approve(by=zhao, version=first)
    refusal = code_of(lambda: plans.approve(by=zhao, version=second))
    assert refusal == "plan_overlaps"
    assert code_of(lambda: plans.submit(by=lin, version=drafted(people, lin, terms=terms))) == (
        "plan_overlaps"
    )


def test_rates_above_a_margin_are_not_submitted(people: c.Cast, lin: Person) -> None:
    """C60"""
    rates = (NewRate(SELLER, 500), NewRate(SHARER, 200), NewRate(SELLER, 900, category="makeup"))
    version = drafted(people, lin, *rates, margins=[("makeup", 1_000), ("", 800)])
    assert plans.margin_faults(version) == [("makeup", 1_100, 1_000)], "7 % of all others is fine"
    assert code_of(lambda: plans.submit(by=lin, version=version)) == "above_margin"
    wider = plans.edit(
        by=lin, version=version, terms=TERMS, rates=rates, margins=[("makeup", 1_100)]
    )
    assert plans.submit(by=lin, version=wider).state == PlanState.SUBMITTED


@pytest.mark.parametrize(
    ("rate", "code"),
    [
        (NewRate(MANAGER, 100), "override_needs_cap"),
        (NewRate(MANAGER, 0, fixed_amount=5, month_cap=9), "override_needs_cap"),
        (NewRate(MANAGER, 100, month_cap=9, steps=((1, 200),)), "steps_not_here"),
        (NewRate(SELLER, 500, steps=((1, 2_900),)), "steps_above_cap"),
        (NewRate(SELLER, 500, steps=((1, 3_100),)), "rate_above_cap"),
    ],
)
def test_a_rate_that_makes_no_sense_is_refused(people, lin, rate: NewRate, code: str) -> None:
    assert code_of(lambda: drafted(people, lin, rate, NewRate(SHARER, 200))) == code


# -- the hard limits, whoever asks (RULES 5.6) ---------------------------------


@pytest.mark.parametrize(
    "change",
    [
        "base = 'people'",
        "base = 'lead'",
        "base = 'seller'",  # of a seller's own rate
        "role = 'sponsor'",
        "role = 'manager'",  # without a limit
        "role = 'manager', month_cap = 1, creator_kind = 'koc'",
        "role = 'pot', creator_kind = 'koc'",
        "fixed_amount = 5",  # beside a percentage
        "rate_bp = 10001",
        "month_cap = -1",
    ],
)
def test_the_database_refuses_what_no_plan_may_say(people, lin, change: str) -> None:
    drafted(people, lin, NewRate(SELLER, 500))
    with refused(RULE_BROKEN):
        sql(f"UPDATE incentives_planrate SET {change}")


def test_nothing_in_a_plan_has_a_price_for_joining_or_a_sponsor() -> None:
    names = {field.name for field in (*PlanVersion._meta.fields, *PlanRate._meta.fields)}
    assert not {name for name in names for bad in ("fee", "price", "join", "recruit", "sponsor")
                if bad in name}  # fmt: skip


def test_parts_of_a_plan_change_only_in_its_draft(people: c.Cast, lin: Person) -> None:
    version = drafted(people, lin, NewRate(SELLER, 500, steps=((100, 600),)), margins=[("", 4_000)])
    assert sql("UPDATE incentives_planrate SET rate_bp = 400") == 1
    plans.submit(by=lin, version=version)
    for statement in (
        "UPDATE incentives_planrate SET rate_bp = 300",
        "DELETE FROM incentives_planband",
        "UPDATE incentives_planmargin SET margin_bp = 9000",
        "UPDATE incentives_planversion SET cap_bp = 1",
        "DELETE FROM incentives_planversion",
    ):
        with refused(RESTRICTED):
            sql(statement)
    with refused(RULE_BROKEN):
        sql(
            "INSERT INTO incentives_planversion (brand_id, name, valid, hold_days, cap_bp, state,"
            " created_at) VALUES (%s, 'x', '[2027-01-01,)', 15, 3000, 'approved', now())",
            people.brand.pk,
        )


# -- on the pages --------------------------------------------------------------


def text_of(response) -> str:
    return html.unescape(re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", response.content.decode())))


FORM = {
    "name": "Winter", "valid_from": "2026-12-01", "hold_days": "10", "cap_percent": "20",
    "order_cap": "500", "shield_days": "30", "self_purchase": "nothing",
    "rates-TOTAL_FORMS": "3", "rates-INITIAL_FORMS": "0",
    "rates-0-role": "seller", "rates-0-percent": "5", "rates-0-steps": "1000 = 6; 3000 = 7",
    "rates-1-role": "pot", "rates-1-percent": "1", "rates-1-unit": "EAST",
    "rates-2-role": "seller", "rates-2-category": "gifts", "rates-2-fixed_amount": "10",
    "rates-2-per_piece": "on",
    "margins-TOTAL_FORMS": "1", "margins-INITIAL_FORMS": "0",
    "margins-0-category": "gifts", "margins-0-margin": "40",
}  # fmt: skip


def test_lin_drafts_a_plan_and_zhao_approves_it(client: Client, people, lin, zhao) -> None:
    client.force_login(lin)
    client.post(reverse("incentives:plan_new"), FORM)
    version = PlanVersion.objects.get()
    address = reverse("incentives:plan", args=[version.pk])
    page = text_of(client.get(address))
    for said in (
        "Seller: 5% of the line",
        "from ¥1,000.00 in the month 6% for what lies above",
        "Store pot: 1% of the line for orders of East",
        "Seller: ¥10.00 for each piece for category gifts",
        "At most ¥500.00 for one order.",
        "Own orders earn nothing.",
    ):
        assert said in page
    edit = client.get(reverse("incentives:plan_edit", args=[version.pk]))
    assert 'value="1000 = 6; 3000 = 7"' in edit.content.decode()
    client.post(reverse("incentives:plan_submit", args=[version.pk]))
    decide = reverse("incentives:plan_decide", args=[version.pk])
    assert client.post(decide, {"decision": "approve"}).status_code == 403, "her own"
    client.force_login(zhao)
    assert client.post(decide, {"decision": "send_back"}).status_code == 422
    client.post(decide, {"decision": "approve"})
    version.refresh_from_db()
    assert (version.state, version.approved_by) == (PlanState.APPROVED, zhao)
    assert "In force" in text_of(client.get(address)) or "Upcoming" in text_of(client.get(address))


@pytest.mark.parametrize(
    ("field", "wrong"),
    [
        ("rates-0-steps", "lots"),
        ("rates-0-steps", "1000 = 6; 1000 = 7"),
        ("rates-1-unit", "NOWHERE"),
        ("rates-2-percent", "5"),
        ("order_cap", "-1"),
    ],
)
def test_a_wrong_field_says_so(client: Client, people, lin, field: str, wrong: str) -> None:
    client.force_login(lin)
    assert client.post(reverse("incentives:plan_new"), FORM | {field: wrong}).status_code == 422
    assert not PlanVersion.objects.exists()


def test_an_analyst_neither_makes_nor_approves(client: Client, people, lin) -> None:
    version = plans.submit(by=lin, version=drafted(people, lin))
    client.force_login(c.person("wei", (Role.ANALYST, people.brand)))
    assert client.get(reverse("incentives:plan", args=[version.pk])).status_code == 200
    for name in ("plan_edit", "plan_submit", "plan_drop", "plan_decide"):
        answer = client.post(reverse(f"incentives:{name}", args=[version.pk]))
        assert answer.status_code == 403
    assert client.get(reverse("incentives:plan_new")).status_code == 403
