"""The main story: an order is sold and shared, settled, paid, and a refund takes it back."""

import datetime as dt

import pytest

from incentives import commission_runs, nightly, payouts, proof, settlement
from incentives.choices import BatchState, LedgerKind, PayoutState
from incentives.ledger import account, balance
from incentives.models import Statement
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from tests import cast as c

pytestmark = pytest.mark.django_db

SEPTEMBER = Month(2026, 9)
OCTOBER = Month(2026, 10)


def owed(people: c.Cast, creator, kind=LedgerKind.PAYABLE) -> int:
    return -balance(account(brand=people.brand, kind=kind, currency="CNY", creator=creator))


def books_prove() -> bool:
    return proof.differences(proof.verify()) == 0


def test_an_order_is_credited_held_settled_paid_and_clawed_back() -> None:
    people = c.cast()
    c.plan(people.brand)
    chen, zhao = c.finance(people, "chen"), c.finance(people, "zhao")
    for someone in (people.zhou, people.may):
        c.pay_to_bank(someone)
    c.order(people, "E1", 12_990, 7_000, day="2026-09-05", sharer=people.may)

    commission_runs.accrue(by=None, brand=people.brand, as_of=dt.date(2026, 9, 5))
    assert owed(people, people.zhou, LedgerKind.ACCRUED) == 649 + 350
    assert owed(people, people.may, LedgerKind.ACCRUED) == 259 + 140
    commission_runs.release(by=None, brand=people.brand, as_of=dt.date(2026, 9, 19))
    assert owed(people, people.zhou) == 0

    closed = settlement.settle(by=chen, brand=people.brand, month=SEPTEMBER)
    statement = Statement.objects.get(settlement=closed, creator=people.zhou)
    assert (statement.earned, statement.released, statement.held) == (999, 999, 0)
    assert statement.payable == 999
    assert books_prove()

    batch = payouts.make_batch(by=chen, settlement=closed)
    assert (batch.count, batch.total) == (2, 999 + 399)
    payouts.submit(by=chen, batch=batch)
    with pytest.raises(DomainError) as own:
        payouts.approve(by=chen, batch=batch)
    assert own.value.code == "own_batch"
    payouts.approve(by=zhao, batch=batch)
    assert owed(people, people.zhou) == 0
    assert owed(people, people.zhou, LedgerKind.INFLIGHT) == 999

    batch = payouts.export(by=chen, batch=batch)
    answers = [
        payouts.Result(p.out_no, succeeded=True, amount=p.amount, provider_no=f"B{p.pk}")
        for p in batch.payouts.all()
    ]
    assert {o.result for o in payouts.take_results(by=chen, rows=answers)} == {"settled"}
    assert {o.result for o in payouts.take_results(by=chen, rows=answers)} == {"unchanged"}
    batch.refresh_from_db()
    assert batch.state == BatchState.CLOSED
    assert set(batch.payouts.values_list("state", flat=True)) == {PayoutState.SUCCEEDED}
    assert books_prove()

    # The customer sends all back in October: both owe their commission, and the next order nets it.
    assert c.refund(people, "E1", "R1", 19_990, day="2026-10-08") == "created"
    c.order(people, "E2", 10_000, day="2026-10-03")
    closed = settlement.settle(by=chen, brand=people.brand, month=OCTOBER)
    zhou = Statement.objects.get(settlement=closed, creator=people.zhou)
    assert (zhou.opening, zhou.earned, zhou.clawed_back) == (999, 500, 999)
    # September was paid out in the month in which the payout was approved, which is a later one.
    assert (zhou.released, zhou.paid_out, zhou.payable) == (-499, 0, 500)
    assert owed(people, people.zhou) == -499
    may = Statement.objects.get(settlement=closed, creator=people.may)
    assert may.clawed_back == 399
    assert books_prove()
    # What the books owe today counts, not what the statement said: nobody is paid from a debt.
    with pytest.raises(DomainError) as refusal:
        payouts.make_batch(by=chen, settlement=closed)
    assert refusal.value.code == "nothing_to_pay"


def test_who_shared_an_order_is_credited_though_nobody_sold_it() -> None:
    people = c.cast()
    c.plan(people.brand)
    c.order(people, "E1", 10_000, seller=None, sharer=people.may)

    commission_runs.accrue(by=None, brand=people.brand, as_of=dt.date(2026, 9, 30))

    assert owed(people, people.may, LedgerKind.ACCRUED) == 200
    assert books_prove()


def test_the_nightly_run_posts_each_open_month_by_itself() -> None:
    people = c.cast()
    c.plan(people.brand)
    c.order(people, "A1", 10_000, day="2026-09-05")
    c.order(people, "A2", 10_000, day="2026-10-05")
    c.order(people, "A3", 10_000, day="2026-11-05")

    nightly.run_brand(by=None, brand=people.brand, day=dt.date(2026, 11, 10))

    days = {line.order.external_id: line.run.as_of for line in people.zhou.commission_lines.all()}
    assert days == {
        "A1": dt.date(2026, 9, 30),
        "A2": dt.date(2026, 10, 31),
        "A3": dt.date(2026, 11, 10),
    }
    settlement.settle(by=None, brand=people.brand, month=SEPTEMBER)
    assert c.refund(people, "A1", "R1", 10_000, day="2026-11-08") == "created"
    nightly.run_brand(by=None, brand=people.brand, day=dt.date(2026, 11, 11))
    taken_back = people.zhou.commission_lines.get(amount__lt=0)
    assert taken_back.run.as_of == dt.date(2026, 10, 31)
    assert books_prove()
