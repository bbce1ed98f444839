"""The form of a new benefit."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.benefits_choices import BenefitKind
from incentives.choices import TIER_CHOICES
from incentives.forms import PlainDecimalField
from matrix.choices import Layer


def _whom() -> list[tuple[str, Any]]:
    tiers = [(f"tier:{code}", label) for code, label in TIER_CHOICES]
    layers = [(f"layer:{code}", label) for code, label in Layer.choices]
    return [*tiers, *layers]


class BenefitForm(forms.Form):
    whom = forms.ChoiceField(label=_("For whom"), choices=_whom)
    kind = forms.ChoiceField(label=_("Kind"), choices=BenefitKind.choices)
    title = forms.CharField(label=_("Title"), max_length=60)
    text = forms.CharField(label=_("What it is"), max_length=300, required=False)
    value = PlainDecimalField(
        label=_("Weight or amount"),
        required=False,
        min_value=0,
        max_digits=9,
        decimal_places=2,
        help_text=_("A weight for priority, an amount for a boost budget."),
    )
    first_day = forms.DateField(
        label=_("First day"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
    )

    def fields_of_benefit(self) -> dict[str, Any]:
        """What `benefits.add` takes."""
        data = dict(self.cleaned_data)
        what, code = data.pop("whom").split(":")
        value = data.pop("value")
        if value is not None:
            value = int(value * (100 if data["kind"] == BenefitKind.BOOST else 1))
        return data | {what: code, "value": value or None}
