"""Attendance into points for all shifts that are due at once. Runs in the caller's transaction."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings

from accounts.models import Unit
from kosops.lib.sql import execute, fetch_all, fetch_one

# Shifts whose time for ticking is over, or the one that somebody finishes early.
_DUE = """
    SELECT s.id
      FROM incentives_shift s JOIN incentives_duty d ON d.id = s.duty_id
     WHERE s.brand_id = %(brand)s AND s.settled_at IS NULL AND s.called_off_at IS NULL
       AND s.ends_at <= %(now)s
       AND (s.id = %(only)s
            OR %(only)s::bigint IS NULL
               AND s.ends_at + make_interval(days => d.tick_days::integer) <= %(now)s)
     ORDER BY s.id
       FOR NO KEY UPDATE OF s
"""

# Thanks of who came, under the ceiling of the month (rota_rules.thanks): shifts of a person are
# taken in the order of their beginning, after what was given for the month before.
_THANKS = """
    WITH due AS (
        SELECT p.id, p.creator_id, s.points, s.starts_at,
               date_trunc('month', s.starts_at AT TIME ZONE %(zone)s) AS month
          FROM incentives_shiftplace p JOIN incentives_shift s ON s.id = p.shift_id
         WHERE s.id = ANY(%(shifts)s) AND p.came = 'present'
    ),
    given AS (
        SELECT p.creator_id, date_trunc('month', s.starts_at AT TIME ZONE %(zone)s) AS month,
               sum(p.points) AS points
          FROM incentives_shiftplace p JOIN incentives_shift s ON s.id = p.shift_id
         WHERE p.brand_id = %(brand)s AND p.came = 'present' AND p.points > 0
           AND p.creator_id IN (SELECT creator_id FROM due)
         GROUP BY 1, 2
    ),
    worth AS (
        SELECT d.id, d.points, COALESCE(g.points, 0)
               + sum(d.points) OVER (PARTITION BY d.creator_id, d.month
                                         ORDER BY d.starts_at, d.id) AS so_far
          FROM due d LEFT JOIN given g USING (creator_id, month)
    )
    UPDATE incentives_shiftplace AS place
       SET points = GREATEST(0, LEAST(w.points, %(ceiling)s - (w.so_far - w.points)))
      FROM worth w
     WHERE place.id = w.id
"""


def due(brand: Unit, now: dt.datetime, only: int | None = None) -> list[int]:
    """The shifts to be booked, with their rows locked."""
    rows = fetch_all(_DUE, {"brand": brand.pk, "now": now, "only": only})
    return [row["id"] for row in rows]


def settle(brand: Unit, shifts: list[int], now: dt.datetime) -> dict[str, int]:
    """Fix what the attendance of locked shifts brings; people who came, and their points."""
    params: dict[str, Any] = {
        "brand": brand.pk,
        "shifts": shifts,
        "now": now,
        "zone": settings.TIME_ZONE,
        "ceiling": settings.ROTA_POINTS_A_MONTH,
    }
    people = execute(_THANKS, params)
    execute("UPDATE incentives_shift SET settled_at = %(now)s WHERE id = ANY(%(shifts)s)", params)
    points = fetch_one(
        "SELECT COALESCE(sum(points), 0) AS points FROM incentives_shiftplace"
        " WHERE shift_id = ANY(%(shifts)s)",
        params,
    )["points"]
    return {"shifts": len(shifts), "people": people, "points": int(points)}
