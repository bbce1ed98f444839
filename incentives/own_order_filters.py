"""The list of own orders."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from incentives.models import OwnOrder
from kosops.ui.listing import ListColumn, ListFilter

OPEN, CHECKED = "open", "checked"


class OwnOrderFilter(ListFilter):
    """Orders that our own people bought through themselves."""

    q = django_filters.CharFilter(label=_("Name, number or order"), method="by_name")
    state = django_filters.ChoiceFilter(
        label=_("State"),
        choices=[(OPEN, _("To check")), (CHECKED, _("Checked"))],
        empty_label=_("Any state"),
        method="by_state",
    )

    sorts = {"found": "found_at"}
    default_sort = "-found"
    columns = [
        ListColumn(code="person", label=_("Person")),
        ListColumn(code="order", label=_("Order")),
        ListColumn(code="role", label=_("Bought as")),
        ListColumn(code="remains", label=_("Remains"), define="order_remains", numeric=True),
        ListColumn(code="commission", label=_("Commission"), define="commission", numeric=True),
        ListColumn(code="state", label=_("State")),
        ListColumn(code="found", label=_("Found on"), sort="found"),
    ]

    class Meta:
        model = OwnOrder
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(creator__name__icontains=value)
            | Q(creator__number=value)
            | Q(order__external_id=value)
        )

    def by_state(self, rows: QuerySet[Any], _name: str, value: str) -> QuerySet[Any]:
        return rows.filter(checked_at__isnull=value == OPEN)
