"""How an own share code looks: short, said and typed without mistakes, and not to be guessed."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable

# No 0 and O, no 1, I and L, no U beside V; without vowels no code is a word by chance.
LETTERS = "BCDFGHJKMNPQRSTVWXYZ23456789"
# 378 billion codes: who guesses finds one of 25,000 people's in 15 million tries.
LENGTH = 8


def made_of(choose: Callable[[str], str]) -> str:
    """A code; ``choose`` takes one of the letters that it is given, each as likely as the others."""
    return "".join(choose(LETTERS) for _place in range(LENGTH))


def is_own(code: str) -> bool:
    """Whether a code looks like those that the product gives, rather than one from a file."""
    return len(code) == LENGTH and all(letter in LETTERS for letter in code)


def as_own(typed: str) -> str:
    """The code of ours that somebody meant: small letters, full width and blanks do not matter.

    Empty where it can be none. Codes that a brand gave itself are taken as they are written.
    """
    plain = unicodedata.normalize("NFKC", typed).upper()
    code = "".join(sign for sign in plain if sign.isprintable() and not sign.isspace())
    return code if is_own(code) else ""


def spelt(given: str) -> str:
    """How a code is kept that a person or a file gives: as one of ours where it reads as one.

    So no two people have codes that read alike.
    """
    return as_own(given) or given.strip()
