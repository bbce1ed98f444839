"""What tiers are called: stars for staff, words for consumers, or as the brand says."""

from __future__ import annotations

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.choices import Role
from incentives import ladders, tier_names, tier_words, tiers
from incentives.models import LadderVersion
from incentives.tiers import LadderFault
from matrix import tier_steps
from matrix.tier_steps import Whose
from tests import cast as c

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def people():
    tier_names.forget()
    yield c.cast()
    tier_names.forget()


def named(kind: str, *names: str) -> dict:
    rules = tiers.standard_rules(kind)
    for rule, name in zip(rules["tiers"], names, strict=True):
        rule["name"] = name
    return rules


def test_staff_have_stars_and_consumers_words(people) -> None:
    assert tier_words.tier_name("senior", people.zhou) == "★3"
    assert tier_words.tier_name("senior", people.may) == "Senior"
    assert str(tier_steps.label("junior", people.zhou)) == "★1"
    with translation.override("zh-hans"):
        assert tier_words.tier_name("senior", people.may) == "高级"
        assert tier_words.tier_name("senior", people.zhou) == "★3"


def test_a_rule_for_both_says_both(people) -> None:
    assert tier_words.tier_name("intermediate") == "Intermediate / ★2"
    assert dict(tier_steps.choices())["intermediate"] == "Intermediate / ★2"
    assert tier_words.tier_name("") == "No tier"


def test_a_brand_names_its_own_steps(people) -> None:
    ladders.save_ladder(
        by=None,
        brand=people.brand,
        kind="kos",
        rules=named("kos", "Bronze", "Silver", "Gold"),
        valid_from=TODAY,
    )
    assert tier_words.tier_name("senior", people.zhou) == "Gold"
    assert tier_words.tier_name("senior", people.may) == "Senior", "the other ladder keeps its own"
    assert tier_words.tier_name("senior", Whose(people.brand.pk + 1, "kos")) == "★3"


def test_a_name_holds_from_its_day_on(people) -> None:
    ladders.start_ladders(by=None, brand=people.brand, valid_from=TODAY - dt.timedelta(3))
    ladders.save_ladder(
        by=None,
        brand=people.brand,
        kind="koc",
        rules=named("koc", "Friend", "Expert", "Star"),
        valid_from=TODAY + dt.timedelta(1),
    )
    assert tier_words.tier_name("senior", people.may) == "Senior"
    assert ladders.rules_of(LadderVersion.objects.latest("valid_from")).tiers[2].name == "Star"


def test_a_name_is_short(people) -> None:
    with pytest.raises(LadderFault) as fault:
        tiers.ladder_from_json(named("kos", "x" * 17, "", ""))
    assert (fault.value.field, fault.value.problem) == ("tiers[0].name", "too_long")


def test_names_are_asked_once_for_a_list(people, django_assert_num_queries) -> None:
    with django_assert_num_queries(1):
        for tier in tiers.TIERS * 20:
            tier_words.tier_name(tier, people.zhou)
            tier_words.tier_name(tier, people.may)


def test_names_are_changed_where_rules_are_tried(people, client: Client) -> None:
    ladders.start_ladders(by=None, brand=people.brand, valid_from=TODAY - dt.timedelta(3))
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    page = client.get(reverse("incentives:tier_preview"), {"kind": "kos"})
    form = page.context["form"]
    assert form["senior-name"].value() == "★3"
    data = {name: form[name].value() for name in form.fields}
    data = {name: "" if value is None else value for name, value in data.items()}
    data |= {"kind": "kos", "senior-name": "Gold", "valid_from": TODAY.isoformat()}
    answer = client.post(reverse("incentives:tier_preview"), data)
    assert answer.status_code == 302, answer.content.decode()[:2000]
    rules = ladders.rules_of(LadderVersion.objects.latest("valid_from"))
    assert [rule.name for rule in rules.tiers] == ["", "", "Gold"], "our own words stay translated"
    assert tier_words.tier_name("senior", people.zhou) == "Gold"
