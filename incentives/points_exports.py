"""Who has how many points, as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Unit
from incentives import points
from incentives.points_filters import HolderFilter
from incentives.points_pages import VIEW
from integrations import exporting
from integrations.exporting import Asker, Column
from kosops.ui.listing import ListFilter


def holders(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = HolderFilter(query, queryset=points.accounts_of(person, brand), request=Asker(person))
    rows = points.holders(found.rows(), timezone.localdate())
    return found, rows.select_related("creator__store")


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="points",
            label=_("Points"),
            permission=VIEW,
            found=holders,
            columns=[
                Column(heading=_("Number"), value=lambda row: row.creator.number),
                Column(heading=_("Person"), value=lambda row: row.creator.name),
                Column(heading=_("Kind"), value=lambda row: row.creator.get_kind_display()),
                Column(heading=_("Store"), of="store", value=lambda row: row.creator.store.name),
                Column(heading=_("To spend"), of="spendable", value=points.spendable),
                Column(heading=_("Held"), of="held", value=lambda row: row.held),
                Column(heading=_("Expires soon"), of="expiring", value=points.expires_soon),
            ],
        )
    )
