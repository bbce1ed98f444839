"""What can be imported. Apps register their formats when they start; this app knows none of them.

A format says which columns it wants, which questions it asks, and works on chunks of rows that
have been read already: `resolve` finds out with a fixed number of queries what each row would do,
`write` does it. The importer calls `resolve` for the check, and both in one transaction per chunk
for the import.

    class StoreList(ImportFormat):
        code, label = "stores", _("Stores")
        columns = (Column("code", _("Store code"), as_id, required=True, aliases=("门店编码",)),)

        def resolve(self, records): ...
        def write(self, records): ...

    register(StoreList)     # in AppConfig.ready
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Unit
from integrations.choices import Outcome
from integrations.sheets import values
from integrations.sheets.reading import Cell
from integrations.sheets.text import printable
from integrations.sheets.values import Parser

Text = str | Promise

PLATFORM_ZONE = "Asia/Shanghai"


@dataclass(frozen=True)
class Reading:
    """How the cells of one file are to be read."""

    zone: ZoneInfo
    dates: str = "auto"
    numeric_ids: str = "refuse"
    decimals: int = 2


Reader = Callable[[Reading], Parser]


@dataclass(frozen=True)
class Column:
    """A column that a format wants. ``required``: every row must have a value.

    ``aliases`` are the names under which real files have it; its own name and label are tried too.
    """

    name: str
    label: Text
    read: Reader
    required: bool = False
    aliases: tuple[str, ...] = ()
    help: Text = ""


@dataclass(frozen=True)
class Choice:
    """A possible answer to an option, or a candidate of an ambiguous row."""

    value: str
    label: Text


@dataclass(frozen=True)
class Option:
    """Something the file does not say, asked when it is uploaded.

    ``kind`` is ``choice`` (``choices`` lists the answers), ``lookup`` (``find`` searches by text;
    ``named`` gives the label of an answer), ``moment`` (a date, with or without a time) or ``day``
    (``2026-11-30``).
    """

    name: str
    label: Text
    kind: str = "choice"
    required: bool = True
    help: Text = ""
    default: str = ""
    choices: Callable[[Unit], Sequence[Choice]] | None = None
    find: Callable[[Unit, Person, str], Sequence[Choice]] | None = None
    named: Callable[[Unit, Person, str], Choice | None] | None = None


@dataclass(frozen=True)
class Issue:
    """A fault of a row: in which column of the format, which code, which facts."""

    code: str
    column: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Record:
    """One row on its way. ``values`` holds what was read; ``resolve`` sets ``outcome``.

    ``target`` is for the format: what `resolve` found and `write` needs.
    """

    line: int
    cells: list[Cell]
    values: dict[str, Any]
    # The file's names of its columns.
    names: tuple[str, ...] = ()
    issues: list[Issue] = field(default_factory=list)
    outcome: str = ""
    reason: str = ""
    candidates: list[Choice] = field(default_factory=list)
    choice: str = ""
    target: Any = None

    def refuse(self, code: str, column: str = "", /, **params: Any) -> None:
        """Mark the row as faulty; several faults may be named."""
        self.issues.append(Issue(code, column, params))
        self.outcome = Outcome.FAULTY

    def skip(self, reason: str) -> None:
        """Leave the row out on purpose. Rows are counted by ``reason``, which any row may have."""
        self.outcome, self.reason = Outcome.SKIPPED, reason

    def raw(self) -> dict[str, Any]:
        """The row by the file's column names, as JSON can keep it."""
        cells = [*self.cells, *([None] * (len(self.names) - len(self.cells)))]
        return {name: _as_json(cell) for name, cell in zip(self.names, cells, strict=False)}

    def ask(self, candidates: Iterable[Choice]) -> None:
        """Let a person decide which of ``candidates`` is meant."""
        self.outcome, self.candidates = Outcome.AMBIGUOUS, list(candidates)


def _as_json(cell: Cell) -> Any:
    if isinstance(cell, str):
        return printable(cell)
    if isinstance(cell, dt.datetime):
        return cell.isoformat(" ")
    if isinstance(cell, (dt.date, dt.time, dt.timedelta)):
        return str(cell)
    return cell


@dataclass(frozen=True)
class ImportRun:
    """What a format is told about the import it works for.

    ``at`` is when the file was handed in; ``check`` is true while nothing may be written.
    """

    batch_id: int
    brand: Unit
    by: Person | None
    source: str
    options: Mapping[str, str]
    at: dt.datetime
    check: bool


class ImportFormat:
    """Base of a format. One object lives for one pass over one file."""

    # Templates get the class, and must not make an object of it.
    do_not_call_in_templates: ClassVar[bool] = True

    code: ClassVar[str]
    label: ClassVar[Text]
    help: ClassVar[Text] = ""
    columns: ClassVar[tuple[Column, ...]]
    options: ClassVar[tuple[Option, ...]] = ()
    # The permission that importing it needs at the brand, and where its result can be seen.
    permission: ClassVar[str] = "imports.run"
    result_url: ClassVar[str] = ""
    # The zone of times without an offset; the brand's when empty.
    zone: ClassVar[str] = ""
    decimals: ClassVar[int] = 2
    # A column whose rows stay in one chunk while they stand together, such as an order number.
    group: ClassVar[str] = ""
    # Words of the format's own fault codes, skip reasons and counts.
    words: ClassVar[Mapping[str, Text]] = {}

    def __init__(self, run: ImportRun) -> None:
        self.run = run

    @classmethod
    def check_options(cls, options: Mapping[str, str]) -> None:
        """Refuse answers that do not go together: a `DomainError` with ``field``."""

    def resolve(self, records: list[Record]) -> None:
        """Set the outcome of each record, with a fixed number of queries per chunk. No writing."""
        raise NotImplementedError

    def write(self, records: list[Record]) -> None:
        """Write records whose outcome is new or changed. Inside the chunk's transaction.

        It may set another outcome where writing shows one.
        """
        raise NotImplementedError

    def finish(self) -> Mapping[str, int]:
        """Called in a transaction of its own after the last chunk; must be able to run twice.

        Returns figures for the result page, named by `words`.
        """
        return {}


_formats: dict[str, type[ImportFormat]] = {}


def register(kind: type[ImportFormat]) -> None:
    """Offer a format in the import wizard. Its codes for messages must not clash."""
    _formats[kind.code] = kind


def all_formats() -> list[type[ImportFormat]]:
    return list(_formats.values())


def format_of(code: str) -> type[ImportFormat] | None:
    return _formats.get(code)


# -- readers for columns ---------------------------------------------------------


@dataclass(frozen=True)
class IdReader:
    """Reads an id of any system: text, never a number that lost digits."""

    maximum: int = 64

    def __call__(self, reading: Reading) -> Parser:
        return values.identifier(maximum=self.maximum, numbers=reading.numeric_ids)


as_id = IdReader()


def as_text(maximum: int = 200) -> Reader:
    return lambda _reading: values.text(maximum=maximum)


def as_count(_reading: Reading) -> Parser:
    return values.count()


def as_signed_count(_reading: Reading) -> Parser:
    return values.count(signed=True)


def as_quantity(minimum: int = 1, maximum: int = 10**6) -> Reader:
    return lambda _reading: values.whole_number(minimum=minimum, maximum=maximum)


def as_money(reading: Reading) -> Parser:
    return values.money(decimals=reading.decimals)


def as_rate(plain: str = "fraction") -> Reader:
    return lambda _reading: values.rate(plain=plain)


def as_duration(_reading: Reading) -> Parser:
    return values.duration


def as_moment(reading: Reading) -> Parser:
    return values.moment(reading.zone, declared=reading.dates)


def as_day(reading: Reading) -> Parser:
    return values.day(reading.zone, declared=reading.dates)


def as_choice(words: Mapping[str, Any]) -> Reader:
    return lambda _reading: values.choice(words)


# -- questions about any file -----------------------------------------------------

DATES = Option(
    "dates",
    _("How dates are written"),
    default="auto",
    choices=lambda _brand: [
        Choice("auto", _("Year first, or as the platform writes them")),
        Choice("dmy", _("Day first: 31/12/2026")),
        Choice("mdy", _("Month first: 12/31/2026")),
        Choice("serial", _("As day numbers: 46387.5")),
    ],
)
NUMERIC_IDS = Option(
    "numeric_ids",
    _("Ids in number cells"),
    default="refuse",
    help=_("A spreadsheet program drops zeros in front of numbers, so 0012 becomes 12."),
    choices=lambda _brand: [
        Choice("refuse", _("Refuse them: they may have lost zeros")),
        Choice("accept", _("Take them: no id here starts with a zero")),
    ],
)


def questions(kind: type[ImportFormat], *, workbook: bool) -> tuple[Option, ...]:
    """The format's own options and the general ones that matter for its columns."""
    general: list[Option] = []
    readers = {column.read for column in kind.columns}
    if readers & {as_moment, as_day}:
        general.append(DATES)
    if workbook and any(isinstance(reader, IdReader) for reader in readers):
        general.append(NUMERIC_IDS)
    return (*kind.options, *general)
