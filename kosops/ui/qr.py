"""QR codes as the path of one SVG drawing: no picture file, nothing that the CSP would refuse."""

import io
from collections.abc import Iterator
from dataclasses import dataclass

import segno

# Modules of empty ground around the code; scanners need it (ISO/IEC 18004).
QUIET_ZONE = 4


@dataclass(frozen=True, slots=True)
class Code:
    """A code with its quiet zone: ``side`` in modules, ``path`` its dark modules as stroked rows."""

    side: int
    path: str


def code(text: str) -> Code:
    """``text`` as a code that still reads when 15% of it is dirty (level M).

    Raises ValueError for an empty text and for one too long for any code (2,331 bytes).
    """
    if not text:
        raise ValueError("A QR code of nothing")
    made = segno.make_qr(text, error="m", boost_error=False)
    rows = list(made.matrix)
    return Code(
        side=len(rows) + 2 * QUIET_ZONE,
        path="".join(
            f"M{left + QUIET_ZONE} {top + QUIET_ZONE}.5h{length}"
            for top, row in enumerate(rows)
            for left, length in _runs(row)
        ),
    )


def png(text: str) -> bytes:
    """The same as a picture file, large enough to print; black on white."""
    return _file(text, "png")


def svg(text: str) -> bytes:
    """The same as a drawing file."""
    return _file(text, "svg")


def _file(text: str, kind: str) -> bytes:
    out = io.BytesIO()
    made = segno.make_qr(text, error="m", boost_error=False)
    made.save(out, kind=kind, scale=12, border=QUIET_ZONE, dark="#000", light="#fff")
    return out.getvalue()


def _runs(row: bytes | bytearray) -> Iterator[tuple[int, int]]:
    """Where dark modules stand side by side: first column and how many."""
    start = None
    for column, dark in enumerate([*row, 0]):
        if dark and start is None:
            start = column
        elif not dark and start is not None:
            yield start, column - start
            start = None
