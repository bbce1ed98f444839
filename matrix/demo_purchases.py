"""The demo brand's KOC as consumers: known by orders, by receipts, one that waits."""

from __future__ import annotations

import datetime as dt
import struct
import zlib

from django.core.files.base import ContentFile

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from matrix import evidence, purchase_proofs, purchases
from matrix.models import Creator, MemberKey, PurchaseProof, Receipt
from matrix.purchase_choices import Shown

PROVED = 0.25  # of those whose orders are not known
NOTES = (
    "天猫旗舰店订单截图，面霜 50g",
    "专柜小票，口红两支",
    "朋友圈晒单，与小票日期一致",
    "抖音商城订单截图",
)
DECLINED = "小票日期看不清，请重新拍一张。"


@demo_part(order=21)
class PurchasesOfMembers(DemoPart):
    """Member numbers are known before the orders come; then some show receipts."""

    name = "purchases"
    fills = (MemberKey, PurchaseProof, Receipt)

    def prepare(self) -> None:
        purchases.follow(self.demo.brand)

    def play(self, until: dt.datetime) -> None:
        brand = self.demo.brand
        if until < self.demo.moments()[-1] or PurchaseProof.objects.exists():
            return
        lin = Person.objects.get(username="lin")
        people = Creator.objects.filter(brand=brand).select_related("store").order_by("pk")
        for creator in purchase_proofs.having(people, Shown.MISSING):
            if creator.person_id or self.rng.random() >= PROVED:
                continue
            with clock(until - dt.timedelta(days=self.rng.randint(1, 120))):
                purchase_proofs.prove(
                    by=lin,
                    creator=creator,
                    bought_on=until.date() - dt.timedelta(days=self.rng.randint(121, 300)),
                    note=self.rng.choice(NOTES),
                )
        self._own(people.get(person__username="may"), lin, until)

    def _own(self, may: Creator, lin: Person, until: dt.datetime) -> None:
        """May's first picture could not be read; the second one waits."""
        person = Person.objects.get(username="may")
        with clock(until - dt.timedelta(days=4)):
            first = self._hand_in(person, may, "面霜，国庆买的")
        with clock(until - dt.timedelta(days=3)):
            purchase_proofs.decline(by=lin, receipt=first, reason=DECLINED)
        with clock(until - dt.timedelta(hours=5)):
            self._hand_in(person, may, "重拍了一张，日期清楚")

    def _hand_in(self, person: Person, creator: Creator, note: str) -> Receipt:
        kept = evidence.keep(
            by=person, unit=creator.store, file=ContentFile(picture(), name="小票.png")
        )
        return purchase_proofs.hand_in(by=person, creator=creator, evidence=kept, note=note)


def picture(width: int = 240, height: int = 400) -> bytes:
    """A slip of paper with lines on it, as a PNG."""
    rows = []
    for y in range(height):
        inked = 40 < y < height - 40 and y % 24 < 6
        ink = range(30, width - 30 - y % 7 * 12) if inked else range(0)
        rows.append(b"\x00" + bytes(110 if x in ink else 248 for x in range(width)))
    head = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(b"".join(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
        for kind, data in parts
    )
