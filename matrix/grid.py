"""The account grid: who has an account where, and who has none (K23, K26, K31, K21, P21).

Identities are the brand with its regions, stores, employees, KOS and KOC. Employees who are no KOS
have no row of their own here: numbers that stores run for them (`AccountRole.EMPLOYEE_NUMBER`)
stand for them, so nobody can say how many of them lack one.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import Any

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kosops.lib import sql
from matrix.choices import AccountRole, Domain
from matrix.figures import CURRENT


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

_IDENTITY = f"""
    CASE WHEN a.creator_id IS NOT NULL THEN c.kind
         WHEN a.role = '{AccountRole.EMPLOYEE_NUMBER}' THEN 'employee'
         WHEN u.kind = 'store' THEN 'store' ELSE 'brand' END
"""
_FROM = """
      FROM matrix_socialaccount a
      JOIN accounts_unit u ON u.id = a.unit_id
      LEFT JOIN matrix_creator c ON c.id = a.creator_id
     WHERE a.unit_id = ANY(%(ids)s) AND a.state <> 'closed'
"""
# Whoever left, and stores that are closed, cover nothing.
_COUNTS = """
    CASE WHEN a.creator_id IS NOT NULL THEN c.state = ANY(%(current)s) ELSE u.active END
"""


def grid(ids: Collection[int]) -> Grid:
    """The grid of these units."""
    found = Grid(whole=_whole(ids))
    rows = sql.fetch_all(
        f"""
        WITH counted AS (
            SELECT {_IDENTITY} AS identity, a.domain, a.platform,
                   CASE WHEN {_COUNTS} THEN COALESCE(a.creator_id, a.unit_id) END AS holder,
                   count(*) AS number
            {_FROM} GROUP BY 1, 2, 3, 4
        )
        SELECT identity, COALESCE(platform, domain) AS place, sum(number)::int AS accounts,
               count(DISTINCT holder) AS covered
          FROM counted GROUP BY GROUPING SETS ((identity, domain), (identity, platform))
        """,
        _params(ids),
    )
    for row in rows:
        found.cells[row["identity"], row["place"]] = Cell(
            row["accounts"], row["covered"], found.whole[row["identity"]]
        )
    return found


def kinds(ids: Collection[int]) -> dict[str, dict[str, Kind]]:
    """Accounts by private layer, role, purpose and platform: ``{"role": {code: Kind}}``."""
    rows = sql.fetch_all(
        f"""
        WITH counted AS (
            SELECT a.private_layer AS layer, a.role, a.purpose, a.platform,
                   a.unit_id, a.creator_id, count(*) AS number
            {_FROM} GROUP BY 1, 2, 3, 4, 5, 6
        )
        SELECT CASE WHEN GROUPING(layer) = 0 THEN 'layer' WHEN GROUPING(role) = 0 THEN 'role'
                    WHEN GROUPING(purpose) = 0 THEN 'purpose' ELSE 'platform' END AS sort,
               COALESCE(layer, role, purpose, platform) AS code, sum(number)::int AS accounts,
               count(DISTINCT unit_id) AS units, count(DISTINCT creator_id) AS people
          FROM counted GROUP BY GROUPING SETS ((layer), (role), (purpose), (platform))
        """,
        _params(ids),
    )
    found: dict[str, dict[str, Kind]] = {"layer": {}, "role": {}, "purpose": {}, "platform": {}}
    for row in rows:
        sort = row.pop("sort")
        if row["code"]:
            found[sort][row["code"]] = Kind(**row)
    return found


def owners(ids: Collection[int], platforms: Collection[str]) -> dict[str, list[str]]:
    """Names of units that own accounts on each platform, highest first, a few of each."""
    rows = sql.fetch_all(
        """
        SELECT platform, name FROM (
            SELECT a.platform, u.name,
                   row_number() OVER (PARTITION BY a.platform ORDER BY min(length(u.path)), u.name)
                       AS place
              FROM matrix_socialaccount a JOIN accounts_unit u ON u.id = a.unit_id
             WHERE a.unit_id = ANY(%(ids)s) AND a.creator_id IS NULL AND a.state <> 'closed'
               AND a.platform = ANY(%(platforms)s)
             GROUP BY a.platform, u.name
        ) AS named WHERE place <= 3 ORDER BY platform, place
        """,
        {"ids": list(ids), "platforms": list(platforms)},
    )
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row["platform"], []).append(row["name"])
    return found


# -- private -------------------------------------------------------------------


def _params(ids: Collection[int]) -> dict[str, Any]:
    return {"ids": list(ids), "current": list(CURRENT)}


def _whole(ids: Collection[int]) -> dict[str, int | None]:
    """How many there are of each identity."""
    row = sql.fetch_one(
        """
        SELECT (SELECT count(*) FROM accounts_unit WHERE id = ANY(%(ids)s) AND active
                   AND kind <> 'store') AS brand,
               (SELECT count(*) FROM accounts_unit WHERE id = ANY(%(ids)s) AND active
                   AND kind = 'store') AS store,
               count(*) FILTER (WHERE kind = 'kos') AS kos,
               count(*) FILTER (WHERE kind = 'koc') AS koc
          FROM matrix_creator WHERE store_id = ANY(%(ids)s) AND state = ANY(%(current)s)
        """,
        _params(ids),
    )
    return {**row, Identity.EMPLOYEE.value: None}
