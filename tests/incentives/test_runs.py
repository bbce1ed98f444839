"""Commission runs: target minus posted, whatever comes, in whatever order, how often it runs."""

import datetime as dt
from itertools import permutations
from typing import Any

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from customers.intake import LineFacts as Line
from customers.models import ChangedOrder, Order, OrderLine
from incentives import commission, commission_sql
from incentives.choices import RunKind, RunState
from incentives.commission import SELLER, SHARER, Frozen
from incentives.models import (
    CommissionLine,
    CommissionRun,
    Journal,
    PendingRelease,
    PlanVersion,
    ReleaseLine,
    Statement,
)
from incentives.plans import NewRate, rates_of
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind
from matrix.models import Creator
from tests import cast as c
from tests.incentives.money import (
    OCTOBER,
    Office,
    accrue,
    differences,
    held,
    owed,
    release,
    settle,
)
from tests.refusals import NO_PARENT, RESTRICTED, TWICE, refused, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def amounts(order: Order) -> list[int]:
    return list(
        CommissionLine.objects.filter(order=order)
        .order_by("order_line", "creator", "sequence")
        .values_list("amount", flat=True)
    )


# -- accrual -------------------------------------------------------------------


def test_a_run_writes_lines_one_journal_per_person_and_a_due_day(office: Office) -> None:
    order = office.order("E1", 12_990, 7_000, day="2026-09-05", sharer=office.may)
    run = accrue(office.brand, "2026-09-05")
    assert run.state == RunState.POSTED
    assert run.counts == {"orders": 1, "lines": 4, "journals": 2}
    assert Journal.objects.filter(run=run).count() == 2
    assert PendingRelease.objects.get(order=order).due_on == dt.date(2026, 9, 20)
    assert not ChangedOrder.objects.exists()
    line = office.zhou.commission_lines.get(base=12_990)
    assert (line.rate_bp, line.target, line.amount, line.sequence) == (500, 649, 649, 1)


def test_a_run_takes_only_orders_up_to_its_day(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    office.order("E2", 10_000, day="2026-09-06")
    assert accrue(office.brand, "2026-09-05").counts["orders"] == 1
    assert held(office.zhou) == 500
    assert accrue(office.brand, "2026-09-06").counts["orders"] == 1
    assert held(office.zhou) == 1_000


def test_a_run_again_posts_nothing(office: Office) -> None:
    order = office.order("E1", 10_000, sharer=office.may)
    office.run("2026-09-20")
    before = amounts(order), Journal.objects.count()
    for _again in range(3):
        run = accrue(office.brand, "2026-09-20")
        assert run.counts == {"orders": 0, "lines": 0, "journals": 0}
        assert release(office.brand, "2026-09-20").counts["lines"] == 0
    assert (amounts(order), Journal.objects.count()) == before
    assert differences() == {}


def test_looking_at_all_orders_again_posts_nothing(office: Office) -> None:
    order = office.order("E1", 10_000, sharer=office.may)
    office.run("2026-09-20")
    before = amounts(order), ReleaseLine.objects.count()
    c.look_again(office.people)
    run = accrue(office.brand, "2026-09-21")
    assert (run.counts["orders"], run.counts["lines"]) == (1, 0)
    assert release(office.brand, "2026-09-21").counts == {"orders": 1, "lines": 0, "journals": 0}
    assert (amounts(order), ReleaseLine.objects.count()) == before


def test_a_tiny_batch_gives_the_same_as_a_large_one(office: Office) -> None:
    for number in range(7):
        office.order(f"E{number}", 10_000 + number, sharer=office.may)
    run = accrue(office.brand, "2026-09-20", batch=2)
    assert run.counts == {"orders": 7, "lines": 14, "journals": 2}
    assert release(office.brand, "2026-09-20", batch=3).counts["orders"] == 7
    assert owed(office.zhou) == sum((10_000 + number) * 500 // 10_000 for number in range(7))
    assert differences() == {}


def test_progress_is_told_after_each_batch(office: Office) -> None:
    for number in range(5):
        office.order(f"E{number}", 10_000)
    told: list[int] = []
    accrue(office.brand, "2026-09-20", batch=2, tell=told.append)
    assert told == [2, 4, 5]


def test_orders_of_another_brand_are_left_alone(office: Office) -> None:
    other = c.cast_of_another_brand()
    office.order("E1", 10_000)
    assert accrue(other, "2026-09-20").counts["orders"] == 0
    assert ChangedOrder.objects.count() == 1


@pytest.mark.parametrize("days_ahead", [1, 40])
def test_no_run_for_a_day_that_is_still_to_come(office: Office, days_ahead: int) -> None:
    """Or holds would end early (T2)."""
    day = (dt.date.today() + dt.timedelta(days=days_ahead + 1)).isoformat()  # noqa: DTZ011
    for start in (accrue, release):
        with pytest.raises(DomainError) as refusal:
            start(office.brand, day)
        assert refusal.value.code == "day_not_here"
    assert not CommissionRun.objects.exists()


# -- refunds and corrections ---------------------------------------------------


def test_a_full_refund_before_release_leaves_nothing_held_or_payable(office: Office) -> None:
    """M10"""
    office.order("E1", 12_990, 7_000, sharer=office.may)
    accrue(office.brand, "2026-09-06")
    assert held(office.zhou) == 999
    office.refund("E1", "R1", 19_990)
    office.run("2026-09-30")
    for someone in (office.zhou, office.may):
        assert (held(someone), owed(someone)) == (0, 0)
    assert not ReleaseLine.objects.exists()
    assert differences() == {}


def test_a_full_refund_after_payout_is_owed_back_and_netted(office: Office) -> None:
    """M11: the next settlement nets it, and the statement shows both."""
    office.order("E1", 19_990, day="2026-09-05")
    office.paid(settle(office.brand))
    assert owed(office.zhou) == 0
    office.refund("E1", "R1", 19_990, day="2026-10-08")
    office.run("2026-10-10")
    assert owed(office.zhou) == -999
    office.order("E2", 40_000, day="2026-10-09")
    closed = settle(office.brand, OCTOBER)
    statement = Statement.objects.get(settlement=closed, creator=office.zhou)
    assert (statement.earned, statement.clawed_back) == (2_000, 999)
    lines = CommissionLine.objects.filter(creator=office.zhou, run__as_of__month=10)
    assert sorted(lines.values_list("amount", flat=True)) == [-999, 2_000]
    assert owed(office.zhou) == -999 + 2_000
    assert differences() == {}


REFUNDS = [("R1", 333), ("R2", 1), ("R3", 3_333), ("R4", 5_555), ("R5", 777)]


@pytest.mark.parametrize("order_of_arrival", list(permutations(range(5)))[::12])
def test_partial_refunds_in_any_order_with_repeats_end_alike(
    office: Office, order_of_arrival: tuple[int, ...]
) -> None:
    """M12: the commission is that of the final net; after the rest is refunded it is exactly 0."""
    office.order("E1", 9_999, 3_333, sharer=office.may)
    accrue(office.brand, "2026-09-05")
    for place in order_of_arrival:
        office.refund("E1", *REFUNDS[place])
        accrue(office.brand, "2026-09-12")
        assert office.refund("E1", *REFUNDS[order_of_arrival[0]]) == "unchanged"
    nets = [line.net_amount for line in OrderLine.objects.all()]
    assert sum(nets) == 13_332 - 9_999
    assert held(office.zhou) == sum(net * 500 // 10_000 for net in nets)
    assert held(office.may) == sum(net * 200 // 10_000 for net in nets)
    assert office.refund("E1", "R6", 3_333) == "created"
    accrue(office.brand, "2026-09-13")
    assert (held(office.zhou), held(office.may)) == (0, 0)
    assert differences() == {}


def test_a_refund_of_one_line_touches_no_other(office: Office) -> None:
    office.order("E1", 10_000, 20_000)
    accrue(office.brand, "2026-09-05")
    office.refund("E1", "R1", 10_000, line="1")
    accrue(office.brand, "2026-09-06")
    assert list(CommissionLine.objects.order_by("id").values_list("amount", flat=True)) == [
        500,
        1_000,
        -500,
    ]


def test_a_refund_wins_over_the_end_of_the_hold(office: Office) -> None:
    """T7: it came before the release, but no accrual has seen it yet."""
    office.order("E1", 10_000, day="2026-09-05")
    accrue(office.brand, "2026-09-05")
    office.refund("E1", "R1", 10_000, day="2026-09-20")
    run = release(office.brand, "2026-09-20")
    assert run.counts["orders"] == 0
    assert not ReleaseLine.objects.exists()
    office.run("2026-09-21")
    assert (held(office.zhou), owed(office.zhou)) == (0, 0)
    assert not ReleaseLine.objects.exists()


@pytest.mark.parametrize(
    ("day", "released"), [("2026-09-19", 0), ("2026-09-20", 500), ("2026-09-21", 500)]
)
def test_the_hold_ends_on_its_day(office: Office, day: str, released: int) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    office.run(day)
    assert (owed(office.zhou), held(office.zhou)) == (released, 500 - released)


def test_the_hold_counts_from_the_day_the_order_was_finished(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05", finished_at=c.at("2026-09-11"))
    office.run("2026-09-25")
    assert owed(office.zhou) == 0
    office.run("2026-09-26")
    assert owed(office.zhou) == 500


def test_nothing_is_released_before_the_run_that_earned_it(office: Office) -> None:
    """An order that comes in October for September: its hold is over, but the books of September
    know nothing of it."""
    office.order("E1", 10_000, day="2026-09-01")
    accrue(office.brand, "2026-10-03")
    closed = settle(office.brand)
    assert not closed.statements.exists()
    assert owed(office.zhou) == 0
    release(office.brand, "2026-10-03")
    assert owed(office.zhou) == 500
    assert differences() == {}


def test_an_order_with_a_refund_under_way_waits_for_the_shop(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    accrue(office.brand, "2026-09-05")
    office.order("E1", 10_000, day="2026-09-05", status="refunding")
    office.run("2026-09-30")
    assert (held(office.zhou), owed(office.zhou)) == (500, 0)
    assert not PendingRelease.objects.exists()
    assert differences() == {}
    office.order("E1", 10_000, day="2026-09-05", status="finished")
    office.run("2026-10-01")
    assert (held(office.zhou), owed(office.zhou)) == (0, 500)


def test_what_was_released_too_much_goes_back_while_a_refund_is_under_way(office: Office) -> None:
    """Otherwise it would be paid out although the shop has refunded a part already."""
    office.order("E1", 10_000, day="2026-09-05")
    office.run("2026-09-20")
    assert owed(office.zhou) == 500
    office.order("E1", 10_000, day="2026-09-05", status="refunding", seller=office.zhou)
    office.refund("E1", "R1", 4_000)
    office.run("2026-09-21")
    assert (held(office.zhou), owed(office.zhou)) == (0, 300)
    # Somebody who is credited meanwhile waits, though.
    office.order("E1", 10_000, day="2026-09-05", status="refunding", seller=office.may)
    office.run("2026-09-22")
    assert (held(office.zhou), owed(office.zhou)) == (0, 0)
    assert (held(office.may), owed(office.may)) == (300, 0)
    assert differences() == {}
    office.order("E1", 10_000, day="2026-09-05", status="finished", seller=office.may)
    office.run("2026-09-23")
    assert (held(office.may), owed(office.may)) == (0, 300)
    assert differences() == {}


def test_a_correction_after_settlement_goes_into_the_open_month(office: Office) -> None:
    """M15 and T4: the settled month stays as it is, the difference is posted in the open one."""
    office.order("E1", 10_000, day="2026-09-05")
    closed = settle(office.brand)
    before = list(closed.statements.values())
    office.order("E1", 30_000, day="2026-09-05")
    late = office.order("E2", 10_000, day="2026-09-06")
    with pytest.raises(DomainError) as refusal:
        accrue(office.brand, "2026-09-30")
    assert refusal.value.code == "month_settled"
    office.run("2026-10-05")
    assert list(closed.statements.values()) == before
    assert held(office.zhou) + owed(office.zhou) == 500 + 1_000 + 500
    days = set(Journal.objects.filter(run__as_of__month=10).values_list("business_date", flat=True))
    assert days == {dt.date(2026, 10, 5)}
    late.refresh_from_db()
    assert late.business_date == dt.date(2026, 9, 6), "the day of the sale is kept"
    assert differences() == {}


def test_a_month_before_a_settled_one_is_closed_too(office: Office) -> None:
    office.order("E1", 10_000, day="2026-10-05")
    settle(office.brand, OCTOBER)
    with pytest.raises(DomainError) as refusal:
        accrue(office.brand, "2026-09-30")
    assert refusal.value.code == "month_settled"


# -- who is credited -----------------------------------------------------------


def test_another_seller_takes_over_and_the_first_owes_it_back(office: Office) -> None:
    he = c.creator(office.people.jingan, "K002", "He")
    office.order("E1", 10_000)
    office.run("2026-09-20")
    office.order("E1", 10_000, seller=he)
    office.run("2026-09-21")
    assert (owed(office.zhou), owed(he)) == (0, 500)
    office.order("E1", 10_000, seller=office.zhou)
    office.run("2026-09-22")
    assert (owed(office.zhou), owed(he)) == (500, 0)
    zhou = office.zhou.commission_lines.order_by("sequence").values_list("sequence", "amount")
    assert list(zhou) == [(1, 500), (2, -500), (3, 500)]
    assert differences() == {}


def test_a_rate_stays_frozen_when_tier_and_plan_change(office: Office) -> None:
    """M16: later orders go by the new plan, earlier ones by theirs."""
    office.order("E1", 10_000, sharer=office.may, day="2026-09-05")
    accrue(office.brand, "2026-09-05")
    c.plan(
        office.brand,
        NewRate(SELLER, 100),
        NewRate(SHARER, 50, tier="senior"),
        valid_from=dt.date(2026, 9, 6),
    )
    Creator.objects.filter(pk=office.may.pk).update(tier="senior")
    office.order("E1", 20_000, sharer=office.may, day="2026-09-05")
    office.order("E2", 10_000, sharer=office.may, day="2026-09-06")
    accrue(office.brand, "2026-09-06")
    assert held(office.zhou) == 20_000 * 5 // 100 + 100
    assert held(office.may) == 20_000 * 2 // 100 + 50
    assert differences() == {}


def test_a_plan_that_is_saved_while_a_run_computes_waits_for_the_next_run(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M16: all batches of a run go by one plan, and the run says which."""
    for number in range(4):
        office.order(f"E{number}", 10_000, day="2026-09-05")
    before = PlanVersion.objects.get()
    step = commission_sql.accrue_span

    def edit_after_the_first(*span: Any) -> Any:
        done = step(*span)
        if PlanVersion.objects.count() == 1:
            c.plan(office.brand, NewRate(SELLER, 100), valid_from=dt.date(2026, 9, 1))
        return done

    monkeypatch.setattr(commission_sql, "accrue_span", edit_after_the_first)
    run = accrue(office.brand, "2026-09-05", batch=1)
    assert held(office.zhou) == 4 * 500
    assert [entry["version"] for entry in run.plan] == [before.pk]


def test_a_resumed_run_keeps_the_plan_it_began_with(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        office.order(f"E{number}", 10_000, day="2026-09-05")
    step = commission_sql.accrue_span
    steps = iter([step])

    def only_once(*span: Any) -> Any:
        return next(steps)(*span)

    monkeypatch.setattr(commission_sql, "accrue_span", only_once)
    with pytest.raises(StopIteration):
        accrue(office.brand, "2026-09-05", batch=1)
    monkeypatch.undo()
    assert CommissionRun.objects.get().state == RunState.CALCULATING
    c.plan(office.brand, NewRate(SELLER, 100), valid_from=dt.date(2026, 9, 1))
    accrue(office.brand, "2026-09-06")
    assert held(office.zhou) == 3 * 500
    assert differences() == {}


def test_a_plan_for_days_that_are_past_reaches_their_orders(office: Office) -> None:
    """What is credited keeps its rate; who was not credited is now."""
    office.order("E1", 10_000, sharer=office.may, day="2026-09-05")
    accrue(office.brand, "2026-09-05")
    pot = NewRate(SHARER, 900)
    he = c.creator(office.people.jingan, "K002", "He")
    other = office.order("E2", 10_000, seller=None, day="2026-09-06")
    accrue(office.brand, "2026-09-06")
    c.plan(office.brand, NewRate(SELLER, 700), pot, valid_from=dt.date(2026, 9, 5))
    office.order("E2", 10_000, seller=he, day="2026-09-06")
    run = accrue(office.brand, "2026-09-07")
    assert run.counts["orders"] == 2, "both days are looked at again"
    assert (held(office.zhou), held(office.may), held(he)) == (500, 200, 700)
    assert other.business_date == dt.date(2026, 9, 6)
    assert differences() == {}


def test_an_order_moved_to_a_day_without_a_plan_keeps_what_it_has(office: Office) -> None:
    """It stopped the run of the whole brand once: it had no due day."""
    office.order("E1", 10_000, sharer=office.may, day="2026-09-05")
    accrue(office.brand, "2026-09-05")
    office.order("E1", 12_000, sharer=office.may, day="2019-12-31")
    office.order("E2", 10_000, day="2026-09-06")
    office.run("2026-09-06")
    assert held(office.zhou) + owed(office.zhou) == 600 + 500
    assert differences() == {}


def test_a_tier_that_no_rate_knows_gets_the_general_rate(office: Office) -> None:
    Creator.objects.filter(pk=office.may.pk).update(tier="legend")
    office.order("E1", 10_000, sharer=office.may)
    accrue(office.brand, "2026-09-05")
    assert held(office.may) == 200


# -- SQL against the rule ------------------------------------------------------

CATEGORIES = ["", "makeup", "hair", "gifts"]
DAYS = ["2019-12-30", "2026-09-01", "2026-09-05", "2026-09-10"]
STATUS = ["paid", "finished", "refunding", "closed"]

rates = st.lists(
    st.builds(
        NewRate,
        role=st.sampled_from([SELLER, SHARER]),
        rate_bp=st.integers(0, 1_000),
        category=st.sampled_from(CATEGORIES[:3]),
        tier=st.sampled_from(["", "junior", "senior"]),
        creator_kind=st.sampled_from(["", *CreatorKind.values]),
    ),
    min_size=1,
    max_size=8,
    unique_by=lambda r: (r.role, r.category, r.tier, r.creator_kind),
)
lines = st.lists(
    st.tuples(st.integers(0, 50_000), st.sampled_from(CATEGORIES), st.booleans() | st.just(True)),
    min_size=1,
    max_size=3,
)
person = st.sampled_from([0, 1, 2, 3, None])
version = st.tuples(st.just("version"), st.integers(0, 3), lines, person, person,
                    st.sampled_from(DAYS), st.sampled_from(STATUS))  # fmt: skip
refund = st.tuples(st.just("refund"), st.integers(0, 3), st.integers(1, 30_000))
tier = st.tuples(
    st.just("tier"), st.integers(0, 3), st.sampled_from(["", "junior", "senior", "legend"])
)
new_plan = st.tuples(st.just("plan"), rates, st.integers(1_000, 1_500), st.sampled_from(DAYS[1:]))
steps = st.lists(
    version | version | refund | tier | new_plan | st.tuples(st.just("run")), max_size=14
)


@given(rates=rates, cap=st.integers(1_000, 2_500), steps=steps)
@settings(
    max_examples=settings.default.max_examples // 4,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
def test_the_runs_lines_are_the_rules_targets_line_by_line(rates, cap, steps) -> None:
    with transaction.atomic():
        Comparison(rates, cap).play([*steps, ("run",)])
        transaction.set_rollback(True)


class Comparison:
    """Plays facts and runs, and after each run compares its lines with `commission.targets`."""

    def __init__(self, rates: list[NewRate], cap: int) -> None:
        self.people = c.cast()
        self.brand = self.people.brand
        jingan = self.people.jingan
        self.creators = [
            self.people.zhou,
            c.creator(jingan, "K002", "He", tier="junior"),
            self.people.may,
            c.creator(jingan, "C002", "Jun", kind=CreatorKind.KOC, tier="legend"),
        ]
        c.plan(self.brand, *rates, cap_bp=cap)
        self.frozen: dict[tuple[int, int, str], Frozen] = {}
        self.posted: dict[tuple[int, int, str], list[int]] = {}
        self.refunds = 0

    def play(self, steps: list[tuple]) -> None:
        for name, *values in steps:
            getattr(self, name)(*values)
        assert differences() == {}

    def version(self, number, lines, seller, sharer, day, status) -> None:
        rows = tuple(
            Line(str(no), amount, category=category, commissionable=commissionable)
            for no, (amount, category, commissionable) in enumerate(lines, start=1)
        )
        facts = c.order_facts(
            self.people,
            f"E{number}",
            lines=rows,
            seller=None if seller is None else self.creators[seller],
            sharer=None if sharer is None else self.creators[sharer],
            day=day,
            status=status,
        )
        c.take(self.people, facts)

    def refund(self, number: int, amount: int) -> None:
        self.refunds += 1
        c.refund(self.people, f"E{number}", f"R{self.refunds}", amount)

    def tier(self, number: int, tier: str) -> None:
        Creator.objects.filter(pk=self.creators[number].pk).update(tier=tier)

    def plan(self, rates: list[NewRate], cap: int, day: str) -> None:
        if not PlanVersion.objects.filter(valid__startswith__gte=day).exists():
            c.plan(self.brand, *rates, cap_bp=cap, valid_from=dt.date.fromisoformat(day))

    def run(self) -> None:
        changed = list(ChangedOrder.objects.values_list("order", flat=True))
        expected = sorted(line for order in changed for line in self.lines_of(order))
        run = accrue(self.brand, "2026-09-20", batch=2)
        found = CommissionLine.objects.filter(run=run).values_list(
            *("order_line_id", "creator_id", "role", "rate_id", "rate_bp", "sequence", "base"),
            *("target", "amount"),
        )
        assert sorted(found) == expected

    def lines_of(self, order_id: int) -> list[tuple]:
        order = Order.objects.get(pk=order_id)
        plan = PlanVersion.objects.filter(
            brand=self.brand, valid__contains=order.business_date
        ).first()
        rates = rates_of(plan) if plan else []
        written = []
        for line in order.lines.all():
            facts = commission.LineFacts(
                net=line.net_amount,
                category=line.category,
                commissionable=line.commissionable,
                closed=order.status == "closed",
                seller=self.as_person(order.seller_id),
                sharer=self.as_person(order.sharer_id),
            )
            own = {key[1:]: rate for key, rate in self.frozen.items() if key[0] == line.pk}
            cap = plan.cap_bp if plan else 0
            targets = {(t.creator, t.role): t for t in commission.targets(facts, rates, cap, own)}
            for person, role in targets.keys() | own.keys():
                target = targets.get((person, role))
                key = (line.pk, person, role)
                before = self.posted.get(key, [])
                if target is None:
                    rate = own[person, role]
                    what = (rate.rate_id, rate.rate_bp, 0, 0)
                else:
                    what = (target.rate_id, target.rate_bp, target.base, target.amount)
                change = what[3] - sum(before)
                if not change:
                    continue
                self.posted[key] = [*before, change]
                if target is not None:
                    self.frozen.setdefault(key, Frozen(target.rate_id, target.rate_bp, cap))
                written.append((*key, what[0], what[1], len(before) + 1, what[2], what[3], change))
        return written

    def as_person(self, creator_id: int | None) -> commission.Person | None:
        if creator_id is None:
            return None
        creator = Creator.objects.get(pk=creator_id)
        return commission.Person(creator.pk, creator.tier, creator.kind)


# -- what the database refuses -------------------------------------------------


def line_values(office: Office, **changes: Any) -> dict[str, Any]:
    line = CommissionLine.objects.latest("pk")
    names = [f.attname for f in CommissionLine._meta.concrete_fields if f.attname != "id"]
    return {**{name: getattr(line, name) for name in names}, **changes}


def insert_line(values: dict[str, Any]) -> None:
    sql(
        f"INSERT INTO incentives_commissionline ({', '.join(values)})"
        f" VALUES ({', '.join(['%s'] * len(values))})",
        *values.values(),
    )


def open_run(office: Office) -> CommissionRun:
    return CommissionRun.objects.create(
        brand=office.brand, kind=RunKind.ACCRUAL, as_of=dt.date(2026, 9, 30)
    )


def test_the_same_line_twice_is_refused(office: Office) -> None:
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    with refused(TWICE):
        insert_line(line_values(office, run_id=open_run(office).pk))


def test_no_line_is_added_to_a_run_that_is_in_the_books(office: Office) -> None:
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    with refused(RESTRICTED):
        insert_line(line_values(office, sequence=2))
    with refused(RESTRICTED):
        insert_line(line_values(office, sequence=2, run_id=999_999))


@pytest.mark.parametrize(
    "changes",
    [
        {"order_line_id": 999_999},
        {"order_id": 999_999},
        {"creator_id": 999_999},
        {"rate_id": 999_999},
    ],
)
def test_a_line_that_names_nothing_never_reaches_the_books(office: Office, changes) -> None:
    """Lines have no foreign keys for the sake of speed; this stands in for them."""
    office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    with refused(NO_PARENT):
        run = open_run(office)
        insert_line(line_values(office, run_id=run.pk, sequence=2, **changes))
        run.state = RunState.POSTED
        run.save()


def test_what_lines_hang_on_cannot_go_away(office: Office) -> None:
    order = office.order("E1", 10_000)
    accrue(office.brand, "2026-09-05")
    other = office.order("E2", 10_000)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for statement in (
        "DELETE FROM customers_orderline",
        "TRUNCATE customers_orderline CASCADE",
        f"UPDATE customers_orderline SET order_id = {other.pk} WHERE order_id = {order.pk}",
        "UPDATE customers_orderline SET id = id + 1000",
        "DELETE FROM incentives_commissionrun",
        "UPDATE incentives_commissionrun SET as_of = '2026-10-01'",
        "UPDATE incentives_commissionrun SET state = 'calculating'",
        "DELETE FROM incentives_planrate",
        "UPDATE incentives_planrate SET rate_bp = 1",
    ):
        with refused(RESTRICTED):
            sql(statement)
    with refused(NO_PARENT):
        sql("DELETE FROM customers_order")


def test_a_creator_with_lines_is_not_deleted_even_before_they_reach_the_books(
    office: Office,
) -> None:
    he = c.creator(office.people.jingan, "K002", "He")
    office.order("E1", 10_000, seller=he)
    run = open_run(office)
    run.plan = commission_sql.plan_of_today(office.brand.pk)
    (span,) = commission_sql.accrual_spans(run, 10)
    commission_sql.accrue_span(run, commission_sql.Rules.of(run), span)
    Order.objects.update(seller=None)
    with refused(NO_PARENT):
        sql("DELETE FROM matrix_creator WHERE id = %s", he.pk)
    jun = c.creator(office.people.jingan, "K003", "Jun")
    assert sql("DELETE FROM matrix_creator WHERE id = %s", jun.pk) == 1


def test_only_one_run_of_a_kind_is_open(office: Office) -> None:
    open_run(office)
    with refused(TWICE):
        sql(
            "INSERT INTO incentives_commissionrun (brand_id, kind, as_of, state, plan, counts,"
            " created_at) VALUES (%s, 'accrual', '2026-09-30', 'calculating', '[]', '{}', now())",
            office.brand.pk,
        )
