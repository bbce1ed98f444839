"""The reward rule as SQL: what `rewards_rule` says, for all things of a rule at once.

The text of a statement is made from checked terms: only their whole numbers go into it. Everything
else is a parameter.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings

from incentives import rewards_sources
from incentives.models import RewardRule, RewardRun
from incentives.rewards_rule import Terms
from kosops.lib import sql


def params_of(rule: RewardRule, terms: Terms, as_of: dt.date) -> dict[str, Any]:
    last = min(as_of, rule.last_day or as_of)
    return {
        "rule": rule.pk,
        "code": rule.code,
        "brand": rule.brand_id,
        "as_of": as_of,
        "first": max(rule.period.lower, as_of - dt.timedelta(days=terms.watch_days)),
        "last": last,
        "zone": settings.TIME_ZONE,
        "currency": settings.CURRENCY,
        "handed_in": terms.handed_in,
        "count_days": terms.count_days,
        "check_days": terms.check_days,
        "watch_days": terms.watch_days,
        "jump": terms.jump,
        "kinds": list(terms.kinds) or None,
        "tiers": list(terms.tiers) or None,
        "platforms": list(terms.platforms) or None,
        "followers_from": terms.followers_from,
        "followers_to": terms.followers_to,
        "cap_person": terms.cap_person,
        "budget": terms.most,
    }


def measure(rule: RewardRule, params: dict[str, Any]) -> None:
    """Keep what was done in the days of the rule that are still watched, in ``reward_fact``."""
    source = rewards_sources.source_of(rule.source)
    sql.execute("DROP TABLE IF EXISTS pg_temp.reward_fact")
    sql.execute(f"CREATE TEMP TABLE reward_fact ON COMMIT DROP AS {source.query}", params)
    sql.execute("ANALYZE reward_fact")


# Followers: of the account, or the most on one public account of the person. Whose figure is not
# known waits where the rule asks for a band.
ADMIT = """
INSERT INTO incentives_rewarditem (brand_id, rule_id, code, key, creator_id, post_id, done_on,
                                   watched_until, frozen, standing, earned, released,
                                   stopped_reason, created_at)
SELECT %(brand)s, %(rule)s, %(code)s, f.key, f.creator_id, f.post_id, f.done_on,
       f.done_on + %(watch_days)s,
       jsonb_build_object('tier', c.tier, 'kind', c.kind, 'followers', a.followers,
                          'platform', f.platform),
       'below', 0, 0, '', now()
  FROM reward_fact f
  JOIN matrix_creator c ON c.id = f.creator_id
  LEFT JOIN LATERAL (
    SELECT max(s.followers) AS followers FROM matrix_socialaccount s
     WHERE CASE WHEN f.account_id IS NULL THEN s.creator_id = f.creator_id AND s.domain = 'public'
                ELSE s.id = f.account_id END) a ON TRUE
 WHERE (%(kinds)s::text[] IS NULL OR c.kind = ANY(%(kinds)s))
   AND (%(tiers)s::text[] IS NULL OR c.tier = ANY(%(tiers)s))
   AND (%(platforms)s::text[] IS NULL OR f.platform = ANY(%(platforms)s))
   AND (%(followers_from)s::bigint IS NULL OR a.followers >= %(followers_from)s)
   AND (%(followers_to)s::bigint IS NULL OR a.followers <= %(followers_to)s)
   AND c.state IN ('onboarding', 'active', 'paused')
 ORDER BY f.done_on, f.key
    ON CONFLICT (brand_id, code, key) DO NOTHING
"""


def judged(rule: RewardRule, terms: Terms) -> str:
    """A query with one row per watched reward of the rule: what it is worth before caps.

    Columns: item_id, creator_id, month, posted, value, amount, may_pay, reason, step.
    """
    gone = rewards_sources.source_of(rule.source).gone
    amounts = " ".join(
        f"WHEN {_value()} >= {step.at_least} THEN {step.amount}" for step in terms.steps[::-1]
    )
    steps = " ".join(
        f"WHEN {_value()} >= {step.at_least} THEN {step.at_least}" for step in terms.steps[::-1]
    )
    return f"""
    SELECT j.item_id, j.creator_id, j.month, j.posted, j.value,
           CASE WHEN j.is_stopped OR j.stands = 'gone' THEN 0 ELSE j.worth END AS amount,
           reason = 'payable' AS may_pay, reason,
           CASE WHEN reason IN ('payable', 'waiting', 'hidden', 'in_review', 'problem', 'flagged') THEN j.step END AS step
      FROM (
        SELECT i.id AS item_id, i.creator_id, date_trunc('month', i.done_on)::date AS month,
               i.earned AS posted, f.value, i.done_on,
               i.stopped_by_id IS NOT NULL AS is_stopped,
               COALESCE(f.stands, '{gone}') AS stands,
               COALESCE(f.jumped, FALSE) AND i.cleared_by_id IS NULL AS jumped,
               COALESCE(f.whole, {"TRUE" if gone == "stands" else "FALSE"})
                   AND (f.value IS NOT NULL OR f.key IS NULL) AS known,
               CASE {amounts} ELSE 0 END AS worth, CASE {steps} END AS step
          FROM incentives_rewarditem i
          LEFT JOIN reward_fact f ON f.key = i.key
         WHERE i.rule_id = %(rule)s AND i.watched_until >= %(as_of)s
      ) j
     CROSS JOIN LATERAL (SELECT CASE
        WHEN j.is_stopped THEN 'stopped'
        WHEN j.stands = 'gone' THEN 'removed'
        WHEN j.worth = 0 THEN CASE WHEN j.known THEN 'below' ELSE 'unknown' END
        WHEN j.stands = 'paused' THEN 'hidden'
        WHEN j.stands IN ('in_review', 'problem') THEN j.stands
        WHEN j.jumped AND j.step > 0 THEN 'flagged'
        WHEN %(as_of)s < j.done_on + %(check_days)s THEN 'waiting'
        ELSE 'payable' END AS reason) r
    """


def allotted(rule: RewardRule, terms: Terms) -> str:
    """`judged` after the caps, with ``granted`` and the cap that cut it as the reason."""
    others = """COALESCE((SELECT sum(x.earned) FROM incentives_rewarditem x
                           WHERE {mine} AND x.watched_until < %(as_of)s), 0)"""
    person = _capped(
        "amount",
        "%(cap_person)s::bigint",
        "PARTITION BY creator_id, month",
        others.format(
            mine="x.brand_id = %(brand)s AND x.code = %(code)s AND x.creator_id = d.creator_id"
            " AND date_trunc('month', x.done_on)::date = d.month"
        ),
    )
    budget = _capped(
        "for_person",
        "%(budget)s::bigint",
        "",
        others.format(mine="x.rule_id = %(rule)s"),
    )
    return f"""
    WITH d AS MATERIALIZED ({judged(rule, terms)}),
    persons AS (SELECT d.*, {person} AS for_person FROM d),
    budgeted AS (SELECT d.*, {budget} AS granted FROM persons d)
    SELECT b.*, CASE WHEN granted < for_person THEN 'cap_budget'
                     WHEN for_person < amount THEN 'cap_person' ELSE reason END AS standing
      FROM budgeted b
    """


def _value() -> str:
    return "COALESCE(f.value, 0)"


def _capped(wanted: str, limit: str, partition: str, closed: str) -> str:
    """`rewards_rule.allot` as an expression: what each row gets under the limit."""
    base = f"LEAST(d.posted, d.{wanted})"
    rise = f"(d.{wanted} - {base})"
    order = f"({partition} ORDER BY d.item_id ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)"
    return f"""(CASE WHEN {limit} IS NULL THEN d.{wanted} ELSE {base} + GREATEST(0, LEAST({rise},
        {limit} - {closed} - sum({base}) OVER ({partition})
        - COALESCE(sum({rise}) OVER {order}, 0))) END)"""


LINES = """
WITH due AS (
    SELECT a.item_id, a.value, a.step, a.standing, t.kind, t.target, t.target - t.posted AS amount
      FROM reward_given a
      JOIN incentives_rewarditem i ON i.id = a.item_id
     CROSS JOIN LATERAL (VALUES
        ('earned', a.granted, i.earned),
        ('released', CASE WHEN a.may_pay THEN a.granted ELSE 0 END, i.released)
     ) AS t (kind, target, posted)
     WHERE t.target <> t.posted
)
INSERT INTO incentives_rewardline (run_id, item_id, kind, sequence, target, amount, facts)
SELECT %(run)s, d.item_id, d.kind,
       1 + (SELECT count(*) FROM incentives_rewardline l
             WHERE l.item_id = d.item_id AND l.kind = d.kind),
       d.target, d.amount,
       jsonb_build_object('value', d.value, 'step', d.step, 'standing', d.standing)
  FROM due d ORDER BY d.item_id
"""

SETTLE = """
UPDATE incentives_rewarditem i
   SET standing = a.standing, step = a.step, value = a.value, earned = a.granted,
       released = CASE WHEN a.may_pay THEN a.granted ELSE 0 END
  FROM reward_given a
 WHERE a.item_id = i.id
   AND (i.standing, i.step, i.value, i.earned, i.released) IS DISTINCT FROM
       (a.standing, a.step, a.value, a.granted::bigint,
        (CASE WHEN a.may_pay THEN a.granted ELSE 0 END)::bigint)
"""


def give(rule: RewardRule, terms: Terms, run: RewardRun) -> dict[str, int]:
    """Take in, judge and write the lines of one rule; returns how many were new and how many lines."""
    params = params_of(rule, terms, run.as_of) | {"run": run.pk}
    measure(rule, params)
    admitted = sql.execute(ADMIT, params)
    sql.execute("DROP TABLE IF EXISTS pg_temp.reward_given")
    sql.execute(f"CREATE TEMP TABLE reward_given ON COMMIT DROP AS {allotted(rule, terms)}", params)
    lines = sql.execute(LINES, params)
    sql.execute(SETTLE, params)
    return {"rewards": admitted, "lines": lines}
