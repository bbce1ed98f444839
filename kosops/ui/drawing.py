"""Geometry of the drawings that the server makes itself (sparklines, lines, bars).

Plain functions on plain numbers. Unknown values (None) leave a gap, they are never drawn as 0.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from math import floor, isfinite, log10

Value = int | float | None


@dataclass(frozen=True, slots=True)
class Scale:
    """Values from ``low`` to ``high`` onto a height, larger values higher up."""

    low: float
    high: float
    height: float
    inset: float = 0.0

    def y(self, value: float) -> float:
        span = self.high - self.low
        room = self.height - 2 * self.inset
        if span <= 0:
            return self.height / 2
        return self.inset + room * (1 - (value - self.low) / span)


@dataclass(frozen=True, slots=True)
class Segment:
    """One part of a stacked bar, from the top of the drawing."""

    index: int
    value: float
    y: float
    height: float


def spark_scale(series: Sequence[Sequence[Value]], height: float, inset: float) -> Scale:
    """One scale for all lines of a sparkline, so that they can be compared."""
    known = [v for values in series for v in values if v is not None]
    return Scale(min(known, default=0), max(known, default=0), height, inset)


def line_path(values: Sequence[Value], width: float, scale: Scale) -> str:
    """A smooth line that never overshoots its values (monotone cubic); gaps start anew."""
    return "".join(_curve(run) for run in _runs(values, width, scale))


def area_path(values: Sequence[Value], width: float, scale: Scale) -> str:
    """The same line closed down to the foot of the drawing."""
    parts = []
    for run in _runs(values, width, scale):
        foot = _n(scale.height)
        parts.append(f"{_curve(run)}L{_n(run[-1][0])} {foot}L{_n(run[0][0])} {foot}Z")
    return "".join(parts)


def nice_ticks(high: float, wanted: int = 5) -> list[int]:
    """Round steps from 0 to at least ``high``: 1330 gives 0, 500, 1000, 1500."""
    if not isfinite(high) or high <= 0:
        return [0, 1]
    raw = high / wanted
    magnitude = 10 ** floor(log10(raw)) if raw > 0 else 1
    step = next(m * magnitude for m in (1, 2, 2.5, 5, 10) if m * magnitude >= raw)
    step = max(1, round(step))
    count = -(-high // step)
    return [int(step * i) for i in range(int(count) + 1)]


def stacked(values: Sequence[Value], scale: Scale, gap: float = 2.0) -> list[Segment]:
    """Parts of one bar from the foot upwards with a gap between them.

    The gap is taken out of each upper part, so the whole bar keeps its true height. A part
    that is too small for the gap keeps one pixel, so that it never disappears.
    """
    segments: list[Segment] = []
    total = 0.0
    for index, value in enumerate(values):
        if not value:
            continue
        foot, top = scale.y(total), scale.y(total + value)
        total += value
        shown = foot - top - (gap if segments else 0)
        shown = max(1.0, shown)
        segments.append(Segment(index, value, round(top, 2), round(shown, 2)))
    return segments


def bar_share(part: Value, whole: Value) -> float:
    """Width of a bar in percent, between 0 and 100."""
    if part is None or not whole:
        return 0.0
    return round(max(0.0, min(100.0, part * 100 / whole)), 2)


def _runs(
    values: Sequence[Value], width: float, scale: Scale
) -> Iterator[list[tuple[float, float]]]:
    step = width / (len(values) - 1) if len(values) > 1 else 0
    run: list[tuple[float, float]] = []
    for index, value in enumerate(values):
        if value is None:
            if run:
                yield run
            run = []
        else:
            run.append((index * step, scale.y(value)))
    if run:
        yield run


def _curve(points: Sequence[tuple[float, float]]) -> str:
    x0, y0 = points[0]
    path = [f"M{_n(x0)} {_n(y0)}"]
    if len(points) == 1:
        # A lone value still shows: a line of no length with a round cap is a dot.
        return f"{path[0]}h.01"
    slopes = _slopes(points)
    for i in range(len(points) - 1):
        (xa, ya), (xb, yb) = points[i], points[i + 1]
        third = (xb - xa) / 3
        path.append(
            f"C{_n(xa + third)} {_n(ya + slopes[i] * third)} "
            f"{_n(xb - third)} {_n(yb - slopes[i + 1] * third)} {_n(xb)} {_n(yb)}"
        )
    return "".join(path)


def _slopes(points: Sequence[tuple[float, float]]) -> list[float]:
    """Tangents by Fritsch and Carlson's rule: flat at every turn of the line."""
    chords = [
        (points[i + 1][1] - points[i][1]) / (points[i + 1][0] - points[i][0])
        for i in range(len(points) - 1)
    ]
    slopes = [chords[0]]
    for before, after in zip(chords, chords[1:], strict=False):
        if before * after <= 0:
            slopes.append(0.0)
        else:
            slopes.append(2 * before * after / (before + after))
    slopes.append(chords[-1])
    return slopes


def _n(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") or "0"
