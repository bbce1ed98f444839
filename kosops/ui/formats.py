"""How numbers, money and dates are written in the three languages.

Plain functions on plain values: no Django, no clock. The template filters in
``templatetags/ui.py`` call them with the language of the request.
"""

from collections.abc import Sequence
from datetime import date, datetime
from decimal import ROUND_HALF_UP, Decimal

MINUS = "\u2212"
NARROW_DASH = "\u2013"

# kosops.lib.money counts every currency in hundredths; these are written without them.
_MINOR_DIGITS = 2
_WHOLE_CURRENCIES = frozenset({"JPY", "KRW", "VND"})
_SIGNS = {
    "CNY": "¥",
    "JPY": "¥",
    "USD": "$",
    "EUR": "€",
    "GBP": "£",
    "HKD": "HK$",
    "TWD": "NT$",
    "SGD": "S$",
    "KRW": "₩",
}
# Two currencies share the sign ¥: the one that is not the brand's says which it is.
_SHARED_SIGNS = {"CNY": "CN¥", "JPY": "JP¥"}

_EN_STEPS = ((10**9, "B"), (10**6, "M"), (10**3, "K"))
_STEPS = {
    "en": _EN_STEPS,
    "zh": ((10**8, "亿"), (10**4, "万")),
    "ja": ((10**8, "億"), (10**4, "万")),
}
# Below these a figure is short enough to be written in full.
_FULL_BELOW = 100_000
_FULL_MONEY_BELOW = {"en": 1_000_000, "zh": 100_000, "ja": 100_000}

_EN_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)
_WEEKDAYS = {
    "en": ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"),
    "zh": ("星期一", "星期二", "星期三", "星期四", "星期五", "星期六", "星期日"),
    "ja": ("月", "火", "水", "木", "金", "土", "日"),
}

DAY_STYLES = ("full", "short", "month", "short_month", "weekday", "number", "iso")


def family(language: str | None) -> str:
    """The language family whose patterns apply: ``en``, ``zh`` or ``ja``."""
    code = (language or "en").split("-")[0].lower()
    return code if code in _STEPS else "en"


def currency_sign(currency: str, home: str = "CNY") -> str:
    if currency != home and currency in _SHARED_SIGNS:
        return _SHARED_SIGNS[currency]
    return _SIGNS.get(currency, f"{currency}\u00a0")


def number(value: int | float | Decimal, digits: int | None = None) -> str:
    """1234567 as ``1,234,567``; the same in all three languages."""
    amount = Decimal(str(value))
    if digits is not None:
        amount = _rounded(amount, digits)
    elif amount == amount.to_integral_value():
        amount = amount.quantize(Decimal(1))
    return f"{amount:,f}".replace("-", MINUS)


def short_number(value: int | float | Decimal, language: str | None = "en") -> str:
    """1264000 as ``1.26M``, ``126.4万``, ``126.4万``; small figures in full."""
    amount = Decimal(str(value))
    if abs(amount) < _FULL_BELOW:
        return number(amount.quantize(Decimal(1), ROUND_HALF_UP))
    return _shortened(amount, language)


def money(minor: int, currency: str = "CNY", home: str = "CNY") -> str:
    """An exact amount, always in full: ``¥2,846.50``, ``−¥312.00``."""
    major = _major(minor)
    whole = currency in _WHOLE_CURRENCIES and major == major.to_integral_value()
    digits = 0 if whole else _MINOR_DIGITS
    sign = MINUS if minor < 0 else ""
    return f"{sign}{currency_sign(currency, home)}{major:,.{digits}f}"


def short_money(
    minor: int, currency: str = "CNY", language: str | None = "en", home: str = "CNY"
) -> str:
    """A figure for overviews: ``¥6.84M``, ``¥684.2万``. Payable amounts use ``money``."""
    amount = _major(minor)
    sign = MINUS if minor < 0 else ""
    whole = _rounded(amount, 0)
    if whole < _FULL_MONEY_BELOW[family(language)]:
        return f"{sign}{currency_sign(currency, home)}{whole:,f}"
    return f"{sign}{currency_sign(currency, home)}{_shortened(amount, language)}"


def whole_money(minor: int, currency: str = "CNY", home: str = "CNY") -> str:
    """For columns of an overview that are read against each other: ``¥342,800``."""
    sign = MINUS if minor < 0 else ""
    return f"{sign}{currency_sign(currency, home)}{_rounded(_major(minor), 0):,f}"


def percent_bp(basis_points: int, digits: int | None = None) -> str:
    """Basis points as a percentage: 1240 is ``12.4%``, 500 is ``5%``, 500 with one digit ``5.0%``."""
    percent = Decimal(basis_points) / 100
    if digits is None:
        text = f"{percent:.2f}".rstrip("0").rstrip(".")
    else:
        text = f"{_rounded(percent, digits):,.{digits}f}"
    return text.replace("-", MINUS) + "%"


def day(value: date, language: str | None = "en", style: str = "full") -> str:
    """A date: full ``20 Nov 2026`` / ``2026年11月20日``; see DAY_STYLES for the others."""
    if style == "iso":
        return value.strftime("%Y-%m-%d")
    if style == "number":
        return str(value.day)
    if family(language) == "en":
        return _english_day(value, style)
    return _eastern_day(value, family(language), style)


def moment(value: datetime, language: str | None = "en", style: str = "full") -> str:
    """A point in time, already in the brand's time zone: ``20 Nov 2026, 09:40``."""
    clock = f"{value:%H:%M}"
    if style == "time":
        return clock
    gap = ", " if family(language) == "en" else " "
    return f"{day(value, language, style)}{gap}{clock}"


def day_range(first: date, last: date, language: str | None = "en") -> str:
    """``1 – 20 Nov 2026``, ``28 Oct – 3 Nov 2026``, ``2026年11月1日–20日``."""
    if first == last:
        return day(first, language)
    same_year = first.year == last.year
    same_month = same_year and first.month == last.month
    if family(language) == "en":
        start = str(first.day) if same_month else day(first, "en", "short" if same_year else "full")
        return f"{start} {NARROW_DASH} {day(last, 'en')}"
    if same_month:
        end = f"{last.day}日"
    else:
        end = day(last, language, "short" if same_year else "full")
    return f"{day(first, language)}{NARROW_DASH}{end}"


def day_range_short(first: date, last: date, language: str | None = "en") -> str:
    """A range near today, without its year: ``7 – 13 Nov``, ``11月7日–13日``."""
    same_month = (first.year, first.month) == (last.year, last.month)
    start, end = day(first, language, "short"), day(last, language, "short")
    if family(language) == "en":
        return f"{first.day if same_month else start} {NARROW_DASH} {end}"
    return f"{start}{NARROW_DASH}{f'{last.day}日' if same_month else end}"


def size(count: int) -> str:
    """A file's size: ``912 B``, ``4.2 KB``, ``18.6 MB``."""
    amount = Decimal(count)
    for unit in ("B", "KB", "MB"):
        if amount < 1024:
            return f"{amount:,.0f} {unit}" if unit == "B" else f"{amount:,.1f} {unit}"
        amount /= 1024
    return f"{amount:,.1f} GB"


def initials(name: str) -> str:
    """One letter for a face: the surname's first character, upper case."""
    return name.strip()[:1].upper() if name else ""


def share_bp(part: int | float | None, whole: int | float | None) -> int | None:
    """Part of a whole in basis points, or None where there is nothing to divide."""
    if part is None or not whole:
        return None
    return int((Decimal(str(part)) * 10_000 / Decimal(str(whole))).quantize(Decimal(1)))


def change_bp(now: int | float | None, before: int | float | None) -> int | None:
    """Growth against an earlier figure in basis points, or None without one."""
    if now is None or not before:
        return None
    return share_bp(now - before, before)


def longest(words: Sequence[str]) -> int:
    """Width of the widest word in units of a digit; wide characters count twice."""
    return max((sum(2 if ord(c) > 0x2E80 else 1 for c in word) for word in words), default=0)


def _major(minor: int) -> Decimal:
    return Decimal(abs(int(minor))).scaleb(-_MINOR_DIGITS)


def _shortened(amount: Decimal, language: str | None) -> str:
    kind = family(language)
    sign = MINUS if amount < 0 else ""
    left = abs(amount)
    for step, unit in _STEPS[kind]:
        if left >= step:
            scaled = left / step
            digits = 2 if step >= 10**6 and scaled < 10 else 1
            return f"{sign}{_rounded(scaled, digits):,.{digits}f}{unit}"
    return f"{sign}{number(left.quantize(Decimal(1), ROUND_HALF_UP))}"


def _rounded(amount: Decimal, digits: int) -> Decimal:
    return amount.quantize(Decimal(1).scaleb(-digits), ROUND_HALF_UP)


def _english_day(value: date, style: str) -> str:
    month = _EN_MONTHS[value.month - 1]
    match style:
        case "short":
            return f"{value.day} {month[:3]}"
        case "month":
            return f"{month} {value.year}"
        case "short_month":
            return month[:3]
        case "weekday":
            return f"{_WEEKDAYS['en'][value.weekday()]} {value.day} {month}"
        case _:
            return f"{value.day} {month[:3]} {value.year}"


def _eastern_day(value: date, kind: str, style: str) -> str:
    weekday = _WEEKDAYS[kind][value.weekday()]
    match style:
        case "short":
            return f"{value.month}月{value.day}日"
        case "month":
            return f"{value.year}年{value.month}月"
        case "short_month":
            return f"{value.month}月"
        case "weekday":
            tail = f" {weekday}" if kind == "zh" else f"({weekday})"
            return f"{value.month}月{value.day}日{tail}"
        case _:
            return f"{value.year}年{value.month}月{value.day}日"
