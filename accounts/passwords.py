"""What makes a password too easy to guess, beyond its length and the list of common ones.

No rules about capitals or signs: a few words in a row are good. Refused are passwords that are
little more than the person's own names, one run of neighbouring keys, or a few characters again
and again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

PRODUCT_WORDS = ("kosops", "password", "passwort", "mima", "welcome")
MIN_OWN_CHARACTERS = 7
MIN_DIFFERENT = 5
_ROWS = (
    "1234567890",
    "0987654321",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "abcdefghijklmnopqrstuvwxyz",
)


def is_guessable(password: str, names: Iterable[str]) -> bool:
    """Whether what is left of the password without names and runs is too little to guess at."""
    text = password.casefold()
    if len(set(text)) < MIN_DIFFERENT:
        return True
    words = {
        word
        for name in (*names, *PRODUCT_WORDS)
        for word in re.split(r"[\W_]+", name.casefold())
        if len(word) > 2
    }
    for word in sorted(words, key=len, reverse=True):
        text = text.replace(word, "")
    steps = sum(not _neighbours(first, second) for first, second in pairwise(text))
    return steps + bool(text) < MIN_OWN_CHARACTERS


def _neighbours(first: str, second: str) -> bool:
    """Whether the second character follows from the first: the same, or next on a keyboard row."""
    return first == second or any(first + second in row for row in _ROWS)


class GuessableValidator:
    """`is_guessable` for Django's list of password validators."""

    def validate(self, password: str, user: Any = None) -> None:
        names = [user.get_username(), user.name, user.email] if user is not None else []
        if is_guessable(password, names):
            raise ValidationError(self.get_help_text(), code="password_guessable")

    def get_help_text(self) -> Any:
        return _("Choose more than your own name, a row of keys or one word again and again.")
