"""Member prices on the REST API, for the shop that applies them; read only."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Q
from django.utils import timezone
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_keys import needs_scope
from incentives import api_names, places, standing, standing_rules
from incentives.models import StandingMonth
from kosops.lib import api
from kosops.lib.periods import Month

VIEW = "points.view"
READ = "prices:read"


@needs_scope(READ)
@api_view(["GET"])
def member_prices(request: Request) -> Response:
    """Who has which member price today, since when, and until when that is certain.

    Everybody for whom a price was decided is named, also who lost it; ``entitled=true`` leaves
    those who have it.
    """
    found = api.parameters(
        request,
        creator=api.text,
        member=api.text,
        entitled=api.one_of(("true", "false")),
        updated_since=api.a_moment,
        **api.PAGED,
    )
    today = timezone.localdate()
    brand = request.auth.unit.brand or request.auth.unit
    rows = standing.in_force(brand, today, StandingMonth.objects.for_user(request.auth, VIEW))
    if found["creator"]:
        rows = rows.filter(creator=api_names.find_creator(request.auth, VIEW, found["creator"]))
    if found["member"]:
        rows = rows.filter(creator__in=places.of_member(brand, found["member"]))
    if found["entitled"] == "true":
        rows = rows.filter(standing.entitled())
    elif found["entitled"] == "false":
        rows = rows.exclude(standing.entitled())
    if since := found["updated_since"]:
        day = timezone.localtime(since).date()
        rows = rows.filter(
            Q(decided_at__gte=since)
            | Q(standing__switched_at__gte=since)
            | Q(creator__left_on__gte=day)
        )
    return api.page(
        request,
        rows.select_related("standing", "creator__store"),
        found,
        lambda row: written(row, today),
        as_of=api.day(today),
    )


def written(row: Any, today: dt.date) -> dict[str, Any]:
    """``row`` comes from `standing.in_force`."""
    price, person, month = row.standing, row.creator, Month.parse(row.month)
    reason = standing_rules.reason(
        met=row.met, is_new=row.is_new, in_use=price.active, state=person.state
    )
    is_entitled = reason in standing_rules.ENTITLED
    kept = [Month.parse(each) for each in row.kept]
    first = standing_rules.since(
        (month.year, month.month), [(each.year, each.month) for each in kept]
    )
    return {
        "creator": api_names.creator(person),
        "price": price.name,
        "entitled": is_entitled,
        "reason": reason,
        "discount_bp": price.discount_bp if is_entitled else 0,
        "first_order_bp": price.first_order_bp if is_entitled else 0,
        "since": api.day(Month(*first).first_day) if is_entitled and first else None,
        # Where the month is not worked out yet, what the last one decided is certain for today.
        "until": api.day(max(month.last_day, today)) if is_entitled else None,
        "month": row.month,
        "updated_at": api.moment(max(row.decided_at, price.switched_at or row.decided_at)),
    }
