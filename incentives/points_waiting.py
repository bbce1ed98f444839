"""What points have waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import F, QuerySet, Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import waiting
from accounts.models import Person
from incentives import rewards_coupons
from incentives.models import PointGrant, Redemption, RewardItem
from incentives.points_choices import GrantState, RedemptionState
from kosops.ui.parts import Waiting


@waiting.question("rewards_to_hand_out")
def _to_hand_out(person: Person) -> QuerySet[Any, Any]:
    visible = Redemption.objects.for_user(person, "catalogue.fulfil")
    return waiting.figure(visible.filter(state=RedemptionState.TO_DO))


@waiting.register
def rewards(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["rewards_to_hand_out"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> reward to hand out",
                    "<b>{count}</b> rewards to hand out",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:redemptions") + f"?state={RedemptionState.TO_DO}",
            icon="gift",
            rank="notice",
        )


@waiting.question("coupons_short")
def _coupons_short(person: Person) -> QuerySet[Any, Any]:
    visible = RewardItem.objects.for_user(person, "catalogue.edit")
    return waiting.figure(rewards_coupons.short(visible), Sum(F("released") - F("given")))


@waiting.register
def coupons_short(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["coupons_short"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> coupon is owed and none is left",
                    "<b>{count}</b> coupons are owed and none is left",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:reward_rules"),
            icon="gift",
            rank="must",
            note=_("Add codes or stock; they are handed out at once"),
        )


@waiting.question("point_grants")
def _grants(person: Person) -> QuerySet[Any, Any]:
    """What somebody asked for oneself waits for somebody else."""
    visible = PointGrant.objects.for_user(person, "points.approve")
    return waiting.figure(visible.filter(state=GrantState.WAITING).exclude(maker=person))


def grants_to_decide(person: Person) -> int:
    return waiting.facts_of(person)["point_grants"]


@waiting.register
def grants(person: Person) -> Iterator[Waiting]:
    if count := grants_to_decide(person):
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> gift of points to decide on",
                    "<b>{count}</b> gifts of points to decide on",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:point_grants") + f"?state={GrantState.WAITING}",
            icon="coins",
            rank="notice",
            note=_("Above the limit a second person looks first"),
        )
