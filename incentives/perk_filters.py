"""Filters of the list of rewards to hand out."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from incentives.models import Redemption
from incentives.points_choices import Delivery, RedemptionState
from kosops.ui.listing import ListColumn, ListFilter
from matrix.filters import UnitFilter, called


class RedemptionFilter(ListFilter):
    """What people took."""

    sorts = {"taken": "created_at"}
    default_sort = "-taken"
    columns = [
        ListColumn(code="reward", label=_("Reward")),
        ListColumn(code="person", label=_("Person")),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="points", define="redemption_points", label=_("Points"), numeric=True),
        ListColumn(code="taken", label=_("Taken"), numeric=True, sort="taken"),
        ListColumn(code="state", label=_("State")),
    ]

    q = django_filters.CharFilter(label=_("Name or number"), method="by_name", max_length=80)
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=RedemptionState.choices, empty_label=_("Every state")
    )
    delivery = django_filters.ChoiceFilter(
        label=_("How it is handed out"),
        field_name="reward__delivery",
        choices=Delivery.choices,
        empty_label=_("Every way"),
    )
    unit = UnitFilter(path_field="creator__store", permission="points.view")

    class Meta:
        model = Redemption
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(creator__in=called(value))
