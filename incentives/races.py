"""Seasons: who may see them, setting one up, starting it, its schemes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import access, activity
from accounts.models import Person, Unit
from incentives import race_facts, race_rules, race_sql, schemes
from incentives.models import Race, RaceEntry, RaceFormula
from incentives.race_choices import Measure, RaceKind, RaceScheme, RaceState, TieRule
from incentives.race_rules import Formula, FormulaFault, Heads, Leagues, Term
from incentives.race_sql import Season
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind
from matrix.models import Creator

VIEW = "races.view"
EDIT = "races.edit"
APPROVE = "races.approve"

RUNNING = (RaceState.RUNNING, RaceState.CLOSING)
MOST_DAYS = 370
# So long a fixed result stays on the phones of those who ran.
SHOWN_AFTER = 60

FAULTS: dict[str, Promise] = {
    "terms": _("A formula has one to %(most)s figures."),
    "fact_twice": _("Each figure stands in the formula once."),
    "weights": _("The weights must add up to 100; they add up to %(total)s."),
    "measure": _("Say by what each figure is compared."),
    "target": _("A target per head is needed where a figure is held against one, and only there."),
    "heads": _("Say on how many days somebody must be active, and how many heads count at least."),
    "bands": _("The bands of size must rise, and there are not more than seven of them."),
    "tie": _("Say what decides between equal scores."),
    "jump": _("Say from which rise within a day a person looks: 1 to 1,000,000 interactions."),
    "prizes": _("Prizes are amounts above zero, for twenty places at most."),
    "prizes_rise": _("A later place cannot win more than an earlier one."),
    "unknown_fact": _("A figure of the formula is not known, or does not fit who runs."),
    "per_head_person": _("People are not compared per head; choose the figure as it is."),
}


@dataclass(frozen=True)
class Scheme:
    """A template: who runs, and the formula to begin with."""

    kind: str
    creator_kind: str
    formula: Formula


# Prizes are left to whoever sets the race up: no amount is right for every brand.
SCHEMES: dict[str, Scheme] = {
    RaceScheme.STORES: Scheme(
        RaceKind.STORE,
        "",
        Formula(
            terms=(
                Term("sales_net", 50, Measure.PER_HEAD),
                Term("new_buyers", 20, Measure.PER_HEAD),
                Term("posts", 15, Measure.PER_HEAD),
                Term("interactions", 15, Measure.PER_HEAD),
            ),
            heads=Heads(active_days=3, at_least=2),
            leagues=Leagues(by_kind=True, bands=(5, 10)),
        ),
    ),
    RaceScheme.ACCOUNTS: Scheme(
        RaceKind.PERSON,
        CreatorKind.KOS,
        Formula(
            terms=(
                Term("interactions", 50, Measure.TOTAL),
                Term("posts", 20, Measure.TOTAL),
                Term("leads", 30, Measure.TOTAL),
            ),
            leagues=Leagues(bands=(1_000, 10_000)),
        ),
    ),
    RaceScheme.DEALS: Scheme(
        RaceKind.PERSON,
        CreatorKind.KOS,
        Formula(
            terms=(
                Term("sales_net", 60, Measure.TOTAL),
                Term("orders", 20, Measure.TOTAL),
                Term("new_buyers", 20, Measure.TOTAL),
            ),
            tie=TieRule.FIRST_FACT,
        ),
    ),
    RaceScheme.NOTES: Scheme(
        RaceKind.PERSON,
        CreatorKind.KOC,
        Formula(
            terms=(
                Term("organic_interactions", 80, Measure.TOTAL),
                Term("organic_posts", 20, Measure.TOTAL),
            ),
            leagues=Leagues(bands=(1_000, 10_000)),
            jump=300,
        ),
    ),
}


# -- queries -------------------------------------------------------------------


def visible_to(person: Any) -> QuerySet[Race]:
    """Races of the brands in which the person may look at any part.

    A race is a thing to compare in, so all of its stores are shown to everybody who runs in it;
    what lies behind somebody's points is not (`entries_of`).
    """
    return Race.objects.filter(brand__in=access.visible_brands(person, VIEW))


def formula_of(race: Race) -> Formula:
    """The formula that holds: the frozen one, or the latest version of a draft."""
    version = race.formula or race.formulas.order_by("-version").first()
    if version is None:
        raise LookupError(f"race {race.pk} has no formula")
    return race_rules.from_json(version.rules)


def season_of(race: Race) -> Season:
    return Season(race.brand_id, race.kind, race.creator_kind, race.first_day, race.last_day)


def of_creator(creator: Creator) -> QuerySet[Race]:
    """The races in which this person or their store runs, or that were fixed lately; first that
    which ends first.
    """
    entered = Q(entries__creator=creator)
    if creator.kind == CreatorKind.KOS:
        entered |= Q(entries__store=creator.store_id, entries__creator=None)
    lately = timezone.localdate() - dt.timedelta(days=SHOWN_AFTER)
    current = Q(state__in=RUNNING) | Q(state=RaceState.FROZEN, last_day__gte=lately)
    ids = Race.objects.filter(entered, current, brand=creator.brand_id).values("pk")
    return (
        Race.objects.filter(pk__in=ids)
        .select_related("brand", "formula")
        .order_by("-state", "last_day", "pk")
    )


def entry_of(race: Race, creator: Creator) -> RaceEntry | None:
    """By what this person runs: themself, or the store they are at."""
    if race.kind == RaceKind.PERSON:
        return race.entries.filter(creator=creator).first()
    return race.entries.filter(store=creator.store_id, creator=None).first()


def checked(formula: Formula, kind: str) -> Formula:
    """The formula, if it can be used for who runs. Refuses ``invalid_formula``."""
    try:
        race_rules.check(formula)
        if not all(race_facts.known(key, kind) for key in formula.facts):
            raise FormulaFault("unknown_fact")
        if race_facts.organic(formula.facts) and formula.jump is None:
            raise FormulaFault("jump")
        per_head = any(term.measure == Measure.PER_HEAD for term in formula.terms)
        if kind == RaceKind.PERSON and per_head:
            raise FormulaFault("per_head_person")
    except FormulaFault as fault:
        raise DomainError(
            "invalid_formula",
            FAULTS[fault.problem],
            status=422,
            problem=fault.problem,
            **fault.params,
        ) from fault
    return formula


def store_names(ids: Iterable[int]) -> dict[int, str]:
    return dict(Unit.objects.filter(pk__in=list(ids)).values_list("pk", "name"))


def creators(ids: Iterable[int]) -> dict[int, Creator]:
    return Creator.objects.in_bulk(list(ids))


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_race(
    *,
    by: Person | None,
    brand: Unit,
    scheme: str,
    name: str,
    first_day: dt.date,
    last_day: dt.date,
    cut_off_on: dt.date,
    formula: Formula,
    note: str = "",
    creator_kind: str = "",
) -> Race:
    """Set up a race as a draft. Refuses ``invalid_formula``, ``wrong_days``, ``too_long``."""
    template = SCHEMES[scheme]
    _check_days(first_day, last_day, cut_off_on)
    checked(formula, template.kind)
    race = Race.objects.create(
        brand=brand,
        scheme=scheme,
        kind=template.kind,
        creator_kind=(creator_kind or template.creator_kind) if template.creator_kind else "",
        name=name.strip(),
        first_day=first_day,
        last_day=last_day,
        cut_off_on=cut_off_on,
        note=note.strip(),
        created_by=by,
    )
    _add_version(race, formula, by)
    activity.record(
        by=by,
        verb="race.added",
        object=race,
        unit=brand,
        after={
            "scheme": scheme,
            "since": first_day.isoformat(),
            "until": last_day.isoformat(),
            "rules": race_rules.to_json(formula),
        },
    )
    return race


@transaction.atomic
def change_race(
    *,
    by: Person | None,
    race: Race,
    name: str,
    first_day: dt.date,
    last_day: dt.date,
    cut_off_on: dt.date,
    formula: Formula,
    note: str = "",
    creator_kind: str = "",
) -> Race:
    """Change a draft; another formula is a new version. Refuses ``race_started`` besides those of
    `add_race`.
    """
    race = _locked(race)
    if race.state != RaceState.DRAFT:
        raise DomainError(
            "race_started", _("A race that has started keeps its days and its formula.")
        )
    _check_days(first_day, last_day, cut_off_on)
    before = formula_of(race)
    checked(formula, race.kind)
    race.name, race.note = name.strip(), note.strip()
    race.first_day, race.last_day, race.cut_off_on = first_day, last_day, cut_off_on
    if race.kind == RaceKind.PERSON and creator_kind:
        race.creator_kind = creator_kind
    race.save()
    if formula != before:
        _add_version(race, formula, by)
    activity.record(
        by=by,
        verb="race.changed",
        object=race,
        unit=race.brand,
        before={"rules": race_rules.to_json(before)},
        after={
            "since": first_day.isoformat(),
            "until": last_day.isoformat(),
            "rules": race_rules.to_json(formula),
        },
    )
    return race


@transaction.atomic
def start(*, by: Person | None, race: Race) -> Race:
    """Let a draft run: its formula and the leagues stay as they are now for the season.

    Refuses ``race_started``, ``race_over``, ``nobody_runs`` and what `schemes.require` refuses.
    """
    race = _locked(race)
    if race.state != RaceState.DRAFT:
        raise DomainError("race_started", _("This race has started already."))
    if timezone.localdate() > race.last_day:
        raise DomainError(
            "race_over", _("The last day of this race has passed. Choose other days.")
        )
    formula = formula_of(race)
    checked(formula, race.kind)
    schemes.require(by=by, scheme=race)
    race.formula = race.formulas.order_by("-version").first()
    race.state, race.started_at = RaceState.RUNNING, timezone.now()
    race.save(update_fields=["formula", "state", "started_at"])
    entered = enter(race, formula)
    if not entered:
        raise DomainError("nobody_runs", _("Nobody is there who could run in this race."))
    activity.record(
        by=by,
        verb="race.started",
        object=race,
        unit=race.brand,
        after={"rules": race_rules.to_json(formula), "entries": entered},
    )
    return race


def enter(race: Race, formula: Formula) -> int:
    """Enter everybody who can run and has not been entered; returns how many. In a transaction.

    Who comes later runs in the league of the day of entry; who is entered stays in theirs.
    """
    here = set(
        race.entries.values_list(
            "store_id" if race.kind == RaceKind.STORE else "creator_id", flat=True
        )
    )
    today = timezone.localdate()
    new = [
        RaceEntry(
            race=race,
            store_id=each.store_id,
            creator_id=each.who if race.kind == RaceKind.PERSON else None,
            league=race_rules.league_of(formula.leagues, each.kind, each.size),
            size=each.size,
            entered_on=today,
        )
        for each in race_sql.candidates(season_of(race))
        if each.who not in here
    ]
    RaceEntry.objects.bulk_create(new, batch_size=2000)
    return len(new)


def _locked(race: Race) -> Race:
    return Race.objects.select_for_update(of=("self",)).select_related("brand").get(pk=race.pk)


def _add_version(race: Race, formula: Formula, by: Person | None) -> RaceFormula:
    last = race.formulas.aggregate(last=Max("version"))["last"] or 0
    return RaceFormula.objects.create(
        race=race, version=last + 1, rules=race_rules.to_json(formula), created_by=by
    )


def _check_days(first: dt.date, last: dt.date, cut_off: dt.date) -> None:
    if not first <= last <= cut_off:
        raise DomainError(
            "wrong_days",
            _("The last day comes after the first, and late data are waited for until later."),
            status=422,
        )
    if (cut_off - first).days > MOST_DAYS:
        raise DomainError("too_long", _("A race lasts a year at most."), status=422)
