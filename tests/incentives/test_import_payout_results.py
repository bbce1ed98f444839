"""The bank's answer comes in as a file; what does not fit changes nothing."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from incentives import payouts, proof, settlement
from incentives.choices import BatchState, PayoutState
from incentives.models import PayoutBatch
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
