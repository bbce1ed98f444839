"""A month's contest of notes among 25,000 consumers and 1,000,000 notes beside the bare SQL.

``contest``  `race_standings.refresh`: organic interactions and notes of everybody, held jumps left
             out, scores, places within bands of followers, kept with how they came about. The
             reference is one statement over the notes of the month and their snapshots that works
             out the same two figures, and writes nothing.
"""

from __future__ import annotations

import datetime as dt
import statistics
from functools import partial
from typing import Any
from unittest import mock

from django.utils import timezone

from accounts.models import Unit
from accounts.units import add_unit
from bench.harness import Result, benchmark, seconds_of, settle
from incentives import race_sql, race_standings, races
from incentives.models import Race
from incentives.race_choices import RaceScheme
from kosops.lib import sql

CREATORS, POSTS, SNAPSHOTS = 25_000, 1_000_000, 4
FIRST, LAST = dt.date(2026, 9, 1), dt.date(2026, 9, 30)
CHINA = dt.timezone(dt.timedelta(hours=8))
SINCE = dt.datetime.combine(FIRST, dt.time(), CHINA)
UNTIL = dt.datetime.combine(LAST + dt.timedelta(days=1), dt.time(), CHINA)
NOW = dt.datetime.combine(LAST, dt.time(22), CHINA)
TURNS = 5

# Notes of a year, one in fifty a paid placement; four snapshots of each note of the season, of which
# one note in two hundred has a rise like that of bought likes. Keys are right by construction.
FILL = """
SET session_replication_role = replica;

INSERT INTO matrix_creator (id, brand_id, store_id, kind, koc_kind, talent_type, number, share_code,
                            name, state, tier, identity, joined_on, created_at)
SELECT n, %(brand)s, %(store)s, 'koc', '', '', n, '', 'Creator ' || n, 'active', '', 'checked',
       '2025-01-01', now()
  FROM generate_series(1, %(creators)s) n;

INSERT INTO matrix_socialaccount (id, brand_id, unit_id, creator_id, platform, domain, private_layer,
                                  ownership, owner_proof, handle, platform_uid, followers, state,
                                  created_at)
SELECT id, %(brand)s, %(store)s, id, 'xiaohongshu', 'public', '', 'personal', 'checked', name, number,
       (100 / (random() + 0.002))::int, 'active', now()
  FROM matrix_creator;

INSERT INTO content_post (id, brand_id, store_id, account_id, creator_id, platform, platform_post_id,
                          title, title_key, url, genre, state, published_at, is_commercial,
                          relationship, disclosure, likes, saves, comments, shares, views, figures_at,
                          created_at)
SELECT n, %(brand)s, %(store)s, author, author, 'xiaohongshu', 'note' || n, 'Note ' || n, 'note' || n,
       '', 'image_text', CASE WHEN n %% 40 = 0 THEN 'removed' ELSE 'online' END,
       %(until)s - random() * interval '365 days', n %% 50 = 0, 'none', '',
       CASE WHEN n %% 200 = 1 THEN 2000 ELSE (20 / (random() + 0.01))::int END,
       (10 / (random() + 0.01))::int, (2 / (random() + 0.01))::int, 3, 4000, now(), now()
  FROM (SELECT n, 1 + floor(%(creators)s * power(random(), 1.5))::int AS author
          FROM generate_series(1, %(posts)s) n) drawn;

INSERT INTO content_metricsnapshot (post_id, captured_at, source, likes, saves, comments)
SELECT id, published_at + n * interval '20 hours', 'bench',
       CASE WHEN n = %(snapshots)s THEN likes WHEN id %% 200 = 1 THEN 20 ELSE likes * n / 5 END,
       saves * n / %(snapshots)s, comments * n / %(snapshots)s
  FROM content_post, generate_series(1, %(snapshots)s) n
 WHERE published_at >= %(since)s;

RESET session_replication_role;
"""

# By hand, knowing that no note was boosted and nobody has looked at a jump yet.
REFERENCE = """
WITH season AS MATERIALIZED (
    SELECT id, creator_id,
           COALESCE(likes, 0) + COALESCE(saves, 0) + COALESCE(comments, 0) AS interactions
      FROM content_post
     WHERE brand_id = %(brand)s AND published_at >= %(since)s AND published_at < %(until)s
       AND state = 'online' AND NOT is_commercial AND creator_id IS NOT NULL
), grown AS (
    SELECT s.post_id, s.captured_at, lag(s.captured_at) OVER w AS before_at,
           s.likes + s.saves + s.comments AS now,
           lag(s.likes + s.saves + s.comments) OVER w AS before
      FROM content_metricsnapshot s JOIN season ON season.id = s.post_id
    WINDOW w AS (PARTITION BY s.post_id ORDER BY s.captured_at, s.id)
), jumped AS (
    SELECT DISTINCT post_id FROM grown
     WHERE now - before >= 300 AND now >= 5 * before AND captured_at - before_at <= interval '1 day'
)
SELECT creator_id, SUM(interactions)::bigint AS interactions, COUNT(*) AS notes
  FROM season LEFT JOIN jumped ON jumped.post_id = season.id
 WHERE jumped.post_id IS NULL
 GROUP BY creator_id
"""


@benchmark("contest")
def contest(scale: float) -> list[Result]:
    posts = int(POSTS * scale)
    brand = fill(posts, max(int(CREATORS * scale), 20))
    with mock.patch.object(timezone, "now", return_value=NOW):
        running = races.start(by=None, race=a_contest(brand))
        same_figures(running, brand)
        turns = [
            (seconds_of(partial(refresh, running)), seconds_of(partial(look, brand)))
            for _turn in range(TURNS)
        ]
    ours, reference = zip(*turns, strict=True)
    return [Result("contest", posts, statistics.median(ours), statistics.median(reference))]


def fill(posts: int, creators: int) -> Unit:
    brand = add_unit(by=None, kind="brand", code="CY", name="Chengye Beauty")
    store = add_unit(by=None, kind="store", code="SH01", name="Xintiandi", parent=brand)
    sql.execute("SELECT setseed(0.5)")
    sql.execute(
        FILL,
        {
            "brand": brand.pk,
            "store": store.pk,
            "creators": creators,
            "posts": posts,
            "snapshots": SNAPSHOTS,
            "since": SINCE,
            "until": UNTIL,
        },
    )
    settle()
    return brand


def a_contest(brand: Unit) -> Race:
    return races.add_race(
        by=None,
        brand=brand,
        scheme=RaceScheme.NOTES,
        name="September",
        first_day=FIRST,
        last_day=LAST,
        cut_off_on=LAST,
        formula=races.SCHEMES[RaceScheme.NOTES].formula,
    )


def refresh(running: Race) -> None:
    race_standings.refresh(by=None, race=running)


def look(brand: Unit) -> list[dict[str, Any]]:
    return sql.fetch_all(REFERENCE, {"brand": brand.pk, "since": SINCE, "until": UNTIL})


def same_figures(running: Race, brand: Unit) -> None:
    """The reference is one only if it comes to the same figures for everybody, with jumps left out."""
    refresh(running)
    found = race_sql.gather(races.season_of(running), races.formula_of(running)).values
    ours = {
        creator: (values["organic_interactions"], values["organic_posts"])
        for creator, values in found.items()
        if values.get("organic_posts")
    }
    theirs = {row["creator_id"]: (row["interactions"], row["notes"]) for row in look(brand)}
    if ours != theirs:
        wrong = [one for one in theirs.keys() | ours.keys() if ours.get(one) != theirs.get(one)]
        raise RuntimeError(f"{len(wrong)} people stand otherwise, such as {wrong[:3]}")
    if not race_standings.held(running):
        raise RuntimeError("no note is held: the jumps of the data are not found")
