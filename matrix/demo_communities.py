"""The demo brand's communities, filled as the programme stands today."""

from __future__ import annotations

import datetime as dt

from django.db.models import QuerySet

from accounts.choices import UnitKind
from accounts.demo import DemoPart, demo_part
from accounts.demo_brand import HOME_STORE
from accounts.models import Person, Unit
from matrix import communities, tier_steps
from matrix.choices import CommunityKind, CreatorKind
from matrix.models import Community, CommunityMember, Creator


@demo_part(order=93)
class Communities(DemoPart):
    """A group for the best, one for those who are new, one of a store, one for benefits."""

    name = "communities"
    fills = (CommunityMember,)

    def play(self, until: dt.datetime) -> None:
        if until < self.demo.moments()[-1]:
            return
        brand, day = self.demo.brand, until.date()
        home = Unit.objects.get(brand=brand, code=HOME_STORE)
        region = Unit.objects.filter(brand=brand, kind=UnitKind.REGION).earliest("pk")
        koc = Creator.objects.filter(brand=brand, kind=CreatorKind.KOC)
        tiers = [code for code, _label in tier_steps.choices()]
        best = koc.filter(tier__in=tiers[-1:])
        new = koc.filter(joined_on__gt=day - dt.timedelta(days=60))
        store = Creator.objects.filter(store=home, kind=CreatorKind.KOS)
        wecom, wechat, mini = (
            CommunityKind.WECOM_GROUP,
            CommunityKind.WECHAT_GROUP,
            CommunityKind.MINI_PROGRAMME,
        )
        self._add(
            brand,
            "高级KOC交流群",
            wecom,
            "lin",
            150,
            best,
            "高级KOC",
            "热点与爆文拆解、新品内测、专属素材",
        )
        self._add(
            brand,
            "新人KOC伙伴群",
            wechat,
            "lin",
            60,
            new,
            "入伙 60 天内",
            "第一篇笔记怎么写，有问必答",
        )
        self._add(
            home, "静安门店KOS小组", wecom, "he", 120, store, "本店导购", "每日选题与到店活动"
        )
        self._add(region, "会员体验官", mini, "lin", 90, koc.filter(tier__in=tiers[1:]), "中级及以上", "试用与福利")  # fmt: skip

    def _add(
        self,
        unit: Unit,
        name: str,
        kind: str,
        host: str,
        days: int,
        creators: QuerySet[Creator],
        for_whom: str,
        topic: str,
    ) -> None:
        opened = max(self.demo.first_day, self.demo.last_day - dt.timedelta(days=days))
        community = communities.open_community(
            by=None,
            unit=unit,
            name=name,
            kind=kind,
            host=Person.objects.get(username=host),
            opened_on=opened,
            for_whom=for_whom,
            topic=topic,
        )
        communities.add_members(
            by=None, community=community, creators=creators, since=self.demo.last_day
        )
        # People came in one after the other.
        rows = list(CommunityMember.objects.filter(community=community).order_by("pk"))
        span = (self.demo.last_day - opened).days
        for row in rows:
            row.since = opened + dt.timedelta(days=self.rng.randint(0, span))
        CommunityMember.objects.bulk_update(rows, ["since"], batch_size=1000)

    def figures(self) -> dict[str, int]:
        brand = self.demo.brand
        return {
            "communities": Community.objects.filter(brand=brand).count(),
            "members": CommunityMember.objects.filter(community__brand=brand).count(),
        }
