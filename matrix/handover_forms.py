"""Input of the pages of handovers. Commands refuse what is wrong."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.choices import UnitKind
from accounts.models import Unit
from matrix.custody_choices import HandoverReason
from matrix.custody_forms import day_field
from matrix.models import Creator
from matrix.transfers import Customer


class OpenForm(forms.Form):
    """Who leaves or moves, when, and where to."""

    reason = forms.ChoiceField(
        label=_("Reason"), choices=HandoverReason.choices, widget=forms.RadioSelect
    )
    last_day = day_field(_("Last day at this store"))
    to_store = forms.CharField(
        label=_("New store"),
        required=False,
        max_length=40,
        help_text=_("Its code, when the person moves to another store."),
        widget=forms.TextInput(attrs={"list": "stores", "autocomplete": "off"}),
    )
    note = forms.CharField(label=_("Remark"), required=False, max_length=300)

    def __init__(self, *args: Any, creator: Creator, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.creator = creator

    def clean_to_store(self) -> Unit | None:
        code = self.cleaned_data["to_store"].strip()
        if not code:
            return None
        store = Unit.objects.filter(
            brand=self.creator.brand_id, kind=UnitKind.STORE, code__iexact=code
        ).first()
        if store is None:
            raise forms.ValidationError(_("There is no store with this code."))
        return store


class TakerForm(forms.Form):
    """Who takes something over, or why nobody needs to."""

    holder = forms.ChoiceField(label=_("Taker"), required=False)
    number = forms.CharField(label=_("Or a number"), required=False, max_length=40)
    reason = forms.CharField(label=_("Or why nobody"), required=False, max_length=300)

    def __init__(self, *args: Any, holders: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holder: Any = self.fields["holder"]
        holder.choices = [("", _("Choose")), *holders]


class CustomersForm(forms.Form):
    """Customers by hand: one line for each, the id first, then a name and a remark."""

    lines = forms.CharField(
        label=_("Customers, one in each line"),
        max_length=20_000,
        help_text=_("The customer's id in WeCom, then a comma and the name, then a remark."),
        widget=forms.Textarea(
            attrs={"rows": 4, "placeholder": "wmXXXXXXXX, 王女士", "spellcheck": "false"}
        ),
    )

    def customers(self) -> list[Customer]:
        found = []
        for line in self.cleaned_data["lines"].replace("，", ",").splitlines():
            parts = [part.strip() for part in line.split(",", 2)]
            if parts[0]:
                found.append(Customer(*parts))
        return found


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)
