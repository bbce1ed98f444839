"""XLSX as a stream of rows with flat memory, after its container has been checked."""

from __future__ import annotations

import re
import struct
import zipfile
import zlib
from collections.abc import Iterable, Iterator
from typing import Any, BinaryIO, NamedTuple
from xml.etree.ElementTree import ParseError

from openpyxl import load_workbook
from openpyxl.utils import column_index_from_string

from integrations.sheets.archive import check_workbook
from integrations.sheets.faults import Limits, SheetError
from integrations.sheets.reading import Cell, Row, Sheet, SheetName

# What openpyxl lets through when the XML inside is not what it should be.
_PARSING = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    ParseError,
    KeyError,
    IndexError,
    ValueError,
    TypeError,
    AttributeError,
    EOFError,
    OSError,
    OverflowError,
)
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")
_BLOCK = 1 << 20
_OVERLAP = 4096
_MERGED = re.compile(
    rb'<(?:\w+:)?mergeCell\s[^>]*?ref="([A-Z]{1,3})(\d{1,7}):([A-Z]{1,3})(\d{1,7})"'
)
# A formula that no spreadsheet program has worked out yet: it would read as an empty cell.
_UNCALCULATED = re.compile(
    rb"<(?:\w+:)?c\s([^>]*)><(?:\w+:)?f(?:\s[^>]*)?"
    rb"(?:/>|>[^<]{0,2000}</(?:\w+:)?f>)(?:<(?:\w+:)?v\s*/>|<(?:\w+:)?v></(?:\w+:)?v>)?</(?:\w+:)?c>"
)
_ROW_OF_CELL = re.compile(rb'r="[A-Z]{1,3}(\d{1,7})"')
_MAX_MERGED = 100_000


class _Range(NamedTuple):
    top: int
    left: int
    bottom: int
    right: int


class XlsxSheet(Sheet):
    kind = "xlsx"

    def __init__(self, file: BinaryIO, *, sheet: str, limits: Limits) -> None:
        check_workbook(file, limits)
        self._limits = limits
        try:
            self._book = load_workbook(file, read_only=True, data_only=True, keep_links=False)
        except _PARSING as error:
            raise SheetError("damaged_file") from error
        tables = self._book.worksheets
        self.sheets = tuple(SheetName(one.title, one.sheet_state != "visible") for one in tables)
        self.chosen = sheet or next((one.name for one in self.sheets if not one.hidden), "")
        self._table: Any = next((one for one in tables if one.title == self.chosen), None)
        if self._table is None:
            raise SheetError("no_such_sheet", sheet=self.chosen[:60])
        # Exporters declare sizes that are wrong in both directions; count the rows themselves.
        self._table.reset_dimensions()
        self._merged = self._scan()

    def close(self) -> None:
        self._book.close()

    def rows(self) -> Iterator[Row]:
        limits, line = self._limits, 0
        covered_at = _Covered(self._merged)
        source = self._table.iter_rows(values_only=True)
        while True:
            try:
                values = next(source, None)
            except _PARSING as error:
                raise SheetError("damaged_file", line=line + 1) from error
            if values is None:
                return
            line += 1
            if line > limits.rows:
                raise SheetError("too_many_rows", line=line, limit=limits.rows)
            cells = self._cells(values, line)
            yield Row(line, cells, covered_at.line(line) if self._merged else ())

    def _cells(self, values: Iterable[Any], line: int) -> list[Cell]:
        cells = [self._cell(value, line) if type(value) is str else value for value in values]
        while cells and cells[-1] is None:
            cells.pop()
        if len(cells) > self._limits.columns:
            raise SheetError(
                "too_many_columns", line=line, columns=len(cells), limit=self._limits.columns
            )
        return cells

    def _cell(self, text: str, line: int) -> str:
        if len(text) > self._limits.cell_characters:
            raise SheetError("cell_too_large", line=line, limit=self._limits.cell_characters)
        return unescape(text) if "_x" in text else text

    def _scan(self) -> list[_Range]:
        """Merged cells, which stand behind the rows in the file; refuses uncalculated formulas."""
        merged: set[_Range] = set()
        tail = b""
        try:
            # openpyxl gives the part of a worksheet by no public name.
            with self._table._get_source() as part:  # noqa: SLF001
                while block := part.read(_BLOCK):
                    text = tail + block
                    if b"</f" in text or b":f" in text or b"<f" in text:
                        _refuse_uncalculated(text)
                    merged.update(_merged_cells(text))
                    if len(merged) > _MAX_MERGED:
                        raise SheetError("too_many_merged_cells", limit=_MAX_MERGED)
                    tail = text[-_OVERLAP:]
        except _PARSING as error:
            raise SheetError("damaged_file") from error
        return sorted(merged)


class _Covered:
    """Walks down the merged ranges beside the rows."""

    def __init__(self, merged: list[_Range]) -> None:
        self._waiting = list(reversed(merged))
        self._active: list[_Range] = []

    def line(self, line: int) -> tuple[int, ...]:
        while self._waiting and self._waiting[-1].top <= line:
            self._active.append(self._waiting.pop())
        if not self._active:
            return ()
        self._active = [one for one in self._active if one.bottom >= line]
        return tuple(
            column - 1
            for one in self._active
            for column in range(one.left, one.right + 1)
            if (line, column) != (one.top, one.left)
        )


def _merged_cells(text: bytes) -> Iterator[_Range]:
    for left, top, right, bottom in _MERGED.findall(text):
        yield _Range(
            int(top),
            column_index_from_string(left.decode()),
            int(bottom),
            column_index_from_string(right.decode()),
        )


def _refuse_uncalculated(text: bytes) -> None:
    for attributes in _UNCALCULATED.findall(text):
        # A formula that gave an empty text is marked as text.
        if b't="str"' not in attributes:
            place = _ROW_OF_CELL.search(attributes)
            raise SheetError("formula_without_value", line=int(place[1]) if place else None)


def escape(text: str) -> str:
    """``text`` so that XML keeps its line ends, in the way that spreadsheet programs write it."""
    text = _ESCAPED.sub(lambda match: f"_x005F_x{match[1]}_", text)
    return text.replace("\r", "_x000D_")


def unescape(text: str) -> str:
    """The inverse of `escape`; also reads what spreadsheet programs have escaped."""
    return _ESCAPED.sub(lambda match: chr(int(match[1], 16)), text)
