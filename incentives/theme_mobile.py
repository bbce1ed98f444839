"""The phone page of the theme of the month."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from content import posts
from incentives import themes, themes_rules, words
from matrix.models import Creator
from matrix.own import own_page


@require_safe
@own_page
def own_theme(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What to post about this month, what it brings, and how my posts stand."""
    found = themes.running(creator, timezone.localdate())
    context: dict[str, Any] = {"creator": creator, "theme": found}
    if found is not None:
        steps, entries = themes.steps_of(found), themes.entries_of(found, creator)
        results = themes_rules.results_of(entries, steps, found.most_posts)
        counted = {result.post: result.points for result in results}
        known = posts.of_creator(creator).in_bulk([entry.post for entry in entries])
        context |= {
            "month_name": words.month_name(found.month),
            "last_day": themes.last_day_of_figures(found),
            "steps": steps,
            "points": sum(result.points for result in results),
            "rows": [
                (
                    known[entry.post],
                    entry,
                    counted.get(entry.post, 0),
                    themes_rules.next_step(entry.interactions, steps),
                )
                for entry in entries
            ],
        }
    return render(request, "mobile/theme.html", context)
