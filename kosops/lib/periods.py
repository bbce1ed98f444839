"""Business dates and months in the brand's time zone."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from kosops.lib.errors import DomainError

_MONTH = re.compile(r"(\d{4})-(0[1-9]|1[0-2])", re.ASCII)


def business_date(instant: dt.datetime, zone: ZoneInfo) -> dt.date:
    """The calendar day of an aware instant in the brand's zone; a naive time is refused (T6)."""
    if instant.tzinfo is None:
        raise DomainError(
            "naive_time", "The time %(value)s has no time zone.", status=400, value=str(instant)
        )
    return instant.astimezone(zone).date()


@dataclass(frozen=True, order=True)
class Month:
    """A calendar month, the settlement period. Text form ``2026-11``."""

    year: int
    month: int

    @classmethod
    def parse(cls, text: str) -> Month:
        match = _MONTH.fullmatch(text)
        if not match:
            raise DomainError(
                "invalid_month",
                "“%(value)s” is not a month. Write it as 2026-11.",
                status=400,
                value=text[:20],
            )
        return cls(int(match[1]), int(match[2]))

    @classmethod
    def of(cls, day: dt.date) -> Month:
        return cls(day.year, day.month)

    @property
    def first_day(self) -> dt.date:
        return dt.date(self.year, self.month, 1)

    @property
    def last_day(self) -> dt.date:
        return dt.date(self.year, self.month, calendar.monthrange(self.year, self.month)[1])

    def shifted(self, months: int) -> Month:
        index = self.year * 12 + self.month - 1 + months
        return Month(index // 12, index % 12 + 1)

    def __str__(self) -> str:
        return f"{self.year:04d}-{self.month:02d}"


def add_months(day: dt.date, months: int) -> dt.date:
    """Same day of another month, clipped to that month's end (31 Jan + 1 month = 28/29 Feb)."""
    target = Month.of(day).shifted(months)
    return dt.date(target.year, target.month, min(day.day, target.last_day.day))
