"""Who was in which shift and who came, as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import F, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Person, Unit
from incentives.models import Shift, ShiftPlace
from incentives.rota import VIEW
from incentives.rota_filters import AttendanceFilter, ShiftFilter
from integrations import exporting
from integrations.exporting import Asker, Column
from kosops.ui.listing import ListFilter


def attendance(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    """The people of the shifts that the page shows, shift by shift."""
    shifts = Shift.objects.for_user(person, VIEW).filter(brand=brand)
    listed = ShiftFilter(query, queryset=shifts, request=Asker(person))
    rows = ShiftPlace.objects.filter(shift__in=listed.rows().order_by().values("pk"))
    found = AttendanceFilter(QueryDict(), queryset=rows.annotate(starts_at=F("shift__starts_at")))
    return found, found.rows().select_related("shift__duty__unit", "creator__store")


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="attendance",
            label=_("Attendance of volunteers"),
            permission=VIEW,
            found=attendance,
            columns=[
                Column(
                    heading=pgettext_lazy("volunteering", "Activity"),
                    value=lambda row: row.shift.duty.name,
                ),
                Column(heading=_("Run by"), value=lambda row: row.shift.duty.unit.name),
                Column(heading=_("Begins"), value=lambda row: exporting.local(row.shift.starts_at)),
                Column(heading=_("Ends"), value=lambda row: exporting.local(row.shift.ends_at)),
                Column(heading=_("Number"), value=lambda row: row.creator.number),
                Column(heading=_("Person"), value=lambda row: row.creator.name),
                Column(heading=_("Store"), value=lambda row: row.creator.store.name),
                Column(heading=_("State"), value=lambda row: row.get_state_display()),
                Column(heading=_("Attendance"), value=lambda row: row.get_came_display()),
                Column(heading=_("Points"), value=lambda row: row.points),
            ],
        )
    )
