"""The phone page of a creator's own points."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incentives import points, points_sources
from incentives.points_pages import told
from kosops.lib.lists import keyset_page
from matrix.models import Creator
from matrix.own import own_page

# A thumb scrolls through twenty lines, not fifty.
LINES = 20


@require_safe
@own_page
def own_points(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What I may spend, what expires when, what earns points, and how it went so far."""
    today = timezone.localdate()
    page = keyset_page(
        points.history_of(creator),
        field="id",
        descending=True,
        cursor=request.GET.get("cursor", ""),
        size=LINES,
    )
    context = {
        "creator": creator,
        "balance": points.balance_of(creator, today),
        "page": page,
        "rows": told(page.rows),
        "rules": [
            (rule, points_sources.label(rule.event)) for rule in points.rules_for(creator, today)
        ],
    }
    return render(request, "mobile/points.html", context)
