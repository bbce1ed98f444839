"""The tier rules: what a ladder says, and what follows from it for one creator.

A ladder has three tiers, lowest first. Each tier names the conditions to reach it and the
conditions to keep it. A condition compares a named fact with a threshold:

    notes         notes that are online, of the last ``within_days`` days or ever
    best_note     most interactions on one note that is online, same window
    median_note   the middle value of the last ``last_notes`` notes whose figures are all known and
                  which are at least ``settled_days`` days old
    orders        orders credited to the creator as seller or sharer that are not wholly refunded,
                  same window
    sales         what those orders are worth after refunds, in minor units, same window
    leads         leads that the platform's back office reports for periods inside the window
    and others that an app names with `name_fact` (training)

The conditions of a tier are all needed, or any one of them where the rule says so. A fact can be unknown, because a platform has not told its figures. Unknown never promotes and
never demotes.

Promotion takes effect at once, to the highest tier reached; a tier whose own keep conditions fail
is not reached, so that nobody goes up and down by turns. A creator who fails to keep a tier is at
risk for ``grace_days`` and then falls to the highest lower tier that they keep. Whose tier is
pinned stays. With ``review`` moves wait until a person confirms them.

`incentives.tier_sql` says the same in SQL for all creators at once; a test holds them together.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from content.formulas import FORMULAS, TIER_INTERACTIONS

TIERS = ("junior", "intermediate", "senior")
NO_TIER = ""

NOTES = "notes"
BEST_NOTE = "best_note"
MEDIAN_NOTE = "median_note"
ORDERS = "orders"
SALES = "sales"
LEADS = "leads"
# Facts about a creator that are not read from the posts, and whether they count money.
_counted: dict[str, bool] = {ORDERS: False, SALES: True, LEADS: False}

# The largest thresholds that can be meant; beyond them is a typing error.
MOST_DAYS = 3650
MOST_NOTES = 20
# Letters of the name of a tier.
MOST_NAME = 16
MOST_GRACE = 365
MOST_SETTLED = 90
MOST_AT_LEAST = 10**9


# -- words ---------------------------------------------------------------------


class Review(StrEnum):
    """Which moves wait for a person."""

    NONE = "none"
    DEMOTIONS = "demotions"
    ALL = "all"


class LadderFault(ValueError):
    """A ladder that cannot be.

    ``field`` names the place (``tiers[2].keep[0].at_least``), ``problem`` is a code: missing,
    unknown_field, not_a_number, too_small, too_large, not_known, wrong_order, repeated, empty.
    """

    def __init__(self, field: str, problem: str, **params: Any) -> None:
        super().__init__(f"{field}: {problem}")
        self.field = field
        self.problem = problem
        self.params = params


@dataclass(frozen=True)
class Measure:
    """A named fact over its window: what is counted or compared, without a threshold."""

    fact: str
    within_days: int | None = None
    last_notes: int | None = None
    settled_days: int | None = None

    @property
    def key(self) -> str:
        """A short name, unique among measures, that can also be a column: ``notes_60``."""
        parts = (self.fact, self.within_days, self.last_notes, self.settled_days)
        return "_".join(str(part) for part in parts if part is not None)


@dataclass(frozen=True)
class Condition:
    measure: Measure
    at_least: int

    @property
    def key(self) -> str:
        return self.measure.key


@dataclass(frozen=True)
class TierRule:
    tier: str
    reach: tuple[Condition, ...]
    keep: tuple[Condition, ...]
    # One of the conditions is enough.
    reach_any: bool = False
    keep_any: bool = False
    # What the brand calls it; empty for our word.
    name: str = ""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        return self.reach + self.keep


@dataclass(frozen=True)
class Ladder:
    """The rules of one kind of creator."""

    tiers: tuple[TierRule, ...]
    grace_days: int
    formula: str = TIER_INTERACTIONS
    review: Review = Review.NONE

    def waits(self, outcome: Outcome) -> bool:
        """Whether a move of this sort needs a person's word."""
        if self.review == Review.DEMOTIONS:
            return outcome == Outcome.DEMOTED
        return self.review == Review.ALL and outcome in (Outcome.PROMOTED, Outcome.DEMOTED)

    @property
    def measures(self) -> tuple[Measure, ...]:
        """Every measure that a condition uses, once."""
        found = {c.key: c.measure for rule in self.tiers for c in rule.conditions}
        return tuple(found.values())


@dataclass(frozen=True)
class Note:
    """What the rules need to know of a note that is online.

    ``published_at`` is in the brand's time zone. ``value`` is a lower bound while some figure is
    unknown; ``whole`` says that none is.
    """

    id: int
    published_at: dt.datetime
    value: int | None
    whole: bool

    @property
    def published_on(self) -> dt.date:
        return self.published_at.date()


@dataclass(frozen=True)
class Fact:
    """A measured value. Not ``sure``: the true value may be higher, so it cannot fail."""

    value: int | None
    sure: bool = True


@dataclass(frozen=True)
class Standing:
    """Where a creator stands: the tier, the day of falling while at risk, whether it is pinned."""

    tier: str
    falls_on: dt.date | None = None
    pinned: bool = False


class Outcome(StrEnum):
    STAYS = "stays"
    PROMOTED = "promoted"
    DEMOTED = "demoted"
    AT_RISK = "at_risk"


class Because(StrEnum):
    """Which conditions of a tier decided."""

    REACH = "reach"
    KEEP = "keep"


@dataclass(frozen=True)
class Decision:
    """What the ladder says about a creator on a day.

    ``to_tier`` is the tier from now on; for a creator at risk the tier to come on ``falls_on``.
    ``tier`` and ``because`` name the rule that decided; empty when nothing changes.
    """

    outcome: Outcome
    to_tier: str
    falls_on: dt.date | None = None
    tier: str = NO_TIER
    because: Because | None = None


# -- facts ---------------------------------------------------------------------


def first_day(as_of: dt.date, within_days: int) -> dt.date:
    """The first of ``within_days`` days that end with ``as_of``."""
    return as_of - dt.timedelta(days=within_days - 1)


def last_settled_day(as_of: dt.date, settled_days: int) -> dt.date:
    """The last publishing day whose figures are ``settled_days`` days old on ``as_of``."""
    return as_of - dt.timedelta(days=settled_days)


def name_fact(fact: str, *, money: bool = False) -> None:
    """Let ladders ask for a fact that another app counts (see `incentives.tier_facts`)."""
    _counted[fact] = money


def counted_facts() -> tuple[str, ...]:
    """The facts that are not read from the posts."""
    return tuple(_counted)


def is_money(fact: str) -> bool:
    return _counted.get(fact, False)


def facts_of(
    notes: Iterable[Note],
    measures: Iterable[Measure],
    as_of: dt.date,
    counted: Mapping[str, Fact] | None = None,
) -> dict[str, Fact]:
    """Measure the notes of one creator that were published up to ``as_of``.

    ``counted`` holds the facts that are not read from notes, by the key of their measure.
    """
    known = [note for note in notes if note.published_on <= as_of]
    return {
        measure.key: (counted or {}).get(measure.key, Fact(None, sure=False))
        if measure.fact in _counted
        else _fact_of(known, measure, as_of)
        for measure in measures
    }


def deciding_notes(
    notes: Iterable[Note], condition: Condition, as_of: dt.date, limit: int = 10
) -> list[int]:
    """The ids of the notes to look at for a condition, newest first."""
    known = [note for note in notes if note.published_on <= as_of]
    measure = condition.measure
    if measure.fact in _counted:
        return []
    if measure.fact == MEDIAN_NOTE:
        return [note.id for note in _last_settled(known, measure, as_of)]
    window = _newest_first(_in_window(known, measure, as_of))
    if measure.fact == NOTES:
        return [note.id for note in window[: min(condition.at_least, limit)]]
    best = [note for note in window if note.value is not None]
    best.sort(key=lambda note: note.value or 0, reverse=True)
    return [note.id for note in best[:1]]


def is_met(condition: Condition, facts: Mapping[str, Fact]) -> bool | None:
    """Whether the condition holds; None when that is not known."""
    fact = facts[condition.key]
    if fact.value is not None and fact.value >= condition.at_least:
        return True
    return False if fact.sure else None


# -- the decision --------------------------------------------------------------


def is_reached(rule: TierRule, facts: Mapping[str, Fact]) -> bool:
    met = [is_met(condition, facts) is True for condition in rule.reach]
    return (any(met) if rule.reach_any else all(met)) and not is_lost(rule, facts)


def is_lost(rule: TierRule, facts: Mapping[str, Fact]) -> bool:
    """Whether what keeps the tier fails for certain."""
    failed = [is_met(condition, facts) is False for condition in rule.keep]
    if rule.keep_any:
        return bool(failed) and all(failed)
    return any(failed)


def decide(
    standing: Standing, facts: Mapping[str, Fact], ladder: Ladder, as_of: dt.date
) -> Decision:
    """What the ladder says about a creator who stands there, given the facts on ``as_of``."""
    if standing.pinned:
        return Decision(Outcome.STAYS, standing.tier)
    level = TIERS.index(standing.tier) + 1 if standing.tier in TIERS else 0
    for rule in reversed(ladder.tiers[level:]):
        if is_reached(rule, facts):
            return Decision(Outcome.PROMOTED, rule.tier, tier=rule.tier, because=Because.REACH)
    if level == 0 or not is_lost(ladder.tiers[level - 1], facts):
        return Decision(Outcome.STAYS, standing.tier)
    lower = _falls_to(ladder.tiers[: level - 1], facts)
    falls_on = standing.falls_on or as_of + dt.timedelta(days=ladder.grace_days)
    if falls_on <= as_of:
        return Decision(Outcome.DEMOTED, lower, tier=standing.tier, because=Because.KEEP)
    return Decision(Outcome.AT_RISK, lower, falls_on, tier=standing.tier, because=Because.KEEP)


# -- the JSON form -------------------------------------------------------------


def ladder_from_json(data: Any) -> Ladder:
    """Read a ladder; raises `LadderFault` that names the field that is wrong."""
    fields = _object(data, "", {"tiers", "grace_days", "formula", "review"})
    review = fields.get("review", Review.NONE)
    if review not in list(Review):
        raise LadderFault("review", "not_known", value=str(review))
    formula = fields.get("formula", TIER_INTERACTIONS)
    if formula not in FORMULAS:
        raise LadderFault("formula", "not_known", value=str(formula))
    rows = _list(fields.get("tiers"), "tiers")
    rules = tuple(_rule(row, f"tiers[{place}]") for place, row in enumerate(rows))
    if tuple(rule.tier for rule in rules) != TIERS:
        raise LadderFault("tiers", "wrong_order", value=", ".join(TIERS))
    grace_days = _number(fields, "grace_days", "", least=0, most=MOST_GRACE)
    return Ladder(tiers=rules, grace_days=grace_days, formula=formula, review=Review(review))


def ladder_to_json(ladder: Ladder) -> dict[str, Any]:
    form: dict[str, Any] = {
        "formula": ladder.formula,
        "grace_days": ladder.grace_days,
        "tiers": [_rule_to_json(rule) for rule in ladder.tiers],
    }
    if ladder.review != Review.NONE:
        form["review"] = str(ladder.review)
    return form


def _rule_to_json(rule: TierRule) -> dict[str, Any]:
    form: dict[str, Any] = {
        "tier": rule.tier,
        "reach": [condition_to_json(condition) for condition in rule.reach],
        "keep": [condition_to_json(condition) for condition in rule.keep],
    }
    for name in ("reach_any", "keep_any"):
        if getattr(rule, name):
            form[name] = True
    if rule.name:
        form["name"] = rule.name
    return form


def condition_to_json(condition: Condition) -> dict[str, Any]:
    measure = condition.measure
    form: dict[str, Any] = {"fact": measure.fact, "at_least": condition.at_least}
    for name in ("within_days", "last_notes", "settled_days"):
        if getattr(measure, name) is not None:
            form[name] = getattr(measure, name)
    return form


def condition_from_json(data: Any, place: str = "") -> Condition:
    fact = data.get("fact") if isinstance(data, Mapping) else None
    if fact == MEDIAN_NOTE:
        fields = _object(data, place, {"fact", "at_least", "last_notes", "settled_days"})
        measure = Measure(
            fact=MEDIAN_NOTE,
            last_notes=_number(fields, "last_notes", place, least=1, most=MOST_NOTES),
            settled_days=_number(fields, "settled_days", place, least=0, most=MOST_SETTLED),
        )
    elif fact in (NOTES, BEST_NOTE) or fact in _counted:
        fields = _object(data, place, {"fact", "at_least", "within_days"})
        days = None
        if fields.get("within_days") is not None:
            days = _number(fields, "within_days", place, least=1, most=MOST_DAYS)
        measure = Measure(fact=str(fact), within_days=days)
    else:
        _object(data, place, set(data) if isinstance(data, Mapping) else set())
        raise LadderFault(_at(place, "fact"), "not_known", value=str(fact))
    return Condition(measure, _number(fields, "at_least", place, least=1, most=MOST_AT_LEAST))


def standard_rules(kind: str) -> dict[str, Any]:
    """The ladder that a brand starts with.

    The articles give two numbers: one note for junior, and a note with 1,000 interactions for
    senior. The others are ours. Staff accounts have a ladder of their own, because in real
    samples 0.5 % of store notes reached 1,000 interactions, but 12.1 % of consumer notes.
    """
    hit, median = (300, 60) if kind == "kos" else (1000, 200)
    return {
        "formula": TIER_INTERACTIONS,
        "grace_days": 30,
        "tiers": [
            {
                "tier": "junior",
                "reach": [{"fact": NOTES, "at_least": 1}],
                "keep": [{"fact": NOTES, "at_least": 1}],
            },
            {
                "tier": "intermediate",
                "reach": [{"fact": NOTES, "at_least": 3, "within_days": 60}],
                "keep": [{"fact": NOTES, "at_least": 2, "within_days": 60}],
            },
            {
                "tier": "senior",
                "reach": [{"fact": BEST_NOTE, "at_least": hit, "within_days": 180}],
                "keep": [
                    {"fact": NOTES, "at_least": 1, "within_days": 180},
                    {
                        "fact": MEDIAN_NOTE,
                        "at_least": median,
                        "last_notes": 3,
                        "settled_days": 7,
                    },
                ],
            },
        ],
    }


def star_rules() -> dict[str, Any]:
    """A ladder for store staff by what they sell and bring in, as a start to change.

    The articles give no numbers for staff; these are ours. One star is for whoever posts; the
    others can be earned by sales, by orders or by leads, so that nobody depends on one of them.
    """

    def windowed(fact: str, at_least: int) -> dict[str, Any]:
        return {"fact": fact, "at_least": at_least, "within_days": 90}

    return {
        "formula": TIER_INTERACTIONS,
        "grace_days": 30,
        "tiers": [
            {
                "tier": "junior",
                "reach": [{"fact": NOTES, "at_least": 1, "within_days": 60}],
                "keep": [{"fact": NOTES, "at_least": 1, "within_days": 90}],
            },
            {
                "tier": "intermediate",
                "reach": [windowed(SALES, 1_000_000), windowed(ORDERS, 20), windowed(LEADS, 30)],
                "keep": [windowed(SALES, 600_000), windowed(ORDERS, 12), windowed(LEADS, 18)],
                "reach_any": True,
                "keep_any": True,
            },
            {
                "tier": "senior",
                "reach": [windowed(SALES, 5_000_000), windowed(NOTES, 6)],
                "keep": [windowed(SALES, 3_000_000), windowed(NOTES, 3)],
            },
        ],
    }


# -- private -------------------------------------------------------------------


def _fact_of(notes: Sequence[Note], measure: Measure, as_of: dt.date) -> Fact:
    if measure.fact == MEDIAN_NOTE:
        last = _last_settled(notes, measure, as_of)
        if len(last) < (measure.last_notes or 0):
            return Fact(None, sure=False)
        values = sorted(note.value or 0 for note in last)
        # The lower of two middle values, so that the figure always belongs to a note.
        return Fact(values[(len(values) - 1) // 2])
    window = _in_window(notes, measure, as_of)
    if measure.fact == NOTES:
        return Fact(len(window))
    known = [note.value for note in window if note.value is not None]
    return Fact(max(known, default=None), sure=all(note.whole for note in window))


def _in_window(notes: Iterable[Note], measure: Measure, as_of: dt.date) -> list[Note]:
    if measure.within_days is None:
        return list(notes)
    since = first_day(as_of, measure.within_days)
    return [note for note in notes if note.published_on >= since]


def _last_settled(notes: Iterable[Note], measure: Measure, as_of: dt.date) -> list[Note]:
    until = last_settled_day(as_of, measure.settled_days or 0)
    settled = [note for note in notes if note.whole and note.published_on <= until]
    return _newest_first(settled)[: measure.last_notes]


def _newest_first(notes: Iterable[Note]) -> list[Note]:
    return sorted(notes, key=lambda note: (note.published_at, note.id), reverse=True)


def _falls_to(lower: Sequence[TierRule], facts: Mapping[str, Fact]) -> str:
    kept = (rule.tier for rule in reversed(lower) if not is_lost(rule, facts))
    return next(kept, NO_TIER)


def _rule(data: Any, place: str) -> TierRule:
    fields = _object(data, place, {"tier", "reach", "keep", "reach_any", "keep_any", "name"})
    tier = fields.get("tier")
    if tier not in TIERS:
        raise LadderFault(_at(place, "tier"), "not_known", value=str(tier))
    called = fields.get("name", "")
    if not isinstance(called, str) or len(called) > MOST_NAME:
        raise LadderFault(_at(place, "name"), "too_long", limit=MOST_NAME)
    parts = {}
    for name in ("reach", "keep"):
        where = _at(place, name)
        rows = _list(fields.get(name), where)
        parts[name] = tuple(
            condition_from_json(row, f"{where}[{index}]") for index, row in enumerate(rows)
        )
        keys = [condition.key for condition in parts[name]]
        for index, key in enumerate(keys):
            if key in keys[:index]:
                raise LadderFault(f"{where}[{index}]", "repeated")
    if not parts["reach"]:
        # Everybody would reach it.
        raise LadderFault(_at(place, "reach"), "empty")
    return TierRule(
        tier=tier,
        reach=parts["reach"],
        keep=parts["keep"],
        reach_any=_is_any(fields, "reach_any", place),
        keep_any=_is_any(fields, "keep_any", place),
        name=called.strip(),
    )


def _is_any(fields: Mapping[str, Any], name: str, place: str) -> bool:
    value = fields.get(name, False)
    if not isinstance(value, bool):
        raise LadderFault(_at(place, name), "not_known", value=str(value)[:40])
    return value


def _object(data: Any, place: str, names: set[str]) -> Mapping[str, Any]:
    if not isinstance(data, Mapping):
        raise LadderFault(place or "rules", "missing")
    for name in data:
        if name not in names:
            raise LadderFault(_at(place, str(name)), "unknown_field")
    return data


def _list(data: Any, place: str) -> list[Any]:
    if not isinstance(data, list):
        raise LadderFault(place, "missing")
    return data


def _number(fields: Mapping[str, Any], name: str, place: str, *, least: int, most: int) -> int:
    value = fields.get(name)
    where = _at(place, name)
    if value is None:
        raise LadderFault(where, "missing")
    if isinstance(value, bool) or not isinstance(value, int):
        raise LadderFault(where, "not_a_number", value=str(value)[:40])
    if value < least:
        raise LadderFault(where, "too_small", value=value, limit=least)
    if value > most:
        raise LadderFault(where, "too_large", value=value, limit=most)
    return value


def _at(place: str, name: str) -> str:
    return f"{place}.{name}" if place else name
