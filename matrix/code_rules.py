"""How an own share code looks: short, said and typed without mistakes, and not to be guessed."""

from __future__ import annotations

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
