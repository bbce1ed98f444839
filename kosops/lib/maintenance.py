"""Maintenance on purpose: a file that says so, until when, and why.

It lies in the data folder, which all containers share, so that it holds while the database is
being migrated. ``manage.py maintenance`` writes it, `kosops.middleware` reads it.
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.utils import timezone

# A clock time without a date means the next one, but hardly tomorrow's.
AHEAD = dt.timedelta(hours=12)
# How soon to ask again when nobody knows how long it takes, and the longest that is worth saying.
SOON, LONGEST = 120, 24 * 3600
LONGEST_REASON = 200


@dataclass(frozen=True)
class Maintenance:
    """What the file says. An unreadable one still means maintenance, of unknown length."""

    since: dt.datetime | None = None
    until: dt.datetime | None = None
    reason: str = ""

    def is_late(self, now: dt.datetime) -> bool:
        return self.until is not None and self.until <= now

    def seconds_left(self, now: dt.datetime) -> int:
        """After how many seconds it is worth asking again."""
        if self.until is None or self.is_late(now):
            return SOON
        return min(LONGEST, int((self.until - now).total_seconds()) + 1)


def current() -> Maintenance | None:
    """The maintenance that is on, if any."""
    try:
        text = _file().read_text("utf-8")
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (OSError, UnicodeDecodeError):
        return Maintenance()
    try:
        found = json.loads(text)
        return Maintenance(
            since=dt.datetime.fromisoformat(found["since"]),
            until=dt.datetime.fromisoformat(found["until"]),
            reason=str(found["reason"]),
        )
    except (ValueError, TypeError, KeyError):
        return Maintenance()


def begin(*, until: dt.datetime, reason: str, now: dt.datetime) -> Maintenance:
    """Switch maintenance on, or change its end and reason."""
    running = current()
    since = running.since if running and running.since else now
    file = _file()
    file.parent.mkdir(parents=True, exist_ok=True)
    # Renamed into place, so that no request reads half a file.
    draft = file.with_suffix(f".{os.getpid()}")
    draft.write_text(
        json.dumps(
            {"since": since.isoformat(), "until": until.isoformat(), "reason": reason},
            ensure_ascii=False,
        ),
        "utf-8",
    )
    draft.replace(file)
    return Maintenance(since=since, until=until, reason=reason)


def end() -> bool:
    """Switch maintenance off. Return whether it was on."""
    was_on = current() is not None
    _file().unlink(missing_ok=True)
    return was_on


def read_until(text: str, now: dt.datetime) -> dt.datetime:
    """``03:30`` or ``2026-11-22 03:30``, both in the brand's time zone. ValueError says what is wrong."""
    zone = timezone.get_default_timezone()
    here = now.astimezone(zone)
    try:
        clock = dt.time.fromisoformat(text.strip())
    except ValueError:
        return _read_date_and_time(text.strip(), here)
    found = dt.datetime.combine(here.date(), clock.replace(tzinfo=None), zone)
    if found <= here:
        found = dt.datetime.combine(
            here.date() + dt.timedelta(days=1), clock.replace(tzinfo=None), zone
        )
    if found - here > AHEAD:
        raise ValueError(
            f"{text} is past, or more than {AHEAD.seconds // 3600} hours ahead; "
            f"now it is {here:%H:%M} in {zone}. Say the day too: {found:%Y-%m-%d %H:%M}"
        )
    return found


def _read_date_and_time(text: str, here: dt.datetime) -> dt.datetime:
    try:
        found = dt.datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"“{text}” is not a time. Write it as 03:30 or as 2026-11-22 03:30, in {here.tzinfo}."
        ) from None
    if found.tzinfo is None:
        found = found.replace(tzinfo=here.tzinfo)
    if found <= here:
        raise ValueError(f"{text} is past; now it is {here:%Y-%m-%d %H:%M} in {here.tzinfo}.")
    return found


def _file() -> Path:
    return Path(settings.MAINTENANCE_FILE)
