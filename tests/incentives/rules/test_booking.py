"""Which accounts a journal may touch, from its first line to the others."""

import pytest

from incentives.booking import fits, rows
from incentives.choices import JournalKind as Kind
from incentives.choices import LedgerKind as Account


@pytest.mark.parametrize(
    ("kind", "accounts", "may"),
    [
        (Kind.ACCRUAL, [Account.EXPENSE, Account.ACCRUED], True),
        (Kind.ACCRUAL, [Account.EXPENSE, Account.ACCRUED, Account.ACCRUED], True),
        # Nothing becomes payable without having waited.
        (Kind.ACCRUAL, [Account.EXPENSE, Account.ACCRUED, Account.PAYABLE], False),
        (Kind.ACCRUAL, [Account.ACCRUED, Account.ACCRUED], False),
        (Kind.RELEASE, [Account.ACCRUED, Account.PAYABLE], True),
        (Kind.RELEASE, [Account.PAYABLE, Account.ACCRUED], False),
        (Kind.PAYOUT_PAID, [Account.INFLIGHT, Account.TAX, Account.CASH_CLEARING], True),
        # Points and money never meet in a journal.
        (Kind.POINTS_SPENT, [Account.POINTS, Account.POINTS_ISSUED], True),
        (Kind.POINTS_SPENT, [Account.POINTS, Account.PAYABLE], False),
        (Kind.POINTS_SPENT, [Account.PAYABLE, Account.POINTS], False),
        ("gift", [Account.EXPENSE, Account.ACCRUED], False),
    ],
)
def test_a_journal_touches_the_accounts_of_its_kind_only(kind, accounts, may) -> None:
    assert fits(kind, accounts) is may


def test_the_rows_for_queries_say_what_the_rule_says() -> None:
    said = set(rows())
    assert all(isinstance(part, str) and type(part) is str for row in said for part in row)
    for kind in Kind:
        firsts = [account for account in Account if (kind, "first", account) in said]
        others = [account for account in Account if (kind, "other", account) in said]
        assert {place for row_kind, place, _ in said if row_kind == kind} <= {"first", "other"}
        for first in firsts:
            for other in Account:
                assert fits(kind, [first, other]) is (other in others)
        for account in set(Account) - set(firsts):
            assert not others or not fits(kind, [account, others[0]])
