"""What is known of the orders of members, and so of the KOC among them (C01).

Orders belong to ``customers``, which stands above this app. It registers itself here when it
starts, so that applicants who gave a member number can be ranked by what they really bought, and a
KOC is known as a consumer.

The day of the last purchase is kept (`MemberKey`), since the list of creators is filtered by it.
The intake of orders moves it on (`bought`); a purchase that was wholly refunded later is taken back
by the night's count (`recount`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol

from django.db import transaction

from accounts.access import Reach
from accounts.models import Unit
from accounts.units import active_brands
from kosops.lib import sql
from matrix.models import Creator, MemberKey

# How far back orders count.
WITHIN = dt.timedelta(days=365)
# Numbers that are looked up and written in one statement.
BATCH = 5_000


@dataclass(frozen=True, slots=True)
class Purchases:
    """Orders within a year: how many, net sum in minor units, day of the last.

    Orders that were closed or wholly refunded are none.
    """

    orders: int
    amount: int
    last_on: dt.date


class Source(Protocol):
    """What the owner of orders answers. Members without an order are left out: unknown is not 0."""

    def keys_of(self, number: str) -> Collection[bytes]:
        """The blind indexes under which orders may know a member number."""

    def of_members(
        self, brand_id: int, numbers: Collection[str], since: dt.date
    ) -> dict[str, Purchases]: ...

    def of_keys(
        self, brand_id: int, keys: Collection[bytes], since: dt.date, within: Reach
    ) -> Purchases | None:
        """Purchases under any of the blind indexes, at units that ``within`` covers."""

    def last_days(self, brand_id: int, keys: Collection[bytes]) -> dict[bytes, dt.date]:
        """The day of the last purchase ever, by blind index."""


_sources: list[Source] = []


def register(source: Source) -> None:
    """Say who knows the orders; the last one registered answers."""
    _sources[:] = [source]


# -- queries -------------------------------------------------------------------


def of_members(brand_id: int, numbers: Collection[str], today: dt.date) -> dict[str, Purchases]:
    """What members bought in the year up to ``today``, by member number."""
    if not _sources or not numbers:
        return {}
    return _sources[0].of_members(brand_id, numbers, today - WITHIN)


def of_creator(creator: Creator, today: dt.date, within: Reach) -> Purchases | None:
    """What a KOC bought in the year up to ``today`` at units that ``within`` covers."""
    if not _sources or not within:
        return None
    keys = [bytes(key) for key in creator.member_keys.values_list("key", flat=True)]
    return _sources[0].of_keys(creator.brand_id, keys, today - WITHIN, within) if keys else None


# -- commands ------------------------------------------------------------------

# A number that was made for an applicant without one (`trials.made_number`) is in no order.
_WITHOUT_KEYS = """
    SELECT c.id, c.number FROM matrix_creator c
     WHERE c.brand_id = %(brand)s AND c.kind = 'koc' AND c.number <> '' AND c.merged_into_id IS NULL
       AND (%(people)s::bigint[] IS NULL OR c.id = ANY(%(people)s))
       AND NOT EXISTS (SELECT 1 FROM matrix_memberkey k WHERE k.creator_id = c.id)
       AND NOT EXISTS (SELECT 1 FROM matrix_application a
                        WHERE a.creator_id = c.id AND c.number = 'A' || lpad(a.id::text, 7, '0'))
     ORDER BY c.id
"""
# One look into the index for each buyer: few of many customers are KOC, so that reading all of the
# KOC to find them would cost more than the rest of the intake.
_NEWS = """
    SELECT k.id, new.bought_on
      FROM unnest(%(keys)s::bytea[], %(days)s::date[]) AS new (key, bought_on)
     CROSS JOIN LATERAL (
        SELECT id, bought_on FROM matrix_memberkey
         WHERE brand_id = %(brand)s AND key = new.key LIMIT 1) AS k
     WHERE {moves}
     ORDER BY k.id
"""
# Rows are locked in one order, so that two calls wait for each other and cannot deadlock.
_WRITE = """
    WITH locked AS (
        SELECT id FROM matrix_memberkey WHERE id = ANY(%(ids)s) ORDER BY id FOR UPDATE
    )
    UPDATE matrix_memberkey k SET bought_on = new.bought_on
      FROM unnest(%(ids)s::bigint[], %(days)s::date[]) AS new (id, bought_on), locked
     WHERE k.id = new.id AND k.id = locked.id AND {moves}
"""
_LATER = "k.bought_on IS NULL OR k.bought_on < new.bought_on"
_OTHER = "k.bought_on IS DISTINCT FROM new.bought_on"


def bought(brand_id: int, days: Mapping[bytes, dt.date]) -> int:
    """Note purchases that came in, by the buyer's blind index; of how many KOC that was news."""
    if not days:
        return 0
    return _move(brand_id, days.keys(), days.values(), _LATER)


@transaction.atomic
def follow(brand: Unit, people: Iterable[int] | None = None) -> int:
    """Note the member numbers of KOC who have none noted, with what they bought until now.

    Of these creators, by their ids, or of all; of how many.
    """
    if not _sources:
        return 0
    asked = {"brand": brand.pk, "people": None if people is None else list(people)}
    found = sql.fetch_all(_WITHOUT_KEYS, asked)
    keys = [(row["id"], key) for row in found for key in _sources[0].keys_of(row["number"])]
    for first in range(0, len(keys), BATCH):
        some = keys[first : first + BATCH]
        sql.insert_rows(
            "matrix_memberkey",
            ["brand_id", "creator_id", "key"],
            [(brand.pk, creator, key) for creator, key in some],
            "ON CONFLICT (brand_id, key) DO NOTHING",
        )
        bought(brand.pk, _sources[0].last_days(brand.pk, [key for _creator, key in some]))
    return len(found)


def recount(brand: Unit) -> int:
    """Look up every last purchase again; of how many numbers it was another one."""
    moved, after = 0, 0
    while _sources:
        with transaction.atomic():
            # Held before the orders are read: what an intake moves meanwhile is not set back.
            rows = MemberKey.objects.select_for_update(no_key=True).order_by("pk")
            found = rows.filter(brand=brand, pk__gt=after).values_list("pk", "key")
            some = [(pk, bytes(key)) for pk, key in found[:BATCH]]
            if not some:
                break
            after = some[-1][0]
            keys = [key for _pk, key in some]
            days = _sources[0].last_days(brand.pk, keys)
            moved += _move(brand.pk, keys, [days.get(key) for key in keys], _OTHER)
    return moved


def nightly() -> None:
    for brand in active_brands():
        follow(brand)
        recount(brand)


# -- private -------------------------------------------------------------------


def _move(
    brand_id: int, keys: Collection[bytes], days: Collection[dt.date | None], moves: str
) -> int:
    asked = {"brand": brand_id, "keys": list(keys), "days": list(days)}
    rows = sql.fetch_all(_NEWS.format(moves=moves), asked)
    if not rows:
        return 0
    news = {"ids": [row["id"] for row in rows], "days": [row["bought_on"] for row in rows]}
    return sql.execute(_WRITE.format(moves=f"({moves})"), news)
