"""Forms of bookings by hand."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.correction_choices import CorrectionKind
from kosops.lib.errors import DomainError
from kosops.lib.money import parse_amount


class CorrectionForm(forms.Form):
    """What is asked for. A write-off is always of the whole debt and takes no amount."""

    kind = forms.ChoiceField(
        label=_("Kind"),
        choices=[
            choice for choice in CorrectionKind.choices if choice[0] != CorrectionKind.REVERSAL
        ],
    )
    number = forms.CharField(label=_("Number of the person"), max_length=40)
    amount = forms.CharField(
        label=_("Amount"),
        max_length=20,
        required=False,
        help_text=_(
            "What the person is owed more, as in 12.50; with a minus, less. Empty for a debt that is"
            " written off: it is always the whole."
        ),
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=160,
        help_text=_("The person reads it in their statement."),
    )
    note = forms.CharField(
        label=_("Evidence"),
        max_length=2000,
        required=False,
        help_text=_("Where it can be checked: ticket, mail, page. For whoever approves it."),
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("kind") != CorrectionKind.ADJUSTMENT:
            return data
        try:
            data["minor"] = parse_amount(data.get("amount", ""), allow_negative=True)
        except DomainError as refusal:
            self.add_error("amount", str(refusal))
        return data


class ReversalForm(forms.Form):
    """Why a journal is to be reversed."""

    reason = CorrectionForm.base_fields["reason"]
    note = CorrectionForm.base_fields["note"]
