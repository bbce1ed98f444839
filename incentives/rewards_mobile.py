"""The phone page of a creator's own rewards."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incentives import rewards, rewards_coupons, rewards_words
from kosops.lib.lists import keyset_page
from matrix.models import Creator
from matrix.own import own_page

# A thumb scrolls through twenty rows, not fifty.
SHOWN = 20


@require_safe
@own_page
def own_rewards(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What each of my notes earned, or why nothing yet."""
    page = keyset_page(
        rewards_coupons.with_given(creator.rewards.select_related("rule__coupon", "post")),
        field="done_on",
        descending=True,
        cursor=request.GET.get("cursor", ""),
        size=SHOWN,
    )
    money, in_points, pieces = rewards.sums(creator.rewards.all())
    waits = rewards_coupons.waiting(creator.rewards.all()) if pieces.released else {}
    own = rewards_coupons.own_pieces(creator, page.rows)
    context = {
        "creator": creator,
        "money": money,
        "points": in_points,
        "coupons": pieces,
        "coupons_here": pieces.released - sum(waits.values()),
        "page": page,
        "rows": [
            (
                each,
                rewards_words.standing_sentence(each),
                rewards_words.next_sentence(each),
                rewards_words.amount_of(each, each.earned),
                own.get(each.pk),
            )
            for each in page.rows
        ],
    }
    return render(request, "mobile/rewards.html", context)
