"""What can be wrong with a file or with one value of it, as codes with facts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


class SheetError(Exception):
    """The file cannot be read. ``line`` is the row as a spreadsheet program counts it, from 1."""

    def __init__(self, code: str, *, line: int | None = None, **params: Any) -> None:
        super().__init__(code, params, line)
        self.code = code
        self.line = line
        self.params = params


class ValueFault(Exception):
    """One value cannot be used. Whoever knows the column adds its name."""

    def __init__(self, code: str, **params: Any) -> None:
        super().__init__(code, params)
        self.code = code
        self.params = params


@dataclass(frozen=True)
class Limits:
    """How large a file may be before it is refused instead of filling memory or time."""

    unpacked_bytes: int = 200 * 1024 * 1024
    unpacked_ratio: int = 200
    archive_entries: int = 2_000
    shared_strings_bytes: int = 80 * 1024 * 1024
    rows: int = 1_100_000
    columns: int = 1_000
    cell_characters: int = 100_000
    line_characters: int = 4_000_000


DEFAULT_LIMITS = Limits()
