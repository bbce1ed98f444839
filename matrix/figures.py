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
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connection, transaction
from django.utils import timezone

from accounts.choices import UnitKind
from accounts.models import Unit
from kosops.lib import queue, sql
from kosops.lib.periods import Month
from matrix import health, posting
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
    "last_at",
)  # fmt: skip
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
               {", ".join(f"f.{name}" for name in STATE)}
          FROM unnest(%(ids)s::bigint[]) AS owner(id),
               LATERAL (SELECT * FROM matrix_unitfigures f WHERE f.unit_id = owner.id
                         ORDER BY f.month DESC LIMIT 1) AS f
        """,
        {"ids": list(ids)},
    )
    return {
        row["id"]: _Stored(
            figures=Figures(
                kos=row["kos"],
                koc=row["koc"],
                platforms=Counter(json.loads(row["platforms"])),
                paired=row["paired"],
                needs=Counter(json.loads(row["needs"])),
                needing=row["needing"],
                followers=row["followers"],
                posts=row["posts"],
                last_at=row["last_at"],
            ),
            day=row["day"],
            counted_at=row["counted_at"],
            changed=row["changed"],
        )
        for row in rows
    }


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
        platforms=dict(figures.platforms),
        needs=dict(figures.needs),
        **{name: getattr(figures, name) for name in STATE if name not in ("platforms", "needs")},
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
