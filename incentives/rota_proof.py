"""What the nightly proof asks about volunteers: points equal attendance, places are counted."""

from __future__ import annotations

from incentives.proof import Check

CHECKS = (
    Check(
        "attendance_in_points",
        "Points of volunteers equal the shifts that they came to",
        """
        SELECT key, creator_id AS creator, p.points AS attended, l.points AS booked
          FROM (SELECT shift_id || ':' || creator_id AS key, creator_id, points
                  FROM incentives_shiftplace WHERE came = 'present' AND points > 0) AS p
          FULL JOIN (SELECT key, creator_id, sum(amount) AS points FROM incentives_pointline
                      WHERE source = 'rota' GROUP BY key, creator_id HAVING sum(amount) <> 0) AS l
               USING (key, creator_id)
         WHERE COALESCE(p.points, 0) <> COALESCE(l.points, 0)
        """,
    ),
    Check(
        "places_counted",
        "Each shift counts its places right, and booked ones name what each brought",
        """
        SELECT s.id AS shift, s.taken, count(p.id) AS held
          FROM incentives_shift s
          LEFT JOIN incentives_shiftplace p ON p.shift_id = s.id AND p.state = 'held'
         GROUP BY s.id
        HAVING s.taken <> count(p.id)
            OR s.settled_at IS NOT NULL AND bool_or(p.came = 'present' AND p.points IS NULL)
            OR s.settled_at IS NULL AND bool_or(p.points IS NOT NULL)
        """,
    ),
)
