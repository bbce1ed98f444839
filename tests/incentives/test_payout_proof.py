"""The checks of payouts and tax find what somebody with SQL could do, and nothing else."""

import pytest

from incentives import payout_proof, proof, reconciliation
from incentives.models import Payout, ProviderEntry
from tests.incentives.money import Office, settle
from tests.refusals import as_owner_without_guards, sql

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    """May was paid 3,000 yuan less 440; the bank's statement agrees."""
    made = Office()
    made.order("E1", 3_000_00 * 50, seller=None, sharer=made.may)
    made.paid(settle(made.brand))
    payout = Payout.objects.get()
    entry = ProviderEntry(
        brand=made.brand,
        channel="bank",
        provider_no=payout.provider_no,
        out_no=payout.out_no,
        amount=payout.amount,
        state="succeeded",
        day=payout.settled_at.date(),
    )
    reconciliation.take_statement(by=None, brand=made.brand, entries=[entry])
    return made


def found() -> set[str]:
    findings = proof.verify(checks=payout_proof.CHECKS)
    return {each.code for each in findings if each.differences}


def test_what_is_right_has_no_differences(office: Office) -> None:
    assert found() == set()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ("UPDATE incentives_payout SET tax = tax - 1, amount = amount + 1", "tax_in_books"),
        ("UPDATE incentives_payout SET tax = 0", "tax_in_books"),
        (
            "UPDATE incentives_journal SET kind = 'payout_failed' WHERE source = 'payout_tax'",
            "tax_in_books",
        ),
        ("UPDATE incentives_payoutbatch SET checkers_needed = 2", "approvals_complete"),
        ("UPDATE incentives_providerentry SET amount = amount + 1", "statement_agrees"),
        ("UPDATE incentives_providerentry SET out_no = 'X'", "statement_agrees"),
        (
            (
                "UPDATE incentives_payout SET state = 'unknown';"
                " UPDATE incentives_payoutbatch SET exported_at = now() - interval '2 days'"
            ),
            "in_flight_too_long",
        ),
    ],
)
def test_what_is_wrong_is_found(office: Office, change: str, code: str) -> None:
    with as_owner_without_guards():
        sql(change)
    assert code in found()
