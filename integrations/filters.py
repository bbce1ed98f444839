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
        ListColumn(code="new", label=_("Added"), numeric=True),
        ListColumn(code="changed", label=_("Changed"), numeric=True),
        ListColumn(
            code="faulty",
            label=_("To fix"),
            help=_("Rows with a value that cannot be taken as it stands."),
            numeric=True,
        ),
        ListColumn(
            code="ambiguous",
            label=_("To decide"),
            help=_("Rows that could mean several things; a person chooses."),
            numeric=True,
        ),
        ListColumn(code="by", label=_("Uploaded by")),
        ListColumn(code="when", label=_("When"), numeric=True, sort="created"),
    ]

    class Meta:
        model = ImportBatch
        fields = ["state", "format"]
