"""Commission plans: dated versions that never overlap and are never edited."""

import datetime as dt

import pytest

from customers.models import ChangedOrder
from incentives.commission import SELLER, SHARER
from incentives.models import PlanVersion
from incentives.plans import NewRate, PlanTerms, draft, in_force, rates_of, save_version
from kosops.lib.errors import DomainError
from tests import cast as c
from tests.incentives.money import accrue, differences, held
from tests.refusals import OVERLAP, RESTRICTED, RULE_BROKEN, TWICE, refused, sql

pytestmark = pytest.mark.django_db

SEPTEMBER_1 = dt.date(2026, 9, 1)
RATES = (NewRate(SELLER, 500), NewRate(SHARER, 200))


@pytest.fixture
def people() -> c.Cast:
    return c.cast()


def save(people: c.Cast, name: str = "Autumn", valid_from: dt.date = SEPTEMBER_1, **more):
    more.setdefault("rates", RATES)
    return save_version(by=None, brand=people.brand, name=name, valid_from=valid_from, **more)


def test_a_version_applies_from_its_first_day_on(people: c.Cast) -> None:
    version = save(people)
    assert in_force(people.brand, dt.date(2026, 8, 31)) is None
    assert in_force(people.brand, SEPTEMBER_1) == version
    assert in_force(people.brand, dt.date(2030, 1, 1)) == version
    assert [(rate.role, rate.rate_bp) for rate in rates_of(version)] == [
        (SELLER, 500),
        (SHARER, 200),
    ]
    assert in_force(c.cast_of_another_brand(), SEPTEMBER_1) is None


def test_a_new_version_ends_the_open_one_the_day_before(people: c.Cast) -> None:
    before = save(people)
    after = save(people, "Winter", dt.date(2026, 12, 1))
    before.refresh_from_db()
    assert in_force(people.brand, dt.date(2026, 11, 30)) == before
    assert in_force(people.brand, dt.date(2026, 12, 1)) == after


def test_the_last_day_belongs_to_the_version(people: c.Cast) -> None:
    version = save(people, valid_until=dt.date(2026, 9, 30))
    assert in_force(people.brand, dt.date(2026, 9, 30)) == version
    assert in_force(people.brand, dt.date(2026, 10, 1)) is None
    one_day = save(people, "Singles' day", dt.date(2026, 11, 11), valid_until=dt.date(2026, 11, 11))
    assert in_force(people.brand, dt.date(2026, 11, 11)) == one_day


@pytest.mark.parametrize(
    ("first", "last"),
    [
        ("2026-09-30", "2026-10-05"),
        ("2026-08-01", "2026-09-01"),
        ("2026-08-01", None),
        ("2026-09-10", "2026-09-20"),
        ("2026-09-01", None),
    ],
)
def test_two_versions_never_overlap_and_the_refusal_names_the_other(people, first, last) -> None:
    """M17"""
    save(people, valid_until=dt.date(2026, 9, 30))
    with pytest.raises(DomainError) as refusal:
        save(
            people,
            "Second",
            dt.date.fromisoformat(first),
            valid_until=dt.date.fromisoformat(last) if last else None,
        )
    assert refusal.value.code == "plan_overlaps"
    assert "Autumn" in str(refusal.value)
    assert PlanVersion.objects.count() == 1


def test_the_database_itself_refuses_an_overlap(people: c.Cast) -> None:
    save(people, valid_until=dt.date(2026, 9, 30))
    with refused(OVERLAP):
        sql(
            "INSERT INTO incentives_planversion (brand_id, name, valid, hold_days, cap_bp,"
            " created_at) VALUES (%s, 'x', '[2026-09-30,2026-10-05)', 15, 3000, now())",
            people.brand.pk,
        )
        sql("UPDATE incentives_planversion SET state = 'submitted' WHERE name = 'x'")
        sql("UPDATE incentives_planversion SET state = 'approved' WHERE name = 'x'")


def test_another_brand_has_its_own_plans(people: c.Cast) -> None:
    save(people)
    other = c.cast_of_another_brand()
    version = save_version(by=None, brand=other, name="Theirs", valid_from=SEPTEMBER_1, rates=RATES)
    assert in_force(other, SEPTEMBER_1) == version


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rates": ()}, "no_rates"),
        ({"rates": (NewRate(SELLER, 500), NewRate(SELLER, 400))}, "repeated_rate"),
        ({"rates": (NewRate(SELLER, 3_001),)}, "rate_above_cap"),
        ({"rates": (NewRate(SELLER, -1),)}, "rate_above_cap"),
        ({"cap_bp": 10_001}, "cap_out_of_range"),
        ({"cap_bp": -1}, "cap_out_of_range"),
        ({"valid_until": dt.date(2026, 8, 31)}, "dates_reversed"),
    ],
)
def test_a_plan_that_makes_no_sense_is_refused(people: c.Cast, changes, code: str) -> None:
    with pytest.raises(DomainError) as refusal:
        save(people, **changes)
    assert (refusal.value.code, refusal.value.status) == (code, 400)
    assert not PlanVersion.objects.exists()


def test_rates_of_different_cases_stand_side_by_side(people: c.Cast) -> None:
    cases = [
        NewRate(SELLER, 500),
        NewRate(SELLER, 600, category="makeup"),
        NewRate(SELLER, 700, tier="senior"),
        NewRate(SELLER, 800, creator_kind="koc"),
        NewRate(SHARER, 500),
    ]
    assert len(rates_of(save(people, rates=cases))) == 5


# -- never edited --------------------------------------------------------------


def test_a_version_and_its_rates_are_never_edited(people: c.Cast) -> None:
    save(people)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in (
        "UPDATE incentives_planversion SET name = 'x'",
        "UPDATE incentives_planversion SET cap_bp = 1",
        "UPDATE incentives_planversion SET hold_days = 0",
        "UPDATE incentives_planversion SET valid = '[2026-08-01,)'",
        "DELETE FROM incentives_planversion",
        "UPDATE incentives_planrate SET rate_bp = 1",
        "DELETE FROM incentives_planrate",
        "TRUNCATE incentives_planrate CASCADE",
    ):
        with refused(RESTRICTED):
            sql(statement)
    assert sql("UPDATE incentives_planversion SET valid = '[2026-09-01,2026-12-01)'") == 1


@pytest.mark.parametrize(("column", "value"), [("rate_bp", 10_001), ("rate_bp", -1)])
def test_the_database_keeps_rates_between_0_and_100_percent(people, column, value) -> None:
    version = draft(by=None, brand=people.brand, terms=PlanTerms("Draft", SEPTEMBER_1), rates=RATES)
    with refused(RULE_BROKEN):
        sql(
            f"INSERT INTO incentives_planrate (version_id, role, category, tier, creator_kind,"
            f" {column}) VALUES (%s, 'seller', 'x', '', '', %s)",
            *(version.pk, value),
        )
    with refused(TWICE):
        sql(
            "INSERT INTO incentives_planrate (version_id, role, category, tier, creator_kind,"
            " rate_bp) VALUES (%s, 'seller', '', '', '', 1)",
            version.pk,
        )


# -- looking again -------------------------------------------------------------


def test_a_plan_for_days_to_come_asks_no_order_again(people: c.Cast) -> None:
    save(people)
    c.order(people, "E1", 10_000, day="2026-09-05")
    accrue(people.brand, "2026-09-05")
    save(people, "Winter", dt.date(2026, 12, 1))
    assert not ChangedOrder.objects.exists()


def test_a_plan_for_past_days_asks_the_orders_of_just_these_days_again(people: c.Cast) -> None:
    save(people)
    orders = {
        day: c.order(people, f"E{day}", 10_000, day=f"2026-09-{day:02d}").pk
        for day in (9, 10, 11, 12)
    }
    accrue(people.brand, "2026-09-12")
    save(people, "Two days", dt.date(2026, 10, 1))
    assert not ChangedOrder.objects.exists()
    save_version(
        by=None,
        brand=(other := c.cast_of_another_brand()),
        name="Theirs",
        valid_from=SEPTEMBER_1,
        rates=RATES,
    )
    assert not ChangedOrder.objects.filter(brand_id=other.pk).exists()
    PlanVersion.objects.filter(brand=people.brand, name="Two days")
    sql("UPDATE incentives_planversion SET valid = '[2026-09-01,2026-09-10)' WHERE name = 'Autumn'")
    save(people, "Ten and eleven", dt.date(2026, 9, 10), valid_until=dt.date(2026, 9, 11))
    asked = set(ChangedOrder.objects.values_list("order", flat=True))
    assert asked == {orders[10], orders[11]}


def test_days_that_lose_their_plan_to_a_short_one_are_asked_again(people: c.Cast) -> None:
    """Otherwise the books would rest on a cap that is no longer in force, and not prove."""
    save(people, valid_from=dt.date(2026, 8, 1), cap_bp=3_000)
    jingan = people.jingan
    he, jun = c.creator(jingan, "K002", "He", tier="senior"), c.creator(jingan, "C002", "Jun")
    narrow = (
        NewRate(SELLER, 700),
        NewRate(SELLER, 100, tier="senior"),
        NewRate(SHARER, 500),
    )
    save_version(
        by=None, brand=people.brand, name="Narrow", valid_from=dt.date(2026, 9, 1), rates=narrow,
        cap_bp=1_000, valid_until=dt.date(2026, 9, 9),
    )  # fmt: skip
    open_again = dt.date(2026, 9, 10)
    save_version(
        by=None, brand=people.brand, name="Wide", valid_from=open_again, rates=RATES, cap_bp=3_000
    )
    # Both rates were frozen under the narrow cap, at different times.
    c.order(people, "E1", 10_000, day="2026-09-05", sharer=jun)
    accrue(people.brand, "2026-09-05")
    c.order(people, "E1", 10_000, day="2026-09-05", seller=he, sharer=people.may)
    accrue(people.brand, "2026-09-06")
    # On a day of the wide plan they may stand side by side.
    c.order(people, "E1", 10_000, day="2026-09-20", sharer=people.may)
    accrue(people.brand, "2026-09-20")
    assert (held(people.zhou), held(people.may)) == (700, 500)
    save(people, "One day", dt.date(2026, 9, 15), valid_until=dt.date(2026, 9, 15))
    assert differences() == {}, "the order waits for the next run"
    accrue(people.brand, "2026-09-21")
    assert (held(people.zhou), held(people.may)) == (700, 300)
    assert differences() == {}
