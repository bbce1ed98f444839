"""Input of the pages on which purchases of KOC are shown and looked at. Commands refuse what is wrong."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from matrix.custody_forms import day_field, evidence_field
from matrix.purchase_choices import Verdict
from matrix.purchase_proofs import MAX_NOTE

ANSWERS = [
    (Verdict.ACCEPTED, _("Accept: it shows a purchase of this person")),
    (Verdict.DECLINED, _("Do not accept")),
]


def _words(label: Any, help_text: Any, *, required: bool = False) -> forms.CharField:
    return forms.CharField(
        label=label,
        required=required,
        max_length=MAX_NOTE,
        help_text=help_text,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


def _day(*, required: bool = True) -> forms.DateField:
    """The day of a purchase; none is suggested, as it stands on the receipt."""
    field = day_field(_("Day of the purchase"), required=required)
    field.initial = None
    return field


class ProofForm(forms.Form):
    """A purchase that a colleague has seen."""

    bought_on = _day()
    note = _words(
        _("What you saw"), _("Shop, article, number of the receipt. Without a file it is needed.")
    )
    evidence = evidence_field()


class AnswerForm(forms.Form):
    """What became of a receipt that was handed in."""

    verdict = forms.ChoiceField(label=_("Answer"), choices=ANSWERS, widget=forms.RadioSelect)
    bought_on = _day(required=False)
    note = _words(
        _("Remark or reason"),
        _("When you do not accept it: what is missing. The person reads it and can show another."),
    )

    def clean(self) -> dict[str, Any]:
        found = super().clean() or {}
        if found.get("verdict") == Verdict.ACCEPTED and not found.get("bought_on"):
            self.add_error("bought_on", _("Say on which day it was bought."))
        return found


class TakeBackForm(forms.Form):
    reason = _words(_("Reason"), _("It stays written that it was accepted before."), required=True)


class HandInForm(forms.Form):
    """A receipt as a KOC shows it on the phone."""

    receipt = evidence_field(required=True)
    note = forms.CharField(label=_("What you bought"), required=False, max_length=MAX_NOTE)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["receipt"].label = _("Picture of the receipt")
