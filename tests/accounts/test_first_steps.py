"""The first steps of a new brand: what is still to bring in, for those who can."""

import pytest
from django.test import Client
from django.urls import reverse

from accounts import first_steps
from accounts.choices import Role, UnitKind
from accounts.models import Person, Unit
from accounts.units import add_unit
from content.models import Post
from incentives import payouts
from incentives.choices import Decision
from incentives.models import Approval
from matrix.models import SocialAccount
from tests import cast as c
from tests.incentives.money import Office, settle

pytestmark = pytest.mark.django_db

LABELS = [
    "Bring your organisation",
    "Bring the posts",
    "Bring the orders",
    "Set the commission plan",
    "Approve the first payout",
]


@pytest.fixture
def brand() -> Unit:
    return add_unit(by=None, kind=UnitKind.BRAND, code="NEW", name="New Brand")


def person(brand: Unit, role: str) -> Person:
    return c.person(f"one-{role}", (role, brand))


def labels(steps: list, **wanted: object) -> list[str]:
    return [
        str(step.label)
        for step in steps
        if all(getattr(step, name) == value for name, value in wanted.items())
    ]


def overview(who: Person) -> str:
    browser = Client()
    browser.force_login(who)
    return browser.get(reverse("insights:overview")).content.decode()


def test_a_new_brand_has_all_steps_before_it(brand: Unit) -> None:
    lin = person(brand, Role.OPERATOR)
    steps = first_steps.standing(lin, brand)
    assert labels(steps, done=False) == LABELS
    assert labels(steps, current=True) == LABELS[:1]
    shown = overview(lin)
    assert all(label in shown for label in LABELS)


def test_a_step_leads_only_those_who_can_take_it(brand: Unit) -> None:
    lin = first_steps.standing(person(brand, Role.OPERATOR), brand)
    assert labels(lin, href="") == ["Approve the first payout"]
    finance = first_steps.standing(person(brand, Role.FINANCE), brand)
    assert labels(finance, href="") == []


def test_who_can_take_no_step_sees_none(brand: Unit) -> None:
    assert not first_steps.standing(person(brand, Role.ANALYST), brand)
    assert "First steps" not in overview(person(brand, Role.AUDITOR))
    assert not first_steps.standing(c.person("nobody"), brand)
    assert not first_steps.standing(person(brand, Role.OPERATOR), None)


def test_a_role_in_a_part_of_the_brand_is_not_asked_for_the_whole(brand: Unit) -> None:
    east = add_unit(by=None, kind=UnitKind.REGION, code="E", name="East", parent=brand)
    assert not first_steps.standing(c.person("xu", (Role.OPERATOR, east)), brand)


def test_steps_are_ticked_one_by_one_and_gone_in_the_end() -> None:
    office = Office()
    lin = person(office.brand, Role.OPERATOR)
    assert labels(first_steps.standing(lin, office.brand), done=True) == [LABELS[0], LABELS[3]]
    office.order("E1", 20_000)
    assert labels(first_steps.standing(lin, office.brand), current=True) == ["Bring the posts"]
    account = SocialAccount.objects.create(
        brand=office.brand, unit=office.people.jingan, creator=office.zhou, platform="xiaohongshu",
        domain="public", ownership="personal", owner_proof="checked", handle="zhou",
    )  # fmt: skip
    Post.objects.create(
        brand=office.brand, store=office.people.jingan, account=account, creator=office.zhou,
        platform="xiaohongshu", title="A note", published_at=c.at("2026-09-01"),
    )  # fmt: skip
    batch = office.submitted(settle(office.brand))
    assert labels(first_steps.standing(lin, office.brand), done=False) == LABELS[4:]
    assert not Approval.objects.filter(decision=Decision.APPROVED).exists()
    payouts.approve(by=office.zhao, batch=batch)
    assert not first_steps.standing(lin, office.brand)
    assert "First steps" not in overview(lin)


def test_another_brand_s_progress_does_not_count(brand: Unit) -> None:
    c.cast()
    assert labels(first_steps.standing(person(brand, Role.OPERATOR), brand), done=True) == []


def test_it_costs_one_query(brand: Unit, django_assert_num_queries) -> None:
    lin = person(brand, Role.OPERATOR)
    lin.has_perm_code("overview.view")  # the roles are read once per request
    with django_assert_num_queries(1):
        first_steps.standing(lin, brand)
