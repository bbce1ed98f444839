"""Filters of the lists of points."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import F, QuerySet
from django.utils.translation import gettext_lazy as _

from incentives.models import LedgerAccount, PointGrant
from incentives.points_choices import GrantState
from kosops.ui.listing import ListColumn, ListFilter
from matrix.choices import CreatorKind
from matrix.filters import UnitFilter, called


class HolderFilter(ListFilter):
    """People who have or had points."""

    sorts = {"person": "person_name"}
    default_sort = "person"
    columns = [
        ListColumn(code="person", label=_("Person"), sort="person"),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="spendable", define="points_spendable", label=_("To spend"), numeric=True),
        ListColumn(code="held", define="points_held", label=_("Held"), numeric=True),
        ListColumn(
            code="expiring", define="points_expiring", label=_("Expires soon"), numeric=True
        ),
    ]

    q = django_filters.CharFilter(label=_("Name or number"), method="by_name", max_length=80)
    kind = django_filters.ChoiceFilter(
        label=_("Kind"),
        field_name="creator__kind",
        choices=CreatorKind.choices,
        empty_label=_("KOS and KOC"),
    )
    unit = UnitFilter(path_field="creator__store", permission="points.view")

    class Meta:
        model = LedgerAccount
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(creator__in=called(value))

    def rows(self) -> QuerySet[Any]:
        return super().rows().annotate(person_name=F("creator__name"))


class GrantFilter(ListFilter):
    """Points given by hand; those that wait when no state is named."""

    sorts = {"asked": "created_at"}
    default_sort = "-asked"
    columns = [
        ListColumn(code="person", label=_("Person")),
        ListColumn(code="points", define="points_by_hand", label=_("Points"), numeric=True),
        ListColumn(code="reason", label=_("Reason")),
        ListColumn(code="maker", label=_("Asked by")),
        ListColumn(code="asked", label=_("Asked"), numeric=True, sort="asked"),
        ListColumn(code="state", label=_("State")),
    ]

    state = django_filters.ChoiceFilter(
        label=_("State"), choices=GrantState.choices, empty_label=_("Every state")
    )
    unit = UnitFilter(path_field="creator__store", permission="points.view")

    class Meta:
        model = PointGrant
        fields: list[str] = []
