"""What the first phone page shows of a creator besides the money."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Q, Sum

from content.formulas import TIER_INTERACTIONS, value_of
from content.models import Post, PostLink
from customers.models import Order
from incentives import tier_runs
from kosops.lib.periods import Month
from matrix import purchase_proofs
from matrix.choices import CreatorKind, KocKind
from matrix.models import Creator

LATEST_POSTS = 3


@dataclass(frozen=True)
class Sold:
    """Orders that the creator sold in the month so far, and their net amount."""

    orders: int
    amount: int


def ladder_of(creator: Creator, day: dt.date) -> tier_runs.Progress | None:
    return tier_runs.progress_of(creator, day)


def posts_of(creator: Creator) -> list[tuple[Post, int | None]]:
    """The latest posts with their interactions, None while no figure is in."""
    posts = Post.objects.filter(creator=creator).order_by("-published_at")[:LATEST_POSTS]
    return [
        (
            post,
            value_of(
                TIER_INTERACTIONS,
                {"likes": post.likes, "saves": post.saves, "comments": post.comments},
            ),
        )
        for post in posts
    ]


def is_first_time(creator: Creator) -> bool:
    """Whether no post, link or order of this person ever came in; so there is no money either."""
    return not (
        Post.objects.filter(creator=creator).exists()
        or PostLink.objects.filter(creator=creator).exists()
        or Order.objects.filter(Q(seller=creator) | Q(sharer=creator)).exists()
    )


def bought(creator: Creator) -> str:
    """What is known of a KOC's own purchases; nothing for whom nobody asks."""
    if creator.kind != CreatorKind.KOC or creator.koc_kind == KocKind.CONTRACTED:
        return ""
    found: Any = purchase_proofs.of_people([creator.pk])[creator.pk]
    return str(purchase_proofs.TOLD[found.shown])


def sold_of(creator: Creator, day: dt.date) -> Sold:
    found = (
        Order.objects.filter(seller=creator, business_date__range=(Month.of(day).first_day, day))
        .exclude(status="closed")
        .aggregate(orders=Count("pk"), amount=Sum(F("paid_amount") - F("refunded_amount")))
    )
    return Sold(orders=found["orders"], amount=found["amount"] or 0)
