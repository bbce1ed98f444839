"""Filters of the list of imports."""

from __future__ import annotations

from typing import Any

import django_filters
from django.utils.translation import gettext_lazy as _

from integrations.choices import ImportState
from integrations.formats import all_formats
from integrations.models import ImportBatch
from kosops.ui.listing import ListFilter


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

    class Meta:
        model = ImportBatch
        fields = ["state", "format"]
