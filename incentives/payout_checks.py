"""What a checker should look at before approving a batch: warnings and changes since the last one."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

from django.utils import timezone

from incentives.choices import BatchState
from incentives.models import PayoutBatch
from kosops.lib import sql

# A changed destination is watched for so long (RELIABILITY 2.6).
WATCHED = dt.timedelta(hours=72)
LARGE_FACTOR = 5
# Below this amount a jump is no reason to look twice.
LARGE_FLOOR = 50_000

NEW_ACCOUNT = "new_account"
LARGE = "large"
DUPLICATE = "duplicate"
LEFT = "left"


@dataclass(frozen=True)
class Concern:
    """One payout that deserves a look. ``usual`` is the person's average before, if any; ``other``
    somebody else who is paid to the same account.
    """

    code: str
    creator: str
    out_no: str
    amount: int
    usual: int | None
    other: str = ""


@dataclass(frozen=True)
class Changes:
    """This batch against the last paid one of the brand."""

    before: PayoutBatch
    count: int
    total: int
    joined: int
    gone: int


_CONCERNS = """
    WITH past AS (
        SELECT p.creator_id, avg(p.amount)::bigint AS usual
          FROM incentives_payout p WHERE p.state = 'succeeded' GROUP BY p.creator_id)
    SELECT p.out_no, c.name AS creator, p.amount, past.usual,
           d.changed_at > %(since)s AND past.usual IS NOT NULL AS new_account,
           (SELECT min(o.name) FROM incentives_payoutdestination s
              JOIN matrix_creator o ON o.id = s.creator_id
             WHERE s.fingerprint = d.fingerprint AND s.creator_id <> p.creator_id) AS other,
           c.state = 'left' AS has_left,
           p.amount >= %(floor)s
               AND p.amount > COALESCE(past.usual, typical.amount) * %(factor)s AS large
      FROM incentives_payout p
      JOIN matrix_creator c ON c.id = p.creator_id
      LEFT JOIN incentives_payoutdestination d ON d.creator_id = p.creator_id
      LEFT JOIN past ON past.creator_id = p.creator_id
     CROSS JOIN (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY amount) AS amount
                   FROM incentives_payout WHERE batch_id = %(batch)s) AS typical
     WHERE p.batch_id = %(batch)s
     ORDER BY p.amount DESC
"""


def concerns(batch: PayoutBatch) -> list[Concern]:
    """Destinations changed within 72 hours, shared by two people, or of somebody who left, and
    amounts far above the usual, the largest first.

    Somebody paid for the first time is compared with the middle of the batch.
    """
    rows = sql.fetch_all(
        _CONCERNS,
        {
            "batch": batch.pk,
            "since": timezone.now() - WATCHED,
            "factor": LARGE_FACTOR,
            "floor": LARGE_FLOOR,
        },
    )
    found = []
    for row in rows:
        for code in (NEW_ACCOUNT, LARGE):
            if row[code]:
                found.append(
                    Concern(code, row["creator"], row["out_no"], row["amount"], row["usual"])
                )
        for code, is_so in ((DUPLICATE, row["other"]), (LEFT, row["has_left"])):
            if is_so:
                found.append(
                    Concern(
                        code,
                        row["creator"],
                        row["out_no"],
                        row["amount"],
                        row["usual"],
                        row["other"] or "",
                    )
                )
    return found


def changes(batch: PayoutBatch) -> Changes | None:
    """How the batch differs from the last one that went the same way before it."""
    before = (
        PayoutBatch.objects.filter(
            brand=batch.brand,
            channel=batch.channel,
            state__in=[BatchState.EXPORTED, BatchState.CLOSED],
            pk__lt=batch.pk,
        )
        .order_by("-pk")
        .first()
    )
    if before is None:
        return None
    row = sql.fetch_one(
        """
        SELECT count(*) FILTER (WHERE o.creator_id IS NULL) AS joined,
               count(*) FILTER (WHERE n.creator_id IS NULL) AS gone
          FROM (SELECT creator_id FROM incentives_payout WHERE batch_id = %(new)s) n
          FULL JOIN (SELECT creator_id FROM incentives_payout WHERE batch_id = %(old)s) o
            ON o.creator_id = n.creator_id
        """,
        {"new": batch.pk, "old": before.pk},
    )
    return Changes(
        before=before,
        count=batch.count - before.count,
        total=batch.total - before.total,
        joined=row["joined"],
        gone=row["gone"],
    )
