"""Write CSV and XLSX that are safe to open: no cell becomes a formula (RELIABILITY F6).

Numbers are written as numbers; text that a spreadsheet program could run gets a leading
apostrophe in CSV, and is typed as text in XLSX. Reading the file again gives the same text.
"""

from __future__ import annotations

import csv
import datetime as dt
from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import BinaryIO

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell

from integrations.sheets.text import guard, printable
from integrations.sheets.xlsx_reading import escape

Value = str | int | Decimal | bool | dt.datetime | dt.date | None

_UTF8_MARK = "\ufeff"
# A cell of a workbook cannot hold more.
_LONGEST_CELL = 32_767
_EXACT_INTEGER = 10**15


class _Line:
    """A file for `csv.writer` that hands the written line on."""

    def write(self, text: str) -> str:
        return text


def csv_lines(rows: Iterable[Sequence[Value]]) -> Iterator[bytes]:
    """The file piece by piece, for a streaming answer; UTF-8 with the mark Excel looks for."""
    writer = csv.writer(_Line(), lineterminator="\r\n")
    mark = _UTF8_MARK
    for row in rows:
        line = writer.writerow([csv_cell(value) for value in row])
        yield (mark + str(line)).encode()
        mark = ""


def csv_cell(value: Value) -> str:
    """One value as it stands in CSV."""
    if value is None:
        return ""
    if isinstance(value, str):
        return guard(printable(value))
    if isinstance(value, dt.datetime):
        return value.isoformat(" ", "seconds")
    return str(value)


def write_xlsx(file: BinaryIO, rows: Iterable[Sequence[Value]], *, title: str = "Sheet1") -> None:
    """Write one worksheet row by row; memory does not grow with the number of rows."""
    book = Workbook(write_only=True)
    table = book.create_sheet(title=title[:31])
    for row in rows:
        table.append([_xlsx_cell(table, value) for value in row])
    book.save(file)


def _xlsx_cell(table: object, value: Value) -> object:
    if isinstance(value, dt.datetime):
        # Workbooks know no time zones: the time is written as text that keeps its offset.
        value = value.isoformat(" ", "seconds")
    if isinstance(value, int) and abs(value) >= _EXACT_INTEGER:
        value = str(value)
    if not isinstance(value, str):
        return value
    content = escape(printable(value))[:_LONGEST_CELL]
    cell = WriteOnlyCell(table, value="")
    cell.value = content
    cell.data_type = "s"
    # Keeps the text a text when somebody edits the cell.
    cell.quotePrefix = guard(value) != value
    return cell
