"""The account grid: who has an account where, and who has none (K23, K26, K31, K21, P21).

Identities are the brand with its regions, stores, employees, KOS and KOC. Employees who are no KOS
have no row of their own here: numbers that stores run for them (`AccountRole.EMPLOYEE_NUMBER`)
stand for them, so nobody can say how many of them lack one.

`count` is what `matrix.figures` keeps of each unit; the grid adds it up. An account belongs to the
unit of its owner, so that nobody counts in two units.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from django.db.models import TextChoices
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kosops.lib import sql
from kosops.lib.periods import Month
from matrix.choices import AccountRole, CreatorState, Domain


class Identity(TextChoices):
    """K23: who speaks."""

    BRAND = "brand", _("Brand and regions")
    STORE = "store", pgettext_lazy("identity", "Store")
    EMPLOYEE = "employee", _("Employee")
    KOS = "kos", "KOS"
    KOC = "koc", "KOC"


@dataclass(frozen=True, slots=True)
class Cell:
    """Accounts of an identity in a domain or on a platform, and how many of all have one."""

    accounts: int = 0
    covered: int = 0
    # None where nobody knows how many there are.
    whole: int | None = None

    @property
    def gap(self) -> int | None:
        return None if self.whole is None else max(0, self.whole - self.covered)


@dataclass(slots=True)
class Grid:
    """Cells by identity and column; a column is a domain or a platform."""

    cells: dict[tuple[str, str], Cell] = field(default_factory=dict)
    whole: dict[str, int | None] = field(default_factory=dict)

    def cell(self, identity: str, column: str) -> Cell:
        return self.cells.get((identity, column), Cell(whole=self.whole.get(identity)))


@dataclass(frozen=True, slots=True)
class Kind:
    """Accounts of a layer, role, purpose or touchpoint, with the units that have one."""

    code: str
    accounts: int
    units: int
    people: int


COLUMNS = (Domain.PUBLIC, Domain.PRIVATE)

# Whoever left covers nothing.
CURRENT = [CreatorState.ONBOARDING, CreatorState.ACTIVE, CreatorState.PAUSED]
# The sorts of `kinds`, beside the identities of `grid`.
SORTS = ("layer", "role", "purpose", "platform")

_COUNT = f"""
    WITH account AS (
        SELECT a.unit_id, a.creator_id, a.domain, a.platform, a.private_layer AS layer, a.role,
               a.purpose, c.state = ANY(%(current)s) AS covers,
               CASE WHEN a.creator_id IS NOT NULL THEN c.kind
                    WHEN a.role = '{AccountRole.EMPLOYEE_NUMBER}' THEN 'employee'
                    WHEN u.kind = 'store' THEN 'store' ELSE 'brand' END AS identity
          FROM matrix_socialaccount a
          JOIN accounts_unit u ON u.id = a.unit_id
          LEFT JOIN matrix_creator c ON c.id = a.creator_id
         WHERE a.unit_id = ANY(%(ids)s) AND a.state <> 'closed'
    )
    SELECT unit_id,
           CASE WHEN GROUPING(identity) = 0 THEN identity WHEN GROUPING(layer) = 0 THEN 'layer'
                WHEN GROUPING(role) = 0 THEN 'role' WHEN GROUPING(purpose) = 0 THEN 'purpose'
                ELSE 'platform' END
           || '|' || COALESCE(domain, layer, role, purpose, platform) AS key,
           count(*) AS accounts, count(DISTINCT creator_id) FILTER (WHERE covers) AS covering,
           count(DISTINCT creator_id) AS people
      FROM account
     GROUP BY GROUPING SETS ((unit_id, identity, domain), (unit_id, identity, platform),
        (unit_id, layer), (unit_id, role), (unit_id, purpose), (unit_id, platform))
    HAVING COALESCE(domain, layer, role, purpose, platform) <> ''
"""


def count(ids: Sequence[int]) -> dict[int, dict[str, list[int]]]:
    """By unit: ``{"kos|public": [accounts, people who hold one], "role|official": [...], ...}``.

    The first word is an identity or one of `SORTS`, the second what is counted. Of an identity
    only people who take part count as holders.
    """
    found: dict[int, dict[str, list[int]]] = {}
    for row in sql.fetch_all(_COUNT, {"ids": list(ids), "current": CURRENT}):
        sort = row["key"].partition("|")[0]
        holders = row["people"] if sort in SORTS else row["covering"]
        found.setdefault(row["unit_id"], {})[row["key"]] = [row["accounts"], holders]
    return found


@dataclass(frozen=True, slots=True)
class Counted:
    """The grid of a part of the tree, and its accounts by layer, role, purpose and platform."""

    grid: Grid
    kinds: dict[str, dict[str, Kind]]


# One row for each thing that the units counted, and one for each identity: how many there are.
_SUMS = """
    WITH unit AS MATERIALIZED (
        SELECT u.active, u.kind, f.kos, f.koc, f.grid
          FROM accounts_unit u
          JOIN matrix_unitfigures f ON f.unit_id = u.id AND f.month = %(month)s
         WHERE u.path ^@ ANY(%(paths)s)
         UNION ALL
        -- Not counted yet in this month: as it stood last.
        SELECT u.active, u.kind, f.kos, f.koc, f.grid
          FROM accounts_unit u,
               LATERAL (SELECT kos, koc, grid FROM matrix_unitfigures f WHERE f.unit_id = u.id
                         ORDER BY f.month DESC LIMIT 1) AS f
         WHERE u.path ^@ ANY(%(paths)s)
           AND u.id NOT IN (SELECT unit_id FROM matrix_unitfigures WHERE month = %(month)s)
    ), whole AS (
        SELECT count(*) FILTER (WHERE active AND kind <> 'store') AS brand,
               count(*) FILTER (WHERE active AND kind = 'store') AS store,
               COALESCE(sum(kos), 0) AS kos, COALESCE(sum(koc), 0) AS koc
          FROM unit
    )
    SELECT key, sum((value->>0)::int)::int AS accounts, sum((value->>1)::int)::int AS people,
           count(*)::int AS units, count(*) FILTER (WHERE active)::int AS active
      FROM unit, jsonb_each(grid)
     GROUP BY key
     UNION ALL
    SELECT 'whole|' || identity, number::int, 0, 0, 0
      FROM whole, LATERAL (VALUES ('brand', brand), ('store', store), ('kos', kos), ('koc', koc))
           AS each(identity, number)
"""


def read(paths: Sequence[str], now: dt.datetime) -> Counted:
    """What stands in the figures of the units at and below these paths.

    `figures.freshen` brings them up to date.
    """
    month = Month.of(timezone.localdate(now)).first_day
    rows = [
        (*row["key"].split("|", 1), row)
        for row in sql.fetch_all(_SUMS, {"paths": list(paths), "month": month})
    ]
    whole: dict[str, int | None] = {Identity.EMPLOYEE.value: None}
    whole |= {code: row["accounts"] for sort, code, row in rows if sort == "whole"}
    found = Counted(Grid(whole=whole), {sort: {} for sort in SORTS})
    for sort, code, row in rows:
        if sort in SORTS:
            found.kinds[sort][code] = Kind(code, row["accounts"], row["units"], row["people"])
        elif sort in whole:
            # A unit covers itself with one account, unless it is closed.
            covered = row["people"] if sort in (Identity.KOS, Identity.KOC) else row["active"]
            found.grid.cells[sort, code] = Cell(row["accounts"], covered, whole[sort])
    return found


def owners(paths: Sequence[str], platforms: Collection[str]) -> dict[str, list[str]]:
    """Names of units that own accounts on each platform, highest first, a few of each."""
    rows = sql.fetch_all(
        """
        SELECT platform, name FROM (
            SELECT a.platform, u.name,
                   row_number() OVER (PARTITION BY a.platform ORDER BY min(length(u.path)), u.name)
                       AS place
              FROM matrix_socialaccount a JOIN accounts_unit u ON u.id = a.unit_id
             WHERE u.path ^@ ANY(%(paths)s) AND a.creator_id IS NULL AND a.state <> 'closed'
               AND a.platform = ANY(%(platforms)s)
             GROUP BY a.platform, u.name
        ) AS named WHERE place <= 3 ORDER BY platform, place
        """,
        {"paths": list(paths), "platforms": list(platforms)},
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["platform"], []).append(row["name"])
    return found
