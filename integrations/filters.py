"""Filters of the list of imports."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils.translation import gettext_lazy as _

from integrations.choices import ImportState
from integrations.formats import all_formats
from integrations.models import ImportBatch
from kosops.ui.listing import ListColumn, ListFilter


def _format_choices() -> list[tuple[str, Any]]:
    return [(kind.code, kind.label) for kind in all_formats()]


class ImportFilter(ListFilter):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=ImportState.choices, empty_label=_("All states")
    )
    format = django_filters.ChoiceFilter(
        label=_("Kind of file"), choices=_format_choices, empty_label=_("All kinds")
    )

    sorts = {"created": "created_at"}
    default_sort = "-created"
    columns = [
        ListColumn(code="file", label=_("File")),
        ListColumn(code="kind", label=_("Kind of file")),
        ListColumn(code="state", label=_("State")),
        ListColumn(code="new", define="import_new", label=_("Added"), numeric=True),
        ListColumn(code="changed", define="import_changed", label=_("Changed"), numeric=True),
        ListColumn(code="faulty", define="import_faulty", label=_("To fix"), numeric=True),
        ListColumn(code="ambiguous", define="import_ambiguous", label=_("To decide"), numeric=True),
        ListColumn(code="by", label=_("Uploaded by")),
        ListColumn(code="when", label=_("When"), numeric=True, sort="created"),
    ]

    class Meta:
        model = ImportBatch
        fields = ["state", "format"]
