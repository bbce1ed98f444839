"""Where a person decides about tiers: pins, moves that wait for a word, notices, other facts."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from content.models import Post
from incentives import ladders, tier_pins, tier_review, tier_runs, tiers
from incentives.models import TierChange, TierNotice, TierPin, TierProposal, TierRisk
from kosops.lib.errors import DomainError
from matrix.models import Creator
from tests import cast as c

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate


def days(number):
    return dt.timedelta(days=number)


@pytest.fixture
def people():
    people = c.cast()
    ladders.start_ladders(by=None, brand=people.brand, valid_from=TODAY() - days(300))
    return people


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


def note(creator, days_ago, interactions=10):
    account = creator.social_accounts.first() or c.account(creator)
    return Post.objects.create(
        brand=creator.brand,
        store=creator.store,
        account=account,
        creator=creator,
        platform="xiaohongshu",
        title_key=f"{days_ago} {interactions}",
        published_at=timezone.now() - days(days_ago),
        likes=interactions,
        saves=0,
        comments=0,
    )


def at_tier(creator, tier):
    Creator.objects.filter(pk=creator.pk).update(tier=tier, tier_since=TODAY() - days(100))
    creator.refresh_from_db()


def evaluate(people, as_of=None):
    return tier_runs.evaluate(by=None, brand=people.brand, as_of=as_of or TODAY())


def tier_of(creator):
    return Creator.objects.get(pk=creator.pk).tier


def refused(code, command, **values):
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        command(**values)
    assert refusal.value.code == code


def reviewed(people, review="all", kind="koc", **rules):
    rules = tiers.standard_rules(kind) | {"review": review} | rules
    before = ladders.ladder_on(people.brand, kind, TODAY())
    return type(before).objects.create(
        brand=people.brand, creator_kind=kind, valid_from=TODAY() - days(50), rules=rules
    )


# -- pins ----------------------------------------------------------------------


def pinned(people, lin, tier="senior", **changes):
    values = {"until": TODAY() + days(20), "reason": "Guest of the founder’s live show"}
    return tier_pins.pin(by=lin, creator=people.may, tier=tier, **(values | changes))


def test_a_pin_sets_the_tier_at_once_and_says_why(people, lin):
    pin = pinned(people, lin)
    assert tier_of(people.may) == "senior"
    change = TierChange.objects.get()
    assert (change.run, change.pin, change.to_tier) == (None, pin, "senior")


def test_runs_leave_a_pinned_tier_alone_until_its_last_day(people, lin):
    pinned(people, lin)
    evaluate(people)
    assert tier_of(people.may) == "senior"
    assert not TierRisk.objects.exists()
    may = tier_runs.progress_of(people.may, TODAY())
    assert may.pin.reason == "Guest of the founder’s live show"
    assert tier_runs.progress_of(people.may, TODAY() + days(21)).pin is None


def test_a_pin_that_was_ended_leaves_the_tier_to_the_rules(people, lin):
    pin = pinned(people, lin)
    tier_pins.unpin(by=lin, pin=pin)
    evaluate(people)
    assert TierRisk.objects.get().creator == people.may
    refused("pin_over", tier_pins.unpin, by=lin, pin=pin)
    assert pinned(people, lin, tier="junior").tier == "junior", "a new one may follow at once"


def test_a_pin_needs_a_reason_an_end_and_no_other_pin(people, lin):
    refused("reason_needed", pinned, people=people, lin=lin, reason=" ")
    refused("pin_in_past", pinned, people=people, lin=lin, until=TODAY() - days(1))
    refused("pin_too_long", pinned, people=people, lin=lin, until=TODAY() + days(400))
    refused("unknown_tier", pinned, people=people, lin=lin, tier="king")
    pinned(people, lin)
    refused("already_pinned", pinned, people=people, lin=lin)


def test_the_database_keeps_pins_as_they_were_set(people, lin):
    pin = pinned(people, lin)
    with pytest.raises(IntegrityError), transaction.atomic():
        TierPin.objects.filter(pk=pin.pk).update(reason="Another")
    with pytest.raises(IntegrityError), transaction.atomic():
        TierPin.objects.filter(pk=pin.pk).delete()


def test_a_pin_calls_off_a_coming_fall(people, lin):
    at_tier(people.may, "junior")
    evaluate(people)
    assert TierRisk.objects.exists()
    pinned(people, lin, tier="junior")
    assert not TierRisk.objects.exists()
    assert TierNotice.objects.get().ended_as == "kept"


# -- moves that wait -----------------------------------------------------------


def test_a_move_waits_for_a_word_where_the_rules_ask_for_it(people):
    reviewed(people)
    note(people.may, 3, 1_240)
    _kos, koc = sorted(evaluate(people), key=lambda run: run.ladder.creator_kind == "koc")
    assert tier_of(people.may) == ""
    proposal = TierProposal.objects.get()
    assert (proposal.to_tier, proposal.is_up, koc.counts["waiting"]) == ("senior", True, 1)
    assert proposal.explanation["facts"] == {"best_note_180": 1_240}


def test_only_falls_wait_where_the_rules_say_so(people):
    reviewed(people, "demotions", grace_days=0)
    note(people.may, 3)
    lan = c.creator(people.jingan, "C002", "Lan", kind="koc", tier="junior")
    evaluate(people)
    assert tier_of(people.may) == "junior"
    assert tier_of(lan) == "junior"
    assert TierProposal.objects.get().creator == lan
    assert TierRisk.objects.get().falls_on == TODAY(), "the day has come, and somebody looks"


def test_a_confirmed_move_takes_effect_with_its_reason(people, lin):
    reviewed(people)
    note(people.may, 3, 1_240)
    evaluate(people)
    proposal = TierProposal.objects.get()
    done = tier_review.confirm(by=lin, brand=people.brand, proposals=[proposal.pk])
    assert (done.done, done.passed_over, tier_of(people.may)) == (1, 0, "senior")
    change = TierChange.objects.get()
    assert change.explanation["facts"] == {"best_note_180": 1_240}
    assert change.explanation["confirmed_by"] == "Lin"
    again = tier_review.confirm(by=lin, brand=people.brand, proposals=[proposal.pk])
    assert (again.done, again.passed_over) == (0, 1)


def test_a_declined_rise_rests_and_a_declined_fall_gets_time(people, lin):
    reviewed(people, grace_days=0)
    note(people.may, 3, 1_240)
    lan = c.creator(people.jingan, "C002", "Lan", kind="koc", tier="junior")
    evaluate(people, TODAY() - days(1))
    both = list(TierProposal.objects.values_list("pk", flat=True))
    tier_review.decline(by=lin, brand=people.brand, proposals=both, reason="Figures look bought")
    evaluate(people)
    assert not TierProposal.objects.filter(state="waiting").exists()
    assert (tier_of(people.may), tier_of(lan)) == ("", "junior")
    assert TierRisk.objects.get(creator=lan).falls_on == TODAY() + days(30)
    assert tier_runs.progress_of(people.may, TODAY()).declined.reason == "Figures look bought"


def test_a_proposal_lapses_when_the_facts_change(people):
    reviewed(people)
    found = note(people.may, 3, 1_240)
    evaluate(people, TODAY() - days(1))
    Post.objects.filter(pk=found.pk).update(state="removed")
    evaluate(people)
    assert TierProposal.objects.get().state == "lapsed"


def test_declining_needs_a_reason_and_deciding_a_choice(people, lin):
    values = {"by": lin, "brand": people.brand, "proposals": []}
    refused("reason_needed", tier_review.decline, **values, reason=" ")
    refused("nothing_chosen", tier_review.confirm, **values)
    refused("too_many", tier_review.confirm, **(values | {"proposals": range(2_001)}))


def test_many_are_decided_with_the_same_statements(people, lin, django_assert_max_num_queries):
    reviewed(people)
    for number in range(30):
        note(c.creator(people.jingan, f"X{number}", f"May {number}", kind="koc"), 3)
    evaluate(people)
    chosen = list(TierProposal.objects.values_list("pk", flat=True))
    with django_assert_max_num_queries(8):
        assert tier_review.confirm(by=lin, brand=people.brand, proposals=chosen).done == 30
    assert Creator.objects.filter(tier="junior").count() == 30


# -- notices -------------------------------------------------------------------


def test_a_coming_fall_is_told_once_and_kept(people):
    at_tier(people.may, "junior")
    evaluate(people, TODAY() - days(2))
    evaluate(people, TODAY() - days(1))
    notice = TierNotice.objects.get()
    assert (notice.told_on, notice.falls_on) == (TODAY() - days(2), TODAY() + days(28))
    note(people.may, 0)
    evaluate(people)
    notice.refresh_from_db()
    assert (notice.ended_on, notice.ended_as) == (TODAY(), "kept")
    with pytest.raises(IntegrityError), transaction.atomic():
        TierNotice.objects.filter(pk=notice.pk).update(falls_on=TODAY() + days(90))


def test_the_phone_notes_that_the_creator_has_seen_it(people, client: Client):
    may = c.person("may", (Role.KOC, people.jingan))
    Creator.objects.filter(pk=people.may.pk).update(person=may)
    at_tier(people.may, "junior")
    evaluate(people)
    client.force_login(may)
    assert client.get(reverse("mobile:tier")).status_code == 200
    seen = TierNotice.objects.get().seen_at
    assert seen is not None
    client.get(reverse("mobile:tier"))
    assert TierNotice.objects.get().seen_at == seen
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    part = client.get(reverse("incentives:creator_tier", args=[people.may.pk])).content.decode()
    assert "Seen on the phone on" in part


# -- facts beside the posts ----------------------------------------------------


def test_sales_orders_or_leads_earn_a_star(people):
    reviewed(people, "none", "kos", **tiers.star_rules())
    day = (TODAY() - days(5)).isoformat()
    c.order(people, "A1", 1_200_000, day=day)
    evaluate(people)
    change = TierChange.objects.get(creator=people.zhou)
    assert change.to_tier == "intermediate"
    assert change.explanation["any"] is True
    assert change.explanation["facts"]["sales_90"] == 1_200_000
    assert change.explanation["facts"]["leads_90"] is None, "nobody has told, so it is not 0"


def test_refunded_sales_do_not_count(people):
    reviewed(people, "none", "kos", **tiers.star_rules())
    day = (TODAY() - days(5)).isoformat()
    c.order(people, "A1", 1_200_000, day=day)
    c.refund(people, "A1", "R1", 700_000, day=day)
    facts = tier_runs.facts_of(people.zhou, ladders.checked(tiers.star_rules()), TODAY())
    assert facts["sales_90"].value == 500_000
    assert facts["orders_90"].value == 1


# -- pages ---------------------------------------------------------------------


def test_lin_confirms_on_the_page_and_the_analyst_cannot(people, lin, client: Client):
    reviewed(people)
    note(people.may, 3)
    evaluate(people)
    chosen = {"kind": "koc", "chosen": [TierProposal.objects.get().pk], "decision": "confirm"}
    address = reverse("incentives:tier_review_decide")
    client.force_login(c.person("ana", (Role.ANALYST, people.brand)))
    assert (
        "Confirm the chosen" not in client.get(reverse("incentives:tier_review")).content.decode()
    )
    assert client.post(address, chosen).status_code == 403
    client.force_login(lin)
    assert (
        "1 note is online; 1 needed"
        in client.get(reverse("incentives:tier_review")).content.decode()
    )
    unsaid = client.post(address, chosen | {"decision": "decline"})
    assert unsaid.status_code == 422
    assert "Say why" in unsaid.content.decode()
    told = client.post(address, chosen, follow=True).content.decode()
    assert "1 move took effect" in told
    assert tier_of(people.may) == "junior"


def test_lin_pins_on_the_page_and_the_change_says_so(people, lin, client: Client):
    client.force_login(lin)
    address = reverse("incentives:tier_pin", args=[people.may.pk])
    wrong = client.post(address, {"tier": "senior", "until": "2020-01-01", "reason": "Guest"})
    assert wrong.status_code == 422
    until = (TODAY() + days(9)).isoformat()
    sent = {"tier": "senior", "until": until, "reason": "Guest of the live show"}
    assert client.post(address, sent).status_code == 302
    change = TierChange.objects.get()
    shown = client.get(reverse("incentives:tier_change", args=[change.pk])).content.decode()
    assert "by Lin: Guest of the live show" in shown
    part = client.get(reverse("incentives:creator_tier", args=[people.may.pk])).content.decode()
    assert "Let the rules decide again" in part
    client.post(reverse("incentives:tier_unpin", args=[change.pin_id]))
    assert TierPin.objects.get().ended_by == lin


def test_a_condition_is_added_and_left_out_on_the_page(people, lin, client: Client):
    client.force_login(lin)
    sent = {
        "kind": "koc",
        "senior-reach-0-at_least": 1000,
        "senior-reach-1-fact": "orders",
        "senior-reach-1-at_least": 5,
        "senior-reach-1-within_days": 90,
        "senior-reach-any": "any",
        "senior-keep-1-fact": "",
        "grace_days": 30,
        "review": "demotions",
        "valid_from": (TODAY() + days(3)).isoformat(),
    }
    tried = client.get(reverse("incentives:tier_preview"), sent).content.decode()
    assert "Credited orders" in tried
    client.post(reverse("incentives:tier_preview"), sent)
    rules = ladders.ladder_on(people.brand, "koc", TODAY() + days(3)).rules
    assert rules["review"] == "demotions"
    senior = rules["tiers"][2]
    assert senior["reach_any"] is True
    assert senior["reach"][1] == {"fact": "orders", "at_least": 5, "within_days": 90}
    assert [each["fact"] for each in senior["keep"]] == ["notes"]


def test_the_same_condition_twice_is_refused_on_the_page(people, lin, client: Client):
    client.force_login(lin)
    sent = {
        "kind": "koc",
        "junior-reach-1-fact": "notes",
        "junior-reach-1-at_least": 3,
        "junior-reach-0-at_least": 1,
        "grace_days": 30,
    }
    answer = client.get(reverse("incentives:tier_preview"), sent)
    assert answer.status_code == 422
    assert "asks for the same" in answer.content.decode()


def test_the_ladder_by_sales_is_offered_to_start_from(people, lin, client: Client):
    client.force_login(lin)
    address = reverse("incentives:tier_preview")
    assert "start=stars" in client.get(address, {"kind": "kos"}).content.decode()
    form = client.get(address, {"kind": "kos", "start": "stars"}).content.decode()
    assert "Credited sales" in form
    assert 'value="50000"' in form, "money is asked for in yuan"
