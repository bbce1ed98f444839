"""The period of an overview and the earlier one it is compared with."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from kosops.lib.periods import Month, add_months
from kosops.ui import formats

WEEK = "7d"
MONTH = "month"
QUARTER = "quarter"

LABELS: dict[str, str | Promise] = {
    WEEK: _("7 days"),
    MONTH: _("Month to date"),
    QUARTER: _("Quarter to date"),
}


@dataclass(frozen=True)
class Span:
    """Full days ``first`` to ``last`` against as many days before."""

    code: str
    first: dt.date
    last: dt.date
    first_before: dt.date
    last_before: dt.date

    @property
    def label(self) -> str | Promise:
        return LABELS[self.code]

    @property
    def axis_style(self) -> str:
        """How days stand on an axis: a number is enough within one month."""
        return "number" if self.first.month == self.last.month else "short"

    def compared_with(self, language: str | None) -> str:
        """The earlier days in few words: "Oct" or "7 – 13 Nov"."""
        if self.code == MONTH:
            return formats.day(self.first_before, language, "short_month")
        return formats.day_range_short(self.first_before, self.last_before, language)

    @property
    def days(self) -> list[dt.date]:
        return _days(self.first, self.last)

    @property
    def days_before(self) -> list[dt.date]:
        return _days(self.first_before, self.last_before)


def span(code: str, today: dt.date) -> Span:
    """The span called ``code`` up to yesterday, the last full day; month to date if unknown.

    On the first day of a month or quarter the whole one before is shown.
    """
    last = today - dt.timedelta(days=1)
    if code == WEEK:
        first = last - dt.timedelta(days=6)
        return Span(WEEK, first, last, first - dt.timedelta(days=7), last - dt.timedelta(days=7))
    if code == QUARTER:
        month = Month(last.year, (last.month - 1) // 3 * 3 + 1)
        back = -3
    else:
        code, month, back = MONTH, Month.of(last), -1
    first = month.first_day
    return Span(code, first, last, month.shifted(back).first_day, add_months(last, back))


def _days(first: dt.date, last: dt.date) -> list[dt.date]:
    return [first + dt.timedelta(days=n) for n in range((last - first).days + 1)]
