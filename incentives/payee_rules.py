"""Who may be paid in cash, and if not, why: one rule for batches, pages and the phone."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

ADULT = 18

# In the order in which they are told; the first is the one that counts.
HELD = "held"
UNDER_AGE = "under_age"
NO_BIRTH_DATE = "no_birth_date"
NO_IDENTITY = "no_identity"
NO_DESTINATION = "no_destination"
NO_CONSENT = "no_consent"
FROZEN = "frozen"
BLOCKS = (HELD, UNDER_AGE, NO_DESTINATION, NO_BIRTH_DATE, NO_IDENTITY, NO_CONSENT, FROZEN)


@dataclass(frozen=True)
class Payee:
    """What is known about somebody who is to be paid.

    ``employee``: a KOS, whose identity is in the staff record. ``frozen_until`` is set when the
    account changed.
    """

    employee: bool
    held: bool
    born: dt.date | None
    identified: bool
    has_destination: bool
    consented: bool
    frozen_until: dt.datetime | None


def blocks(payee: Payee, now: dt.datetime, today: dt.date) -> list[str]:
    """Why this person gets no cash now, nothing if they do.

    A KOC gets cash from the eighteenth birthday on, with an identity that was checked and with
    consent of their own to our keeping the account. For employees the staff record answers this.
    """
    found = []
    if payee.held:
        found.append(HELD)
    if not payee.employee:
        if payee.born is None:
            found.append(NO_BIRTH_DATE)
        elif age_on(payee.born, today) < ADULT:
            found.append(UNDER_AGE)
        if not payee.identified:
            found.append(NO_IDENTITY)
    if not payee.has_destination:
        found.append(NO_DESTINATION)
    elif not payee.employee and not payee.consented:
        found.append(NO_CONSENT)
    if payee.frozen_until is not None and payee.frozen_until > now:
        found.append(FROZEN)
    return sorted(found, key=BLOCKS.index)


def age_on(born: dt.date, day: dt.date) -> int:
    """Whole years; who was born on 29 February has the birthday on 1 March in other years."""
    before_birthday = (day.month, day.day) < (born.month, born.day)
    return day.year - born.year - before_birthday
