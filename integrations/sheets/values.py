"""Read one cell as a count, rate, duration, amount, time, id or text.

Each parser takes the cell (text, or what an XLSX cell holds) and returns a plain value, None for
"not known", or raises `ValueFault`. A word where a number belongs is a fault, never a zero.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from integrations.sheets.faults import ValueFault
from integrations.sheets.reading import Cell
from integrations.sheets.text import clean, has_control_character, name_key

Parser = Callable[[Cell], Any]

BIGGEST_COUNT = 2**63 - 1
# Above this a spreadsheet program has already replaced the last digits by zeros.
_EXACT_DIGITS = 15

_UNKNOWN = frozenset(
    name_key(word)
    for word in ("", "-", "--", "—", "——", "–", "/", "\\", "未知", "数据较少", "暂无", "暂无数据",
                 "无", "N/A", "NA", "null", "none", "unknown")
)  # fmt: skip
_CELL_ERRORS = frozenset(
    ("#N/A", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NUM!", "#NULL!", "#SPILL!", "#CALC!")
)
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?", re.ASCII)
_NUMBER = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_SCALES = {
    "万": 10_000, "萬": 10_000, "w": 10_000, "亿": 10**8, "億": 10**8,
    "千": 1_000, "k": 1_000, "m": 10**6,
}  # fmt: skip


def is_unknown(cell: Cell) -> bool:
    """Blank, a dash, ``未知``, ``数据较少`` and their kin: the platform does not say."""
    if isinstance(cell, str):
        # Most cells hold figures; those need no normalising.
        return not cell[:1].isdigit() and name_key(cell) in _UNKNOWN
    return cell is None


def count(*, signed: bool = False) -> Parser:
    """A whole number: ``1,234``, ``1.4万``, ``541.2K``; may exceed 32 bits."""

    def parse(cell: Cell) -> int | None:
        if type(cell) is int:
            return _within(cell, signed)
        if isinstance(cell, str):
            plain = cell.strip()
            if plain.isascii() and plain.isdigit() and len(plain) < 19:
                return int(plain)
        if is_unknown(cell):
            return None
        number = _scaled(_visible(cell, "not_a_count"), "not_a_count")
        if number != number.to_integral_value():
            raise ValueFault("not_a_count", value=shown(cell))
        return _within(int(number), signed)

    return parse


def whole_number(*, minimum: int = 0, maximum: int = 10**9) -> Parser:
    """A quantity: like `count`, but within stated bounds."""
    read = count(signed=True)

    def parse(cell: Cell) -> int | None:
        number: int | None = read(cell)
        if number is not None and not minimum <= number <= maximum:
            raise ValueFault(
                "number_out_of_range", value=shown(cell), minimum=minimum, maximum=maximum
            )
        return number

    return parse


def rate(*, plain: str = "fraction", maximum: int = 1) -> Parser:
    """A share as a fraction, such as 0.125. ``12.5%`` says what it is; a bare number is read as
    declared by ``plain``: ``fraction`` (0.125) or ``percent`` (12.5)."""

    def parse(cell: Cell) -> Decimal | None:
        if is_unknown(cell):
            return None
        text = _visible(cell, "not_a_rate")
        percent = text.endswith(("%", "％"))
        number = _number(text.rstrip("%％ "), "not_a_rate")
        if percent or plain == "percent":
            number /= 100
        if not 0 <= number <= maximum:
            raise ValueFault("rate_out_of_range", value=shown(cell))
        return number

    return parse


_DURATION = re.compile(
    r"(?:(?P<hours>\d+)\s*(?:小时|时|h))?\s*(?:(?P<minutes>\d+)\s*(?:分钟|分|min|m))?\s*"
    r"(?:(?P<seconds>\d+(?:\.\d+)?)\s*(?:秒钟|秒|s|sec)?)?",
    re.ASCII | re.IGNORECASE,
)
_CLOCK = re.compile(r"(?:(\d+):)?(\d{1,2}):(\d{2}(?:\.\d+)?)", re.ASCII)


def duration(cell: Cell) -> int | None:
    """Milliseconds: ``14.73秒``, ``9.53`` (seconds), ``1分20秒``, ``00:14``."""
    if isinstance(cell, dt.timedelta):
        return int(cell / dt.timedelta(milliseconds=1))
    if isinstance(cell, dt.time):
        since = dt.timedelta(
            hours=cell.hour, minutes=cell.minute, seconds=cell.second, microseconds=cell.microsecond
        )
        return int(since / dt.timedelta(milliseconds=1))
    if is_unknown(cell):
        return None
    text = _visible(cell, "not_a_duration")
    match = _CLOCK.fullmatch(text) or _DURATION.fullmatch(text)
    if not match or not any(match.groups()):
        raise ValueFault("not_a_duration", value=shown(cell))
    hours, minutes, seconds = (Decimal(part or 0) for part in match.groups())
    milliseconds = int((hours * 3600 + minutes * 60 + seconds) * 1000)
    if milliseconds > 10**12:
        raise ValueFault("not_a_duration", value=shown(cell))
    return milliseconds


_AMOUNT = re.compile(r"-?(?:[0-9]{1,12}|[0-9]{1,3}(?:,[0-9]{3}){1,3})(?:\.[0-9]{1,2})?", re.ASCII)
_SYMBOLS = ("¥", "￥", "£", "$", "€", "元")
BIGGEST_AMOUNT = 10**11


def money(*, decimals: int = 2, signed: bool = False) -> Parser:
    """An amount in minor units: ``1,234.50`` is 123450. Never a float, never more decimals than
    the currency has; ``NaN``, ``1e400`` and full-width digits are refused."""

    def parse(cell: Cell) -> int | None:
        if is_unknown(cell):
            return None
        text = _amount_text(cell)
        if not _AMOUNT.fullmatch(text):
            raise ValueFault("not_an_amount", value=shown(cell), decimals=decimals)
        whole, _dot, cents = text.replace(",", "").partition(".")
        if len(cents) > decimals:
            if cents[decimals:].strip("0"):
                raise ValueFault("not_an_amount", value=shown(cell), decimals=decimals)
            cents = cents[:decimals]
        minor = int(whole + cents.ljust(decimals, "0"))
        if abs(minor) > BIGGEST_AMOUNT or (minor < 0 and not signed):
            raise ValueFault("amount_out_of_range", value=shown(cell))
        return minor

    return parse


def _amount_text(cell: Cell) -> str:
    if isinstance(cell, float):
        return _float_text(cell, "not_an_amount")
    text = _visible(cell, "not_an_amount")
    for symbol in _SYMBOLS:
        text = text.removeprefix(symbol).removesuffix(symbol)
    return text.strip(" ")


_SCIENTIFIC = re.compile(r"[+-]?\d(?:\.\d+)?[eE]\+\d{1,3}|[+-]?\d+\.\d+[eE]\d{1,3}", re.ASCII)
_POINT_ZERO = re.compile(r"(\d+)\.0+", re.ASCII)


class NotedId(str):
    """An id that was read from something else than its own text; ``note`` says from what."""

    __slots__ = ()
    note = "id_point_zero"


def identifier(*, maximum: int = 64, numbers: str = "refuse") -> Parser:
    """An id as text, such as an order number.

    Ids in scientific form have lost digits and are refused. A number cell of a workbook may have
    lost leading zeros: it is refused unless ``numbers`` is ``accept``. ``17850.0`` is what a
    program makes of a column of numbers with gaps: it is read as ``17850``.
    """

    def parse(cell: Cell) -> str | None:
        if cell is None:
            return None
        if isinstance(cell, (int, float)) and not isinstance(cell, bool):
            return _number_as_id(cell, numbers)
        text = _text_of(cell)
        if " " in text or not text.isprintable():
            text = " ".join(text.split())
        # Most ids hold neither; looking for the sign is cheaper than matching the form.
        if "." in text or "+" in text:
            if _SCIENTIFIC.fullmatch(text):
                raise ValueFault("id_in_scientific_form", value=shown(cell))
            whole = _POINT_ZERO.fullmatch(text)
            if whole:
                return NotedId(whole[1])
        if len(text) > maximum:
            raise ValueFault("too_long", maximum=maximum, value=shown(cell))
        return text or None

    return parse


def _number_as_id(cell: int | float, numbers: str) -> str:
    if isinstance(cell, float) and not cell.is_integer():
        raise ValueFault("id_not_text", value=shown(cell))
    if len(str(abs(int(cell)))) > _EXACT_DIGITS:
        raise ValueFault("id_lost_digits", value=shown(cell))
    if numbers != "accept" or cell < 0:
        raise ValueFault("id_not_text", value=shown(cell))
    return str(int(cell))


def text(*, maximum: int = 500) -> Parser:
    """Text without invisible marks; the original stays in the kept row."""

    def parse(cell: Cell) -> str | None:
        if cell is None:
            return None
        value = _text_of(cell)
        if len(value) > maximum:
            raise ValueFault("too_long", maximum=maximum, value=shown(cell))
        return value or None

    return parse


def choice(words: Mapping[str, Any]) -> Parser:
    """One of some words; case, width and blanks do not matter."""
    keys = {name_key(word): value for word, value in words.items()}
    # A column of choices holds the same few words over and over.
    seen: dict[str, Any] = {}

    def parse(cell: Cell) -> Any:
        if cell is None:
            return None
        if cell in seen:
            return seen[cell]  # type: ignore[index]
        value = _text_of(cell)
        if not value:
            return None
        try:
            found = keys[name_key(value)]
            if isinstance(cell, str) and len(seen) < 1000:
                seen[cell] = found
            return found
        except KeyError:
            raise ValueFault(
                "not_a_choice", value=shown(cell), choices=", ".join(list(words)[:12])
            ) from None

    return parse


_CHINESE = re.compile(
    r"(\d{4})年(\d{1,2})月(\d{1,2})日?(?:\s*(\d{1,2})[时點点](?:(\d{1,2})分?)?(?:(\d{1,2})秒?)?)?",
    re.ASCII,
)
_WRITTEN = re.compile(
    r"(\d{4})([-./])(\d{1,2})\2(\d{1,2})"
    r"(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?)?\s*(Z|[+-]\d{2}:?\d{2})?",
    re.ASCII | re.IGNORECASE,
)
_DAY_OR_MONTH_FIRST = re.compile(
    r"(\d{1,2})[-./](\d{1,2})[-./](\d{4})(?:[T ]\s*(\d{1,2}):(\d{2})(?::(\d{2}))?)?", re.ASCII
)
_COMPACT = re.compile(r"(20\d{2})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?", re.ASCII)
_BARE_NUMBER = re.compile(r"\d+(?:\.\d+)?", re.ASCII)
_EXCEL_START = dt.date(1899, 12, 30)
_EPOCH_SECONDS = range(10**9, 10**10)
_EPOCH_MILLISECONDS = range(10**12, 10**13)
_YEARS = range(2000, 2101)


def moment(zone: ZoneInfo, *, declared: str = "auto") -> Parser:
    """An instant. Times without an offset are in ``zone`` (Beijing time, or the brand's).

    ``declared`` says how the file writes dates that could mean two things: ``dmy``, ``mdy``
    (01/02/2026) or ``serial`` (days since 1900, as spreadsheet programs count); ``auto`` refuses
    them. Seconds and milliseconds since 1970 are told apart by their size.
    """

    def parse(cell: Cell) -> dt.datetime | None:
        instant = _plainly_written(cell, zone)
        if instant is None:
            if is_unknown(cell):
                return None
            instant = _instant(cell, zone, declared)
        if instant.year not in _YEARS:
            raise ValueFault("time_out_of_range", value=shown(cell))
        return instant

    return parse


def day(zone: ZoneInfo, *, declared: str = "auto") -> Parser:
    """A calendar day in ``zone``; takes what `moment` takes."""
    read = moment(zone, declared=declared)

    def parse(cell: Cell) -> dt.date | None:
        instant = read(cell)
        return instant.astimezone(zone).date() if instant else None

    return parse


def _plainly_written(cell: Cell, zone: ZoneInfo) -> dt.datetime | None:
    """``2026-07-18 14:11:20``, which is how most files write most times, without much ado."""
    if isinstance(cell, str) and len(cell) == 19 and cell[10] == " " and cell.isascii():
        try:
            return dt.datetime.fromisoformat(cell).replace(tzinfo=zone)
        except ValueError:
            return None
    return None


def _instant(cell: Cell, zone: ZoneInfo, declared: str) -> dt.datetime:
    if isinstance(cell, dt.datetime):
        return cell if cell.tzinfo else cell.replace(tzinfo=zone)
    if isinstance(cell, dt.date):
        return dt.datetime(cell.year, cell.month, cell.day, tzinfo=zone)
    if isinstance(cell, (int, float)) and not isinstance(cell, bool):
        written = _float_text(cell, "not_a_time") if isinstance(cell, float) else str(cell)
    else:
        written = _visible(cell, "not_a_time")
    try:
        if _BARE_NUMBER.fullmatch(written):
            return _from_number(written, zone, declared)
        return _from_text(written, zone, declared)
    except (ValueError, OverflowError) as error:
        raise ValueFault("not_a_time", value=shown(cell)) from error


def _from_number(written: str, zone: ZoneInfo, declared: str) -> dt.datetime:
    number = Decimal(written)
    if declared == "serial" and number < 100_000:
        # A serial counts days; spreadsheet programs keep time to the second.
        since = dt.timedelta(seconds=round(number * 86_400))
        return dt.datetime.combine(_EXCEL_START, dt.time(), zone) + since
    if int(number) in _EPOCH_SECONDS:
        return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(seconds=int(number))
    if int(number) in _EPOCH_MILLISECONDS:
        return dt.datetime.fromtimestamp(0, dt.UTC) + dt.timedelta(milliseconds=int(number))
    compact = _COMPACT.fullmatch(written)
    if compact:
        return dt.datetime(*(int(part or 0) for part in compact.groups()), tzinfo=zone)  # type: ignore[misc, arg-type]
    if number < 100_000:
        raise ValueFault("serial_date", value=written[:40])
    raise ValueFault("not_a_time", value=written[:40])


def _from_text(written: str, zone: ZoneInfo, declared: str) -> dt.datetime:
    match = _WRITTEN.fullmatch(written)
    if match:
        year, _sign, month, date, hour, minute, second, fraction, offset = match.groups()
        return dt.datetime(
            int(year),
            int(month),
            int(date),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "")[:6].ljust(6, "0")),
            tzinfo=_offset(offset) if offset else zone,
        )
    match = _CHINESE.fullmatch(written)
    if match:
        return dt.datetime(*(int(part or 0) for part in match.groups()), tzinfo=zone)  # type: ignore[misc, arg-type]
    match = _DAY_OR_MONTH_FIRST.fullmatch(written)
    if match:
        first, second, year, *clock = match.groups()
        if declared not in ("dmy", "mdy"):
            raise ValueFault("day_or_month_first", value=written[:40])
        date, month = (first, second) if declared == "dmy" else (second, first)
        parts = (int(part or 0) for part in (year, month, date, *clock))
        return dt.datetime(*parts, tzinfo=zone)  # type: ignore[misc, arg-type]
    raise ValueFault("not_a_time", value=written[:40])


def _offset(written: str) -> dt.timezone:
    if written in "Zz":
        return dt.UTC
    minutes = int(written[1:3]) * 60 + int(written[-2:])
    return dt.timezone(dt.timedelta(minutes=minutes if written[0] == "+" else -minutes))


def shown(cell: Cell) -> str:
    """The cell as it is named in a message: short, and without signs that could disturb it."""
    value = str(cell)
    return clean("".join(sign if sign.isprintable() else "\ufffd" for sign in value))[:40]


def _text_of(cell: Cell) -> str:
    if isinstance(cell, str):
        value = clean(cell)
        if has_control_character(value):
            raise ValueFault("control_character", value=shown(value))
        if value[:1] == "#" and value in _CELL_ERRORS:
            raise ValueFault("error_in_cell", value=value)
        return value
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, float):
        return _float_text(cell, "not_text")
    if isinstance(cell, (dt.datetime, dt.date, dt.time)):
        return cell.isoformat(" ") if isinstance(cell, dt.datetime) else cell.isoformat()
    return str(cell)


def _visible(cell: Cell, code: str) -> str:
    """What a person sees in a cell that should hold a figure."""
    if isinstance(cell, bool):
        raise ValueFault(code, value=shown(cell))
    if isinstance(cell, str):
        return _text_of(cell)
    if isinstance(cell, float):
        return _float_text(cell, code)
    if isinstance(cell, int):
        return str(cell)
    raise ValueFault(code, value=shown(cell))


def _float_text(cell: float, code: str) -> str:
    """A number cell with the 15 digits that spreadsheet programs show: 0.1 + 0.2 is 0.3."""
    try:
        number = Decimal(format(cell, ".15g"))
    except InvalidOperation:
        raise ValueFault(code, value=shown(cell)) from None
    if not number.is_finite():
        raise ValueFault(code, value=shown(cell))
    return format(number, "f")


def _number(text: str, code: str) -> Decimal:
    plain = text.strip(" ")
    if _GROUPED.fullmatch(plain):
        plain = plain.replace(",", "")
    if len(plain) > 60 or not _NUMBER.fullmatch(plain):
        raise ValueFault(code, value=shown(text))
    number = Decimal(plain)
    if abs(number) > Decimal(10) ** 30:
        raise ValueFault("count_too_large", value=shown(text))
    return number


def _scaled(text: str, code: str) -> Decimal:
    scale = _SCALES.get(text[-1:].lower())
    if scale is None:
        return _number(text, code)
    return _number(text[:-1], code) * scale


def _within(number: int, signed: bool) -> int:
    if number < 0 and not signed:
        raise ValueFault("negative_count", value=str(number)[:40])
    if abs(number) > BIGGEST_COUNT:
        raise ValueFault("count_too_large", value=str(number)[:40])
    return number
