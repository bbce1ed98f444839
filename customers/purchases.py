"""What members bought, for whoever ranks or knows people by it (`matrix.purchases`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import Count, F, Max, QuerySet, Sum

from accounts.access import Reach
from customers.choices import OrderStatus
from customers.models import Order
from kosops.lib.secrets import blind_index
from matrix.purchases import Purchases

# The kinds of number under which orders know a member.
MEMBER_IDS = ("member_id", "member")
# Nothing was bought, or nothing was kept of it.
UNDONE = (OrderStatus.CLOSED, OrderStatus.REFUNDED)


class OrdersOfMembers:
    def keys_of(self, number: str) -> list[bytes]:
        return [blind_index(kind, number) for kind in MEMBER_IDS]

    def of_members(
        self, brand_id: int, numbers: Collection[str], since: dt.date
    ) -> dict[str, Purchases]:
        """One query for all of them, by the blind indexes of their numbers."""
        keys = {key: number for number in numbers for key in self.keys_of(number)}
        rows = _summed(_kept(brand_id, keys).filter(business_date__gte=since).values("buyer_key"))
        return {
            keys[bytes(row["buyer_key"] or b"")]: Purchases(
                row["orders"], row["amount"], row["last_on"]
            )
            for row in rows
        }

    def of_keys(
        self, brand_id: int, keys: Collection[bytes], since: dt.date, within: Reach
    ) -> Purchases | None:
        rows = _kept(brand_id, keys).in_reach(within).filter(business_date__gte=since)
        row = next(iter(_summed(rows.values("brand"))), None)
        return Purchases(row["orders"], row["amount"], row["last_on"]) if row else None

    def last_days(self, brand_id: int, keys: Collection[bytes]) -> dict[bytes, dt.date]:
        rows = _kept(brand_id, keys).values("buyer_key").annotate(last_on=Max("business_date"))
        return {bytes(row["buyer_key"] or b""): row["last_on"] for row in rows}


def _kept(brand_id: int, keys: Collection[bytes]) -> Any:
    """Orders of these buyers of which something was paid and kept."""
    rows = Order.objects.filter(brand=brand_id, buyer_key__in=keys)
    return rows.filter(paid_amount__gt=F("refunded_amount")).exclude(status__in=UNDONE)


def _summed(rows: QuerySet[Any, Any]) -> QuerySet[Any, Any]:
    return rows.order_by().annotate(
        orders=Count("pk"),
        amount=Sum(F("paid_amount") - F("refunded_amount")),
        last_on=Max("business_date"),
    )
