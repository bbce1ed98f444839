"""The demo's check of schemes: what runs, a draw whose tax was taken on, and a gift for a tap."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import perks, schemes
from incentives.models import SchemeCheck
from incentives.points_choices import Delivery, RewardKind
from incentives.scheme_choices import Asked
from incentives.scheme_rules import Stated

DRAW = Stated(by_chance=True, top_prize=3_800_000, published=True)
TAP = Stated(asks=frozenset({Asked.SHARE.value}), platforms=frozenset({"moments"}))


@demo_part(order=59)
class Schemes(DemoPart):
    name = "schemes"

    def play(self, until: dt.datetime) -> None:
        if until < self.demo.moments()[-1]:
            return
        with clock(until):
            self._check()

    def _check(self) -> None:
        lin = Person.objects.get(username="lin")
        for name, about, said, accepted in (
            ("年终双人旅行", "高级会员每人一次机会，一月五日当众开出", DRAW, ("chance_tax",)),
            ("朋友圈新品小样", "", TAP, ()),
        ):
            gift = perks.add_reward(
                by=lin,
                brand=self.demo.brand,
                kind=RewardKind.GIFT,
                name=name,
                about=about,
                delivery=Delivery.ARRANGED,
                price=0,
                per_person=1,
                opens_on=self.demo.day,
            )
            schemes.check(by=lin, scheme=gift, stated=said, accepted=accepted)
        schemes.check_running(by=None, brand=self.demo.brand, today=self.demo.day)

    def figures(self) -> dict[str, int]:
        return {"checks": SchemeCheck.objects.count()}
