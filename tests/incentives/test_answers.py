"""Answers for a payout in any order, twice, and before anybody expects them (M8).

What may happen to a payout that was sent is played in every order; the books follow the first last
word, and nothing that comes after it.
"""

import pytest
from django.db import transaction

from incentives import payouts
from incentives.choices import BatchState, PayoutState
from incentives.models import Journal, Payout, PayoutBatch
from incentives.payouts import Result
from tests.incentives.money import Office, differences, in_flight, owed, settle

pytestmark = pytest.mark.django_db

LAST = {"paid": PayoutState.SUCCEEDED, "failed": PayoutState.FAILED, "expired": PayoutState.EXPIRED}
NEWS = {"silence": PayoutState.UNKNOWN, "wait": PayoutState.WAIT_PAYEE}
EVENTS = (*LAST, *NEWS)
SENT = 8_000


@pytest.fixture
def office() -> Office:
    return Office()


@pytest.fixture
def batch(office: Office) -> PayoutBatch:
    office.order("E1", 160_000)
    return office.exported(settle(office.brand))


def say(office: Office, batch: PayoutBatch, event: str) -> str:
    """What became of the event: our own look at the clock, or a word of the bank."""
    if event == "silence":
        if PayoutBatch.objects.get(pk=batch.pk).state == BatchState.CLOSED:
            return "closed"
        return "settled" if payouts.note_silence(by=office.chen, batch=batch) else "unchanged"
    payout = batch.payouts.get()
    row = Result(
        payout.out_no,
        succeeded=event in ("paid", "wait"),
        amount=payout.amount,
        provider_no="P1",
        state="" if event in ("paid", "failed") else (LAST | NEWS)[event],
    )
    (outcome,) = payouts.take_results(by=office.chen, rows=[row])
    return outcome.code or outcome.result


def expected(state: str, event: str) -> tuple[str, str]:
    """Outcome and state after an event, read from the rule: the first last word stands."""
    if event in LAST:
        if state in LAST.values():
            return ("unchanged" if state == LAST[event] else "contradicts"), state
        return "settled", LAST[event]
    if state in LAST.values():
        return ("closed" if event == "silence" else "unchanged"), state
    if event == "silence" and state != PayoutState.SENDING:
        return "unchanged", state
    return ("unchanged" if state == NEWS[event] else "settled"), NEWS[event]


def test_in_every_order_of_three_events_the_first_last_word_stands(
    office: Office, batch: PayoutBatch
) -> None:
    walk(office, batch, PayoutState.SENDING, ())
    assert differences() == {}


def walk(office: Office, batch: PayoutBatch, state: str, before: tuple[str, ...]) -> None:
    """Every event from here on; what changed nothing leads to nothing new."""
    for event in EVENTS:
        events = (*before, event)
        with transaction.atomic():
            outcome, then = expected(state, event)
            assert say(office, batch, event) == outcome, events
            assert Payout.objects.get().state == then, events
            if outcome == "settled":
                books_follow(office, then, events)
                if len(events) < 3:
                    walk(office, batch, then, events)
            transaction.set_rollback(True)


def books_follow(office: Office, state: str, events: tuple[str, ...]) -> None:
    gone = state in (PayoutState.FAILED, PayoutState.EXPIRED)
    under_way = state not in LAST.values()
    assert in_flight(office.zhou) == (SENT if under_way else 0), events
    assert owed(office.zhou) == (SENT if gone else 0), events
    # One journal of the approval, and one of the last word at most.
    assert Journal.objects.filter(source="payout").count() == (1 if under_way else 2), events


@pytest.mark.parametrize("last", LAST)
@pytest.mark.parametrize("news", NEWS)
def test_a_last_word_and_news_come_to_the_same_in_both_orders(
    office: Office, batch: PayoutBatch, last: str, news: str
) -> None:
    found = []
    for events in ((last, news), (news, last)):
        with transaction.atomic():
            for event in events:
                say(office, batch, event)
            found.append((Payout.objects.get().state, in_flight(office.zhou), owed(office.zhou)))
            transaction.set_rollback(True)
    assert found[0] == found[1]
    assert found[0][0] == LAST[last]


@pytest.mark.parametrize("event", LAST)
def test_the_same_word_twice_is_one_change_and_is_answered_in_peace(
    office: Office, batch: PayoutBatch, event: str
) -> None:
    assert [say(office, batch, event), say(office, batch, event)] == ["settled", "unchanged"]
    assert Journal.objects.filter(source="payout").count() == 2
    assert differences() == {}
