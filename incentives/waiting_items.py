"""What money and tiers have waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import Count, Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import access, waiting
from accounts.models import Person
from incentives import settlement, words
from incentives.choices import BatchState
from incentives.models import PayoutBatch, TierRisk
from kosops.ui.parts import Waiting
from kosops.ui.templatetags.ui import money


def batches_to_decide(person: Person) -> int:
    """How many batches wait for this person's approval; own batches do not."""
    return (
        PayoutBatch.objects.for_user(person, "payouts.approve")
        .filter(state=BatchState.SUBMITTED)
        .exclude(maker=person)
        .count()
    )


@waiting.register
def payouts(person: Person) -> Iterator[Waiting]:
    found = (
        PayoutBatch.objects.for_user(person, "payouts.approve")
        .filter(state=BatchState.SUBMITTED)
        .exclude(maker=person)
        .aggregate(count=Count("pk"), total=Sum("total"))
    )
    if found["count"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{total}</b> in {count} payout batch to approve",
                    "<b>{total}</b> in {count} payout batches to approve",
                    found["count"],
                ),
                total=money(found["total"]),
                count=found["count"],
            ),
            href=reverse("incentives:payouts"),
            icon="banknote",
            rank="must",
            note=_("No money moves before a second person has looked"),
        )


@waiting.register
def drafts(person: Person) -> Iterator[Waiting]:
    count = (
        PayoutBatch.objects.for_user(person, "payouts.make")
        .filter(state__in=[BatchState.DRAFT, BatchState.APPROVED], maker=person)
        .count()
    )
    if count:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> of your payout batches is not at the bank yet",
                    "<b>{count}</b> of your payout batches are not at the bank yet",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:payouts"),
            icon="send",
            rank="notice",
        )


@waiting.register
def months(person: Person) -> Iterator[Waiting]:
    for brand in access.brands_of(person, "commission.settle"):
        month = settlement.next_month(brand)
        if month is not None:
            yield Waiting(
                text=format_html(
                    _("<b>{month}</b> can be settled"), month=words.month_name(str(month))
                ),
                href=reverse("incentives:settlements"),
                icon="calendar-check",
                rank="notice",
                note=brand.name,
            )


@waiting.register
def falling(person: Person) -> Iterator[Waiting]:
    found = TierRisk.objects.for_user(person, "tiers.view").order_by("falls_on")
    count = found.count()
    if count:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> creator is at risk of a lower tier",
                    "<b>{count}</b> creators are at risk of a lower tier",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:tiers"),
            icon="trending-down",
            rank="suggestion",
        )
