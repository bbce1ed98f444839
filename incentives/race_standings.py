"""Standings of a race: worked out while it runs, fixed once, and proved after."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.db import transaction
from django.db.models import QuerySet, Subquery
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from incentives import race_prizes, race_rules, race_sql, races
from incentives.models import Race, RaceProof, RaceStanding
from incentives.race_choices import DisputeState, RaceKind, RaceState
from incentives.race_rules import Formula, Points, Standing
from incentives.races import RUNNING
from kosops.lib import sql
from kosops.lib.errors import DomainError

logger = logging.getLogger(__name__)

COLUMNS = ("race_id", "entry_id", "day", "rank", "score", "heads", "points")
REPLACING = """
ON CONFLICT (entry_id, day) DO UPDATE
   SET rank = excluded.rank, score = excluded.score, heads = excluded.heads,
       points = excluded.points
"""
EXAMPLES = 50


@dataclass(frozen=True)
class Difference:
    """One value of a fixed result that the facts of today would not give."""

    entry_id: int
    what: str
    was: int
    now: int


# -- queries -------------------------------------------------------------------


def current(race: Race) -> QuerySet[RaceStanding]:
    """The standings of the last day worked out, with who runs."""
    last = RaceStanding.objects.filter(race=race).order_by("-day").values("day")[:1]
    return (
        RaceStanding.objects.filter(race=race, day=Subquery(last))
        .select_related("entry__store", "entry__creator")
        .order_by("entry__league", "rank", "id")
    )


def ranks_before(rows: Sequence[RaceStanding]) -> dict[int, int]:
    """The places of the same participants on the day worked out before, by entry."""
    if not rows:
        return {}
    earlier = RaceStanding.objects.filter(race=rows[0].race_id, day__lt=rows[0].day)
    found = earlier.filter(
        day=Subquery(earlier.order_by("-day").values("day")[:1]),
        entry__in=[row.entry_id for row in rows],
    )
    return dict(found.values_list("entry_id", "rank"))


def disputed(race: Race) -> list[int]:
    """The entries whose points somebody doubts, once for each open question."""
    return list(race.disputes.filter(state=DisputeState.OPEN).values_list("entry_id", flat=True))


def held(race: Race) -> list[dict[str, Any]]:
    """The notes of who runs that wait for a person: post, before, now, captured_at."""
    return race_sql.held(race.pk, races.season_of(race), races.formula_of(race))


def standing_of(row: RaceStanding) -> Standing:
    """A stored row as the rules know it; fetch it with its entry."""
    return Standing(
        id=row.entry_id,
        league=row.entry.league,
        heads=row.heads,
        rank=row.rank,
        score=row.score,
        points=tuple(Points(**each) for each in row.points),
    )


def proofs_of(race: Race) -> QuerySet[RaceProof]:
    return race.proofs.select_related("made_by").order_by("-made_at", "-id")


# -- commands ------------------------------------------------------------------


@transaction.atomic
def refresh(*, by: Person | None, race: Race) -> Race:
    """Work out where everybody stands now. Refuses ``race_not_running`` and ``race_not_begun``."""
    race = _locked(race)
    today = timezone.localdate()
    if race.state not in RUNNING:
        raise DomainError("race_not_running", _("Only a race that runs has standings to work out."))
    if today < race.first_day:
        raise DomainError("race_not_begun", _("This race has not begun yet."))
    formula = races.formula_of(race)
    if race.state == RaceState.RUNNING and today <= race.last_day:
        races.enter(race, formula)
    placed, _found = _worked_out(race, formula)
    _store(race, placed, min(today, race.last_day))
    if race.state == RaceState.RUNNING and today > race.last_day:
        race.state = RaceState.CLOSING
    race.standings_at, race.held_notes = timezone.now(), len(held(race))
    race.save(update_fields=["state", "standings_at", "held_notes"])
    activity.record(
        by=by,
        verb="race.evaluated",
        object=race,
        unit=race.brand,
        after={"entries": len(placed), "state": race.state},
    )
    return race


@transaction.atomic
def freeze(*, by: Person | None, race: Race) -> Race:
    """Fix the result with its digest and work out the prizes. Late data change nothing after.

    Refuses ``race_fixed``, ``race_not_running``, ``late_data_awaited``, ``disputes_open`` and
    ``notes_held``.
    """
    race = _locked(race)
    today = timezone.localdate()
    if race.state == RaceState.FROZEN:
        raise DomainError("race_fixed", _("The result of this race is fixed already."))
    if race.state not in RUNNING:
        raise DomainError("race_not_running", _("A race that has not started has no result."))
    if today <= race.cut_off_on:
        raise DomainError(
            "late_data_awaited",
            _("Late data are waited for until %(day)s."),
            day=race.cut_off_on.isoformat(),
        )
    if race.disputes.filter(state=DisputeState.OPEN).exists():
        raise DomainError(
            "disputes_open", _("Answer the open questions about points before the result is fixed.")
        )
    if held(race):
        raise DomainError(
            "notes_held",
            _("Look at the notes whose figures rose at once before the result is fixed."),
        )
    formula = races.formula_of(race)
    placed, found = _worked_out(race, formula)
    _store(race, placed, race.last_day)
    race_prizes.work_out(race=race, formula=formula, placed=placed, found=found)
    if race.state == RaceState.RUNNING:
        race.state = RaceState.CLOSING
        race.save(update_fields=["state"])
    race.state = RaceState.FROZEN
    race.digest = race_rules.digest(formula, _head(race), placed)
    race.frozen_at = race.standings_at = timezone.now()
    race.frozen_by, race.held_notes = by, 0
    race.save(
        update_fields=["state", "digest", "frozen_at", "frozen_by", "standings_at", "held_notes"]
    )
    activity.record(
        by=by,
        verb="race.fixed",
        object=race,
        unit=race.brand,
        after={"entries": len(placed), "sha256": race.digest},
    )
    return race


@transaction.atomic
def prove(*, by: Person | None, race: Race) -> RaceProof:
    """Work a fixed race out again and keep what came of it. Refuses ``race_not_fixed``.

    The same digest proves the result. Otherwise facts have changed since: the differences are
    listed, and the result stays.
    """
    if race.state != RaceState.FROZEN:
        raise DomainError("race_not_fixed", _("Only a fixed result can be proved."))
    formula = races.formula_of(race)
    placed, _found = _worked_out(race, formula)
    digest = race_rules.digest(formula, _head(race), placed)
    differences = _differences(race, placed)
    proof = RaceProof.objects.create(
        race=race,
        digest=digest,
        same=digest == race.digest,
        differences=len(differences),
        examples=[
            {"entry": each.entry_id, "what": each.what, "was": each.was, "now": each.now}
            for each in differences[:EXAMPLES]
        ],
        made_by=by,
    )
    activity.record(
        by=by,
        verb="race.proved",
        object=race,
        unit=race.brand,
        after={"sha256": digest, "differences": len(differences)},
    )
    return proof


def run_all() -> None:
    """Work out every race that runs, and fix those whose time for late data has passed.

    A race with open questions waits for their answers.
    """
    today = timezone.localdate()
    for race in Race.objects.filter(state__in=RUNNING, first_day__lte=today).order_by("pk"):
        try:
            refreshed = refresh(by=None, race=race)
            if today > race.cut_off_on:
                freeze(by=None, race=refreshed)
        except DomainError as refusal:
            logger.info("Race %s: %s", race.pk, refusal)


# -- private -------------------------------------------------------------------


def _worked_out(race: Race, formula: Formula) -> tuple[list[Standing], race_sql.Facts]:
    """Everybody's standing by entry, and the facts by participant that it came from."""
    rows = race.entries.values_list("pk", "store_id", "creator_id", "league")
    by_store = race.kind == RaceKind.STORE
    entry_of = {(store if by_store else creator): pk for pk, store, creator, _l in rows}
    leagues = {(store if by_store else creator): league for _pk, store, creator, league in rows}
    season = races.season_of(race)
    so_far = replace(season, last=min(season.last, timezone.localdate()))
    found = race_sql.gather(so_far, formula)
    by_entry = race_sql.Facts(
        {entry_of[who]: values for who, values in found.values.items() if who in entry_of},
        {entry_of[who]: days for who, days in found.days.items() if who in entry_of},
    )
    placed = race_sql.placed(
        formula, {entry_of[who]: league for who, league in leagues.items()}, by_entry
    )
    return placed, by_entry


def _store(race: Race, placed: Iterable[Standing], day: Any) -> None:
    rows = [
        (
            race.pk,
            standing.id,
            day,
            standing.rank,
            standing.score,
            standing.heads,
            json.dumps([_as_json(points) for points in standing.points]),
        )
        for standing in placed
    ]
    sql.insert_rows("incentives_racestanding", COLUMNS, rows, REPLACING)


def _as_json(points: Points) -> dict[str, Any]:
    return {
        "fact": points.fact,
        "value": points.value,
        "figure": points.figure,
        "measured_by": points.measured_by,
        "share_bp": points.share_bp,
        "points": points.points,
    }


def _differences(race: Race, placed: Iterable[Standing]) -> list[Difference]:
    kept = {row.entry_id: row for row in race.standings.filter(day=race.last_day)}
    return [
        Difference(now.id, what, was, is_now)
        for now in placed
        for what, was, is_now in _compared(kept[now.id], now)
        if was != is_now
    ]


def _compared(was: RaceStanding, now: Standing) -> list[tuple[str, int, int]]:
    values: Mapping[str, int] = {each["fact"]: each["value"] for each in was.points}
    return [
        ("rank", was.rank, now.rank),
        ("score", was.score, now.score),
        ("heads", was.heads, now.heads),
        *((p.fact, values.get(p.fact, 0), p.value) for p in now.points),
    ]


def _head(race: Race) -> dict[str, Any]:
    return {
        "race": race.pk,
        "kind": race.kind,
        "first": race.first_day.isoformat(),
        "last": race.last_day.isoformat(),
    }


def _locked(race: Race) -> Race:
    return Race.objects.select_for_update(of=("self",)).select_related("brand").get(pk=race.pk)
