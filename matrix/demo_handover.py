"""The demo brand's handovers: closed ones of past leavers, open ones at each stage."""

from __future__ import annotations

import datetime as dt
import itertools

from accounts.demo import DemoPart, demo_part
from accounts.demo_brand import HOME_STORE
from accounts.models import Person
from kosops.lib.errors import DomainError
from matrix import custody, handover, transfers
from matrix.choices import CreatorKind, CreatorState, Platform
from matrix.custody_choices import HandoverPath
from matrix.models import Creator, Evidence, Handover, HandoverItem, SocialAccount
from matrix.takers import Taker
from matrix.transfers import Answer, Customer

RECENT = dt.timedelta(days=75)
# How far the cases of the last weeks have come: see `Handovers._work`.
STAGES = {CreatorKind.KOS: (2, 1, 0, 3), CreatorKind.KOC: (3, 3, 1)}
SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡"
TITLES = ("女士", "小姐", "先生")


@demo_part(order=28)
class Handovers(DemoPart):
    """Leavers with their cases: most are closed, the latest are open at different stages."""

    name = "handover"
    fills = (Handover, HandoverItem)

    def prepare(self) -> None:
        """Who left stands left from the first day; their cases begin as the days pass."""
        self.stages = {kind: itertools.cycle(order) for kind, order in STAGES.items()}

    def figures(self) -> dict[str, int]:
        return {"things": HandoverItem.objects.filter(handover__brand=self.demo.brand).count()}

    def play(self, until: dt.datetime) -> None:
        self.lin = Person.objects.get(username="lin")
        self.paper = Evidence.objects.filter(unit=self.demo.brand).earliest("pk")
        left = Creator.objects.filter(
            brand=self.demo.brand, state=CreatorState.LEFT, left_on__lte=until.date()
        )
        cases = handover.open_for_leavers(
            by=self.lin, people=list(left.select_related("store").order_by("left_on", "pk"))
        )
        for case in cases:
            stage = next(self.stages[CreatorKind(case.creator.kind)])
            # What is long ago is closed; the last weeks are open at different stages.
            self._work(case, 3 if case.last_day < self.demo.last_day - RECENT else stage)

        if until.date() == self.demo.day:
            self._current()

    def _current(self) -> None:
        """A leaver of these days whose customers are on the way, and somebody who moves."""
        wecom = SocialAccount.objects.filter(platform=Platform.WECOM, state="active")
        people = Creator.objects.filter(
            brand=self.demo.brand,
            kind=CreatorKind.KOS,
            state=CreatorState.ACTIVE,
            person=None,
            pk__in=wecom.values("creator"),
        ).select_related("store")
        home = people.filter(store__code=HOME_STORE).order_by("pk")
        chosen = list(home[:2])
        if len(chosen) < 2:
            return
        leaver, mover = chosen
        leaving = handover.open_case(
            by=self.lin, creator=leaver, reason="leaves", last_day=self.demo.last_day
        )
        self._work(leaving, 2)
        elsewhere = people.exclude(store=mover.store).order_by("pk").first()
        if elsewhere is not None:
            handover.open_case(
                by=self.lin,
                creator=mover,
                reason="moves",
                last_day=self.demo.day + dt.timedelta(days=8),
                to_store=elsewhere.store,
            )

    def _work(self, case: Handover, stage: int) -> None:
        """Stage 0 is untouched, 1 has takers, 2 is signed for, 3 is closed."""
        if stage == 0:
            return
        takers = self._takers(case)
        for item in case.items.filter(path=HandoverPath.TRANSFER).order_by("pk"):
            taker = takers[item.pk % len(takers)] if takers else None
            if item.part == transfers.Customers.code:
                self._customers(case, item, taker, stage)
            elif taker is None:
                handover.need_no_taker(by=self.lin, item=item, reason="门店已无接收人，账号停用")
            else:
                self._hand_over(item, taker, stage)
        if stage == 3 and not handover.open_items(case).exists():
            handover.complete(by=self.lin, case=case)

    def _hand_over(self, item: HandoverItem, taker: Creator, stage: int) -> None:
        try:
            item = handover.choose_taker(by=self.lin, item=item, taker=Taker(creator=taker))
        except DomainError:
            handover.need_no_taker(by=self.lin, item=item, reason="线索改由门店官方账号承接")
            return
        if stage >= 2 and item.custody is not None:
            for side, name in (("giver", item.handover.creator.name), ("taker", taker.name)):
                item.custody = custody.record_paper(
                    by=self.lin, custody=item.custody, side=side, name=name, evidence=self.paper
                )

    def _customers(
        self, case: Handover, item: HandoverItem, taker: Creator | None, stage: int
    ) -> None:
        if taker is None:
            handover.need_no_taker(by=self.lin, item=item, reason="名下没有企微客户")
            return
        handover.choose_taker(by=self.lin, item=item, taker=Taker(creator=taker))
        people = [
            Customer(
                f"wm{self.rng.getrandbits(80):020x}",
                self.rng.choice(SURNAMES) + self.rng.choice(TITLES),
            )
            for _number in range(self.rng.randint(8, 24))
        ]
        transfers.add_customers(by=self.lin, case=case, customers=people)
        if stage < 2:
            return
        transfers.make_batches(by=self.lin, case=case)
        answers = [
            Answer(one.external_userid, 1 if stage == 3 or place > 2 else place + 1)
            for place, one in enumerate(people)
        ]
        transfers.take_answers(by=self.lin, brand=self.demo.brand, answers=answers)

    def _takers(self, case: Handover) -> list[Creator]:
        own = SocialAccount.objects.filter(
            platform=Platform.WECOM, state="active", creator__isnull=False
        )
        return list(
            Creator.objects.filter(
                store=case.store,
                kind=CreatorKind.KOS,
                state=CreatorState.ACTIVE,
                person=None,
                pk__in=own.values("creator"),
            )
            .exclude(pk=case.creator_id)
            .order_by("pk")[:3]
        )
