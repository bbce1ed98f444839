"""Open an uploaded file as a stream of rows, judged by its content and never by its name."""

from __future__ import annotations

import abc
import datetime as dt
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple

from integrations.sheets.faults import DEFAULT_LIMITS, Limits, SheetError

# What a cell can hold: CSV cells are always text, XLSX cells carry a type.
Cell = str | int | float | bool | dt.datetime | dt.date | dt.time | dt.timedelta | None

_ZIP = b"PK\x03\x04"
_EMPTY_ZIP = b"PK\x05\x06"
_GZIP = b"\x1f\x8b"
_OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENCRYPTED_STREAM = "EncryptedPackage".encode("utf-16-le")
_OTHER_KINDS = (b"%PDF", b"<!DOCTYPE", b"<html", b"<?xml", b"\x89PNG", b"\xff\xd8\xff", b"GIF8")


class Row(NamedTuple):
    """``line`` counts records as a spreadsheet program does, from 1.

    ``covered`` holds the places that lie under a merged cell and are therefore empty.
    """

    line: int
    cells: list[Cell]
    covered: tuple[int, ...] = ()

    @property
    def is_blank(self) -> bool:
        cells = self.cells
        # Nearly every row has a first cell; asking it first spares a loop.
        if cells and cells[0] not in (None, ""):
            return False
        return all(cell is None or cell == "" for cell in cells)


@dataclass(frozen=True)
class SheetName:
    name: str
    hidden: bool


class Sheet(abc.ABC):
    """An open file. ``rows`` may be called again and starts at the first row each time."""

    kind: str
    encoding: str = ""
    delimiter: str = ""
    sheets: tuple[SheetName, ...] = ()
    chosen: str = ""

    @abc.abstractmethod
    def rows(self) -> Iterator[Row]:
        """All rows from the first one on, with flat memory."""


@contextmanager
def open_sheet(
    file: BinaryIO, *, sheet: str = "", limits: Limits = DEFAULT_LIMITS
) -> Iterator[Sheet]:
    """Open ``file`` (seekable, binary); ``sheet`` names a worksheet, else the first visible one.

    Raises `SheetError` naming what is wrong; nothing outside the file is ever opened.
    """
    from integrations.sheets.csv_reading import CsvSheet
    from integrations.sheets.xlsx_reading import XlsxSheet

    kind = kind_of(file)
    if kind == "xlsx":
        book = XlsxSheet(file, sheet=sheet, limits=limits)
        try:
            yield book
        finally:
            book.close()
    else:
        yield CsvSheet(file, packed=kind == "csv.gz", limits=limits)


def kind_of(file: BinaryIO) -> str:
    """``xlsx``, ``csv.gz`` or ``csv`` by the first bytes; leaves ``file`` at 0."""
    file.seek(0)
    start = file.read(64)
    try:
        if not start.strip(b"\xef\xbb\xbf \t\r\n"):
            raise SheetError("empty_file")
        if start.startswith((_ZIP, _EMPTY_ZIP)):
            return "xlsx"
        if start.startswith(_GZIP):
            return "csv.gz"
        if start.startswith(_OLE):
            raise SheetError("encrypted" if _is_encrypted(file) else "old_workbook")
        if (
            start.lstrip(b"\xef\xbb\xbf \t\r\n")
            .lower()
            .startswith(tuple(sign.lower() for sign in _OTHER_KINDS))
        ):
            raise SheetError("not_a_table")
        return "csv"
    finally:
        file.seek(0)


def _is_encrypted(file: BinaryIO) -> bool:
    """Whether an OLE container holds an encrypted workbook rather than an old .xls one."""
    file.seek(0)
    tail = b""
    while block := file.read(1 << 20):
        if _ENCRYPTED_STREAM in tail + block:
            return True
        tail = block[-len(_ENCRYPTED_STREAM) :]
    return False
