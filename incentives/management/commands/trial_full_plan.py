"""Play a year of Online Retail through a plan with everything in it, in order and shuffled.

Needs the brand that `manage.py trial_online_retail` made. Its orders and the cancellations that were
matched to them are told to two new brands month by month, each month settled behind them:

- *in order*: every sale and every cancellation on the day on which it happened;
- *shuffled*: a third of them up to 45 days late, so that cancellations come before their sale and
  sales after their month was settled; within a day in any order; and one in seven told twice.

Both have to owe every person the same to the cent, the books of both have to prove, and what people
earned has to be what a plain count of the orders says, which knows nothing of runs and settlements.
"""

from __future__ import annotations

import datetime as dt
import random
import time
from argparse import ArgumentParser
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db.models import Sum
from django.utils import timezone

from accounts.choices import UnitKind
from accounts.models import Unit
from accounts.units import add_unit
from customers import intake
from customers.choices import Attribution
from customers.import_online_retail import place_of
from customers.intake import LineFacts, OrderFacts, RefundFacts
from customers.models import Order, Refund
from incentives import places, proof, settlement
from incentives.choices import LedgerKind
from incentives.commission import MANAGER, POT, SELLER, SHARER
from incentives.management.commands.trial_online_retail import CODE, SOURCE
from incentives.models import CommissionLine, MonthLine, Posting, Statement
from incentives.plan_choices import Base
from incentives.plans import NewRate, save_version
from kosops.lib.periods import Month
from matrix.choices import CreatorKind
from matrix.models import Creator
from matrix.registry import add_creator

FIRST, LAST = Month(2010, 12), Month(2011, 11)
STORES, SELLERS, SHARERS = 3, 12, 6
# One customer in three was sent by a KOC.
SHARED_BY_ONE_IN = 3
SELLER_BP, SHARER_BP, POT_BP, MANAGER_BP = 500, 150, 100, 1_000
STEPS = ((2_000_000, 600), (5_000_000, 700))
MANAGER_CAP = 150_000
HOLD_DAYS = 14
# A store's pot goes to its four sellers in these parts.
WEIGHTS = (4, 3, 2, 1)

LATE_ONE_IN, LATE_DAYS, AGAIN_ONE_IN = 3, 45, 7
AT_ONCE = 500


@dataclass(frozen=True)
class Event:
    """A sale or a cancellation, and when it is told."""

    told_at: dt.datetime
    key: str
    facts: OrderFacts | RefundFacts


class Command(BaseCommand):
    help = "Play the Online Retail year through a full plan, in order and shuffled, and compare."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=7, help="of the shuffled brand's order")

    def handle(self, *args: Any, **options: Any) -> None:
        source = Unit.objects.filter(kind=UnitKind.BRAND, code=CODE).first()
        if source is None:
            raise CommandError(
                "First manage.py trial_online_retail FILE: its orders are told here."
            )
        straight = self._play(source, "ORA", "in order", seed=None)
        shuffled = self._play(source, "ORB", "shuffled", seed=options["seed"])
        self._months(straight, shuffled)
        self._compare(straight, shuffled)
        self._count(straight)
        differences = proof.differences(proof.verify())
        self.stdout.write(f"verify_books: {differences} differences")
        if differences:
            raise CommandError("The books do not prove: manage.py verify_books")

    # -- telling ---------------------------------------------------------------------------

    def _play(self, source: Unit, code: str, name: str, *, seed: int | None) -> Unit:
        brand = Unit.objects.filter(kind=UnitKind.BRAND, code=code).first()
        if brand is not None:
            self.stdout.write(f"{name}: played already; what came of it follows.")
            return brand
        began = time.perf_counter()
        brand = prepare(code, name)
        events = list(self._events(source, brand))
        # A shuffle that can be repeated, nothing secret.
        rng = None if seed is None else random.Random(seed)  # noqa: S311
        if rng is not None:
            events = late_and_again(events, rng)
        by_month: dict[Month, list[Event]] = defaultdict(list)
        for event in sorted(events, key=lambda each: (each.told_at, each.key)):
            by_month[Month.of(timezone.localdate(event.told_at))].append(event)
        results: Counter[str] = Counter()
        month = FIRST
        # One month more takes what is told late.
        while month <= LAST.shifted(1):
            results += tell(brand, by_month[month], rng)
            settlement.settle(by=None, brand=brand, month=month)
            month = month.shifted(1)
        told = ", ".join(f"{number:,} {result}" for result, number in sorted(results.items()))
        self.stdout.write(
            f"{name}: {len(events):,} told ({told}) in {time.perf_counter() - began:.0f} s"
        )
        return brand

    def _events(self, source: Unit, brand: Unit) -> Iterable[Event]:
        """What the year held, as the new brand is told it."""
        people = list(Creator.objects.filter(brand=brand).order_by("number"))
        sellers = [each for each in people if each.kind == CreatorKind.KOS]
        sharers = [each for each in people if each.kind == CreatorKind.KOC]
        until = LAST.last_day
        orders = Order.objects.filter(brand=source, source=SOURCE, business_date__lte=until)
        for order in orders.prefetch_related("lines").iterator(AT_ONCE):
            buyer = order.buyer_key.hex() if order.buyer_key else ""
            seller = sellers[place_of(buyer, SELLERS)] if buyer else None
            shared = bool(buyer) and place_of(f"shared {buyer}", SHARED_BY_ONE_IN) == 0
            sharer = sharers[place_of(f"by {buyer}", SHARERS)] if shared else None
            yield Event(
                order.paid_at,
                order.external_id,
                OrderFacts(
                    source=SOURCE,
                    external_id=order.external_id,
                    store_id=seller.store_id if seller else sellers[0].store_id,
                    paid_at=order.paid_at,
                    finished_at=order.finished_at,
                    status=order.status,
                    lines=tuple(
                        LineFacts(
                            line_no=line.line_no,
                            paid_amount=line.paid_amount,
                            sku=line.sku,
                            quantity=line.quantity,
                            commissionable=line.commissionable,
                        )
                        for line in order.lines.all()
                    ),
                    seller_id=seller.pk if seller else None,
                    seller_by=Attribution.RULE if seller else Attribution.NONE,
                    sharer_id=sharer.pk if sharer else None,
                    sharer_by=Attribution.RULE if sharer else Attribution.NONE,
                    source_updated_at=order.paid_at,
                ),
            )
        refunds = Refund.objects.filter(order__brand=source, order__business_date__lte=until)
        for refund in refunds.select_related("order", "line").iterator(AT_ONCE):
            if timezone.localdate(refund.refunded_at) > until:
                continue
            yield Event(
                refund.refunded_at,
                refund.external_id,
                RefundFacts(
                    source=SOURCE,
                    order_external_id=refund.order.external_id,
                    external_id=refund.external_id,
                    amount=refund.amount,
                    refunded_at=refund.refunded_at,
                    line_no=refund.line.line_no if refund.line else "",
                ),
            )

    # -- comparing -------------------------------------------------------------------------

    def _months(self, straight: Unit, shuffled: Unit) -> None:
        """What each month's statements came to; later news make them differ, not their sum."""
        self.stdout.write(
            f"{'month':<10}{'earned':>14}{'clawed back':>14}{'':>4}{'earned':>14}{'clawed back':>14}"
        )
        sums = {brand: statement_sums(brand) for brand in (straight, shuffled)}
        for period in sums[straight]:
            cells = [sums[brand].get(period, (0, 0)) for brand in (straight, shuffled)]
            self.stdout.write(
                f"{period:<10}{money(cells[0][0])}{money(cells[0][1])}"
                f"{'':>4}{money(cells[1][0])}{money(cells[1][1])}"
            )

    def _compare(self, straight: Unit, shuffled: Unit) -> None:
        """Held and payable of every person, and what lines and months gave by role."""
        ours, theirs = balances(straight), balances(shuffled)
        self.stdout.write(
            f"{len(ours)} people; held {money(sum(held for held, _p in ours.values())).strip()},"
            f" payable {money(sum(payable for _h, payable in ours.values())).strip()}"
        )
        wrong = [number for number in ours if ours[number] != theirs.get(number)]
        self.stdout.write(f"people owed another amount when shuffled: {len(wrong)}")
        for role, amount in by_role(straight).items():
            self.stdout.write(f"  {role:<10}{money(amount)}{money(by_role(shuffled).get(role, 0))}")
        if wrong or by_role(straight) != by_role(shuffled):
            raise CommandError(f"Not the same: {', '.join(wrong)}")

    def _count(self, brand: Unit) -> None:
        """The same from the orders alone."""
        expected, found = plain_count(brand), by_role(brand)
        for role, amount in expected.items():
            self.stdout.write(f"  {role:<10} counted{money(amount)} in kosops{money(found[role])}")
        if expected != found:
            raise CommandError("The plain count says something else.")


# -- setting up ----------------------------------------------------------------------------


def prepare(code: str, name: str) -> Unit:
    """A brand with stores, staff, leads and weights, KOC, and the plan in two versions."""
    brand = add_unit(by=None, kind=UnitKind.BRAND, code=code, name=f"Online Retail, {name}")
    stores = [
        add_unit(by=None, kind=UnitKind.STORE, code=f"{code}{n}", name=f"Shop {n}", parent=brand)
        for n in range(1, STORES + 1)
    ]
    for n in range(SELLERS):
        seller = add_creator(
            by=None,
            store=stores[n % STORES],
            kind=CreatorKind.KOS,
            number=f"S{n:02d}",
            name=f"Seller {n}",
        )
        place = n // STORES
        places.put(
            by=None,
            creator=seller,
            first=FIRST.first_day,
            weight=WEIGHTS[place],
            leads=place == 0,
        )
    for n in range(SHARERS):
        add_creator(
            by=None,
            store=stores[n % STORES],
            kind=CreatorKind.KOC,
            number=f"Z{n:02d}",
            name=f"Sharer {n}",
        )
    save_version(
        by=None,
        brand=brand,
        name="Full plan",
        valid_from=FIRST.first_day,
        hold_days=HOLD_DAYS,
        rates=[
            NewRate(SELLER, SELLER_BP, steps=STEPS),
            NewRate(SHARER, SHARER_BP),
            NewRate(POT, POT_BP),
            NewRate(MANAGER, MANAGER_BP, base=Base.SELLER, month_cap=MANAGER_CAP),
        ],
    )
    return brand


def late_and_again(events: list[Event], rng: random.Random) -> list[Event]:
    """The same events, some told late and some twice, none after the month that follows the last."""
    end = max(event.told_at for event in events) + dt.timedelta(days=LATE_DAYS)
    end = min(end, dt.datetime.combine(LAST.shifted(1).last_day, dt.time(12), dt.UTC))

    def later(event: Event) -> Event:
        delay = dt.timedelta(days=rng.randrange(1, LATE_DAYS + 1))
        return Event(min(event.told_at + delay, end), event.key, event.facts)

    told = [later(event) if rng.randrange(LATE_ONE_IN) == 0 else event for event in events]
    return told + [later(event) for event in events if rng.randrange(AGAIN_ONE_IN) == 0]


def tell(brand: Unit, events: list[Event], rng: random.Random | None) -> Counter[str]:
    """Hand the events in, day by day; a day is shuffled where ``rng`` is given."""
    results: Counter[str] = Counter()
    days: dict[dt.date, list[Event]] = defaultdict(list)
    for event in events:
        days[timezone.localdate(event.told_at)].append(event)
    for day in sorted(days):
        of_day = days[day]
        if rng:
            rng.shuffle(of_day)
        orders = [event.facts for event in of_day if isinstance(event.facts, OrderFacts)]
        refunds = [event.facts for event in of_day if isinstance(event.facts, RefundFacts)]
        # Shuffled, what is cancelled is told before what was sold.
        steps: tuple[Any, ...] = (
            lambda rows=refunds: intake.take_refunds(brand=brand, rows=rows),
            lambda rows=orders: intake.take_orders(brand=brand, rows=rows),
        )
        for step in steps if rng else reversed(steps):
            results.update(outcome.result for outcome in step())
        intake.apply_waiting(brand=brand)
    return results


# -- sums ----------------------------------------------------------------------------------


def money(amount: int) -> str:
    return f"{amount / 100:>14,.2f}"


def statement_sums(brand: Unit) -> dict[str, tuple[int, int]]:
    rows = (
        Statement.objects.filter(settlement__brand=brand)
        .values_list("settlement__period")
        .annotate(Sum("earned"), Sum("clawed_back"))
        .order_by("settlement__period")
    )
    return {period: (earned, clawed_back) for period, earned, clawed_back in rows}


def balances(brand: Unit) -> dict[str, tuple[int, int]]:
    """Held and payable by the number of a person."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    rows = (
        Posting.objects.filter(account__brand=brand, account__currency=settings.CURRENCY)
        .exclude(account__creator=None)
        .values_list("account__creator__number", "account__kind")
        .annotate(Sum("amount"))
    )
    for number, kind, amount in rows:
        found[number][kind] -= amount
    return {
        number: (kinds[LedgerKind.ACCRUED], kinds[LedgerKind.PAYABLE])
        for number, kinds in sorted(found.items())
    }


def by_role(brand: Unit) -> dict[str, int]:
    """What was posted for lines by role, and what months added or took."""
    lines = CommissionLine.objects.filter(run__brand=brand, run__kind="accrual").order_by("role")
    found = dict(lines.values_list("role").annotate(Sum("amount")))
    months = MonthLine.objects.filter(run__brand=brand, run__kind="accrual")
    return found | {"months": months.aggregate(sum=Sum("amount"))["sum"] or 0}


def plain_count(brand: Unit) -> dict[str, int]:
    """Lines by role and months, counted from the orders as they stand, with whole numbers alone."""
    leads = {
        place["store"]: place["creator"]
        for place in places.on(LAST.first_day).filter(leads=True).values("store", "creator")
    }
    sums: Counter[str] = Counter()
    sold: Counter[tuple[int, Month]] = Counter()
    gave: Counter[tuple[int, Month]] = Counter()
    overrides: Counter[tuple[int, Month]] = Counter()
    for order in Order.objects.filter(brand=brand).prefetch_related("lines").iterator(AT_ONCE):
        month = Month.of(order.business_date)
        for line in order.lines.all():
            if not line.commissionable:
                continue
            net = line.paid_amount - line.refunded_amount
            sums[POT] += net * POT_BP // 10_000
            if order.sharer_id:
                sums[SHARER] += net * SHARER_BP // 10_000
            if order.seller_id:
                own = net * SELLER_BP // 10_000
                sums[SELLER] += own
                sold[order.seller_id, month] += net
                gave[order.seller_id, month] += own
                lead = leads[order.store_id]
                if lead != order.seller_id:
                    sums[MANAGER] += own * MANAGER_BP // 10_000
                    overrides[lead, month] += own * MANAGER_BP // 10_000
    for key, net in sold.items():
        bounds = [(0, SELLER_BP), *STEPS, (net, 0)]
        owed = sum(
            max(0, min(net, end) - start) * rate
            for (start, rate), (end, _rate) in zip(bounds, bounds[1:], strict=False)
        )
        sums["months"] += owed // 10_000 - gave[key]
    sums["months"] -= sum(max(0, amount - MANAGER_CAP) for amount in overrides.values())
    return dict(sorted(sums.items()))
