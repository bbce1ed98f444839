"""Who has how many points, as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Unit
from incentives import points
from incentives.models import Redemption
from incentives.perk_filters import RedemptionFilter
from incentives.points_filters import HolderFilter
from incentives.points_pages import VIEW
from integrations import exporting
from integrations.exporting import Asker, Column
from kosops.ui.listing import ListFilter


def holders(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = HolderFilter(query, queryset=points.accounts_of(person, brand), request=Asker(person))
    rows = points.holders(found.rows(), timezone.localdate())
    return found, rows.select_related("creator__store")


def redemptions(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    rows = Redemption.objects.for_user(person, VIEW).filter(brand=brand)
    found = RedemptionFilter(query, queryset=rows, request=Asker(person))
    return found, found.rows().select_related("creator__store", "reward")


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="redemptions",
            label=_("Rewards taken"),
            permission=VIEW,
            found=redemptions,
            columns=[
                Column(heading=_("Reward"), value=lambda row: row.reward.name),
                Column(heading=_("Number"), value=lambda row: row.creator.number),
                Column(heading=_("Person"), of="person", value=lambda row: row.creator.name),
                Column(heading=_("Store"), of="store", value=lambda row: row.creator.store.name),
                Column(heading=_("Points"), of="points", value=lambda row: row.points),
                Column(
                    heading=_("Taken"),
                    of="taken",
                    value=lambda row: exporting.local(row.created_at),
                ),
                Column(heading=_("State"), of="state", value=lambda row: row.get_state_display()),
                Column(
                    heading=_("How it is handed out"),
                    value=lambda row: row.reward.get_delivery_display(),
                ),
                Column(heading=_("Tracking number"), value=lambda row: row.tracking),
            ],
        )
    )
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
