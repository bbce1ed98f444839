"""The list of creators as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.models import Person, Unit
from integrations import exporting
from integrations.exporting import Column
from kosops.ui.listing import ListFilter
from matrix import tier_steps
from matrix.filters import CreatorFilter
from matrix.models import Creator

VIEW = "matrix.view"


def creators(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = CreatorFilter(
        query,
        queryset=Creator.objects.for_user(person, VIEW),
        request=exporting.Asker(person),
    )
    return found, found.ordered(found.rows()).select_related("store__parent")


def _tier(row: Creator) -> str:
    return str(dict(tier_steps.choices()).get(row.tier, row.tier))


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="creators",
            label=_("Creators"),
            permission=VIEW,
            found=creators,
            columns=[
                Column(heading=_("Number"), value=lambda row: row.number),
                Column(heading=pgettext_lazy("person", "Name"), value=lambda row: row.name),
                Column(heading=_("Kind"), of="kind", value=lambda row: row.get_kind_display()),
                Column(
                    heading=_("Talent type"),
                    of="kind",
                    value=lambda row: row.get_talent_type_display(),
                ),
                Column(
                    heading=_("KOC kind"), of="kind", value=lambda row: row.get_koc_kind_display()
                ),
                Column(heading=_("State"), of="kind", value=lambda row: row.get_state_display()),
                Column(heading=_("Tier"), of="tier", value=_tier),
                Column(
                    heading=_("Region"),
                    of="region",
                    value=lambda row: row.store.parent.name if row.store.parent else None,
                ),
                Column(heading=_("Store code"), of="store", value=lambda row: row.store.code),
                Column(heading=_("Store"), of="store", value=lambda row: row.store.name),
                Column(heading=_("Share code"), of="share_code", value=lambda row: row.share_code),
                Column(heading=_("Joined on"), of="joined", value=lambda row: row.joined_on),
            ],
        )
    )
