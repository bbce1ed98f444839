"""Filters of the list of handovers."""

from __future__ import annotations

import datetime as dt
from typing import Any

import django_filters
from django.db.models import Case, DateTimeField, F, QuerySet, When
from django.utils.translation import gettext_lazy as _

from kosops.ui.listing import ListColumn, ListFilter
from matrix.custody_choices import HandoverReason, HandoverState
from matrix.filters import UnitFilter, called
from matrix.models import Handover

# Sorts what is closed behind what is open.
QUEUED = Case(
    When(state=HandoverState.OPEN, then=F("opened_at")),
    default=F("opened_at") + dt.timedelta(days=36_500),
    output_field=DateTimeField(),
)


class HandoverFilter(ListFilter):
    """The list of handovers: open ones first, those that have waited longest on top."""

    sorts = {"opened": "queued_at", "last_day": "last_day"}
    default_sort = "opened"
    columns = [
        ListColumn(code="creator", label=_("Creator")),
        ListColumn(code="reason", label=_("Reason")),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="last_day", label=_("Last day"), sort="last_day"),
        ListColumn(code="missing", label=_("Still open")),
        ListColumn(code="state", label=_("State")),
        ListColumn(code="opened", label=_("Begun"), sort="opened"),
    ]

    q = django_filters.CharFilter(method="search", label=_("Name or number"), max_length=80)
    state = django_filters.ChoiceFilter(
        choices=HandoverState.choices, label=_("State"), empty_label=_("Any state")
    )
    reason = django_filters.ChoiceFilter(
        choices=HandoverReason.choices, label=_("Reason"), empty_label=_("Leaving and moving")
    )
    unit = UnitFilter(path_field="store", permission="handover.view")

    class Meta:
        model = Handover
        fields: list[str] = []

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with the column that the usual order needs."""
        return rows.annotate(queued_at=QUEUED)

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(creator__in=called(value).values("pk"))
