"""CSV of any usual encoding and delimiter, plain or gzipped, as a stream of rows."""

from __future__ import annotations

import codecs
import csv
import gzip
import io
import zlib
from collections.abc import Iterator
from typing import BinaryIO, cast

from integrations.sheets.faults import Limits, SheetError
from integrations.sheets.reading import Row, Sheet
from integrations.sheets.text import clean, unguard

_BLOCK = 1 << 18
_DELIMITERS = ",\t;|"
_SAMPLE_ROWS = 20
_BYTE_ORDER_MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Nearly any bytes decode as GB18030. Text that was really written in it is mostly made of the
# 7,445 signs of GB 2312; Japanese or Western bytes read as GB18030 give rare signs instead.
_PLAUSIBLE_SHARE = 0.5


class CsvSheet(Sheet):
    kind = "csv"

    def __init__(self, file: BinaryIO, *, packed: bool, limits: Limits) -> None:
        self._file = file
        self._packed = packed
        self._limits = limits
        self.encoding = self._find_encoding()
        self.delimiter = self._find_delimiter()

    def rows(self) -> Iterator[Row]:
        # A quote inside a cell stays as it is: titles hold inch signs and careless quotes.
        source = _Ended(self._lines())
        reader = csv.reader(source, delimiter=self.delimiter)
        line, limits = 0, self._limits
        while True:
            try:
                cells = next(reader, None)
            except csv.Error as error:
                raise _as_sheet_error(error, line + 1, limits) from error
            except UnicodeError as error:
                raise SheetError("encoding_unknown", line=line + 1) from error
            if cells is None:
                return
            line += 1
            if source.ended:
                # The reader asked for more and still gave a row: its last quote was never closed,
                # and rows were swallowed.
                raise SheetError("broken_quotes", line=line)
            if line > limits.rows:
                raise SheetError("too_many_rows", line=line, limit=limits.rows)
            if len(cells) > limits.columns:
                raise SheetError(
                    "too_many_columns", line=line, columns=len(cells), limit=limits.columns
                )
            # Only CSV carries guards in the text; a workbook types its cells.
            yield Row(line, [unguard(cell) if cell[:1] == "'" else cell for cell in cells])

    def _lines(self) -> Iterator[str]:
        """Physical lines with their ends, none longer than the limit, so that memory stays flat."""
        csv.field_size_limit(self._limits.cell_characters)
        limit = self._limits.line_characters
        text = io.TextIOWrapper(
            cast("BinaryIO", self._open()), self.encoding, errors="strict", newline=""
        )
        try:
            while piece := text.readline(limit):
                if len(piece) >= limit and piece[-1] not in "\r\n":
                    raise csv.Error("field larger than field limit")
                yield piece
        finally:
            text.detach()

    def _open(self) -> io.BufferedIOBase:
        """The bytes from the start. The caller's file stays open when the reader is done."""
        self._file.seek(0)
        if self._packed:
            return _LimitedGzip(self._file, self._limits)
        return _Unclosable(self._file)

    def _find_encoding(self) -> str:
        with self._open() as stream:
            start = stream.read(4096)
        for mark, encoding in _BYTE_ORDER_MARKS:
            if start.startswith(mark):
                return encoding
        if b"\x00" in start:
            return _wide_encoding(start)
        bad_line = self._first_undecodable_line("utf-8")
        if bad_line is None:
            return "utf-8"
        if self._first_undecodable_line("gb18030") is None and self._reads_as_chinese():
            return "gb18030"
        raise SheetError("encoding_unknown", line=bad_line)

    def _first_undecodable_line(self, encoding: str) -> int | None:
        decoder = codecs.getincrementaldecoder(encoding)("strict")
        line = 1
        with self._open() as stream:
            while True:
                block = stream.read(_BLOCK)
                try:
                    decoder.decode(block, final=not block)
                except UnicodeDecodeError as error:
                    return line + error.object[: error.start].count(b"\n")
                if not block:
                    return None
                line += block.count(b"\n")

    def _reads_as_chinese(self) -> bool:
        with self._open() as stream:
            text = stream.read(_BLOCK * 4).decode("gb18030", "ignore")
        foreign = [sign for sign in text if sign > "\x7f"]
        known = sum(1 for sign in foreign if sign.encode("gb2312", "ignore"))
        return known >= len(foreign) * _PLAUSIBLE_SHARE

    def _find_delimiter(self) -> str:
        sample = []
        try:
            for piece in self._lines():
                sample.append(piece)
                if len(sample) == _SAMPLE_ROWS:
                    break
        except (csv.Error, UnicodeError):
            # `rows` meets the same fault and names its line.
            return ","
        return max(_DELIMITERS, key=lambda sign: _fit(sample, sign))


def _wide_encoding(start: bytes) -> str:
    """UTF-16 without a mark: the zero bytes of its digits and commas stand on one side."""
    low, high = start[1::2].count(0), start[::2].count(0)
    if min(low, high) * 20 > max(low, high):
        raise SheetError("not_a_table")
    return "utf-16-le" if low > high else "utf-16-be"


class _Ended:
    """Passes lines on and remembers that there are no more."""

    def __init__(self, lines: Iterator[str]) -> None:
        self._lines = lines
        self.ended = False

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        try:
            return next(self._lines)
        except StopIteration:
            self.ended = True
            raise


def _fit(sample: list[str], delimiter: str) -> tuple[int, int]:
    """How well ``delimiter`` cuts the sample: rows of the commonest width, then that width."""
    try:
        widths = [len(cells) for cells in csv.reader(sample, delimiter=delimiter) if cells]
    except csv.Error:
        return 0, 0
    wide = [width for width in widths if width > 1]
    if not wide:
        return 0, 0
    commonest = max(set(wide), key=lambda width: (wide.count(width), width))
    # A sign that cuts only a few rows stands inside their text.
    fits = wide.count(commonest) * 2 >= len(widths)
    return (wide.count(commonest), commonest) if fits else (0, 0)


def _as_sheet_error(error: csv.Error, line: int, limits: Limits) -> SheetError:
    if "field limit" in str(error):
        return SheetError("cell_too_large", line=line, limit=limits.cell_characters)
    return SheetError("broken_quotes", line=line)


class _Unclosable(io.BufferedReader):
    """A view of the caller's file that leaves it open."""

    def __init__(self, file: BinaryIO) -> None:
        super().__init__(_Pipe(file))


class _Pipe(io.RawIOBase):
    def __init__(self, file: BinaryIO) -> None:
        self._source = file

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        data = self._source.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)


class _UnpackingPipe(_Pipe):
    """Unpacks gzip and stops when the result grows beyond the limit."""

    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        super().__init__(cast("BinaryIO", gzip.GzipFile(fileobj=file, mode="rb")))
        self._limit = limits.unpacked_bytes
        self._unpacked = 0

    def readinto(self, buffer: bytearray | memoryview) -> int:  # type: ignore[override]
        try:
            size = super().readinto(buffer)
        except (OSError, EOFError, zlib.error) as error:
            raise SheetError("damaged_file") from error
        self._unpacked += size
        if self._unpacked > self._limit:
            raise SheetError(
                "unpacked_too_large",
                size_mb=self._unpacked // 1_000_000,
                limit_mb=self._limit // 1_000_000,
            )
        return size


class _LimitedGzip(io.BufferedReader):
    def __init__(self, file: BinaryIO, limits: Limits) -> None:
        super().__init__(_UnpackingPipe(file, limits))


def shown_encoding(encoding: str) -> str:
    """The name of an encoding as people know it."""
    names = {"utf-8": "UTF-8", "utf-8-sig": "UTF-8 (BOM)", "gb18030": "GB18030 (GBK)"}
    return names.get(encoding, "UTF-16" if encoding.startswith("utf-16") else clean(encoding))
