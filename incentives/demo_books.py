"""The demo brand's bookings by hand, as finance would have asked for them."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import corrections, disputes, proof_runs
from incentives.models import Correction, Dispute, Statement
from kosops.lib.periods import Month
from matrix.choices import CreatorState
from matrix.models import Creator

REASONS = ("补记漏单佣金", "活动补贴少记", "重复记佣更正")
QUESTIONS = ("月底那笔大单好像没有算进来？", "冻结中的佣金什么时候能解冻？")
ANSWER = "那笔订单月底还在退货期内，算在冻结中，下个月解冻后计入应付。"
AMOUNTS = (3_860, 5_000, -1_240)


@demo_part(order=51)
class Books(DemoPart):
    """An adjustment in each of the last months, approved a day later; two wait for a second person."""

    name = "books"
    fills = ()

    def prepare(self) -> None:
        self.chen = Person.objects.get(username="chen")
        self.zhao = Person.objects.get(username="zhao")
        self.asked = 0

    def play(self, until: dt.datetime) -> None:
        is_last = until == self.demo.moments()[-1]
        if not is_last and until.day != 16:
            return
        known = Creator.objects.filter(
            brand=self.demo.brand, state=CreatorState.ACTIVE, commission_lines__isnull=False
        )
        people = list(known.distinct().order_by("pk")[:40])
        if not people:
            return
        if is_last:
            self._question(until)
        for _each in range(2 if is_last else 1):
            asked = self._ask(self.rng.choice(people), until)
            if not is_last:
                with clock(until + dt.timedelta(minutes=50)):
                    corrections.approve(by=self.zhao, correction=asked)
        if is_last:
            with clock(until):
                proof_runs.prove(by=self.zhao)

    def _question(self, until: dt.datetime) -> None:
        """People who sign in ask about their last statement; the first one has an answer."""
        own = Statement.objects.filter(
            settlement__brand=self.demo.brand,
            settlement__period=str(Month.of(self.demo.last_day).shifted(-1)),
            creator__person__isnull=False,
        ).select_related("creator__store", "creator__person", "settlement")
        for place, statement in enumerate(own.order_by("pk")[:2]):
            person = statement.creator.person
            if person is None:
                continue
            with clock(until - dt.timedelta(hours=3)):
                asked = disputes.ask_about_statement(
                    by=person, statement=statement, text=QUESTIONS[place]
                )
            if place == 0:
                with clock(until - dt.timedelta(hours=1)):
                    disputes.answer(by=self.chen, dispute=asked, accepted=False, answer=ANSWER)

    def _ask(self, creator: Creator, until: dt.datetime) -> Correction:
        place = self.asked % len(AMOUNTS)
        self.asked += 1
        with clock(until):
            return corrections.ask_adjustment(
                by=self.chen,
                creator=creator,
                amount=AMOUNTS[place],
                reason=REASONS[place],
                note="见财务工单与订单截图",
            )

    def figures(self) -> dict[str, int]:
        brand = self.demo.brand
        return {
            "bookings": Correction.objects.filter(brand=brand).count(),
            "questions": Dispute.objects.filter(brand=brand).count(),
        }
