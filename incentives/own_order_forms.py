"""What a person writes about an own order."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.own_orders import MAX_NOTE


class CheckForm(forms.Form):
    note = forms.CharField(
        label=_("What you found"),
        max_length=MAX_NOTE,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("For example: bought for the family, nothing to do."),
    )
