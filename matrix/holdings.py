"""The asset ledger (K48): what the accounts hold, and with whom it would go.

Accounts and followers are counted here. Apps above bring what else accumulates, posts and customers,
by a source each (`register`). Everything is counted in the night, by unit, platform and ownership,
and kept by month, so that a month can be held against the one before.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from kosops.lib import sql
from kosops.lib.periods import Month
from matrix.choices import Asset, Ownership


class Held(NamedTuple):
    """How much a unit itself has; ``platform`` is empty for what stands on none."""

    unit: int
    platform: str
    ownership: str
    number: int


@dataclass(frozen=True)
class Source:
    """Who counts an asset. ``url_name`` is the list of its rows, ``permission`` who may see it."""

    asset: Asset
    help: Promise
    count: Callable[[], Iterable[Held]]
    url_name: str = ""
    permission: str = "matrix.view"


@dataclass(frozen=True, slots=True)
class Figure:
    """An asset now and at the end of last month; None where it was not counted then."""

    now: int = 0
    before: int | None = None


@dataclass(slots=True)
class Ledger:
    """Figures by (asset, ownership), and when they were counted."""

    figures: dict[tuple[str, str], Figure] = field(default_factory=dict)
    counted_at: dt.datetime | None = None

    def figure(self, asset: str, ownership: str) -> Figure:
        return self.figures.get((asset, ownership), Figure())

    def whole(self, asset: str) -> Figure:
        found = [self.figure(asset, ownership) for ownership in Ownership.values]
        known = [each.before for each in found if each.before is not None]
        return Figure(sum(each.now for each in found), sum(known) if known else None)


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Say who counts an asset; a second source of the same asset takes its place."""
    _sources[source.asset] = source


def sources() -> list[Source]:
    """In the order of the assets."""
    return [_sources[asset] for asset in Asset if asset in _sources]


# -- queries -------------------------------------------------------------------


_HELD = """
    WITH unit AS MATERIALIZED (
        SELECT id, CASE WHEN %(place)s = 0 THEN id::text ELSE split_part(path, '/', %(place)s) END
               AS part
          FROM accounts_unit WHERE path ^@ ANY(%(paths)s)
    ), latest AS (
        SELECT max(month) AS month FROM matrix_assetfigures WHERE month <= %(month)s
    )
    SELECT NULLIF(u.part, '')::bigint AS part, a.asset, a.ownership,
           a.month = latest.month AS is_now, sum(a.count)::bigint AS count,
           max(a.counted_at) AS counted_at
      FROM unit u JOIN matrix_assetfigures a ON a.unit_id = u.id, latest
     WHERE a.month IN (latest.month, (latest.month - interval '1 month')::date)
     GROUP BY 1, 2, 3, 4
"""


def ledgers(
    paths: Sequence[str], top: Unit | None, now: dt.datetime
) -> tuple[Ledger, dict[int, Ledger]]:
    """What the units at and below these paths hold together, and what each part of them holds today.

    The parts are the units right under ``top``, each with all below it; without one each unit is a
    part.
    """
    rows = sql.fetch_all(
        _HELD,
        {
            "paths": list(paths),
            # Where a path names the unit under the top.
            "place": top.path.count("/") + 1 if top else 0,
            "month": Month.of(timezone.localdate(now)).first_day,
        },
    )
    counted_before = any(not row["is_now"] for row in rows)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    parts: dict[int, Ledger] = {}
    for row in rows:
        key = row["asset"], row["ownership"]
        sums[key][0 if row["is_now"] else 1] += row["count"]
        if row["is_now"] and row["part"]:
            parts.setdefault(row["part"], Ledger()).figures[key] = Figure(row["count"])
    whole = Ledger(
        figures={
            key: Figure(now_count, before if counted_before else None)
            for key, (now_count, before) in sums.items()
        },
        counted_at=max((row["counted_at"] for row in rows if row["is_now"]), default=None),
    )
    return whole, parts


# -- commands ------------------------------------------------------------------


@transaction.atomic
def count_all(now: dt.datetime) -> int:
    """Count every asset of every unit and keep it as that of the present month."""
    month = Month.of(timezone.localdate(now)).first_day
    rows = [(source.asset.value, held) for source in sources() for held in source.count()]
    sql.execute("DELETE FROM matrix_assetfigures WHERE month = %(month)s", {"month": month})
    sql.insert_rows(
        "matrix_assetfigures",
        ("unit_id", "month", "asset", "platform", "ownership", "count", "counted_at"),
        [
            (held.unit, month, asset, held.platform, held.ownership, held.number, now)
            for asset, held in rows
        ],
    )
    return len(rows)


def held_rows(statement: str, params: dict[str, object] | None = None) -> list[Held]:
    """Rows of a query with the columns of `Held`."""
    return [Held(**row) for row in sql.fetch_all(statement, params)]


def accounts() -> list[Held]:
    return held_rows(
        """
        SELECT unit_id AS unit, platform, ownership, count(*) AS number
          FROM matrix_socialaccount WHERE state <> 'closed' GROUP BY 1, 2, 3
        """
    )


def followers() -> list[Held]:
    """Where nobody reported any there is no row: unknown, not nought."""
    return held_rows(
        """
        SELECT unit_id AS unit, platform, ownership, sum(followers)::bigint AS number
          FROM matrix_socialaccount WHERE state <> 'closed' AND followers IS NOT NULL
         GROUP BY 1, 2, 3
        """
    )


register(
    Source(
        asset=Asset.ACCOUNTS,
        help=_("Accounts in the public and the private domain that are not closed."),
        count=accounts,
        url_name="matrix:accounts",
    )
)
register(
    Source(
        asset=Asset.FOLLOWERS,
        help=_("Followers of these accounts when their platform last reported them."),
        count=followers,
        url_name="matrix:accounts",
    )
)
