"""What the search box finds among the orders."""

from __future__ import annotations

from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from customers.models import Order
from kosops.ui import finding, formats

VIEW = "orders.view"


def orders(person: Any, words: str, limit: int) -> list[finding.Hit]:
    """Orders by their whole number, as on a receipt; a part would search a million rows."""
    rows = (
        Order.objects.for_user(person, VIEW)
        .filter(external_id=words)
        .select_related("store")
        .order_by("-paid_at", "-pk")[:limit]
    )
    return [
        finding.Hit(
            label=row.external_id,
            href=reverse("customers:order", args=[row.pk]),
            note=_("%(amount)s · %(day)s · %(store)s")
            % {
                "amount": formats.money(row.paid_amount, row.currency),
                "day": formats.day(timezone.localdate(row.paid_at), get_language()),
                "store": row.store.name,
            },
            icon="receipt",
        )
        for row in rows
    ]


def register() -> None:
    finding.register(
        finding.Finder(
            code="orders",
            heading=gettext_lazy("Orders"),
            permission=VIEW,
            find=orders,
            order=30,
        )
    )
