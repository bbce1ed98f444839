"""The first phone page of a creator: today."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incentives import rota_places, statements
from insights import today_cards
from matrix import custody
from matrix.models import Creator
from matrix.own import own_page


@require_safe
@own_page
def today(request: HttpRequest, creator: Creator) -> HttpResponse:
    """Money of the month, the tier with what the next one needs, my latest posts."""
    day = timezone.localdate()
    context = {
        "creator": creator,
        "today": day,
        "so_far": statements.month_so_far(creator, day),
        "balances": statements.balances_of(creator),
        "ladder": today_cards.ladder_of(creator, day),
        "posts": today_cards.posts_of(creator),
        "sold": today_cards.sold_of(creator, day),
        "to_sign": custody.to_sign_by(creator),
        "volunteer_news": rota_places.unread_of(creator).count(),
        "first_time": today_cards.is_first_time(creator),
        "bought": today_cards.bought(creator),
    }
    return render(request, "mobile/today.html", context)
