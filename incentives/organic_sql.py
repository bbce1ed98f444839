"""Which figures of notes are organic, as SQL: none of a boost, none of a jump that nobody cleared.

A **jump** is a rise of so many interactions within a day that also makes them five times as many. A
note with one is *held*: it counts nowhere until a person has looked. What a person says holds for
what was known then; a later jump is held anew.
"""

from __future__ import annotations

from content.choices import HELD_BY_REVIEW
from content.formulas import TIER_INTERACTIONS, sql_of

# Of a post ``p``: where a second person reviews posts, one counts once it is cleared.
NOT_HELD = f"p.review NOT IN ({', '.join(sorted(repr(str(state)) for state in HELD_BY_REVIEW))})"

_FIGURES = ("likes", "saves", "comments", "shares")
_NOW = sql_of(TIER_INTERACTIONS, "m")
_THEN = ", ".join(
    f"(array_agg(s.{name} ORDER BY s.captured_at DESC) FILTER (WHERE s.{name} IS NOT NULL))[1]"
    f" AS {name}"
    for name in _FIGURES
)
_AS_COUNTED = ", ".join(
    f"CASE WHEN k.figures_at > k.boosted_at THEN s.{name} ELSE k.{name} END AS {name}"
    for name in _FIGURES
)
_GROWN = f"""SELECT m.post_id, {_NOW} AS now, m.captured_at, lag({_NOW}) OVER w AS before,
           lag(m.captured_at) OVER w AS before_at"""
_IS_JUMP = """now - before >= %(jump)s AND now >= 5 * before
   AND captured_at - before_at <= interval '1 day'"""

# Of a post ``p``; columns before, now, captured_at.
JUMPS = f"""
SELECT grown.before, grown.now, grown.captured_at FROM (
    {_GROWN}
      FROM content_metricsnapshot m WHERE m.post_id = p.id
    WINDOW w AS (ORDER BY m.captured_at, m.id)) grown
 WHERE {_IS_JUMP}
"""

# When traffic was first bought for a post ``p``.
BOOSTED = """LEFT JOIN LATERAL (SELECT min(b.began_at) AS at FROM incentives_boost b
                      WHERE b.post_id = p.id AND b.state = 'spent') boosted ON TRUE"""

# Posts of a season and topic, each with its interactions before any boost, and the first jump that
# holds it: what a person said about the figures counts, here or where a reward for the note was
# cleared or stopped. All are worked out together: a month of a large brand has 100,000 notes.
_NOTES = f"""(
WITH season AS MATERIALIZED (
    SELECT p.id, p.store_id, p.creator_id, p.platform, p.figures_at,
           {", ".join(f"p.{name}" for name in _FIGURES)}
      FROM content_post p
     WHERE p.brand_id = %(brand)s AND p.published_at >= %(since)s AND p.published_at < %(until)s
       AND p.state = 'online' AND NOT p.is_commercial AND position(%(topic)s IN p.title_key) > 0
       AND {NOT_HELD}
), boosted AS (
    SELECT b.post_id, min(b.began_at) AS at
      FROM incentives_boost b JOIN season ON season.id = b.post_id
     WHERE b.state = 'spent' GROUP BY 1
), looked AS (
    SELECT DISTINCT ON (r.post_id) r.post_id, r.counts, r.at
      FROM incentives_notereview r JOIN season ON season.id = r.post_id
     ORDER BY r.post_id, r.id DESC
), rewarded AS (
    SELECT i.post_id, bool_or(i.stopped_by_id IS NOT NULL) AS stopped,
           bool_or(i.cleared_by_id IS NOT NULL) AS cleared
      FROM incentives_rewarditem i JOIN season ON season.id = i.post_id GROUP BY 1
), known AS MATERIALIZED (
    SELECT season.*, boosted.at AS boosted_at, looked.at AS looked_at,
           looked.at IS NULL AND rewarded.cleared IS TRUE AS is_cleared
      FROM season
      LEFT JOIN boosted ON boosted.post_id = season.id
      LEFT JOIN looked ON looked.post_id = season.id
      LEFT JOIN rewarded ON rewarded.post_id = season.id
     WHERE COALESCE(looked.counts, rewarded.stopped IS NOT TRUE)
), grown AS (
    {_GROWN}
      FROM content_metricsnapshot m JOIN known ON known.id = m.post_id
     WHERE %(jump)s::bigint IS NOT NULL AND NOT known.is_cleared
    WINDOW w AS (PARTITION BY m.post_id ORDER BY m.captured_at, m.id)
), jumped AS (
    SELECT DISTINCT ON (g.post_id) g.post_id, g.before, g.now, g.captured_at
      FROM grown g JOIN known ON known.id = g.post_id
     WHERE {_IS_JUMP}
       AND g.captured_at <= COALESCE(known.boosted_at, 'infinity')
       AND g.captured_at > COALESCE(known.looked_at, '-infinity')
     ORDER BY g.post_id, g.captured_at
), before_boost AS (
    SELECT s.post_id, {_THEN}
      FROM content_metricsnapshot s
      JOIN known k ON k.id = s.post_id AND k.figures_at > k.boosted_at
     WHERE s.captured_at <= k.boosted_at GROUP BY 1
)
SELECT k.id, k.store_id, k.creator_id, {sql_of(TIER_INTERACTIONS, "v")} AS interactions,
       jumped.before, jumped.now, jumped.captured_at
  FROM known k
  LEFT JOIN jumped ON jumped.post_id = k.id
  LEFT JOIN before_boost s ON s.post_id = k.id
 CROSS JOIN LATERAL (SELECT k.platform, {_AS_COUNTED}) v
)"""

# From and where of what counts; the interactions of one.
COUNTED = f"{_NOTES} p WHERE p.now IS NULL"
INTERACTIONS = "p.interactions"

# What is held, of those who run.
HELD = f"""
SELECT p.id AS post, p.before, p.now, p.captured_at
  FROM {_NOTES} p
 WHERE p.now IS NOT NULL
   AND (EXISTS (SELECT 1 FROM incentives_raceentry e
                 WHERE e.race_id = %(race)s AND e.creator_id = p.creator_id)
        OR EXISTS (SELECT 1 FROM incentives_raceentry e
                    WHERE e.race_id = %(race)s AND e.creator_id IS NULL
                      AND e.store_id = p.store_id))
 ORDER BY p.now - p.before DESC, p.id
"""
