"""Text as people and programs leave it in cells: invisible marks, guards against formulas, keys."""

from __future__ import annotations

import re
import unicodedata

# Zero-width space and joiners, soft hyphen, word joiner, byte order mark, Mongolian separator.
_ZERO_WIDTH = "\u200b\u200c\u00ad\u2060\ufeff\u180e"
# Left/right marks, embeddings, overrides and isolates: they can make a name read as another one.
_BIDI = "\u200e\u200f\u061c\u202a-\u202e\u2066-\u2069"
_INVISIBLE = re.compile(f"[{_ZERO_WIDTH}{_BIDI}]")
# A zero-width joiner belongs to an emoji such as a family; anywhere else it is noise.
_STRAY_JOINER = re.compile("(?<![\u2600-\u27bf\ufe0f\U0001f000-\U0001faff])\u200d|\u200d(?=\\s|$)")
_MAY_BE_INVISIBLE = re.compile(f"[{_ZERO_WIDTH}{_BIDI}\u200d]")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")
_SPACES = re.compile(r"\s+")

# A spreadsheet program runs a cell that begins with one of these as a formula; blanks in front do
# not stop every program, and full-width signs are turned into plain ones by some.
_RISKY_START = "=+\\-@\t\r\n \u00a0\u3000\uff1d\uff0b\uff0d\uff20"
_NEEDS_GUARD = re.compile(f"'*[{_RISKY_START}]")
_HAS_GUARD = re.compile(f"'+[{_RISKY_START}]")


def clean(text: str) -> str:
    """``text`` without invisible marks and outer blanks; what a person would see."""
    if text.isprintable():
        # The usual case, and cheap to tell: no mark of any kind counts as printable.
        return text.strip()
    if _MAY_BE_INVISIBLE.search(text):
        text = _STRAY_JOINER.sub("", _INVISIBLE.sub("", text))
    return text.strip()


def has_control_character(text: str) -> bool:
    """Whether ``text`` holds a character that neither a page nor PostgreSQL should be given."""
    return not text.isprintable() and _CONTROL.search(text) is not None


def printable(text: str) -> str:
    """``text`` with control characters replaced, for keeping a faulty row as it was."""
    return _CONTROL.sub("\ufffd", text)


def name_key(name: str) -> str:
    """The form in which header names are compared: width, case and blanks do not matter."""
    return _SPACES.sub("", unicodedata.normalize("NFKC", clean(name))).casefold()


def title_key(title: str) -> str:
    """The form in which titles are compared: also without punctuation, signs and emoji."""
    normal = unicodedata.normalize("NFKC", title).casefold()
    return "".join(sign for sign in normal if unicodedata.category(sign)[0] in "LN")


def guard(text: str) -> str:
    """``text`` so that no spreadsheet program takes it for a formula; `unguard` is its inverse."""
    return f"'{text}" if _NEEDS_GUARD.match(text) else text


def unguard(text: str) -> str:
    """Take off the guard that `guard`, or another careful exporter, has put on."""
    return text[1:] if text[:1] == "'" and _HAS_GUARD.match(text) else text
