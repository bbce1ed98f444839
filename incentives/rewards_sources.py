"""What can be rewarded: each source says which things were done, by whom, and what they measure.

A source is a query; the run takes its rows in, judges and pays them all the same way. Tasks and
training add theirs when their apps start. Whether it pays money or points says the rule.
"""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from content.formulas import TIER_INTERACTIONS, sql_of, whole_sql_of
from incentives import scheme_rules
from incentives.organic_sql import BOOSTED, JUMPS, NOT_HELD

Text = str | Promise


@dataclass(frozen=True)
class Source:
    """``query`` yields, for %(brand)s and things done from %(first)s to %(last)s, at most once each:

    key (text, unique in the source), creator_id, post_id, account_id (both may be NULL), platform,
    done_on (date), value (what the steps look at, NULL unknown), whole (nothing unknown in it),
    stands ('stands', 'paused', 'in_review', 'problem', 'gone'), jumped (boolean).

    More parameters: as_of, zone, currency, handed_in, count_days, jump. ``gone`` is how a thing
    stands whose row is no longer there. ``basis`` is one of `scheme_rules.ALLOWED`: nobody is
    rewarded for a tap on share, or for people they brought in.
    """

    code: str
    label: Text
    value_label: Text
    query: str
    gone: str = "gone"
    of_posts: bool = False
    basis: str = "work"


_sources: dict[str, Source] = {}


def register(source: Source) -> Source:
    """Let rules reward things of a source. Raises ValueError where its basis is not allowed."""
    if source.basis not in scheme_rules.ALLOWED:
        raise ValueError(f"Nobody is rewarded for {source.basis}: {source.code}")
    _sources[source.code] = source
    return source


def source_of(code: str) -> Source:
    return _sources[code]


def basis_of(code: str) -> str:
    """What a reward of this source follows from; of one that is gone its own name."""
    return _sources[code].basis if code in _sources else code


def sources() -> list[Source]:
    return list(_sources.values())


# -- our own -------------------------------------------------------------------

_FIGURES = ("likes", "saves", "comments", "shares")
_THEN = ", ".join(
    f"(array_agg(s.{name} ORDER BY s.captured_at DESC) FILTER (WHERE s.{name} IS NOT NULL))[1]"
    f" AS {name}"
    for name in _FIGURES
)
_AS_COUNTED = ", ".join(
    f"CASE WHEN p.figures_at > d.until THEN s.{name} ELSE p.{name} END AS {name}"
    for name in _FIGURES
)

# Figures up to the last day that counts, or up to the start of a boost: from the posts while they
# are no newer, else from the snapshots.
NOTES = f"""
SELECT 'note:' || p.id AS key, p.creator_id, p.id AS post_id, p.account_id, p.platform,
       (p.published_at AT TIME ZONE %(zone)s)::date AS done_on,
       {sql_of(TIER_INTERACTIONS, "v")} AS value, {whole_sql_of(TIER_INTERACTIONS, "v")} AS whole,
       CASE p.state WHEN 'online' THEN CASE p.review WHEN 'waits' THEN 'in_review'
                                               WHEN 'problem' THEN 'problem' ELSE 'stands' END
                    WHEN 'hidden' THEN 'paused' ELSE 'gone' END AS stands,
       COALESCE(%(jump)s::bigint IS NOT NULL AND EXISTS ({JUMPS}), FALSE) AS jumped
  FROM content_post p
  {BOOSTED}
 CROSS JOIN LATERAL (SELECT LEAST(p.published_at + %(count_days)s * interval '1 day', boosted.at)
                         AS until) d
  LEFT JOIN LATERAL (SELECT {_THEN} FROM content_metricsnapshot s
                      WHERE s.post_id = p.id AND s.captured_at <= d.until
                        AND p.figures_at > d.until) s ON TRUE
 CROSS JOIN LATERAL (SELECT p.platform, {_AS_COUNTED}) v
 WHERE p.brand_id = %(brand)s AND p.creator_id IS NOT NULL
   AND p.published_at >= (%(first)s::date::timestamp AT TIME ZONE %(zone)s)
   AND p.published_at < ((%(last)s::date + 1)::timestamp AT TIME ZONE %(zone)s)
   AND (NOT %(handed_in)s OR EXISTS (SELECT 1 FROM content_postlink l
                                      WHERE l.post_id = p.id AND l.state = 'linked'))
"""

# A month counts once it is over. An order is credited once, as sold or as shared.
DEALS = """
SELECT 'deal:' || o.creator_id || ':' || to_char(o.month, 'YYYY-MM') AS key, o.creator_id,
       NULL::bigint AS post_id, NULL::bigint AS account_id, '' AS platform,
       (o.month + interval '1 month' - interval '1 day')::date AS done_on,
       count(*) AS value, TRUE AS whole, 'stands' AS stands, FALSE AS jumped
  FROM (SELECT x.who AS creator_id, date_trunc('month', c.business_date)::date AS month
          FROM customers_order c
         CROSS JOIN LATERAL (
            SELECT c.seller_id AS who UNION SELECT c.sharer_id) x
         WHERE c.brand_id = %(brand)s AND x.who IS NOT NULL AND c.currency = %(currency)s
           AND c.status NOT IN ('closed', 'refunding') AND c.paid_amount > c.refunded_amount
           AND c.business_date BETWEEN date_trunc('month', %(first)s::date::timestamp)::date AND %(last)s) o
 WHERE (o.month + interval '1 month' - interval '1 day')::date BETWEEN %(first)s AND %(last)s
 GROUP BY o.creator_id, o.month
"""

# What a person's accounts did in a month that is over: notes that are online and not held by a
# review.
ACCOUNTS = f"""
SELECT 'account:' || n.account_id || ':' || to_char(n.month, 'YYYY-MM') AS key, n.creator_id,
       NULL::bigint AS post_id, n.account_id, n.platform,
       (n.month + interval '1 month' - interval '1 day')::date AS done_on,
       count(*) AS value, TRUE AS whole, 'stands' AS stands, FALSE AS jumped
  FROM (SELECT a.creator_id, p.account_id, p.platform,
               date_trunc('month', p.published_at AT TIME ZONE %(zone)s)::date AS month
          FROM content_post p JOIN matrix_socialaccount a ON a.id = p.account_id
         WHERE p.brand_id = %(brand)s AND a.creator_id IS NOT NULL AND p.state = 'online'
           AND {NOT_HELD}
           AND p.published_at >= (date_trunc('month', %(first)s::date::timestamp) AT TIME ZONE %(zone)s)
           AND p.published_at < ((%(last)s::date + 1)::timestamp AT TIME ZONE %(zone)s)) n
 WHERE (n.month + interval '1 month' - interval '1 day')::date BETWEEN %(first)s AND %(last)s
 GROUP BY n.creator_id, n.account_id, n.platform, n.month
"""

register(Source("note", _("Notes"), _("Interactions"), NOTES, of_posts=True, basis="posts"))
register(
    Source(
        "deal",
        _("Credited orders of a month"),
        _("Credited orders"),
        DEALS,
        gone="stands",
        basis="orders",
    )
)
register(
    Source(
        "account",
        _("Notes of an account in a month"),
        _("Notes"),
        ACCOUNTS,
        gone="stands",
        basis="posts",
    )
)
