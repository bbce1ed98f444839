"""Input of the pages of the volunteer rota. What a command may refuse is left to the command."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from incentives.models import Duty
from incentives.models.rota import MOST_PLACES, MOST_THANKS
from incentives.perk_forms import AccessForm
from incentives.rota import Pattern
from incentives.rota_choices import Came
from incentives.rota_places import MAX_REASON
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Creator

WEEKDAYS = [
    ("0", _("Mon")),
    ("1", _("Tue")),
    ("2", _("Wed")),
    ("3", _("Thu")),
    ("4", _("Fri")),
    ("5", _("Sat")),
    ("6", _("Sun")),
]
PLAIN = (
    *("name", "about", "where", "points", "cutoff_hours", "tick_days", "creator_kind", "tiers"),
    *("layers", "for_unit"),
)


def _day(label: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )


def _time(label: Any) -> forms.TimeField:
    return forms.TimeField(
        label=label, widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M")
    )


class DutyForm(AccessForm):
    unit = forms.ModelChoiceField(queryset=Unit.objects.none(), label=_("Run by"), empty_label=None)
    name = forms.CharField(label=_("Name"), max_length=80)
    about = forms.CharField(
        label=_("What is done, as people read it"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    where = forms.CharField(label=_("Meeting point"), max_length=160)
    host_number = forms.CharField(
        label=_("Employee number of who ticks attendance on the phone"),
        max_length=40,
        required=False,
        help_text=_("Empty: headquarters and the managers tick it here."),
    )
    points = forms.IntegerField(
        label=_("Thanks for one attended shift, points"),
        min_value=0,
        max_value=MOST_THANKS,
        help_text=_(
            "Points, not money, and the same for short and long shifts: whoever is paid by the"
            " hour is employed. New shifts take it over."
        ),
    )
    cutoff_hours = forms.IntegerField(
        label=_("Withdraw until, hours before"), min_value=0, max_value=336
    )
    tick_days = forms.IntegerField(
        label=_("Attendance can be ticked for, days"), min_value=1, max_value=30
    )
    for_unit = forms.ModelChoiceField(
        queryset=Unit.objects.none(),
        required=False,
        label=_("People of region or store"),
        empty_label=_("All regions and stores"),
    )

    def __init__(
        self,
        *args: Any,
        brand: Unit,
        units: Any,
        everybody: bool,
        duty: Duty | None = None,
        **more: Any,
    ) -> None:
        """``everybody``: the person leads the whole brand and may ask all of its people."""
        if duty is not None:
            more["initial"] = {name: getattr(duty, name) for name in (*PLAIN, "unit")}
            more["initial"]["host_number"] = duty.host.number if duty.host else ""
        super().__init__(*args, **more)
        self.brand = brand
        self.fields["unit"].queryset = units
        self.fields["unit"].disabled = duty is not None
        self.fields["for_unit"].queryset = units.exclude(pk=brand.pk)
        if not everybody:
            self.fields["for_unit"].required = True
            self.fields["for_unit"].empty_label = None

    def clean_host_number(self) -> Creator | None:
        number = self.cleaned_data["host_number"].strip()
        if not number:
            return None
        found = Creator.objects.filter(brand=self.brand, number=number, kind=CreatorKind.KOS)
        host = found.exclude(state=CreatorState.LEFT).first()
        if host is None:
            raise forms.ValidationError(_("No employee who takes part has this number."))
        return host

    def fields_of_duty(self) -> dict[str, Any]:
        data = self.cleaned_data
        return {name: data[name] for name in PLAIN} | {"host": data["host_number"]}


class PatternForm(forms.Form):
    """Shifts on several days at once."""

    first = _day(_("First day"))
    last = _day(_("Last day"))
    weekdays = forms.MultipleChoiceField(
        label=_("Weekdays"),
        choices=WEEKDAYS,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: every day of the period."),
    )
    begin = _time(_("Begins"))
    end = forms.TimeField(
        label=_("Ends"),
        widget=forms.TimeInput(attrs={"type": "time"}, format="%H:%M"),
        help_text=_("Earlier than it begins: on the next day."),
    )
    places = forms.IntegerField(label=_("Places of each shift"), min_value=1, max_value=MOST_PLACES)

    def pattern(self) -> Pattern:
        data = self.cleaned_data
        return Pattern(
            first=data["first"],
            last=data["last"],
            begin=data["begin"],
            end=data["end"],
            weekdays={int(day) for day in data["weekdays"]},
        )


class PlacesForm(forms.Form):
    places = forms.IntegerField(label=_("Places"), min_value=1, max_value=MOST_PLACES)


class CallOffForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason that the volunteers read"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class CorrectForm(forms.Form):
    came = forms.ChoiceField(
        label=_("Attendance"), choices=[("", _("Not ticked")), *Came.choices], required=False
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=MAX_REASON, widget=forms.Textarea(attrs={"rows": 2})
    )
