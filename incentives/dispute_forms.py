"""Forms of questions about money."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.disputes import MAX_TEXT


class QuestionForm(forms.Form):
    text = forms.CharField(
        label=_("What do you think is wrong?"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("Leave out names and phone numbers of customers."),
    )
    file = forms.FileField(
        label=_("A picture or PDF that shows it"),
        required=False,
        widget=forms.FileInput(attrs={"accept": "image/png,image/jpeg,image/webp,application/pdf"}),
    )


class AnswerForm(forms.Form):
    outcome = forms.ChoiceField(choices=[("accept", ""), ("decline", "")])
    answer = forms.CharField(
        label=_("Answer"),
        max_length=MAX_TEXT,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text=_("The person reads it on the phone."),
    )
