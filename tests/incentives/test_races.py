"""Two people at once: one wins, the other is told, and the money is as if they had come in turn.

Each race runs as well with its guards taken away, to show what harm the guards prevent and that
the test would see it.
"""

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import pytest

from accounts.models import Activity, Job
from incentives import commission_runs, commission_sql, ledger, payouts, settlement, settlement_sql
from incentives.choices import BatchState, JournalKind, LedgerKind
from incentives.models import (
    CommissionLine,
    CommissionRun,
    Journal,
    LedgerAccount,
    Payout,
    PayoutBatch,
    ReleaseLine,
    Settlement,
    Statement,
)
from kosops.lib import queue
from kosops.lib import sql as database
from kosops.lib.errors import DomainError
from tests import cast as c
from tests.incentives.money import (
    OCTOBER,
    SEPTEMBER,
    Office,
    accrue,
    differences,
    held,
    in_flight,
    owed,
    release,
    settle,
)
from tests.incentives.races import Race, keep, own_database, put_back
from tests.refusals import sql

AT_ONCE = 1.0  # seconds within which somebody who cannot go on is told so


@pytest.fixture(scope="module", autouse=True)
def in_an_own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("race"):
        keep()
        yield


@pytest.fixture(autouse=True)
def and_back_again(in_an_own_database: None) -> Iterator[None]:
    yield
    put_back()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def race() -> Race:
    return Race()


def codes(ends: list[Any]) -> list[str]:
    return sorted(end.code for end in ends)


# -- M1: a run started twice ---------------------------------------------------


def test_a_month_settled_twice_at_once_is_settled_once(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M1: the other is refused at once with `run_in_progress`, and may come back later (M3)."""
    office.order("E1", 12_990, 7_000, sharer=office.may)
    monkeypatch.setattr(commission_runs, "accrue_alone", race.before(commission_runs.accrue_alone))
    first, second = race.run(lambda: settle(office.brand), lambda: settle(office.brand))
    assert codes([first, second]) == ["", "run_in_progress"]
    refused = first if first.code else second
    assert refused.seconds < AT_ONCE
    assert sorted(CommissionLine.objects.values_list("amount", flat=True)) == [140, 259, 350, 649]
    assert (owed(office.zhou), owed(office.may)) == (999, 399)
    assert (Settlement.objects.count(), Statement.objects.count()) == (1, 2)
    assert differences() == {}
    assert settle(office.brand).totals["payable"] == 999 + 399
    assert Statement.objects.count() == 2


def test_without_the_advisory_lock_the_second_fails_but_no_cent_moves_twice(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M1: the lock is there for a quick and clear answer; the key of open runs stands behind it."""
    office.order("E1", 12_990, 7_000, sharer=office.may)
    monkeypatch.setattr(commission_runs, "exclusive", lambda brand: nullcontext())
    monkeypatch.setattr(commission_sql, "plan_of_today", race.before(commission_sql.plan_of_today))
    ends = race.run(lambda: settle(office.brand), lambda: settle(office.brand))
    assert codes(ends) == ["", "IntegrityError"]
    assert (owed(office.zhou), owed(office.may)) == (999, 399)
    assert Statement.objects.count() == 2
    assert differences() == {}


def test_the_button_to_settle_pressed_twice_at_once_starts_one_job(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M1, M5"""
    monkeypatch.setattr(queue, "_send", lambda *what: None)
    monkeypatch.setattr(settlement.jobs, "start", race.before(settlement.jobs.start))
    office.order("E1", 10_000)
    with commission_runs.exclusive(office.brand), pytest.raises(DomainError):
        settle(office.brand)  # begun and refused: the month is there, without a job

    def press() -> Settlement:
        return settlement.start(by=office.chen, brand=office.brand, month=SEPTEMBER)

    first, second = race.run(press, press)
    assert codes([first, second]) == ["", ""]
    assert first.value == second.value == Settlement.objects.get()
    assert Job.objects.count() == 1


class Guards:
    """What keeps two runs at once from writing an order's commission twice, to be taken down."""

    def __init__(self, race: Race, patch: pytest.MonkeyPatch) -> None:
        self.patch = patch
        # The worst moments: both know that no run is open, and both have read their orders.
        patch.setattr(commission_sql, "plan_of_today", race.before(commission_sql.plan_of_today))
        for rows_read in ("_NO_LONGER_DUE", "_RELEASE"):
            self.meet_at(race, getattr(commission_sql, rows_read))

    def meet_at(self, race: Race, statement: str) -> None:
        execute = database.execute

        def met_first(asked: str, params: Any = None) -> int:
            if asked is statement:
                race.meet()
            return execute(asked, params)

        self.patch.setattr(database, "execute", met_first)

    def advisory_lock(self) -> None:
        self.patch.setattr(commission_runs, "exclusive", lambda brand: nullcontext())

    def one_open_run(self) -> None:
        sql("DROP INDEX commission_run_one_open")

    def changed_orders_are_taken(self) -> None:
        """Read them first, and strike them off the list when done."""
        self.read_then_delete(
            "accrue_span",
            "_TAKE_CHANGED",
            """
            INSERT INTO run_batch SELECT order_id FROM customers_changedorder
             WHERE brand_id = %(brand)s AND business_date <= %(as_of)s
               AND order_id > %(after)s AND order_id <= %(upto)s
            """,
            "DELETE FROM customers_changedorder WHERE order_id IN (SELECT order_id FROM run_batch)",
        )

    def due_orders_are_taken(self) -> None:
        self.read_then_delete(
            "release_span",
            "_TAKE_DUE",
            """
            INSERT INTO run_due SELECT order_id, only_back FROM incentives_pendingrelease
             WHERE brand_id = %(brand)s AND due_on <= %(as_of)s
               AND order_id > %(after)s AND order_id <= %(upto)s
            """,
            "DELETE FROM incentives_pendingrelease WHERE order_id IN (SELECT order_id FROM run_due)",
        )

    def read_then_delete(self, step: str, take: str, read: str, delete: str) -> None:
        whole = getattr(commission_sql, step)

        def in_two_steps(*span: Any) -> commission_sql.Done:
            done = whole(*span)
            sql(delete)
            return done

        self.patch.setattr(commission_sql, take, read)
        self.patch.setattr(commission_sql, step, in_two_steps)

    def key_of_lines(self) -> None:
        sql("DROP INDEX commission_line_once")

    def key_of_releases(self) -> None:
        sql("DROP INDEX release_line_once")

    def one_due_day_an_order(self) -> None:
        sql("ALTER TABLE incentives_pendingrelease DROP CONSTRAINT incentives_pendingrelease_pkey")


ACCRUAL = (
    Guards.advisory_lock,
    Guards.one_open_run,
    Guards.changed_orders_are_taken,
    Guards.key_of_lines,
    Guards.one_due_day_an_order,
)
RELEASE = (
    Guards.advisory_lock,
    Guards.one_open_run,
    Guards.due_orders_are_taken,
    Guards.key_of_releases,
)
Guard = Callable[[Guards], None]
# What the run that comes second says where a guard is the only one left.
SECOND = {Guards.advisory_lock: "run_in_progress", Guards.one_open_run: "IntegrityError"}


def name(value: Any) -> str | None:
    return value.__name__ if callable(value) else None


def run_twice_at_once(
    office: Office,
    race: Race,
    patch: pytest.MonkeyPatch,
    run: Callable[..., CommissionRun],
    without: set[Guard],
) -> list[str]:
    """Two runs of a kind over the same orders at once; how they ended."""
    office.order("E1", 12_990, 7_000, sharer=office.may)
    office.order("E2", 10_000)
    if run is release:
        accrue(office.brand, "2026-09-20")
    with patch.context() as patch:
        guards = Guards(race, patch)
        for take_down in without:
            take_down(guards)
        return codes(race.run(*[lambda: run(office.brand, "2026-09-30")] * 2))


@pytest.mark.parametrize(
    ("run", "guards", "left"),
    [(accrue, ACCRUAL, guard) for guard in ACCRUAL]
    + [(release, RELEASE, guard) for guard in RELEASE],
    ids=name,
)
def test_each_guard_of_a_run_holds_by_itself(
    office: Office,
    race: Race,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[..., CommissionRun],
    guards: tuple[Guard, ...],
    left: Guard,
) -> None:
    """M1: with every other guard taken away, the lines are still the truth and the books prove."""
    ends = run_twice_at_once(office, race, monkeypatch, run, set(guards) - {left})
    assert ends == ["", SECOND.get(left, "")]
    accrued = [140, 259, 350, 500, 649]
    assert sorted(CommissionLine.objects.values_list("amount", flat=True)) == accrued
    released = sorted(ReleaseLine.objects.values_list("amount", flat=True))
    assert released == ([399, 500, 999] if run is release else [])
    assert held(office.zhou) + owed(office.zhou) == 1_499
    assert owed(office.zhou) == (1_499 if run is release else 0)
    assert differences() == {}


@pytest.mark.parametrize(("run", "guards"), [(accrue, ACCRUAL), (release, RELEASE)], ids=name)
def test_without_any_guard_two_runs_at_once_post_everything_twice(
    office: Office,
    race: Race,
    monkeypatch: pytest.MonkeyPatch,
    run: Callable[..., CommissionRun],
    guards: tuple[Guard, ...],
) -> None:
    """The twin of the test above: the harm is real, and the proof finds it."""
    ends = run_twice_at_once(office, race, monkeypatch, run, set(guards))
    assert ends == ["", ""]
    lines = CommissionLine if run is accrue else ReleaseLine
    earned = [140, 259, 350, 500, 649] if run is accrue else [399, 500, 999]
    amounts = lines.objects.values_list("amount", flat=True)
    assert sorted(amounts) == sorted([*earned, *earned])
    if run is accrue:
        assert held(office.zhou) == 2 * 1_499
        assert differences().keys() >= {"target_equals_posted", "lines_follow"}
    else:
        assert (held(office.zhou), owed(office.zhou)) == (-1_499, 2 * 1_499)
        assert differences() == {"released_within_earned": 3}


# -- M15: the books and the closing of a month ---------------------------------


def close_a_month_while_somebody_posts(
    office: Office, race: Race, patch: pytest.MonkeyPatch
) -> list[Any]:
    """The journal is for the month, and comes when its statements are worked out already."""
    office.order("E1", 10_000)
    execute = database.execute

    def met_twice(asked: str, params: Any = None) -> int:
        if asked is settlement_sql._STATEMENTS:
            race.meet()  # now the other one begins
            race.meet()  # and is done, or waits
        return execute(asked, params)

    def post() -> None:
        race.meet()
        accounts = [
            ledger.account(brand=office.brand, kind=kind, currency="CNY", creator=creator)
            for kind, creator in ((LedgerKind.EXPENSE, None), (LedgerKind.PAYABLE, office.zhou))
        ]
        ledger.post(
            by=office.chen,
            brand=office.brand,
            kind=JournalKind.ADJUSTMENT,
            source="by hand",
            key="1",
            business_date=dt.date(2026, 9, 30),
            postings=[(accounts[0], 5), (accounts[1], -5)],
        )

    with patch.context() as patch:
        patch.setattr(database, "execute", met_twice)
        return race.run(lambda: settle(office.brand), post)


def test_a_journal_waits_for_the_closing_of_its_month_and_is_refused(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = close_a_month_while_somebody_posts(office, race, monkeypatch)
    assert [end.code for end in ends] == ["", "IntegrityError"]
    assert "the month of 2026-09-30 is settled" in str(ends[1].error)
    assert (owed(office.zhou), Statement.objects.get().payable) == (500, 500)
    assert differences() == {}


def test_without_the_lock_on_the_month_a_journal_slips_past_its_statements(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: taken away is the lock that settling takes alone."""
    execute = database.execute

    def unlocked(asked: str, params: Any = None) -> int:
        return 0 if "incentives_month_key" in asked else execute(asked, params)

    monkeypatch.setattr(database, "execute", unlocked)
    ends = close_a_month_while_somebody_posts(office, race, monkeypatch)
    assert [end.code for end in ends] == ["", ""]
    assert (owed(office.zhou), Statement.objects.get().payable) == (505, 500)
    assert differences() == {"statements_in_books": 1}


# -- M4: two payouts from one balance ------------------------------------------


def two_batches_of_80_from_100(
    office: Office, race: Race, patch: pytest.MonkeyPatch
) -> list[PayoutBatch]:
    """Made at the same moment from the statements of two months, so that neither saw the other."""
    office.order("E1", 160_000, day="2026-09-05")
    office.order("E2", 40_000, day="2026-10-20")
    months = [settle(office.brand), settle(office.brand, OCTOBER)]
    office.run("2026-11-10")
    assert owed(office.zhou) == 10_000
    fetch_all = database.fetch_all

    def read_then_meet(statement: str, params: Any = None) -> Any:
        rows = fetch_all(statement, params)
        if statement is payouts._CANDIDATES:
            race.meet()
        return rows

    with patch.context() as patch:
        patch.setattr(database, "fetch_all", read_then_meet)
        ends = race.run(*(lambda month=month: office.submitted(month) for month in months))
    assert codes(ends) == ["", ""]
    batches = [end.value for end in ends]
    assert [batch.total for batch in batches] == [8_000, 8_000]
    return batches


def approve_both(office: Office, race: Race, patch: pytest.MonkeyPatch, batches: list) -> list:
    """Both have compared with the books before either writes in them, where nothing prevents it."""
    qian = c.finance(office.people, "qian")
    first, second = batches
    with patch.context() as patch:
        patch.setattr(payouts, "_decide", race.before(payouts._decide))
        return race.run(
            lambda: payouts.approve(by=office.zhao, batch=first),
            lambda: payouts.approve(by=qian, batch=second),
        )


def test_two_payouts_of_80_from_100_are_one_payout(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M4: the second is told what is left; rejected and made anew, it pays that."""
    batches = two_batches_of_80_from_100(office, race, monkeypatch)
    ends = approve_both(office, race, monkeypatch, batches)
    assert codes(ends) == ["", "insufficient_balance"]
    (refusal,) = [end.error for end in ends if end.error]
    assert refusal.params["available"] == {"Zhou Min": 2_000}
    assert "Zhou Min" in str(refusal)
    assert (owed(office.zhou), in_flight(office.zhou)) == (2_000, 8_000)
    assert differences() == {}
    (left,) = PayoutBatch.objects.filter(state=BatchState.SUBMITTED)
    payouts.reject(by=office.zhao, batch=left, reason="the balance is gone")
    if left.settlement.period == str(OCTOBER):
        assert payouts.make_batch(by=office.chen, settlement=left.settlement).total == 2_000
    assert owed(office.zhou) == 2_000


def test_without_the_lock_on_accounts_two_payouts_overdraw(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of M4: taken away is FOR UPDATE on the accounts of those who are paid."""
    batches = two_batches_of_80_from_100(office, race, monkeypatch)
    unlocked = SimpleNamespace(select_for_update=LedgerAccount.objects.all)
    monkeypatch.setattr(payouts, "LedgerAccount", SimpleNamespace(objects=unlocked))
    ends = approve_both(office, race, monkeypatch, batches)
    assert codes(ends) == ["", ""]
    assert (owed(office.zhou), in_flight(office.zhou)) == (-6_000, 16_000)


# -- M5: pressed twice ---------------------------------------------------------


def twice_at_once(race: Race, patch: pytest.MonkeyPatch, act: Any) -> list:
    """The same button twice, both having read whatever they read before they write."""
    with patch.context() as patch:
        patch.setattr(payouts.activity, "record", race.before(payouts.activity.record))
        return race.run(act, act)


def test_a_batch_made_twice_at_once_is_made_once(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M5"""
    office.order("E1", 160_000)
    settled = settle(office.brand)
    ends = twice_at_once(
        race, monkeypatch, lambda: payouts.make_batch(by=office.chen, settlement=settled)
    )
    assert codes(ends) == ["", "nothing_to_pay"]
    assert Payout.objects.get().amount == 8_000


def test_without_the_lock_on_the_month_the_keys_of_payouts_refuse_the_second_batch(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin: taken away are FOR UPDATE on the settlement and, below, the keys."""
    office.order("E1", 160_000)
    settled = settle(office.brand)
    unlocked = SimpleNamespace(select_for_update=Settlement.objects.all)
    monkeypatch.setattr(payouts, "Settlement", SimpleNamespace(objects=unlocked))

    def make() -> PayoutBatch:
        return payouts.make_batch(by=office.chen, settlement=settled)

    assert codes(twice_at_once(race, monkeypatch, make)) == ["", "IntegrityError"]
    assert Payout.objects.get().amount == 8_000


def test_without_lock_and_keys_two_batches_pay_one_statement_twice(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin's twin: the second batch can be seen to be the harm."""
    office.order("E1", 160_000)
    settled = settle(office.brand)
    unlocked = SimpleNamespace(select_for_update=Settlement.objects.all)
    monkeypatch.setattr(payouts, "Settlement", SimpleNamespace(objects=unlocked))
    sql("DROP INDEX payout_one_live_per_statement")
    sql("ALTER TABLE incentives_payout DROP CONSTRAINT incentives_payout_out_no_key")
    sql("ALTER TABLE incentives_payoutbatch DROP CONSTRAINT incentives_payoutbatch_number_key")

    def make() -> PayoutBatch:
        return payouts.make_batch(by=office.chen, settlement=settled)

    assert codes(twice_at_once(race, monkeypatch, make)) == ["", ""]
    assert [payout.amount for payout in Payout.objects.all()] == [8_000, 8_000]


@pytest.mark.parametrize("deed", ["submit", "approve", "export", "answer"])
def test_a_step_of_a_batch_pressed_twice_at_once_happens_once(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch, deed: str
) -> None:
    """M5: the file is the same for both; a step that is over says so."""
    office.order("E1", 160_000)
    batch = payouts.make_batch(by=office.chen, settlement=settle(office.brand))
    qian = c.finance(office.people, "qian")
    before = {
        "submit": [],
        "approve": [lambda: payouts.submit(by=office.chen, batch=batch)],
    }
    before["export"] = [*before["approve"], lambda: payouts.approve(by=office.zhao, batch=batch)]
    before["answer"] = [*before["export"], lambda: payouts.export(by=office.chen, batch=batch)]
    for step in before[deed]:
        step()
    acts = {
        "submit": lambda: payouts.submit(by=office.chen, batch=batch).state,
        "approve": lambda: payouts.approve(by=qian, batch=batch).state,
        "export": lambda: payouts.export(by=office.chen, batch=batch).file_hash,
        "answer": lambda: office.answer(batch),
    }
    first, second = twice_at_once(race, monkeypatch, acts[deed])
    if deed in ("submit", "approve"):
        assert codes([first, second]) == ["", "wrong_state"]
    elif deed == "export":
        assert codes([first, second]) == ["", ""]
        assert first.value == second.value
    else:
        assert codes([first, second]) == ["", ""]
        assert sorted([first.value, second.value]) == [["settled"], ["unchanged"]]
    journals = {"submit": 0, "approve": 1, "export": 1, "answer": 2}[deed]
    assert Journal.objects.filter(source=ledger.PAYOUT_SOURCE).count() == journals
    verb = {"submit": "submitted", "approve": "approved", "export": "exported"}.get(deed)
    if verb:
        assert Activity.objects.filter(verb=f"payout_batch.{verb}").count() == 1
    assert differences() == {}


def test_orders_come_in_while_a_batch_is_being_decided(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The brand was locked together with the batch, and every order of it waited."""
    office.order("E1", 160_000)
    batch = office.submitted(settle(office.brand))
    decide, ends = payouts._decide, []

    def take_an_order() -> Any:
        sql("SET lock_timeout = '500ms'")
        return office.order("E2", 10_000)

    def after_an_order(*what: Any) -> None:
        ends.extend(Race().run(take_an_order))
        decide(*what)

    monkeypatch.setattr(payouts, "_decide", after_an_order)
    payouts.approve(by=office.zhao, batch=batch)
    assert codes(ends) == [""]


# -- M24: reversed twice -------------------------------------------------------


def by_hand(office: Office) -> Journal:
    """A journal that may be reversed: neither a run nor a payout posted it."""
    expense = ledger.account(brand=office.brand, kind=LedgerKind.EXPENSE, currency="CNY")
    payable = ledger.account(
        brand=office.brand, kind=LedgerKind.PAYABLE, currency="CNY", creator=office.zhou
    )
    return ledger.post(
        by=office.chen,
        brand=office.brand,
        kind=JournalKind.ADJUSTMENT,
        source="by hand",
        key="1",
        business_date=dt.date(2026, 9, 5),
        postings=[(expense, 500), (payable, -500)],
    )


def reverse_twice_at_once(office: Office, race: Race, patch: pytest.MonkeyPatch) -> list:
    journal = by_hand(office)
    with patch.context() as patch:
        patch.setattr(ledger, "post", race.before(ledger.post))
        return race.run(
            *[
                lambda: ledger.reverse(
                    by=office.chen,
                    journal=journal,
                    business_date=dt.date(2026, 9, 6),
                    reason="typing error",
                )
            ]
            * 2
        )


def expenses(office: Office) -> int:
    account = ledger.account(brand=office.brand, kind=LedgerKind.EXPENSE, currency="CNY")
    return ledger.balance(account)


def test_a_journal_reversed_twice_at_once_is_reversed_once(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """M24"""
    ends = reverse_twice_at_once(office, race, monkeypatch)
    assert codes(ends) == ["", "already_reversed"]
    assert expenses(office) == 0
    assert Journal.objects.filter(kind=JournalKind.REVERSAL).count() == 1
    assert Activity.objects.filter(verb="journal.reversed").count() == 1
    assert differences() == {}


def test_without_lock_and_keys_a_journal_is_reversed_twice(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The twin of M24: taken away are the advisory lock and the keys on what is reversed."""
    monkeypatch.setattr(ledger, "execute", lambda *_lock: 0)
    sql("ALTER TABLE incentives_journal DROP CONSTRAINT incentives_journal_reverses_id_key")
    sql("DROP INDEX journal_event_once")
    monkeypatch.setattr(Journal, "save", race.before(Journal.save))
    ends = reverse_twice_at_once(office, race, monkeypatch)
    assert codes(ends) == ["", ""]
    assert expenses(office) == -500
