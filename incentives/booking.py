"""Which accounts each kind of journal may touch. The ledger asks it before posting, the proof after.

A journal reads from its first line to the others: "reward: reward expense, to held or payable".
A negative amount turns it round. A reversal mirrors another journal and so has no line of its own.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from incentives.choices import JournalKind as Kind
from incentives.choices import LedgerKind as Account

_POINTS = (Account.POINTS_ISSUED, Account.POINTS_HELD, Account.POINTS)


@dataclass(frozen=True)
class Booking:
    """``first``: where line 1 may stand; ``others``: where every further line may."""

    first: Sequence[str]
    others: Sequence[str]


BOOKINGS: dict[str, Booking] = {
    # Commission waits in the return window, then it can be paid.
    Kind.ACCRUAL: Booking([Account.EXPENSE], [Account.ACCRUED]),
    Kind.RELEASE: Booking([Account.ACCRUED], [Account.PAYABLE]),
    # Rewards and prizes wait where a post or a rank can still fall, and need not otherwise.
    Kind.REWARD: Booking([Account.REWARDS], [Account.ACCRUED, Account.PAYABLE]),
    Kind.PRIZE: Booking([Account.PRIZES], [Account.ACCRUED, Account.PAYABLE]),
    # By hand, with a second person.
    Kind.ADJUSTMENT: Booking([Account.EXPENSE], [Account.PAYABLE]),
    Kind.WRITE_OFF: Booking([Account.WRITE_OFF], [Account.PAYABLE]),
    # On its way to the bank; tax goes aside on the way or at its end.
    Kind.PAYOUT_APPROVED: Booking([Account.PAYABLE], [Account.INFLIGHT, Account.TAX]),
    Kind.PAYOUT_PAID: Booking([Account.INFLIGHT], [Account.CASH_CLEARING, Account.TAX]),
    Kind.PAYOUT_FAILED: Booking([Account.INFLIGHT, Account.TAX], [Account.PAYABLE]),
    # Points stay among points.
    Kind.POINTS_EARNED: Booking(_POINTS, _POINTS),
    Kind.POINTS_RELEASED: Booking(_POINTS, _POINTS),
    Kind.POINTS_SPENT: Booking(_POINTS, _POINTS),
    Kind.POINTS_RETURNED: Booking(_POINTS, _POINTS),
    Kind.POINTS_EXPIRED: Booking(_POINTS, _POINTS),
}


def fits(kind: str, accounts: Sequence[str]) -> bool:
    """Whether a journal of ``kind`` may have lines on these kinds of account, in this order."""
    booking = BOOKINGS.get(kind)
    if booking is None:
        return False
    return accounts[0] in booking.first and all(other in booking.others for other in accounts[1:])


def rows() -> Iterator[tuple[str, str, str]]:
    """(kind of journal, "first" or "other", kind of account), for queries."""
    for kind, booking in BOOKINGS.items():
        yield from ((str(kind), "first", str(account)) for account in booking.first)
        yield from ((str(kind), "other", str(account)) for account in booking.others)
