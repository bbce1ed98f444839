"""Plain data that views hand to components. Templates also take dicts with the same keys."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from django.utils.functional import Promise

Text = str | Promise
Values = Sequence[int | float | None]


@dataclass(slots=True, kw_only=True)
class Kpi:
    """One cell of ``kpi_strip``. ``value`` is already formatted; None shows "not in yet".

    ``help`` is the definition: every number says what it is.
    """

    label: Text
    value: str | None
    help: Text
    href: str = ""
    selected: bool = False
    change_bp: int | None = None
    good: str = "up"  # which direction is good: up, down, or "" for neither
    note: Text = ""
    spark: Values = ()
    spark_before: Values = ()


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
    """One line or bar series of ``chart``. ``dashed`` marks an earlier period.

    ``links`` are the addresses of the rows behind each value, "" where there are none.
    """

    name: Text
    values: Values
    dashed: bool = False
    links: Sequence[str] = ()


@dataclass(slots=True, kw_only=True)
class Chart:
    """What ``chart`` draws. ``kind`` is line, bar or stacked; ``unit`` is number, money or percent.

    Money values are minor units, percent values basis points. ``axis`` are shorter labels for the
    axis. ``links`` lead to the rows behind each label, unless a series has its own; ``open`` says
    what a click opens. ``href`` leads to all rows, ``link`` is its text.
    """

    id: str
    title: Text
    labels: Sequence[Text]
    series: Sequence[Series]
    kind: str = "line"
    unit: str = "number"
    currency: str = ""
    summary: Text = ""
    axis: Sequence[Text] = ()
    links: Sequence[str] = ()
    open: Text = ""
    href: str = ""
    link: Text = ""


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
    """One step of ``funnel``: ``as_figure`` shows it as a number above the bars.

    ``apart`` says that it is no part of the step before, so there is no rate between them.
    """

    label: Text
    value: int | None
    help: Text
    href: str = ""
    as_figure: bool = False
    apart: bool = False


@dataclass(slots=True, kw_only=True)
class PostCard:
    """A ``post_card``. ``figures`` are labels with numbers; None shows "not in yet".

    ``cover`` is an address of our own host; ``lang`` the language of the title, when foreign.
    """

    title: Text
    platform: Text
    at: date | datetime
    href: str = ""
    by: Text = ""
    cover: str = ""
    video: bool = False
    figures: Sequence[tuple[Text, int | None]] = ()
    state: str = ""
    state_label: Text = ""
    lang: str = ""


@dataclass(slots=True, kw_only=True)
class Material:
    """A ``material_card``. ``count`` is printed on the cover ("6 pictures"), ``note`` beside the state.

    With ``action`` the card has a button that leads to ``href``.
    """

    title: Text
    text: Text = ""
    href: str = ""
    cover: str = ""
    video: bool = False
    count: Text = ""
    state: str = ""
    state_label: Text = ""
    note: Text = ""
    action: Text = ""
    primary: bool = False


@dataclass(slots=True, kw_only=True)
class TaskRow:
    """A ``task_row``. ``state`` is "", late or done; a task that is done has no button."""

    title: Text
    note: Text
    href: str = ""
    action: Text = ""
    primary: bool = False
    icon: str = "notebook-pen"
    state: str = ""


@dataclass(slots=True, kw_only=True)
class Place:
    """One of a ``podium``. ``value`` is already formatted; ``shared`` says that others stand equal."""

    place: int
    name: Text
    value: Text
    line: Text = ""
    href: str = ""
    shared: bool = False
    me: bool = False
    lang: str = ""


def podium(places: Iterable[Place]) -> list[Place]:
    """Who stands on the podium: places 1 to 3 in order, with ties marked.

    More than three when the last of them is shared, since nobody may be left out of a tie.
    """
    standing = sorted((each for each in places if each.place <= 3), key=lambda each: each.place)
    taken = [each.place for each in standing]
    return [replace(each, shared=taken.count(each.place) > 1) for each in standing]
