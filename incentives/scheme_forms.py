"""What a person says about a scheme, for its check."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.forms import PlainDecimalField
from incentives.scheme_choices import Asked, Youngest
from incentives.scheme_rules import Stated
from matrix.choices import Platform

PLACES = [*Platform.choices, ("moments", _("Moments"))]


class StatedForm(forms.Form):
    asks = forms.MultipleChoiceField(
        label=_("What people have to do besides"),
        choices=Asked.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    platforms = forms.MultipleChoiceField(
        label=_("Where it is made known"),
        choices=PLACES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: everywhere."),
    )
    by_chance = forms.BooleanField(label=_("Who wins is drawn"), required=False)
    top_prize = PlainDecimalField(
        label=_("Value of the largest prize"),
        min_value=0,
        max_digits=9,
        decimal_places=2,
        required=False,
    )
    published = forms.BooleanField(
        label=_("Prizes, chances and terms of the draw are published"), required=False
    )
    cashable = forms.BooleanField(label=_("What is won can be turned into money"), required=False)
    youngest = forms.ChoiceField(label=_("Who can take part"), choices=Youngest.choices)

    @classmethod
    def of(cls, stated: Stated) -> dict[str, Any]:
        """The fields as they were said last."""
        prize = stated.top_prize
        return {
            "asks": sorted(stated.asks),
            "platforms": sorted(stated.platforms),
            "by_chance": stated.by_chance,
            "top_prize": None if prize is None else f"{prize / 100:.2f}",
            "published": stated.published,
            "cashable": stated.cashable,
            "youngest": stated.youngest,
        }

    def stated(self) -> Stated:
        data = self.cleaned_data
        prize = data["top_prize"]
        return Stated(
            asks=frozenset(data["asks"]),
            platforms=frozenset(data["platforms"]),
            by_chance=data["by_chance"],
            top_prize=None if prize is None else int(prize * 100),
            published=data["published"],
            cashable=data["cashable"],
            youngest=data["youngest"],
        )
