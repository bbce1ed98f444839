"""Input of the page of share links."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from incentives import share_rules, sharing


def _good_address(value: str) -> None:
    if why := share_rules.problem(value):
        raise ValidationError(str(sharing.WHY[why]), code=why)


class ShareLinkForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=60, help_text=_("As creators read it: the shop, or the product")
    )
    template = forms.CharField(
        label=_("Shop address"),
        max_length=share_rules.MOST,
        validators=[_good_address],
        help_text=_(
            "With {code} where the person’s code stands: https://shop.example/?from={code}"
        ),
        widget=forms.TextInput(
            attrs={"inputmode": "url", "autocapitalize": "off", "spellcheck": "false"}
        ),
    )
    sku = forms.CharField(
        label=_("Article number"),
        max_length=60,
        required=False,
        help_text=_("Empty: the link is for the whole shop"),
    )
    first_day = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    last_day = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    place = forms.IntegerField(
        label=_("Place in the list"), min_value=0, max_value=9_999, initial=100
    )

    @classmethod
    def of(cls, link: Any) -> dict[str, Any]:
        return {name: getattr(link, name) for name in cls.base_fields}
