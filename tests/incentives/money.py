"""Short words for what the money tests do all the time."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest

from accounts.models import Unit
from incentives import commission_runs, ledger, payouts, proof, settlement
from incentives.choices import LedgerKind
from incentives.models import CommissionRun, PayoutBatch, Settlement
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from matrix.models import Creator
from tests import cast as c

SEPTEMBER = Month(2026, 9)
OCTOBER = Month(2026, 10)


def accrue(brand: Unit, day: str, **more: Any) -> CommissionRun:
    return commission_runs.accrue(by=None, brand=brand, as_of=dt.date.fromisoformat(day), **more)


def release(brand: Unit, day: str, **more: Any) -> CommissionRun:
    return commission_runs.release(by=None, brand=brand, as_of=dt.date.fromisoformat(day), **more)


def owed(creator: Creator, kind: str = LedgerKind.PAYABLE) -> int:
    """What the books owe a person; held and in flight by their kinds."""
    account = ledger.account(brand=creator.brand, kind=kind, currency="CNY", creator=creator)
    return -ledger.balance(account)


def held(creator: Creator) -> int:
    return owed(creator, LedgerKind.ACCRUED)


def in_flight(creator: Creator) -> int:
    return owed(creator, LedgerKind.INFLIGHT)


def differences() -> dict[str, int]:
    """What the proof finds, by check; empty when the books prove."""
    return {found.code: found.differences for found in proof.verify() if found.differences}


def refusal_of(act: Callable[[], Any]) -> DomainError:
    """The act is refused, and how."""
    with pytest.raises(DomainError) as refusal:
        act()
    return refusal.value


def code_of(act: Callable[[], Any]) -> str:
    return refusal_of(act).code


def settle(brand: Unit, month: Month = SEPTEMBER) -> Settlement:
    return settlement.settle(by=None, brand=brand, month=month)


class Office:
    """The cast with a plan, bank accounts, a maker and a checker."""

    def __init__(self) -> None:
        self.people = c.cast()
        self.brand = self.people.brand
        self.zhou, self.may = self.people.zhou, self.people.may
        c.plan(self.brand)
        self.chen, self.zhao = c.finance(self.people, "chen"), c.finance(self.people, "zhao")
        for someone in (self.zhou, self.may):
            c.pay_to_bank(someone)

    def order(self, external_id: str, *amounts: int, **facts: Any) -> Any:
        return c.order(self.people, external_id, *amounts, **facts)

    def refund(self, order_id: str, refund_id: str, amount: int, **facts: Any) -> str:
        return c.refund(self.people, order_id, refund_id, amount, **facts)

    def run(self, day: str, **more: Any) -> None:
        accrue(self.brand, day, **more)
        release(self.brand, day, **more)

    def submitted(self, settled: Settlement, **more: Any) -> PayoutBatch:
        batch = payouts.make_batch(by=self.chen, settlement=settled, **more)
        return payouts.submit(by=self.chen, batch=batch)

    def approved(self, settled: Settlement) -> PayoutBatch:
        return payouts.approve(by=self.zhao, batch=self.submitted(settled))

    def exported(self, settled: Settlement) -> PayoutBatch:
        return payouts.export(by=self.chen, batch=self.approved(settled))

    def answer(self, batch: PayoutBatch, *, succeeded: bool = True) -> list[str]:
        """The bank's answer for the whole batch; what became of each line."""
        rows = [
            payouts.Result(
                payout.out_no,
                succeeded=succeeded,
                amount=payout.amount,
                provider_no=f"B{payout.out_no}",
                failure="" if succeeded else "account closed",
            )
            for payout in batch.payouts.order_by("out_no")
        ]
        return [outcome.result for outcome in payouts.take_results(by=self.chen, rows=rows)]

    def paid(self, settled: Settlement) -> PayoutBatch:
        batch = self.exported(settled)
        self.answer(batch)
        batch.refresh_from_db()
        return batch
