"""Input of the pages of help. What a command may refuse is left to the command."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from matrix.choices import HelpKind
from matrix.help_requests import MAX_TEXT


class AskForm(forms.Form):
    kind = forms.ChoiceField(label=_("What is it about?"), choices=HelpKind.choices)
    text = forms.CharField(
        label=_("What do you need?"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
        help_text=_(
            "We know who you are: leave out phone numbers and WeChat ids, also of customers."
        ),
    )
    link = forms.URLField(
        label=_("Link"),
        required=False,
        max_length=300,
        assume_scheme="https",
        help_text=_("Of a post or page that it is about."),
    )
    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)


class AnswerForm(forms.Form):
    text = forms.CharField(
        label=_("Answer that the creator reads"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 5}),
    )


class HandOnForm(forms.Form):
    colleague = forms.CharField(
        label=_("Colleague"),
        max_length=80,
        widget=forms.TextInput(attrs={"list": "colleagues", "autocomplete": "off"}),
        help_text=_("Name or user name of somebody who may answer."),
    )


class CloseForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason that the creator reads"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
