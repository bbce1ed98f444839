"""The phone page of a creator's own tier."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incentives import benefits, ladders, tier_notices, tier_runs, tier_words
from incentives.templatetags.tier_words import tier_reasons
from matrix.models import Creator
from matrix.own import own_page

CHANGES_SHOWN = 10


@require_safe
@own_page
def tier(request: HttpRequest, creator: Creator) -> HttpResponse:
    """My tier, what the next one needs, what keeps mine, and how it went so far."""
    today = timezone.localdate()
    version = ladders.ladder_on(creator.brand, creator.kind, today)
    tier_notices.note_seen(creator)
    progress = tier_runs.progress_of(creator, today)
    context = {
        "creator": creator,
        "progress": progress,
        "benefits": benefits.of_creator(creator, today),
        "unlocked": benefits.unlocked_by(
            creator.brand, creator.kind, progress.next_tier if progress else "", today
        ),
        "formula": tier_words.formula_sentence(ladders.rules_of(version).formula)
        if version
        else "",
        "history": [
            (change, tier_reasons(change.explanation))
            for change in tier_runs.history_of(creator)[:CHANGES_SHOWN]
        ],
    }
    return render(request, "mobile/tier.html", context)
