"""Which way an account goes when its holder leaves or moves; it follows from who owns it."""

from __future__ import annotations

from matrix.choices import Ownership
from matrix.custody_choices import HandoverPath, HandoverReason

WAYS: dict[tuple[str, str], tuple[HandoverPath, ...]] = {
    (HandoverReason.LEAVES, Ownership.COMPANY_OPENED): (HandoverPath.TRANSFER,),
    (HandoverReason.LEAVES, Ownership.EMPLOYEE_AUTHORISED): (HandoverPath.UNBIND,),
    (HandoverReason.LEAVES, Ownership.PERSONAL): (HandoverPath.LEAVE,),
    (HandoverReason.MOVES, Ownership.COMPANY_OPENED): (
        HandoverPath.FOLLOW,
        HandoverPath.TRANSFER,
    ),
    (HandoverReason.MOVES, Ownership.EMPLOYEE_AUTHORISED): (HandoverPath.FOLLOW,),
    (HandoverReason.MOVES, Ownership.PERSONAL): (HandoverPath.FOLLOW,),
}


def ways(reason: str, ownership: str, *, own: bool) -> tuple[HandoverPath, ...]:
    """The ways that are open, the usual one first; what is held for others always goes on."""
    return WAYS[reason, ownership] if own else (HandoverPath.TRANSFER,)
