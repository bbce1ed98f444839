"""The evaluation of tiers, its preview, and where creators stand and stood on the ladder."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db.models import Count, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.access import Reach
from accounts.models import Person, Unit
from incentives import tier_sql, tiers
from incentives.ladders import ladder_on, ladders_on, rules_of
from incentives.models import (
    LadderVersion,
    TierChange,
    TierPin,
    TierProposal,
    TierRisk,
    TierRun,
)
from incentives.tiers import Condition, Ladder, Outcome
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from matrix import registry
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Creator
from matrix.tier_steps import Whose

# How many movers of each sort a preview lists; it counts all of them.
LISTED = 50
# A preview may look so far ahead: who falls when nothing new is posted until then.
MOST_DAYS_AHEAD = 90
# The programme as head counts see it: who is in it, paused included.
IN_PROGRAMME = (CreatorState.ONBOARDING, CreatorState.ACTIVE, CreatorState.PAUSED)


# -- words ---------------------------------------------------------------------


@dataclass(frozen=True)
class Finding:
    """A condition held against a fact."""

    condition: Condition
    value: int | None
    met: bool | None

    @property
    def missing(self) -> int:
        """What is lacking to the threshold; the whole threshold while the fact is unknown."""
        return 0 if self.met else self.condition.at_least - (self.value or 0)


@dataclass(frozen=True)
class Move:
    """A creator who would rise, fall or be at risk, with the reason."""

    creator_id: int
    name: str
    store: str
    from_tier: str
    to_tier: str
    outcome: Outcome
    falls_on: dt.date | None
    since: dt.date | None
    explanation: dict[str, Any]
    # The ladder that says how tiers are called.
    whose: Whose | None = None

    @property
    def posts(self) -> list[int]:
        """The ids of the posts that decide, each once."""
        return list(dict.fromkeys(self.explanation["posts"]))


@dataclass(frozen=True)
class Preview:
    """Who would move on a day under a ladder. Lists are cut, counts are whole."""

    kind: str
    as_of: dt.date
    counts: dict[str, int]
    heads: dict[str, int]
    moves: list[Move]

    def of(self, outcome: str) -> list[Move]:
        return [move for move in self.moves if move.outcome == outcome]

    @property
    def promoted(self) -> list[Move]:
        return self.of(Outcome.PROMOTED)

    @property
    def demoted(self) -> list[Move]:
        return self.of(Outcome.DEMOTED)

    @property
    def at_risk(self) -> list[Move]:
        return self.of(Outcome.AT_RISK)


@dataclass(frozen=True)
class MonthOfTiers:
    """Heads per tier at the end of a month (the running month: now) and its moves."""

    month: Month
    heads: dict[str, int]
    promoted: int
    demoted: int


@dataclass(frozen=True)
class Progress:
    """Where a creator stands on the ladder, what keeps the tier and what the next one needs."""

    creator: Creator
    as_of: dt.date
    tier: str
    next_tier: str
    reach: list[Finding] = field(default_factory=list)
    keep: list[Finding] = field(default_factory=list)
    # Conditions to keep the next tier that fail already and so stand in the way of reaching it.
    blocked_by: list[Finding] = field(default_factory=list)
    # One of ``reach`` (``keep``) is enough.
    reach_any: bool = False
    keep_any: bool = False
    risk: TierRisk | None = None
    pin: TierPin | None = None
    waiting: TierProposal | None = None
    declined: TierProposal | None = None

    @property
    def stands_still(self) -> bool:
        """Whether the creator is left out of evaluations, as who is paused."""
        return self.creator.state not in tier_sql.EVALUATED

    @property
    def first_gap(self) -> Finding | None:
        """The condition to work on for the next tier: the first that is not met, and where one
        of several is enough, the one that is nearest.
        """
        if self.reach_any:
            return self._nearest_gap
        gaps = (finding for finding in (*self.reach, *self.blocked_by) if not finding.met)
        return next(gaps, None)

    @property
    def _nearest_gap(self) -> Finding | None:
        if any(finding.met for finding in self.reach):
            return next(iter(self.blocked_by), None)
        return max(
            self.reach,
            key=lambda finding: (finding.value or 0) / finding.condition.at_least,
            default=None,
        )


# -- evaluation ----------------------------------------------------------------


def evaluate(*, by: Person | None, brand: Unit, as_of: dt.date) -> list[TierRun]:
    """Hold every creator of the brand against the ladders of ``as_of``, with facts up to its end.

    Stores new tiers and who is at risk, one run and one activity row per ladder. Moves that wait
    for a person by the ladder's rules become proposals instead. Refuses
    ``no_ladder``, ``future_date``, ``already_evaluated``, ``older_than_last_run`` and, while another
    evaluation runs, ``tiers_busy``.
    """
    if as_of > timezone.localdate():
        raise DomainError("future_date", _("Tiers cannot be decided for a day to come."))
    busy = DomainError("tiers_busy", _("The tiers are being evaluated right now."))
    with sql.exclusive(f"tiers:{brand.pk}", busy=busy):
        due = _due_ladders(brand, as_of)
        questions = [_question(brand, v.creator_kind, rules_of(v), as_of) for v in due]
        params = {name: value for asked in questions for name, value in asked.params.items()}
        _table("tier_counted", tier_sql.counts(questions), params)
        return [
            _run(by=by, version=version, question=question)
            for version, question in zip(due, questions, strict=True)
        ]


def runs_of(brand: Unit) -> QuerySet[TierRun]:
    return (
        TierRun.objects.filter(brand=brand)
        .select_related("ladder", "started_by")
        .order_by("-created_at", "-id")
    )


def _due_ladders(brand: Unit, as_of: dt.date) -> list[LadderVersion]:
    ladders = ladders_on(brand, as_of)
    if not ladders:
        raise DomainError("no_ladder", _("This brand has no tier rules yet."))
    done = set(
        TierRun.objects.filter(ladder__in=ladders, as_of=as_of).values_list("ladder_id", flat=True)
    )
    due = [version for version in ladders if version.pk not in done]
    if not due:
        raise DomainError(
            "already_evaluated",
            _("The tiers of %(day)s are already evaluated; nothing was changed."),
            day=as_of.isoformat(),
        )
    for version in due:
        last = TierRun.objects.filter(
            brand=brand, ladder__creator_kind=version.creator_kind, as_of__gt=as_of
        ).order_by("-as_of")
        if newer := last.first():
            raise DomainError(
                "older_than_last_run",
                _("The tiers were already evaluated for %(day)s; an older day cannot follow."),
                day=newer.as_of.isoformat(),
            )
    return due


def _run(*, by: Person | None, version: LadderVersion, question: tier_sql.Question) -> TierRun:
    brand, as_of = version.brand, question.as_of
    run = TierRun.objects.create(brand=brand, ladder=version, as_of=as_of, started_by=by)
    params = question.params | {"run": run.pk}
    _table("tier_decision", tier_sql.decisions(question, "tier_counted"), params)
    waiting = _hold_back(question, params)
    _write_changes(question, params)
    newly, recovered = _write_risks(question, params)
    _write_notices(question, params)
    moved = sql.fetch_all(
        f"SELECT creator_id, {tier_sql.tier_of('to_level')} AS tier FROM tier_decision"
        " WHERE outcome IN ('promoted', 'demoted')"
    )
    registry.store_tiers(changes={row["creator_id"]: row["tier"] for row in moved}, on=as_of)
    run.counts = _counts() | {"newly_at_risk": newly, "recovered": recovered}
    if waiting:
        run.counts |= {"waiting": waiting}
    run.save(update_fields=["counts"])
    activity.record(by=by, verb="tiers.evaluated", object=run, unit=brand, after=run.counts)
    return run


def _hold_back(question: tier_sql.Question, params: dict[str, Any]) -> int:
    """Turn moves that need a person's word into proposals; the creators stay where they are.

    Returns how many wait. A proposal that the facts no longer bear out lapses; a move that was
    declined is not proposed again before its day.
    """
    held = [outcome for outcome in Outcome if question.ladder.waits(outcome)]
    if not held:
        _lapse(params, "")
        return 0
    params = params | {"held": [str(outcome) for outcome in held]}
    _table(
        "tier_held",
        f"""
        SELECT d.*, {tier_sql.tier_of("d.to_level")} AS to_tier,
               EXISTS (SELECT 1 FROM incentives_tierproposal p
                        WHERE p.creator_id = d.creator_id AND p.state = 'declined'
                          AND p.rests_until > %(as_of)s AND p.from_tier = d.tier
                          AND p.to_tier = {tier_sql.tier_of("d.to_level")}) AS rests
          FROM tier_decision d WHERE d.outcome = ANY(%(held)s)
        """,
        params,
    )
    _lapse(
        params,
        """ AND NOT EXISTS (SELECT FROM tier_held h WHERE h.creator_id = p.creator_id
                               AND h.tier = p.from_tier AND h.to_tier = p.to_tier)""",
    )
    sql.execute(
        f"""
        INSERT INTO incentives_tierproposal (run_id, creator_id, from_tier, to_tier, is_up,
                                             proposed_on, explanation, state, reason)
        SELECT %(run)s, h.creator_id, h.tier, h.to_tier, h.outcome = 'promoted', %(as_of)s,
               {tier_sql.explanation(question, "h")}, 'waiting', ''
          FROM tier_held h WHERE NOT h.rests
            ON CONFLICT (creator_id) WHERE state = 'waiting'
            DO UPDATE SET explanation = EXCLUDED.explanation
        """,
        params,
    )
    # A fall that waits is a creator at risk whose day has come.
    sql.execute(
        """
        UPDATE tier_decision d
           SET outcome = CASE d.outcome WHEN 'demoted' THEN 'at_risk' ELSE 'stays' END,
               to_level = CASE d.outcome WHEN 'demoted' THEN d.to_level ELSE d.level END,
               because = CASE d.outcome WHEN 'demoted' THEN d.because END,
               falls_on = CASE d.outcome WHEN 'demoted' THEN d.due END
          FROM tier_held h WHERE h.creator_id = d.creator_id
        """
    )
    return int(sql.fetch_one("SELECT count(*) FROM tier_held WHERE NOT rests")["count"])


def _lapse(params: dict[str, Any], unless: str) -> None:
    """Close the waiting proposals of this kind of creator that the facts no longer bear out."""
    sql.execute(
        f"""
        UPDATE incentives_tierproposal p SET state = 'lapsed'
          FROM matrix_creator c
         WHERE c.id = p.creator_id AND c.brand_id = %(brand)s AND c.kind = %(kind)s
           AND p.state = 'waiting'{unless}
        """,
        params,
    )


def _table(name: str, query: str, params: dict[str, Any]) -> None:
    """Keep the rows of a query for the statements that follow, until commit."""
    sql.execute(f"DROP TABLE IF EXISTS pg_temp.{name}")
    sql.execute(f"CREATE TEMP TABLE {name} ON COMMIT DROP AS {query}", params)


def _write_changes(question: tier_sql.Question, params: dict[str, Any]) -> None:
    sql.execute(
        f"""
        INSERT INTO incentives_tierchange
            (run_id, creator_id, from_tier, to_tier, effective_on, explanation)
        SELECT %(run)s, d.creator_id, d.tier, {tier_sql.tier_of("d.to_level")}, %(as_of)s,
               {tier_sql.explanation(question, "d")}
          FROM tier_decision d
         WHERE d.outcome IN ('promoted', 'demoted')
        """,
        params,
    )


def _write_risks(question: tier_sql.Question, params: dict[str, Any]) -> tuple[int, int]:
    """Bring the list of creators at risk up to date; returns how many are new and recovered.

    The promised day of falling stands once it is given. Who is paused loses the mark and gets the
    whole grace again on return.
    """
    recovered = sql.fetch_one(
        """
        WITH lifted AS (
            DELETE FROM incentives_tierrisk r
             USING matrix_creator c
             WHERE c.id = r.creator_id AND c.brand_id = %(brand)s AND c.kind = %(kind)s
               AND NOT EXISTS (SELECT FROM tier_decision d
                                WHERE d.creator_id = r.creator_id AND d.outcome = 'at_risk')
            RETURNING r.creator_id
        )
        SELECT count(*) FROM lifted JOIN tier_decision d USING (creator_id)
         WHERE d.outcome = 'stays'
        """,
        params,
    )["count"]
    written = sql.fetch_one(
        f"""
        WITH written AS (
            INSERT INTO incentives_tierrisk AS r
                (creator_id, to_tier, since, falls_on, explanation)
            SELECT d.creator_id, {tier_sql.tier_of("d.to_level")}, d.since, d.falls_on,
                   {tier_sql.explanation(question, "d")}
              FROM tier_decision d
             WHERE d.outcome = 'at_risk'
                ON CONFLICT (creator_id) DO UPDATE
               SET to_tier = EXCLUDED.to_tier, explanation = EXCLUDED.explanation
             WHERE (r.to_tier, r.explanation) IS DISTINCT FROM
                   (EXCLUDED.to_tier, EXCLUDED.explanation)
            RETURNING r.since, (xmax = 0) AS is_new
        )
        SELECT count(*) FILTER (WHERE is_new) AS count FROM written
        """,
        params,
    )
    return int(written["count"]), int(recovered)


def _write_notices(question: tier_sql.Question, params: dict[str, Any]) -> None:
    """Keep that creators newly at risk are told, and how it ended for those told before."""
    sql.execute(
        """
        UPDATE incentives_tiernotice n
           SET ended_on = %(as_of)s, ended_as = CASE d.outcome WHEN 'demoted' THEN 'fell' ELSE 'kept' END
          FROM tier_decision d
         WHERE d.creator_id = n.creator_id AND n.ended_on IS NULL AND d.outcome <> 'at_risk'
        """,
        params,
    )
    sql.execute(
        f"""
        INSERT INTO incentives_tiernotice (run_id, creator_id, from_tier, to_tier, told_on,
                                           falls_on, explanation, ended_as)
        SELECT %(run)s, d.creator_id, d.tier, {tier_sql.tier_of("d.to_level")}, %(as_of)s,
               GREATEST(d.falls_on, %(as_of)s), {tier_sql.explanation(question, "d")}, ''
          FROM tier_decision d
         WHERE d.outcome = 'at_risk'
           AND NOT EXISTS (SELECT FROM incentives_tiernotice n
                            WHERE n.creator_id = d.creator_id AND n.ended_on IS NULL)
            ON CONFLICT DO NOTHING
        """,
        params,
    )


def _counts() -> dict[str, Any]:
    outcomes = sql.fetch_all(
        f"""
        SELECT outcome, {tier_sql.tier_of("to_level")} AS to_tier, tier, count(*)
          FROM tier_decision GROUP BY 1, 2, 3
        """
    )
    heads = dict.fromkeys((*tiers.TIERS, tiers.NO_TIER), 0)
    totals = dict.fromkeys(("promoted", "demoted", "at_risk"), 0)
    for row in outcomes:
        if row["outcome"] in totals:
            totals[row["outcome"]] += row["count"]
        now = row["tier"] if row["outcome"] == Outcome.AT_RISK else row["to_tier"]
        heads[now] = heads.get(now, 0) + row["count"]
    return {"evaluated": sum(heads.values()), **totals, "heads": heads}


# -- preview -------------------------------------------------------------------


def preview(
    *,
    brand: Unit,
    kind: str,
    as_of: dt.date,
    ladder: Ladder | None = None,
    within: Reach | None = None,
    listed: int = LISTED,
    skip: int = 0,
) -> Preview | None:
    """Who would move if tiers were evaluated on ``as_of``, with today's posts and figures.

    ``ladder`` tries other rules; otherwise those in force on that day, or None if there are none.
    ``within`` narrows it to the stores that a person may see. Of each sort of movers, ``listed``
    are named after the first ``skip``; counts are whole. Writes nothing.
    """
    if ladder is None:
        version = ladder_on(brand, kind, as_of)
        if version is None:
            return None
        ladder = rules_of(version)
    question = _question(brand, kind, ladder, as_of, stores=_stores(brand, within))
    places = {"first": skip + 1, "last": skip + listed}
    row = sql.fetch_one(_preview_statement(question), question.params | places)
    # Django leaves the JSON of plain cursors as text.
    found = {name: json.loads(text) for name, text in row.items()}
    counts = {str(outcome): found["counts"].get(outcome, 0) for outcome in Outcome}
    heads = dict.fromkeys((*tiers.TIERS, tiers.NO_TIER), 0) | found["heads"]
    return Preview(
        kind=kind,
        as_of=as_of,
        counts=counts,
        heads=heads,
        moves=[_move(row, Whose(brand.pk, kind)) for row in found["moves"]],
    )


def _preview_statement(question: tier_sql.Question) -> str:
    """One row: counts by outcome, heads by tier afterwards, and the first movers of each sort."""
    return f"""
    WITH d AS MATERIALIZED ({tier_sql.decisions(question)}),
    listed AS (
        SELECT * FROM (
            SELECT d.*, row_number() OVER (
                       PARTITION BY outcome ORDER BY falls_on, rule_level DESC, creator_id) AS place
              FROM d WHERE outcome <> 'stays') ranked
         WHERE place BETWEEN %(first)s AND %(last)s
    )
    SELECT COALESCE((SELECT jsonb_object_agg(outcome, heads)
                       FROM (SELECT outcome, count(*) AS heads FROM d GROUP BY 1) o),
                    '{{}}') AS counts,
           COALESCE((SELECT jsonb_object_agg(tier, heads)
                       FROM (SELECT CASE WHEN outcome = 'at_risk' THEN tier
                                         ELSE {tier_sql.tier_of("to_level")} END AS tier,
                                    count(*) AS heads
                               FROM d GROUP BY 1) t),
                    '{{}}') AS heads,
           COALESCE((SELECT jsonb_agg(jsonb_build_object(
                        'creator_id', l.creator_id, 'name', c.name, 'store', u.name,
                        'from_tier', l.tier, 'to_tier', {tier_sql.tier_of("l.to_level")},
                        'outcome', l.outcome, 'falls_on', l.falls_on,
                        'since', CASE WHEN l.because = 'keep' THEN l.since END,
                        'explanation', {tier_sql.explanation(question, "l")}) ORDER BY l.place)
                       FROM listed l
                       JOIN matrix_creator c ON c.id = l.creator_id
                       JOIN accounts_unit u ON u.id = c.store_id),
                    '[]') AS moves
    """


def _move(row: dict[str, Any], whose: Whose) -> Move:
    return Move(
        creator_id=row["creator_id"],
        name=row["name"],
        store=row["store"],
        from_tier=row["from_tier"],
        to_tier=row["to_tier"],
        outcome=Outcome(row["outcome"]),
        falls_on=_day(row["falls_on"]),
        since=_day(row["since"]),
        explanation=row["explanation"],
        whose=whose,
    )


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


# -- heads over time -----------------------------------------------------------


def heads_now(brand: Unit, kind: str, within: Reach | None = None) -> dict[str, int]:
    """How many creators in the programme stand at each tier; without a tier under ``""``."""
    creators = Creator.objects.filter(brand=brand, kind=kind, state__in=IN_PROGRAMME)
    if within is not None:
        creators = creators.in_reach(within)
    found = creators.values_list("tier").annotate(heads=Count("pk")).order_by()
    return dict.fromkeys((*tiers.TIERS, tiers.NO_TIER), 0) | dict(found)


def head_counts(
    brand: Unit,
    months: int = 6,
    *,
    kind: str = CreatorKind.KOC,
    today: dt.date | None = None,
    within: Reach | None = None,
) -> list[MonthOfTiers]:
    """Heads per tier at the end of each of the last ``months`` months, with promotions and

    demotions, oldest first. Counted back from the tiers of today, so it costs the changes of these
    months and not of all time. Who left counts until the day of leaving.
    """
    last = Month.of(today or timezone.localdate())
    first = last.shifted(1 - months)
    moves = _monthly_moves(brand, kind, first, within)
    heads = heads_now(brand, kind, within)
    rows = []
    for back in range(months):
        month = last.shifted(-back)
        own = [move for move in moves if move["month"] == str(month)]
        rows.append(
            MonthOfTiers(
                month=month,
                heads=dict(heads),
                promoted=sum(m["heads"] for m in own if m["step"] > 0),
                demoted=sum(m["heads"] for m in own if m["step"] < 0),
            )
        )
        for move in own:
            if move["to_tier"] is not None:
                heads[move["to_tier"]] -= move["heads"]
            if move["from_tier"] is not None:
                heads[move["from_tier"]] += move["heads"]
    return rows[::-1]


def _monthly_moves(
    brand: Unit, kind: str, first: Month, within: Reach | None
) -> list[dict[str, Any]]:
    """Moves between tiers per month, and joining (from NULL) and leaving (to NULL) with step 0."""
    steps = " ".join(f"WHEN '{tier}' THEN {n}" for n, tier in enumerate(tiers.TIERS, 1))
    levels = {name: f"CASE t.{name}_tier {steps} ELSE 0 END" for name in ("from", "to")}
    stores = _stores(brand, within)
    scope = "" if stores is None else " AND c.store_id = ANY(%(stores)s)"
    known = f"c.brand_id = %(brand)s AND c.kind = %(kind)s{scope}"
    # Whoever left without a day was never counted back in, so their moves must not be either.
    counted = "(c.state = ANY(%(states)s) OR (c.state = 'left' AND c.left_on IS NOT NULL))"
    return sql.fetch_all(
        f"""
        SELECT to_char(t.effective_on, 'YYYY-MM') AS month, t.from_tier, t.to_tier,
               sign({levels["to"]} - {levels["from"]})::int AS step, count(*) AS heads
          FROM incentives_tierchange t JOIN matrix_creator c ON c.id = t.creator_id
         WHERE t.effective_on >= %(first)s AND {known} AND {counted}
         GROUP BY 1, 2, 3, 4
        UNION ALL
        SELECT to_char(c.left_on, 'YYYY-MM'), c.tier, NULL, 0, count(*)
          FROM matrix_creator c
         WHERE c.state = 'left' AND c.left_on >= %(first)s AND {known}
         GROUP BY 1, 2
        UNION ALL
        SELECT to_char(c.joined_on, 'YYYY-MM'), NULL, '', 0, count(*)
          FROM matrix_creator c
         WHERE c.joined_on >= %(first)s AND {known} AND {counted}
         GROUP BY 1
        """,
        {
            "brand": brand.pk,
            "kind": kind,
            "first": first.first_day,
            "states": [str(state) for state in IN_PROGRAMME],
            "stores": stores,
        },
    )


# -- one creator ---------------------------------------------------------------


def history_of(creator: Creator) -> QuerySet[TierChange]:
    """All tier changes of a creator, newest first."""
    return (
        TierChange.objects.filter(creator=creator)
        .select_related("creator", "run__ladder", "pin__created_by")
        .order_by("-effective_on", "-id")
    )


def progress_of(creator: Creator, as_of: dt.date) -> Progress | None:
    """What keeps the creator's tier and what the next one needs; None without tier rules."""
    version = ladder_on(creator.brand, creator.kind, as_of)
    if version is None:
        return None
    ladder = rules_of(version)
    facts = facts_of(creator, ladder, as_of)
    level = tiers.TIERS.index(creator.tier) + 1 if creator.tier in tiers.TIERS else 0
    following = ladder.tiers[level] if level < len(ladder.tiers) else None
    return Progress(
        creator=creator,
        as_of=as_of,
        tier=creator.tier,
        next_tier=following.tier if following else "",
        reach=findings(following.reach if following else (), facts),
        keep=findings(ladder.tiers[level - 1].keep if level else (), facts),
        blocked_by=[
            finding
            for finding in _standing_in_the_way(following, facts)
            if finding.met is False
            and finding.condition not in (following.reach if following else ())
        ],
        reach_any=following.reach_any if following else False,
        keep_any=ladder.tiers[level - 1].keep_any if level else False,
        risk=TierRisk.objects.filter(creator=creator).first(),
        pin=TierPin.objects.filter(creator=creator, period__contains=as_of, ended_at=None).first(),
        **_proposals_of(creator, as_of),
    )


def facts_of(creator: Creator, ladder: Ladder, as_of: dt.date) -> dict[str, tiers.Fact]:
    """The facts of one creator, whatever their state."""
    question = _question(creator.brand, creator.kind, ladder, as_of, creator=creator)
    (row,) = sql.fetch_all(tier_sql.facts(question), question.params)
    return {
        measure.key: tiers.Fact(row[measure.key], sure=_is_sure(row, measure))
        for measure in ladder.measures
    }


def findings(conditions: Sequence[Condition], facts: dict[str, tiers.Fact]) -> list[Finding]:
    return [
        Finding(condition, facts[condition.key].value, tiers.is_met(condition, facts))
        for condition in conditions
    ]


def explained(explanation: dict[str, Any]) -> list[Finding]:
    """The findings that a stored explanation holds, for a page to put into words."""
    found = []
    for key, form in explanation["thresholds"].items():
        condition = tiers.condition_from_json(form)
        value = explanation["facts"].get(key)
        failed = value is None or value < condition.at_least
        unknown = value is None and condition.measure.fact in (
            tiers.MEDIAN_NOTE,
            *tiers.counted_facts(),
        )
        found.append(Finding(condition, value, None if unknown else not failed))
    return found


# -- private -------------------------------------------------------------------


def _proposals_of(creator: Creator, as_of: dt.date) -> dict[str, TierProposal | None]:
    """The move that waits for a word, and the one that was declined and still rests."""
    open_or_resting = Q(state="waiting") | Q(state="declined", rests_until__gt=as_of)
    rows = list(TierProposal.objects.filter(open_or_resting, creator=creator).order_by("-id"))
    return {
        state: next((row for row in rows if row.state == state), None)
        for state in ("waiting", "declined")
    }


def _standing_in_the_way(
    following: tiers.TierRule | None, facts: dict[str, tiers.Fact]
) -> list[Finding]:
    """What keeps the next tier, where its failing would bar the way."""
    if following is None or (following.keep_any and not tiers.is_lost(following, facts)):
        return []
    return findings(following.keep, facts)


def _question(
    brand: Unit,
    kind: str,
    ladder: Ladder,
    as_of: dt.date,
    *,
    stores: list[int] | None = None,
    creator: Creator | None = None,
) -> tier_sql.Question:
    return tier_sql.Question(
        ladder=ladder,
        brand_id=brand.pk,
        kind=kind,
        as_of=as_of,
        zone=ZoneInfo(settings.TIME_ZONE),
        stores=stores,
        creator=creator.pk if creator else None,
    )


def _stores(brand: Unit, within: Reach | None) -> list[int] | None:
    """The units that a person reaches; None when that is the whole brand."""
    if within is None or within.covers(brand):
        return None
    return list(Unit.objects.in_reach(within).filter(brand=brand).values_list("pk", flat=True))


def _is_sure(row: dict[str, Any], measure: tiers.Measure) -> bool:
    if measure.fact == tiers.BEST_NOTE:
        return bool(row[f"{measure.key}_sure"])
    return row[measure.key] is not None
