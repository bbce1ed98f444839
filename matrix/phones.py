"""Mainland mobile numbers as people type them."""

from __future__ import annotations

import re
import unicodedata

MOBILE = re.compile(r"1[3-9]\d{9}")


def normalised(text: str) -> str:
    """The eleven digits; empty when it is no mainland mobile number."""
    digits = re.sub(r"[\s\-.()]+", "", unicodedata.normalize("NFKC", text))
    digits = re.sub(r"^(\+|00)?86(?=1)", "", digits)
    return digits if MOBILE.fullmatch(digits) else ""


def masked(number: str) -> str:
    """The last four digits, as pages show a number."""
    return f"•••• {number[-4:]}"
