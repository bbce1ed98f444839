"""The tier pages: what they say, to whom, and what they refuse."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone, translation

from accounts.choices import Role, UnitKind
from accounts.units import add_unit
from content.models import Post
from incentives import ladders, tier_runs, tier_words, tiers
from incentives.models import LadderVersion, TierChange, TierRun
from incentives.tier_runs import Finding
from matrix import registry
from matrix.models import Creator, SocialAccount
from tests import cast as c

pytestmark = pytest.mark.django_db


@pytest.fixture
def today():
    return timezone.localdate()


@pytest.fixture
def people(today):
    people = c.cast()
    ladders.start_ladders(by=None, brand=people.brand, valid_from=today - dt.timedelta(200))
    return people


@pytest.fixture
def lin(people, client: Client):
    lin = c.person("lin", (Role.OPERATOR, people.brand))
    client.force_login(lin)
    return lin


def post(creator, days_ago, interactions=10):
    account, _new = SocialAccount.objects.get_or_create(
        brand=creator.brand,
        unit=creator.store,
        creator=creator,
        platform="xiaohongshu",
        domain="public",
        ownership="personal",
        owner_proof="checked",
        handle=creator.name,
    )
    return Post.objects.create(
        brand=creator.brand,
        store=creator.store,
        account=account,
        creator=creator,
        platform="xiaohongshu",
        title=f"Serum {interactions}",
        title_key=f"{days_ago} {interactions}",
        published_at=timezone.now() - dt.timedelta(days_ago),
        likes=interactions,
        saves=0,
        comments=0,
    )


def page(client, name, *args, query="", **headers):
    response = client.get(reverse(f"incentives:{name}", args=args) + query, headers=headers)
    assert response.status_code == 200, response.status_code
    return response.content.decode()


FRAGMENT = {"HX-Request": "true"}


# -- the ladder ----------------------------------------------------------------


def test_the_ladder_shows_rules_and_heads(client, people, lin):
    Creator.objects.filter(pk=people.may.pk).update(tier="senior")
    shown = page(client, "tiers")
    assert "A note of the last 180 days with at least 1,000 interactions" in shown
    assert "At least 3 notes in the last 60 days" in shown
    assert "keeps it for 30 more days" in shown
    assert "Serum" not in shown, "who would move is asked for afterwards"
    assert "at least 300 interactions" in page(client, "tiers", query="?kind=kos")


def test_who_would_move_names_facts_and_posts(client, people, lin):
    post(people.may, 5, 1_240)
    for shown in (
        page(client, "tiers", **FRAGMENT),
        page(client, "tiers", query="?moves=1"),
    ):
        assert "Serum 1240" in shown
        assert "The best note of the last 180 days has 1,240 interactions; 1,000 needed" in shown
    assert "<html" not in page(client, "tiers", **FRAGMENT)
    assert not TierRun.objects.exists()


def test_a_preview_of_a_later_day_is_an_address(client, people, lin, today):
    Creator.objects.filter(pk=people.may.pk).update(tier="intermediate")
    post(people.may, 5)
    post(people.may, 55)
    later = today + dt.timedelta(7)
    assert "Nobody would move" in page(client, "tiers", **FRAGMENT)
    shown = page(client, "tiers", query=f"?on={later.isoformat()}", **FRAGMENT)
    assert "1 note in the last 60 days; 2 needed" in shown
    for wrong in ("?on=soon", "?on=1999-01-01"):
        assert "Who would move today" in page(client, "tiers", query=wrong, **FRAGMENT)


def test_all_movers_stand_on_pages_of_their_own(client, people, lin):
    post(people.may, 5)
    shown = page(client, "tier_moves", "promoted")
    assert "May" in shown
    assert "Nobody would move" in page(client, "tier_moves", "demoted")
    beyond = client.get(reverse("incentives:tier_moves", args=["promoted"]) + "?page=9")
    assert beyond.status_code == 302
    assert "page=1" in beyond["Location"]


def test_a_manager_sees_their_own_people_only(client, people):
    for store, number, name in (
        (people.tianhe, "C002", "Mei Lan"),
        (people.jingan, "C003", "Hu Ling"),
    ):
        post(c.creator(store, number, name, kind="koc"), 5)
    client.force_login(c.person("xu", (Role.REGION_MANAGER, people.south)))
    shown = page(client, "tiers", **FRAGMENT)
    assert "Mei Lan" in shown
    assert "Hu Ling" not in shown
    assert "Evaluate now" not in page(client, "tiers")


def test_a_brand_without_rules_can_start_with_the_standard_ones(client):
    brand = add_unit(by=None, kind=UnitKind.BRAND, code="CY", name="Chengye Beauty")
    client.force_login(c.person("lin", (Role.OPERATOR, brand)))
    assert "Use the standard rules" in page(client, "tiers")
    assert "No tier rules" in page(client, "tiers")
    client.post(reverse("incentives:tier_start"))
    assert LadderVersion.objects.filter(brand=brand).count() == 2
    assert "Evaluate now" in page(client, "tiers")


@pytest.mark.parametrize("name", ["tiers", "tier_preview"])
def test_creators_have_no_tier_pages_at_hq(client, people, name):
    may = c.person("may", (Role.KOC, people.jingan))
    registered = Creator.objects.get(pk=people.may.pk)
    registered.person = may
    registered.save()
    client.force_login(may)
    assert client.get(reverse(f"incentives:{name}")).status_code == 403


# -- evaluate now --------------------------------------------------------------


def test_evaluate_now_tells_what_happened_and_twice_changes_nothing(client, people, lin, today):
    post(people.may, 5, 2_000)
    told = client.post(reverse("incentives:tier_evaluate"), follow=True).content.decode()
    assert "1 creator rose." in told
    assert TierRun.objects.get(ladder__creator_kind="koc").started_by == lin
    again = client.post(reverse("incentives:tier_evaluate"), follow=True).content.decode()
    assert "already evaluated; nothing was changed" in again
    assert TierRun.objects.count() == 2


@pytest.mark.parametrize("role", [Role.ANALYST, Role.FINANCE, Role.AUDITOR])
@pytest.mark.parametrize("name", ["tier_evaluate", "tier_start"])
def test_evaluating_needs_the_right(client, people, role, name):
    client.force_login(c.person("someone", (role, people.brand)))
    assert client.post(reverse(f"incentives:{name}")).status_code == 403
    assert not TierRun.objects.exists()


def test_a_region_cannot_evaluate_the_brand(client, people):
    client.force_login(c.person("xu", (Role.OPERATOR, people.east)))
    assert client.post(reverse("incentives:tier_evaluate")).status_code == 403


def test_a_run_lists_whom_it_moved(client, people, lin, today):
    post(people.may, 5, 2_000)
    tier_runs.evaluate(by=lin, brand=people.brand, as_of=today)
    run = TierRun.objects.get(ladder__creator_kind="koc")
    change = TierChange.objects.get()
    shown = page(client, "tier_run", run.pk)
    assert reverse("incentives:tier_change", args=[change.pk]) in shown
    other = TierRun.objects.get(ladder__creator_kind="kos")
    assert "Nobody moved" in page(client, "tier_run", other.pk)


# -- other rules on trial ------------------------------------------------------


def thresholds(**changed):
    """What the form sends, with some thresholds changed."""
    fields = {"grace_days": 30}
    for rule in tiers.standard_rules("koc")["tiers"]:
        for because in ("reach", "keep"):
            for place, condition in enumerate(rule[because]):
                for name, value in condition.items():
                    if name != "fact":
                        fields[f"{rule['tier']}-{because}-{place}-{name}"] = value
    for name, value in changed.items():
        fields[name.replace("__", "-")] = value
    return fields | {"kind": "koc"}


EASIER = {"senior__reach__0__at_least": 100}


def test_other_thresholds_show_who_would_move_and_save_nothing(client, people, lin):
    post(people.may, 5, 150)
    address = reverse("incentives:tier_preview")
    first = client.get(address).content.decode()
    assert 'name="senior-reach-0-at_least"' in first
    assert "What would change" not in first

    tried = client.get(address, thresholds(**EASIER)).content.decode()
    assert "The best note of the last 180 days has 150 interactions; 100 needed" in tried
    assert "Save the new rules" in tried
    same = client.get(address, thresholds()).content.decode()
    assert "These are the present rules" in same
    assert "Save the new rules" not in same
    assert LadderVersion.objects.count() == 2


def test_saved_rules_hold_from_their_day(client, people, lin, today):
    start = today + dt.timedelta(10)
    sent = thresholds(**EASIER) | {"valid_from": start.isoformat()}
    told = client.post(reverse("incentives:tier_preview"), sent, follow=True).content.decode()
    assert "The new rules hold from" in told
    assert "Until then the rules below decide" in told
    version = LadderVersion.objects.get(valid_from=start)
    assert version.created_by == lin
    assert version.rules["tiers"][2]["reach"][0]["at_least"] == 100
    assert version.rules["tiers"][2]["keep"] == tiers.standard_rules("koc")["tiers"][2]["keep"]


@pytest.mark.parametrize(
    "changed",
    [
        {"senior__reach__0__at_least": "0"},
        {"senior__reach__0__at_least": "many"},
        {"grace_days": "-1"},
        {"valid_from": "2020-01-01"},
        {"valid_from": ""},
    ],
)
def test_wrong_thresholds_and_days_come_back_with_the_input(client, people, lin, today, changed):
    sent = {"valid_from": (today + dt.timedelta(5)).isoformat()} | thresholds(**EASIER)
    sent |= thresholds(**(EASIER | changed))
    response = client.post(reverse("incentives:tier_preview"), sent)
    assert response.status_code == 422
    assert "field-errors" in response.content.decode()
    assert LadderVersion.objects.count() == 2


def test_an_impossible_trial_is_answered_with_422(client, people, lin):
    wrong = thresholds(grace_days="9999")
    response = client.get(reverse("incentives:tier_preview"), wrong, headers=FRAGMENT)
    assert response.status_code == 422


def test_managers_may_try_but_not_save(client, people, today):
    client.force_login(c.person("xu", (Role.REGION_MANAGER, people.east)))
    sent = thresholds(**EASIER) | {"valid_from": today.isoformat()}
    address = reverse("incentives:tier_preview")
    tried = client.get(address, sent)
    assert tried.status_code == 200
    assert "HQ operations can save rules" in tried.content.decode()
    assert client.post(address, sent).status_code == 403
    assert LadderVersion.objects.count() == 2


# -- why -----------------------------------------------------------------------


@pytest.fixture
def change(people, today):
    post(people.may, 5, 1_240)
    tier_runs.evaluate(by=None, brand=people.brand, as_of=today)
    return TierChange.objects.get()


def test_a_change_explains_itself(client, people, lin, change):
    shown = page(client, "tier_change", change.pk)
    assert "May reached the tier Senior on" in shown
    assert "The best note of the last 180 days has 1,240 interactions; 1,000 needed" in shown
    assert "Serum 1240" in shown
    assert "Interactions are likes, saves and comments; shares do not count." in shown


def test_a_demotion_names_the_grace(client, people, lin, today):
    Creator.objects.filter(pk=people.may.pk).update(tier="junior")
    before = today - dt.timedelta(31)
    tier_runs.evaluate(by=None, brand=people.brand, as_of=before)
    tier_runs.evaluate(by=None, brand=people.brand, as_of=today)
    shown = page(client, "tier_change", TierChange.objects.get().pk)
    assert "May lost the tier Junior on" in shown
    assert "At risk since" in shown
    assert "0 notes are online; 1 needed" in shown


def test_a_change_outside_the_reach_does_not_exist(client, people, change):
    client.force_login(c.person("xu", (Role.REGION_MANAGER, people.south)))
    address = reverse("incentives:tier_change", args=[change.pk])
    assert client.get(address).status_code == 404
    creator = reverse("incentives:creator_tier", args=[people.may.pk])
    assert client.get(creator).status_code == 404
    assert client.get(reverse("incentives:tier_run", args=[change.run_id])).status_code == 404


def test_the_creators_page_gets_a_fragment(client, people, lin, change):
    shown = page(client, "creator_tier", people.may.pk, **FRAGMENT)
    assert "<html" not in shown
    assert "To keep Senior" in shown
    assert "<html" in page(client, "creator_tier", people.may.pk)


# -- the phone -----------------------------------------------------------------


@pytest.fixture
def may(client, people):
    may = c.person("may", (Role.KOC, people.jingan))
    Creator.objects.filter(pk=people.may.pk).update(person=may)
    people.may.refresh_from_db()
    client.force_login(may)
    return may


def test_my_tier_says_what_closes_the_gap(client, people, may, today):
    for day in (5, 15):
        post(people.may, day, 640)
    tier_runs.evaluate(by=None, brand=people.brand, as_of=today)
    shown = client.get(reverse("mobile:tier")).content.decode()
    assert "What Intermediate needs" in shown
    assert "1 more note within 60 days" in shown
    assert "2 notes in the last 60 days; 3 needed" in shown


def test_my_tier_warns_before_it_falls(client, people, may, today):
    Creator.objects.filter(pk=people.may.pk).update(tier="senior")
    tier_runs.evaluate(by=None, brand=people.brand, as_of=today)
    shown = client.get(reverse("mobile:tier")).content.decode()
    assert "The tier is lost on" in shown


def test_my_tier_stands_still_while_i_pause(client, people, may, today):
    registry.change_state(by=None, creator=people.may, state="paused", on=today)
    assert "your tier stays as it is" in client.get(reverse("mobile:tier")).content.decode()


def test_my_tier_without_rules(client):
    people = c.cast()
    may = c.person("may", (Role.KOC, people.jingan))
    Creator.objects.filter(pk=people.may.pk).update(person=may)
    client.force_login(may)
    assert "No tiers yet" in client.get(reverse("mobile:tier")).content.decode()


def test_my_tier_is_for_creators(client, people, lin):
    assert client.get(reverse("mobile:tier")).status_code == 403


# -- words ---------------------------------------------------------------------


def conditions():
    """One condition of each form."""
    forms = [
        {"fact": "notes", "at_least": 1},
        {"fact": "notes", "at_least": 3, "within_days": 60},
        {"fact": "best_note", "at_least": 1000},
        {"fact": "best_note", "at_least": 1000, "within_days": 180},
        {"fact": "median_note", "at_least": 200, "last_notes": 3, "settled_days": 7},
        {"fact": "median_note", "at_least": 200, "last_notes": 3, "settled_days": 0},
    ]
    return [tiers.condition_from_json(form) for form in forms]


@pytest.mark.parametrize("language", ["en", "zh-hans", "ja"])
@pytest.mark.parametrize("condition", conditions(), ids=lambda c: c.key)
def test_every_rule_and_finding_has_its_sentence(language, condition):
    findings = [
        Finding(condition, 5_000, True),
        Finding(condition, 0, False),
        Finding(condition, None, False),
        Finding(condition, None, None),
    ]
    with translation.override(language):
        texts = [tier_words.rule_sentence(condition), tier_words.fact_name(condition)]
        texts += [tier_words.finding_sentence(finding) for finding in findings]
        texts += [tier_words.gap_sentence(finding) for finding in findings[1:]]
    assert all(texts)
    assert not [text for text in texts if "%(" in text]
    assert tier_words.gap_sentence(findings[0]) == ""
