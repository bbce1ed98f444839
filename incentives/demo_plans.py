"""The demo's next plan, which waits for approval, and who leads the stores."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import places, plans
from incentives.commission import MANAGER, POT, SELLER, SHARER
from incentives.models import PlanVersion, StaffPlace
from incentives.plan_choices import Base, SelfPurchase
from incentives.plans import NewRate, PlanTerms
from kosops.lib.periods import Month
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Creator

RATES = (
    NewRate(SELLER, 500, steps=((3_000_000, 600), (8_000_000, 700))),
    NewRate(SELLER, 700, category="彩妆"),
    NewRate(SELLER, 0, category="礼盒", fixed_amount=1_000, per_piece=True),
    NewRate(SHARER, 200),
    NewRate(SHARER, 400, tier="senior"),
    NewRate(SHARER, 600, buyer="new", priority=1),
    NewRate(POT, 100),
    NewRate(MANAGER, 1_000, base=Base.SELLER, month_cap=200_000),
)
MARGINS = (("彩妆", 4_500), ("礼盒", 2_500), ("", 4_000))


@demo_part(order=55)
class NextPlan(DemoPart):
    """A plan with everything in it, drafted by Lin and waiting for Zhao; a lead in each store."""

    name = "plans"
    fills = (StaffPlace,)

    def prepare(self) -> None:
        brand, first = self.demo.brand, self.demo.first_day
        places.follow(brand)
        stores: set[int] = set()
        staff = Creator.objects.filter(
            brand=brand, kind=CreatorKind.KOS, state=CreatorState.ACTIVE, store__active=True
        )
        for creator in staff.exclude(number="").select_related("store").order_by("store", "pk"):
            if creator.store_id not in stores:
                stores.add(creator.store_id)
                places.put(by=None, creator=creator, first=self._first(creator, first), leads=True)

    def _first(self, creator: Creator, day: dt.date) -> dt.date:
        last = StaffPlace.objects.filter(creator=creator).latest("pk").valid.lower
        return max(day, last + dt.timedelta(days=1)) if last else day

    def play(self, until: dt.datetime) -> None:
        brand, last = self.demo.brand, self.demo.last_day
        if until.date() < last or PlanVersion.objects.filter(brand=brand, state="submitted"):
            return
        lin = Person.objects.get(username="lin")
        month = Month.of(last).shifted(1)
        terms = PlanTerms(
            name=f"{month.year}年{month.month}月起佣金方案",
            valid_from=month.first_day,
            cap_bp=1_800,
            order_cap=50_000,
            person_cap=1_500_000,
            shield_days=30,
            self_purchase=SelfPurchase.NOTHING,
        )
        with clock(self.demo.at(last, 11, 20)):
            version = plans.draft(by=lin, brand=brand, terms=terms, rates=RATES, margins=MARGINS)
        with clock(self.demo.at(last, 11, 40)):
            plans.submit(by=lin, version=version)
