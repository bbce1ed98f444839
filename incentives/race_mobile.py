"""The phone page of a creator's own rank."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from incentives import race_part, race_standings, race_words, races
from incentives.models import Race
from incentives.race_part import Row
from matrix.models import Creator
from matrix.own import own_page

RACES_SHOWN = 3


@dataclass(frozen=True)
class Mine:
    """A race as somebody who runs in it sees it: the neighbours, the gap, what closes it."""

    race: Race
    season: str
    when: str
    name: str
    league: str
    place: int
    score: str
    rows: list[Row]
    gap: str
    steps: list[str]
    prize: int
    # Name, points and how many there are, of each figure.
    terms: list[tuple[str, str, int]]
    tie: str


@require_safe
@own_page
def rank(request: HttpRequest, creator: Creator) -> HttpResponse:
    """My place, or my store's, in each race that runs or was fixed lately."""
    found = races.of_creator(creator)[:RACES_SHOWN]
    mine = [each for race in found if (each := _mine(race, creator)) is not None]
    context = {
        "creator": creator,
        "races": mine,
        "waiting": [
            (race, race_words.season(race), race_part.when(race))
            for race in found
            if race.pk not in {each.race.pk for each in mine}
        ],
    }
    return render(request, "mobile/rank.html", context)


def _mine(race: Race, creator: Creator) -> Mine | None:
    entry = races.entry_of(race, creator)
    me = race_part.of_participant(race, entry=entry) if entry else None
    if me is None:
        return None
    formula = races.formula_of(race)
    rows = race_part.rows(race, formula, race_part.around(me), [me.entry_id])
    gap, steps = race_part.gaps(formula, me, race_part.next_ahead(me))
    placed = race_standings.standing_of(me)
    return Mine(
        race=race,
        season=race_words.season(race),
        when=race_part.when(race),
        name=race_words.entry_name(race, me.entry),
        league=race_words.league_name(race, formula, me.entry.league),
        place=me.rank,
        score=race_words.score(me.score),
        rows=rows,
        gap=gap,
        steps=steps,
        prize=next((row.prize for row in rows if row.mine), 0),
        terms=[
            (race_words.fact_name(term.fact), race_words.score(points.points), term.weight)
            for term, points in zip(formula.terms, placed.points, strict=True)
        ],
        tie=race_words.tie_sentence(formula),
    )
