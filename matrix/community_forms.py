"""Input of the pages of communities. What a command may refuse is left to the command."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.forms import UnitField
from matrix.choices import CommunityKind
from matrix.models import Community


class CommunityForm(forms.Form):
    name = forms.CharField(label=pgettext_lazy("community", "Name"), max_length=60)
    kind = forms.ChoiceField(label=_("Kind"), choices=CommunityKind.choices)
    unit = UnitField(help_text=_("Creators of this unit and below can be in it."))
    for_whom = forms.CharField(
        label=_("For whom"),
        required=False,
        max_length=60,
        help_text=_("Such as: Senior KOC, or new staff in their first month."),
    )
    host = forms.CharField(
        label=_("Host"),
        max_length=80,
        widget=forms.TextInput(attrs={"list": "colleagues", "autocomplete": "off"}),
        help_text=_("Who looks after it: the name or user name of a colleague."),
    )
    topic = forms.CharField(
        label=_("What it is about"),
        required=False,
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    def __init__(self, *args: Any, units: Any = None, **kwargs: Any) -> None:
        """Without ``units`` the community stays where it is."""
        super().__init__(*args, **kwargs)
        if units is None:
            del self.fields["unit"]
        else:
            self.fields["unit"].within(units)  # type: ignore[attr-defined]


class ChooseCommunityForm(forms.Form):
    """Which open community; used for many creators at once."""

    community = forms.ModelChoiceField(
        label=_("Community"),
        queryset=Community.objects.none(),
        empty_label=_("Choose a community"),
    )

    def __init__(self, *args: Any, communities: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["community"].queryset = communities  # type: ignore[attr-defined]


class MemberForm(forms.Form):
    number = forms.CharField(label=_("Number of the creator"), max_length=40)
