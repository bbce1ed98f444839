"""Evaluate 30,000 creators over 1,000,000 posts beside the bare window-function SQL.

``tiers``        the nightly evaluation: figures of one post in twenty have changed since, most people
                 stay where they are. The reference works out the same tiers and writes nothing.
``tiers_first``  the first evaluation ever, in which every creator gets a tier and an explanation: as
                 much writing as there can be. The reference writes tiers and changes, too, but
                 explains nothing.
"""

from __future__ import annotations

import datetime as dt
import statistics
from collections.abc import Iterator
from functools import partial
from typing import Any

from django.db import transaction

from accounts.units import add_unit
from bench.harness import Result, benchmark, copy_of_database, seconds_of, settle
from incentives import ladders, tier_runs
from incentives.models import TierRun
from kosops.lib import sql

CREATORS, POSTS = 30_000, 1_000_000
AS_OF = dt.date(2026, 6, 30)
FIRST_TIMES = 3
NIGHTS = 5

# One creator in five is a KOS. Activity and success are skewed: a few post daily, most seldom, and
# about one note in forty reaches 1,000 interactions. Keys are right by construction, and a million
# checks of each would take minutes, so they are switched off meanwhile.
FILL = """
SET session_replication_role = replica;

INSERT INTO matrix_creator (id, brand_id, store_id, kind, koc_kind, talent_type, number, share_code,
                            name, state, tier, identity, joined_on, created_at)
SELECT n, %(brand)s, %(store)s, CASE WHEN n %% 5 = 0 THEN 'kos' ELSE 'koc' END, '', '', n, '',
       'Creator ' || n, CASE WHEN n %% 50 = 0 THEN 'paused' ELSE 'active' END, '', 'checked',
       '2025-01-01',
       now()
  FROM generate_series(1, %(creators)s) n;

INSERT INTO matrix_socialaccount (id, brand_id, unit_id, creator_id, platform, domain,
                                  private_layer, ownership, owner_proof, handle, platform_uid, state,
                                  created_at)
SELECT id, %(brand)s, %(store)s, id, 'xiaohongshu', 'public', '', 'personal', 'checked', name,
       number, 'active', now()
  FROM matrix_creator;

INSERT INTO content_post (brand_id, store_id, account_id, creator_id, platform, platform_post_id,
                          title, title_key, url, genre, state, published_at, is_commercial,
                          relationship, disclosure, likes, saves, comments, shares, views,
                          figures_at, created_at)
SELECT %(brand)s, %(store)s, author, author, 'xiaohongshu', 'note' || n,
       'A note about a serum and a rainy day, number ' || n, 'anoteaboutaserum' || n,
       'https://www.xiaohongshu.com/explore/note' || n, 'image_text',
       CASE WHEN n %% 40 = 0 THEN 'removed' ELSE 'online' END,
       timestamptz '2026-07-01 00:00+08' - random() * interval '540 days', false, 'none', '',
       CASE WHEN n %% 20 > 0 THEN (20 / (random() + 0.01))::int END, (10 / (random() + 0.01))::int,
       (2 / (random() + 0.01))::int, 3, 4000, now(), now()
  FROM (SELECT n, 1 + floor(%(creators)s * power(random(), 1.5))::int AS author
          FROM generate_series(1, %(posts)s) n) drawn;

RESET session_replication_role;
"""

# What somebody would write by hand for these two ladders: rank and count by windows, then decide.
REFERENCE = """
SELECT c.id, c.kind,
       CASE WHEN n.best >= CASE c.kind WHEN 'kos' THEN 300 ELSE 1000 END
                 AND (COALESCE(cardinality(n.last_values), 0) < 3
                      OR (SELECT percentile_disc(0.5) WITHIN GROUP (ORDER BY value)
                            FROM unnest(n.last_values) value)
                         >= CASE c.kind WHEN 'kos' THEN 60 ELSE 200 END) THEN 'senior'
            WHEN n.notes_60 >= 3 THEN 'intermediate'
            WHEN n.notes >= 1 THEN 'junior'
            ELSE '' END AS tier
  FROM matrix_creator c
  LEFT JOIN (
    SELECT creator_id,
           count(*) AS notes,
           count(*) FILTER (WHERE published_at >= %(since_60)s) AS notes_60,
           max(value) FILTER (WHERE published_at >= %(since_180)s) AS best,
           array_agg(value) FILTER (WHERE is_settled AND place <= 3) AS last_values
      FROM (
        SELECT creator_id, published_at, value, is_settled,
               row_number() OVER (PARTITION BY creator_id, is_settled
                                  ORDER BY published_at DESC, id DESC) AS place
          FROM (
            SELECT id, creator_id, published_at,
                   CASE WHEN num_nonnulls(likes, saves, comments) > 0
                        THEN COALESCE(likes, 0) + COALESCE(saves, 0) + COALESCE(comments, 0)
                        END AS value,
                   (published_at < %(settled)s AND num_nulls(likes, saves, comments) = 0)
                        AS is_settled
              FROM content_post
             WHERE state = 'online' AND published_at < %(until)s
          ) valued
      ) ranked
     GROUP BY creator_id
  ) n ON n.creator_id = c.id
 WHERE c.state IN ('active', 'onboarding')
"""


@benchmark("tiers")
def tiers(scale: float) -> list[Result]:
    creators, posts = int(CREATORS * scale), int(POSTS * scale)
    brand = fill(creators, posts)
    first = [first_times(brand) for _ in range(FIRST_TIMES)]
    same_heads(brand)
    evaluate(brand, AS_OF)
    nights = list(night_times(brand))
    return [
        Result("tiers", posts, *medians(nights)),
        Result("tiers_first", posts, *medians(first)),
    ]


def fill(creators: int, posts: int) -> Any:
    brand = add_unit(by=None, kind="brand", code="CY", name="Chengye Beauty")
    store = add_unit(by=None, kind="store", code="SH01", name="Xintiandi", parent=brand)
    sql.execute("SELECT setseed(0.5)")
    sql.execute(FILL, {"brand": brand.pk, "store": store.pk, "creators": creators, "posts": posts})
    ladders.start_ladders(by=None, brand=brand, valid_from=AS_OF - dt.timedelta(365))
    settle()
    return brand


def first_times(brand: Any) -> tuple[float, float]:
    """Seconds of a first evaluation and of its reference, each in a fresh copy."""
    with copy_of_database():
        look(AS_OF)  # warms the cache
        ours = seconds_of(partial(evaluate, brand, AS_OF))
    with copy_of_database():
        look(AS_OF)
        return ours, seconds_of(partial(write_reference, AS_OF))


def night_times(brand: Any) -> Iterator[tuple[float, float]]:
    """Seconds of the following nights; the first of them is not counted."""
    for night in range(NIGHTS + 1):
        as_of = AS_OF + dt.timedelta(night + 1)
        sql.execute(
            "UPDATE content_post SET likes = likes + 30, saves = saves + 10"
            " WHERE id %% 20 = %(night)s",
            {"night": night},
        )
        settle("content_post")
        look(as_of)
        seconds = seconds_of(partial(evaluate, brand, as_of))
        reference = seconds_of(partial(look, as_of))
        if night:
            yield seconds, reference


def evaluate(brand: Any, as_of: dt.date) -> list[TierRun]:
    return tier_runs.evaluate(by=None, brand=brand, as_of=as_of)


def look(as_of: dt.date) -> list[dict[str, Any]]:
    """The reference alone: heads per kind and tier."""
    statement = f"SELECT kind, tier, count(*) AS heads FROM ({REFERENCE}) decided GROUP BY 1, 2"
    return sql.fetch_all(statement, dates(as_of))


def write_reference(as_of: dt.date) -> None:
    """The reference with what has to be written at least."""
    with transaction.atomic():
        sql.execute(f"CREATE TEMP TABLE decided ON COMMIT DROP AS {REFERENCE}", dates(as_of))
        sql.execute(
            """
            INSERT INTO incentives_tierrun (brand_id, ladder_id, as_of, counts, created_at)
            SELECT brand_id, id, %(as_of)s, '{}', now() FROM incentives_ladderversion
            """,
            {"as_of": as_of},
        )
        sql.execute(
            """
            INSERT INTO incentives_tierchange
                (run_id, creator_id, from_tier, to_tier, effective_on, explanation)
            SELECT r.id, d.id, '', d.tier, r.as_of, '{}'
              FROM decided d
              JOIN incentives_ladderversion v ON v.creator_kind = d.kind
              JOIN incentives_tierrun r ON r.ladder_id = v.id
             WHERE d.tier <> ''
            """
        )
        sql.execute(
            """
            UPDATE matrix_creator c SET tier = d.tier, tier_since = %(as_of)s
              FROM decided d WHERE d.id = c.id AND d.tier <> c.tier
            """,
            {"as_of": as_of},
        )


def same_heads(brand: Any) -> None:
    """The reference is one only if it comes to the same tiers."""
    with copy_of_database():
        heads = [run.counts["heads"] for run in evaluate(brand, AS_OF)]
        ours = sum(tier_heads for kind in heads for tier_heads in kind.values())
        reference = {(row["kind"], row["tier"]): row["heads"] for row in look(AS_OF)}
        kinds = [
            run.ladder.creator_kind for run in TierRun.objects.order_by("ladder__creator_kind")
        ]
        for kind, counted in zip(kinds, heads, strict=True):
            for tier, count in counted.items():
                if reference.get((kind, tier), 0) != count:
                    raise RuntimeError(f"{kind} {tier}: {count} here, not in the reference")
        if ours != sum(reference.values()):
            raise RuntimeError("the reference decides about other creators")


def dates(as_of: dt.date) -> dict[str, Any]:
    until = dt.datetime.fromisoformat(f"{as_of + dt.timedelta(1)} 00:00+08:00")
    return {
        "until": until,
        "since_60": until - dt.timedelta(60),
        "since_180": until - dt.timedelta(180),
        "settled": until - dt.timedelta(7),
    }


def medians(pairs: list[tuple[float, float]]) -> tuple[float, float]:
    return statistics.median(p[0] for p in pairs), statistics.median(p[1] for p in pairs)
