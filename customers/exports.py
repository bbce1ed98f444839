"""The list of orders as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Unit
from customers.filters import OrderFilter
from customers.models import Order
from integrations import exporting
from integrations.exporting import Column
from kosops.ui.listing import ListFilter

VIEW = "orders.view"


def orders(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = OrderFilter(
        query, queryset=Order.objects.for_user(person, VIEW), request=exporting.Asker(person)
    )
    return found, found.rows().select_related("store", "seller", "sharer")


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="orders",
            label=_("Orders"),
            permission=VIEW,
            found=orders,
            columns=[
                Column(heading=_("Order number"), value=lambda row: row.external_id),
                Column(heading=_("Source"), value=lambda row: row.source),
                Column(
                    heading=_("Paid at"),
                    of="paid_at",
                    value=lambda row: exporting.local(row.paid_at),
                ),
                Column(heading=_("Store code"), of="store", value=lambda row: row.store.code),
                Column(heading=_("Store"), of="store", value=lambda row: row.store.name),
                Column(
                    heading=_("Channel"), of="channel", value=lambda row: row.get_channel_display()
                ),
                Column(
                    heading=_("Status"), of="status", value=lambda row: row.get_status_display()
                ),
                Column(
                    heading=_("Seller number"),
                    of="seller",
                    value=lambda row: row.seller.number if row.seller else None,
                ),
                Column(
                    heading=_("Seller"),
                    of="seller",
                    value=lambda row: row.seller.name if row.seller else None,
                ),
                Column(
                    heading=_("Sharer number"),
                    of="sharer",
                    value=lambda row: row.sharer.number if row.sharer else None,
                ),
                Column(
                    heading=_("Sharer"),
                    of="sharer",
                    value=lambda row: row.sharer.name if row.sharer else None,
                ),
                Column(
                    heading=_("Paid"),
                    of="paid",
                    value=lambda row: exporting.amount(row.paid_amount),
                ),
                Column(
                    heading=_("Refunded"),
                    of="refunded",
                    value=lambda row: exporting.amount(row.refunded_amount),
                ),
                Column(
                    heading=_("Net"), of="net", value=lambda row: exporting.amount(row.net_amount)
                ),
                Column(heading=_("Currency"), value=lambda row: row.currency),
            ],
        )
    )
