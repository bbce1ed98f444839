"""The demo brand's stars for staff, benefits, rewards, boosts and what waits for a person there."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from content.models import Post
from incentives import (
    badges,
    benefits,
    ladders,
    rewards,
    rewards_boosts,
    rewards_runs,
    tier_pins,
    tier_runs,
    tiers,
)
from incentives.models import (
    Benefit,
    Boost,
    RewardItem,
    RewardLine,
    TierCertificate,
    TierPin,
    TierProposal,
)
from kosops.lib.periods import Month
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Creator

# Kind, tier, kind of benefit, title, text, value.
BENEFITS = (
    ("koc", "junior", "perk", "每月新品小样", "每月第一周寄出，收到后无须发笔记", None),
    ("koc", "intermediate", "commission", "分享佣金 4%", "初级为 3%，以当月佣金方案为准", None),
    ("koc", "intermediate", "priority", "活动优先入选", "报名人数超出名额时先选", 10),
    ("koc", "senior", "group", "高级会员群", "品牌研发和运营在群里答疑", None),
    ("koc", "senior", "boost", "每月加热额度", "由总部按笔记审批", 30_000),
    ("koc", "senior", "priority", "活动最先入选", "", 20),
    ("kos", "junior", "perk", "素材优先使用", "新品素材提前三天开放", None),
    ("kos", "intermediate", "boost", "每月加热额度", "由总部按笔记审批", 20_000),
    ("kos", "senior", "perk", "年度培训名额", "总部两天一夜，每年十月", None),
)
NOTE_TERMS = {
    "source": "note",
    "steps": [
        {"at_least": 0, "amount": 500},
        {"at_least": 300, "amount": 2_000},
        {"at_least": 1_000, "amount": 8_000},
    ],
    "check_days": 7,
    "count_days": 30,
    "watch_days": 60,
    "cap_person": 30_000,
    "budget": 2_000_000,
    "jump": 800,
    "kinds": ["koc"],
}
DEAL_TERMS = {
    "source": "deal",
    "steps": [{"at_least": 20, "amount": 20_000}, {"at_least": 50, "amount": 60_000}],
    "check_days": 15,
    "count_days": 0,
    "watch_days": 60,
    "kinds": ["kos"],
}
POINT_TERMS = {
    "source": "note",
    "steps": [{"at_least": 100, "amount": 30}, {"at_least": 500, "amount": 150}],
    "check_days": 7,
    "count_days": 30,
    "watch_days": 60,
    "cap_person": 600,
    "points_months": 12,
    "kinds": ["kos"],
}
RULE_DAYS = 28
BUDGET = 300_000


@demo_part(order=52)
class TiersAndRewards(DemoPart):
    """At the end of the play: a table of benefits, rules with rewards, boosts, moves to confirm."""

    name = "rewards"
    fills = (Benefit, RewardItem, RewardLine, Boost, TierPin, TierCertificate, TierProposal)

    def play(self, until: dt.datetime) -> None:
        if until < self.demo.moments()[-1]:
            return
        self.lin = Person.objects.get(username="lin")
        self.zhao = Person.objects.get(username="zhao")
        day = self.demo.last_day
        with clock(self.demo.at(day, 12)):
            self._stars(day)
        with clock(until):
            tier_runs.evaluate(by=self.lin, brand=self.demo.brand, as_of=day)
            self._benefits()
            self._rewards(day)
            self._boosts(until)
            self._by_hand(until.date())

    def figures(self) -> dict[str, int]:
        brand = self.demo.brand
        return {"rewards": RewardItem.objects.filter(brand=brand).count()}

    def _benefits(self) -> None:
        for kind, tier, what, title, text, value in BENEFITS:
            benefits.add(
                by=None,
                brand=self.demo.brand,
                creator_kind=kind,
                tier=tier,
                kind=what,
                title=title,
                text=text,
                value=value,
                first_day=self.demo.first_day,
            )

    def _stars(self, today: dt.date) -> None:
        """Store staff rise by sales from now on; a person confirms the first moves."""
        ladders.save_ladder(
            by=self.lin,
            brand=self.demo.brand,
            kind=CreatorKind.KOS,
            rules=tiers.star_rules() | {"review": "all"},
            valid_from=today,
        )

    def _rewards(self, today: dt.date) -> None:
        brand, first = self.demo.brand, today - dt.timedelta(days=RULE_DAYS)
        notes = rewards.propose(
            by=self.lin, brand=brand, name="笔记阶梯奖励", terms=NOTE_TERMS, first_day=first
        )
        rewards.approve(by=self.zhao, rule=notes)
        staff = rewards.propose(
            by=self.lin, brand=brand, name="导购笔记积分", terms=POINT_TERMS, first_day=first
        )
        rewards.approve(by=self.zhao, rule=staff)
        rewards.propose(
            by=self.lin, brand=brand, name="成交奖励", terms=DEAL_TERMS, first_day=today
        )
        rewards_runs.run(by=None, brand=brand, as_of=today)

    def _boosts(self, until: dt.datetime) -> None:
        brand, month = self.demo.brand, Month.of(until.date())
        rewards_boosts.set_budget(by=self.zhao, brand=brand, month=month, amount=BUDGET)
        near = rewards_boosts.near_a_step(RewardItem.objects.filter(brand=brand))
        posts = [item.post for item, _missing in near[:3] if item.post is not None]
        posts = posts or list(Post.objects.filter(brand=brand, state="online")[:1])
        made = [
            rewards_boosts.ask(by=self.lin, post=post, amount=20_000, reason="离下一档只差一点")
            for post in posts
        ]
        if len(made) > 1:
            rewards_boosts.approve(by=self.zhao, boost=made[0], amount=15_000)
            rewards_boosts.record_spent(by=self.lin, boost=made[0], amount=12_800, began_at=until)

    def _by_hand(self, today: dt.date) -> None:
        people = Creator.objects.filter(brand=self.demo.brand, state=CreatorState.ACTIVE)
        guest = people.filter(kind=CreatorKind.KOC, tier="junior", person=None).first()
        if guest is not None:
            tier_pins.pin(
                by=self.lin,
                creator=guest,
                tier="senior",
                until=today + dt.timedelta(days=60),
                reason="品牌周年直播嘉宾",
            )
        for one in people.exclude(tier="").exclude(person=None):
            badges.issue(by=one.person, creator=one)
