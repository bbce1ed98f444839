"""What a chart component needs, worked out on the server: scale, ticks and every text.

The browser only draws; numbers are formatted here once, in the language of the page, so that
chart, tooltip and table twin always say the same.
"""

from collections.abc import Sequence
from typing import Any

from kosops.ui import drawing, formats
from kosops.ui.parts import Chart, FunnelStep

_MINOR_PER_MAJOR = 100


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
        "ticks": axis,
        "tickTexts": [tick_text(tick, chart, language) for tick in axis],
        "series": [
            {
                "name": str(series.name),
                "dashed": series.dashed,
                "values": list(series.values),
                "texts": [text(v, chart, language, missing) for v in series.values],
            }
            for series in chart.series
        ],
    }


def rows(chart: Chart, language: str, missing: str) -> list[tuple[str, list[str]]]:
    """The table twin: a label with its formatted values."""
    return [
        (str(label), [text(series.values[i], chart, language, missing) for series in chart.series])
        for i, label in enumerate(chart.labels)
    ]


def funnel(steps: Sequence[FunnelStep]) -> dict[str, Any]:
    """Figures, and bars with the rate from the step before (None where either is unknown)."""
    bars = []
    for before, step in zip([None, *steps], steps, strict=False):
        if step.as_figure:
            continue
        rate = formats.share_bp(step.value, before.value) if before else None
        bars.append({"label": step.label, "value": step.value, "href": step.href, "rate_bp": rate})
    return {
        "figures": [step for step in steps if step.as_figure],
        "bars": bars,
        "most": max((step.value or 0 for step in steps if not step.as_figure), default=0),
    }
