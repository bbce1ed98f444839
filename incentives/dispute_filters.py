"""The list of questions about money."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from incentives.dispute_choices import DisputeState
from incentives.models import Dispute
from kosops.ui.listing import ListColumn, ListFilter


class DisputeFilter(ListFilter):
    """Questions about money."""

    q = django_filters.CharFilter(label=_("Name or number"), method="by_name")
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=DisputeState.choices, empty_label=_("Any state")
    )

    sorts = {"asked": "asked_at"}
    default_sort = "-asked"
    columns = [
        ListColumn(code="person", label=_("Person")),
        ListColumn(code="about", label=_("About")),
        ListColumn(code="text", label=_("Question")),
        ListColumn(code="state", label=_("State")),
        ListColumn(code="asked", label=_("Asked"), sort="asked"),
    ]

    class Meta:
        model = Dispute
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(creator__name__icontains=value) | Q(creator__number=value))
