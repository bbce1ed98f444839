"""Whether the profile of an account shows what it should (K12, K15, K29).

A customer who comes from a note has to meet the same person in the private domain, and has to see
who that person works for. Names are compared without case, width, blanks and punctuation.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from enum import StrEnum


class Item(StrEnum):
    """A line of the checklist."""

    NAME = "name"
    POSITION = "position"
    STORE = "store"
    AFFILIATION = "affiliation"
    AVATAR = "avatar"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the profile should show. Empty texts are not asked for."""

    names: tuple[str, ...]
    position: str = ""
    store: str = ""
    affiliation: bool = True
    avatar: bool = False


@dataclass(frozen=True, slots=True)
class Shown:
    """What the profile shows."""

    name: str
    position: str = ""
    store: str = ""
    affiliation: bool = False
    avatar: bool | None = None


def asked(wanted: Wanted) -> list[Item]:
    """The lines of the checklist that matter for this account."""
    wishes = {
        Item.NAME: bool(wanted.names),
        Item.POSITION: bool(wanted.position),
        Item.STORE: bool(wanted.store),
        Item.AFFILIATION: wanted.affiliation,
        Item.AVATAR: wanted.avatar,
    }
    return [item for item in Item if wishes[item]]


def differences(wanted: Wanted, shown: Shown) -> list[Item]:
    """The lines that do not fit, in the order of the checklist.

    A name fits when it holds one of the wanted ones: ``Zhou Min at Jing'an`` is ``Zhou Min``.
    """
    fits = {
        Item.NAME: any(_holds(shown.name, name) for name in wanted.names),
        Item.POSITION: _holds(shown.position, wanted.position),
        Item.STORE: _holds(shown.store, wanted.store),
        Item.AFFILIATION: shown.affiliation,
        Item.AVATAR: shown.avatar is True,
    }
    return [item for item in asked(wanted) if not fits[item]]


def _holds(text: str, part: str) -> bool:
    return bool(plain(part)) and plain(part) in plain(text)


def plain(text: str) -> str:
    """Letters and digits alone, in one width and case."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    return "".join(sign for sign in folded if sign.isalnum())
