"""Schemes and their checks as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Person, Unit
from incentives import scheme_words, schemes
from incentives.models import SchemeCheck
from incentives.scheme_filters import SchemeFilter
from incentives.scheme_pages import VIEW
from integrations import exporting
from integrations.exporting import Column
from kosops.ui.listing import ListFilter


def checks(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    rows = SchemeCheck.objects.for_user(person, VIEW).filter(brand=brand)
    found = SchemeFilter(
        query, queryset=schemes.latest_of_brand(rows), request=exporting.Asker(person)
    )
    return found, found.rows()


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="schemes",
            label=_("Scheme check"),
            permission=VIEW,
            found=checks,
            columns=[
                Column(
                    heading=pgettext_lazy("incentive scheme", "Scheme"),
                    of="name",
                    value=lambda row: row.name,
                ),
                Column(heading=_("Kind"), of="kind", value=lambda row: row.get_kind_display()),
                Column(
                    heading=_("Result"), of="outcome", value=lambda row: row.get_outcome_display()
                ),
                Column(
                    heading=_("What was found"),
                    of="findings",
                    value=lambda row: scheme_words.findings_sentence(row),
                ),
                Column(
                    heading=_("Accepted by"),
                    of="accepted",
                    value=lambda row: row.accepted_by.name if row.accepted_by else "",
                ),
                Column(
                    heading=_("Version of the rules"),
                    of="rules",
                    value=lambda row: row.rules_version,
                ),
                Column(heading=_("Checked"), of="checked", value=lambda row: row.checked_at),
            ],
        )
    )
