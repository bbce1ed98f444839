"""Our payouts against the statement of the bank or provider, both ways. Nothing is repaired here."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts import activity
from accounts.models import Person, Unit
from incentives.models import ProviderEntry
from incentives.payout_choices import Channel
from kosops.lib import sql

# Longer on the way than this is a difference (RELIABILITY 2.9).
ON_THE_WAY = dt.timedelta(hours=24)

NOT_OURS = "not_ours"
OTHER_AMOUNT = "other_amount"
OTHER_STATE = "other_state"
NOT_THERE = "not_there"
SLOW = "slow"


@dataclass(frozen=True)
class Difference:
    """``ours`` and ``theirs`` are amounts in minor units, None where there is none."""

    code: str
    out_no: str
    provider_no: str
    person: str
    channel: str
    day: dt.date | None
    ours: int | None
    theirs: int | None
    payout: int | None
    state: str


@dataclass(frozen=True)
class Day:
    """What was paid by a channel on a day, by our books and by their statement."""

    channel: str
    day: dt.date
    books: int
    statement: int

    @property
    def difference(self) -> int:
        return self.books - self.statement


# A line of theirs belongs to the payout whose number it names, else to the one that has its number.
_MATCHED = """
    WITH entry AS (
        SELECT e.*, COALESCE(p.id, q.id) AS payout_id
          FROM incentives_providerentry e
          LEFT JOIN incentives_payout p ON p.out_no = e.out_no
          LEFT JOIN incentives_payout q ON e.out_no = '' AND q.provider_no = e.provider_no
         WHERE e.brand_id = %(brand)s
    ), ours AS (
        SELECT p.id, p.out_no, p.amount, p.state, p.provider_no, b.channel, b.exported_at,
               c.name AS person, (p.settled_at AT TIME ZONE %(zone)s)::date AS day
          FROM incentives_payout p
          JOIN incentives_payoutbatch b ON b.id = p.batch_id
          JOIN matrix_creator c ON c.id = p.creator_id
         WHERE b.brand_id = %(brand)s
    ), covered AS (
        SELECT channel, min(day) AS first, max(day) AS last FROM entry GROUP BY channel
    )
"""

_DIFFERENCES = (
    _MATCHED
    + """
    SELECT * FROM (
        SELECT 'not_ours' AS code, e.out_no, e.provider_no, '' AS person, e.channel, e.day,
               NULL::bigint AS ours, e.amount AS theirs, NULL::bigint AS payout,
               e.state::text AS state
          FROM entry e LEFT JOIN ours o ON o.id = e.payout_id WHERE o.id IS NULL
        UNION ALL
        SELECT 'other_amount', o.out_no, e.provider_no, o.person, o.channel, e.day, o.amount,
               e.amount, o.id, o.state
          FROM entry e JOIN ours o ON o.id = e.payout_id WHERE e.amount <> o.amount
        UNION ALL
        SELECT 'other_state', o.out_no, e.provider_no, o.person, o.channel, e.day, o.amount,
               e.amount, o.id, o.state
          FROM entry e JOIN ours o ON o.id = e.payout_id
         WHERE e.amount = o.amount
           AND CASE e.state WHEN 'succeeded' THEN o.state <> 'succeeded'
                    ELSE o.state = 'succeeded' END
           -- Paid and then returned by the bank are two lines; the last one counts.
           AND NOT EXISTS (SELECT 1 FROM entry later
                            WHERE later.payout_id = e.payout_id AND later.id > e.id)
        UNION ALL
        SELECT 'not_there', o.out_no, COALESCE(o.provider_no, ''), o.person, o.channel, o.day,
               o.amount, NULL, o.id, o.state
          FROM ours o JOIN covered v ON v.channel = o.channel AND o.day BETWEEN v.first AND v.last
         WHERE o.state = 'succeeded'
           AND NOT EXISTS (SELECT 1 FROM entry e WHERE e.payout_id = o.id)
        UNION ALL
        SELECT 'slow', o.out_no, '', o.person, o.channel,
               (o.exported_at AT TIME ZONE %(zone)s)::date, o.amount, NULL, o.id, o.state
          FROM ours o
         WHERE o.state IN ('sending', 'wait_payee', 'unknown') AND o.exported_at < %(since)s
    ) AS found
     ORDER BY day DESC NULLS LAST, code, out_no, provider_no
     LIMIT %(limit)s
"""
)

# The day is that of their statement where it names the payout, so that a late import moves nothing.
_DAYS = (
    _MATCHED
    + """
    , side AS (
        SELECT o.channel, COALESCE(e.day, o.day) AS day, o.amount AS books, 0::bigint AS statement
          FROM ours o
          LEFT JOIN (SELECT payout_id, min(day) AS day FROM entry WHERE state = 'succeeded'
                      GROUP BY payout_id) e ON e.payout_id = o.id
         WHERE o.state = 'succeeded' AND o.channel <> 'payroll'
        UNION ALL
        SELECT channel, day, 0, CASE state WHEN 'succeeded' THEN amount ELSE 0 END FROM entry
    )
    SELECT channel, day, sum(books)::bigint AS books, sum(statement)::bigint AS statement
      FROM side WHERE day IS NOT NULL
     GROUP BY channel, day ORDER BY day DESC, channel LIMIT %(limit)s
"""
)


def _params(brand: Unit, limit: int, now: dt.datetime) -> dict[str, Any]:
    return {
        "brand": brand.pk,
        "zone": settings.TIME_ZONE,
        "since": now - ON_THE_WAY,
        "limit": limit,
    }


def differences(brand: Unit, *, limit: int = 200) -> list[Difference]:
    """What the two sides do not agree on, the latest first; payroll has no such statement."""
    rows = sql.fetch_all(_DIFFERENCES, _params(brand, limit, timezone.now()))
    return [Difference(**row) for row in rows]


def days(brand: Unit, *, limit: int = 60) -> list[Day]:
    """Cash clearing by channel and day: what is left is not on the statement, or not ours."""
    return [Day(**row) for row in sql.fetch_all(_DAYS, _params(brand, limit, timezone.now()))]


@transaction.atomic
def take_statement(*, by: Person | None, brand: Unit, entries: list[ProviderEntry]) -> int:
    """Keep lines of a statement; one that is known already is passed over. Returns how many are new."""
    before = ProviderEntry.objects.filter(brand=brand).count()
    ProviderEntry.objects.bulk_create(entries, batch_size=1000, ignore_conflicts=True)
    added = ProviderEntry.objects.filter(brand=brand).count() - before
    activity.record(
        by=by,
        verb="provider_statement.uploaded",
        object=brand,
        unit=brand,
        after={"rows": added},
    )
    return added


def known_entries(
    brand: Unit, channel: str, numbers: list[str]
) -> dict[tuple[str, str], ProviderEntry]:
    """Lines that are there, by their number and state."""
    rows = ProviderEntry.objects.filter(brand=brand, channel=channel, provider_no__in=numbers)
    return {(row.provider_no, row.state): row for row in rows}


CHANNELS = (Channel.BANK, Channel.WECHAT)
