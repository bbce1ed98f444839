"""A transaction that lost against another one is done again as a whole (M26).

The faults are real: a deadlock in which PostgreSQL chooses ours, a snapshot that somebody else
wrote past, a lock that is not given back. Each has a control that takes the repetition away.
"""

import datetime as dt
import json
from collections.abc import Callable, Iterator
from threading import Event
from typing import Any

import pytest
from django.db import OperationalError, transaction
from django.test import Client

from accounts.models import Activity
from incentives import payout_pages, payouts
from incentives.choices import BatchState, RunState
from incentives.models import Approval, CommissionLine, Journal, PayoutBatch
from kosops import api_errors
from kosops.lib import repeating
from tests import cast as c
from tests.incentives.money import Office, accrue, differences, in_flight, owed, settle
from tests.incentives.races import PATIENCE, Race, keep, own_database, put_back
from tests.refusals import one, sql


@pytest.fixture(scope="module", autouse=True)
def in_an_own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("repeat"):
        keep()
        yield


@pytest.fixture(autouse=True)
def and_back_again(in_an_own_database: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    repeating.cache.clear()
    monkeypatch.setattr(repeating, "pause", lambda: None)
    yield
    put_back()


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def batch(office: Office) -> PayoutBatch:
    office.order("E1", 160_000)
    return office.submitted(settle(office.brand))


ACCOUNTS = "SELECT id FROM incentives_ledgeraccount WHERE kind = 'payable' FOR UPDATE"
BATCHES = "SELECT id FROM incentives_payoutbatch FOR UPDATE"


class Meeting:
    """An act and somebody who is in its way, each on a connection of its own."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.race, self.patch, self.tries = Race(), patch, 0

    def run(self, act: Callable[[], Any], other: Callable[[], None], *settings: str) -> Any:
        """How it ended for the act; ``settings`` are those of its session."""

        def ours() -> Any:
            for setting in settings:
                sql(f"SET {setting}")
            return act()

        first, second = self.race.run(ours, other)
        assert second.code == "", second.error
        return first

    def at_first(self, module: Any, name: str, *, meets: int = 1, after: bool = False) -> None:
        """The first call of ``name`` meets the other one; repetitions go through."""
        whole = getattr(module, name)

        def met(*args: Any, **more: Any) -> Any:
            self.tries += 1
            found = whole(*args, **more) if after else None
            if self.tries == 1:
                for _each in range(meets):
                    self.race.meet()
            return found if after else whole(*args, **more)

        self.patch.setattr(module, name, met)


@pytest.fixture
def meeting(monkeypatch: pytest.MonkeyPatch) -> Meeting:
    return Meeting(monkeypatch)


def deadlock(office: Office, meeting: Meeting, batch: PayoutBatch) -> Any:
    """The approval holds the batch and wants the accounts; the other one the other way round."""

    @transaction.atomic
    def the_other_way_round() -> None:
        # Who waits for longer is chosen by PostgreSQL; this one never asks.
        sql("SET LOCAL deadlock_timeout = '1min'")
        sql("SET LOCAL lock_timeout = 0")
        sql(ACCOUNTS)
        meeting.race.meet()
        sql(BATCHES)

    def other() -> None:
        the_other_way_round()
        over.set()

    # Else a second try that comes before the other one is awake meets it again.
    over = Event()
    meeting.patch.setattr(repeating, "pause", lambda: over.wait(PATIENCE))
    meeting.at_first(payouts, "_check_balances")
    approve = lambda: payouts.approve(by=office.zhao, batch=batch)  # noqa: E731
    return meeting.run(approve, other, "deadlock_timeout = '10ms'")


def test_after_a_deadlock_the_approval_is_done_again(
    office: Office, meeting: Meeting, batch: PayoutBatch
) -> None:
    end = deadlock(office, meeting, batch)
    assert (end.code, end.value.state) == ("", BatchState.APPROVED)
    assert meeting.tries == 2
    assert repeating.counted() == {"deadlock": 1}
    assert (owed(office.zhou), in_flight(office.zhou)) == (0, 8_000)
    assert Approval.objects.count() == 1
    assert Activity.objects.filter(verb="payout_batch.approved").count() == 1
    assert differences() == {}


def test_without_repetition_a_deadlock_is_told_and_nothing_is_half_done(
    office: Office, meeting: Meeting, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control."""
    monkeypatch.setattr(repeating, "TRIES", 1)
    end = deadlock(office, meeting, batch)
    assert (end.code, end.error.status) == ("try_again", 503)
    nothing_was_approved(office, batch)


def nothing_was_approved(office: Office, batch: PayoutBatch) -> None:
    batch.refresh_from_db()
    assert batch.state == BatchState.SUBMITTED
    assert (owed(office.zhou), in_flight(office.zhou)) == (8_000, 0)
    assert not Approval.objects.exists()
    assert not Activity.objects.filter(verb="payout_batch.approved").exists()
    assert differences() == {}


def test_after_a_serialization_failure_the_approval_is_done_again(
    office: Office, meeting: Meeting, batch: PayoutBatch
) -> None:
    def write_past() -> None:
        meeting.race.meet()
        sql("UPDATE incentives_ledgeraccount SET kind = kind WHERE kind = 'payable'")
        meeting.race.meet()

    meeting.at_first(payouts, "_check_balances", meets=2)
    end = meeting.run(
        lambda: payouts.approve(by=office.zhao, batch=batch),
        write_past,
        "SESSION CHARACTERISTICS AS TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    )
    assert (end.code, meeting.tries) == ("", 2)
    assert repeating.counted() == {"serialization": 1}
    assert (owed(office.zhou), in_flight(office.zhou)) == (0, 8_000)
    assert differences() == {}


class Keeper:
    """Somebody who holds rows until `let_go`; the act begins when they are held."""

    def __init__(self, statement: str) -> None:
        self.statement, self.held, self.over = statement, Event(), Event()

    @transaction.atomic
    def hold(self) -> None:
        sql(self.statement)
        self.held.set()
        assert self.over.wait(PATIENCE)

    def let_go(self) -> None:
        self.over.set()

    def against(self, act: Callable[[], Any], *, lock_timeout: str) -> Any:
        """How it ended for the act, which may wait for a lock so long at most."""

        def ours() -> Any:
            sql(f"SET lock_timeout = '{lock_timeout}'")
            assert self.held.wait(PATIENCE)
            try:
                return act()
            finally:
                self.let_go()

        end, holder = Race().run(ours, self.hold)
        assert holder.error is None
        return end


def test_a_lock_that_is_given_back_in_time_costs_a_try_only(
    office: Office, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper = Keeper(BATCHES)
    monkeypatch.setattr(repeating, "pause", keeper.let_go)
    end = keeper.against(lambda: payouts.approve(by=office.zhao, batch=batch), lock_timeout="100ms")
    assert (end.code, end.value.state) == ("", BatchState.APPROVED)
    assert repeating.counted()["lock_timeout"] >= 1
    assert (owed(office.zhou), in_flight(office.zhou)) == (0, 8_000)
    assert differences() == {}


def test_a_lock_that_is_kept_is_told_after_three_tries(office: Office, batch: PayoutBatch) -> None:
    """M26: 503 `try_again`, no partial effect, the counter is raised."""
    approve = lambda: payouts.approve(by=office.zhao, batch=batch)  # noqa: E731
    end = Keeper(BATCHES).against(approve, lock_timeout="5ms")
    assert (end.code, end.error.status) == ("try_again", 503)
    assert repeating.counted() == {"lock_timeout": 3}
    nothing_was_approved(office, batch)
    assert approve().state == BatchState.APPROVED


def test_a_run_repeats_its_span(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    office.order("E1", 12_990, 7_000, sharer=office.may)
    keeper = Keeper("SELECT order_id FROM customers_changedorder FOR UPDATE")
    monkeypatch.setattr(repeating, "pause", keeper.let_go)
    end = keeper.against(lambda: accrue(office.brand, "2026-09-20"), lock_timeout="100ms")
    assert (end.code, end.value.state) == ("", RunState.POSTED)
    assert repeating.counted()["lock_timeout"] >= 1
    amounts = sorted(CommissionLine.objects.values_list("amount", flat=True))
    assert amounts == [140, 259, 350, 649]
    assert Journal.objects.count() == 2
    assert differences() == {}


# -- what the doors say --------------------------------------------------------


def test_inside_a_transaction_only_the_whole_can_be_repeated(office: Office) -> None:
    tries = []

    @repeating.whole
    def lose() -> None:
        tries.append(1)
        sql("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '40P01'; END $$")

    with pytest.raises(OperationalError), transaction.atomic():
        lose()
    assert len(tries) == 1
    with pytest.raises(repeating.DomainError):
        lose()
    assert len(tries) == 1 + repeating.TRIES


def test_other_faults_are_not_repeated(office: Office) -> None:
    tries = []

    @repeating.whole
    def fail() -> None:
        tries.append(1)
        one("SELECT 1 / 0")

    with pytest.raises(Exception, match="division by zero"):
        fail()
    assert len(tries) == 1
    assert repeating.counted() == {}


def test_the_door_says_that_it_may_be_tried_again(
    office: Office, batch: PayoutBatch, client: Client
) -> None:
    client.post("/account/login/", {"login": "zhao", "password": c.PASSWORD})

    def press() -> Any:
        return client.post(f"/payouts/{batch.pk}/decide/", {"decision": "approve"})

    end = Keeper(BATCHES).against(press, lock_timeout="5ms")
    assert end.value.status_code == 503
    assert "Somebody else was changing the same at this moment" in end.value.text
    nothing_was_approved(office, batch)


def test_what_lost_on_a_page_that_repeats_nothing_is_a_503_too(
    office: Office, batch: PayoutBatch, monkeypatch: pytest.MonkeyPatch, client: Client
) -> None:
    client.force_login(office.zhao)
    client.raise_request_exception = False

    def lose(*_any: Any, **_more: Any) -> None:
        sql("DO $$ BEGIN RAISE EXCEPTION 'lost' USING ERRCODE = '55P03'; END $$")

    monkeypatch.setattr(payout_pages, "get_object_or_404", lose)
    answer = client.get(f"/payouts/{batch.pk}/")
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert "Somebody else was quicker" in answer.text


def test_a_program_is_told_when_to_try_again() -> None:
    answer = api_errors.problem_response(repeating.try_again(), {})
    assert (answer.status_code, answer["Retry-After"]) == (503, "1")
    assert json.loads(answer.content)["code"] == "try_again"


def test_readiness_tells_how_many_lost_today(client: Client) -> None:
    assert "lost_today" not in client.get("/readyz").json()
    repeating.count("40P01")
    repeating.count("40P01")
    assert client.get("/readyz").json()["lost_today"] == "deadlock 2"


def test_a_day_that_was_counted_is_over_at_midnight(monkeypatch: pytest.MonkeyPatch) -> None:
    repeating.count("40001")
    assert repeating.counted() == {"serialization": 1}
    monkeypatch.setattr(repeating.timezone, "localdate", lambda: dt.date(2030, 1, 1))
    assert repeating.counted() == {}
