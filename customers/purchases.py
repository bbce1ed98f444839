"""What members bought, for whoever ranks people by it (`matrix.purchases`)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection

from django.db.models import Count, F, Max, Sum

from customers.models import Order
from kosops.lib.secrets import blind_index
from matrix.purchases import Purchases

# The kinds of number under which orders know a member.
MEMBER_IDS = ("member_id", "member")


class OrdersOfMembers:
    def of_members(
        self, brand_id: int, numbers: Collection[str], since: dt.date
    ) -> dict[str, Purchases]:
        """One query for all of them, by the blind indexes of their numbers."""
        keys = {blind_index(kind, number): number for number in numbers for kind in MEMBER_IDS}
        rows = (
            Order.objects.filter(brand=brand_id, buyer_key__in=keys, business_date__gte=since)
            .values("buyer_key")
            .annotate(
                orders=Count("pk"),
                amount=Sum(F("paid_amount") - F("refunded_amount")),
                last_on=Max("business_date"),
            )
        )
        return {
            keys[bytes(row["buyer_key"] or b"")]: Purchases(
                row["orders"], row["amount"], row["last_on"]
            )
            for row in rows
        }
