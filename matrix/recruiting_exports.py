"""The list of applications as a file; names in part, as on the page, and no phone numbers."""

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
from matrix.models import Application
from matrix.recruiting import VIEW
from matrix.recruiting_choices import Flag
from matrix.recruiting_filters import ApplicationFilter


def applications(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = ApplicationFilter(
        query,
        queryset=Application.objects.for_user(person, VIEW),
        request=exporting.Asker(person),
    )
    rows = found.ordered(found.rows())
    return found, rows.select_related("unit", "channel", "recruitment").prefetch_related("accounts")


def _accounts(row: Application) -> str:
    return "; ".join(str(each) for each in row.accounts.all())


def _flags(row: Application) -> str:
    return "; ".join(str(Flag(code).label) for code in row.flags)


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="applications",
            label=_("Applications"),
            permission=VIEW,
            found=applications,
            columns=[
                Column(heading=_("Number"), value=lambda row: row.pk),
                Column(heading=_("Recruitment"), value=lambda row: row.recruitment.name),
                Column(heading=_("Applicant"), of="applicant", value=lambda row: row.masked_name),
                Column(heading=_("Score"), of="score", value=lambda row: row.shown_score),
                Column(heading=_("Stage"), of="stage", value=lambda row: row.get_stage_display()),
                Column(heading=_("Reason"), of="stage", value=lambda row: row.get_reason_display()),
                Column(
                    heading=pgettext_lazy("way into the programme", "Route"),
                    of="route",
                    value=lambda row: row.get_route_display(),
                ),
                Column(heading=_("To look at"), of="flags", value=_flags),
                Column(heading=_("Accounts"), of="accounts", value=_accounts),
                Column(
                    heading=_("Followers"),
                    of="followers",
                    value=lambda row: row.facts.get("followers"),
                ),
                Column(heading=_("Mark"), of="mark", value=lambda row: row.facts.get("quality")),
                Column(
                    heading=_("Orders"), of="orders", value=lambda row: row.facts.get("frequency")
                ),
                Column(heading=_("City"), of="place", value=lambda row: row.city),
                Column(heading=_("Store or unit"), of="place", value=lambda row: row.unit.name),
                Column(
                    heading=_("Channel"),
                    of="channel",
                    value=lambda row: row.channel.name if row.channel else None,
                ),
                Column(
                    heading=_("Applied"),
                    of="applied",
                    value=lambda row: exporting.local(row.applied_at),
                ),
            ],
        )
    )
