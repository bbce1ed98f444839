"""The forms of the tier pages: rules of a ladder, first day, pin, decline."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from incentives import ladders, tier_facts, tier_names, tier_words, tiers
from incentives.choices import tier_label
from incentives.tiers import (
    BEST_NOTE,
    MEDIAN_NOTE,
    NOTES,
    Because,
    Condition,
    Ladder,
    Measure,
    Review,
)
from kosops.lib.errors import DomainError
from matrix.models import Creator

THRESHOLDS = {
    "at_least": (tiers.MOST_AT_LEAST, 1),
    "within_days": (tiers.MOST_DAYS, 1),
    "last_notes": (tiers.MOST_NOTES, 1),
    "settled_days": (tiers.MOST_SETTLED, 0),
}
MOST_CONDITIONS = 6
NEW_MEDIAN = {"last_notes": 3, "settled_days": 7}
REVIEWS = [
    (Review.NONE.value, _("No: moves take effect at once")),
    (Review.DEMOTIONS.value, _("Falls wait until a person confirms them")),
    (Review.ALL.value, _("Every move waits until a person confirms it")),
]


@dataclass(frozen=True)
class Part:
    """One condition of the form: its heading and its bound fields; the last one is to be added."""

    name: str
    fields: list[forms.BoundField]
    is_new: bool = False


@dataclass(frozen=True)
class TierPart:
    tier: str
    name: forms.BoundField
    reach: list[Part]
    keep: list[Part]
    reach_any: forms.BoundField
    keep_any: forms.BoundField


@dataclass(frozen=True)
class _Place:
    """Where a condition stands in the form, and what the fields of its place are filled with."""

    tier: str
    because: Because
    number: int
    condition: Condition | None

    @property
    def name(self) -> str:
        return f"{self.tier}-{self.because}-{self.number}"


class LadderForm(forms.Form):
    """The rules of a ladder; `rules` gives the changed ones.

    Each condition has a choice of its fact; "leave out" takes it away, and an empty place at the
    end of each list takes one more. Places are counted in the data, so the form grows with what is
    tried, without script.
    """

    def __init__(self, *args: Any, ladder: Ladder, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ladder, self.kind = ladder, kind
        for place in self._places():
            self._add(place)
        for rule in ladder.tiers:
            self.fields[f"{rule.tier}-name"] = forms.CharField(
                label=_("Called"),
                max_length=tiers.MOST_NAME,
                initial=rule.name or tier_label(rule.tier, kind),
                required=False,
            )
            for because in Because:
                self.fields[f"{rule.tier}-{because}-any"] = forms.ChoiceField(
                    label=_("To reach it") if because == Because.REACH else _("To keep it"),
                    choices=[("", _("All are needed")), ("any", _("One is enough"))],
                    initial="any" if getattr(rule, f"{because}_any") else "",
                    required=False,
                )
        self.fields["grace_days"] = forms.IntegerField(
            label=_("Days of grace"),
            min_value=0,
            max_value=tiers.MOST_GRACE,
            initial=ladder.grace_days,
            help_text=_("So long a tier is kept that is no longer met; the day is told at once."),
        )
        self.fields["review"] = forms.ChoiceField(
            label=_("Does a person confirm moves?"),
            choices=REVIEWS,
            initial=ladder.review.value,
            required=False,
        )

    @property
    def parts(self) -> list[TierPart]:
        """The fields in the order of the ladder, for the template."""
        found = {
            rule.tier: TierPart(
                rule.tier,
                self[f"{rule.tier}-name"],
                [],
                [],
                self[f"{rule.tier}-reach-any"],
                self[f"{rule.tier}-keep-any"],
            )
            for rule in self.ladder.tiers
        }
        for place in self._places():
            own = [self[name] for name in self.fields if name.startswith(f"{place.name}-")]
            fact = self[f"{place.name}-fact"].value() or ""
            part = Part(_heading(str(fact)), own, is_new=not fact)
            getattr(found[place.tier], place.because).append(part)
        return list(found.values())

    def rules(self) -> dict[str, Any]:
        """The ladder in JSON form as this valid form says; `ladders.checked` reads it."""
        rules: dict[str, Any] = {
            "formula": self.ladder.formula,
            "grace_days": self.cleaned_data["grace_days"],
            "tiers": [{"tier": rule.tier, "reach": [], "keep": []} for rule in self.ladder.tiers],
        }
        by_tier = {each["tier"]: each for each in rules["tiers"]}
        for place in self._places():
            if condition := self._condition(place):
                by_tier[place.tier][str(place.because)].append(condition)
        for tier, each in by_tier.items():
            called = self.cleaned_data.get(f"{tier}-name", "")
            # Our own words stay translated.
            if called and called != str(tier_label(tier, self.kind)):
                each["name"] = called
            for because in Because:
                if self.cleaned_data.get(f"{tier}-{because}-any"):
                    each[f"{because}_any"] = True
        review = self.cleaned_data.get("review") or Review.NONE.value
        return rules | ({"review": review} if review != Review.NONE else {})

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if not self.errors:
            try:
                ladders.checked(self.rules())
            except DomainError as refusal:
                self.add_error(None, str(refusal))
        return data

    def _condition(self, place: _Place) -> dict[str, Any] | None:
        fact = self.cleaned_data.get(f"{place.name}-fact") or ""
        values = {name: self.cleaned_data.get(f"{place.name}-{name}") for name in THRESHOLDS}
        if not fact or values["at_least"] is None:
            return None
        at_least = values["at_least"] * (100 if tiers.is_money(fact) else 1)
        form: dict[str, Any] = {"fact": fact, "at_least": at_least}
        if fact == MEDIAN_NOTE:
            given = {name: values[name] for name in NEW_MEDIAN if values[name] is not None}
            return form | NEW_MEDIAN | given
        if values["within_days"]:
            form["within_days"] = values["within_days"]
        return form

    def _add(self, place: _Place) -> None:
        condition = place.condition
        self.fields[f"{place.name}-fact"] = _FactField(
            label=_("Fact") if condition else _("Add a condition"),
            choices=[("", _("leave out") if condition else "–"), *_fact_choices()],
            initial=condition.measure.fact if condition else "",
            required=False,
        )
        fact = self._fact_of(place)
        for threshold in _thresholds_of(fact):
            self.fields[f"{place.name}-{threshold}"] = _field(place, fact, threshold)

    def _fact_of(self, place: _Place) -> str:
        """The fact that the place asks for now: as sent, else as in the rules."""
        asked = place.condition.measure.fact if place.condition else ""
        if not self.is_bound:
            return asked
        sent = self.data.get(f"{place.name}-fact", asked)
        return str(sent) if sent in dict(_fact_choices()) else ""

    def _places(self) -> Iterator[_Place]:
        for rule in self.ladder.tiers:
            for because, conditions in ((Because.REACH, rule.reach), (Because.KEEP, rule.keep)):
                count = max(len(conditions), self._sent(f"{rule.tier}-{because}")) + 1
                for number in range(min(count, MOST_CONDITIONS)):
                    known = conditions[number] if number < len(conditions) else None
                    yield _Place(rule.tier, because, number, known)

    def _sent(self, prefix: str) -> int:
        """How many places of a list the data fills."""
        data: Mapping[str, Any] = self.data or {}
        filled = [n for n in range(MOST_CONDITIONS) if data.get(f"{prefix}-{n}-fact")]
        return filled[-1] + 1 if filled else 0


class _FactField(forms.ChoiceField):
    """A place that the data does not name keeps its fact: old addresses go on working."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if data is None else data

    def clean(self, value: Any) -> Any:
        return super().clean(self.initial if value is None else value)

    def to_python(self, value: Any) -> str:
        return "" if value is None else str(value)


class StartForm(forms.Form):
    """From which day new rules hold."""

    valid_from = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"})
    )


class PinForm(forms.Form):
    """A tier set by hand."""

    tier = forms.ChoiceField(label=_("Tier"), required=False)
    until = forms.DateField(
        label=_("Last day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=_("From the day after it the rules decide again."),
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )

    def __init__(self, *args: Any, creator: Creator, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["tier"].choices = [  # type: ignore[attr-defined]
            *((tier, tier_names.name(tier, creator)) for tier in tiers.TIERS),
            ("", _("No tier")),
        ]

    def clean_until(self) -> Any:
        day = self.cleaned_data["until"]
        if day < timezone.localdate():
            raise forms.ValidationError(_("The last day lies in the past."))
        return day


class DeclineForm(forms.Form):
    """Why proposed moves do not take place."""

    reason = forms.CharField(
        label=_("Reason"),
        max_length=300,
        required=False,
        help_text=_("The creators read it. Needed to decline."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )


def _fact_choices() -> list[tuple[str, Any]]:
    own = [(fact, _heading(fact)) for fact in (NOTES, BEST_NOTE, MEDIAN_NOTE)]
    return own + [(source.fact, source.label) for source in tier_facts.sources()]


def _heading(fact: str) -> str:
    return tier_words.fact_name(Condition(Measure(fact), 1)) if fact else ""


def _thresholds_of(fact: str) -> list[str]:
    if fact == MEDIAN_NOTE:
        return ["at_least", "last_notes", "settled_days"]
    return ["at_least", "within_days"]


def _field(place: _Place, fact: str, threshold: str) -> forms.IntegerField:
    most, least = THRESHOLDS[threshold]
    known = tiers.condition_to_json(place.condition) if place.condition else {}
    value = known.get(threshold)
    if threshold == "at_least" and value is not None and tiers.is_money(known["fact"]):
        value //= 100
    if value is None and fact == MEDIAN_NOTE:
        value = NEW_MEDIAN.get(threshold)
    return _Threshold(
        label=_label(fact, threshold),
        min_value=least,
        max_value=most // (100 if tiers.is_money(fact) else 1),
        initial=value,
        required=threshold == "at_least" and bool(fact),
    )


class _Threshold(forms.IntegerField):
    """A number of a condition; one that the data leaves away altogether stays as it is."""

    def bound_data(self, data: Any, initial: Any) -> Any:
        return initial if data is None else data

    def clean(self, value: Any) -> Any:
        return super().clean(self.initial if value is None else value)


def _label(fact: str, threshold: str) -> Any:
    if threshold != "at_least":
        return {
            "within_days": _("Within days"),
            "last_notes": _("Of the last notes"),
            "settled_days": _("Days old at least"),
        }[threshold]
    if fact in (BEST_NOTE, MEDIAN_NOTE):
        return _("Interactions, at least")
    if tiers.is_money(fact):
        return _("Amount, at least")
    return _("Notes, at least") if fact == NOTES else _("At least")
