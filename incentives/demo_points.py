"""The demo brand's points: rules from the first day, runs, some points by hand."""

from __future__ import annotations

import datetime as dt
import uuid

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import points
from incentives.models import PointLine
from matrix.choices import CreatorState
from matrix.models import Creator

RULES = (
    # event, kind, points, a day, a month, held
    ("post", "", 20, 40, 400, 7),
    ("post", "koc", 30, 60, 600, 7),
    ("tier_intermediate", "", 200, None, None, 0),
    ("tier_senior", "", 800, None, None, 0),
)
GIFTS = ("协助门店活动拍摄", "分享会主讲", "带教新人")


@demo_part(order=55)
class Points(DemoPart):
    """Points for posts and tiers, worked out at each halt; gifts of which one waits."""

    name = "points"
    fills = (PointLine,)

    def prepare(self) -> None:
        for event, kind, number, cap_day, cap_month, hold_days in RULES:
            points.save_rule(
                by=None,
                brand=self.demo.brand,
                event=event,
                creator_kind=kind,
                points=number,
                cap_day=cap_day,
                cap_month=cap_month,
                hold_days=hold_days,
                months=3 if event == "post" else 12,
                valid_from=self.demo.first_day,
            )

    def play(self, until: dt.datetime) -> None:
        day = until.astimezone(self.demo.zone).date()
        points.run(by=None, brand=self.demo.brand, today=day)
        if day == self.demo.day:
            self._give()

    def _give(self) -> None:
        lin = Person.objects.get(username="lin")
        active = Creator.objects.filter(brand=self.demo.brand, state=CreatorState.ACTIVE)
        signed_in = list(active.filter(person__isnull=False).exclude(person=lin).order_by("pk"))
        with clock(self.demo.at(self.demo.last_day, 15, 30)):
            for number, creator in enumerate(signed_in[:3]):
                points.give(
                    by=lin,
                    creator=creator,
                    points=(120, 300, 800)[number],
                    reason=GIFTS[number],
                    client_key=uuid.UUID(int=self.rng.getrandbits(128)),
                )

    def figures(self) -> dict[str, int]:
        return {"lines": PointLine.objects.filter(brand=self.demo.brand).count()}
