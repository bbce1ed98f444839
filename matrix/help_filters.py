"""Filters of the queue of requests for help."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kosops.ui.listing import ListColumn, ListFilter
from kosops.ui.parts import Chip
from matrix import help_requests
from matrix.choices import HelpKind, HelpState
from matrix.filters import UnitFilter, called, few_ids
from matrix.models import HelpRequest

ALL = "all"
MINE, NOBODYS = "mine", "nobody"


class HelpFilter(ListFilter):
    """Requests for help; those that wait when no state is named, whoever comes first on top."""

    sorts = {"priority": "priority", "asked": "asked_at"}
    default_sort = "-priority"
    columns = [
        ListColumn(code="request", label=_("Request")),
        ListColumn(code="creator", label=_("Creator")),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="why", define="help_order", label=_("Why here"), sort="priority"),
        ListColumn(code="handed_to", label=_("With")),
        ListColumn(code="asked", label=_("Asked"), numeric=True, sort="asked"),
        ListColumn(code="state", label=_("State"), usual=False),
    ]

    q = django_filters.CharFilter(method="search", label=_("Words, name or number"), max_length=80)
    kind = django_filters.ChoiceFilter(
        choices=HelpKind.choices, label=_("Kind"), empty_label=_("Every kind")
    )
    state = django_filters.ChoiceFilter(
        choices=[*HelpState.choices, (ALL, pgettext_lazy("request for help", "All"))],
        method="in_state",
        label=_("State"),
        empty_label=None,
    )
    with_whom = django_filters.ChoiceFilter(
        choices=[(MINE, _("Handed to me")), (NOBODYS, _("With nobody yet"))],
        method="with_somebody",
        label=_("With"),
        empty_label=_("With anybody"),
    )
    unit = UnitFilter(path_field="creator__store", permission="help.view")

    class Meta:
        model = HelpRequest
        fields: list[str] = []

    def __init__(self, data: Any = None, *args: Any, **more: Any) -> None:
        if data is not None and "state" not in data:
            data = data.copy()
            data["state"] = HelpState.WAITING.value
        super().__init__(data, *args, **more)

    def chips(self) -> list[Chip]:
        """None for the state that is meant when none is named."""
        usual = self.active.get("state") == HelpState.WAITING
        named = {name: value for name, value in self.active.items() if name != "state" or not usual}
        return [
            Chip(label=self.describe(name, value), href=self.address_without(name))
            for name, value in named.items()
        ]

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(text__icontains=value) | Q(creator__in=few_ids(called(value))))

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows if value == ALL else rows.filter(state=value)

    def with_somebody(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(handed_to=self.request.user.pk if value == MINE else None)

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return help_requests.with_priority(rows)
