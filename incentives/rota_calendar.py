"""A shift as an iCalendar file (RFC 5545), which every calendar takes in."""

from __future__ import annotations

import datetime as dt

LINE = 75


def event(
    *,
    uid: str,
    stamp: dt.datetime,
    starts_at: dt.datetime,
    ends_at: dt.datetime,
    title: str,
    where: str,
    about: str,
) -> bytes:
    """One entry; moments are written in UTC, so that no calendar has to know our time zone."""
    lines = [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//kosops//volunteers//EN",
        "BEGIN:VEVENT",
        f"UID:{uid}",
        f"DTSTAMP:{_moment(stamp)}",
        f"DTSTART:{_moment(starts_at)}",
        f"DTEND:{_moment(ends_at)}",
        f"SUMMARY:{_text(title)}",
        f"LOCATION:{_text(where)}",
        f"DESCRIPTION:{_text(about)}",
        "END:VEVENT",
        "END:VCALENDAR",
    ]
    return b"".join(_folded(line) + b"\r\n" for line in lines)


def _moment(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}"


def _text(text: str) -> str:
    for sign in "\\;,":
        text = text.replace(sign, f"\\{sign}")
    return "\\n".join(text.splitlines())


def _folded(line: str) -> bytes:
    """At most `LINE` octets a line; a continued one begins with a space. No letter is cut in two."""
    parts, part = [], b""
    for letter in line:
        octets = letter.encode()
        if len(part) + len(octets) > LINE:
            parts.append(part)
            part = b" "
        part += octets
    return b"\r\n".join([*parts, part])
