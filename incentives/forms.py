"""Forms of the money pages."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

_PLAIN = re.compile(r"-?[0-9]{1,12}(?:\.[0-9]{1,12})?", re.ASCII)


class _PlainNumber(forms.Field):
    """Takes digits and a point only. Python's own numbers also read `1e1`, `1_0` and full-width
    digits, which is seldom what was meant where money hangs on it (M32)."""

    def to_python(self, value: Any) -> Any:
        if isinstance(value, str) and value.strip() and not _PLAIN.fullmatch(value.strip()):
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class PlainDecimalField(_PlainNumber, forms.DecimalField):
    pass


class PlainIntegerField(_PlainNumber, forms.IntegerField):
    pass


class PlanForm(forms.Form):
    """The head of a commission plan version."""

    name = forms.CharField(label=_("Name"), max_length=80)
    valid_from = forms.DateField(
        label=_("First day"),
        help_text=_("Orders paid from this day on. The plan before it ends the day before."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    hold_days = PlainIntegerField(
        label=_("Hold in days"),
        min_value=0,
        max_value=365,
        initial=15,
        help_text=_(
            "How long commission waits for returns, counted from the day the order is finished."
        ),
    )
    cap_percent = PlainDecimalField(
        label=_("Cap in %"),
        min_value=0,
        max_value=100,
        decimal_places=2,
        initial=30,
        help_text=_("All roles together never get more of an order line."),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if "cap_percent" in data:
            data["cap_bp"] = int(data.pop("cap_percent") * 100)
        return data


class InterimForm(forms.Form):
    """Statements before the month is over."""

    until = forms.DateField(
        label=_("Last day"),
        help_text=_("What was earned up to this day is in it."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    who = forms.CharField(
        label=_("For whom"),
        max_length=4000,
        required=False,
        help_text=_("Numbers of people or codes of stores, with spaces between. Empty: everybody."),
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    reason = forms.CharField(label=_("Reason"), max_length=160)
    client_key = forms.UUIDField(widget=forms.HiddenInput)


class DecisionForm(forms.Form):
    """Approve or reject; the reason is needed where a warning stands."""

    decision = forms.ChoiceField(choices=[("approve", ""), ("reject", "")])
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )
