"""The form of a partner's control total."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.forms import PlainIntegerField
from kosops.lib.errors import DomainError
from kosops.lib.money import parse_amount


class ControlTotalForm(forms.Form):
    source = forms.CharField(label=_("Source"), max_length=40)
    day = forms.DateField(label=_("Day"), widget=forms.DateInput(attrs={"type": "date"}))
    orders = PlainIntegerField(label=_("Orders"), min_value=0, max_value=100_000_000)
    order_amount = forms.CharField(label=_("Sum of the orders"), max_length=20)
    refunds = PlainIntegerField(label=_("Refunds"), min_value=0, max_value=100_000_000)
    refund_amount = forms.CharField(label=_("Sum of the refunds"), max_length=20)

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for name in ("order_amount", "refund_amount"):
            try:
                data[name] = parse_amount(data.get(name, ""))
            except DomainError as refusal:
                self.add_error(name, str(refusal))
        return data
