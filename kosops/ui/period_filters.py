"""Filters of a list by day, in the brand's time zone."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.forms import DateInput
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kosops.lib.periods import Month

WEEK, FOUR_WEEKS, QUARTER = "7d", "30d", "90d"
THIS_MONTH, LAST_MONTH = "month", "last_month"
DAYS = {WEEK: 7, FOUR_WEEKS: 30, QUARTER: 90}


class PeriodFilter(django_filters.ChoiceFilter):
    """A period by name, counted back from today."""

    def __init__(self, *, field_name: str) -> None:
        super().__init__(
            field_name=field_name,
            label=_("Period"),
            choices=[
                (WEEK, _("Last 7 days")),
                (FOUR_WEEKS, _("Last 30 days")),
                (QUARTER, _("Last 90 days")),
                (THIS_MONTH, _("This month")),
                (LAST_MONTH, _("Last month")),
            ],
            empty_label=_("Any time"),
        )

    def filter(self, qs: QuerySet[Any], value: str) -> QuerySet[Any]:
        if not value:
            return qs
        first, last = days_of(value, timezone.localdate())
        return until(since(qs, self.field_name, first), self.field_name, last)


class SinceFilter(django_filters.DateFilter):
    """From the start of a day."""

    def __init__(self, *, field_name: str) -> None:
        super().__init__(field_name=field_name, label=_("From"), widget=_day_input())

    def filter(self, qs: QuerySet[Any], value: dt.date | None) -> QuerySet[Any]:
        return since(qs, self.field_name, value) if value else qs


class UntilFilter(django_filters.DateFilter):
    """Up to the end of a day."""

    def __init__(self, *, field_name: str) -> None:
        super().__init__(field_name=field_name, label=_("To"), widget=_day_input())

    def filter(self, qs: QuerySet[Any], value: dt.date | None) -> QuerySet[Any]:
        return until(qs, self.field_name, value) if value else qs


def days_of(period: str, today: dt.date) -> tuple[dt.date, dt.date]:
    """First and last day of a period by name."""
    if period in DAYS:
        return today - dt.timedelta(days=DAYS[period]), today
    month = Month.of(today)
    if period == LAST_MONTH:
        month = month.shifted(-1)
    return month.first_day, month.last_day


def since(rows: QuerySet[Any], field: str, day: dt.date) -> QuerySet[Any]:
    return rows.filter(**{f"{field}__gte": _aware(day, dt.time.min)})


def until(rows: QuerySet[Any], field: str, day: dt.date) -> QuerySet[Any]:
    return rows.filter(**{f"{field}__lte": _aware(day, dt.time.max)})


def _aware(day: dt.date, time: dt.time) -> dt.datetime:
    return dt.datetime.combine(day, time, tzinfo=timezone.get_current_timezone())


def _day_input() -> DateInput:
    return DateInput(format="%Y-%m-%d", attrs={"type": "date"})
