"""The demo brand's points: rules from the first day, runs, some points by hand."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Any

from django.utils import timezone

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import perks, points, standing, themes
from incentives.models import PointLine, Redemption
from incentives.points_choices import Delivery, RedemptionState, RewardState, ThemeState
from kosops.lib.periods import Month
from matrix.choices import CreatorState
from matrix.models import Creator

RULES = (
    # event, kind, points, a day, a month, held
    ("post", "", 20, 40, 400, 7),
    ("post", "koc", 30, 60, 600, 7),
    ("tier_intermediate", "", 200, None, None, 0),
    ("tier_senior", "", 800, None, None, 0),
)
CATALOGUE: tuple[tuple[str, str, str, int, int | None, dict[str, Any]], ...] = (
    # kind, delivery, name, points, stock, more
    ("coupon", "code", "满 300 减 50 优惠券", 200, None, {"per_person": 2}),
    ("gift", "post", "玫瑰身体乳 200ml", 400, 60, {"about": "正装一支，免运费寄出。"}),
    ("gift", "store", "限定化妆包", 300, 40, {"about": "到所属门店领取，请出示编号。"}),
    (
        "benefit",
        "arranged",
        "短视频拍摄训练营名额",
        0,
        20,
        {"per_person": 1, "tiers": ["intermediate", "senior"]},
    ),
    (
        "benefit",
        "arranged",
        "新品共创会名额",
        0,
        10,
        {"per_person": 1, "tiers": ["senior"], "about": "与研发同事一起试用未上市新品。"},
    ),
    ("benefit", "arranged", "专业摄影支持半天", 900, None, {"layers": ["quality"]}),
)
ADDRESS = "演示收件人 13800000000 上海市静安区南京西路 1 号"
THEMES = (
    ("换季修护日记", "写下换季时的肌肤变化和你的护理步骤，说真话，好的不好的都可以写。"),
    ("通勤五分钟妆", "拍下你的五分钟出门妆，写清用了哪几样、怎么上手。"),
    ("空瓶记", "晒一晒你用完的空瓶：值得回购吗？为什么？"),
)
GIFTS = ("协助门店活动拍摄", "分享会主讲", "带教新人")


@demo_part(order=55)
class Points(DemoPart):
    """Points for posts and tiers, worked out at each halt; gifts of which one waits."""

    name = "points"
    fills = (PointLine, Redemption)
    halts = 0

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

        standing.add_standing(
            by=None,
            brand=self.demo.brand,
            name="分销会员价",
            creator_kind="koc",
            discount_bp=1000,
            first_order_bp=2000,
            notes=1,
            orders=0,
        )

    def play(self, until: dt.datetime) -> None:
        day = until.astimezone(self.demo.zone).date()
        points.run(by=None, brand=self.demo.brand, today=day)
        self._themes(day)
        standing.work_out(by=None, brand=self.demo.brand, today=day)
        if self.halts == 3:
            self._open_catalogue()
        if self.halts > 3:
            self._take()
        self.halts += 1
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
                    client_key=self._key(),
                )

    def _themes(self, day: dt.date) -> None:
        """A theme for each of the last months, worked out once its figures are in."""
        lin = Person.objects.get(username="lin")
        month = Month.of(day)
        for old in themes.of_brand(self.demo.brand).filter(state=ThemeState.OPEN):
            if timezone.now() >= themes.cutoff_of(old):
                themes.close_theme(by=lin, theme=old)
        recent = month >= Month.of(self.demo.day).shifted(-2)
        if recent and not themes.of_brand(self.demo.brand).filter(month=str(month)).exists():
            name, about = THEMES[month.month % len(THEMES)]
            theme = themes.add_theme(
                by=lin,
                brand=self.demo.brand,
                month=str(month),
                name=name,
                about=about,
                steps=[[0, 10], [100, 40], [500, 120], [1000, 300]],
            )
            themes.open_theme(by=lin, theme=theme)

    def _open_catalogue(self) -> None:
        lin = Person.objects.get(username="lin")
        for kind, delivery, name, price, stock, more in CATALOGUE:
            reward = perks.add_reward(
                by=lin,
                brand=self.demo.brand,
                kind=kind,
                delivery=delivery,
                name=name,
                price=price,
                stock=stock,
                opens_on=timezone.localdate(),
                **more,
            )
            if delivery == Delivery.CODE:
                codes = [f"CY50-{self.rng.randrange(10**8):08d}" for _code in range(120)]
                perks.add_codes(by=lin, reward=reward, codes=codes)
            perks.set_state(by=lin, reward=reward, state=RewardState.OPEN)

    def _take(self) -> None:
        """Some take what they can pay; what was taken before has been handed out since."""
        lin = Person.objects.get(username="lin")
        waiting = Redemption.objects.filter(
            brand=self.demo.brand, state=RedemptionState.TO_DO
        ).select_related("reward")
        for number, old in enumerate(waiting.order_by("pk")):
            self._hand_out(lin, old, number)
        active = Creator.objects.filter(brand=self.demo.brand, state=CreatorState.ACTIVE)
        people = list(active.select_related("brand", "store").order_by("pk"))
        own = [creator for creator in people if creator.person_id]
        some = self.rng.sample(people, min(len(people), self.demo.size(30, 8)))
        for creator in dict.fromkeys(own + some):
            self._take_one(creator)

    def _take_one(self, creator: Creator) -> None:
        today = timezone.localdate()
        spendable = points.balance_of(creator, today).spendable
        offers = [each for each in perks.offers_for(creator, today, spendable) if each.takes]
        if offers:
            wanted = self.rng.choice(offers).reward
            perks.redeem(
                by=None,
                creator=creator,
                reward=wanted,
                client_key=self._key(),
                address=ADDRESS if wanted.delivery == Delivery.POST else "",
            )

    def _hand_out(self, lin: Person, old: Redemption, number: int) -> None:
        if number % 12 == 7:
            perks.cancel(by=lin, redemption=old, reason="库存盘点后缺货，积分已退回")
            return
        if old.reward.delivery == Delivery.POST:
            old = perks.hand_out(
                by=lin,
                redemption=old,
                state=RedemptionState.SENT,
                tracking=f"SF{self.rng.randrange(10**12):012d}",
            )
        perks.hand_out(by=lin, redemption=old, state=RedemptionState.DONE)

    def _key(self) -> uuid.UUID:
        return uuid.UUID(int=self.rng.getrandbits(128))

    def figures(self) -> dict[str, int]:
        return {"lines": PointLine.objects.filter(brand=self.demo.brand).count()}
