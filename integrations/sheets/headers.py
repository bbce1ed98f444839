"""Find the row that names the columns, and guess which column of the file is meant by each name."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from integrations.sheets.faults import SheetError
from integrations.sheets.reading import Row, Sheet
from integrations.sheets.text import clean, name_key

SEARCHED_ROWS = 10


@dataclass(frozen=True)
class Header:
    """``names`` are unique and never empty, so that a mapping can be kept by name."""

    line: int
    names: tuple[str, ...]

    def place(self, name: str) -> int | None:
        """Where the column ``name`` stands, compared without width, case and blanks."""
        wanted = name_key(name)
        return next((at for at, own in enumerate(self.names) if name_key(own) == wanted), None)


def find_header(sheet: Sheet, known: Iterable[str]) -> Header:
    """The row among the first ten that holds most of the ``known`` names.

    A banner row may stand first, and names may stand in the second of two header rows. When no
    row knows a name, the first one with cells is taken, for a person to map by hand.
    """
    keys = {name_key(name) for name in known}
    top = list(itertools.islice(sheet.rows(), SEARCHED_ROWS))
    filled = [place for place, row in enumerate(top) if not row.is_blank]
    if not filled:
        raise SheetError("empty_file")
    best = max(filled, key=lambda place: (_matches(top[place], keys), -place))
    above = top[best - 1] if best else None
    return Header(top[best].line, _unique(_names(top[best], above)))


def data_rows(sheet: Sheet, header: Header, *, after: int = 0) -> Iterator[Row]:
    """Rows below the header, and below row ``after``, that hold anything."""
    first = max(header.line, after)
    for row in sheet.rows():
        if row.line > first and not row.is_blank:
            yield row


def guess_mapping(
    header: Header, wanted: Mapping[str, Sequence[str]], kept: Mapping[str, str] | None = None
) -> dict[str, str]:
    """For each wanted column the name of a column of the file, no file column twice.

    ``wanted`` gives the names by which a column is known, best first; ``kept`` is what a person
    chose for this source before and wins where the file still has that column.
    """
    own = {name_key(name): name for name in header.names}
    mapping: dict[str, str] = {}
    for column, name in (kept or {}).items():
        if column in wanted and name_key(name) in own:
            mapping[column] = own[name_key(name)]
    taken = set(mapping.values())
    for column, names in wanted.items():
        if column in mapping or (kept and column in kept and not kept[column]):
            continue
        found = next((own[key] for key in map(name_key, names) if key in own), None)
        if found is not None and found not in taken:
            mapping[column] = found
            taken.add(found)
    return mapping


def _matches(row: Row, keys: set[str]) -> int:
    return len({name_key(cell) for cell in row.cells if isinstance(cell, str)} & keys)


def _names(row: Row, above: Row | None) -> list[str]:
    """Names of the columns; an empty one that is merged downwards takes the name above it."""
    names = [_name(cell) for cell in row.cells]
    if above is not None:
        upper = [_name(cell) for cell in above.cells]
        names += [""] * (len(upper) - len(names))
        for place in row.covered:
            if place < len(names) and not names[place] and place < len(upper):
                names[place] = upper[place]
    return names


def _name(cell: object) -> str:
    return clean(str(cell)) if cell is not None else ""


def _unique(names: list[str]) -> tuple[str, ...]:
    while names and not names[-1]:
        names.pop()
    result: list[str] = []
    seen: set[str] = set()
    for place, name in enumerate(names):
        base = name or f"#{place + 1}"
        own, number = base, 1
        while name_key(own) in seen:
            number += 1
            own = f"{base} ({number})"
        seen.add(name_key(own))
        result.append(own)
    return tuple(result)
