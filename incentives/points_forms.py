"""Input of the pages of points. What a command may refuse is left to the command."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives import points_sources
from incentives.models.points import MOST_POINTS
from incentives.points import MAX_REASON
from matrix.choices import CreatorKind


class RuleForm(forms.Form):
    event = forms.ChoiceField(label=_("What earns points"))
    creator_kind = forms.ChoiceField(
        label=_("For"), choices=[("", _("KOS and KOC")), *CreatorKind.choices], required=False
    )
    points = forms.IntegerField(label=_("Points"), min_value=1, max_value=MOST_POINTS)
    cap_day = forms.IntegerField(label=_("At most a day"), min_value=1, required=False)
    cap_month = forms.IntegerField(label=_("At most a month"), min_value=1, required=False)
    hold_days = forms.IntegerField(label=_("Held, days"), min_value=0, max_value=365, initial=7)
    months = forms.IntegerField(
        label=_("Live, months"),
        min_value=1,
        max_value=120,
        initial=12,
        help_text=_("to the end of that month"),
    )
    valid_from = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["event"].choices = points_sources.ruled()


class GiveForm(forms.Form):
    points = forms.IntegerField(
        label=_("Points"),
        min_value=-MOST_POINTS,
        max_value=MOST_POINTS,
        help_text=_("Below zero takes points away."),
    )
    reason = forms.CharField(
        label=_("Reason that the person reads"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    months = forms.IntegerField(label=_("Live, months"), min_value=1, max_value=120, initial=12)
    client_key = forms.UUIDField(widget=forms.HiddenInput)


class DecideForm(forms.Form):
    answer = forms.CharField(
        label=_("Reason, if you refuse"),
        max_length=MAX_REASON,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
