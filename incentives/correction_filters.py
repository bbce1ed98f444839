"""The list of bookings by hand."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from incentives.correction_choices import CorrectionKind, CorrectionState
from incentives.models import Correction
from kosops.ui.listing import ListColumn, ListFilter


class CorrectionFilter(ListFilter):
    """Bookings by hand; by default all, those that wait first to be seen by the filter."""

    q = django_filters.CharFilter(label=_("Name or number"), method="by_name")
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=CorrectionState.choices, empty_label=_("Any state")
    )
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=CorrectionKind.choices, empty_label=_("Any kind")
    )

    sorts = {"asked": "made_at", "amount": "amount"}
    default_sort = "-asked"
    columns = [
        ListColumn(code="person", label=_("Person")),
        ListColumn(code="kind", label=_("Kind")),
        ListColumn(code="reason", label=_("Reason")),
        ListColumn(code="state", label=_("State")),
        ListColumn(code="asked", label=_("Asked by"), sort="asked"),
        ListColumn(
            code="amount",
            define="correction_amount",
            label=_("Amount"),
            numeric=True,
            sort="amount",
        ),
    ]

    class Meta:
        model = Correction
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(creator__name__icontains=value) | Q(creator__number=value))
