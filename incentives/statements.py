"""What a creator earned, holds, is owed and was paid: the queries behind statements."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.conf import settings
from django.db.models import F, Q, QuerySet, Subquery, Sum

from accounts.models import Unit
from customers.models import OrderLine
from incentives.choices import JournalKind, LedgerKind, PayoutState, SettlementState
from incentives.models import (
    CommissionLine,
    MonthLine,
    Payout,
    Posting,
    Settlement,
    Statement,
)
from kosops.lib.periods import Month
from matrix.models import Creator

# What is owed to people stands on these accounts; these journals only move it.
OWED = (LedgerKind.ACCRUED, LedgerKind.PAYABLE)
MOVING = (JournalKind.RELEASE, JournalKind.PAYOUT_APPROVED, JournalKind.PAYOUT_FAILED)


@dataclass(frozen=True)
class Balances:
    """Minor units; ``payable`` is negative when the creator owes something back."""

    held: int
    payable: int
    in_flight: int
    paid: int


@dataclass(frozen=True)
class MonthSoFar:
    """What the runs of an open month posted."""

    month: Month
    earned: int
    clawed_back: int
    # Rewards, prizes and what was booked by hand.
    other: int = 0

    @property
    def net(self) -> int:
        return self.earned - self.clawed_back + self.other


def balances_of(creator: Creator) -> Balances:
    """Where the creator's money stands in the books now."""
    paid = Payout.objects.filter(creator=creator, state=PayoutState.SUCCEEDED).order_by()
    rows = list(
        Posting.objects.filter(account__creator=creator, account__currency=settings.CURRENCY)
        .values_list("account__kind")
        .annotate(
            sum=Sum("amount"),
            paid=Subquery(paid.values("creator").annotate(sum=Sum("amount")).values("sum")),
        )
    )
    owed = {kind: amount for kind, amount, _paid in rows}
    return Balances(
        held=-owed.get(LedgerKind.ACCRUED, 0),
        payable=-owed.get(LedgerKind.PAYABLE, 0),
        in_flight=-owed.get(LedgerKind.INFLIGHT, 0),
        # Nothing is paid that was not booked first.
        paid=next((paid or 0 for _kind, _amount, paid in rows), 0),
    )


def lines_of(creator: Creator, month: Month) -> QuerySet[CommissionLine]:
    """The lines that the month's runs posted for the creator, with what pages show of them."""
    return CommissionLine.objects.filter(
        creator=creator, run__as_of__range=(month.first_day, month.last_day)
    ).select_related("order", "order_line", "rate", "run")


def month_lines_of(creator: Creator, month: Month) -> QuerySet[MonthLine]:
    """What steps and monthly limits added or took by the accrual runs of a month."""
    return (
        MonthLine.objects.filter(
            creator=creator,
            version__isnull=False,
            run__as_of__range=(month.first_day, month.last_day),
        )
        .select_related("version", "run")
        .order_by("pk")
    )


def month_so_far(creator: Creator, day: dt.date) -> MonthSoFar:
    month = Month.of(day)
    sums = lines_of(creator, month).aggregate(
        earned=Sum("amount", filter=Q(amount__gt=0)), lost=Sum("amount", filter=~Q(amount__gt=0))
    )
    other = bookings_of(creator, month).aggregate(sum=Sum("amount"))["sum"]
    return MonthSoFar(month, sums["earned"] or 0, -(sums["lost"] or 0), -(other or 0))


def bookings_of(creator: Creator, month: Month) -> QuerySet[Posting]:
    """What was booked for the creator in the month beside commission and payouts, the latest first.

    What is owed to people is negative in the books.
    """
    return (
        Posting.objects.filter(
            account__creator=creator,
            account__kind__in=OWED,
            account__currency=settings.CURRENCY,
            journal__business_date__range=(month.first_day, month.last_day),
            journal__run=None,
        )
        .exclude(journal__kind__in=MOVING)
        .select_related("journal__reverses")
        .order_by("-journal_id", "line")
    )


def settled_months(creator: Creator) -> QuerySet[Statement]:
    return (
        Statement.objects.filter(creator=creator, settlement__until=None)
        .select_related("settlement")
        .order_by("-settlement__period")
    )


def all_of(creator: Creator) -> QuerySet[Statement]:
    """Statements of months and in between, the latest month first, its own before those within."""
    return (
        Statement.objects.filter(creator=creator)
        .select_related("settlement")
        .order_by("-settlement__period", F("settlement__until").desc(nulls_first=True), "-pk")
    )


def settled_periods(brand: Unit | None) -> list[str]:
    """Settled months, the latest first. A month is public within its brand, its rows are not."""
    found = Settlement.objects.filter(brand=brand, state=SettlementState.SETTLED)
    return list(found.order_by("-period").values_list("period", flat=True))


def lines_of_entitlement(creator: Creator, line: OrderLine, role: str) -> QuerySet[CommissionLine]:
    """What runs posted to a person for an order line in one role."""
    return CommissionLine.objects.filter(
        order=line.order_id, order_line=line, creator=creator, role=role
    ).select_related("run")


def own_lines(creator: Creator, role: str) -> QuerySet[OrderLine]:
    """The order lines that the creator was credited for in this role."""
    credited = CommissionLine.objects.filter(creator=creator, role=role)
    return OrderLine.objects.filter(pk__in=credited.values("order_line"))
