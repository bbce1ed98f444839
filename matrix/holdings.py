"""The asset ledger (K48): what the accounts hold, and with whom it would go.

Accounts and followers are counted here. Apps above bring what else accumulates, posts and customers,
by a source each (`register`). Everything is counted in the night, by unit, platform and ownership,
and kept by month, so that a month can be held against the one before.
"""

from __future__ import annotations

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from typing import NamedTuple

from django.db import transaction
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

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

    figures: dict[tuple[str, str], Figure]
    platforms: dict[tuple[str, str, str], int]
    counted_at: dt.datetime | None

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


def ledger(ids: Collection[int], now: dt.datetime) -> Ledger:
    """What these units hold together."""
    present = Month.of(timezone.localdate(now))
    rows = sql.fetch_all(
        """
        WITH latest AS (
            SELECT max(month) AS month FROM matrix_assetfigures
             WHERE unit_id = ANY(%(ids)s) AND month <= %(month)s
        )
        SELECT asset, ownership, platform, a.month = latest.month AS is_now,
               sum(count)::bigint AS count, max(counted_at) AS counted_at
          FROM matrix_assetfigures a, latest
         WHERE unit_id = ANY(%(ids)s)
           AND a.month IN (latest.month, (latest.month - interval '1 month')::date)
         GROUP BY 1, 2, 3, 4
        """,
        {"ids": list(ids), "month": present.first_day},
    )
    counted_before = any(not row["is_now"] for row in rows)
    sums: dict[tuple[str, str], list[int]] = defaultdict(lambda: [0, 0])
    platforms: dict[tuple[str, str, str], int] = {}
    for row in rows:
        sums[row["asset"], row["ownership"]][0 if row["is_now"] else 1] += row["count"]
        if row["is_now"]:
            platforms[row["asset"], row["ownership"], row["platform"]] = row["count"]
    return Ledger(
        figures={
            key: Figure(now_count, before if counted_before else None)
            for key, (now_count, before) in sums.items()
        },
        platforms=platforms,
        counted_at=max((row["counted_at"] for row in rows if row["is_now"]), default=None),
    )


def by_child(parents: Collection[tuple[int, str]], now: dt.datetime) -> dict[int, Ledger]:
    """The ledger of each part, given as (id, path) of its topmost unit."""
    present = Month.of(timezone.localdate(now)).first_day
    rows = sql.fetch_all(
        """
        SELECT p.id, a.asset, a.ownership, sum(a.count)::bigint AS count
          FROM unnest(%(ids)s::bigint[], %(paths)s::text[]) AS p(id, path)
          JOIN accounts_unit u ON u.path LIKE p.path || '%%'
          JOIN matrix_assetfigures a ON a.unit_id = u.id
         WHERE a.month = (SELECT max(month) FROM matrix_assetfigures WHERE month <= %(month)s)
         GROUP BY 1, 2, 3
        """,
        {
            "ids": [pk for pk, _path in parents],
            "paths": [path for _pk, path in parents],
            "month": present,
        },
    )
    found = {pk: Ledger({}, {}, None) for pk, _path in parents}
    for row in rows:
        found[row["id"]].figures[row["asset"], row["ownership"]] = Figure(row["count"])
    return found


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
