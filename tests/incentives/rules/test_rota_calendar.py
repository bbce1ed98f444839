"""A shift as an iCalendar file."""

import datetime as dt
from zoneinfo import ZoneInfo

from incentives import rota_calendar

SHANGHAI = ZoneInfo("Asia/Shanghai")


def event(**facts: str) -> bytes:
    usual = {"uid": "shift-7@kosops", "title": "Weekend host", "where": "Jing'an", "about": ""}
    return rota_calendar.event(
        stamp=dt.datetime(2026, 11, 20, 9, 0, tzinfo=SHANGHAI),
        starts_at=dt.datetime(2026, 11, 27, 22, 0, tzinfo=SHANGHAI),
        ends_at=dt.datetime(2026, 11, 28, 2, 0, tzinfo=SHANGHAI),
        **(usual | facts),
    )


def test_an_entry_with_its_moments_in_utc() -> None:
    assert event(about="Welcome guests").decode().split("\r\n") == [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//kosops//volunteers//EN",
        "BEGIN:VEVENT",
        "UID:shift-7@kosops",
        "DTSTAMP:20261120T010000Z",
        "DTSTART:20261127T140000Z",
        "DTEND:20261127T180000Z",
        "SUMMARY:Weekend host",
        "LOCATION:Jing'an",
        "DESCRIPTION:Welcome guests",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]


def test_signs_with_a_meaning_are_escaped() -> None:
    lines = event(title="Tea; cake, and\\more", about="One\r\nEND:VEVENT\nThree").decode()
    assert "SUMMARY:Tea\\; cake\\, and\\\\more\r\n" in lines
    assert "DESCRIPTION:One\\nEND:VEVENT\\nThree\r\n" in lines


def test_long_lines_are_folded_between_letters() -> None:
    about = "迎接客人，介绍新品。" * 12
    octets = event(about=about)
    lines = octets.split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert octets.replace(b"\r\n ", b"").decode().count(about) == 1
    for line in lines:
        line.decode()
    full = event(about="x" * 62).split(b"\r\n")
    assert b"DESCRIPTION:" + b"x" * 62 in full
