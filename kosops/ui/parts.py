"""Plain data that views hand to components. Templates also take dicts with the same keys."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.functional import Promise

Text = str | Promise
Values = Sequence[int | float | None]


@dataclass(slots=True, kw_only=True)
class Kpi:
    """One cell of ``kpi_strip``. ``value`` is already formatted; None shows "not in yet"."""

    label: Text
    value: str | None
    href: str = ""
    selected: bool = False
    change_bp: int | None = None
    good: str = "up"  # which direction is good: up, down, or "" for neither
    note: Text = ""
    spark: Values = ()
    spark_before: Values = ()
    help: Text = ""


@dataclass(slots=True, kw_only=True)
class Waiting:
    """One row of ``queue``. ``text`` is a whole sentence, with <b> around its figure (format_html).

    ``rank`` is must (red), notice (amber) or suggestion (grey).
    """

    text: Text
    href: str
    icon: str
    rank: str = "suggestion"
    note: Text = ""


@dataclass(slots=True, kw_only=True)
class Series:
    """One line or bar series of ``chart``. ``dashed`` marks an earlier period."""

    name: Text
    values: Values
    dashed: bool = False


@dataclass(slots=True, kw_only=True)
class Chart:
    """What ``chart`` draws. ``kind`` is line, bar or stacked; ``unit`` is number, money or percent.

    Money values are minor units, percent values basis points.
    """

    id: str
    title: Text
    labels: Sequence[Text]
    series: Sequence[Series]
    kind: str = "line"
    unit: str = "number"
    currency: str = ""
    summary: Text = ""


@dataclass(slots=True, kw_only=True)
class Event:
    """One entry of ``timeline``."""

    text: Text
    at: datetime
    by: Text = ""
    note: Text = ""
    icon: str = "activity"
    state: str = ""
    href: str = ""


@dataclass(slots=True, kw_only=True)
class Step:
    """One step of ``stepper``: state is done, current or next."""

    label: Text
    state: str = "next"
    href: str = ""
    note: Text = ""


@dataclass(slots=True, kw_only=True)
class Rung:
    """One tier of ``ladder``, lowest first. ``rules`` are whole sentences; ``level`` is 1 to 3."""

    name: Text
    level: int
    heads: int | None = None
    rules: Sequence[Text] = ()
    keeps: Sequence[Text] = ()
    href: str = ""
    share_bp: int | None = None


@dataclass(slots=True, kw_only=True)
class CalcRow:
    """One row of ``calc``: what, how, result. ``kind`` is "", "sum" (a line above) or "note"."""

    label: Text
    how: Text = ""
    value: str = ""
    kind: str = ""
    href: str = ""


@dataclass(slots=True, kw_only=True)
class Change:
    """One row of ``changes`` (before and after); values already formatted, None is "nothing"."""

    label: Text
    before: Text | None
    after: Text | None


@dataclass(slots=True, kw_only=True)
class Choice:
    """One choice of ``tabs``, ``segmented`` or a filter."""

    label: Text
    href: str = ""
    selected: bool = False
    count: int | None = None
    value: str = ""


@dataclass(slots=True, kw_only=True)
class Chip:
    """An active filter that can be taken away by following ``href``."""

    label: Text
    href: str


@dataclass(slots=True, kw_only=True)
class FunnelStep:
    """One step of ``funnel``: ``as_figure`` shows it as a number above the bars."""

    label: Text
    value: int | None
    href: str = ""
    as_figure: bool = False
