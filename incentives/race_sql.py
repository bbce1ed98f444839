"""What a race asks the database: who runs, the facts of a season, who was active.

One statement for each source of facts, whatever the number of participants. Values are parameters;
the texts of facts are the product's own (`race_facts`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from content.matching import normal_title
from incentives import organic_sql, race_facts
from incentives.race_choices import RaceKind
from incentives.race_rules import Formula, Runner, Standing, league_of, standings
from kosops.lib import sql

ACTIVE_DAYS = """
SELECT a.store_id, a.creator_id, COUNT(*) AS days
  FROM (SELECT o.store_id, o.seller_id AS creator_id, o.business_date AS day
          FROM customers_order o
         WHERE o.brand_id = %(brand)s AND o.business_date BETWEEN %(first)s AND %(last)s
           AND o.seller_id IS NOT NULL AND o.status <> 'closed'
         UNION
        SELECT p.store_id, p.creator_id, (p.published_at AT TIME ZONE %(zone)s)::date
          FROM content_post p
         WHERE p.brand_id = %(brand)s AND p.published_at >= %(since)s
           AND p.published_at < %(until)s AND p.state = 'online' AND p.creator_id IS NOT NULL
       ) a
  JOIN matrix_creator c ON c.id = a.creator_id AND c.kind = 'kos'
 GROUP BY a.store_id, a.creator_id
HAVING COUNT(*) >= %(active_days)s
"""

STORES = """
SELECT u.id AS who, u.id AS store_id, u.store_kind AS kind,
       (SELECT COUNT(*) FROM matrix_creator c
         WHERE c.store_id = u.id AND c.kind = 'kos' AND c.state = 'active') AS size
  FROM accounts_unit u
 WHERE u.brand_id = %(brand)s AND u.kind = 'store' AND u.active
 ORDER BY u.id
"""

PEOPLE = """
SELECT c.id AS who, c.store_id, c.tier AS kind, COALESCE(f.followers, 0) AS size
  FROM matrix_creator c
  LEFT JOIN (SELECT a.creator_id, SUM(a.followers) AS followers
               FROM matrix_socialaccount a
              WHERE a.brand_id = %(brand)s AND a.domain = 'public' AND a.state = 'active'
              GROUP BY a.creator_id) f ON f.creator_id = c.id
 WHERE c.brand_id = %(brand)s AND c.kind = %(creator_kind)s AND c.state = 'active'
 ORDER BY c.id
"""


@dataclass(frozen=True)
class Season:
    """What a race asks about: a brand, who runs, and the days."""

    brand_id: int
    kind: str
    creator_kind: str
    first: dt.date
    last: dt.date

    @property
    def params(self) -> dict[str, Any]:
        zone = ZoneInfo(settings.TIME_ZONE)
        return {
            "brand": self.brand_id,
            "creator_kind": self.creator_kind,
            "first": self.first,
            "last": self.last,
            "since": dt.datetime.combine(self.first, dt.time.min, tzinfo=zone),
            "until": dt.datetime.combine(self.last + dt.timedelta(1), dt.time.min, tzinfo=zone),
            "zone": settings.TIME_ZONE,
        }


@dataclass(frozen=True)
class Candidate:
    """Who could run: a store or a creator, with what decides the league."""

    who: int
    store_id: int
    kind: str
    size: int


@dataclass(frozen=True)
class Facts:
    """What was found: values by participant and fact, and active days by store and person."""

    values: Mapping[int, Mapping[str, int]]
    days: Mapping[int, Mapping[int, int]]


def candidates(season: Season) -> list[Candidate]:
    """The active stores of the brand, or its active creators of a kind."""
    statement = STORES if season.kind == RaceKind.STORE else PEOPLE
    return [Candidate(**row) for row in sql.fetch_all(statement, season.params)]


def params_of(season: Season, formula: Formula) -> dict[str, Any]:
    """What the texts of facts ask for."""
    return season.params | {"jump": formula.jump, "topic": normal_title(formula.topic)}


def held(race: int, season: Season, formula: Formula) -> list[dict[str, Any]]:
    """The notes of a race whose figures rose at once and wait for a person, the steepest first."""
    if not race_facts.organic(formula.facts):
        return []
    return sql.fetch_all(organic_sql.HELD, params_of(season, formula) | {"race": race})


def gather(season: Season, formula: Formula) -> Facts:
    """The facts of the season, and who was active where."""
    values: dict[int, dict[str, int]] = {}
    for query in race_facts.queries(formula.facts, season.kind):
        for row in sql.fetch_all(query, params_of(season, formula)):
            values.setdefault(row.pop("who"), {}).update(row)
    days: dict[int, dict[int, int]] = {}
    if season.kind == RaceKind.STORE:
        params = season.params | {"active_days": formula.heads.active_days}
        for row in sql.fetch_all(ACTIVE_DAYS, params):
            days.setdefault(row["store_id"], {})[row["creator_id"]] = row["days"]
    return Facts(values, days)


def placed(formula: Formula, leagues: Mapping[int, str], found: Facts) -> list[Standing]:
    """Everybody of ``leagues`` (participant to league) in order."""
    return standings(
        formula,
        [
            Runner(who, league, len(found.days.get(who, ())), found.values.get(who, {}))
            for who, league in leagues.items()
        ],
    )


def dry_run(season: Season, formula: Formula) -> list[Standing]:
    """Where everybody would stand who could run today, had this been the formula."""
    return placed(formula, leagues_of(formula, candidates(season)), gather(season, formula))


def leagues_of(formula: Formula, who: Sequence[Candidate]) -> dict[int, str]:
    return {each.who: league_of(formula.leagues, each.kind, each.size) for each in who}
