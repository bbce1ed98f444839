"""Personas, what profiles show, and the pages that change a person and pair accounts."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Activity
from kosops.lib.errors import DomainError
from matrix import personas, registry
from matrix.models import Pairing, ProfileCheck, SocialAccount
from matrix.profiles import Item, Shown, Wanted, differences
from tests import cast as c

ZHOU = Wanted(
    names=("Zhou Min", "Minmin"),
    position="Beauty adviser",
    store="Jing'an Kerry Centre",
    avatar=True,
)
FITS = Shown(
    name="ＭＩＮＭＩＮ at the counter",
    position="beauty adviser, 6 years",
    store="Jing’an Kerry Centre",
    affiliation=True,
    avatar=True,
)


# -- the rule ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({}, []),
        ({"name": "Skin diary"}, [Item.NAME]),
        ({"name": "Zhou  Min"}, []),
        ({"position": ""}, [Item.POSITION]),
        ({"store": "Xintiandi"}, [Item.STORE]),
        ({"affiliation": False}, [Item.AFFILIATION]),
        ({"avatar": False}, [Item.AVATAR]),
        ({"avatar": None}, [Item.AVATAR]),
        ({"name": "", "store": ""}, [Item.NAME, Item.STORE]),
    ],
)
def test_a_profile_is_compared_with_the_persona(change, expected):
    values = {name: getattr(FITS, name) for name in FITS.__slots__} | change
    assert differences(ZHOU, Shown(**values)) == expected


def test_what_is_not_asked_for_cannot_differ():
    asked_little = Wanted(names=("May",), affiliation=False)
    assert differences(asked_little, Shown(name="may.skin")) == []


# -- commands ------------------------------------------------------------------


@pytest.fixture
def people(db):
    return c.cast()


@pytest.fixture
def note_account(people):
    return registry.add_account(
        by=None, creator=people.zhou, platform="xiaohongshu", handle="zhou_skin",
        ownership="employee_authorised",
    )  # fmt: skip


@pytest.fixture
def wecom(people):
    return registry.add_account(
        by=None, creator=people.zhou, platform="wecom", handle="zhoumin", ownership="company_opened"
    )


@pytest.fixture
def club(people):
    return registry.add_account(
        by=None, unit=people.brand, platform="official_account", handle="Chengye Club",
        ownership="company_opened",
    )  # fmt: skip


def note(account, **change):
    values = {name: getattr(FITS, name) for name in FITS.__slots__} | change
    return personas.note_profile(by=None, account=account, shown=Shown(**values), at=timezone.now())


def test_a_look_at_a_profile_is_kept_with_what_differs(people, note_account):
    personas.set_persona(by=None, creator=people.zhou, name="Minmin", position="Beauty adviser")
    check = note(note_account, position="", affiliation=False)
    assert check.differences == ["position", "affiliation"]
    note_account.refresh_from_db()
    assert note_account.profile_state == "differs"
    assert note(note_account).differences == []
    note_account.refresh_from_db()
    assert (note_account.profile_state, ProfileCheck.objects.count()) == ("fits", 2)
    assert personas.with_differences(SocialAccount.objects.all()).get().differences == []


def test_a_new_persona_makes_profiles_to_check_again_and_the_same_one_does_not(
    people, note_account
):
    personas.set_persona(by=None, creator=people.zhou, name="Minmin")
    note(note_account)
    count = Activity.objects.count()
    personas.set_persona(by=None, creator=people.zhou, name="Minmin ")
    note_account.refresh_from_db()
    assert (note_account.profile_state, Activity.objects.count()) == ("fits", count)
    personas.set_persona(by=None, creator=people.zhou, name="Xiao Zhou")
    note_account.refresh_from_db()
    assert note_account.profile_state == "again"


def test_a_persona_needs_a_name_and_a_closed_account_has_no_profile(people, note_account):
    with pytest.raises(DomainError) as refusal:
        personas.set_persona(by=None, creator=people.zhou, name="  ")
    assert refusal.value.code == "name_missing"
    with pytest.raises(DomainError) as refusal:
        note(note_account, name=" ")
    assert refusal.value.code == "name_missing"
    SocialAccount.objects.update(state="closed")
    with pytest.raises(DomainError) as refusal:
        note(note_account)
    assert refusal.value.code == "account_not_in_use"


def test_a_customer_need_not_show_store_or_position_and_says_so_only_if_contracted(people):
    account = registry.add_account(
        by=None, creator=people.may, platform="xiaohongshu", handle="may.skin", ownership="personal"
    )
    assert personas.wanted_of(account, None) == Wanted(names=("May",), affiliation=False)
    registry.change_creator(by=None, creator=people.may, koc_kind="contracted")
    account = SocialAccount.objects.select_related("creator", "unit").get(pk=account.pk)
    assert personas.wanted_of(account, None).affiliation


def test_what_is_known_of_a_person_changes_with_its_history(people):
    registry.change_creator(
        by=None, creator=people.zhou, position="Beauty adviser", badges=["service"]
    )
    people.zhou.refresh_from_db()
    assert (people.zhou.position, people.zhou.badges) == ("Beauty adviser", ["service"])
    row = Activity.objects.get(verb="creator.changed")
    assert (row.before, row.after) == (
        {"position": "", "badges": []},
        {"position": "Beauty adviser", "badges": ["service"]},
    )


@pytest.mark.parametrize(
    ("who", "change", "code"),
    [
        ("zhou", {"koc_kind": "brand_love"}, "koc_kind_of_kos"),
        ("zhou", {"programme": "seeding"}, "programme_of_kos"),
        ("may", {"talent_type": "topic_expert"}, "talent_type_of_koc"),
        ("may", {"badges": ["service"]}, "talent_type_of_koc"),
        ("may", {"identity": ""}, "not_identified"),
        ("may", {"share_code": "ZHOU"}, "share_code_taken"),
    ],
)
def test_a_change_that_does_not_fit_is_refused(people, who, change, code):
    registry.change_creator(by=None, creator=people.zhou, share_code="ZHOU")
    with pytest.raises(DomainError) as refusal:
        registry.change_creator(by=None, creator=getattr(people, who), **change)
    assert refusal.value.code == code


def test_the_second_hop_leads_to_an_account_of_the_brand(people, note_account, wecom, club):
    day = dt.date(2026, 11, 1)
    with pytest.raises(DomainError) as refusal:
        registry.pair_accounts(
            by=None, public=note_account, private=wecom, brand_account=wecom, since=day
        )
    assert refusal.value.code == "not_a_brand_account"
    pairing = registry.pair_accounts(
        by=None, public=note_account, private=wecom, brand_account=club, since=day
    )
    assert pairing.brand_account == club


# -- pages ---------------------------------------------------------------------


@pytest.fixture
def lin(people):
    browser = Client()
    browser.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    return browser


def test_lin_gives_a_persona_checks_a_profile_and_reads_what_differs(lin, people, note_account):
    of_zhou = reverse("matrix:creator", args=[people.zhou.pk])
    answer = lin.post(
        reverse("matrix:persona", args=[people.zhou.pk]),
        {"name": "Minmin", "position": "Beauty adviser"},
    )
    assert answer.status_code == 302
    asked = lin.get(reverse("matrix:profile", args=[note_account.pk])).content.decode()
    assert "Zhou Min or Minmin" in asked and "Jing&#x27;an Kerry Centre" in asked
    answer = lin.post(
        reverse("matrix:profile", args=[note_account.pk]),
        {"name": "zhou_skin", "position": "Beauty adviser", "store": "Jing'an Kerry Centre",
         "affiliation": "on"},
    )  # fmt: skip
    assert answer["Location"] == of_zhou
    shown = lin.get(of_zhou).content.decode()
    assert "Minmin" in shown and "Profile differs" in shown and "another name" in shown


def test_a_form_that_is_refused_keeps_what_was_typed(lin, people, note_account):
    answer = lin.post(
        reverse("matrix:persona", args=[people.zhou.pk]), {"name": "", "position": "Adviser"}
    )
    assert answer.status_code == 422 and "Adviser" in answer.content.decode()
    registry.change_creator(by=None, creator=people.may, share_code="MAY")
    answer = lin.post(
        reverse("matrix:creator_edit", args=[people.zhou.pk]),
        {"name": "Zhou Min", "identity": "staff_record", "share_code": "MAY"},
    )
    assert answer.status_code == 422
    assert "already belongs to another creator" in answer.content.decode()


def test_lin_changes_what_is_known_of_a_person(lin, people):
    answer = lin.post(
        reverse("matrix:creator_edit", args=[people.zhou.pk]),
        {"name": "Zhou Min", "position": "Counter lead", "badges": ["service", "counter_clerk"],
         "talent_type": "topic_expert", "identity": "staff_record", "share_code": ""},
    )  # fmt: skip
    assert answer.status_code == 302
    people.zhou.refresh_from_db()
    assert people.zhou.badges == ["service", "counter_clerk"]
    page = lin.get(reverse("matrix:creator", args=[people.zhou.pk])).content.decode()
    assert "Counter lead" in page and "Customer service · Counter clerk" in page


def test_lin_pairs_an_account_and_ends_the_pairing(lin, people, note_account, wecom, club):
    address = reverse("matrix:pair", args=[note_account.pk])
    assert lin.get(address).context["form"].fields["private"].queryset[0] == wecom
    answer = lin.post(address, {"private": wecom.pk, "brand_account": club.pk})
    assert answer.status_code == 302
    pairing = Pairing.objects.get()
    assert (pairing.private_account, pairing.brand_account) == (wecom, club)
    page = lin.get(reverse("matrix:creator", args=[people.zhou.pk])).content.decode()
    assert "Chengye Club" in page
    again = lin.post(address, {"private": wecom.pk})
    assert again.status_code == 422 and "already paired" in again.content.decode()
    lin.post(reverse("matrix:pairing_end", args=[pairing.pk]))
    pairing.refresh_from_db()
    assert pairing.until == timezone.localdate()
    ended = lin.post(reverse("matrix:pairing_end", args=[pairing.pk]), follow=True)
    assert "already ended" in ended.content.decode()


def test_a_personal_wechat_id_is_masked_where_accounts_are_offered(lin, people, note_account):
    registry.add_account(
        by=None, creator=people.zhou, platform="wechat", handle="zhoumin88", ownership="personal"
    )
    page = lin.get(reverse("matrix:pair", args=[note_account.pk])).content.decode()
    assert "z•••8" in page and "zhoumin88" not in page


def test_an_account_of_another_store_is_not_offered_and_not_taken(lin, people, note_account):
    other = registry.add_account(
        by=None, unit=people.tianhe, platform="wecom", handle="tianhe", ownership="company_opened"
    )
    answer = lin.post(reverse("matrix:pair", args=[note_account.pk]), {"private": other.pk})
    assert answer.status_code == 422
    assert not Pairing.objects.exists()


def test_a_store_manager_sees_but_does_not_change(people, note_account):
    browser = Client()
    browser.force_login(c.person("gu", (Role.STORE_MANAGER, people.jingan)))
    page = browser.get(reverse("matrix:creator", args=[people.zhou.pk])).content.decode()
    assert "Check the profile" not in page
    for name, pk in (("creator_edit", people.zhou.pk), ("persona", people.zhou.pk),
                     ("profile", note_account.pk), ("pair", note_account.pk)):  # fmt: skip
        assert browser.get(reverse(f"matrix:{name}", args=[pk])).status_code == 403
