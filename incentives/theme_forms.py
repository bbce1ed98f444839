"""Input of the pages of themes. What a command may refuse is left to the command."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.models import Theme
from incentives.models.points import MOST_POINTS
from incentives.themes_rules import MOST_STEPS
from matrix.choices import CreatorKind

PLAIN = ("name", "about", "topic", "creator_kind", "most_posts", "cutoff_days", "months")


class ThemeForm(forms.Form):
    name = forms.CharField(label=_("Name"), max_length=80)
    about = forms.CharField(
        label=_("What to post about, as people read it"),
        max_length=1000,
        required=False,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    month = forms.RegexField(
        r"^\d{4}-(0[1-9]|1[0-2])$",
        label=_("Month"),
        widget=forms.TextInput(attrs={"type": "month"}),
    )
    topic = forms.CharField(
        label=_("Words that the title says"),
        max_length=40,
        required=False,
        help_text=_("Empty: every post of the month counts."),
    )
    creator_kind = forms.ChoiceField(
        label=_("For"), choices=[("", _("KOS and KOC")), *CreatorKind.choices], required=False
    )
    most_posts = forms.IntegerField(
        label=_("Posts of a person that count"), min_value=1, max_value=50, initial=3
    )
    cutoff_days = forms.IntegerField(
        label=_("Days after the month for figures"), min_value=0, max_value=60, initial=7
    )
    months = forms.IntegerField(label=_("Live, months"), min_value=1, max_value=120, initial=12)

    def __init__(self, *args: Any, theme: Theme | None = None, **more: Any) -> None:
        if theme is not None:
            more["initial"] = {name: getattr(theme, name) for name in (*PLAIN, "month")}
            for place, (at_least, points) in enumerate(theme.steps):
                more["initial"] |= {f"step_{place}": at_least, f"points_{place}": points}
        super().__init__(*args, **more)
        if theme is not None:
            self.fields["month"].disabled = True
        for place in range(MOST_STEPS):
            self.fields[f"step_{place}"] = forms.IntegerField(
                label=_("From interactions"), min_value=0, required=False
            )
            self.fields[f"points_{place}"] = forms.IntegerField(
                label=_("Points"), min_value=1, max_value=MOST_POINTS, required=False
            )

    @property
    def step_rows(self) -> list[tuple[Any, Any]]:
        return [(self[f"step_{place}"], self[f"points_{place}"]) for place in range(MOST_STEPS)]

    def fields_of_theme(self) -> dict[str, Any]:
        """What the command takes; rows without points are left out."""
        data = self.cleaned_data
        steps = [
            [data[f"step_{place}"] or 0, data[f"points_{place}"]]
            for place in range(MOST_STEPS)
            if data[f"points_{place}"]
        ]
        return {name: data[name] for name in PLAIN} | {"steps": steps}
