"""Steps and caps of a person's month: in the books, and when they become payable."""

import datetime as dt
from itertools import permutations

import pytest

from incentives import own_orders
from incentives.commission import MANAGER, SELLER, SHARER
from incentives.models import ChangedMonth, MonthLine
from incentives.plans import NewRate, save_version
from kosops.lib.periods import Month
from kosops.lib.secrets import blind_index
from tests import cast as c
from tests.incentives.money import Office, accrue, differences, held, owed, release, settle
from tests.refusals import RESTRICTED, refused, sql

# -- in runs -------------------------------------------------------------------


@pytest.fixture
def office() -> Office:
    return Office()


def stepped(office: Office, start_bp: int = 500, **more) -> None:
    rates = (
        NewRate(SELLER, start_bp, steps=((100_000, 600), (300_000, 800))),
        NewRate(SHARER, 200),
    )
    save_version(
        by=None, brand=office.brand, name="Steps", valid_from=dt.date(2026, 9, 1), rates=rates,
        **more,
    )  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("mode", "month"), [("marginal", 11_000), ("whole", 12_000)])
def test_steps_are_posted_with_the_run_that_reaches_them(office: Office, mode, month) -> None:
    stepped(office, band_mode=mode)
    office.order("E1", 80_000, day="2026-09-03")
    accrue(office.brand, "2026-09-03")
    assert held(office.zhou) == 4_000
    office.order("E2", 120_000, day="2026-09-04")
    accrue(office.brand, "2026-09-04")
    assert held(office.zhou) == month
    assert accrue(office.brand, "2026-09-05").counts["journals"] == 0
    assert held(office.zhou) == month
    assert not ChangedMonth.objects.exists()
    assert differences() == {}


@pytest.mark.django_db
@pytest.mark.parametrize("arrival", list(permutations(range(4)))[::5])
def test_a_month_comes_to_the_same_in_whatever_order_things_happen(office: Office, arrival) -> None:
    """M12 for months: the same orders and refunds, one run after each."""
    stepped(office, band_mode="whole", person_cap=15_000)
    events = [
        lambda: office.order("E1", 80_000, day="2026-09-03"),
        lambda: office.order("E2", 180_000, day="2026-09-04"),
        lambda: office.refund("E1", "R1", 30_000),
        lambda: office.order("E3", 90_000, day="2026-09-05"),
    ]
    for place in arrival:
        events[place]()
        accrue(office.brand, "2026-09-20")
    # 320,000 reach the second step: 25,600, of which the cap leaves 15,000.
    assert held(office.zhou) == 15_000
    office.refund("E2", "R2", 180_000)
    accrue(office.brand, "2026-09-21")
    assert held(office.zhou) == 140_000 * 600 // 10_000
    assert differences() == {}


@pytest.mark.django_db
@pytest.mark.parametrize("first", ["credited", "refunded"])
def test_what_moves_no_cent_of_a_line_still_counts_towards_the_step(office: Office, first) -> None:
    """A refund that leaves the line's commission as it is, and one that leaves less than a cent, come
    to the same whether they were known before the line was credited or after.
    """
    stepped(office, band_mode="whole")
    orders = (("E1", 60_019, 18), ("E2", 39_990, 0), ("E3", 500, 490), ("E4", 19, 0))
    for number, paid, _back in orders:
        office.order(number, paid, day="2026-09-03")
    if first == "credited":
        accrue(office.brand, "2026-09-03")
        assert held(office.zhou) == (60_019 + 39_990 + 500 + 19) * 600 // 10_000
    for number, _paid, back in orders:
        if back:
            office.refund(number, f"R{number}", back)
    accrue(office.brand, "2026-09-04")
    # Of 1,000.20 the last 0.19 earn less than a cent each; they count.
    assert held(office.zhou) == (60_001 + 39_990 + 10 + 19) * 600 // 10_000
    assert differences() == {}


@pytest.mark.django_db
@pytest.mark.parametrize("arrival", list(permutations(range(4)))[::5])
@pytest.mark.parametrize(("mode", "owed"), [("marginal", 1_800), ("whole", 7_800)])
def test_steps_may_begin_at_nothing(office: Office, arrival, mode, owed) -> None:
    """Lines by such a rate are credited with nothing, and count as long as the order says so."""
    stepped(office, 0, band_mode=mode)
    he = c.creator(office.people.jingan, "K002", "He")
    for number, paid in (("E1", 80_000), ("E2", 70_000), ("E3", 90_000), ("E4", 90_000)):
        office.order(number, paid)
    accrue(office.brand, "2026-09-19")
    # 330,000 reach the second step as well.
    assert held(office.zhou) == (26_400 if mode == "whole" else 12_000 + 2_400)
    changes = [
        lambda: office.refund("E1", "R1", 20_000),
        lambda: office.order("E3", 90_000, status="closed"),
        lambda: office.order("E4", 90_000, seller=he),
        lambda: None,
    ]
    for place in arrival:
        changes[place]()
        accrue(office.brand, "2026-09-20")
    assert (held(office.zhou), held(he)) == (owed, 0)
    assert differences() == {}
    # What was credited with nothing is taken back like anything else.
    office.order("E1", 80_000, seller=he)
    office.order("E2", 70_000, status="closed")
    accrue(office.brand, "2026-09-21")
    assert held(office.zhou) == 0
    assert held(he) == (150_000 if mode == "whole" else 50_000) * 600 // 10_000
    assert differences() == {}


@pytest.mark.django_db
@pytest.mark.parametrize(("policy", "owed"), [("nothing", 0), ("allowed", 4_800)])
def test_an_own_order_counts_towards_a_step_only_where_it_counts(office, policy, owed) -> None:
    stepped(office, 0, self_purchase=policy)
    own_orders.link_buyer(by=None, creator=office.zhou, number="VIP-777")
    office.order("E1", 90_000)
    office.order("E2", 90_000, buyer_key=blind_index("member_id", "VIP-777"))
    accrue(office.brand, "2026-09-20")
    assert held(office.zhou) == owed
    assert differences() == {}


@pytest.mark.django_db
def test_an_order_that_moves_to_another_month_leaves_the_first_one(office: Office) -> None:
    stepped(office)
    office.order("E1", 80_000, day="2026-09-03")
    office.order("E2", 60_000, day="2026-09-30")
    accrue(office.brand, "2026-09-30")
    assert held(office.zhou) == 7_000 + 400
    office.order("E2", 60_000, day="2026-10-01")
    accrue(office.brand, "2026-10-01")
    assert held(office.zhou) == 7_000
    assert list(MonthLine.objects.order_by("pk").values_list("month", "amount")) == [
        (dt.date(2026, 9, 1), 400),
        (dt.date(2026, 9, 1), -400),
    ]
    assert differences() == {}


@pytest.mark.django_db
def test_a_settled_month_is_corrected_in_the_open_one(office: Office) -> None:
    """M15 and T4"""
    stepped(office)
    office.order("E1", 120_000, day="2026-09-03")
    settle(office.brand)
    office.order("E1", 90_000, day="2026-09-03")
    accrue(office.brand, "2026-10-05")
    assert held(office.zhou) + owed(office.zhou) == 4_500
    back = MonthLine.objects.get(amount__lt=0)
    assert (back.month, back.run.as_of, back.amount) == (
        dt.date(2026, 9, 1),
        dt.date(2026, 10, 5),
        -200,
    )
    assert differences() == {}


@pytest.mark.django_db
def test_steps_are_paid_when_the_hold_of_the_month_is_over(office: Office) -> None:
    stepped(office, hold_days=15)
    office.order("E1", 200_000, day="2026-09-03")
    office.run("2026-09-20")
    assert (owed(office.zhou), held(office.zhou)) == (10_000, 1_000)
    office.run("2026-10-14")
    assert (owed(office.zhou), held(office.zhou)) == (10_000, 1_000)
    office.run("2026-10-15")
    assert (owed(office.zhou), held(office.zhou)) == (11_000, 0)
    assert release(office.brand, "2026-10-16").counts.get("months") is None
    assert differences() == {}


@pytest.mark.django_db
def test_a_cap_holds_before_anything_too_much_is_paid(office: Office) -> None:
    stepped(office, person_cap=6_000)
    office.order("E1", 80_000, day="2026-09-01")
    office.order("E2", 80_000, day="2026-09-10")
    office.run("2026-09-16")
    assert (owed(office.zhou), held(office.zhou)) == (4_000, 2_000)
    office.run("2026-09-25")
    assert (owed(office.zhou), held(office.zhou)) == (6_000, 0)
    assert differences() == {}


@pytest.mark.django_db
def test_the_managers_month_stays_under_its_cap_exactly(office: Office) -> None:
    """M21, in two batches of one run."""
    lead = c.creator(office.people.jingan, "K009", "Lead")
    rates = (NewRate(SELLER, 500), NewRate(MANAGER, 100, month_cap=1_500))
    save_version(
        by=None, brand=office.brand, name="Lead", valid_from=dt.date(2026, 9, 1), rates=rates
    )
    from incentives import places

    places.put(by=None, creator=office.zhou, first=dt.date(2026, 8, 1))
    places.put(by=None, creator=lead, first=dt.date(2026, 8, 1), leads=True)
    office.order("E1", 100_000)
    office.order("E2", 100_000)
    accrue(office.brand, "2026-09-05", batch=1)
    assert held(lead) == 1_500
    office.refund("E1", "R1", 60_000)
    accrue(office.brand, "2026-09-12")
    assert held(lead) == 1_400
    assert differences() == {}


@pytest.mark.django_db
def test_month_lines_are_only_added(office: Office) -> None:
    stepped(office)
    office.order("E1", 200_000, day="2026-09-03")
    accrue(office.brand, "2026-09-03")
    for statement in (
        "UPDATE incentives_monthline SET amount = 1",
        "DELETE FROM incentives_monthline",
        (
            "INSERT INTO incentives_monthline (run_id, creator_id, month, version_id, sequence,"
            " lines_amount, base, target, amount) SELECT run_id, creator_id, month, version_id,"
            " sequence + 1, 0, 0, 1, 1 FROM incentives_monthline"
        ),
    ):
        with refused(RESTRICTED):
            sql(statement)


def test_a_month_knows_its_last_day() -> None:
    """T6"""
    assert Month.of(dt.date(2028, 2, 29)).last_day == dt.date(2028, 2, 29)
