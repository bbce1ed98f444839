"""Input of the pages. What a command may refuse is left to the command."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from content.models import Post
from content.submissions import MAX_REASON


class LinkForm(forms.Form):
    """A pasted text. The hidden fields are made anew by script, which may send hours later."""

    text = forms.CharField(
        label=_("What you copied in the app"),
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false", "maxlength": "4000"}
        ),
        help_text=_("The share text as it is, or the link alone."),
    )
    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    noted_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)

    def key(self) -> uuid.UUID:
        """The key of this form; one that is missing or spoilt cannot make the link wait."""
        return self.cleaned_data.get("client_key") or uuid.uuid4()


class LinkToPostForm(forms.Form):
    post = forms.ModelChoiceField(
        label=_("Post"), queryset=Post.objects.none(), widget=forms.RadioSelect, empty_label=None
    )

    def __init__(self, *args: Any, candidates: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["post"].queryset = candidates  # type: ignore[attr-defined]


class RefuseForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason that the creator sees"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("What is wrong, and what the person can do about it."),
    )
