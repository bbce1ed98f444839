"""Identifiers that sort by time."""

from __future__ import annotations

import secrets
import time

_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def ulid() -> str:
    """26 characters: 48 bits of milliseconds and 80 random bits, in Crockford's base 32."""
    number = (time.time_ns() // 1_000_000) << 80 | secrets.randbits(80)
    return "".join(_LETTERS[(number >> shift) & 31] for shift in range(125, -5, -5))


def spoken_code() -> str:
    """``7KQ4-M2XD``: short enough to be read out over the phone, 40 random bits."""
    letters = "".join(_LETTERS[secrets.randbits(5)] for _ in range(8))
    return f"{letters[:4]}-{letters[4:]}"
