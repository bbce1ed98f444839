"""Which months a plan is tried on."""

from __future__ import annotations

import datetime as dt

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives import words
from incentives.models.dry_runs import MOST_MONTHS
from kosops.lib.periods import Month

# Months that can be chosen, the last one that is over first.
OFFERED = 2 * MOST_MONTHS
USUAL = 3


class DryRunForm(forms.Form):
    """The first and the last month, both over."""

    first = forms.ChoiceField(label=_("First month"))
    last = forms.ChoiceField(label=_("Last month"))

    def __init__(self, data: object = None, *, today: dt.date) -> None:
        super().__init__(data)
        over = [Month.of(today).shifted(-back) for back in range(1, OFFERED + 1)]
        choices = [(str(month), words.month_name(str(month))) for month in over]
        for name, usual in (("first", over[USUAL - 1]), ("last", over[0])):
            self.fields[name].choices = choices
            self.fields[name].initial = str(usual)

    @property
    def months(self) -> tuple[Month, Month]:
        return Month.parse(self.cleaned_data["first"]), Month.parse(self.cleaned_data["last"])
