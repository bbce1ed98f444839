"""The demo brand's orders and refunds, taken in as shops send them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import replace

from accounts.demo import DemoPart, demo_part
from customers.choices import Attribution, Channel, OrderStatus
from customers.intake import (
    CREATED,
    WAITING,
    LineFacts,
    OrderFacts,
    RefundFacts,
    take_orders,
    take_refunds,
)
from customers.models import Order, OrderLine, Refund
from kosops.lib.secrets import blind_index
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Creator

ORDERS = 20_000
CUSTOMERS = 9_000
# Of a thousand orders.
REFUNDED, WITHOUT_SELLER, SHARED = 60, 55, 170
# Refunds whose order the shop never sent.
LOST_REFUNDS = 9
# Of so many customers who buy now and then one is a KOC of the brand.
OWN_OF = 12
# Orders of the last days whose buyer has asked for a refund that is not decided yet.
UNDECIDED = 8

SKINCARE, MAKEUP, FRAGRANCE, BODY, GIFT = "护肤", "彩妆", "香水", "身体护理", "礼盒"
# Category: (how often, number of the SKU, article, price in yuan).
CATALOGUE: dict[str, tuple[int, tuple[tuple[str, str, int], ...]]] = {
    SKINCARE: (
        42,
        (
            ("CY1001", "澄野屏障修护霜 50ml", 398),
            ("CY1002", "澄野清润精华水 150ml", 268),
            ("CY1003", "澄野夜间紧致精华 30ml", 560),
            ("CY1004", "澄野氨基酸洁面乳 120g", 138),
            ("CY1005", "澄野清透防晒乳 SPF50 40ml", 198),
            ("CY1006", "澄野多肽眼霜 15g", 380),
            ("CY1007", "澄野舒缓面膜 5片", 149),
            ("CY1008", "澄野卸妆膏 90g", 179),
        ),
    ),
    MAKEUP: (
        34,
        (
            ("CY2001", "澄野柔雾唇釉 07 陶土红", 168),
            ("CY2002", "澄野柔雾唇釉 12 玫瑰茶", 168),
            ("CY2003", "澄野轻透粉底液 N20 30ml", 320),
            ("CY2004", "澄野控油散粉 8g", 238),
            ("CY2005", "澄野单色腮红 03 杏子", 158),
            ("CY2006", "澄野四色眼影盘 晨雾", 248),
            ("CY2007", "澄野气垫粉霜 13g", 298),
        ),
    ),
    FRAGRANCE: (
        7,
        (
            ("CY3001", "澄野淡香水 白茶 50ml", 680),
            ("CY3002", "澄野淡香水 雨后 50ml", 680),
            ("CY3003", "澄野随身香水 10ml", 228),
        ),
    ),
    BODY: (
        12,
        (
            ("CY4001", "澄野身体乳 无花果 250ml", 168),
            ("CY4002", "澄野护手霜 三支装", 128),
            ("CY4003", "澄野沐浴油 200ml", 158),
        ),
    ),
    GIFT: (
        5,
        (
            ("CY5001", "澄野礼盒 修护三件", 888),
            ("CY5002", "澄野礼盒 香氛与身体", 766),
        ),
    ),
}
# Postage and gift cards earn nobody a commission.
POSTAGE = LineFacts(line_no="P", paid_amount=1_000, sku="POST", title="运费", commissionable=False)
GIFT_CARD = ("CARD500", "礼品卡 500 元", 500)

# How many articles an order has: 2.4 lines on average.
LINES = {1: 27, 2: 32, 3: 23, 4: 11, 5: 7}
CHANNELS = {
    Channel.STORE: 62,
    Channel.MINI_PROGRAMME: 24,
    Channel.WECHAT_STORE: 8,
    Channel.CLOUD_SHELF: 4,
    Channel.LIVE: 2,
}
SOURCES = {Channel.STORE: "store-pos", Channel.CLOUD_SHELF: "store-pos"}
ONLINE_SOURCE = "mini-mall"
# Monday to Sunday.
WEEKDAYS = (0.78, 0.76, 0.8, 0.86, 1.12, 1.5, 1.4)
# Shopping festivals: (month, first day, last day, how much more).
FESTIVALS = ((3, 5, 8, 1.5), (5, 16, 20, 1.4), (6, 10, 18, 1.6), (8, 15, 22, 1.25), (9, 25, 30, 1.2),
             (11, 1, 11, 1.7), (12, 10, 12, 1.35), (12, 22, 31, 1.3), (2, 10, 14, 1.3))  # fmt: skip


@demo_part(order=40)
class OrdersAndRefunds(DemoPart):
    """Orders of six months with weekdays, festivals, growth and refunds, from two sources."""

    name = "customers"
    fills = (Order, OrderLine, Refund)

    def prepare(self) -> None:
        self._know_creators()
        self.orders = sorted(self._orders(), key=lambda facts: (_sent_at(facts), facts.external_id))
        self.refunds = sorted(self._refunds(), key=lambda refund: refund.refunded_at)
        self._ask_for_refunds()
        self.taken = 0
        self.refunded = 0
        self.counts = {"orders": 0, "refunds": 0, "waiting_refunds": 0}

    def play(self, until: dt.datetime) -> None:
        brand = self.demo.brand
        rows = []
        while self.taken < len(self.orders) and _sent_at(self.orders[self.taken]) <= until:
            rows.append(self.orders[self.taken])
            self.taken += 1
        if until == self.demo.moments()[-1]:
            rows += [_on_its_way(facts) for facts in self.orders[self.taken :]]
        outcomes = take_orders(brand=brand, rows=rows)
        self.counts["orders"] += sum(outcome.result == CREATED for outcome in outcomes)
        due = []
        while self.refunded < len(self.refunds):
            refund = self.refunds[self.refunded]
            if refund.refunded_at > until:
                break
            due.append(refund)
            self.refunded += 1
        for outcome in take_refunds(brand=brand, rows=due):
            self.counts["refunds"] += outcome.result == CREATED
            self.counts["waiting_refunds"] += outcome.result == WAITING

    def figures(self) -> dict[str, int]:
        return self.counts

    # -- who sells and who shares ------------------------------------------------------

    def _know_creators(self) -> None:
        creators = (
            Creator.objects.filter(brand=self.demo.brand)
            .exclude(state=CreatorState.CANDIDATE)
            .select_related("store")
            .order_by("pk")
        )
        self.sellers: list[Creator] = []
        self.sharers: list[Creator] = []
        self.seller_weights: list[float] = []
        self.sharer_weights: list[float] = []
        for creator in creators:
            weight = self.rng.lognormvariate(0, 0.55)
            if creator.kind == CreatorKind.KOS:
                self.sellers.append(creator)
                self.seller_weights.append(4.2 if creator.person_id else weight)
            else:
                weight = self.rng.lognormvariate(0, 1.3)
                self.sharers.append(creator)
                self.sharer_weights.append(25.0 if creator.person_id else weight)
        self.members = self.demo.size(CUSTOMERS, least=50)
        self.own_numbers = [one.number for one in self.sharers if not one.person_id]
        self.keys: dict[int, bytes] = {}

    @staticmethod
    def _was_there(creator: Creator, day: dt.date) -> bool:
        joined = creator.joined_on is None or creator.joined_on <= day
        return joined and (creator.left_on is None or day <= creator.left_on)

    def _buyer(self) -> bytes:
        """A customer; few buy often, many once."""
        number = int(self.members * self.rng.random() ** 1.6)
        if number not in self.keys:
            own, others = divmod(number - self.members // 2, OWN_OF)
            is_own = not others and 0 <= own < len(self.own_numbers)
            member = self.own_numbers[own] if is_own else f"demo-{number}"
            self.keys[number] = blind_index("member", member)
        return self.keys[number]

    # -- orders ------------------------------------------------------------------------

    def _orders(self) -> Iterator[OrderFacts]:
        days = self.demo.days
        weights = [self._weight(day, place / len(days)) for place, day in enumerate(days)]
        count = self.demo.size(ORDERS, least=200)
        drawn = sorted(self.rng.choices(range(len(days)), weights, k=count))
        sellers = self.rng.choices(self.sellers, self.seller_weights, k=count)
        sharers = self.rng.choices(self.sharers, self.sharer_weights, k=count)
        number, day_before = 0, None
        for place, seller, sharer in zip(drawn, sellers, sharers, strict=True):
            day = days[place]
            number = number + 1 if day == day_before else 1
            day_before = day
            yield self._order(day, number, seller, sharer)

    @staticmethod
    def _weight(day: dt.date, progress: float) -> float:
        weight = WEEKDAYS[day.weekday()] * (1 + 0.45 * progress)
        # Wages come around the tenth.
        weight *= 1.12 if 10 <= day.day <= 16 else 1
        for month, first, last, more in FESTIVALS:
            if day.month == month and first <= day.day <= last:
                weight *= more
        return weight

    def _order(self, day: dt.date, number: int, seller: Creator, sharer: Creator) -> OrderFacts:
        rng = self.rng
        shared = rng.random() * 1000 < SHARED and self._was_there(sharer, day)
        channel = Channel(rng.choices(list(CHANNELS), list(CHANNELS.values()))[0])
        if shared and channel == Channel.STORE and rng.random() < 0.6:
            channel = Channel.MINI_PROGRAMME
        sold = self._was_there(seller, day) and rng.random() * 1000 >= WITHOUT_SELLER
        paid_at = self.demo.at(
            day, rng.choice((10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 20, 21)),
            rng.randint(0, 59), rng.randint(0, 59),
        )  # fmt: skip
        online = channel in (Channel.MINI_PROGRAMME, Channel.WECHAT_STORE, Channel.LIVE)
        takes = dt.timedelta(hours=rng.randint(60, 190)) if online else dt.timedelta()
        return OrderFacts(
            source=SOURCES.get(channel, ONLINE_SOURCE),
            external_id=f"{day:%y%m%d}{number:05d}",
            store_id=seller.store_id,
            paid_at=paid_at,
            lines=self._lines(online=online),
            channel=channel,
            finished_at=paid_at + takes,
            buyer_key=self._buyer() if rng.random() < 0.93 else None,
            seller_id=seller.pk if sold else None,
            seller_by=Attribution.EXPLICIT if sold else Attribution.NONE,
            sharer_id=sharer.pk if shared else None,
            sharer_by=Attribution.SHARE_CODE if shared else Attribution.NONE,
            source_updated_at=paid_at + takes,
        )

    def _lines(self, *, online: bool) -> tuple[LineFacts, ...]:
        rng = self.rng
        count = rng.choices(list(LINES), list(LINES.values()))[0]
        off = rng.choice((100, 100, 100, 95, 90, 88, 85))
        lines = []
        for number in range(1, count + 1):
            category = rng.choices(list(CATALOGUE), [often for often, _ in CATALOGUE.values()])[0]
            sku, title, yuan = rng.choice(CATALOGUE[category][1])
            quantity = rng.choices((1, 2, 3), (86, 12, 2))[0]
            # The till rounds a reduced price to ten fen.
            price = yuan * 100 * off // 1000 * 10
            lines.append(
                LineFacts(
                    line_no=str(number),
                    paid_amount=price * quantity,
                    sku=sku,
                    title=title,
                    category=category,
                    quantity=quantity,
                )
            )
        if online and sum(line.paid_amount for line in lines) < 20_000:
            lines.append(POSTAGE)
        if rng.random() < 0.008:
            sku, title, yuan = GIFT_CARD
            lines.append(
                LineFacts(
                    line_no=str(count + 1),
                    paid_amount=yuan * 100,
                    sku=sku,
                    title=title,
                    commissionable=False,
                )
            )
        return tuple(lines)

    # -- refunds -----------------------------------------------------------------------

    def _refunds(self) -> Iterator[RefundFacts]:
        last = self.demo.at(self.demo.last_day, 23, 59)
        number = 0
        for facts in self.orders:
            if self.rng.random() * 1000 >= REFUNDED:
                continue
            # Most come within the hold, some after the commission was paid out.
            days = (
                self.rng.expovariate(1 / 6)
                if self.rng.random() < 0.82
                else self.rng.uniform(20, 75)
            )
            at = _sent_at(facts) + dt.timedelta(days=days, hours=2)
            if at > last:
                continue
            number += 1
            yield self._refund(facts, f"R{at:%y%m%d}{number:05d}", at)
        for lost in range(LOST_REFUNDS):
            day = self.demo.last_day - dt.timedelta(days=lost // 2 + 1)
            yield RefundFacts(
                source=ONLINE_SOURCE,
                order_external_id=f"{day - dt.timedelta(days=9):%y%m%d}{99000 + lost}",
                external_id=f"R{day:%y%m%d}{90000 + lost}",
                amount=self.rng.randint(80, 500) * 100,
                refunded_at=self.demo.at(day, 15, lost),
            )

    def _refund(self, facts: OrderFacts, external_id: str, at: dt.datetime) -> RefundFacts:
        kind = self.rng.random()
        line_no, amount = "", facts.paid_amount
        if kind < 0.4:
            line = self.rng.choice(facts.lines)
            line_no, amount = line.line_no, line.paid_amount
        elif kind < 0.55:
            amount = max(100, amount * self.rng.randint(2, 6) // 10)
        return RefundFacts(
            source=facts.source,
            order_external_id=facts.external_id,
            external_id=external_id,
            amount=amount,
            refunded_at=at,
            line_no=line_no,
        )

    def _ask_for_refunds(self) -> None:
        """Some buyers of the last days have asked for a refund, and the shop has not decided."""
        refunded = {refund.order_external_id for refund in self.refunds}
        since = self.demo.at(self.demo.last_day - dt.timedelta(days=12), 0)
        places = [
            place
            for place, facts in enumerate(self.orders)
            if facts.paid_at >= since and facts.external_id not in refunded
        ]
        for place in self.rng.sample(places, k=min(UNDECIDED, len(places))):
            facts = self.orders[place]
            self.orders[place] = replace(
                facts, status=OrderStatus.REFUNDING, finished_at=facts.paid_at,
                source_updated_at=facts.paid_at,
            )  # fmt: skip


def _sent_at(facts: OrderFacts) -> dt.datetime:
    """Shops send an order once it is finished."""
    return facts.finished_at or facts.paid_at


def _on_its_way(facts: OrderFacts) -> OrderFacts:
    """What is on its way to the customer is sent as paid in the end, to be seen at all."""
    return replace(
        facts, status=OrderStatus.PAID, finished_at=None, source_updated_at=facts.paid_at
    )
