"""The form in which thresholds of a ladder are changed."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives import tier_words, tiers
from incentives.tiers import BEST_NOTE, MEDIAN_NOTE, Because, Condition, Ladder

THRESHOLDS = {
    "at_least": (tiers.MOST_AT_LEAST, 1),
    "within_days": (tiers.MOST_DAYS, 1),
    "last_notes": (tiers.MOST_NOTES, 1),
    "settled_days": (tiers.MOST_SETTLED, 0),
}


@dataclass(frozen=True)
class Part:
    """One condition of the form: its heading and its bound fields."""

    name: str
    fields: list[forms.BoundField]


@dataclass(frozen=True)
class TierPart:
    tier: str
    reach: list[Part]
    keep: list[Part]


class LadderForm(forms.Form):
    """The thresholds of a ladder, one number field each; `rules` gives the changed ladder."""

    def __init__(self, *args: Any, ladder: Ladder, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.ladder = ladder
        for _tier, _because, condition, name in self._places():
            for threshold, value in _thresholds(condition):
                self.fields[f"{name}-{threshold}"] = _field(condition, threshold, value)
        self.fields["grace_days"] = forms.IntegerField(
            label=_("Days of grace"),
            min_value=0,
            max_value=tiers.MOST_GRACE,
            initial=ladder.grace_days,
            help_text=_("So long a tier is kept that is no longer met."),
        )

    @property
    def parts(self) -> list[TierPart]:
        """The fields in the order of the ladder, for the template."""
        found = {rule.tier: TierPart(rule.tier, [], []) for rule in self.ladder.tiers}
        for tier, because, condition, name in self._places():
            fields = [self[f"{name}-{threshold}"] for threshold, _value in _thresholds(condition)]
            part = Part(tier_words.fact_name(condition), fields)
            getattr(found[tier], because).append(part)
        return list(found.values())

    def rules(self) -> dict[str, Any]:
        """The ladder in JSON form with the thresholds of this valid form."""
        rules = copy.deepcopy(tiers.ladder_to_json(self.ladder))
        for level, rule in enumerate(self.ladder.tiers):
            for because in Because:
                for place, condition in enumerate(rules["tiers"][level][because]):
                    for threshold in list(condition):
                        if threshold != "fact":
                            name = f"{rule.tier}-{because}-{place}-{threshold}"
                            condition[threshold] = self.cleaned_data[name]
        return rules | {"grace_days": self.cleaned_data["grace_days"]}

    def _places(self) -> Iterator[tuple[str, Because, Condition, str]]:
        for rule in self.ladder.tiers:
            for because, conditions in ((Because.REACH, rule.reach), (Because.KEEP, rule.keep)):
                for place, condition in enumerate(conditions):
                    yield rule.tier, because, condition, f"{rule.tier}-{because}-{place}"


class StartForm(forms.Form):
    """From which day new rules hold."""

    valid_from = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"})
    )


def _thresholds(condition: Condition) -> list[tuple[str, int]]:
    form = tiers.condition_to_json(condition)
    return [(name, form[name]) for name in THRESHOLDS if name in form]


def _field(condition: Condition, threshold: str, value: int) -> forms.IntegerField:
    most, least = THRESHOLDS[threshold]
    of_notes = condition.measure.fact not in (BEST_NOTE, MEDIAN_NOTE)
    labels = {
        "at_least": _("Notes, at least") if of_notes else _("Interactions, at least"),
        "within_days": _("Within days"),
        "last_notes": _("Of the last notes"),
        "settled_days": _("Days old at least"),
    }
    return forms.IntegerField(
        label=labels[threshold], min_value=least, max_value=most, initial=value
    )
