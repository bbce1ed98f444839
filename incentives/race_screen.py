"""The page for the television of a store: one race in large letters, without sign-in or script.

The browser asks again by itself (the Refresh header) and goes through the groups by turns. Who
holds the link sees places and scores, nothing behind them.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.cache import patch_cache_control
from django.views.decorators.http import require_safe

from incentives import race_part, race_screens, races
from incentives.models import RaceScreen
from kosops.guesses import held_off

ROWS_SHOWN = 10
SECONDS = 30


@require_safe
@held_off("race")
def screen(request: HttpRequest, token: str) -> HttpResponse:
    """The board of a race; 404 for a link that was never made or has ended."""
    found = race_screens.screen_of(token)
    if found is None:
        raise Http404
    return _closed(_page(request, found))


def _page(request: HttpRequest, found: RaceScreen) -> HttpResponse:
    race = found.race
    formula = races.formula_of(race)
    leagues = race_part.leagues_of(race, formula)
    entry = race.entries.filter(store=found.store, creator=None).first() if found.store_id else None
    codes = [entry.league] if entry else [league.code for league in leagues]
    place = _place(request.GET.get("group", ""), len(codes))
    code = codes[place] if codes else ""
    standings = list(race_part.in_league(race, code)[:ROWS_SHOWN])
    mine = [entry.pk] if entry else []
    rows = race_part.rows(race, formula, standings, mine)
    own = None
    if entry and all(row.entry_id != entry.pk for row in rows):
        me = race_part.of_participant(race, entry=entry)
        own = race_part.rows(race, formula, [me], mine)[0] if me else None
    context = race_part.head(race, formula) | {
        "rows": rows,
        "own": own,
        "league": next((each.name for each in leagues if each.code == code), ""),
        "several": len(codes) > 1,
        "store": found.store,
    }
    response = render(request, "incentives/race_screen.html", context)
    following = (place + 1) % len(codes) if codes else 0
    response["Refresh"] = f"{SECONDS}; url={request.path}?group={following}"
    return response


def _place(text: str, count: int) -> int:
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 4 else 0
    return number % count if count else 0


def _closed(response: HttpResponse) -> HttpResponse:
    """No cache keeps the page, no search engine lists it, and its address goes to nobody."""
    patch_cache_control(response, private=True, no_store=True)
    response["X-Robots-Tag"] = "noindex, nofollow"
    response["Referrer-Policy"] = "no-referrer"
    return response
