"""Answers that come at the same moment as something else that happens to the payout (M8)."""

from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import pytest

from incentives import payouts
from incentives.choices import PayoutState
from incentives.models import Journal, Payout, PayoutBatch
from incentives.payouts import Result
from tests.incentives.money import Office, differences, in_flight, owed, settle
from tests.incentives.races import Race, keep, own_database, put_back
from tests.refusals import sql


@pytest.fixture(scope="module", autouse=True)
def in_an_own_database(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    """Other connections see only what is committed."""
    with django_db_blocker.unblock(), own_database("answer"):
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


def approved(office: Office) -> PayoutBatch:
    office.order("E1", 160_000)
    return office.approved(settle(office.brand))


def word(office: Office, *, succeeded: bool = True) -> Callable[[], str]:
    """The bank's word for the one payout there is."""

    def say() -> str:
        payout = Payout.objects.get()
        row = Result(payout.out_no, succeeded=succeeded, amount=payout.amount, provider_no="P1")
        (outcome,) = payouts.take_results(by=office.chen, rows=[row])
        return outcome.code or outcome.result

    return say


def test_an_answer_before_our_call_returned_waits_for_it(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The file is written and the payout is being marked as sent; the answer is there already."""
    batch, record = approved(office), payouts.activity.record

    def met_before_the_end(**more: Any) -> Any:
        race.meet()  # now the answer comes, and waits for the row that is being written
        race.meet()
        return record(**more)

    def answer() -> str:
        race.meet()
        return word(office)()

    with monkeypatch.context() as patch:
        patch.setattr(payouts.activity, "record", met_before_the_end)
        sent, answered = race.run(lambda: payouts.export(by=office.chen, batch=batch), answer)
    assert (sent.code, answered.code, answered.value) == ("", "", "settled")
    assert Payout.objects.get().state == PayoutState.SUCCEEDED
    assert (in_flight(office.zhou), owed(office.zhou)) == (0, 0)
    assert differences() == {}


def test_silence_noted_at_the_moment_of_the_answer_does_not_undo_it(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One takes the batch first, the other the payout: who loses is repeated as a whole."""
    batch = payouts.export(by=office.chen, batch=approved(office))
    with monkeypatch.context() as patch:
        patch.setattr(payouts, "_locked", met_once_after(race, payouts._locked))
        patch.setattr(payouts, "owners_of", met_once_after(race, payouts.owners_of))
        ends = race.run(
            word(office), lambda: str(payouts.note_silence(by=office.chen, batch=batch))
        )
    assert ends[0].value == "settled"
    assert (ends[1].value or ends[1].code) in ("0", "1", "wrong_state")
    assert Payout.objects.get().state == PayoutState.SUCCEEDED
    assert (in_flight(office.zhou), owed(office.zhou)) == (0, 0)
    assert differences() == {}


def met_once_after(race: Race, act: Callable[..., Any]) -> Callable[..., Any]:
    tries: list[int] = []

    def then_meet(*args: Any, **more: Any) -> Any:
        found = act(*args, **more)
        tries.append(1)
        if len(tries) == 1:
            race.meet()
        return found

    return then_meet


# -- two words that contradict each other --------------------------------------


def both_words(
    office: Office, race: Race, patch: pytest.MonkeyPatch, *, locked: bool = True
) -> list[Any]:
    """Both have looked at the payout before either writes, where nothing prevents it."""
    payouts.export(by=office.chen, batch=approved(office))
    with patch.context() as patch:
        if not locked:
            without_the_lock(patch)
        patch.setattr(payouts, "_book_results", race.before(payouts._book_results))
        return race.run(word(office), word(office, succeeded=False))


# The control of the two words: `take_results` reads without FOR UPDATE.
def without_the_lock(patch: pytest.MonkeyPatch) -> None:
    objects = Payout.objects
    unlocked = SimpleNamespace(
        select_for_update=lambda of: objects.all(), filter=objects.filter, get=objects.get
    )
    patch.setattr(payouts, "Payout", SimpleNamespace(objects=unlocked))


def test_paid_and_failed_at_the_same_moment_are_one_change(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    ends = both_words(office, race, monkeypatch)
    assert sorted(end.value for end in ends) == ["contradicts", "settled"]
    assert Journal.objects.filter(source="payout").count() == 2
    assert in_flight(office.zhou) == 0
    assert differences() == {}


def test_without_the_lock_the_path_of_states_refuses_the_second(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: taken away is FOR UPDATE on the payouts; the trigger stands behind it."""
    ends = both_words(office, race, monkeypatch, locked=False)
    assert sorted(end.code for end in ends) == ["", "IntegrityError"]
    assert in_flight(office.zhou) == 0
    assert differences() == {}


def test_without_lock_and_path_the_money_is_gone_and_owed_again(
    office: Office, race: Race, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control's control: the harm is real, and the proof finds it."""
    sql("ALTER TABLE incentives_payout DISABLE TRIGGER USER")
    try:
        ends = both_words(office, race, monkeypatch, locked=False)
    finally:
        sql("ALTER TABLE incentives_payout ENABLE TRIGGER USER")
    assert [end.code for end in ends] == ["", ""]
    assert (in_flight(office.zhou), owed(office.zhou)) == (-8_000, 8_000)
    assert differences() != {}
