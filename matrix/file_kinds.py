"""What a file is by its content, whatever its name says."""

from __future__ import annotations

import struct

PDF, PNG, JPEG, WEBP = "pdf", "png", "jpeg", "webp"
MOST_PIXELS = 50_000_000
# A picture that also reads as a page or a programme is none that anybody took.
ALSO = (b"<script", b"<html", b"<svg", b"<?php", b"<!doctype")
ACTIVE = (b"/javascript", b"/launch", b"/embeddedfile", b"/openaction")
# Markers of a JPEG that hold its measures.
FRAMES = frozenset({*range(0xC0, 0xD0)} - {0xC4, 0xC8, 0xCC})


def kind_of(content: bytes) -> str:
    """``pdf``, ``png``, ``jpeg`` or ``webp``; empty for everything else, and for what is two
    things at once or larger than any screen.
    """
    low = content.lower()
    if content.startswith(b"%PDF-"):
        return "" if any(word in low for word in ACTIVE) else PDF
    if any(word in low for word in ALSO):
        return ""
    kind, measures = _picture(content)
    if measures is None:
        return ""
    width, height = measures
    return kind if 0 < width * height <= MOST_PIXELS else ""


def _picture(content: bytes) -> tuple[str, tuple[int, int] | None]:
    try:
        if content.startswith(b"\x89PNG\r\n\x1a\n") and content[12:16] == b"IHDR":
            width, height = struct.unpack(">II", content[16:24])
            return PNG, (width, height)
        if content.startswith(b"\xff\xd8\xff"):
            return JPEG, _jpeg(content)
        if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
            return WEBP, _webp(content)
    except (struct.error, IndexError):
        pass
    return "", None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    place = 2
    while place < len(content):
        if content[place] != 0xFF:
            return None
        marker = content[place + 1]
        if marker == 0xFF:
            place += 1
            continue
        if marker in FRAMES:
            height, width = struct.unpack(">HH", content[place + 5 : place + 9])
            return width, height
        (length,) = struct.unpack(">H", content[place + 2 : place + 4])
        place += 2 + length
    return None


def _webp(content: bytes) -> tuple[int, int] | None:
    form = content[12:16]
    if form == b"VP8X":
        width = int.from_bytes(content[24:27], "little") + 1
        return width, int.from_bytes(content[27:30], "little") + 1
    if form == b"VP8L":
        bits = int.from_bytes(content[21:25], "little")
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if form == b"VP8 ":
        width, height = struct.unpack("<HH", content[26:30])
        return width & 0x3FFF, height & 0x3FFF
    return None
