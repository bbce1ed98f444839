"""The tier rules as SQL: the same decisions as `tiers.decide`, for all creators at once.

One pass over the posts counts what has a window; the last notes of a creator are looked up by index,
and only for creators whose decision hangs on them.

The text of a statement is made from a checked ladder: only its whole numbers and names of our own
go into it. Everything else is a parameter.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings

from content.choices import PostState
from content.formulas import sql_of, whole_sql_of
from incentives import tier_facts, tiers
from incentives.tiers import (
    BEST_NOTE,
    MEDIAN_NOTE,
    NOTES,
    Because,
    Condition,
    Ladder,
    Measure,
    TierRule,
)
from matrix.choices import CreatorState

# Candidates are not in the programme yet; who is paused or has left neither rises nor falls.
EVALUATED = (CreatorState.ONBOARDING, CreatorState.ACTIVE)
MOST_POSTS_NAMED = 10


@dataclass(frozen=True)
class Question:
    """A ladder asked on a day, about the creators of one kind of a brand or some of them."""

    ladder: Ladder
    brand_id: int
    kind: str
    as_of: dt.date
    zone: ZoneInfo
    # Only creators of these stores.
    stores: list[int] | None = None
    # Only this creator, in whatever state, with all facts: a decision alone needs fewer.
    creator: int | None = None

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of every statement of this module."""
        days: dict[str, Any] = {"until": self._midnight(self.as_of + dt.timedelta(days=1))}
        for measure in self.ladder.measures:
            if measure.within_days is not None:
                since = tiers.first_day(self.as_of, measure.within_days)
                days[f"since_{measure.within_days}"] = self._midnight(since)
                days[f"day_{measure.within_days}"] = since
            if measure.settled_days is not None:
                last = tiers.last_settled_day(self.as_of, measure.settled_days)
                until = self._midnight(last + dt.timedelta(days=1))
                days[f"settled_{measure.settled_days}"] = until
        return days | {
            "brand": self.brand_id,
            "kind": self.kind,
            "as_of": self.as_of,
            "grace": self.ladder.grace_days,
            "stores": self.stores,
            "creator": self.creator,
            "currency": settings.CURRENCY,
            "thresholds": json.dumps(self._thresholds()),
        }

    def _midnight(self, day: dt.date) -> dt.datetime:
        return dt.datetime.combine(day, dt.time.min, tzinfo=self.zone)

    def _thresholds(self) -> dict[str, Any]:
        return {
            f"{rule.tier}.{because}": {c.key: tiers.condition_to_json(c) for c in conditions}
            for rule in self.ladder.tiers
            for because, conditions in ((Because.REACH, rule.reach), (Because.KEEP, rule.keep))
        }


# -- statements ----------------------------------------------------------------


def counts(questions: Sequence[Question]) -> str:
    """A query that counts the posts of every creator with any, for all ladders in one pass.

    The questions are about one brand and day.
    """
    columns = {
        _column(measure, question.ladder.formula): _counted(measure, question.ladder.formula)
        for question in questions
        for measure in _cheap(question.ladder)
    }
    cheap = [measure for question in questions for measure in _cheap(question.ladder)]
    listed = "".join(f",\n           {column}" for column in columns.values())
    return f"""
    SELECT p.creator_id{listed}
      FROM content_post p
     WHERE {_online("p")} AND p.published_at < %(until)s{_horizon(cheap)} AND {_of_asked(questions)}
     GROUP BY p.creator_id
    """


def facts(question: Question, counted: str = "") -> str:
    """A query with one row per creator: creator_id, store_id, tier, level and every measure.

    ``counted`` names a table that holds `counts` already.
    """
    ladder = question.ladder
    filled = "".join(f",\n               {_filled(m, ladder.formula)}" for m in _cheap(ladder))
    outside = _outside(ladder)
    filled += "".join(f",\n               {_told(measure)}" for measure in outside)
    joined = "".join(f"\n          {_joined(measure, question)}" for measure in outside)
    looked_up = "".join(
        f",\n           CASE WHEN {_needed(m, question)} THEN {_looked_up(m, ladder.formula)} END"
        f" AS {m.key}"
        for m in ladder.measures
        if m.fact == MEDIAN_NOTE
    )
    return f"""
    WITH counted AS ({f"SELECT * FROM {counted}" if counted else counts([question])}),
    known AS (
        SELECT c.id AS creator_id, c.store_id, c.tier, {_level("c.tier")} AS level{filled}
          FROM matrix_creator c
          LEFT JOIN counted n ON n.creator_id = c.id{joined}
         WHERE {_asked(question)}
    )
    SELECT f.*{looked_up}
      FROM known f
    """


def decisions(question: Question, counted: str = "") -> str:
    """A query with one row per creator: the facts and what follows.

    Columns besides those of `facts`: outcome, to_level, falls_on, because, rule_level (see `tiers.Decision`), since,
    is_pinned.
    """
    rules = question.ladder.tiers
    up = "\n".join(
        f"WHEN f.level < {n} AND {_reached(rule)} THEN {n}" for n, rule in _numbered(rules, down=1)
    )
    lost = "\n".join(f"WHEN {n} THEN {_lost(rule)}" for n, rule in _numbered(rules))
    down = "\n".join(
        f"WHEN f.level > {n} AND NOT {_lost(rule)} THEN {n}"
        for n, rule in _numbered(rules[:-1], down=1)
    )
    return f"""
    WITH facts AS MATERIALIZED ({facts(question, counted)}),
    judged AS (
        SELECT f.*, pin.id IS NOT NULL AS is_pinned,
               CASE WHEN pin.id IS NULL THEN CASE {up} END END AS up_level,
               pin.id IS NULL AND CASE f.level {lost} ELSE FALSE END AS is_lost,
               CASE {down} ELSE 0 END AS down_level,
               COALESCE(r.since, %(as_of)s) AS since,
               COALESCE(r.falls_on, %(as_of)s + %(grace)s) AS due
          FROM facts f
          LEFT JOIN incentives_tierrisk r ON r.creator_id = f.creator_id
          LEFT JOIN incentives_tierpin pin ON pin.creator_id = f.creator_id
               AND pin.period @> %(as_of)s AND pin.ended_at IS NULL
    )
    SELECT j.*,
           CASE WHEN up_level IS NOT NULL THEN 'promoted'
                WHEN NOT is_lost THEN 'stays'
                WHEN due <= %(as_of)s THEN 'demoted'
                ELSE 'at_risk' END AS outcome,
           CASE WHEN up_level IS NOT NULL THEN up_level
                WHEN is_lost THEN down_level ELSE level END AS to_level,
           CASE WHEN up_level IS NULL AND is_lost AND due > %(as_of)s THEN due END AS falls_on,
           CASE WHEN up_level IS NOT NULL THEN 'reach' WHEN is_lost THEN 'keep' END AS because,
           CASE WHEN up_level IS NOT NULL THEN up_level WHEN is_lost THEN level END AS rule_level
      FROM judged j
    """


def explanation(question: Question, row: str) -> str:
    """An expression: why the creator of ``row`` (an alias over `decisions`) moves or is at risk.

    {"rule", "tier", "facts", "thresholds", "posts"}, and "since" for who was at risk.
    """
    cases = "\n".join(
        f"WHEN {row}.because = '{because}' AND {row}.rule_level = {level} THEN"
        f" {_explained(question, rule, because, row)}"
        for level, rule in _numbered(question.ladder.tiers)
        for because in Because
    )
    return f"(CASE {cases} END)"


def tier_of(level: str) -> str:
    """The tier's name of a level expression; level 0 is no tier."""
    names = ", ".join(f"'{tier}'" for tier in tiers.TIERS)
    return f"COALESCE((ARRAY[{names}])[{level}], '')"


# -- private -------------------------------------------------------------------


def _asked(question: Question) -> str:
    if question.creator is not None:
        return "c.id = %(creator)s"
    states = ", ".join(f"'{state.value}'" for state in EVALUATED)
    parts = ["c.brand_id = %(brand)s", "c.kind = %(kind)s", f"c.state IN ({states})"]
    if question.stores is not None:
        parts.append("c.store_id = ANY(%(stores)s)")
    return " AND ".join(parts)


def _of_asked(questions: Sequence[Question]) -> str:
    """Which posts to count. For a whole brand it is cheaper to count too many than to look up

    the author of each post.
    """
    (question, *others) = questions
    if others or (question.stores is None and question.creator is None):
        return "p.brand_id = %(brand)s"
    return f"p.creator_id IN (SELECT c.id FROM matrix_creator c WHERE {_asked(question)})"


def _cheap(ladder: Ladder) -> list[Measure]:
    """The measures that one pass over the posts counts."""
    return [measure for measure in ladder.measures if measure.fact in (NOTES, BEST_NOTE)]


def _outside(ladder: Ladder) -> list[Measure]:
    """The measures that are not read from the posts."""
    known = tiers.counted_facts()
    return [measure for measure in ladder.measures if measure.fact in known]


def _told(measure: Measure) -> str:
    value = f"x_{measure.key}.value"
    nothing = tier_facts.source_of(measure.fact).nothing
    return f"{value if nothing is None else f'COALESCE({value}, {nothing})'} AS {measure.key}"


def _joined(measure: Measure, question: Question) -> str:
    since = f"%(day_{measure.within_days})s" if measure.within_days is not None else ""
    query = tier_facts.source_of(measure.fact).query(since, question.creator is not None)
    return f"LEFT JOIN ({query}) x_{measure.key} ON x_{measure.key}.creator_id = c.id"


def _column(measure: Measure, formula: str) -> str:
    return measure.key if measure.fact == NOTES else f"{measure.key}_{formula}"


def _online(table: str) -> str:
    return f"{table}.state = '{PostState.ONLINE.value}'"


def _horizon(measures: Iterable[Measure]) -> str:
    """No need to read posts that lie before every window."""
    days = [measure.within_days for measure in measures]
    longest = max((day for day in days if day is not None), default=None)
    if longest is None or None in days:
        return ""
    return f" AND p.published_at >= %(since_{longest})s"


def _within(measure: Measure) -> str:
    if measure.within_days is None:
        return ""
    return f" FILTER (WHERE p.published_at >= %(since_{measure.within_days})s)"


def _counted(measure: Measure, formula: str) -> str:
    within, column = _within(measure), _column(measure, formula)
    if measure.fact == NOTES:
        return f"count(*){within} AS {column}"
    return (
        f"max({sql_of(formula, 'p')}){within} AS {column},"
        f" bool_and({whole_sql_of(formula, 'p')}){within} AS {column}_sure"
    )


def _filled(measure: Measure, formula: str) -> str:
    """What a creator without posts has: 0 notes, and surely no best note."""
    column = _column(measure, formula)
    if measure.fact == NOTES:
        return f"COALESCE(n.{column}, 0) AS {measure.key}"
    return f"n.{column} AS {measure.key}, COALESCE(n.{column}_sure, TRUE) AS {measure.key}_sure"


def _looked_up(measure: Measure, formula: str) -> str:
    return f"""(
        SELECT CASE WHEN count(*) = {measure.last_notes}
                    THEN percentile_disc(0.5) WITHIN GROUP (ORDER BY last.value) END
          FROM (SELECT {sql_of(formula, "p")} AS value
                  FROM content_post p
                 WHERE p.creator_id = f.creator_id AND {_settled(measure, formula)}
                 ORDER BY p.published_at DESC, p.id DESC
                 LIMIT {measure.last_notes}) last
    )"""


def _settled(measure: Measure, formula: str) -> str:
    return (
        f"{_online('p')} AND {whole_sql_of(formula, 'p')}"
        f" AND p.published_at < %(settled_{measure.settled_days})s"
    )


def _needed(measure: Measure, question: Question) -> str:
    """Whether a creator's decision can hang on the measure: they are at a tier that asks for it

    or above, or meet all that is cheap to know about reaching such a tier.
    """
    if question.creator is not None:
        return "TRUE"
    parts = []
    for level, rule in _numbered(question.ladder.tiers):
        if any(condition.measure == measure for condition in rule.conditions):
            if rule.reach_any:
                return "TRUE"
            cheap = [_holds(c) for c in rule.reach if c.measure.fact != MEDIAN_NOTE]
            parts.append(f"f.level >= {level} OR ({' AND '.join(cheap) or 'TRUE'}) IS TRUE")
    return f"({' OR '.join(parts)})"


def _holds(condition: Condition, row: str = "f") -> str:
    value = f"{row}.{condition.key}"
    if condition.measure.fact != BEST_NOTE:
        return f"({value} >= {condition.at_least})"
    return f"(CASE WHEN {value} >= {condition.at_least} THEN TRUE WHEN {value}_sure THEN FALSE END)"


def _reached(rule: TierRule) -> str:
    by = " OR " if rule.reach_any else " AND "
    conditions = by.join(_holds(condition) for condition in rule.reach)
    return f"(({conditions}) IS TRUE AND NOT {_lost(rule)})"


def _lost(rule: TierRule) -> str:
    by = " AND " if rule.keep_any else " OR "
    fails = by.join(f"{_holds(condition)} IS FALSE" for condition in rule.keep)
    return f"({fails or 'FALSE'})"


def _level(tier: str) -> str:
    cases = " ".join(f"WHEN '{name}' THEN {n}" for n, name in enumerate(tiers.TIERS, 1))
    return f"CASE {tier} {cases} ELSE 0 END"


def _numbered(rules: tuple[TierRule, ...], *, down: int = 0) -> list[tuple[int, TierRule]]:
    numbered = list(enumerate(rules, 1))
    return numbered[::-1] if down else numbered


def _explained(question: Question, rule: TierRule, because: Because, row: str) -> str:
    conditions = rule.reach if because == Because.REACH else rule.keep
    values = ", ".join(f"'{c.key}', {row}.{c.key}" for c in conditions)
    decisive = "IS TRUE" if because == Because.REACH else "IS FALSE"
    from_posts = [c for c in conditions if c.measure.fact not in tiers.counted_facts()]
    posts = " || ".join(
        _posts(c, question.ladder.formula, row)
        if because == Because.REACH and not rule.reach_any
        else f"(CASE WHEN {_holds(c, row)} {decisive} THEN"
        f" {_posts(c, question.ladder.formula, row)} ELSE '{{}}'::bigint[] END)"
        for c in from_posts
    )
    by_any = rule.reach_any if because == Because.REACH else rule.keep_any
    code = f"{rule.tier}.{because}"
    since = f" || jsonb_build_object('since', {row}.since)" if because == Because.KEEP else ""
    return f"""jsonb_build_object(
        'rule', '{because}', 'tier', '{rule.tier}',
        'facts', jsonb_build_object({values}),
        'thresholds', %(thresholds)s::jsonb -> '{code}',
        'posts', to_jsonb({posts or "'{}'::bigint[]"})
    ){" || jsonb_build_object('any', TRUE)" if by_any else ""}{since}"""


def _posts(condition: Condition, formula: str, row: str) -> str:
    """The ids of the posts to look at for a condition, as `tiers.deciding_notes`."""
    measure = condition.measure
    where = f"p.creator_id = {row}.creator_id"
    newest = "p.published_at DESC, p.id DESC"
    if measure.fact == MEDIAN_NOTE:
        where = f"{where} AND {_settled(measure, formula)}"
        order, limit = newest, measure.last_notes
    else:
        where = f"{where} AND {_online('p')} AND p.published_at < %(until)s"
        if measure.within_days is not None:
            where = f"{where} AND p.published_at >= %(since_{measure.within_days})s"
        order, limit = newest, min(condition.at_least, MOST_POSTS_NAMED)
        if measure.fact == BEST_NOTE:
            where = f"{where} AND {sql_of(formula, 'p')} IS NOT NULL"
            order, limit = f"{sql_of(formula, 'p')} DESC, {newest}", 1
    return f"ARRAY(SELECT p.id FROM content_post p WHERE {where} ORDER BY {order} LIMIT {limit})"
