"""Input of the pages. What a command may refuse is left to the command."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from content.choices import Location
from content.models import Post
from content.reviews import MAX_NOTE
from content.submissions import MAX_REASON
from matrix.models import SocialAccount


def _locations(unknown: Any) -> list[tuple[str, Any]]:
    """The choices of a location tag, where unknown is called ``unknown``."""
    return [(code, label if code else unknown) for code, label in Location.choices]


class LinkForm(forms.Form):
    """A pasted text. The hidden fields are made anew by script, which may send hours later.

    ``accounts`` are those of units of which the person may add links, beside their own.
    """

    account = forms.ModelChoiceField(
        label=_("Account"),
        queryset=SocialAccount.objects.none(),
        required=False,
        empty_label=_("My own account"),
        error_messages={
            "invalid_choice": _(
                "You do not hold this account any more. Ask headquarters to record who does."
            )
        },
    )

    text = forms.CharField(
        label=_("What you copied in the app"),
        required=False,
        widget=forms.Textarea(
            attrs={"rows": 5, "autocomplete": "off", "spellcheck": "false", "maxlength": "4000"}
        ),
        help_text=_("The share text as it is, or the link alone."),
    )
    location = forms.ChoiceField(
        label=_("What the location tag of the post shows"),
        choices=lambda: _locations(_("Not said")),
        required=False,
        help_text=_("Has to be said for the account of a store."),
    )
    client_key = forms.UUIDField(required=False, widget=forms.HiddenInput)
    noted_at = forms.DateTimeField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, accounts: Any = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if accounts is None:
            del self.fields["account"]
        else:
            chosen: Any = self.fields["account"]
            chosen.queryset = accounts

    def key(self) -> uuid.UUID:
        """The key of this form; one that is missing or spoilt cannot make the link wait."""
        return self.cleaned_data.get("client_key") or uuid.uuid4()


class LocationForm(forms.Form):
    location = forms.ChoiceField(
        label=_("Location tag"),
        choices=lambda: _locations(Location.UNKNOWN.label),
        required=False,
    )


class ReviewForm(forms.Form):
    """A review: ``items`` are (code, what may be wrong); a tick says that it is."""

    findings = forms.MultipleChoiceField(
        label=_("Tick what is wrong"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("The author reads it with how to put it right."),
    )
    note = forms.CharField(
        label=_("A word to the author"),
        max_length=MAX_NOTE,
        required=False,
        widget=forms.Textarea(attrs={"rows": 2}),
    )
    verdict = forms.ChoiceField(
        choices=[("clear", ""), ("problem", "")], required=False, widget=forms.HiddenInput
    )

    def __init__(self, *args: Any, items: Sequence[tuple[str, Any]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        chosen: Any = self.fields["findings"]
        chosen.choices = items

    def clean(self) -> dict[str, Any]:
        given: dict[str, Any] = super().clean() or {}
        found, verdict = given.get("findings"), given.get("verdict")
        if verdict == "clear" and found:
            self.add_error(
                "findings", _("Something is ticked. Take the tick away, or report the problem.")
            )
        elif verdict != "clear" and not found:
            self.add_error("findings", _("Tick what is wrong, or clear the post."))
        return given


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
