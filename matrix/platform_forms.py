"""Input of the pages of platforms. What a command may refuse is left to the command."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from matrix.choices import Domain, Trade
from matrix.models.platforms import CODE_LENGTH
from matrix.platforms import MAX_ADVICE


class AddPlatformForm(forms.Form):
    name = forms.CharField(label=pgettext_lazy("platform", "Name"), max_length=40)
    code = forms.SlugField(
        label=_("Code"),
        max_length=CODE_LENGTH,
        help_text=_("Stands in files and addresses and stays: small letters, digits and hyphens."),
    )
    domain = forms.ChoiceField(
        label=_("Domain"),
        choices=Domain.choices,
        help_text=_("Public: anybody sees what is posted. Private: only those who joined."),
    )


class PlatformForm(forms.Form):
    name = forms.CharField(label=pgettext_lazy("platform", "Name"), max_length=40)
    in_use = forms.BooleanField(
        label=_("In use"),
        required=False,
        help_text=_(
            "Lists, forms and imports offer it. Accounts on it stay when it is switched off."
        ),
    )
    advice = forms.CharField(
        label=_("Advice for your trade"),
        required=False,
        max_length=MAX_ADVICE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What the platform is good for. Left empty, the usual text comes back."),
    )
    even_with_accounts = forms.BooleanField(label=_("Switch it off all the same"), required=False)

    def __init__(self, *args: object, own: bool, asks: bool = False, **kwargs: object) -> None:
        """``asks``: whether to offer the box that confirms what the command warned of."""
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]
        if not own:
            del self.fields["name"]
        if not asks:
            del self.fields["even_with_accounts"]


class TradeForm(forms.Form):
    trade = forms.ChoiceField(label=_("Trade"), choices=Trade.choices)
