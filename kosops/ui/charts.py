"""What a chart component needs, worked out on the server: scale, ticks and every text.

The browser only draws; numbers are formatted here once, in the language of the page, so that
chart, tooltip and table twin always say the same.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

from django.utils.translation import gettext

from kosops.ui import drawing, formats
from kosops.ui.parts import Chart, FunnelStep, Series

_MINOR_PER_MAJOR = 100


class Cell(NamedTuple):
    """One value of the table twin, with the address of the rows behind it."""

    text: str
    href: str


def text(value: int | float | None, chart: Chart, language: str, missing: str = "") -> str:
    """A value in the chart's unit."""
    if value is None:
        return missing
    match chart.unit:
        case "money":
            return formats.money(int(value), chart.currency or "CNY", chart.currency or "CNY")
        case "percent":
            return formats.percent_bp(int(value), 1)
        case _:
            return formats.number(value)


def tick_text(value: int | float, chart: Chart, language: str) -> str:
    """A value on the axis, shortened."""
    match chart.unit:
        case "money":
            home = chart.currency or "CNY"
            return formats.short_money(int(value), home, language, home)
        case "percent":
            return formats.percent_bp(int(value))
        case _:
            return formats.short_number(value, language)


def highest(chart: Chart) -> float:
    """The top of the data: of the bars where they are stacked, else of single values."""
    if chart.kind == "stacked":
        columns = zip(*(series.values for series in chart.series), strict=True)
        return max((sum(v or 0 for v in column) for column in columns), default=0)
    return max((v for series in chart.series for v in series.values if v is not None), default=0)


def ticks(chart: Chart, height: int) -> list[int]:
    """Round axis values from 0 upwards, about 45 px apart; round in yuan where values are fen."""
    unit = _MINOR_PER_MAJOR if chart.unit in ("money", "percent") else 1
    return [tick * unit for tick in drawing.nice_ticks(highest(chart) / unit, max(2, height // 45))]


def payload(chart: Chart, height: int, language: str, missing: str) -> dict[str, Any]:
    """What ``charts.js`` reads from the page."""
    axis = ticks(chart, height)
    return {
        "kind": chart.kind,
        "title": str(chart.title),
        "labels": [str(label) for label in chart.labels],
        "axis": [str(label) for label in chart.axis or chart.labels],
        "open": str(chart.open) or gettext("Open"),
        "ticks": axis,
        "tickTexts": [tick_text(tick, chart, language) for tick in axis],
        "series": [
            {
                "name": str(series.name),
                "dashed": series.dashed,
                "values": list(series.values),
                "texts": [text(v, chart, language, missing) for v in series.values],
                "links": links(series, chart),
            }
            for series in chart.series
        ],
    }


def links(series: Series, chart: Chart) -> list[str]:
    """Where each value of ``series`` leads, "" where none is known; nothing if it leads nowhere."""
    addresses = series.links or chart.links
    if not addresses:
        return []
    return [
        "" if value is None else address
        for address, value in zip(addresses, series.values, strict=True)
    ]


def rows(chart: Chart, language: str, missing: str) -> list[tuple[str, list[Cell]]]:
    """The table twin: a label with its formatted values and what they lead to."""
    columns = [
        [
            Cell(text(value, chart, language, missing), address)
            for value, address in zip(
                series.values, links(series, chart) or [""] * len(series.values), strict=True
            )
        ]
        for series in chart.series
    ]
    return [(str(label), [column[i] for column in columns]) for i, label in enumerate(chart.labels)]


def funnel(steps: Sequence[FunnelStep]) -> dict[str, Any]:
    """Figures, and bars with the rate from the step before (None where either is unknown)."""
    bars = []
    for before, step in zip([None, *steps], steps, strict=False):
        if step.as_figure:
            continue
        rate = formats.share_bp(step.value, before.value) if before and not step.apart else None
        bars.append({"step": step, "rate_bp": rate})
    return {
        "figures": [step for step in steps if step.as_figure],
        "bars": bars,
        "most": max((step.value or 0 for step in steps if not step.as_figure), default=0),
    }


def drawn(data: Chart, height: int, language: str) -> dict[str, Any]:
    """Coordinates for components/drawing.html: percent across, pixels down."""
    axis = ticks(data, height)
    scale = drawing.Scale(0, axis[-1], height)
    count = max(1, len(data.labels))
    every = max(1, -(-count // 12))
    lines = (
        [{"d": drawing.line_path(s.values, 1000, scale), "dashed": s.dashed} for s in data.series]
        if data.kind == "line"
        else []
    )
    return {
        "height": height,
        "full_height": height + 28,
        "ticks": [(tick_text(t, data, language), round(scale.y(t), 1)) for t in axis],
        "labels": [
            (label, _middle(i, count, data.kind))
            for i, label in enumerate(data.axis or data.labels)
            if i % every == 0
        ],
        "lines": lines,
        "hits": _hits(data, count) if data.kind == "line" else [],
        "bars": _bars(data, scale, count, language) if data.kind != "line" else [],
        "alone": len(data.series) == 1,
    }


def _bars(data: Chart, scale: drawing.Scale, count: int, language: str) -> list[dict[str, Any]]:
    """Each label's bar: stacked parts with their sum above, or the series side by side."""
    room = round(46 / count, 3)
    bars = []
    for i, label in enumerate(data.labels):
        column = [series.values[i] for series in data.series]
        left = round((i + 0.5) * 100 / count - room / 2, 3)
        stacked = data.kind == "stacked"
        known = stacked or (len(column) == 1 and column[0] is not None)
        total = sum(v or 0 for v in column) if known else 0
        bars.append(
            {
                "label": label,
                "middle": _middle(i, count, "bar"),
                "parts": _linked(
                    _stack(column, scale, left, room)
                    if stacked
                    else _beside(column, scale, left, room),
                    [links(series, data)[i : i + 1] for series in data.series],
                ),
                "top": round(scale.y(total) - 6, 1),
                "total": tick_text(total, data, language) if known else "",
            }
        )
    return bars


def _hits(data: Chart, count: int) -> list[dict[str, Any]]:
    """The strip around each label of a line chart that can be clicked without script."""
    width = 100 / max(1, count - 1)
    addresses = next((found for s in data.series if (found := links(s, data))), [])
    return [
        {"x": round((i - 0.5) * width, 3), "width": round(width, 3), "href": address}
        for i, address in enumerate(addresses)
        if address
    ]


def _linked(parts: list[dict[str, Any]], addresses: list[list[str]]) -> list[dict[str, Any]]:
    return [part | {"href": "".join(addresses[int(part["place"]) - 1])} for part in parts]


def _stack(
    column: Sequence[drawing.Value], scale: drawing.Scale, left: float, room: float
) -> list[dict[str, float]]:
    return [
        {"place": part.index + 1, "x": left, "width": room, "y": part.y, "height": part.height}
        for part in drawing.stacked(column, scale)
    ]


def _beside(
    column: Sequence[drawing.Value], scale: drawing.Scale, left: float, room: float
) -> list[dict[str, float]]:
    width = room / len(column)
    return [
        {
            "place": index + 1,
            "x": round(left + index * width, 3),
            "width": round(width * 0.92, 3),
            "y": round(scale.y(value), 2),
            "height": round(scale.height - scale.y(value), 2),
        }
        for index, value in enumerate(column)
        if value is not None
    ]


def _middle(index: int, count: int, kind: str) -> float:
    if kind == "line":
        return round(index * 100 / (count - 1), 3) if count > 1 else 0
    return round((index + 0.5) * 100 / count, 3)
