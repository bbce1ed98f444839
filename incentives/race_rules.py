"""The rules of a race on plain data: how figures become points, points places, places prizes.

All numbers are whole. A **score** is in hundredths of a point, 10,000 = 100 points, so that every
step can be done again by hand:

1. **figure**: the value in thousandths, divided by the active heads where the formula says so;
   rounded down.
2. **share**: the figure as a share of the best one in the league, in basis points, rounded down;
   or the attainment of a target per head, at most 150 %.
3. **points**: share times weight, rounded down. The weights add up to 100.
4. **score**: the sum of the points. Who scores nothing wins nothing.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import groupby, pairwise
from typing import Any

from incentives.race_choices import Measure, TieRule
from kosops.lib.money import split

ALL = 10_000
WEIGHTS = 100
FIGURES_IN = 1000
MOST_OF_TARGET = 15_000
MOST_TERMS = 6
MOST_PRIZES = 20
MOST_BANDS = 6
MOST_HEADS = 100
MOST_ACTIVE_DAYS = 31
MOST_PRIZE = 10**9
MOST_JUMP = 10**6


class FormulaFault(ValueError):
    """A formula that cannot be used. ``problem`` is a code, ``params`` name the place."""

    def __init__(self, problem: str, **params: Any) -> None:
        super().__init__(problem)
        self.problem = problem
        self.params = params


@dataclass(frozen=True)
class Term:
    """One figure of the formula: which fact, how heavy (of 100), compared by what."""

    fact: str
    weight: int
    measure: str
    # Per active head and season, in the unit of the fact; only with Measure.TARGET.
    target: int = 0


@dataclass(frozen=True)
class Heads:
    """Who is an active head: active on so many days; at least so many are counted."""

    active_days: int = 3
    at_least: int = 1


@dataclass(frozen=True)
class Leagues:
    """Fair groups: by kind (of store; tier of a person), and by size in bands.

    ``bands`` are the first sizes of each further band: (5, 10) makes 0-4, 5-9 and from 10.
    """

    by_kind: bool = False
    bands: tuple[int, ...] = ()


@dataclass(frozen=True)
class Formula:
    terms: tuple[Term, ...]
    heads: Heads = Heads()
    leagues: Leagues = Leagues()
    tie: str = TieRule.SHARED
    # Minor units for place 1, 2, 3 ... of each league.
    prizes: tuple[int, ...] = ()
    # Organic figures: a rise of so many interactions within a day waits for a person.
    jump: int | None = None
    # Organic figures are those of notes whose title says this; empty: of all.
    topic: str = ""

    @property
    def facts(self) -> tuple[str, ...]:
        return tuple(term.fact for term in self.terms)

    @property
    def heaviest(self) -> Term:
        """The term with the most weight; the first of several."""
        return max(self.terms, key=lambda term: term.weight)


@dataclass(frozen=True)
class Runner:
    """A participant with its facts. ``heads`` are those found active."""

    id: int
    league: str
    heads: int
    values: Mapping[str, int]


@dataclass(frozen=True)
class Points:
    """How one term came to its points."""

    fact: str
    value: int
    figure: int
    # What a share of 100 % is: the best figure of the league, or the target, in thousandths.
    measured_by: int
    share_bp: int
    points: int


@dataclass(frozen=True)
class Standing:
    id: int
    league: str
    heads: int
    rank: int
    score: int
    points: tuple[Points, ...]


@dataclass(frozen=True)
class Step:
    """What alone would close a gap: so much more of one fact."""

    fact: str
    more: int


# -- from figures to places ----------------------------------------------------


def counted_heads(heads: Heads, active: int) -> int:
    """By how many heads is divided: the active ones, but not fewer than the least number."""
    return max(active, heads.at_least, 1)


def league_of(leagues: Leagues, kind: str, size: int) -> str:
    """The code of a fair group: ``physical:1`` is the second band of physical stores."""
    band = sum(1 for first in leagues.bands if size >= first)
    return f"{kind if leagues.by_kind else ''}:{band if leagues.bands else ''}"


def band_of(leagues: Leagues, league: str) -> tuple[int, int | None] | None:
    """(least, most) size of a league's band, None where there are no bands."""
    _kind, _colon, band = league.rpartition(":")
    if not band or int(band) > len(leagues.bands):
        return None
    firsts = (0, *leagues.bands)
    place = int(band)
    return firsts[place], firsts[place + 1] - 1 if place + 1 < len(firsts) else None


def standings(formula: Formula, runners: Iterable[Runner]) -> list[Standing]:
    """Everybody's score and place within the league, leagues in order, the best first."""
    by_league = groupby(
        sorted(runners, key=lambda runner: (runner.league, runner.id)),
        key=lambda runner: runner.league,
    )
    return [
        standing for _league, members in by_league for standing in _in_league(formula, [*members])
    ]


def _in_league(formula: Formula, runners: Sequence[Runner]) -> list[Standing]:
    best = {
        term.fact: max(_figure(formula, term, runner) for runner in runners)
        for term in formula.terms
    }
    scored = [_scored(formula, runner, best) for runner in runners]
    scored.sort(key=lambda standing: (*_order(formula, standing), standing.id))
    placed: list[Standing] = []
    for count, standing in enumerate(scored, start=1):
        is_tied = placed and _order(formula, placed[-1]) == _order(formula, standing)
        placed.append(replace(standing, rank=placed[-1].rank if is_tied else count))
    return placed


def _order(formula: Formula, standing: Standing) -> tuple[int, ...]:
    if formula.tie == TieRule.SHARED:
        return (-standing.score,)
    heaviest = formula.terms.index(formula.heaviest)
    return (-standing.score, -standing.points[heaviest].figure)


def _scored(formula: Formula, runner: Runner, best: Mapping[str, int]) -> Standing:
    points = tuple(_points(formula, term, runner, best[term.fact]) for term in formula.terms)
    return Standing(
        id=runner.id,
        league=runner.league,
        heads=counted_heads(formula.heads, runner.heads),
        rank=0,
        score=sum(each.points for each in points),
        points=points,
    )


def _points(formula: Formula, term: Term, runner: Runner, best: int) -> Points:
    figure = _figure(formula, term, runner)
    if term.measure == Measure.TARGET:
        by = term.target * FIGURES_IN
        share = min(figure * ALL // by, MOST_OF_TARGET)
    else:
        by = best
        share = figure * ALL // by if by else 0
    return Points(
        fact=term.fact,
        value=runner.values.get(term.fact, 0),
        figure=figure,
        measured_by=by,
        share_bp=share,
        points=share * term.weight // WEIGHTS,
    )


def _figure(formula: Formula, term: Term, runner: Runner) -> int:
    value = max(runner.values.get(term.fact, 0), 0) * FIGURES_IN
    return (
        value
        if term.measure == Measure.TOTAL
        else value // counted_heads(formula.heads, runner.heads)
    )


# -- what would close the gap --------------------------------------------------


def closing(formula: Formula, standing: Standing, ahead: int) -> list[Step]:
    """How much more of each fact alone would pass a score of ``ahead``; the lightest weight last.

    A fact that cannot do it alone, since the league's best figure already gives all its points,
    is left out. Nobody else's figures are taken to change.
    """
    gap = ahead - standing.score + 1
    steps = [
        Step(term.fact, more)
        for term, points in zip(formula.terms, standing.points, strict=True)
        if (more := _more(term, points, standing.heads, gap)) is not None
    ]
    weights = {term.fact: term.weight for term in formula.terms}
    return sorted(steps, key=lambda step: -weights[step.fact])


def _more(term: Term, points: Points, heads: int, gap: int) -> int | None:
    share = _up((points.points + gap) * WEIGHTS, term.weight)
    if share > (MOST_OF_TARGET if term.measure == Measure.TARGET else ALL):
        return None
    if not points.measured_by:
        # Nobody in the league has any of it yet: the first one gets all the points.
        return 1
    figure = _up(share * points.measured_by, ALL)
    value = _up(figure * (1 if term.measure == Measure.TOTAL else heads), FIGURES_IN)
    return max(value - points.value, 1)


def _up(part: int, whole: int) -> int:
    return -(-part // whole)


# -- prizes --------------------------------------------------------------------


def prizes_of(formula: Formula, placed: Iterable[Standing]) -> dict[int, int]:
    """What each one wins, by id; those without a prize are left out.

    Equal ones pool the prizes of the places that they take and share them evenly; cents that are
    left go to the lowest ids.
    """
    won: dict[int, int] = {}
    order = sorted((s for s in placed if s.score > 0), key=lambda s: (s.league, s.rank, s.id))
    for (_league, rank), tied in groupby(order, key=lambda s: (s.league, s.rank)):
        members = [standing.id for standing in tied]
        pool = sum(formula.prizes[rank - 1 : rank - 1 + len(members)])
        if pool:
            won |= share_out(pool, dict.fromkeys(members, 1))
    return {id: amount for id, amount in won.items() if amount}


def share_out(pot: int, weights: Mapping[int, int]) -> dict[int, int]:
    """Split ``pot`` by weight to the cent: largest remainder first, the lower id when equal."""
    ids = sorted(weights)
    return dict(zip(ids, split(pot, [weights[id] for id in ids]), strict=True))


# -- proof ---------------------------------------------------------------------


def digest(formula: Formula, head: Mapping[str, Any], placed: Iterable[Standing]) -> str:
    """SHA-256 over the formula, the season and every line of the result."""
    lines = [
        [s.id, s.league, s.heads, s.rank, s.score, [[p.fact, p.value, p.points] for p in s.points]]
        for s in sorted(placed, key=lambda s: s.id)
    ]
    text = json.dumps(
        {"formula": to_json(formula), "season": dict(head), "lines": lines},
        sort_keys=True,
        separators=(",", ":"),
    )
    return hashlib.sha256(text.encode()).hexdigest()


# -- as stored -----------------------------------------------------------------


def to_json(formula: Formula) -> dict[str, Any]:
    return {
        "terms": [
            {"fact": t.fact, "weight": t.weight, "measure": str(t.measure)}
            | ({"target": t.target} if t.measure == Measure.TARGET else {})
            for t in formula.terms
        ],
        "heads": {
            "active_days": formula.heads.active_days,
            "at_least": formula.heads.at_least,
        },
        "leagues": {"by_kind": formula.leagues.by_kind, "bands": list(formula.leagues.bands)},
        "tie": str(formula.tie),
        "prizes": list(formula.prizes),
        # Left out where not said: older results keep their digest.
        **({"jump": formula.jump} if formula.jump else {}),
        **({"topic": formula.topic} if formula.topic else {}),
    }


def from_json(data: Mapping[str, Any]) -> Formula:
    """The formula of a stored version. Raises `FormulaFault`."""
    formula = Formula(
        terms=tuple(
            Term(t["fact"], t["weight"], t["measure"], t.get("target", 0)) for t in data["terms"]
        ),
        heads=Heads(**data["heads"]),
        leagues=Leagues(data["leagues"]["by_kind"], tuple(data["leagues"]["bands"])),
        tie=data["tie"],
        prizes=tuple(data["prizes"]),
        jump=data.get("jump"),
        topic=data.get("topic", ""),
    )
    check(formula)
    return formula


def check(formula: Formula) -> None:
    """Raise `FormulaFault` where a formula could not be worked out or would mean nothing."""
    if not 1 <= len(formula.terms) <= MOST_TERMS:
        raise FormulaFault("terms", most=MOST_TERMS)
    if len(set(formula.facts)) < len(formula.terms):
        raise FormulaFault("fact_twice")
    total = sum(term.weight for term in formula.terms)
    if total != WEIGHTS or any(term.weight < 1 for term in formula.terms):
        raise FormulaFault("weights", total=total)
    for term in formula.terms:
        if term.measure not in Measure.values:
            raise FormulaFault("measure")
        if (term.measure == Measure.TARGET) != (term.target > 0):
            raise FormulaFault("target")
    heads = formula.heads
    if not (1 <= heads.active_days <= MOST_ACTIVE_DAYS and 1 <= heads.at_least <= MOST_HEADS):
        raise FormulaFault("heads")
    bands = formula.leagues.bands
    if len(bands) > MOST_BANDS or any(b <= a for a, b in pairwise((0, *bands))):
        raise FormulaFault("bands")
    if formula.tie not in TieRule.values:
        raise FormulaFault("tie")
    _check_prizes(formula.prizes)
    if formula.jump is not None and not 1 <= formula.jump <= MOST_JUMP:
        raise FormulaFault("jump")


def _check_prizes(prizes: Sequence[int]) -> None:
    if len(prizes) > MOST_PRIZES or any(not 0 < prize <= MOST_PRIZE for prize in prizes):
        raise FormulaFault("prizes")
    if any(later > earlier for earlier, later in pairwise(prizes)):
        raise FormulaFault("prizes_rise")
