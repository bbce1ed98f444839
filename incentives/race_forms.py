"""The form of a race: its days, its formula, its prizes; and the past days to try it on."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incentives import race_facts, race_words, races
from incentives.models import Race
from incentives.race_choices import Measure, RaceKind, RaceScheme, TieRule
from incentives.race_rules import Formula, Heads, Leagues, Term
from kosops.lib.errors import DomainError
from kosops.lib.money import parse_amount
from kosops.lib.periods import Month
from matrix.choices import CreatorKind


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


@dataclass(frozen=True)
class FactPart:
    """One fact of the form with its bound fields."""

    name: str
    definition: str
    weight: forms.BoundField
    measure: forms.BoundField
    target: forms.BoundField


class RaceForm(forms.Form):
    name = forms.CharField(label=_("Name of the race"), max_length=80)
    note = forms.CharField(label=_("Words for those who run"), max_length=300, required=False)
    first_day = forms.DateField(label=_("First day"), widget=day_input())
    last_day = forms.DateField(label=_("Last day"), widget=day_input())
    cut_off_on = forms.DateField(
        label=_("Late data until"),
        widget=day_input(),
        help_text=_("Orders, refunds and figures of the season count if they come in by this day."),
    )

    def __init__(self, *args: Any, scheme: str, race: Race | None = None, **kwargs: Any) -> None:
        template = races.SCHEMES[scheme]
        self.kind, self.scheme = template.kind, scheme
        formula = races.formula_of(race) if race else template.formula
        super().__init__(*args, initial=_initial(scheme, race), **kwargs)
        if self.kind == RaceKind.PERSON:
            self.fields["creator_kind"] = forms.ChoiceField(
                label=_("Who runs"),
                choices=CreatorKind.choices,
                initial=race.creator_kind if race else template.creator_kind,
            )
        self._usual_heads = formula.heads
        self._add_facts(formula)
        self._add_rules(formula)
        self._add_trial()

    def _add_facts(self, formula: Formula) -> None:
        terms = {term.fact: term for term in formula.terms}
        per_person = [m for m in Measure.choices if m[0] != Measure.PER_HEAD]
        for fact in race_facts.facts(self.kind):
            term = terms.get(fact.key)
            usual = Measure.PER_HEAD if self.kind == RaceKind.STORE else Measure.TOTAL
            self.fields[f"weight_{fact.key}"] = forms.IntegerField(
                label=_("Weight"),
                min_value=0,
                max_value=100,
                required=False,
                initial=term.weight if term else 0,
            )
            self.fields[f"measure_{fact.key}"] = forms.ChoiceField(
                label=_("Compared"),
                choices=Measure.choices if self.kind == RaceKind.STORE else per_person,
                initial=term.measure if term else usual,
            )
            self.fields[f"target_{fact.key}"] = forms.CharField(
                label=_("Target per head"),
                required=False,
                max_length=14,
                initial=_as_typed(fact, term.target) if term and term.target else "",
            )

    def _add_rules(self, formula: Formula) -> None:
        of_stores = self.kind == RaceKind.STORE
        self.fields["by_kind"] = forms.BooleanField(
            label=_("Kinds of store run apart") if of_stores else _("Tiers run apart"),
            required=False,
            initial=formula.leagues.by_kind,
        )
        self.fields["bands"] = forms.CharField(
            label=_("Bands of size begin at"),
            required=False,
            max_length=60,
            initial=", ".join(map(str, formula.leagues.bands)),
            help_text=_("Heads of the store at the start: 5, 10 makes up to 4, 5 to 9, from 10.")
            if of_stores
            else _("Followers at the start: 1000, 10000 makes three groups."),
        )
        if of_stores:
            self.fields["active_days"] = forms.IntegerField(
                label=_("Active days that make a head"),
                min_value=1,
                max_value=31,
                initial=formula.heads.active_days,
                help_text=_("Days of the season on which somebody sold or posted at the store."),
            )
            self.fields["at_least"] = forms.IntegerField(
                label=_("Heads counted at least"),
                min_value=1,
                max_value=100,
                initial=formula.heads.at_least,
                help_text=_("So that one person alone does not win for a store."),
            )
        self.fields["tie"] = forms.ChoiceField(
            label=_("Equal scores"), choices=TieRule.choices, initial=formula.tie
        )
        self.fields["jump"] = forms.IntegerField(
            label=_("Look at jumps from"),
            required=False,
            min_value=1,
            initial=formula.jump,
            help_text=_(
                "So many interactions more within a day wait for a person; for organic figures."
            ),
        )
        self.fields["topic"] = forms.CharField(
            label=_("Topic of the notes"),
            required=False,
            max_length=40,
            initial=formula.topic,
            help_text=_("Organic figures of notes whose title says this; empty: of all notes."),
        )
        self.fields["prizes"] = forms.CharField(
            label=_("Prizes of each group, from the first place"),
            required=False,
            max_length=300,
            initial="; ".join(_plain(prize) for prize in formula.prizes),
            help_text=_("Amounts with semicolons between them: 3000; 2000; 1000."),
        )

    def _add_trial(self) -> None:
        last = Month.of(timezone.localdate()).shifted(-1)
        for name, label, day in (
            ("try_first", _("Try it from"), last.first_day),
            ("try_last", _("Try it until"), last.last_day),
        ):
            self.fields[name] = forms.DateField(
                label=label, widget=day_input(), required=False, initial=day
            )

    @property
    def facts(self) -> list[FactPart]:
        return [
            FactPart(
                str(fact.label),
                str(fact.definition),
                *(self[f"{name}_{fact.key}"] for name in ("weight", "measure", "target")),
            )
            for fact in race_facts.facts(self.kind)
        ]

    def clean_bands(self) -> tuple[int, ...]:
        found = _parts(self.cleaned_data["bands"].replace(";", ","), ",")
        if not all(part.isascii() and part.isdigit() and len(part) < 9 for part in found):
            raise forms.ValidationError(_("Whole numbers with commas between them, please."))
        return tuple(map(int, found))

    def clean_prizes(self) -> tuple[int, ...]:
        try:
            return tuple(parse_amount(part) for part in _parts(self.cleaned_data["prizes"], ";"))
        except DomainError as error:
            raise forms.ValidationError(str(error)) from error

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.errors:
            return data
        # The heaviest first, as people read a formula.
        terms = tuple(sorted(self._terms(), key=lambda term: -term.weight))
        if self.errors:
            return data
        formula = Formula(
            terms=terms,
            heads=Heads(data["active_days"], data["at_least"])
            if "at_least" in self.fields
            else self._usual_heads,
            leagues=Leagues(data["by_kind"], data["bands"]),
            tie=data["tie"],
            prizes=data["prizes"],
            jump=data["jump"],
            topic=data["topic"].strip(),
        )
        try:
            data["formula"] = races.checked(formula, self.kind)
        except DomainError as refusal:
            self.add_error(None, str(refusal))
        return data

    def _terms(self) -> Iterator[Term]:
        for fact in race_facts.facts(self.kind):
            weight = self.cleaned_data[f"weight_{fact.key}"] or 0
            if not weight:
                continue
            measure, target = self.cleaned_data[f"measure_{fact.key}"], 0
            if measure == Measure.TARGET:
                target = self._target(fact)
            yield Term(fact.key, weight, measure, target)

    def _target(self, fact: race_facts.Fact) -> int:
        name = f"target_{fact.key}"
        text = self.cleaned_data[name].strip()
        try:
            amount = parse_amount(text) if text else 0
        except DomainError as error:
            self.add_error(name, str(error))
            return 0
        return amount if fact.is_money else amount // 100

    def values(self) -> dict[str, Any]:
        """What the commands take."""
        names = ("name", "note", "first_day", "last_day", "cut_off_on", "formula")
        found = {name: self.cleaned_data[name] for name in names}
        return found | {"creator_kind": self.cleaned_data.get("creator_kind", "")}

    @property
    def trial_days(self) -> tuple[dt.date, dt.date]:
        """The past days to try the formula on; the month before where none were given."""
        first = self.cleaned_data.get("try_first") or self["try_first"].initial
        last = self.cleaned_data.get("try_last") or self["try_last"].initial
        return min(first, last), max(first, last)


class DisputeForm(forms.Form):
    fact = forms.ChoiceField(label=_("Which figure"), required=False)
    text = forms.CharField(
        label=_("What is wrong"), max_length=500, widget=forms.Textarea(attrs={"rows": 3})
    )

    def __init__(self, *args: Any, formula: Formula, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["fact"].choices = [
            ("", _("The points as a whole")),
            *((key, race_words.fact_name(key)) for key in formula.facts),
        ]


def _initial(scheme: str, race: Race | None) -> dict[str, Any]:
    if race:
        names = ("name", "note", "first_day", "last_day", "cut_off_on")
        return {name: getattr(race, name) for name in names}
    month = Month.of(timezone.localdate()).shifted(1)
    return {
        "name": f"{RaceScheme(scheme).label} {month}",
        "first_day": month.first_day,
        "last_day": month.last_day,
        "cut_off_on": month.last_day + dt.timedelta(days=7),
    }


def _parts(text: str, mark: str) -> list[str]:
    """Parts of a list as people type it, with marks of any width."""
    text = text.replace("，", ",").replace("、", ",").replace("；", ";")
    return [part.strip() for part in text.split(mark) if part.strip()]


def _plain(minor: int) -> str:
    """``3000`` or ``12.50``: as it is typed."""
    whole, cents = divmod(minor, 100)
    return f"{whole}.{cents:02d}" if cents else str(whole)


def _as_typed(fact: race_facts.Fact, amount: int) -> str:
    return _plain(amount) if fact.is_money else str(amount)
