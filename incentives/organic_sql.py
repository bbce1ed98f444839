"""Which figures of notes are organic, as SQL: none of a boost, none of a jump that nobody cleared.

A **jump** is a rise of so many interactions within a day that also makes them five times as many. A
note with one is *held*: it counts nowhere until a person has looked. What a person says holds for
what was known then; a later jump is held anew.
"""

from __future__ import annotations

from content.formulas import TIER_INTERACTIONS, sql_of

_FIGURES = ("likes", "saves", "comments", "shares")
_NOW = sql_of(TIER_INTERACTIONS, "m")
_THEN = ", ".join(
    f"(array_agg(s.{name} ORDER BY s.captured_at DESC) FILTER (WHERE s.{name} IS NOT NULL))[1]"
    f" AS {name}"
    for name in _FIGURES
)
_AS_COUNTED = ", ".join(
    f"CASE WHEN p.figures_at > boosted.at THEN s.{name} ELSE p.{name} END AS {name}"
    for name in _FIGURES
)

# Of a post ``p``; columns before, now, captured_at.
JUMPS = f"""
SELECT grown.before, grown.now, grown.captured_at FROM (
    SELECT {_NOW} AS now, m.captured_at, lag({_NOW}) OVER w AS before,
           lag(m.captured_at) OVER w AS before_at
      FROM content_metricsnapshot m WHERE m.post_id = p.id
    WINDOW w AS (ORDER BY m.captured_at, m.id)) grown
 WHERE now - before >= %(jump)s AND now >= 5 * before
   AND captured_at - before_at <= interval '1 day'
"""

# When traffic was first bought for a post ``p``.
BOOSTED = """LEFT JOIN LATERAL (SELECT min(b.began_at) AS at FROM incentives_boost b
                      WHERE b.post_id = p.id AND b.state = 'spent') boosted ON TRUE"""

# Posts ``p`` of a season and topic with what a person said about their figures, for contests: here,
# or where a reward for the note was cleared or stopped. ``v`` are the figures before any boost.
_LOOKED = f"""content_post p
  {BOOSTED}
  LEFT JOIN LATERAL (SELECT r.counts, r.at FROM incentives_notereview r WHERE r.post_id = p.id
                      ORDER BY r.id DESC LIMIT 1) looked ON TRUE
  LEFT JOIN LATERAL (SELECT bool_or(i.stopped_by_id IS NOT NULL) AS stopped,
                            bool_or(i.cleared_by_id IS NOT NULL) AS cleared
                       FROM incentives_rewarditem i WHERE i.post_id = p.id) rewarded ON TRUE
  LEFT JOIN LATERAL (SELECT * FROM ({JUMPS}) j
                      WHERE %(jump)s::bigint IS NOT NULL
                        AND j.captured_at <= COALESCE(boosted.at, 'infinity')
                        AND j.captured_at > COALESCE(looked.at, '-infinity')
                        AND (looked.at IS NOT NULL OR rewarded.cleared IS NOT TRUE)
                      ORDER BY j.captured_at LIMIT 1) jumped ON TRUE
  LEFT JOIN LATERAL (SELECT {_THEN} FROM content_metricsnapshot s
                      WHERE s.post_id = p.id AND s.captured_at <= boosted.at
                        AND p.figures_at > boosted.at) s ON TRUE
 CROSS JOIN LATERAL (SELECT p.platform, {_AS_COUNTED}) v"""
_OF_SEASON = """p.brand_id = %(brand)s AND p.published_at >= %(since)s
   AND p.published_at < %(until)s AND p.state = 'online' AND NOT p.is_commercial
   AND position(%(topic)s IN p.title_key) > 0
   AND COALESCE(looked.counts, rewarded.stopped IS NOT TRUE)"""

# From and where of what counts; the interactions of one.
COUNTED = f"{_LOOKED} WHERE {_OF_SEASON} AND jumped.now IS NULL"
INTERACTIONS = sql_of(TIER_INTERACTIONS, "v")

# What is held, of those who run.
HELD = f"""
SELECT p.id AS post, jumped.before, jumped.now, jumped.captured_at
  FROM {_LOOKED}
  JOIN incentives_raceentry e
    ON e.race_id = %(race)s
   AND CASE WHEN e.creator_id IS NULL THEN e.store_id = p.store_id
            ELSE e.creator_id = p.creator_id END
 WHERE {_OF_SEASON} AND jumped.now IS NOT NULL
 ORDER BY jumped.now - jumped.before DESC, p.id
"""
