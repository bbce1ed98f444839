"""The demo's own orders: a few that were bought by whoever sold them."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from customers.models import Order
from incentives import own_orders
from incentives.models import OwnBuyer, OwnOrder

NOTES = ("给家人买的，正常下单，不计佣金即可。", "试用装转正装，已和店长确认。")
FOUND = 6


@demo_part(order=57)
class OwnOrders(DemoPart):
    """Some staff have named their customer number; Chen has looked at the first of their orders."""

    name = "own_orders"
    fills = (OwnOrder,)

    def play(self, until: dt.datetime) -> None:
        brand, last = self.demo.brand, self.demo.last_day
        if until.date() < last or OwnOrder.objects.filter(brand=brand).exists():
            return
        sold = Order.objects.filter(brand=brand, seller__isnull=False, buyer_key__isnull=False)
        seen: set[int] = set()
        latest = sold.order_by("-paid_at", "-pk").values_list("seller_id", "buyer_key")
        for seller, key in latest[: FOUND * 4]:
            buyer = bytes(key or b"")
            known = OwnBuyer.objects.filter(brand_id=brand.pk, buyer_key=buyer)
            if seller in seen or len(seen) == FOUND or known.exists():
                continue
            seen.add(seller)
            OwnBuyer.objects.create(brand_id=brand.pk, creator_id=seller, buyer_key=buyer)
        with clock(self.demo.at(last, 23, 50)):
            own_orders.find_of(brand, sorted(seen))
        chen = Person.objects.filter(username="chen").first() or Person.objects.get(username="zhao")
        for note, found in zip(
            NOTES, OwnOrder.objects.filter(brand=brand).order_by("pk"), strict=False
        ):
            with clock(self.demo.at(last, 23, 55)):
                own_orders.check(by=chen, own_order=found, note=note)
