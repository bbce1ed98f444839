"""Settling a month: what is refused, what the statements say, and that no crash changes a cent."""

import datetime as dt
import hashlib
import random
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from accounts import jobs, tasks
from accounts.choices import JobState
from accounts.models import Activity, Job
from customers.models import ChangedOrder
from incentives import commission_runs, commission_sql, settlement
from incentives.choices import SettlementState
from incentives.models import (
    CommissionLine,
    CommissionRun,
    Journal,
    PendingRelease,
    Posting,
    ReleaseLine,
    Settlement,
    Statement,
)
from kosops.lib import queue
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from tests import cast as c
from tests.incentives.money import (
    OCTOBER,
    SEPTEMBER,
    Office,
    accrue,
    code_of,
    differences,
    owed,
    settle,
)
from tests.incentives.races import in_a_child, keep, own_database, put_back
from tests.refusals import RESTRICTED, RULE_BROKEN, TWICE, refused, sql

AUGUST = Month(2026, 8)
IN_SEPTEMBER = dt.datetime(2026, 9, 12, 4, tzinfo=dt.UTC)


@pytest.fixture
def office(db: None) -> Office:
    return Office()


def statement(month: Settlement, creator: Any) -> Statement:
    return Statement.objects.get(settlement=month, creator=creator)


# -- which month ---------------------------------------------------------------


def test_a_month_is_settled_when_it_is_over(office: Office) -> None:
    this_month = Month.of(timezone.localdate())
    with pytest.raises(DomainError) as refusal:
        settle(office.brand, this_month)
    assert refusal.value.code == "month_not_over"
    first = str(this_month.shifted(1).first_day)
    assert refusal.value.params == {"month": str(this_month), "day": first}
    assert code_of(lambda: settle(office.brand, this_month.shifted(3))) == "month_not_over"
    assert not Settlement.objects.exists()
    assert settle(office.brand, this_month.shifted(-1)).state == SettlementState.SETTLED


def test_the_month_is_over_at_midnight_where_the_brand_is(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """T1: in Shanghai, not in UTC."""
    office.order("E1", 10_000, day="2026-09-05")
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 9, 30, 15, 59, tzinfo=dt.UTC))
    assert code_of(lambda: settle(office.brand)) == "month_not_over"
    assert settlement.next_month(office.brand) is None
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 9, 30, 16, 0, tzinfo=dt.UTC))
    assert settlement.next_month(office.brand) == SEPTEMBER
    assert settle(office.brand).state == SettlementState.SETTLED


def test_months_are_settled_in_their_order(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    office.order("E2", 10_000, day="2026-10-05")
    with pytest.raises(DomainError) as refusal:
        settle(office.brand, OCTOBER)
    assert (refusal.value.code, refusal.value.params) == (
        "earlier_month_open",
        {"month": "2026-09"},
    )
    assert settlement.next_month(office.brand) == SEPTEMBER
    settle(office.brand)
    assert settlement.next_month(office.brand) == OCTOBER
    assert settle(office.brand, OCTOBER).state == SettlementState.SETTLED
    assert settlement.next_month(office.brand) is None


def test_a_month_of_which_only_the_books_know_comes_first_too(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    accrue(office.brand, "2026-09-05")
    assert not ChangedOrder.objects.exists()
    assert code_of(lambda: settle(office.brand, OCTOBER)) == "earlier_month_open"


def test_orders_from_before_the_first_plan_hold_up_nothing(office: Office) -> None:
    office.order("E1", 10_000, day="2019-05-05")
    office.order("E2", 10_000, day="2026-09-05")
    assert settlement.next_month(office.brand) == SEPTEMBER
    assert settle(office.brand).totals["earned"] == 500


def test_a_month_before_a_settled_one_is_closed(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    settle(office.brand)
    with pytest.raises(DomainError) as refusal:
        settle(office.brand, AUGUST)
    assert (refusal.value.code, refusal.value.params) == (
        "later_month_settled",
        {"later": "2026-09", "month": "2026-08"},
    )
    assert Settlement.objects.count() == 1


def test_while_a_run_goes_on_the_month_is_not_settled(office: Office) -> None:
    office.order("E1", 10_000)
    with commission_runs.exclusive(office.brand):
        assert code_of(lambda: settle(office.brand)) == "run_in_progress"
        other = c.cast_of_another_brand()
        assert settle(other).state == SettlementState.SETTLED, "another brand is not held up"
    assert not CommissionLine.objects.exists()
    assert settle(office.brand).totals["earned"] == 500


def test_a_settlement_that_was_refused_half_way_is_not_passed_over(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    office.order("E2", 10_000, day="2026-10-05")
    with commission_runs.exclusive(office.brand):
        assert code_of(lambda: settle(office.brand)) == "run_in_progress"
    assert Settlement.objects.get().state == SettlementState.CALCULATING
    assert settlement.next_month(office.brand) is None
    assert code_of(lambda: settle(office.brand, OCTOBER)) == "earlier_month_open"
    assert settle(office.brand).state == SettlementState.SETTLED


# -- what the statements say ---------------------------------------------------


def test_statements_follow_each_other_over_three_months(office: Office) -> None:
    """Opening is the last payable; what happened in a month stands in its own statement."""
    office.order("E1", 100_000, sharer=office.may, day="2026-08-10")
    office.order("E2", 40_000, day="2026-08-25")
    august = settle(office.brand, AUGUST)
    office.refund("E1", "R1", 20_000, day="2026-09-02")
    september = settle(office.brand)
    office.order("E3", 60_000, day="2026-10-05")
    october = settle(office.brand, OCTOBER)
    names = ("held_opening", "earned", "clawed_back", "released", "held", "opening", "payable")
    rows = Statement.objects.filter(creator=office.zhou).order_by("settlement__period")
    assert list(rows.values_list(*names)) == [
        (0, 7_000, 0, 5_000, 2_000, 0, 5_000),
        (2_000, 0, 1_000, 1_000, 0, 5_000, 6_000),
        (0, 3_000, 0, 3_000, 0, 6_000, 9_000),
    ]
    may = [statement(month, office.may).payable for month in (august, september, october)]
    assert may == [2_000, 1_600, 1_600]
    assert owed(office.zhou) == 9_000
    assert differences() == {}


def test_who_only_has_an_opening_balance_gets_a_statement(office: Office) -> None:
    """Nothing happened to May in October, but she is still owed September."""
    office.order("E1", 10_000, sharer=office.may, day="2026-09-05")
    settle(office.brand)
    office.order("E2", 10_000, day="2026-10-05")
    may = statement(settle(office.brand, OCTOBER), office.may)
    assert (may.opening, may.earned, may.released, may.payable) == (200, 0, 0, 200)
    assert differences() == {}


def test_who_only_has_held_commission_gets_a_statement(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-30")
    september = statement(settle(office.brand), office.zhou)
    assert (september.earned, september.held, september.payable) == (500, 500, 0)
    october = statement(settle(office.brand, OCTOBER), office.zhou)
    assert (october.held_opening, october.released, october.payable) == (500, 500, 500)


def test_who_has_nothing_gets_none(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    accrue(office.brand, "2026-09-05")
    office.refund("E1", "R1", 10_000)
    august = settle(office.brand, AUGUST)
    assert august.totals["creators"] == 0
    september = settle(office.brand)
    # Earned and taken back within the month is something, and is shown.
    assert list(september.statements.values_list("earned", "clawed_back", "payable")) == [
        (500, 500, 0)
    ]
    assert not settle(office.brand, OCTOBER).statements.exists()


def test_what_was_paid_out_in_a_month_stands_in_its_statement(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.order("E1", 10_000, day="2026-08-05")
    august = settle(office.brand, AUGUST)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: IN_SEPTEMBER)
        office.paid(august)
    september = statement(settle(office.brand), office.zhou)
    assert (september.opening, september.paid_out, september.payable) == (500, 500, 0)
    assert not settle(office.brand, OCTOBER).statements.exists()
    assert differences() == {}


def test_totals_are_the_sums_of_the_statements(office: Office) -> None:
    he = c.creator(office.people.jingan, "K002", "He")
    office.order("E1", 100_000, sharer=office.may, day="2026-08-05")
    office.order("E2", 50_000, seller=he, day="2026-08-06")
    office.paid(settle(office.brand, AUGUST))
    office.refund("E2", "R2", 50_000, day="2026-09-03")
    office.order("E3", 30_000, day="2026-09-29")
    month = settle(office.brand)
    rows = list(month.statements.all())
    sums = {
        name: sum(getattr(row, name) for row in rows)
        for name in ("earned", "clawed_back", "released", "held", "payable")
    }
    assert sums == {name: month.totals[name] for name in sums}
    assert sums["clawed_back"] == 2_500 and sums["held"] == 1_500
    assert month.totals["creators"] == len(rows) == 3
    assert month.totals["to_pay"] == sum(row.payable for row in rows if row.payable > 0)
    assert month.totals["owed_back"] == sum(-row.payable for row in rows if row.payable < 0)
    assert month.totals["to_pay"] - month.totals["owed_back"] == month.totals["payable"]


def test_a_person_who_owes_back_does_not_lower_what_others_get(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M11: what he was paid for is refunded; he is shown apart, with a negative payable."""
    he = c.creator(office.people.jingan, "K002", "He")
    c.pay_to_bank(he)
    office.order("E1", 50_000, seller=he, day="2026-08-06")
    august = settle(office.brand, AUGUST)
    with monkeypatch.context() as patch:
        patch.setattr(timezone, "now", lambda: IN_SEPTEMBER)
        office.paid(august)
    office.refund("E1", "R1", 50_000, day="2026-09-03")
    office.order("E2", 20_000, day="2026-09-06")
    month = settle(office.brand)
    assert statement(month, he).payable == -2_500
    assert statement(month, office.zhou).payable == 1_000
    totals = month.totals
    assert (totals["to_pay"], totals["owed_back"], totals["payable"]) == (1_000, 2_500, -1_500)
    assert differences() == {}


# -- the digest ----------------------------------------------------------------


def digest(office: Office, *amounts: int, **facts: Any) -> str:
    """The digest that September would have with one order of these amounts."""
    with transaction.atomic():
        office.order("E1", *amounts, **facts)
        found = settle(office.brand).content_hash
        transaction.set_rollback(True)
    return found


def test_the_digest_is_that_of_the_figures_and_of_nothing_else(office: Office) -> None:
    same = digest(office, 10_000)
    assert digest(office, 4_000, 6_000) == same, "the same figures from other lines"
    different = {
        digest(office, 10_020),
        digest(office, 10_000, seller=office.may),
        digest(office, 10_000, sharer=office.may),
        digest(office, 10_000, day="2026-09-29"),  # held instead of payable
        digest(office, 1),  # nothing at all
    }
    assert len(different) == 5
    assert same not in different


def test_the_digest_can_be_worked_out_from_the_statements(office: Office) -> None:
    office.order("E1", 10_000, sharer=office.may)
    office.order("E2", 70_000, day="2026-09-29")
    month = settle(office.brand)
    rows = month.statements.order_by("creator").values_list(
        *("creator", "held_opening", "earned", "clawed_back", "released", "held", "opening"),
        *("paid_out", "payable"),
    )
    text = "|".join(":".join(map(str, row)) for row in rows)
    assert month.content_hash == hashlib.sha256(text.encode()).hexdigest()


# -- settled is settled --------------------------------------------------------


def counted() -> dict[str, int]:
    models = (
        *(CommissionRun, CommissionLine, ReleaseLine, Journal, Posting, Settlement, Statement),
        *(PendingRelease, ChangedOrder, Job, Activity),
    )
    return {model.__name__: model.objects.count() for model in models}


def test_settling_again_changes_nothing_and_answers_the_same(office: Office) -> None:
    """M3, also when new facts have come in for the month."""
    office.order("E1", 10_000, sharer=office.may)
    first = settle(office.brand)
    office.order("E2", 99_000)
    before = counted(), list(Statement.objects.values())
    for _again in range(3):
        again = settle(office.brand)
        assert again == first
        assert (again.content_hash, again.totals, again.settled_at) == (
            first.content_hash,
            first.totals,
            first.settled_at,
        )
    started = settlement.start(by=office.chen, brand=office.brand, month=SEPTEMBER)
    assert (started, started.state) == (first, SettlementState.SETTLED)
    with commission_runs.exclusive(office.brand):  # nobody has to wait for a known answer
        assert settle(office.brand) == first
    assert (counted(), list(Statement.objects.values())) == before


def test_who_comes_just_after_another_gets_the_same_answer(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M1, M3: the month was open when the second looked, and settled when they had the lock."""
    office.order("E1", 10_000)
    exclusive = commission_runs.exclusive

    def after_another(brand: Any) -> Any:
        monkeypatch.undo()
        settle(brand)
        return exclusive(brand)

    monkeypatch.setattr(commission_runs, "exclusive", after_another)
    assert settle(office.brand).totals["earned"] == 500
    assert Activity.objects.filter(verb="settlement.settled").count() == 1
    assert CommissionRun.objects.count() == 2


def test_the_button_starts_one_job_until_it_is_done(
    office: Office, django_capture_on_commit_callbacks: Any
) -> None:
    """M3, M5"""
    office.order("E1", 10_000)
    with django_capture_on_commit_callbacks(execute=True):
        first = settlement.start(by=office.chen, brand=office.brand, month=SEPTEMBER)
        second = settlement.start(by=office.chen, brand=office.brand, month=SEPTEMBER)
        assert first == second
        assert second.job == first.job
    job = Job.objects.get()
    assert (job.state, job.counts) == (JobState.DONE, {"creators": 1})
    assert Settlement.objects.get().state == SettlementState.SETTLED
    jobs.run(job.pk)
    assert Job.objects.get().attempts == 1


def test_a_failed_job_can_be_started_anew(
    office: Office, django_capture_on_commit_callbacks: Any
) -> None:
    office.order("E1", 10_000)
    with (
        commission_runs.exclusive(office.brand),
        django_capture_on_commit_callbacks(execute=True),
    ):
        settlement.start(by=office.chen, brand=office.brand, month=SEPTEMBER)
    failed = Job.objects.get()
    assert (failed.state, failed.counts) == (JobState.FAILED, {})
    assert "Try again later" in failed.error
    with django_capture_on_commit_callbacks(execute=True):
        again = settlement.start(by=office.chen, brand=office.brand, month=SEPTEMBER)
    assert again.job != failed
    assert Settlement.objects.get().state == SettlementState.SETTLED


def test_a_settled_month_and_its_statements_stay_as_they_are(office: Office) -> None:
    office.order("E1", 10_000)
    month = settle(office.brand)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for statement_ in (
        "UPDATE incentives_settlement SET totals = '{}'",
        "UPDATE incentives_settlement SET state = 'calculating'",
        "DELETE FROM incentives_settlement",
        "UPDATE incentives_statement SET payable = payable + 1, released = released + 1",
        "DELETE FROM incentives_statement",
        "TRUNCATE incentives_settlement CASCADE",
    ):
        with refused(RESTRICTED):
            sql(statement_)
    with refused(TWICE):
        sql(
            "INSERT INTO incentives_settlement (brand_id, period, state, currency, totals,"
            " content_hash, reason, created_at) VALUES (%s, '2026-09', 'calculating', 'CNY', '{}',"
            " '', '', now())",
            office.brand.pk,
        )
    with refused(RULE_BROKEN):  # a statement whose figures do not add up
        sql(
            "INSERT INTO incentives_statement (settlement_id, creator_id, store_id, held_opening,"
            " earned, clawed_back, released, held, opening, paid_out, payable)"
            " VALUES (%s, %s, %s, 0, 1, 0, 0, 0, 0, 0, 0)",
            *(month.pk, office.may.pk, office.people.jingan.pk),
        )
    assert owed(office.zhou) == 500


# -- which days to run ---------------------------------------------------------


def days(office: Office, day: str) -> list[str]:
    return [str(each) for each in settlement.days_to_run(office.brand, dt.date.fromisoformat(day))]


def test_each_open_month_with_work_is_run_on_its_last_day(office: Office) -> None:
    assert days(office, "2026-11-10") == ["2026-11-10"]
    office.order("E1", 10_000, day="2026-08-05")
    office.order("E2", 10_000, day="2026-10-05")
    assert days(office, "2026-11-10") == ["2026-08-31", "2026-10-31", "2026-11-10"]
    assert days(office, "2026-10-04") == ["2026-08-31", "2026-10-04"]


def test_due_releases_call_for_a_run_too(office: Office) -> None:
    office.order("E1", 10_000, day="2026-09-05")
    accrue(office.brand, "2026-09-05")
    assert PendingRelease.objects.get().due_on == dt.date(2026, 9, 20)
    assert days(office, "2026-09-19") == ["2026-09-19"]
    assert days(office, "2026-11-10") == ["2026-09-30", "2026-11-10"]


def test_what_comes_late_for_a_settled_month_is_run_in_the_first_open_one(office: Office) -> None:
    office.order("E1", 10_000, day="2026-08-05")
    settle(office.brand, AUGUST)
    office.order("E1", 20_000, day="2026-08-05")
    assert days(office, "2026-11-10") == ["2026-09-30", "2026-11-10"]


def test_orders_from_before_the_first_plan_are_run_in_its_first_month(office: Office) -> None:
    office.order("E1", 10_000, day="2019-05-05")
    assert days(office, "2026-11-10") == ["2020-01-31", "2026-11-10"]


# -- killed --------------------------------------------------------------------

SPAN = 4
KILLS = 20
SEED = 20261121


@pytest.fixture
def small_spans(monkeypatch: pytest.MonkeyPatch) -> None:
    cut = commission_sql._spans
    monkeypatch.setattr(
        commission_sql, "_spans", lambda orders, run, _batch: cut(orders, run, SPAN)
    )
    monkeypatch.setattr(queue, "_send", lambda *what: None)


@pytest.fixture
def story(django_db_setup: None, django_db_blocker: Any, small_spans: None) -> Iterator[Office]:
    """A September in the middle of its work, committed: spans of four orders in both runs."""
    with django_db_blocker.unblock(), own_database("story"):
        office = Office()
        he = c.creator(office.people.jingan, "K002", "He")
        for number in range(6):
            office.order(f"A{number}", 10_000 + 7 * number, 333, sharer=office.may)
        office.run("2026-09-22")
        office.refund("A0", "R0", 4_000)
        office.refund("A1", "R1", 10_340)
        for number in range(9):
            seller = he if number % 3 else office.zhou
            office.order(f"B{number}", 20_000 + number, seller=seller, day=f"2026-09-1{number}")
        keep()
        yield office


def picture() -> dict[str, list[tuple]]:
    """Everything that a settlement leaves behind, without ids of its own making and times."""
    rows: dict[str, Any] = {
        "lines": CommissionLine.objects.values_list(
            *("order", "order_line", "creator", "role", "rate", "rate_bp", "sequence", "base"),
            *("target", "amount", "run__kind", "run__as_of"),
        ),
        "releases": ReleaseLine.objects.values_list(
            *("order", "creator", "sequence", "amount", "run__kind", "run__as_of")
        ),
        "postings": Posting.objects.values_list(
            *("journal__kind", "journal__key", "journal__business_date", "journal__currency"),
            *("journal__run__kind", "line", "account__kind", "account__creator", "amount"),
        ),
        # A run that found nothing left to do leaves no trace in the books.
        "runs": CommissionRun.objects.exclude(counts__orders=0, counts__journals=0).values_list(
            *("kind", "as_of", "state", "counts__orders", "counts__lines", "counts__journals")
        ),
        "waiting": PendingRelease.objects.values_list("order", "due_on", "only_back"),
        "changed": ChangedOrder.objects.values_list("order", "business_date"),
        "statements": Statement.objects.values_list(
            *("creator", "store", "held_opening", "earned", "clawed_back", "released", "held"),
            *("opening", "paid_out", "payable"),
        ),
        "months": Settlement.objects.values_list("period", "state", "content_hash"),
        "log": Activity.objects.filter(verb="settlement.settled").values_list("verb", "after"),
    }
    found = {name: sorted(values, key=repr) for name, values in rows.items()}
    found["totals"] = [tuple(sorted(month.totals.items())) for month in Settlement.objects.all()]
    return found


def kill_points(steps: list[str], count: int) -> list[int]:
    """Steps at which to die: the boundaries where the work changes hands, and random others."""
    spans = [place for place, step in enumerate(steps, 1) if step.startswith("SET LOCAL jit")]
    runs = [place for place, step in enumerate(steps, 1) if '"incentives_commissionrun" (' in step]
    (statements,) = [place for place, step in enumerate(steps, 1) if "statement_month (" in step]
    (close,) = [
        place
        for place, step in enumerate(steps, 1)
        if step.startswith('UPDATE "incentives_settlement"')
    ]
    assert len(runs) == 2, "an accrual and a release"
    second_spans = [[place for place in spans if place > run][1] for run in runs]
    boundaries = {*second_spans, runs[1], statements, close}
    return sorted({*boundaries, *random.Random(SEED).sample(range(1, len(steps) + 1), count)})


def test_a_settlement_killed_anywhere_ends_as_if_it_had_never_been(story: Office) -> None:
    """M2: kill -9 at 20 random steps and where the work changes hands; run again; equal."""
    steps = in_a_child(lambda: settle(story.brand))
    whole = picture()
    assert differences() == {}
    assert [len(whole[name]) for name in ("lines", "releases", "statements")] == [41, 22, 3]
    for kill_at in kill_points(steps, KILLS):
        told = f"seed {SEED}, killed at step {kill_at}: {steps[kill_at - 1]}"
        put_back()
        in_a_child(lambda: settle(story.brand), kill_at=kill_at)
        settle(story.brand)
        assert picture() == whole, told
        assert differences() == {}, told


def test_a_settlement_job_whose_worker_is_killed_is_done_once(story: Office) -> None:
    """W3: the sweeper finds the job, another worker goes on with it."""
    started = settlement.start(by=story.chen, brand=story.brand, month=SEPTEMBER)
    job = started.job
    assert job is not None
    keep()
    steps = in_a_child(lambda: tasks.run_job(job.pk))
    whole = picture()
    for kill_at in kill_points(steps, 3)[::2]:
        told = f"seed {SEED}, killed at step {kill_at}: {steps[kill_at - 1]}"
        put_back()
        in_a_child(lambda: tasks.run_job(job.pk), kill_at=kill_at)
        Job.objects.filter(state=JobState.RUNNING).update(
            beat_at=timezone.now() - 2 * jobs.SILENT_AFTER
        )
        Job.objects.filter(state=JobState.WAITING).update(
            created_at=timezone.now() - 2 * jobs.LOST_AFTER
        )
        assert jobs.sweep() == 1, told
        tasks.run_job(job.pk)
        job.refresh_from_db()
        assert (job.state, job.counts) == (JobState.DONE, {"creators": 3}), told
        assert picture() == whole, told
        assert differences() == {}, told
