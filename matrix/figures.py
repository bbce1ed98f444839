"""Figures of each unit: counted ahead, counted again where something changed.

A page over a thousand stores cannot work out the needs of 40,000 accounts each time. So what is so
in a unit stands in `UnitFigures`. Triggers note the units in which people, accounts, pairings or
posts changed; whoever reads next counts these few again. What is shown is therefore exact, but
where very many units changed at once: then the stored figures are shown, `Standing.behind` says so,
and a worker counts.
"""

from __future__ import annotations

import datetime as dt
import json
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.utils import timezone

from accounts.choices import UnitKind
from accounts.models import Unit
from accounts.units import ids_in
from kosops.lib import queue, sql
from kosops.lib.periods import Month
from matrix import grid, health, posting
from matrix.choices import CreatorKind, CreatorState
from matrix.health import Need
from matrix.models import ChangedUnit, Creator, SocialAccount, UnitFigures
from matrix.posting import Published

# People who take part today; candidates do not yet, leavers no more.
CURRENT = (CreatorState.ONBOARDING, CreatorState.ACTIVE, CreatorState.PAUSED)
NEEDS = tuple(need.value for need in Need)
# So many changed units a page counts itself; more are left to a worker.
AT_ONCE = 60
LOCK = "matrix.figures"
REFRESH = "matrix.tasks.refresh_figures"

STATE = (
    "kos", "koc", "accounts", "platforms", "paired", "needing", "needs", "followers", "posts",
    "last_at", "grid",
)  # fmt: skip
# These stand in the database as JSON.
COUNTERS = ("platforms", "needs", "grid")
OF_MONTH = ("notes", "active", "views")


@dataclass(slots=True)
class Figures:
    """What is so in a unit, and after adding up, in a unit and below it."""

    kos: int = 0
    koc: int = 0
    platforms: Counter[str] = field(default_factory=Counter)
    paired: int = 0
    needs: Counter[str] = field(default_factory=Counter)
    needing: int = 0
    followers: int | None = None
    posts: int = 0
    last_at: dt.datetime | None = None
    # What the grid shows of the unit itself, as `matrix.grid.count` gives it; not added up here.
    grid: Mapping[str, Sequence[int]] = field(default_factory=dict)

    @property
    def people(self) -> int:
        return self.kos + self.koc

    @property
    def accounts(self) -> int:
        return self.platforms.total()

    @property
    def needs_in_words(self) -> list[tuple[Need, int]]:
        return [(need, self.needs[need]) for need in Need if self.needs[need]]

    def add(self, other: Figures) -> None:
        self.kos += other.kos
        self.koc += other.koc
        for platform, count in other.platforms.items():
            self.platforms[platform] += count
        self.paired += other.paired
        for need, count in other.needs.items():
            self.needs[need] += count
        self.needing += other.needing
        if other.followers is not None:
            self.followers = (self.followers or 0) + other.followers
        self.posts += other.posts
        if self.last_at is None or (other.last_at and other.last_at > self.last_at):
            self.last_at = other.last_at


@dataclass(frozen=True, slots=True)
class Standing:
    """Figures by unit; ``behind`` of them have changed since ``counted_at`` and are not counted."""

    of_unit: dict[int, Figures]
    behind: int = 0
    counted_at: dt.datetime | None = None


# -- queries -------------------------------------------------------------------


def standing(ids: Collection[int], now: dt.datetime) -> Standing:
    """The figures of these units themselves, counting first what changed, if that is little."""
    if not ids:
        return Standing({})
    known, today = _stored(ids), timezone.localdate(now)
    changed = {pk for pk in ids if pk not in known or known[pk].changed or known[pk].day != today}
    found = {pk: each.figures for pk, each in known.items()}
    if not changed:
        return Standing(found)
    if len(changed) <= AT_ONCE or not changed <= known.keys():
        return Standing(found | refresh(sorted(changed), now))
    queue.after_commit(REFRESH)
    return Standing(found, len(changed), min(each.counted_at for each in known.values()))


def rolled_up(tops: Collection[int], now: dt.datetime) -> Standing:
    """Figures of each of these units together with all units below it, added up by the database.

    What changed below them is counted first, if that is little.
    """
    params = {"tops": list(tops), "today": timezone.localdate(now)}
    rows, behind, since = _counted_first(lambda: sql.fetch_all(_ADDED_UP, params), now)
    found = {row["id"]: _figures_in(row) for row in rows}
    # The lowest first, so that what they pass on upwards is whole.
    for row in sorted(rows, key=lambda row: -row["path"].count("/")):
        above = reversed(ids_in(row["path"])[:-1])
        if nearest := next((pk for pk in above if pk in found), None):
            found[nearest].add(found[row["id"]])
    return Standing(found, behind, since)


def freshen(paths: Sequence[str], now: dt.datetime) -> Standing:
    """Count what changed at and below these paths, if that is little.

    For pages that read other columns.
    """
    today = timezone.localdate(now)
    params = {"paths": list(paths), "today": today, "month": Month.of(today).first_day}
    _rows, behind, since = _counted_first(lambda: sql.fetch_all(_STALE, params), now)
    return Standing({}, behind, since)


def _counted_first(
    ask: Callable[[], list[dict[str, Any]]], now: dt.datetime
) -> tuple[list[dict[str, Any]], int, dt.datetime | None]:
    """The answer once what is ``stale`` in it was counted; how much still is, and since when."""
    rows = ask()
    stale = _stale_in(rows)
    if stale and (len(stale) <= AT_ONCE or any(row["unknown"] for row in rows)):
        refresh(sorted(stale), now)
        rows = ask()
        stale = _stale_in(rows)
    if not stale:
        return rows, 0, None
    queue.after_commit(REFRESH)
    return rows, len(stale), min(row["counted_at"] for row in rows if row["counted_at"])


def _stale_in(rows: Iterable[dict[str, Any]]) -> set[int]:
    return {pk for row in rows for pk in row["stale"]}


def posts_beside(unit: Unit, now: dt.datetime) -> list[int]:
    """Posts in 30 days of the other open stores under the same unit, as last counted."""
    beside = UnitFigures.objects.filter(
        unit__parent=unit.parent_id,
        unit__kind=UnitKind.STORE,
        unit__active=True,
        month=Month.of(timezone.localdate(now)).first_day,
    )
    return list(beside.exclude(unit=unit).values_list("posts", flat=True))


def count(ids: Sequence[int], now: dt.datetime) -> dict[int, Figures]:
    """What is so in each of these units at this moment, worked out from the rows themselves."""
    found = {pk: Figures() for pk in ids}
    people = (
        Creator.objects.filter(store__in=ids, state__in=CURRENT)
        .order_by()
        .values_list("store_id", "kind")
    )
    for (store, kind), number in Counter(people).items():
        if kind == CreatorKind.KOS:
            found[store].kos = number
        else:
            found[store].koc = number
    accounts = health.public_accounts(SocialAccount.objects.filter(unit__in=ids))
    for row in _account_counts(health.with_needs(accounts, now)):
        figures = found[row["unit_id"]]
        figures.platforms[row["platform"]] += row["count"]
        figures.paired += row["count"] - row["unpaired_count"]
        figures.needing += row["needing_count"]
        for need in NEEDS:
            if number := row[f"{need}_count"]:
                figures.needs[need] += number
        if row["followers"] is not None:
            figures.followers = (figures.followers or 0) + int(row["followers"])
    for pk, known in posting.of_units(ids, now).items():
        found[pk].posts, found[pk].last_at = known.posts, known.last_at
    for pk, cells in grid.count(ids).items():
        found[pk].grid = cells
    return found


# -- commands ------------------------------------------------------------------


@transaction.atomic
def refresh(ids: Sequence[int], now: dt.datetime) -> dict[int, Figures]:
    """Count these units and keep the figures as those of today.

    Notes of change are read before counting: what is committed in between keeps its note and is
    counted once more. While another one counts, nothing is kept.
    """
    alone = sql.fetch_one(
        "SELECT pg_try_advisory_xact_lock(%(key)s) AS taken", {"key": sql.lock_key(LOCK)}
    )["taken"]
    seen = ChangedUnit.objects.filter(unit__in=ids).values_list("pk", flat=True) if alone else []
    seen = list(seen)
    found = count(ids, now)
    if alone:
        day = timezone.localdate(now)
        month = Month.of(day)
        published = posting.of_month(ids, month.first_day, month.last_day)
        _keep([_row(pk, found[pk], published.get(pk), day, now) for pk in ids])
        ChangedUnit.objects.filter(pk__in=seen).delete()
    return found


def refresh_changed(now: dt.datetime) -> int:
    """Count all units that changed or have not been counted today; returns how many."""
    today = timezone.localdate(now)
    ids = [
        row["id"]
        for row in sql.fetch_all(
            """
            SELECT u.id FROM accounts_unit u
              LEFT JOIN matrix_unitfigures f ON f.unit_id = u.id AND f.month = %(month)s
             WHERE f.day IS DISTINCT FROM %(today)s
                OR EXISTS (SELECT FROM matrix_changedunit c WHERE c.unit_id = u.id)
             ORDER BY u.id
            """,
            {"today": today, "month": Month.of(today).first_day},
        )
    ]
    if ids:
        refresh(ids, now)
    return len(ids)


@transaction.atomic
def recount_month(month: Month) -> int:
    """Count again what a past month published: posts come in late. Its state stays as it was."""
    ids = list(UnitFigures.objects.filter(month=month.first_day).values_list("unit", flat=True))
    published = posting.of_month(ids, month.first_day, month.last_day)
    return sql.execute(
        """
        UPDATE matrix_unitfigures f
           SET notes = new.notes, active = new.active, views = new.views
          FROM unnest(%(ids)s::bigint[], %(notes)s::int[], %(active)s::int[], %(views)s::bigint[])
               AS new(unit_id, notes, active, views)
         WHERE f.unit_id = new.unit_id AND f.month = %(month)s
           AND (f.notes, f.active, f.views) IS DISTINCT FROM (new.notes, new.active, new.views)
        """,
        {
            "ids": ids,
            "month": month.first_day,
            **{name: [getattr(published.get(pk, _NONE), name) for pk in ids] for name in OF_MONTH},
        },
    )


# -- private -------------------------------------------------------------------

_NONE = Published(notes=0, active=0, views=None)


@dataclass(frozen=True, slots=True)
class _Stored:
    figures: Figures
    day: dt.date
    counted_at: dt.datetime
    # Whether something in the unit changed since.
    changed: bool


def _stored(ids: Collection[int]) -> dict[int, _Stored]:
    """The latest figures that were kept of each unit."""
    rows = sql.fetch_all(
        f"""
        SELECT owner.id, f.day, f.counted_at,
               EXISTS (SELECT FROM matrix_changedunit c WHERE c.unit_id = owner.id) AS changed,
               {", ".join(f"f.{name}" for name in STATE if name != "grid")}
          FROM unnest(%(ids)s::bigint[]) AS owner(id),
               LATERAL (SELECT * FROM matrix_unitfigures f WHERE f.unit_id = owner.id
                         ORDER BY f.month DESC LIMIT 1) AS f
        """,
        {"ids": list(ids)},
    )
    return {
        row["id"]: _Stored(
            figures=_figures_in(row),
            day=row["day"],
            counted_at=row["counted_at"],
            changed=row["changed"],
        )
        for row in rows
    }


_STALE = """
    WITH stale AS MATERIALIZED (
        SELECT u.id FROM accounts_unit u
         WHERE u.path ^@ ANY(%(paths)s)
           AND (u.id IN (SELECT unit_id FROM matrix_changedunit)
                OR u.id NOT IN (SELECT unit_id FROM matrix_unitfigures
                                 WHERE month = %(month)s AND day = %(today)s))
    )
    SELECT COALESCE(array_agg(stale.id), '{}') AS stale,
           COALESCE(bool_or(f.day IS NULL), false) AS unknown, min(f.counted_at) AS counted_at
      FROM stale
      LEFT JOIN LATERAL (
        SELECT day, counted_at FROM matrix_unitfigures f WHERE f.unit_id = stale.id
         ORDER BY f.month DESC LIMIT 1) AS f ON true
"""
# The path of a unit names all units above it and the unit itself. Each unit counts for the lowest of
# those asked for: so it is looked up once, and what is above that adds up few rows.
_ADDED_UP = """
    WITH member AS MATERIALIZED (
        SELECT nearest.top, u.id, f.*, f.day IS DISTINCT FROM %(today)s
               OR EXISTS (SELECT FROM matrix_changedunit c WHERE c.unit_id = u.id) AS is_stale
          FROM accounts_unit u
         CROSS JOIN LATERAL (
            SELECT above.id::bigint AS top
              FROM string_to_table(trim(BOTH '/' FROM u.path), '/') WITH ORDINALITY
                   AS above(id, depth)
             WHERE above.id::bigint = ANY(%(tops)s) ORDER BY depth DESC LIMIT 1) AS nearest
          LEFT JOIN LATERAL (
            SELECT day, counted_at, kos, koc, paired, needing, followers, posts, last_at, platforms,
                   needs
              FROM matrix_unitfigures f WHERE f.unit_id = u.id
             ORDER BY f.month DESC LIMIT 1) AS f ON true
    ), pair AS (
        SELECT top, kind, key, sum(value::int) AS number
          FROM member,
               LATERAL (SELECT 'platforms' AS kind, key, value FROM jsonb_each_text(platforms)
                        UNION ALL
                        SELECT 'needs', key, value FROM jsonb_each_text(needs)) AS counted
         GROUP BY top, kind, key
    ), counter AS (
        SELECT top, jsonb_object_agg(key, number) FILTER (WHERE kind = 'platforms') AS platforms,
               jsonb_object_agg(key, number) FILTER (WHERE kind = 'needs') AS needs
          FROM pair GROUP BY top
    )
    SELECT top AS id, (SELECT path FROM accounts_unit WHERE id = top) AS path,
           COALESCE(sum(kos), 0)::int AS kos, COALESCE(sum(koc), 0)::int AS koc,
           COALESCE(sum(paired), 0)::int AS paired, COALESCE(sum(needing), 0)::int AS needing,
           sum(followers)::bigint AS followers, COALESCE(sum(posts), 0)::int AS posts,
           max(last_at) AS last_at, min(counted_at) AS counted_at,
           COALESCE(array_agg(id) FILTER (WHERE is_stale), '{}') AS stale,
           bool_or(day IS NULL) AS unknown,
           (SELECT platforms FROM counter c WHERE c.top = member.top) AS platforms,
           (SELECT needs FROM counter c WHERE c.top = member.top) AS needs
      FROM member GROUP BY top
"""


def _figures_in(row: dict[str, Any]) -> Figures:
    return Figures(
        kos=row["kos"],
        koc=row["koc"],
        platforms=Counter(json.loads(row["platforms"] or "{}")),
        paired=row["paired"],
        needs=Counter(json.loads(row["needs"] or "{}")),
        needing=row["needing"],
        followers=row["followers"],
        posts=row["posts"],
        last_at=row["last_at"],
    )


def _account_counts(accounts: Any) -> list[dict[str, Any]]:
    """Accounts `with_needs` counted by unit and platform.

    The needs are worked out once for each account and then counted; without the fence the
    database would work them out again for every count.
    """
    flagged = accounts.order_by().values("unit_id", "platform", "followers", *NEEDS)
    try:
        inner, params = flagged.query.sql_with_params()
    except EmptyResultSet:
        return []
    counts = ", ".join(f"count(*) FILTER (WHERE {need}) AS {need}_count" for need in NEEDS)
    with connection.cursor() as cursor:
        cursor.execute(
            f"""
            WITH flagged AS MATERIALIZED ({inner})
            SELECT unit_id, platform, count(*) AS count, sum(followers) AS followers,
                   count(*) FILTER (WHERE {" OR ".join(NEEDS)}) AS needing_count, {counts}
              FROM flagged GROUP BY unit_id, platform
            """,
            params,
        )
        names = [column.name for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def _row(
    pk: int, figures: Figures, published: Published | None, day: dt.date, now: dt.datetime
) -> UnitFigures:
    known = published or _NONE
    return UnitFigures(
        unit_id=pk,
        month=Month.of(day).first_day,
        day=day,
        counted_at=now,
        **{name: dict(getattr(figures, name)) for name in COUNTERS},
        **{name: getattr(figures, name) for name in STATE if name not in COUNTERS},
        **{name: getattr(known, name) for name in OF_MONTH},
    )


def _keep(rows: Iterable[UnitFigures]) -> None:
    UnitFigures.objects.bulk_create(
        list(rows),
        batch_size=1000,
        update_conflicts=True,
        unique_fields=["unit", "month"],
        update_fields=["day", "counted_at", "estimated", *STATE, *OF_MONTH],
    )
