"""Benefits of tiers and layers, priority in selection, certificates."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from incentives import badges, benefits
from incentives.ladders import start_ladders
from incentives.models import Benefit, TierCertificate
from kosops.lib.errors import DomainError
from matrix.models import Creator
from tests import cast as c

pytestmark = pytest.mark.django_db
TODAY = timezone.localdate()


@pytest.fixture
def people():
    return c.cast()


def benefit(people, title, **fields):
    values = {"creator_kind": "koc", "kind": "perk", "tier": "junior", "first_day": TODAY}
    return benefits.add(by=None, brand=people.brand, title=title, **(values | fields))


def raised(creator, tier, layer=""):
    Creator.objects.filter(pk=creator.pk).update(tier=tier, tier_since=TODAY, layer=layer)
    creator.refresh_from_db()
    return creator


def refused(code, command, **values):
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        command(**values)
    assert refusal.value.code == code


def titles(rows):
    return [row.title for row in rows]


def test_a_tier_has_what_the_tiers_under_it_bring(people):
    benefit(people, "Samples")
    benefit(people, "Senior group", tier="senior", kind="group")
    benefit(people, "For staff", creator_kind="kos")
    benefit(people, "Care line", tier="", layer="quality")
    may = raised(people.may, "senior", "quality")
    assert titles(benefits.of_creator(may, TODAY)) == ["Senior group", "Samples", "Care line"]
    assert titles(benefits.unlocked_by(people.brand, "koc", "senior", TODAY)) == ["Senior group"]
    raised(may, "junior")
    assert titles(benefits.of_creator(may, TODAY)) == ["Samples"]


def test_benefits_hold_on_their_days(people):
    benefit(people, "Autumn", last_day=TODAY)
    benefit(people, "Next week", first_day=TODAY + dt.timedelta(7))
    assert titles(benefits.of_tier(people.brand, "koc", "junior", TODAY)) == ["Autumn"]
    later = TODAY + dt.timedelta(8)
    assert titles(benefits.of_tier(people.brand, "koc", "junior", later)) == ["Next week"]


def test_priority_in_selection_is_the_highest_weight(people, django_assert_num_queries):
    benefit(people, "Ahead", kind="priority", value=5)
    benefit(people, "Far ahead", kind="priority", value=20, tier="senior")
    benefit(people, "Quality first", kind="priority", value=30, tier="", layer="quality")
    raised(people.may, "senior")
    lan = raised(c.creator(people.jingan, "C002", "Lan", kind="koc"), "junior", "quality")
    new = c.creator(people.jingan, "C003", "New", kind="koc")
    with django_assert_num_queries(1):
        found = benefits.priorities([people.may.pk, lan.pk, new.pk])
    assert found == {people.may.pk: 20, lan.pk: 30}


def test_a_benefit_is_ended_and_never_edited(people):
    lin = c.person("lin", (Role.OPERATOR, people.brand))
    made = benefit(people, "Samples")
    benefits.end(by=lin, benefit=made)
    assert Benefit.objects.get().last_day == TODAY
    refused("benefit_over", benefits.end, by=lin, benefit=made)
    with pytest.raises(IntegrityError), transaction.atomic():
        Benefit.objects.update(title="Another")
    refused("tier_or_layer", benefit, people=people, title="Both", layer="quality")
    refused("value_needed", benefit, people=people, title="Ahead", kind="priority")


def test_lin_edits_the_table_and_a_manager_only_reads_it(people, client: Client):
    client.force_login(c.person("lin", (Role.OPERATOR, people.brand)))
    address = reverse("incentives:benefits")
    sent = {
        "creator_kind": "koc",
        "whom": "tier:senior",
        "kind": "boost",
        "title": "Traffic for notes",
        "value": "300",
        "first_day": TODAY.isoformat(),
    }
    assert client.post(address, sent | {"value": ""}).status_code == 422
    assert client.post(address, sent).status_code == 302
    assert "¥300.00" in client.get(address).content.decode()
    client.force_login(c.person("sun", (Role.STORE_MANAGER, people.jingan)))
    assert client.post(address, sent).status_code == 403
    client.force_login(c.person("xu", (Role.REGION_MANAGER, people.east)))
    assert (
        client.post(reverse("incentives:benefit_end", args=[Benefit.objects.get().pk])).status_code
        == 403
    )


# -- certificates --------------------------------------------------------------


def test_a_certificate_is_issued_once_per_tier_and_kept(people):
    refused("no_tier", badges.issue, by=None, creator=people.may)
    raised(people.may, "senior")
    made = badges.issue(by=None, creator=people.may)
    assert badges.issue(by=None, creator=people.may) == made
    with pytest.raises(IntegrityError), transaction.atomic():
        TierCertificate.objects.update(tier="junior")


def test_the_check_tells_only_what_is_needed(people, client: Client):
    raised(people.may, "senior")
    made = badges.issue(by=None, creator=people.may)
    address = reverse("incentives:certificate", args=[badges.spaced(made.number)])
    shown = client.get(address)
    text = shown.content.decode()
    assert "This certificate is genuine" in text
    assert "M**" in text
    assert "May" not in text
    assert people.jingan.name not in text
    assert people.may.number not in text
    assert shown["Cache-Control"] == "private, no-store"
    raised(people.may, "junior")
    assert "does not hold it now" in client.get(address).content.decode()
    assert client.get(reverse("incentives:certificate", args=["ACDEFGHJKMNP"])).status_code == 404


def test_may_makes_her_certificate_on_the_phone_and_reads_her_benefits(people, client: Client):
    start_ladders(by=None, brand=people.brand, valid_from=TODAY - dt.timedelta(9))
    benefit(people, "Samples")
    benefit(people, "Three notes and more", tier="intermediate")
    may = c.person("may", (Role.KOC, people.jingan))
    Creator.objects.filter(pk=people.may.pk).update(person=may)
    raised(people.may, "junior")
    client.force_login(may)
    tier = client.get(reverse("mobile:tier")).content.decode()
    assert "Samples" in tier
    assert "What Intermediate unlocks" in tier
    assert "Three notes and more" in tier
    address = reverse("mobile:certificate")
    assert "Make my certificate" in client.get(address).content.decode()
    shown = client.post(address, follow=True).content.decode()
    assert badges.spaced(TierCertificate.objects.get().number) in shown
