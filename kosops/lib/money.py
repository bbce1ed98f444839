"""Money as integer minor units (fen); no floats anywhere.

Rounding rule of the whole product: one rounding per entitlement, toward zero
(`share_of`); a fixed pot is split by largest remainder (`split`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from kosops.lib.errors import DomainError

# Postings are limited to this amount by a CHECK in the database; a larger figure is a typing error.
MAX_MINOR = 10**11
BASIS_POINTS = 10_000

_PLAIN_AMOUNT = re.compile(r"(-?)([0-9]{1,12})(?:\.([0-9]{1,2}))?", re.ASCII)


def parse_amount(text: str, *, field: str = "amount", allow_negative: bool = False) -> int:
    """Read ``"12.50"`` as 1250 minor units.

    Only ASCII digits, an optional sign and up to two decimals: ``NaN``, ``1e400``, ``0.001``,
    full-width digits and thousands separators are refused with ``invalid_amount`` (M32).
    """
    match = _PLAIN_AMOUNT.fullmatch(text.strip(" ")) if isinstance(text, str) else None
    if not match:
        raise DomainError(
            "invalid_amount",
            "%(field)s: “%(value)s” is not an amount. Write digits with at most two decimals, as in 12.50.",
            status=400,
            field=field,
            value=str(text)[:40],
        )
    sign, whole, cents = match.groups()
    minor = int(whole) * 100 + int((cents or "").ljust(2, "0"))
    return check_amount(-minor if sign else minor, field=field, allow_negative=allow_negative)


def plain_amount(minor: int) -> str:
    """Write 1250 minor units as ``"12.50"``, for files and machines: what `parse_amount` reads."""
    sign = "-" if minor < 0 else ""
    return f"{sign}{abs(minor) // 100}.{abs(minor) % 100:02d}"


def check_amount(minor: object, *, field: str = "amount", allow_negative: bool = False) -> int:
    """Return ``minor`` if it is an int within the limits, else refuse naming the field."""
    if isinstance(minor, bool) or not isinstance(minor, int):
        raise DomainError(
            "invalid_amount",
            "%(field)s must be a whole number of minor units.",
            status=400,
            field=field,
        )
    if abs(minor) > MAX_MINOR or (minor < 0 and not allow_negative):
        raise DomainError(
            "amount_out_of_range",
            "%(field)s: %(value)s is outside the allowed range.",
            status=400,
            field=field,
            value=str(minor),
        )
    return minor


def share_of(base: int, rate_bp: int) -> int:
    """``base`` x ``rate_bp`` basis points, rounded toward zero to the minor unit."""
    product = abs(base) * rate_bp // BASIS_POINTS
    return product if base >= 0 else -product


def split(pot: int, weights: Sequence[int]) -> list[int]:
    """Split ``pot`` over ``weights`` by largest remainder; ties go to the earlier place.

    The parts sum to ``pot`` exactly and a negative pot gives the exact mirror (M27).
    Refuses ``no_weights`` when no weight is above zero, since nobody could be named.
    """
    total = sum(weights)
    if any(weight < 0 for weight in weights):
        raise DomainError("negative_weight", "A share cannot be negative.", status=400)
    if total <= 0:
        raise DomainError(
            "no_weights", "The amount cannot be split: every share is zero.", status=400
        )
    size = abs(pot)
    parts = [size * weight // total for weight in weights]
    remainders = [size * weight % total for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda place: (-remainders[place], place))
    for place in by_remainder[: size - sum(parts)]:
        parts[place] += 1
    return parts if pot >= 0 else [-part for part in parts]
