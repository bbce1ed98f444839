"""Filters of the list of schemes and their checks."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incentives import schemes
from incentives.models import SchemeCheck
from incentives.scheme_choices import Outcome, SchemeKind
from kosops.ui.listing import ListColumn, ListFilter


class SchemeFilter(ListFilter):
    """The check that counts of every scheme; those that run, unless asked otherwise."""

    sorts = {"checked": "checked_at", "name": "name"}
    default_sort = "-checked"
    columns = [
        ListColumn(code="name", label=pgettext_lazy("incentive scheme", "Scheme"), sort="name"),
        ListColumn(code="kind", label=_("Kind")),
        ListColumn(code="outcome", label=_("Result")),
        ListColumn(code="findings", label=_("What was found")),
        ListColumn(code="accepted", label=_("Accepted by")),
        ListColumn(code="rules", label=_("Version of the rules"), usual=False),
        ListColumn(code="checked", label=_("Checked"), numeric=True, sort="checked"),
    ]

    q = django_filters.CharFilter(label=_("Name"), field_name="name", lookup_expr="icontains")
    kind = django_filters.ChoiceFilter(
        label=_("Kind"), choices=SchemeKind.choices, empty_label=_("Every kind")
    )
    outcome = django_filters.ChoiceFilter(
        label=_("Result"), choices=Outcome.choices, empty_label=_("Every result")
    )
    which = django_filters.ChoiceFilter(
        label=_("Which"),
        choices=[("all", _("With those that do not run"))],
        empty_label=_("Those that run"),
        method="also_others",
    )

    class Meta:
        model = SchemeCheck
        fields: list[str] = []

    def filter_queryset(self, queryset: QuerySet[Any]) -> QuerySet[Any]:
        rows = super().filter_queryset(queryset)
        if self.form.cleaned_data.get("which"):
            return rows
        return schemes.checks_running(rows, timezone.localdate())

    def also_others(self, rows: QuerySet[Any], _name: str, _value: str) -> QuerySet[Any]:
        return rows
