"""What WeCom allows when customers are given to a colleague, and what its answers mean."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

from matrix.custody_choices import TRANSFER_ENDS, TransferKind, TransferState

# In service a customer is given on twice within so many natural days.
MOST_TRANSFERS = 2
WITHIN = dt.timedelta(days=90)
# The customers of a leaver can be given on for so long.
LEAVER_FOR = dt.timedelta(days=365)
BATCH = 100
BEGINS_AFTER = dt.timedelta(hours=24)

# The status query of WeCom.
STATUS = {
    1: TransferState.DONE,
    2: TransferState.WAITING,
    3: TransferState.REFUSED,
    4: TransferState.LIMIT,
}
# Its callback `transfer_fail`.
FAILURES = {
    "customer_refused": TransferState.REFUSED,
    "customer_limit_exceed": TransferState.LIMIT,
}

NEXT: dict[str, frozenset[str]] = {
    TransferState.PLANNED: frozenset({*STATUS.values(), TransferState.ASKED}),
    TransferState.ASKED: frozenset(STATUS.values()),
    TransferState.WAITING: frozenset(STATUS.values()) - {TransferState.WAITING},
    # A customer who refused may still be given on, or be asked to add the taker.
    TransferState.REFUSED: frozenset({TransferState.DONE, TransferState.INVITED}),
    # With a taker who has room it begins anew.
    TransferState.LIMIT: frozenset({TransferState.DONE, TransferState.PLANNED}),
}


def may_follow(before: str, after: str) -> bool:
    """Whether a customer may go from one state to the other; anything unfinished may be dropped."""
    if before in TRANSFER_ENDS:
        return False
    return after == TransferState.DROPPED or after in NEXT.get(before, frozenset())


def possible_from(kind: str, earlier: Iterable[dt.date], today: dt.date) -> dt.date:
    """The first day on which WeCom takes the transfer; ``earlier`` are the days of transfers."""
    if kind == TransferKind.RESIGNED:
        return today
    recent = sorted(day for day in earlier if today - day < WITHIN)
    if len(recent) < MOST_TRANSFERS:
        return today
    return recent[-MOST_TRANSFERS] + WITHIN


def leaver_until(last_day: dt.date) -> dt.date:
    """The last day on which a leaver's customers can be given on."""
    return last_day + LEAVER_FOR


def shown_id(external_userid: str) -> str:
    """A customer's id as pages show it: enough to tell two apart, not enough to use."""
    if len(external_userid) <= 8:
        return f"{external_userid[:2]}…"
    return f"{external_userid[:4]}…{external_userid[-4:]}"
