"""HQ pages on which a race is set up: days, formula, prizes, and the formula tried on past days."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access, brands
from accounts.models import Unit
from incentives import race_rules, race_sql, race_words, races
from incentives.models import Race, RaceEntry
from incentives.race_choices import RaceKind, RaceScheme, RaceState
from incentives.race_forms import RaceForm
from incentives.race_rules import Formula, Standing
from incentives.races import EDIT
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment

WINNERS_SHOWN = 3


@dataclass(frozen=True)
class Tried:
    """One of the first places of a group by the tried formula."""

    place: int
    name: str
    score: str
    before: int | None
    prize: int


@dataclass(frozen=True)
class TriedLeague:
    name: str
    count: int
    rows: list[Tried]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def race_add(request: HttpRequest) -> HttpResponse:
    """A new race from one of the schemes; a race of stores where none is named."""
    brand = brands.required(request, EDIT)
    access.require(request.user, EDIT, brand)
    scheme = request.GET.get("scheme", "")
    if scheme not in RaceScheme.values:
        scheme = RaceScheme.STORES
    form = RaceForm(request.POST or None, scheme=scheme)
    return _handled(request, brand, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def race_edit(request: HttpRequest, race_id: int) -> HttpResponse:
    """A draft in its making; nothing of a race that runs can be changed."""
    found = races.visible_to(request.user).select_related("brand", "formula")
    race = get_object_or_404(found, pk=race_id)
    access.require(request.user, EDIT, race.brand)
    if race.state != RaceState.DRAFT:
        messages.error(request, _("A race that has started keeps its days and its formula."))
        return redirect("incentives:race", race.pk)
    form = RaceForm(request.POST or None, scheme=race.scheme, race=race)
    return _handled(request, race.brand, form, race)


def _handled(request: HttpRequest, brand: Unit, form: RaceForm, race: Race | None) -> HttpResponse:
    trying = request.POST.get("act") == "try"
    if request.method == "POST" and form.is_valid() and not trying:
        try:
            saved = _save(request, brand, form, race)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Saved as a draft. Start it when the groups look fair."))
            return redirect("incentives:race", saved.pk)
    context: dict[str, Any] = {
        "form": form,
        "race": race,
        "scheme": form.scheme,
        "scheme_label": RaceScheme(form.scheme).label,
        "of_stores": form.kind == RaceKind.STORE,
    }
    if trying and form.is_valid():
        context |= _trial(brand, form, race)
    return page_or_fragment(
        request,
        "incentives/race_edit.html",
        context,
        fragment="incentives/_race_form.html",
        status=422 if form.errors else 200,
    )


def _save(request: HttpRequest, brand: Unit, form: RaceForm, race: Race | None) -> Race:
    if race is None:
        return races.add_race(by=request.user, brand=brand, scheme=form.scheme, **form.values())
    return races.change_race(by=request.user, race=race, **form.values())


# -- the formula tried on past days --------------------------------------------


def _trial(brand: Unit, form: RaceForm, race: Race | None) -> dict[str, Any]:
    """Who would have won on past days by the tried formula, and by the saved one."""
    formula, (first, last) = form.cleaned_data["formula"], form.trial_days
    kind = form.cleaned_data.get("creator_kind", "")
    season = race_sql.Season(brand.pk, form.kind, kind, first, last)
    shown = Race(kind=form.kind, creator_kind=kind, brand=brand)
    tried = race_sql.dry_run(season, formula)
    saved = races.formula_of(race) if race else None
    before = race_sql.dry_run(season, saved) if saved and saved != formula else []
    names = _names(shown, tried)
    places = {standing.id: standing.rank for standing in before}
    return {
        "trial": [
            _tried_league(
                shown, formula, league, [s for s in tried if s.league == league], names, places
            )
            for league in dict.fromkeys(standing.league for standing in tried)
        ],
        "trial_first": first,
        "trial_last": last,
        "trial_moved": sum(1 for s in tried if s.id in places and places[s.id] != s.rank),
        "trial_winners": _winners(formula, tried, saved, before),
        "trial_compared": bool(before),
        "trial_cost": sum(race_rules.prizes_of(formula, tried).values()),
        "trial_days": (last - first + dt.timedelta(days=1)).days,
        "trial_runners": len(tried),
    }


def _winners(
    formula: Formula, tried: list[Standing], saved: Formula | None, before: list[Standing]
) -> int:
    """How many would win a prize now who would not by the saved formula."""
    if saved is None or not before:
        return 0
    now = race_rules.prizes_of(formula, tried)
    return len(now.keys() - race_rules.prizes_of(saved, before).keys())


def _names(shown: Race, tried: list[Standing]) -> dict[int, str]:
    """The names of those who are shown."""
    ids = [standing.id for standing in tried if standing.rank <= WINNERS_SHOWN]
    if shown.kind == RaceKind.STORE:
        return races.store_names(ids)
    return {
        pk: race_words.entry_name(shown, RaceEntry(creator=creator))
        for pk, creator in races.creators(ids).items()
    }


def _tried_league(
    shown: Race,
    formula: Formula,
    league: str,
    standings: list[Standing],
    names: dict[int, str],
    places: dict[int, int],
) -> TriedLeague:
    prizes = race_rules.prizes_of(formula, standings)
    return TriedLeague(
        name=race_words.league_name(shown, formula, league),
        count=len(standings),
        rows=[
            Tried(
                place=each.rank,
                name=names.get(each.id, ""),
                score=race_words.score(each.score),
                before=places.get(each.id),
                prize=prizes.get(each.id, 0),
            )
            for each in standings[:WINNERS_SHOWN]
        ],
    )
