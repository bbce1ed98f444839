"""The share report as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Unit
from incentives import share_report
from incentives.share_report import VIEW
from incentives.share_report_filters import SharedArticlesFilter, SharersFilter
from integrations import exporting
from integrations.exporting import Column
from kosops.ui.listing import ListFilter


def sharers(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    rows = share_report.sharers_of(brand)
    found = SharersFilter(query, queryset=rows, request=exporting.Asker(person), brand=brand)
    return found, found.rows()


def articles(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    rows = share_report.articles_of(brand)
    found = SharedArticlesFilter(query, queryset=rows, request=exporting.Asker(person), brand=brand)
    return found, found.rows()


def _figures() -> list[Column]:
    money = exporting.amount
    return [
        Column(heading=_("Orders"), of="orders", value=lambda row: row.sum_orders),
        Column(heading=_("Net sales"), of="net", value=lambda row: money(row.net)),
        Column(heading=_("Returned"), of="returned", value=lambda row: money(row.sum_returned)),
        Column(
            heading=_("Commission"), of="commission", value=lambda row: money(row.sum_commission)
        ),
    ]


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="sharers",
            label=_("Share report by person"),
            permission=VIEW,
            found=sharers,
            columns=[
                Column(heading=_("Number"), value=lambda row: row.number),
                Column(heading=_("Person"), of="person", value=lambda row: row.name),
                Column(heading=_("Store"), value=lambda row: row.store.name),
                *_figures(),
                Column(heading=_("New buyers"), of="firsts", value=lambda row: row.sum_firsts),
                Column(heading=_("Repeat orders"), of="repeats", value=lambda row: row.sum_repeats),
            ],
        )
    )
    exporting.register(
        exporting.ListExport(
            code="shared_articles",
            label=_("Share report by article"),
            permission=VIEW,
            found=articles,
            columns=[
                Column(heading=_("Article number"), value=lambda row: row.sku),
                Column(heading=_("Article"), of="article", value=lambda row: row.title),
                *_figures(),
                Column(heading=_("Pieces"), of="pieces", value=lambda row: row.sum_pieces),
            ],
        )
    )
