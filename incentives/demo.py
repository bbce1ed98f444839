"""The demo brand's rules and money: tiers, plans, runs, settled months and payouts."""

from __future__ import annotations

import datetime as dt

from accounts.demo import DemoPart, clock, demo_part
from accounts.models import Person
from incentives import commission_runs, payouts, settlement, tier_runs
from incentives.choices import BatchState
from incentives.commission import SELLER, SHARER
from incentives.ladders import start_ladders
from incentives.models import (
    CommissionLine,
    CommissionRun,
    Journal,
    LedgerAccount,
    Payout,
    PayoutBatch,
    PayoutDestination,
    Posting,
    ReleaseLine,
    Settlement,
    Statement,
    TierChange,
    TierRisk,
)
from incentives.payout_choices import ConsentWay
from incentives.plans import NewRate, save_version
from kosops.lib.periods import Month
from kosops.lib.secrets import blind_index, encrypt
from matrix.choices import CreatorState
from matrix.models import Creator

HOLD_DAYS = 15
CAP_BP = 1500
# Months from the first to the one in which the plan changed.
CHANGED_AFTER = 3
# Of a hundred creators so many have not said where they are paid.
NO_DESTINATION = 4
# The month whose batch has a payment that the bank could not make, counted from the first.
MONTH_WITH_FAILURE = 2
FAILURE = "户名与账号不符"
# Leading digits of bank cards.
BANKS = ("622202", "621700", "622848", "621661", "622588", "621485")
# Days with a run, besides settling and yesterday: nightly ones would take too long to play.
RUN_DAYS = (16,)

SELLER_RATES = {"": 500, "彩妆": 600, "香水": 800, "礼盒": 400}
SHARER_RATES = {"": 200, "junior": 300, "intermediate": 400, "senior": 600}


def _rates(changed: dict[str, int]) -> list[NewRate]:
    selling = SELLER_RATES | changed
    return [
        *(NewRate(SELLER, rate, category=category) for category, rate in selling.items()),
        *(NewRate(SHARER, rate, tier=tier) for tier, rate in SHARER_RATES.items()),
    ]


@demo_part(order=50)
class RulesAndMoney(DemoPart):
    """Tier rules and plans, runs, one settlement a month, payouts up to the month before last."""

    name = "incentives"
    fills = (
        CommissionRun,
        CommissionLine,
        ReleaseLine,
        LedgerAccount,
        Journal,
        Posting,
        Statement,
        Payout,
        TierChange,
        TierRisk,
        PayoutDestination,
    )

    def prepare(self) -> None:
        demo = self.demo
        self.lin = Person.objects.get(username="lin")
        self.chen = Person.objects.get(username="chen")
        self.zhao = Person.objects.get(username="zhao")
        self.months = sorted({Month.of(day) for day in demo.days})
        start_ladders(by=self.lin, brand=demo.brand, valid_from=demo.first_day)
        self._save_plan(self.months[0], {})
        self._save_destinations()

    def play(self, until: dt.datetime) -> None:
        brand, day = self.demo.brand, self.demo.last_day
        is_last = until == self.demo.moments()[-1]
        if not is_last:
            day = until.date()
        month = Month.of(day)
        changes = self.months[min(CHANGED_AFTER, len(self.months) - 1)]
        if day < changes.first_day <= day + dt.timedelta(days=10):
            self._change_plan(changes)
        self._settle(month.shifted(-1), until)
        self._pay_out(until)
        with clock(until if is_last else self.demo.at(day + dt.timedelta(days=1), 2, 30)):
            if is_last or day == month.last_day:
                tier_runs.evaluate(by=None, brand=brand, as_of=day)
            if is_last or day.day in RUN_DAYS:
                commission_runs.accrue(by=None, brand=brand, as_of=day)
                commission_runs.release(by=None, brand=brand, as_of=day)
        if is_last:
            self._make_last_batch()

    def figures(self) -> dict[str, int]:
        brand = self.demo.brand
        return {
            "settlements": Settlement.objects.filter(brand=brand).count(),
            "payout_batches": PayoutBatch.objects.filter(brand=brand).count(),
        }

    # -- rules -------------------------------------------------------------------------

    def _save_plan(self, month: Month, changed: dict[str, int]) -> None:
        save_version(
            by=self.lin,
            approved_by=self.zhao,
            brand=self.demo.brand,
            name=f"{month.year}年{month.month}月起佣金方案",
            valid_from=month.first_day,
            rates=_rates(changed),
            hold_days=HOLD_DAYS,
            cap_bp=CAP_BP,
        )

    def _change_plan(self, month: Month) -> None:
        """More for make-up, less for gift sets, announced some days before."""
        if not hasattr(self, "changed_plan"):
            self.changed_plan = True
            self._save_plan(month, {"彩妆": 700, "礼盒": 300})

    def _save_destinations(self) -> None:
        creators = Creator.objects.filter(brand=self.demo.brand).exclude(
            state=CreatorState.CANDIDATE
        )
        rows = []
        for creator in creators.order_by("pk"):
            if creator.person_id is None and self.rng.random() * 100 < NO_DESTINATION:
                continue
            number = self.rng.choice(BANKS) + f"{self.rng.randrange(10**13):013d}"
            rows.append(
                PayoutDestination(
                    creator=creator,
                    holder=encrypt(creator.name),
                    account=encrypt(number),
                    masked=f"···· {number[-4:]}",
                    fingerprint=blind_index("payout_account", f"bank:{number}"),
                    consent_at=self.demo.at(self.demo.first_day, 10),
                    consent_way=ConsentWay.PHONE if creator.person_id else ConsentWay.PAPER,
                )
            )
        PayoutDestination.objects.bulk_create(rows, batch_size=1000)

    # -- months ------------------------------------------------------------------------

    def _settle(self, month: Month, until: dt.datetime) -> None:
        """Settle the month before as soon as it is over, on the third or now if that is earlier."""
        brand = self.demo.brand
        if (
            month not in self.months
            or Settlement.objects.filter(brand=brand, period=str(month)).exists()
        ):
            return
        with clock(self.demo.at(until.date(), 15, 40) if until.hour > 15 else until):
            settled = settlement.settle(by=self.chen, brand=brand, month=month)
        if self._is_paid_later(month):
            return
        with clock(self.demo.at(until.date(), 16, 20)):
            batches = payouts.make_batches(by=self.chen, settlement=settled)
        with clock(self.demo.at(until.date(), 16, 45)):
            for batch in batches:
                payouts.submit(by=self.chen, batch=batch)

    def _is_paid_later(self, month: Month) -> bool:
        """Whether it is the last settled month, whose batch waits for a second person."""
        return month.shifted(1) == Month.of(self.demo.last_day)

    def _pay_out(self, until: dt.datetime) -> None:
        """Approve, send and book what was submitted, once the days for it have passed."""
        waiting = PayoutBatch.objects.filter(brand=self.demo.brand, state=BatchState.SUBMITTED)
        for batch in waiting.select_related("settlement").order_by("pk"):
            submitted = batch.submitted_at.astimezone(self.demo.zone).date()  # type: ignore[union-attr]
            if until < self.demo.at(submitted + dt.timedelta(days=4), 0):
                continue
            with clock(self.demo.at(submitted + dt.timedelta(days=1), 10, 12)):
                payouts.approve(by=self.zhao, batch=batch)
            with clock(self.demo.at(submitted + dt.timedelta(days=1), 11, 3)):
                batch = payouts.export(by=self.chen, batch=batch)
            with clock(self.demo.at(submitted + dt.timedelta(days=3), 9, 40)):
                payouts.take_results(by=self.chen, rows=self._answers(batch))

    def _answers(self, batch: PayoutBatch) -> list[payouts.Result]:
        """The bank paid everybody, but for one payment of one month."""
        failing = self.months.index(Month.parse(batch.settlement.period)) == MONTH_WITH_FAILURE
        rows = list(batch.payouts.select_related("creator").order_by("out_no"))
        strangers = [payout.out_no for payout in rows if payout.creator.person_id is None]
        refused = self.rng.choice(strangers) if failing and strangers else ""
        return [
            payouts.Result(
                payout.out_no,
                succeeded=payout.out_no != refused,
                amount=payout.amount,
                provider_no=f"PAB{batch.pk:04d}{place:06d}",
                failure=FAILURE if payout.out_no == refused else "",
            )
            for place, payout in enumerate(rows, start=1)
        ]

    def _make_last_batch(self) -> None:
        """The batch of the last settled month was submitted yesterday and waits for approval.

        It is made after the last run, so that the books owe what it pays.
        """
        last = Settlement.objects.filter(brand=self.demo.brand).order_by("-period").first()
        if last is None or last.batches.exists():
            return
        settled = last.settled_at or self.demo.at(self.demo.last_day, 0)
        with clock(max(settled, self.demo.at(self.demo.last_day, 16, 20))):
            batches = payouts.make_batches(by=self.chen, settlement=last)
        with clock(max(settled, self.demo.at(self.demo.last_day, 16, 45))):
            for batch in batches:
                payouts.submit(by=self.chen, batch=batch)
