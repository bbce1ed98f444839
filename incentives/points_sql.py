"""The point rules for everybody at once. Each function runs in the caller's transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.conf import settings

from accounts.models import Person, Unit
from incentives import ledger, points_sources
from incentives.choices import POINTS, JournalKind, LedgerKind
from incentives.points_sources import Source
from kosops.lib.sql import execute, fetch_all, fetch_one

# The source of the journals of runs; their keys are "<run>:<creator>:<what>".
RUN_SOURCE = "points"

# What each fact that holds today is worth, of points that still live.
_TARGETS = """
    CREATE TEMP TABLE point_target ON COMMIT DROP AS
    WITH fact AS ({ruled}),
    ruled AS (
        SELECT f.*, r.id AS rule_id, r.points, r.cap_day, r.cap_month, r.hold_days, r.months
          FROM fact f
          JOIN matrix_creator c ON c.id = f.creator_id
          JOIN incentives_pointrule r ON r.brand_id = %(brand)s AND r.event = f.source
               AND r.valid @> f.earned_on AND r.creator_kind IN ('', c.kind)
         WHERE f.earned_on <= %(today)s
           AND (r.creator_kind <> '' OR NOT EXISTS (
                SELECT 1 FROM incentives_pointrule own
                 WHERE own.brand_id = %(brand)s AND own.event = f.source
                   AND own.valid @> f.earned_on AND own.creator_kind = c.kind))
    ),
    of_day AS (
        SELECT r.*,
               LEAST(cap_day, points * place) - LEAST(cap_day, points * (place - 1)) AS day_points
          FROM (SELECT *, row_number() OVER (
                           PARTITION BY source, creator_id, rule_id, earned_on
                               ORDER BY key COLLATE "C") AS place
                  FROM ruled) r
    ),
    of_month AS (
        SELECT d.*, sum(day_points) OVER (
                   PARTITION BY source, creator_id, rule_id, date_trunc('month', earned_on)
                       ORDER BY earned_on, key COLLATE "C") AS so_far
          FROM of_day d
    ),
    worth AS (
        SELECT source, key, creator_id, earned_on, rule_id, hold_days, months,
               LEAST(cap_month, so_far) - LEAST(cap_month, so_far - day_points) AS points
          FROM of_month
        UNION ALL
        SELECT source, key, creator_id, earned_on, NULL::bigint, hold_days, months, points
          FROM ({own}) AS own WHERE earned_on <= %(today)s
    )
    SELECT source, key, creator_id, rule_id, points::bigint AS points, earned_on,
           earned_on + hold_days AS available_on,
           (date_trunc('month', earned_on) + make_interval(months => months + 1)
               - interval '1 day')::date AS expires_on
      FROM worth WHERE points > 0
"""

# Target minus posted. Points that have expired are closed: nothing is added to or taken from them.
_DELTAS = """
    CREATE TEMP TABLE point_delta ON COMMIT DROP AS
    SELECT source, key, creator_id,
           COALESCE(t.points, 0) - COALESCE(p.posted, 0) AS amount,
           COALESCE(p.sequence, 0) + 1 AS sequence,
           COALESCE(p.earned_on, t.earned_on) AS earned_on,
           COALESCE(p.available_on, t.available_on) AS available_on,
           COALESCE(p.expires_on, t.expires_on) AS expires_on,
           COALESCE(p.rule_id, t.rule_id) AS rule_id
      FROM point_target t
      FULL JOIN (
            SELECT source, key, creator_id, sum(amount) AS posted, max(sequence) AS sequence,
                   min(earned_on) AS earned_on, min(available_on) AS available_on,
                   min(expires_on) AS expires_on, min(rule_id) AS rule_id
              FROM incentives_pointline
             WHERE brand_id = %(brand)s AND source = ANY(%(sources)s)
             GROUP BY source, key, creator_id
           ) p USING (source, key, creator_id)
     WHERE COALESCE(t.points, 0) <> COALESCE(p.posted, 0)
       AND COALESCE(p.expires_on, t.expires_on) >= %(today)s
"""

_LINES = """
    INSERT INTO incentives_pointline (brand_id, creator_id, source, key, sequence, amount,
        earned_on, available_on, expires_on, rule_id, journal_id, created_at)
    SELECT %(brand)s, d.creator_id, d.source, d.key, d.sequence, d.amount, d.earned_on,
           d.available_on, d.expires_on, d.rule_id, j.id, now()
      FROM point_delta d
      JOIN incentives_journal j ON j.source = %(run_source)s
       AND j.key = %(run)s || ':' || d.creator_id
                   || CASE WHEN d.amount > 0 THEN ':earned' ELSE ':back' END
     ORDER BY d.creator_id, d.source, d.key
"""

# What people own of each kind, points; the ledger counts what is owed to people below zero.
_OWNED = """
    SELECT a.creator_id, -sum(p.amount) AS points
      FROM incentives_ledgeraccount a
      JOIN incentives_posting p ON p.account_id = a.id
     WHERE a.brand_id = %(brand)s AND a.kind {kind} AND a.currency = 'PTS'
     GROUP BY a.creator_id
"""

# What is held should be what is not yet available: the difference moves, either way.
_RELEASES = f"""
    SELECT %(run)s || ':' || COALESCE(h.creator_id, d.creator_id) || ':released',
           COALESCE(h.creator_id, d.creator_id), COALESCE(h.points, 0) - COALESCE(d.points, 0)
      FROM ({_OWNED.format(kind="= 'points_held'")}) h
      FULL JOIN (SELECT creator_id, sum(points) AS points
                   FROM (SELECT creator_id, amount AS points FROM incentives_pointline
                          WHERE brand_id = %(brand)s AND available_on > %(today)s
                            AND source <> ALL(%(not_by_days)s)
                         {{held}}) held
                  GROUP BY creator_id) d USING (creator_id)
     WHERE COALESCE(h.points, 0) <> COALESCE(d.points, 0)
"""

# What somebody holds beyond the points that still live has expired (points_rules.expired).
_EXPIRED = f"""
    SELECT o.creator_id, o.points - COALESCE(l.points, 0) AS points
      FROM ({_OWNED.format(kind="IN ('points', 'points_held')")}) o
      LEFT JOIN (SELECT creator_id, sum(amount) AS points FROM incentives_pointline
                  WHERE brand_id = %(brand)s AND expires_on >= %(today)s
                  GROUP BY creator_id) l USING (creator_id)
     WHERE o.points > COALESCE(l.points, 0) AND o.points > 0
"""

# Points owned are lines less what was spent and expired: the sub-ledger against the books.
_DIFFERENCES = f"""
    SELECT COALESCE(o.creator_id, l.creator_id) AS creator_id,
           COALESCE(o.points, 0) AS owned, COALESCE(l.points, 0) - COALESCE(u.points, 0) AS due
      FROM ({_OWNED.format(kind="IN ('points', 'points_held')")}) o
      FULL JOIN (SELECT creator_id, sum(amount) AS points FROM incentives_pointline
                  WHERE brand_id = %(brand)s GROUP BY creator_id) l USING (creator_id)
      LEFT JOIN (SELECT a.creator_id, sum(p.amount) AS points
                   FROM incentives_journal j
                   JOIN incentives_posting p ON p.journal_id = j.id
                   JOIN incentives_ledgeraccount a ON a.id = p.account_id
                  WHERE j.brand_id = %(brand)s AND j.currency = 'PTS' AND a.kind = 'points'
                    AND j.kind IN ('points_spent', 'points_expired')
                  GROUP BY a.creator_id) u USING (creator_id)
     WHERE COALESCE(o.points, 0) <> COALESCE(l.points, 0) - COALESCE(u.points, 0)
     ORDER BY 1
"""


def prepare(*, brand: Unit, today: dt.date, only: str = "") -> int:
    """Work out what facts are worth and what is missing; how many lines are to be posted.

    ``only`` looks at one source and leaves the others as they are.
    """
    found = [source for source in points_sources.sources() if only in ("", source.code)]
    params: dict[str, Any] = {
        "brand": brand.pk,
        "zone": settings.TIME_ZONE,
        "today": today,
        "sources": [source.code for source in found],
    }
    execute("DROP TABLE IF EXISTS point_target, point_delta")
    execute(_TARGETS.format(ruled=_facts(found, ruled=True), own=_facts(found)), params)
    execute("ANALYZE point_target")
    execute(_DELTAS, params)
    execute("ANALYZE point_delta")
    return int(fetch_one("SELECT count(*) AS n FROM point_delta")["n"])


def _facts(sources: Iterable[Source], *, ruled: bool = False) -> str:
    more = "" if ruled else ", points, hold_days, months"
    queries = [
        f"SELECT '{source.code}' AS source, key, creator_id, earned_on{more}"
        f" FROM ({source.facts}) AS facts"
        for source in sources
        if source.ruled == ruled
    ]
    nothing = (
        "SELECT '' AS source, '' AS key, 0::bigint AS creator_id, NULL::date AS earned_on"
        + ("" if ruled else ", 0 AS points, 0 AS hold_days, 0 AS months")
        + " WHERE false"
    )
    return " UNION ALL ".join([nothing, *queries])


def post_deltas(*, by: Person | None, brand: Unit, run: int, today: dt.date) -> dict[str, int]:
    """Post what `prepare` found as held points: one journal per person for what was earned, and
    one for what is taken back. Returns lines and points of both.
    """
    for what, sign in (("earned", ">"), ("back", "<")):
        _post(
            by=by,
            brand=brand,
            kind=JournalKind.POINTS_EARNED,
            debit=LedgerKind.POINTS_ISSUED,
            credit=LedgerKind.POINTS_HELD,
            today=today,
            entries=f"""
                SELECT %(run)s || ':' || creator_id || ':{what}', creator_id, sum(amount)
                  FROM point_delta WHERE amount {sign} 0 GROUP BY creator_id
            """,
            run=run,
        )
    lines = execute(_LINES, {"brand": brand.pk, "run": str(run), "run_source": RUN_SOURCE})
    sums = fetch_one(
        """
        SELECT COALESCE(sum(amount) FILTER (WHERE amount > 0), 0) AS earned,
               COALESCE(-sum(amount) FILTER (WHERE amount < 0), 0) AS taken_back
          FROM point_delta
        """
    )
    return {"lines": lines, **{name: int(value) for name, value in sums.items()}}


def release(*, by: Person | None, brand: Unit, run: int, today: dt.date) -> int:
    """Move what is no longer held to what can be spent; the number of people."""
    own = [source for source in points_sources.sources() if source.held]
    held = " ".join(f"UNION ALL SELECT creator_id, points FROM ({s.held}) own" for s in own)
    return _post(
        by=by,
        brand=brand,
        kind=JournalKind.POINTS_RELEASED,
        debit=LedgerKind.POINTS_HELD,
        credit=LedgerKind.POINTS,
        today=today,
        entries=_RELEASES.format(held=held),
        run=run,
        not_by_days=[source.code for source in own],
    )


def expire(*, by: Person | None, brand: Unit, run: int, today: dt.date) -> dict[str, int]:
    """Take away what has expired; how many people and points."""
    params = {"brand": brand.pk, "today": today}
    found = [row["creator_id"] for row in fetch_all(_EXPIRED, params)]
    if not found:
        return {"expired_people": 0, "expired": 0}
    # Who spends at this moment is waited for; the query below then sees what they have left.
    execute(
        """
        SELECT id FROM incentives_ledgeraccount
         WHERE brand_id = %(brand)s AND kind = 'points' AND creator_id = ANY(%(found)s)
         ORDER BY id FOR NO KEY UPDATE
        """,
        params | {"found": found},
    )
    people = _post(
        by=by,
        brand=brand,
        kind=JournalKind.POINTS_EXPIRED,
        debit=LedgerKind.POINTS,
        credit=LedgerKind.POINTS_ISSUED,
        today=today,
        entries=f"""
            SELECT %(run)s || ':' || creator_id || ':expired', creator_id, points
              FROM ({_EXPIRED}) gone WHERE creator_id = ANY(%(found)s)
        """,
        run=run,
        found=found,
    )
    points = fetch_one("SELECT COALESCE(sum(amount), 0) AS points FROM ledger_entry")["points"]
    return {"expired_people": people, "expired": int(points)}


def differences(brand: Unit) -> list[dict[str, Any]]:
    """People whose lines and books do not agree: ``creator_id``, ``owned`` and ``due`` points."""
    return fetch_all(_DIFFERENCES, {"brand": brand.pk})


def _post(
    *,
    by: Person | None,
    brand: Unit,
    kind: str,
    debit: str,
    credit: str,
    today: dt.date,
    entries: str,
    run: int,
    **more: Any,
) -> int:
    return ledger.post_set(
        by=by,
        brand=brand,
        currency=POINTS,
        kind=kind,
        source=RUN_SOURCE,
        debit=debit,
        credit=credit,
        business_date=today,
        entries=entries,
        params={"brand": brand.pk, "today": today, "run": str(run), **more},
    )
