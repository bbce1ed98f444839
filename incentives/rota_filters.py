"""The lists of the volunteer rota."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incentives import rota
from incentives.models import Duty, Shift, ShiftPlace
from incentives.rota_choices import DutyState, ShiftFilterState
from kosops.ui.listing import ListColumn, ListFilter
from kosops.ui.period_filters import SinceFilter, UntilFilter
from matrix.filters import UnitFilter


class ShiftFilter(ListFilter):
    """Shifts of volunteers."""

    sorts = {"starts": "starts_at"}
    default_sort = "-starts"
    columns = [
        ListColumn(code="shift", label=_("Shift")),
        ListColumn(code="starts", label=_("When"), sort="starts"),
        ListColumn(code="unit", label=_("Run by")),
        ListColumn(code="taken", label=_("Places"), define="shift_taken", numeric=True),
        ListColumn(
            code="waiting",
            label=pgettext_lazy("volunteering", "Waiting"),
            define="shift_waiting",
            numeric=True,
        ),
        ListColumn(code="came", label=_("Came"), define="shift_came", numeric=True),
        ListColumn(code="given", label=_("Points"), define="shift_given", numeric=True),
        ListColumn(code="state", label=_("State")),
    ]

    q = django_filters.CharFilter(
        label=_("Activity or meeting point"), method="by_name", max_length=80
    )
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=ShiftFilterState.choices,
        empty_label=_("Every state"),
        method="by_state",
    )
    duty = django_filters.NumberFilter(
        label=pgettext_lazy("volunteering", "Activity"), field_name="duty"
    )
    since = SinceFilter(field_name="starts_at")
    until = UntilFilter(field_name="starts_at")
    unit = UnitFilter(path_field="duty__unit", permission=rota.VIEW)

    class Meta:
        model = Shift
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(duty__name__icontains=value) | Q(duty__where__icontains=value))

    def by_state(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        now = timezone.now()
        if value == ShiftFilterState.TO_TICK:
            return rota.to_tick(rows, now)
        if value == ShiftFilterState.CALLED_OFF:
            return rows.filter(called_off_at__isnull=False)
        kept = rows.filter(called_off_at=None)
        if value == ShiftFilterState.PAST:
            return kept.filter(ends_at__lte=now)
        coming = kept.filter(starts_at__gt=now)
        return coming.filter(taken__lt=F("places")) if value == ShiftFilterState.FREE else coming

    def describe(self, name: str, value: Any) -> str:
        if name == "duty":
            found = Duty.objects.for_user(self.request.user, rota.VIEW).filter(pk=value).first()
            return str(found or value)
        return super().describe(name, value)


class AttendanceFilter(ListFilter):
    """The people of the shifts that a `ShiftFilter` shows, for the file."""

    sorts = {"starts": "starts_at"}
    default_sort = "-starts"

    class Meta:
        model = ShiftPlace
        fields: list[str] = []


class DutyFilter(ListFilter):
    """Activities of volunteers."""

    sorts = {"added": "created_at"}
    default_sort = "-added"
    columns = [
        ListColumn(code="duty", label=pgettext_lazy("volunteering", "Activity")),
        ListColumn(code="unit", label=_("Run by")),
        ListColumn(code="for_whom", label=_("For")),
        ListColumn(code="points", label=_("Points"), define="duty_points", numeric=True),
        ListColumn(code="coming", label=_("Shifts to come"), define="duty_coming", numeric=True),
        ListColumn(code="left", label=_("Places left"), define="duty_left", numeric=True),
        ListColumn(code="state", label=_("State")),
        ListColumn(code="added", label=_("Added"), sort="added", usual=False),
    ]

    q = django_filters.CharFilter(
        label=_("Activity or meeting point"), method="by_name", max_length=80
    )
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=DutyState.choices, empty_label=_("Every state")
    )
    unit = UnitFilter(path_field="unit", permission=rota.VIEW)

    class Meta:
        model = Duty
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=value) | Q(where__icontains=value))
