"""What the pages of a race share: its head and its board."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from incentives import race_rules, race_standings, race_words, races
from incentives.models import Race, RaceStanding
from incentives.race_choices import RaceKind, RaceState
from incentives.race_rules import Formula
from kosops.ui import formats
from kosops.ui.parts import Choice, Place, podium

PODIUM_SHOWN = 6


@dataclass(frozen=True)
class Row:
    """A line of the board. ``moved`` is None where there is no day to compare with."""

    standing: RaceStanding
    name: str
    line: str
    score: str
    moved: int | None
    disputed: bool
    mine: bool
    prize: int

    @property
    def place(self) -> int:
        return self.standing.rank

    @property
    def entry_id(self) -> int:
        return self.standing.entry_id


@dataclass(frozen=True)
class League:
    code: str
    name: str
    count: int


def leagues_of(race: Race, formula: Formula) -> list[League]:
    """The fair groups of a race with how many run in each, in order."""
    counted = race.entries.order_by("league").values_list("league").annotate(n=Count("pk"))
    return [
        League(code, race_words.league_name(race, formula, code), count) for code, count in counted
    ]


def chosen(leagues: Sequence[League], *wanted: str) -> str:
    """The first of ``wanted`` that is a league, else the first league."""
    codes = [league.code for league in leagues]
    return next((code for code in wanted if code in codes), codes[0] if codes else "")


def tabs(leagues: Sequence[League], selected: str, path: str) -> list[Choice]:
    return [
        Choice(
            label=league.name,
            href=f"{path}?league={league.code}",
            selected=league.code == selected,
            count=league.count,
        )
        for league in leagues
    ]


def in_league(race: Race, league: str) -> QuerySet[RaceStanding]:
    return race_standings.current(race).filter(entry__league=league)


def rows(
    race: Race,
    formula: Formula,
    found: Iterable[RaceStanding],
    mine: Iterable[int] = (),
    doubted: Iterable[int] | None = None,
) -> list[Row]:
    """Standings as lines of a board; two queries, however many there are."""
    found = list(found)
    before = race_standings.ranks_before(found)
    doubted = set(race_standings.disputed(race) if doubted is None else doubted)
    own = set(mine)
    prizes = formula.prizes
    return [
        Row(
            standing=each,
            name=race_words.entry_name(race, each.entry),
            line=_line(race, each),
            score=race_words.score(each.score),
            moved=before[each.entry_id] - each.rank if each.entry_id in before else None,
            disputed=each.entry_id in doubted,
            mine=each.entry_id in own,
            prize=prizes[each.rank - 1] if each.rank <= len(prizes) and each.score else 0,
        )
        for each in found
    ]


def _line(race: Race, standing: RaceStanding) -> str:
    if race.kind == RaceKind.PERSON:
        return standing.entry.store.name
    return ngettext("%(n)s active head", "%(n)s active heads", standing.heads) % {
        "n": formats.number(standing.heads)
    }


def steps(found: Iterable[Row]) -> list[Place]:
    """The podium; none while nobody has any points, or more stand equal than fit on it."""
    places = podium(
        Place(place=row.place, name=row.name, value=row.score, line=row.line, me=row.mine)
        for row in found
        if row.standing.score
    )
    return places if len(places) <= PODIUM_SHOWN else []


def when(race: Race, today: dt.date | None = None) -> str:
    """Where the season is, in a few words."""
    today = today or timezone.localdate()
    if race.state == RaceState.FROZEN:
        return _("Result fixed")
    if race.state == RaceState.DRAFT:
        return _("Not started")
    if today < race.first_day:
        days = (race.first_day - today).days
        return ngettext("Begins in %(n)s day", "Begins in %(n)s days", days) % {"n": days}
    if today > race.last_day:
        return _("Waiting for late data")
    days = (race.last_day - today).days
    if not days:
        return _("Last day")
    return ngettext("%(n)s day left", "%(n)s days left", days) % {"n": days}


def head(race: Race, formula: Formula) -> dict[str, Any]:
    """What stands on top of every page of a race."""
    return {
        "race": race,
        "formula": formula,
        "season": race_words.season(race),
        "when": when(race),
        "prizes": [(place, prize) for place, prize in enumerate(formula.prizes, start=1)],
        "terms": [
            (
                term,
                race_words.fact_name(term.fact),
                race_words.measure_sentence(term),
                race_words.definition(term.fact),
            )
            for term in formula.terms
        ],
        "tie": race_words.tie_sentence(formula),
        "organic": race_words.organic_sentences(formula),
        "heads_rule": race_words.heads_sentence(formula) if race.kind == RaceKind.STORE else "",
    }


def gaps(formula: Formula, me: RaceStanding, ahead: RaceStanding | None) -> tuple[str, list[str]]:
    """The distance to the next place in points, and what alone would close it. ("", []) on top."""
    if ahead is None or ahead.score < me.score:
        return "", []
    found = race_rules.closing(formula, race_standings.standing_of(me), ahead.score)
    return race_words.score(ahead.score - me.score), [race_words.more(step) for step in found]


def next_ahead(standing: RaceStanding) -> RaceStanding | None:
    """Who stands on the next better place of the same league and day."""
    return (
        RaceStanding.objects.filter(
            race=standing.race_id,
            day=standing.day,
            entry__league=standing.entry.league,
            rank__lt=standing.rank,
        )
        .select_related("entry__store", "entry__creator")
        .order_by("-rank", "-id")
        .first()
    )


def around(standing: RaceStanding, reach: int = 2) -> list[RaceStanding]:
    """Those just above and below in the league, with ``standing`` in the middle."""
    same = (
        RaceStanding.objects.filter(
            race=standing.race_id, day=standing.day, entry__league=standing.entry.league
        )
        .exclude(pk=standing.pk)
        .select_related("entry__store", "entry__creator")
    )
    above = list(
        same.filter(rank__lte=standing.rank)
        .exclude(rank=standing.rank, id__gt=standing.pk)
        .order_by("-rank", "-id")[:reach]
    )
    below = list(
        same.filter(rank__gte=standing.rank)
        .exclude(rank=standing.rank, id__lt=standing.pk)
        .order_by("rank", "id")[:reach]
    )
    return [*reversed(above), standing, *below]


def of_participant(race: Race, **who: Any) -> RaceStanding | None:
    """The present standing of a store or a person in a race."""
    return race_standings.current(race).filter(**who).first()


def formula_of(race: Race) -> Formula:
    return races.formula_of(race)
