"""What the demo brand looks like, at a twentieth of its size. It is loaded once for all tests here."""

import datetime as dt
from collections import Counter
from collections.abc import Iterator
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.core.files.storage import InMemoryStorage
from django.core.management import call_command
from django.db import connection, transaction

from accounts.access import is_hq, reach
from accounts.models import Activity, Grant, Person, Unit
from content.formulas import TIER_INTERACTIONS, sql_of
from content.models import MetricSnapshot, Post, PostLink
from customers.models import Order, OrderLine, Refund, WaitingRefund
from incentives import payouts, proof, tier_runs
from incentives.choices import POINTS, BatchState, PayoutState
from incentives.models import Journal, Payout, PayoutBatch, PlanVersion, Settlement, Statement
from kosops.lib import sql

pytestmark = pytest.mark.xdist_group("demo")

DAY = dt.date(2026, 10, 21)
PASSPHRASE = "maple-otter-sunrise-teapot-quartz"


@pytest.fixture(scope="module")
def loaded(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """The demo brand in a transaction that is rolled back after the last test of this file."""
    with django_db_blocker.unblock(), pytest.MonkeyPatch.context() as patch:
        patch.setattr(PayoutBatch._meta.get_field("file"), "storage", InMemoryStorage())
        with transaction.atomic():
            call_command("demo", scale=0.05, day=DAY, password=PASSPHRASE, verbosity=0)
            yield
            transaction.set_rollback(True)
        connection.close()


@pytest.fixture(autouse=True)
def _demo_brand(loaded: None, django_db_blocker: Any) -> Iterator[None]:
    """Each test sees the brand as it was loaded."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield
        transaction.set_rollback(True)


def test_the_demo_shows_a_plausible_brand_and_its_books_prove() -> None:
    brand = Unit.objects.get(code="CY")
    assert Unit.objects.filter(parent=brand).count() == 4
    assert proof.differences(proof.verify()) == 0

    # Six full months are settled; all but the last are paid, but for one payment.
    months = ["2026-04", "2026-05", "2026-06", "2026-07", "2026-08", "2026-09"]
    assert list(Settlement.objects.order_by("period").values_list("period", flat=True)) == months
    states = dict(PayoutBatch.objects.values_list("settlement__period", "state"))
    assert states.pop("2026-09") == BatchState.SUBMITTED
    assert set(states.values()) == {BatchState.CLOSED}
    assert Payout.objects.filter(state=PayoutState.FAILED).count() == 1
    assert PlanVersion.objects.filter(brand=brand, state="approved").count() == 2

    # Nothing has happened today or later, in no column of the history.
    midnight = dt.datetime(2026, 10, 21, tzinfo=ZoneInfo("Asia/Shanghai"))
    assert not Order.objects.filter(paid_at__gte=midnight).exists()
    assert not Post.objects.filter(published_at__gte=midnight).exists()
    assert not MetricSnapshot.objects.filter(captured_at__gte=midnight).exists()
    # Points alone are worked out and spent on the day itself.
    assert not Journal.objects.filter(business_date__gte=DAY).exclude(currency=POINTS).exists()
    late = midnight + dt.timedelta(minutes=5)
    assert not Activity.objects.filter(at__gt=late).exists()
    assert not Order.objects.filter(created_at__gt=late).exists()

    assert Order.objects.filter(seller=None).exists()
    assert Refund.objects.exists()
    assert WaitingRefund.objects.filter(applied_at=None).count() == 9
    assert OrderLine.objects.filter(commissionable=False).exists()


def test_figures_of_posts_are_the_latest_known_of_their_snapshots() -> None:
    wrong = sql.fetch_all(
        """
        SELECT p.id FROM content_post p
         WHERE p.views IS DISTINCT FROM (
            SELECT s.views FROM content_metricsnapshot s
             WHERE s.post_id = p.id AND s.views IS NOT NULL
             ORDER BY s.captured_at DESC LIMIT 1)
        """
    )
    assert wrong == []
    # Channels has no saves at all, and unknown is never nought.
    assert not Post.objects.filter(platform="channels", saves__isnull=False).exists()
    # A post whose figures nobody has read yet says so, it does not say 0.
    assert not Post.objects.filter(figures_at=None, likes__isnull=False).exists()


def test_everybody_who_is_named_can_sign_in_and_sees_their_place() -> None:
    people = {person.username: person for person in Person.objects.all()}
    assert sorted(people) == ["admin", "chen", "he", "lin", "may", "wu", "xu", "zhao", "zhou"]
    assert all(person.check_password(PASSPHRASE) for person in people.values())
    assert {name for name, person in people.items() if is_hq(person)} == set(people) - {
        "may",
        "zhou",
    }
    xu = reach(people["xu"], "matrix.view")
    assert xu.covers(Unit.objects.get(code="SH0001"))
    assert not xu.covers(Unit.objects.get(code="BJ0001"))
    assert Grant.objects.get(person=people["he"]).unit.code == "SH0001"

    zhou, may = people["zhou"].creator, people["may"].creator
    assert (zhou.kind, zhou.store.code) == ("kos", "SH0001")
    assert Order.objects.filter(seller=zhou).exists()
    assert Statement.objects.filter(creator=zhou, payable__gt=0).exists()
    assert Payout.objects.filter(creator=zhou, state=PayoutState.SUCCEEDED).exists()

    assert (may.kind, may.tier) == ("koc", "intermediate")
    best = sql.fetch_one(
        f"SELECT max({sql_of(TIER_INTERACTIONS, 'p')}) AS best FROM content_post p"
        " WHERE p.creator_id = %(may)s",
        {"may": may.pk},
    )["best"]
    assert best == 962, "38 interactions are lacking for the next tier"
    progress = tier_runs.progress_of(may, DAY)
    assert progress is not None
    assert progress.blocked_by == []


def test_zhao_can_approve_the_batch_that_waits() -> None:
    batch = PayoutBatch.objects.get(state=BatchState.SUBMITTED, channel="bank")
    assert batch.maker.username == "chen"
    payouts.approve(by=Person.objects.get(username="zhao"), batch=batch)
    assert proof.differences(proof.verify()) == 0


def test_links_of_posts_are_recognised_waiting_and_refused() -> None:
    states = Counter(PostLink.objects.values_list("state", flat=True))
    assert states["linked"] >= 3 and states["waiting"] >= 8 and states["refused"] == 1
    assert PostLink.objects.filter(creator__person__username="zhou", state="waiting").exists()
