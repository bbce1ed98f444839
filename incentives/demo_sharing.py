"""The demo's share links: the shop, and what sells best; and what sharing brought."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from incentives import share_report, sharing
from incentives.models import ShareArticleDay, ShareDay
from matrix import share_codes

SHOP = "https://shop.chengye.example"
LINKS = (
    ("澄野官方商城", "/?from={code}", "", 10),
    ("澄野屏障修护霜 50ml", "/p/CY1001?from={code}", "CY1001", 20),
    ("澄野夜间紧致精华 30ml", "/p/CY1003?from={code}", "CY1003", 30),
    ("澄野柔雾唇釉 07 陶土红", "/p/CY2001?from={code}", "CY2001", 40),
)


@demo_part(order=58)
class Sharing(DemoPart):
    name = "sharing"
    fills = (ShareDay, ShareArticleDay)

    def prepare(self) -> None:
        share_codes.give(by=None, brand=self.demo.brand)
        for name, rest, sku, place in LINKS:
            sharing.add_link(
                by=None,
                brand=self.demo.brand,
                name=name,
                template=SHOP + rest,
                sku=sku,
                first_day=self.demo.first_day,
                place=place,
            )

    def play(self, until: dt.datetime) -> None:
        if until < self.demo.moments()[-1]:
            return
        with clock(until):
            share_report.refresh(by=None, brand=self.demo.brand)

    def figures(self) -> dict[str, int]:
        return {"days": ShareDay.objects.values("day").distinct().count()}
