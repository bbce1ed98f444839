"""What posts say about accounts, creators and units; registered with `matrix.posting`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db.models import Count, Exists, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce

from content.formulas import TIER_INTERACTIONS, sql_of
from content.models import Post
from kosops.lib.sql import fetch_all
from matrix.posting import Posting, Published

# Sorts below every real moment, for creators who never posted.
NEVER = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def of_units(ids: Collection[int], since: dt.datetime) -> dict[int, Posting]:
    return _posting("store_id", ids, since)


def of_accounts(ids: Collection[int], since: dt.datetime) -> dict[int, Posting]:
    return _posting("account_id", ids, since)


def of_creators(ids: Collection[int], since: dt.datetime) -> dict[int, Posting]:
    best = f"(SELECT max({sql_of(TIER_INTERACTIONS, 'p')}) FROM content_post p WHERE p.creator_id = owner.id)"
    return _posting("creator_id", ids, since, best=best)


def of_month(ids: Collection[int], since: dt.datetime, until: dt.datetime) -> dict[int, Published]:
    """One range of the index for each unit."""
    rows = fetch_all(
        """
        SELECT owner.id, published.*
          FROM unnest(%(ids)s::bigint[]) AS owner(id),
               LATERAL (
                   SELECT count(*) AS notes, count(DISTINCT p.account_id) AS active,
                          sum(p.views)::bigint AS views
                     FROM content_post p
                    WHERE p.store_id = owner.id
                      AND p.published_at >= %(since)s AND p.published_at < %(until)s
               ) AS published
         WHERE published.notes > 0
        """,
        {"ids": list(ids), "since": since, "until": until},
    )
    return {row.pop("id"): Published(**row) for row in rows}


def of_communities(ids: Collection[int], since: dt.datetime) -> dict[int, Posting]:
    """One short range and one probe for each member; the members of a page's groups are thousands."""
    rows = fetch_all(
        f"""
        SELECT member.community_id AS id, sum(recent.posts)::bigint AS posts,
               max(latest.at) AS last_at, max(recent.best) AS best
          FROM matrix_communitymember member
          LEFT JOIN LATERAL (
               SELECT count(*) AS posts, max({sql_of(TIER_INTERACTIONS, "p")}) AS best
                 FROM content_post p
                WHERE p.creator_id = member.creator_id AND p.published_at >= %(since)s
               ) recent ON true
          LEFT JOIN LATERAL (
               SELECT p.published_at AS at FROM content_post p
                WHERE p.creator_id = member.creator_id ORDER BY p.published_at DESC LIMIT 1
               ) latest ON true
         WHERE member.until IS NULL AND member.community_id = ANY(%(ids)s::bigint[])
         GROUP BY member.community_id
        """,
        {"ids": list(ids), "since": since},
    )
    return {
        row["id"]: Posting(posts=row["posts"], last_at=row["last_at"], best=row["best"])
        for row in rows
        if row["last_at"]
    }


def mark_posted(accounts: QuerySet[Any], since: dt.datetime) -> QuerySet[Any]:
    posts = Post.objects.filter(account=OuterRef("pk"), published_at__gte=since)
    return accounts.annotate(posted=Exists(posts))


def with_recent_posts(creators: QuerySet[Any], since: dt.datetime) -> QuerySet[Any]:
    recent = (
        Post.objects.filter(creator=OuterRef("pk"), published_at__gte=since)
        .order_by()
        .values("creator")
        # Of rows, not of ids: the index on creator and time answers that alone.
        .annotate(count=Count("*"))
        .values("count")
    )
    return creators.annotate(recent_posts=Coalesce(Subquery(recent), 0))


def with_last_post(creators: QuerySet[Any]) -> QuerySet[Any]:
    latest = Post.objects.filter(creator=OuterRef("pk")).order_by("-published_at")
    return creators.annotate(
        last_post_at=Coalesce(Subquery(latest.values("published_at")[:1]), Value(NEVER))
    )


def _posting(
    column: str, ids: Collection[int], since: dt.datetime, *, best: str = "NULL::bigint"
) -> dict[int, Posting]:
    """One index probe for the latest post and one short range for the recent ones, per owner."""
    rows = fetch_all(
        f"""
        SELECT owner.id,
               (SELECT count(*) FROM content_post p
                 WHERE p.{column} = owner.id AND p.published_at >= %(since)s) AS posts,
               (SELECT p.published_at FROM content_post p WHERE p.{column} = owner.id
                 ORDER BY p.published_at DESC LIMIT 1) AS last_at,
               {best} AS best
          FROM unnest(%(ids)s::bigint[]) AS owner(id)
        """,
        {"ids": list(ids), "since": since},
    )
    return {
        row["id"]: Posting(posts=row["posts"], last_at=row["last_at"], best=row["best"])
        for row in rows
        if row["last_at"]
    }
