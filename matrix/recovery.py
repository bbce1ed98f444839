"""Whether the company could get an account back from whoever holds it (K30)."""

from __future__ import annotations

from matrix.choices import Ownership, Platform
from matrix.custody_choices import Risk, SimOwner


def risks(*, platform: str, ownership: str, sim_owner: str = "") -> list[Risk]:
    """Why the account would be lost if its holder went, most certain first; none when it is safe.

    An account that the company opened is safe unless its number is not the company's.
    """
    found = []
    if platform == Platform.WECHAT:
        found.append(Risk.PERSONAL_WECHAT)
    if ownership == Ownership.PERSONAL:
        found.append(Risk.PERSONAL)
    elif ownership == Ownership.EMPLOYEE_AUTHORISED:
        found.append(Risk.AUTHORISED)
    elif sim_owner and sim_owner != SimOwner.COMPANY:
        found.append(Risk.SIM)
    return found
