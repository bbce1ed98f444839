"""Loading the demo brand: wholly or not at all, and the same figures each time."""

import datetime as dt
import io

import pytest
from django.core.files.storage import InMemoryStorage
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from accounts.demo import Demo, clock
from accounts.models import Person, Unit
from content.models import MetricSnapshot, Post
from customers.models import Order, OrderLine, Refund
from incentives.models import PayoutBatch, Settlement, Statement
from kosops.lib import sql
from matrix.models import Creator, Pairing

pytestmark = pytest.mark.django_db

PASSPHRASE = "maple-otter-sunrise-teapot-quartz"
TABLES = (Unit, Creator, Pairing, Post, MetricSnapshot, Order, OrderLine, Refund, Statement)


@pytest.fixture(autouse=True)
def _files_in_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PayoutBatch._meta.get_field("file"), "storage", InMemoryStorage())


def load(**options: object) -> str:
    out = io.StringIO()
    options = {"scale": 0.01, "day": dt.date(2026, 10, 21), "password": PASSPHRASE} | options
    call_command("demo", stdout=out, **options)
    return out.getvalue()


def fingerprint() -> dict[str, object]:
    """Counts and sums that would show any difference between two loads."""
    return {
        **{model._meta.label: model.objects.count() for model in TABLES},
        "orders": sql.fetch_one(
            "SELECT sum(paid_amount) AS paid, sum(refunded_amount) AS back FROM customers_order"
        ),
        "views": sql.fetch_one("SELECT sum(views) AS views FROM content_post"),
        "months": list(
            Settlement.objects.order_by("period").values_list("period", "totals__earned")
        ),
        "names": sorted(Creator.objects.values_list("name", flat=True)),
    }


def test_the_same_seed_and_day_give_the_same_figures() -> None:
    seen = []
    for _time in range(2):
        with transaction.atomic():
            load()
            seen.append(fingerprint())
            transaction.set_rollback(True)
    assert seen[0] == seen[1]
    assert seen[0]["orders"]["paid"] > 0


def test_another_seed_and_another_part_draw_otherwise() -> None:
    draws = {
        (seed, part): Demo(seed=seed, day=dt.date(2026, 10, 21), scale=1, passphrase="")
        .rng(part)
        .random()
        for seed in (1, 2)
        for part in ("matrix", "content")
    }
    assert len(set(draws.values())) == 4


def test_a_brand_that_is_there_is_left_alone() -> None:
    Unit.objects.create(kind="brand", code="CY", name="Somebody's own")
    with pytest.raises(CommandError, match="already here"):
        load()
    assert load(if_empty=True) == ""
    assert Person.objects.count() == 0


def test_taken_sign_in_names_are_refused_and_nothing_is_left_behind() -> None:
    Person.objects.create_user("lin", PASSPHRASE, name="Another Lin")
    with pytest.raises(CommandError, match="lin"):
        load()
    assert not Unit.objects.exists()


def test_a_passphrase_has_to_be_given_where_none_is_set(settings) -> None:
    settings.DEMO_PASSPHRASE = ""
    with pytest.raises(CommandError, match="--password"):
        load(password="")


@pytest.mark.parametrize(
    ("today", "first", "halts_last"),
    [
        (dt.date(2026, 10, 21), dt.date(2026, 4, 1), dt.date(2026, 10, 21)),
        (dt.date(2026, 10, 1), dt.date(2026, 4, 1), dt.date(2026, 10, 1)),
        (dt.date(2026, 3, 31), dt.date(2025, 9, 1), dt.date(2026, 3, 31)),
    ],
)
def test_the_play_covers_six_full_months_and_ends_with_today(today, first, halts_last) -> None:
    demo = Demo(seed=1, day=today, scale=1, passphrase="")
    moments = demo.moments()
    assert demo.first_day == first
    assert moments == sorted(set(moments))
    assert moments[-1].date() == halts_last
    assert demo.days[-1] == today - dt.timedelta(days=1)


def test_the_clock_is_turned_back_afterwards() -> None:
    before = timezone.now()
    with clock(dt.datetime(2026, 4, 1, tzinfo=dt.UTC)):
        assert timezone.localdate() == dt.date(2026, 4, 1)
    assert timezone.now() >= before
