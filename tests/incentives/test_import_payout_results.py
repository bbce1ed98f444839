"""The bank's answer comes in as a file; what does not fit changes nothing."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from incentives import payouts, proof, settlement
from incentives.choices import BatchState, PayoutState
from incentives.models import PayoutBatch, ProviderEntry
from kosops.lib.periods import Month
from tests import cast as c
from tests.integrations import passing

pytestmark = pytest.mark.django_db


@pytest.fixture
def sent() -> tuple[c.Cast, PayoutBatch]:
    people = c.cast()
    c.plan(people.brand)
    chen, zhao = c.finance(people, "chen"), c.finance(people, "zhao")
    for creator in (people.zhou, people.may):
        c.pay_to_bank(creator)
    c.order(people, "E1", 12_990, 7_000, sharer=people.may)
    settled = settlement.settle(by=chen, brand=people.brand, month=Month(2026, 9))
    batch = payouts.submit(by=chen, batch=payouts.make_batch(by=chen, settlement=settled))
    payouts.approve(by=zhao, batch=batch)
    return people, payouts.export(by=chen, batch=batch)


def answer(*rows: str) -> SimpleUploadedFile:
    text = "\n".join(["商户单号,状态,金额,流水号,失败原因", *rows])
    return SimpleUploadedFile("answer.csv", text.encode("gb18030"))


def states(batch: PayoutBatch) -> dict[str, str]:
    return dict(batch.payouts.values_list("out_no", "state"))


def test_answers_pay_or_give_back(sent: tuple[c.Cast, PayoutBatch]) -> None:
    people, batch = sent
    first, second = sorted(states(batch))
    amounts = dict(batch.payouts.values_list("out_no", "amount"))
    rows = (
        f"{first},成功,{amounts[first] / 100:.2f},B1,",
        f"{second},退票,{amounts[second] / 100:.2f},B2,户名不符",
    )

    done = passing.bring_in(batch.maker, people.brand, "payout_results", answer(*rows))

    assert passing.figures(done) == {"changed": 2}
    assert states(batch) == {first: PayoutState.SUCCEEDED, second: PayoutState.FAILED}
    batch.refresh_from_db()
    assert batch.state == BatchState.CLOSED
    assert proof.differences(proof.verify()) == 0
    again = passing.check(batch.maker, people.brand, "payout_results", answer(*rows, ""))
    assert passing.figures(again) == {"unchanged": 2}


def test_a_wrong_amount_an_unknown_number_and_a_taken_one_change_nothing(
    sent: tuple[c.Cast, PayoutBatch],
) -> None:
    people, batch = sent
    first, second = sorted(states(batch))
    file = answer(f"{first},成功,9.98,B1,", "CY-1,成功,1.00,B2,", f"{second},成功,3.99,B1,")

    done = passing.check(batch.maker, people.brand, "payout_results", file)

    assert passing.faults(done) == [
        (2, "amount", "amount_mismatch"),
        (3, "out_no", "unknown_payout"),
        (4, "provider_no", "provider_no_taken"),
    ]
    assert set(states(batch).values()) == {PayoutState.SENDING}


def test_an_answer_that_contradicts_the_first_is_refused(
    sent: tuple[c.Cast, PayoutBatch],
) -> None:
    people, batch = sent
    first, _second = sorted(states(batch))
    paid = answer(f"{first},成功,9.99,B1,")
    passing.bring_in(batch.maker, people.brand, "payout_results", paid)

    file = answer(f"{first},失败,9.99,B1,账户冻结")
    done = passing.check(batch.maker, people.brand, "payout_results", file)

    assert passing.faults(done) == [(2, "out_no", "contradicts")]
    assert states(batch)[first] == PayoutState.SUCCEEDED


def test_a_wrong_amount_stops_the_batch_as_soon_as_the_file_is_looked_at(
    sent: tuple[c.Cast, PayoutBatch],
) -> None:
    """M9: a file of such rows alone cannot be imported, and the bank has said it all the same."""
    people, batch = sent
    first, second = sorted(states(batch))

    passing.check(batch.maker, people.brand, "payout_results", answer(f"{first},成功,9.98,B1,"))

    batch.refresh_from_db()
    assert batch.paused_at is not None
    assert batch.payouts.get(out_no=first).bank_amount == 998
    assert states(batch)[first] == PayoutState.SENDING
    # The others are answered as ever.
    passing.bring_in(batch.maker, people.brand, "payout_results", answer(f"{second},成功,3.99,B2,"))
    assert states(batch)[second] == PayoutState.SUCCEEDED


def test_answers_on_the_way_and_expired_ones_are_read(sent: tuple[c.Cast, PayoutBatch]) -> None:
    people, batch = sent
    first, second = sorted(states(batch))
    file = answer(f"{first},待收款用户确认,9.99,B1,", f"{second},已过期,3.99,B2,")
    passing.bring_in(batch.maker, people.brand, "payout_results", file)
    assert states(batch) == {first: PayoutState.WAIT_PAYEE, second: PayoutState.EXPIRED}
    assert proof.differences(proof.verify()) == 0


# -- the statement of the bank -------------------------------------------------


def statement(*rows: str) -> SimpleUploadedFile:
    text = "\n".join(["银行流水号,商户单号,金额,状态,交易日期", *rows])
    return SimpleUploadedFile("statement.csv", text.encode("gb18030"))


def test_a_statement_is_kept_as_the_bank_says_it(sent: tuple[c.Cast, PayoutBatch]) -> None:
    people, batch = sent
    first, _second = sorted(states(batch))
    rows = (f"S1,{first},9.99,成功,2026-10-05", "S2,,88.00,成功,2026-10-05")
    options = {"channel": "bank"}

    def bring(*lines: str) -> Any:
        return passing.bring_in(
            batch.maker, people.brand, "provider_statement", statement(*lines), options=options
        )

    assert passing.figures(bring(*rows)) == {"new": 2}
    assert passing.figures(bring(*rows, "S3,X,1.00,失败,2026-10-06")) == {"unchanged": 2, "new": 1}
    assert list(ProviderEntry.objects.order_by("pk").values_list("provider_no", "amount")) == [
        ("S1", 999),
        ("S2", 8_800),
        ("S3", 100),
    ]
    again = statement(f"S1,{first},9.98,成功,2026-10-05", "S4,,0.00,成功,2026-10-05")
    done = passing.check(batch.maker, people.brand, "provider_statement", again, options=options)
    assert passing.faults(done) == [
        (2, "amount", "contradicts_statement"),
        (3, "amount", "amount_not_above_zero"),
    ]
    assert states(batch)[first] == PayoutState.SENDING, "a statement decides nothing"
