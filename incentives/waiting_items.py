"""What money and tiers have waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet, Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import access, waiting
from accounts.models import Person
from incentives import corrections, proof_runs, settlement, words
from incentives.choices import BatchState
from incentives.dispute_choices import DisputeState
from incentives.models import (
    Boost,
    Dispute,
    PayoutBatch,
    RewardItem,
    RewardRule,
    TierProposal,
    TierRisk,
)
from kosops.ui.parts import Waiting
from kosops.ui.templatetags.ui import money


@waiting.question("batches_to_decide")
def _count_to_decide(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(_to_decide(person))


@waiting.question("money_to_decide")
def _money_to_decide(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(_to_decide(person), Sum("total"))


@waiting.question("corrections_to_decide")
def _corrections_to_decide(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(corrections.to_decide(person))


@waiting.question("books_differ")
def _books_differ(person: Person) -> QuerySet[Any, Any]:
    brands = access.visible_brands(person, "payouts.make")
    return waiting.figure(proof_runs.standing(brands), Sum("differences"))


@waiting.question("open_disputes")
def _open_disputes(person: Person) -> QuerySet[Any, Any]:
    visible = Dispute.objects.for_user(person, "disputes.answer")
    return waiting.figure(visible.filter(state=DisputeState.OPEN).exclude(creator__person=person))


@waiting.question("own_batches")
def _own_batches(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(
        PayoutBatch.objects.for_user(person, "payouts.make").filter(
            state__in=[BatchState.DRAFT, BatchState.APPROVED], maker=person
        )
    )


@waiting.question("falling")
def _falling(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(TierRisk.objects.for_user(person, "tiers.view"))


@waiting.question("reward_rules")
def _reward_rules(person: Person) -> QuerySet[Any, Any]:
    visible = RewardRule.objects.for_user(person, "rewards.approve")
    return waiting.figure(visible.filter(state="waiting").exclude(created_by=person))


@waiting.question("boosts")
def _boosts(person: Person) -> QuerySet[Any, Any]:
    visible = Boost.objects.for_user(person, "rewards.approve")
    return waiting.figure(visible.filter(state="asked").exclude(asked_by=person))


@waiting.question("flagged_rewards")
def _flagged(person: Person) -> QuerySet[Any, Any]:
    visible = RewardItem.objects.for_user(person, "rewards.edit")
    return waiting.figure(visible.filter(standing="flagged"))


@waiting.question("tier_moves")
def _tier_moves(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(
        TierProposal.objects.for_user(person, "tiers.confirm").filter(state="waiting")
    )


def _to_decide(person: Person) -> QuerySet[PayoutBatch]:
    """Own batches wait for somebody else."""
    visible = PayoutBatch.objects.for_user(person, "payouts.approve")
    return visible.filter(state=BatchState.SUBMITTED).exclude(maker=person)


def batches_to_decide(person: Person) -> int:
    """How many batches wait for this person's approval; own batches do not."""
    return waiting.facts_of(person)["batches_to_decide"]


@waiting.question("stopped_batches")
def _stopped_batches(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(
        PayoutBatch.objects.for_user(person, "payouts.approve").filter(paused_at__isnull=False)
    )


@waiting.register
def stopped(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["stopped_batches"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> payout batch is stopped",
                    "<b>{count}</b> payout batches are stopped",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:payouts"),
            icon="circle-alert",
            rank="must",
            note=_("The bank named another amount than we sent"),
        )


@waiting.register
def payouts(person: Person) -> Iterator[Waiting]:
    facts = waiting.facts_of(person)
    if count := facts["batches_to_decide"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{total}</b> in {count} payout batch to approve",
                    "<b>{total}</b> in {count} payout batches to approve",
                    count,
                ),
                total=money(facts["money_to_decide"]),
                count=count,
            ),
            href=reverse("incentives:payouts"),
            icon="banknote",
            rank="must",
            note=_("No money moves before a second person has looked"),
        )


@waiting.register
def by_hand(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["corrections_to_decide"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> booking by hand to approve",
                    "<b>{count}</b> bookings by hand to approve",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:corrections") + "?state=waiting",
            icon="book-open",
            rank="must",
            note=_("Another person asked for it; you decide"),
        )


@waiting.register
def differences(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["books_differ"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "The books show <b>{count}</b> difference, payouts are stopped",
                    "The books show <b>{count}</b> differences, payouts are stopped",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:books"),
            icon="shield-check",
            rank="must",
            note=_("Until a later proof finds nothing"),
        )


@waiting.register
def questions(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["open_disputes"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> question about money to answer",
                    "<b>{count}</b> questions about money to answer",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:disputes") + "?state=open",
            icon="circle-help",
            rank="notice",
        )


@waiting.register
def drafts(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["own_batches"]:
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
    if not access.reach(person, "commission.settle"):
        return
    brands = access.visible_brands(person, "commission.settle")
    for brand, month in settlement.next_months(brands):
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
def tier_moves(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["tier_moves"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> move between tiers to confirm",
                    "<b>{count}</b> moves between tiers to confirm",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:tier_review"),
            icon="layers",
            rank="must",
            note=_("Nobody rises or falls before that"),
        )


@waiting.register
def rewards(person: Person) -> Iterator[Waiting]:
    facts = waiting.facts_of(person)
    if count := facts["reward_rules"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> reward rule to approve",
                    "<b>{count}</b> reward rules to approve",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:reward_rules"),
            icon="gift",
            rank="must",
        )
    if count := facts["boosts"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> request for traffic to decide",
                    "<b>{count}</b> requests for traffic to decide",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:boosts"),
            icon="trending-up",
            rank="notice",
        )
    if count := facts["flagged_rewards"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> reward whose figures rose at once",
                    "<b>{count}</b> rewards whose figures rose at once",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:rewards") + "?standing=flagged",
            icon="shield",
            rank="notice",
        )


@waiting.register
def falling(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["falling"]:
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
