"""Commands of matrix.registry: creators, accounts, pairings."""

import datetime as dt
import threading

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction

from accounts.models import Activity, Person
from accounts.units import add_unit
from kosops.lib.errors import DomainError
from matrix import registry
from matrix.models import Creator, Pairing, SocialAccount

DAY = dt.date(2026, 11, 20)


@pytest.fixture
def lin(db):
    return Person.objects.create_user("lin", name="Lin")


@pytest.fixture
def brand(lin):
    return add_unit(by=lin, kind="brand", code="CY", name="Chengye Beauty")


@pytest.fixture
def store(lin, brand):
    return add_unit(by=lin, kind="store", code="SH01", name="Xintiandi", parent=brand)


def add_zhou(store, **fields):
    values = {"kind": "kos", "number": "E001", "name": "Zhou Min", "share_code": "zhou"} | fields
    return registry.add_creator(by=None, store=store, **values)


def add_note_account(creator, **fields):
    values = {
        "platform": "xiaohongshu",
        "handle": "Zhou at Xintiandi",
        "ownership": "employee_authorised",
    }
    return registry.add_account(by=None, creator=creator, **(values | fields))


def add_wecom(creator, **fields):
    return add_note_account(creator, platform="wecom", handle="zhoumin", **fields)


def refused(code, command, **values):
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        command(**values)
    assert refusal.value.code == code
    return str(refusal.value)


# -- creators ------------------------------------------------------------------


def test_apps_above_hear_who_no_longer_takes_part(lin, store, monkeypatch):
    heard = []
    monkeypatch.setattr(registry, "_stopped", [])
    registry.when_stopped(heard.extend)
    zhou, lu = add_zhou(store), add_zhou(store, number="E002", share_code="lu")
    for state in ("active", "paused", "active", "left"):
        registry.change_state(by=lin, creator=zhou, state=state, on=DAY)
    assert heard == [zhou.pk, zhou.pk], "once as they paused and once as they left"
    registry.change_state(by=lin, creator=lu, state="active", on=DAY)
    registry.change_states(
        by=lin, creators=Creator.objects.all(), before="active", after="paused", on=DAY
    )
    assert heard[2:] == [lu.pk]


def test_add_creator_places_a_person_at_a_store_and_records_it(lin, brand, store):
    zhou = registry.add_creator(
        by=lin, store=store, kind="kos", number=" E001 ", name="Zhou Min", joined_on=DAY
    )
    assert (zhou.brand, zhou.store, zhou.number, zhou.state) == (brand, store, "E001", "active")
    row = Activity.objects.get(verb="creator.added")
    assert (row.actor, row.object_id, row.unit) == (lin, zhou.pk, store)


def test_a_creator_stands_at_a_store_not_at_the_brand(brand):
    assert "Chengye Beauty" in refused("not_a_store", add_zhou, store=brand)


def test_a_number_is_used_once_per_kind(store):
    add_zhou(store)
    assert "E001" in refused("creator_number_taken", add_zhou, store=store, share_code="other")
    assert add_zhou(store, kind="koc", share_code="other").pk
    assert Creator.objects.count() == 2


def test_a_share_code_is_used_once(store):
    add_zhou(store)
    assert "zhou" in refused("share_code_taken", add_zhou, store=store, number="E002")


def test_several_creators_may_be_without_share_code(store):
    add_zhou(store, share_code="")
    assert add_zhou(store, share_code="", number="E002").pk


def test_only_a_koc_has_a_koc_kind(store):
    refused("koc_kind_of_kos", add_zhou, store=store, koc_kind="incubated")
    assert add_zhou(store, kind="koc", koc_kind="incubated").koc_kind == "incubated"


def test_leaving_notes_the_day_and_coming_back_clears_it(lin, store):
    zhou = add_zhou(store, joined_on=DAY)
    left = registry.change_state(by=lin, creator=zhou, state="left", on=DAY + dt.timedelta(3))
    assert (left.state, left.left_on) == ("left", DAY + dt.timedelta(3))
    row = Activity.objects.get(verb="creator.state_changed")
    assert (row.before, row.after["state"]) == ({"state": "active"}, "left")
    back = registry.change_state(by=lin, creator=zhou, state="onboarding", on=DAY)
    assert back.left_on is None


def test_the_same_state_again_changes_nothing(store):
    zhou = add_zhou(store)
    registry.change_state(by=None, creator=zhou, state="active", on=DAY)
    assert not Activity.objects.filter(verb="creator.state_changed").exists()


@pytest.mark.parametrize(
    ("before", "after"), [("left", "active"), ("paused", "candidate"), ("active", "onboarding")]
)
def test_states_follow_their_path(store, before, after):
    zhou = add_zhou(store, state=before)
    message = refused(
        "wrong_state_change", registry.change_state, by=None, creator=zhou, state=after, on=DAY
    )
    assert "Zhou Min" in message
    zhou.refresh_from_db()
    assert zhou.state == before


def test_nobody_leaves_before_joining(store):
    zhou = add_zhou(store, joined_on=DAY)
    refused(
        "left_before_joining",
        registry.change_state,
        by=None,
        creator=zhou,
        state="left",
        on=DAY - dt.timedelta(1),
    )


# -- tiers ---------------------------------------------------------------------


def test_store_tiers_writes_only_what_differs(store):
    zhou = add_zhou(store)
    may = add_zhou(store, kind="koc", number="M1", share_code="may", name="May")
    Creator.objects.filter(pk=may.pk).update(tier="junior", tier_since=dt.date(2026, 1, 1))
    changed = registry.store_tiers(changes={zhou.pk: "junior", may.pk: "junior"}, on=DAY)
    assert changed == 1
    zhou.refresh_from_db()
    may.refresh_from_db()
    assert (zhou.tier, zhou.tier_since) == ("junior", DAY)
    assert (may.tier, may.tier_since) == ("junior", dt.date(2026, 1, 1))


def test_store_tiers_of_many_is_one_statement(store, django_assert_num_queries):
    ids = [add_zhou(store, number=f"E{n}", share_code="").pk for n in range(5)]
    with django_assert_num_queries(1):
        assert registry.store_tiers(changes=dict.fromkeys(ids, "senior"), on=DAY) == 5
    with django_assert_num_queries(0):
        assert registry.store_tiers(changes={}, on=DAY) == 0


# -- accounts and pairings -----------------------------------------------------


def test_the_platform_decides_the_domain(lin, brand, store):
    zhou = add_zhou(store)
    public = registry.add_account(
        by=lin,
        creator=zhou,
        platform="xiaohongshu",
        handle="Zhou",
        ownership="personal",
    )
    assert (public.domain, public.unit, public.brand) == ("public", store, brand)
    official = registry.add_account(
        by=lin,
        unit=brand,
        platform="official_account",
        handle="Chengye",
        ownership="company_opened",
        private_layer="service",
    )
    assert (official.domain, official.unit, official.creator) == ("private", brand, None)
    assert Activity.objects.filter(verb="account.added", actor=lin).count() == 2


def test_an_account_has_exactly_one_owner(store):
    zhou = add_zhou(store)
    refused("account_needs_one_owner", add_note_account, creator=zhou, unit=store)
    refused("account_needs_one_owner", add_note_account, creator=None)


def test_who_left_gets_no_account(store):
    refused("owner_has_left", add_note_account, creator=add_zhou(store, state="left"))


def test_a_public_account_has_no_private_layer(store):
    refused(
        "layer_of_public_account",
        add_note_account,
        creator=add_zhou(store),
        private_layer="relation",
    )


def test_a_platform_id_belongs_to_one_account(store):
    zhou = add_zhou(store)
    add_note_account(zhou, platform_uid="5f00")
    assert "5f00" in refused(
        "account_uid_taken", add_note_account, creator=zhou, platform_uid="5f00"
    )
    assert add_note_account(zhou, platform="douyin", platform_uid="5f00").pk


def test_pairing_joins_a_public_and_a_private_account(lin, store):
    zhou = add_zhou(store)
    public, private = add_note_account(zhou), add_wecom(zhou)
    pairing = registry.pair_accounts(by=lin, public=public, private=private, since=DAY)
    assert (pairing.public_account, pairing.private_account) == (public, private)
    assert Activity.objects.get(verb="pairing.added").unit == store


def test_pairing_refuses_the_wrong_domain_a_closed_account_and_another_brand(lin, store):
    zhou = add_zhou(store)
    public, private = add_note_account(zhou), add_wecom(zhou)
    pair = registry.pair_accounts
    refused("not_a_public_account", pair, by=lin, public=private, private=private, since=DAY)
    refused("not_a_private_account", pair, by=lin, public=public, private=public, since=DAY)
    banned = add_wecom(zhou, state="banned")
    refused("account_not_in_use", pair, by=lin, public=public, private=banned, since=DAY)
    other = add_unit(by=lin, kind="brand", code="XX", name="Other")
    there = add_wecom(None, unit=other)
    refused("other_brand", pair, by=lin, public=public, private=there, since=DAY)
    assert not Pairing.objects.exists()


def test_a_public_account_has_one_open_pairing(lin, store):
    zhou = add_zhou(store)
    public, private = add_note_account(zhou), add_wecom(zhou)
    first = registry.pair_accounts(by=lin, public=public, private=private, since=DAY)
    pair = registry.pair_accounts
    refused("already_paired", pair, by=lin, public=public, private=private, since=DAY)
    registry.end_pairing(by=lin, pairing=first, until=DAY)
    assert pair(by=lin, public=public, private=private, since=DAY).pk != first.pk


def test_a_person_has_one_open_pairing_per_platform(lin, store):
    zhou = add_zhou(store)
    private = add_wecom(zhou)
    registry.pair_accounts(by=lin, public=add_note_account(zhou), private=private, since=DAY)
    second = add_note_account(zhou, handle="Zhou again")
    refused(
        "already_paired_on_platform",
        registry.pair_accounts,
        by=lin,
        public=second,
        private=private,
        since=DAY,
    )
    douyin = add_note_account(zhou, platform="douyin")
    assert registry.pair_accounts(by=lin, public=douyin, private=private, since=DAY).pk


def test_a_pairing_ends_once_and_not_before_it_began(lin, store):
    zhou = add_zhou(store)
    pairing = registry.pair_accounts(
        by=lin, public=add_note_account(zhou), private=add_wecom(zhou), since=DAY
    )
    end = registry.end_pairing
    refused("ends_before_start", end, by=lin, pairing=pairing, until=DAY - dt.timedelta(1))
    assert end(by=lin, pairing=pairing, until=DAY).until == DAY
    refused("pairing_ended", end, by=lin, pairing=pairing, until=DAY)
    assert Activity.objects.filter(verb="pairing.ended").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_pairings_of_one_account_at_once_leave_one(store):
    zhou = add_zhou(store)
    public, private = add_note_account(zhou), add_wecom(zhou)
    answers = []
    start = threading.Barrier(2)

    def pair():
        start.wait()
        try:
            registry.pair_accounts(by=None, public=public, private=private, since=DAY)
            answers.append("paired")
        except DomainError as refusal:
            answers.append(refusal.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=pair) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == ["already_paired", "paired"]
    assert SocialAccount.objects.count() == 2
    assert Pairing.objects.filter(until=None).count() == 1


# -- real people only ------------------------------------------------------------


def test_nobody_is_active_before_somebody_has_checked_who_they_are(store):
    message = refused("not_identified", add_zhou, store=store, identity="")
    assert "Zhou Min" in message
    zhou = add_zhou(store, identity="", state="candidate")
    refused("not_identified", registry.change_state, by=None, creator=zhou, state="active", on=DAY)
    with pytest.raises(IntegrityError, match="creator_active_is_identified"), transaction.atomic():
        Creator.objects.filter(pk=zhou.pk).update(state="active")
    Creator.objects.filter(pk=zhou.pk).update(identity="checked")
    registry.change_state(by=None, creator=zhou, state="active", on=DAY)
    zhou.refresh_from_db()
    assert zhou.state == "active"


def test_many_at_once_leave_out_whoever_has_not_been_identified(store):
    known, unknown = add_zhou(store), add_zhou(store, number="E002", share_code="")
    Creator.objects.all().update(state="paused")
    Creator.objects.filter(pk=unknown.pk).update(identity="")
    changed = registry.change_states(
        by=None, creators=Creator.objects.all(), before="paused", after="active", on=DAY
    )
    assert changed == [known.pk]


def test_no_account_is_in_use_without_a_verified_owner(store):
    zhou = add_zhou(store, identity="", state="candidate")
    refused("owner_not_verified", add_note_account, creator=zhou)
    closed = add_note_account(zhou, state="closed")
    for state in ("active", "limited"):
        with (
            pytest.raises(IntegrityError, match="social_account_owner_verified"),
            transaction.atomic(),
        ):
            SocialAccount.objects.filter(pk=closed.pk).update(state=state)
    Creator.objects.filter(pk=zhou.pk).update(identity="checked")
    zhou.refresh_from_db()
    assert add_note_account(zhou).owner_proof == "checked"
    assert (
        registry.add_account(
            by=None, unit=store, platform="douyin", handle="Xintiandi", ownership="company_opened"
        ).owner_proof
        == "company"
    )


def test_a_programme_is_for_koc_only(store):
    refused("programme_of_kos", add_zhou, store=store, programme="seeding")
    may = add_zhou(store, kind="koc", number="C1", share_code="", programme="seeding")
    assert may.programme == "seeding"
    with pytest.raises(IntegrityError, match="creator_programme_of_koc"), transaction.atomic():
        Creator.objects.filter(pk=may.pk).update(kind="kos")


def test_nothing_in_the_matrix_could_hold_a_price_a_device_or_an_invented_person():
    """REQUIREMENTS section 6: what is not built has no field to be put into."""
    forbidden = ("price", "fee", "deposit", "device", "proxy", "imei", "fingerprint", "virtual",
                 "bot", "recruit_reward", "downline")  # fmt: skip
    names = [
        f"{model.__name__}.{field.name}"
        for model in apps.get_app_config("matrix").get_models()
        for field in model._meta.get_fields()
    ]
    assert names
    assert [name for name in names if any(word in name.lower() for word in forbidden)] == []
