"""What an entry of the register makes of an account's state."""

from __future__ import annotations

from matrix.choices import AccountState
from matrix.custody_choices import EventKind

# Appeals that are won take back what was appealed against.
TAKES_BACK = (EventKind.APPEAL_WON, EventKind.RESTORED)
LAPSES = {EventKind.THROTTLED: AccountState.LIMITED, EventKind.BANNED: AccountState.BANNED}


def state_after(kind: str, state: str, *, about: str = "") -> str:
    """The state of an account in ``state`` after this; ``about`` is what a won appeal was against.

    A closed account stays closed, a banned one is not throttled, and a warning changes nothing.
    """
    if state == AccountState.CLOSED:
        return state
    if kind in LAPSES:
        return AccountState.BANNED if state == AccountState.BANNED else LAPSES[EventKind(kind)]
    if kind == EventKind.APPEAL_WON and about not in LAPSES:
        return state
    if kind in TAKES_BACK and state in LAPSES.values():
        return AccountState.ACTIVE
    return state


def sets_state(kind: str) -> bool:
    """Whether entries of this kind say anything about the state."""
    return kind in LAPSES or kind in TAKES_BACK
