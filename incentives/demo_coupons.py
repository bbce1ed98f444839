"""The demo brand's third kind of reward: a coupon for a note, with fewer codes than are owed."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import perks, rewards, rewards_coupons, rewards_runs
from incentives.models import Redemption, RewardItem
from incentives.points_choices import Delivery, RewardKind

TERMS = {
    "source": "note",
    "steps": [{"at_least": 150, "amount": 1}],
    "check_days": 7,
    "count_days": 30,
    "watch_days": 60,
    "cap_person": 2,
    "coupon_cost": 3_000,
    "budget": 300_000,
    "kinds": ["koc"],
}
RULE_DAYS = 28


@demo_part(order=53)
class Coupons(DemoPart):
    """A rule hands out coupons; some wait for codes, one was looked at."""

    name = "coupons"
    fills = (Redemption,)

    def play(self, until: dt.datetime) -> None:
        if until < self.demo.moments()[-1]:
            return
        lin, zhao = (Person.objects.get(username=name) for name in ("lin", "zhao"))
        brand, today = self.demo.brand, self.demo.last_day
        with clock(until):
            coupon = perks.add_reward(
                by=lin,
                brand=brand,
                kind=RewardKind.COUPON,
                name="到店礼券 30 元",
                about="任意门店可用，满 100 元抵 30 元",
                delivery=Delivery.CODE,
                price=0,
                per_person=1,
                opens_on=today,
            )
            rule = rewards.propose(
                by=lin,
                brand=brand,
                name="笔记礼券",
                terms=TERMS,
                first_day=today - dt.timedelta(days=RULE_DAYS),
                coupon=coupon,
            )
            rewards.approve(by=zhao, rule=rule)
            rewards_runs.run(by=None, brand=brand, as_of=today)
            owed = sum(rewards_coupons.waiting(RewardItem.objects.filter(rule=rule)).values())
            # Two too few, so that the queue has something to say.
            codes = [f"CYLQ-{number:06d}" for number in range(413_207, 413_207 + max(owed - 2, 1))]
            perks.add_codes(by=lin, reward=coupon, codes=codes)
            rewards_coupons.hand_out(by=lin, reward=coupon)

    def figures(self) -> dict[str, int]:
        given = Redemption.objects.filter(brand=self.demo.brand, item__isnull=False)
        return {"coupons": given.count()}
