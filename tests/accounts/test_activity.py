"""How the log reads: words in each language, and a way to what was changed."""

import pytest
from django.apps import apps
from django.db import IntegrityError, transaction
from django.urls import reverse

from accounts import activity
from accounts.choices import Role
from accounts.models import Activity
from tests import cast as c

pytestmark = pytest.mark.django_db


def test_a_row_leads_to_its_object_where_a_page_shows_it() -> None:
    chengye = c.cast()
    order = c.order(chengye, "E1", 10_000)
    shown = {
        "order": activity.entry(
            activity.record(by=None, verb="order.changed", object=order, unit=order.store)
        ),
        "unit": activity.entry(Activity.objects.filter(verb="unit.added").latest("pk")),
    }
    assert shown["order"].href == reverse("customers:order", args=[order.pk])
    assert shown["order"].thing == "Order"
    assert shown["unit"].href == ""


def test_every_page_of_an_object_exists_and_takes_its_id_alone() -> None:
    for object_type, url_name in activity._pages.items():
        assert apps.get_model(object_type)
        assert reverse(url_name, args=[1])
    assert {"incentives.payoutbatch", "integrations.importbatch"} <= set(activity._pages)


def test_changes_are_in_words() -> None:
    chengye = c.cast()
    row = activity.record(
        by=None,
        verb="creator.changed",
        object=chengye.zhou,
        unit=chengye.jingan,
        before={"state": "active", "kind": "kos", "left_on": None, "same": 1},
        after={"state": "paused", "kind": "kos", "left_on": "2026-11-30", "same": 1, "new": [1, 2]},
    )
    found = [(change.label, change.before, change.after) for change in activity.entry(row).changes]
    assert found == [
        ("State", "Active", "Paused"),
        ("Left on", None, "2026-11-30"),
        ("New", None, "1, 2"),
    ]


def test_amounts_are_written_as_money_and_numbers_as_numbers() -> None:
    facts = {"creators": 3, "earned": 126_050, "clawed_back": -9_900}
    row = Activity(verb="settlement.settled", object_type="incentives.settlement", after=facts)
    assert [(one.label, one.after) for one in activity.entry(row).changes] == [
        ("Creators", "3"),
        ("Earned", "¥1,260.50"),
        ("Clawed back", "−¥99.00"),
    ]


def test_a_row_of_a_model_that_is_gone_still_reads() -> None:
    row = Activity(verb="thing.changed", object_type="gone.thing", object_id=1, object_label="X")
    assert activity.entry(row).thing == "gone.thing"
    assert activity.entry(row).changes == []


def test_the_log_keeps_the_name_that_somebody_had_then() -> None:
    chengye = c.cast()
    lin = c.person("lin", (Role.OPERATOR, chengye.brand))
    row = activity.record(by=lin, verb="unit.changed", object=chengye.east, unit=chengye.east)
    lin.name = "Lin Married"
    lin.save()
    row.refresh_from_db()
    assert row.actor_label == "Lin"


def test_the_log_can_only_grow() -> None:
    chengye = c.cast()
    activity.record(by=None, verb="unit.changed", object=chengye.east, unit=chengye.east)
    for act in (
        lambda: Activity.objects.update(verb="x.y"),
        lambda: Activity.objects.all().delete(),
    ):
        with pytest.raises(IntegrityError), transaction.atomic():
            act()
