"""From rows of a file to records of a format: reading the cells, cutting chunks, keeping raw rows."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from integrations.choices import Outcome
from integrations.formats import Column, ImportFormat, Issue, Reading, Record
from integrations.sheets.faults import ValueFault
from integrations.sheets.headers import Header
from integrations.sheets.reading import Cell, Row
from integrations.sheets.text import name_key
from integrations.sheets.values import NotedId, Parser

CHUNK_ROWS = 2_000
# Rows of one group stay together, but a file of one group must not become one chunk.
MAX_GROUP_ROWS = 10_000

_TOTALS = frozenset(
    name_key(word) for word in ("合计", "总计", "小计", "汇总", "合計", "Total", "Grand total",
                                "Subtotal", "Sum", "本页合计", "本页小计", "总合计", "累计", "小計",
                                "総計", "Totals", "Sub-total", "Overall total")
)  # fmt: skip
# What stands behind such a word: 合计：, 总计（元）, Total (CNY).
_UNIT = re.compile(r"\s*(?:[(（][^()（）]{0,10}[)）])?\s*[:：]?\s*$")
# A first column that counts the rows, and no id of a person or store.
MAX_RUNNING_DIGITS = 3


def reading_of(kind: type[ImportFormat], options: Mapping[str, str]) -> Reading:
    """How the cells of a file of this format are read, given the answers to the questions."""
    return Reading(
        zone=ZoneInfo(kind.zone or settings.TIME_ZONE),
        dates=options.get("dates", "auto"),
        numeric_ids=options.get("numeric_ids", "refuse"),
        decimals=kind.decimals,
    )


class Plan:
    """Reads rows of one file as records of one format."""

    def __init__(
        self,
        kind: type[ImportFormat],
        header: Header,
        mapping: Mapping[str, str],
        options: Mapping[str, str],
    ) -> None:
        reading = reading_of(kind, options)
        self.kind = kind
        self.names = header.names
        self.notes: Counter[str] = Counter()
        self._places: list[tuple[int, str, Parser, bool]] = []
        self._absent: list[str] = []
        for column in kind.columns:
            place = header.place(mapping[column.name]) if mapping.get(column.name) else None
            if place is None:
                self._absent.append(column.name)
            else:
                parser = column.read(reading)
                self._places.append((place, column.name, parser, column.required))

    def record(self, row: Row) -> Record:
        """The row with each wanted cell read; cells that cannot be read become issues."""
        values: dict[str, Any] = dict.fromkeys(self._absent)
        record = Record(row.line, row.cells, values, self.names)
        cells, width = row.cells, len(row.cells)
        for place, name, parser, required in self._places:
            cell = cells[place] if place < width else None
            try:
                # Blank is unknown whatever the column; half of the cells of an export are.
                value = None if cell is None or cell == "" else parser(cell)
            except ValueFault as fault:
                value = None
                record.refuse(fault.code, name, **fault.params)
            else:
                if value is None:
                    if place in row.covered:
                        record.refuse("merged_cell", name)
                    elif required:
                        record.refuse("required", name)
                elif value.__class__ is NotedId:
                    self.notes[value.note] += 1
                    value = str(value)
            values[name] = value
        if width > len(self.names) and any(cells[len(self.names) :]):
            record.refuse("extra_cells")
        if _is_totals_row(cells):
            record.issues.clear()
            record.refuse("totals_row")
        return record

    def row(self, line: int, raw: Mapping[str, Any], correction: Mapping[str, str]) -> Row:
        """A kept row again, with what a person typed instead."""
        return Row(line, [correction.get(name, raw.get(name)) for name in self.names])

    def wanted(self) -> list[tuple[Column, str]]:
        """The format's columns that the file has, each with the file's name for it."""
        places = {name: self.names[place] for place, name, _parser, _required in self._places}
        return [
            (column, places[column.name]) for column in self.kind.columns if column.name in places
        ]


def chunks(
    records: Iterable[Record], group: str, *, size: int = CHUNK_ROWS
) -> Iterator[list[Record]]:
    """Chunks of about ``size`` records; neighbours with the same ``group`` value stay together."""
    chunk: list[Record] = []
    for record in records:
        full = len(chunk) >= size
        if full and not (
            group
            and len(chunk) < size + MAX_GROUP_ROWS
            and record.values.get(group) is not None
            and record.values[group] == chunk[-1].values.get(group)
        ):
            yield chunk
            chunk = []
        chunk.append(record)
    if chunk:
        yield chunk


def hold_groups_together(records: Iterable[Record], group: str) -> None:
    """Refuse the other rows of a group, such as an order, when one of its rows has a fault."""
    held = list(records)
    faulty = {
        record.values[group]
        for record in held
        if record.outcome == Outcome.FAULTY and record.values.get(group) is not None
    }
    if not faulty:
        return
    for record in held:
        value = record.values.get(group)
        if value in faulty and record.outcome != Outcome.FAULTY:
            record.refuse("other_row_of_group", group, group=str(value)[:60])


def issues_as_json(issues: Iterable[Issue]) -> list[dict[str, Any]]:
    return [
        {"column": issue.column, "code": issue.code, "params": dict(issue.params)}
        for issue in issues
    ]


def _is_totals_row(cells: list[Cell]) -> bool:
    """Whether the row begins with a word for a sum, also behind its running number."""
    for place, cell in enumerate(cells):
        if cell is None or cell == "":
            continue
        if isinstance(cell, str) and not cell[0].isdigit():
            return len(cell) < 20 and name_key(_UNIT.sub("", cell)) in _TOTALS
        if place or not _is_running_number(cell):
            return False
    return False


def _is_running_number(cell: Cell) -> bool:
    return len(str(cell)) <= MAX_RUNNING_DIGITS and str(cell).isdigit()
