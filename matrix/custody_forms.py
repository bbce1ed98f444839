"""Input of the pages of accounts, custody and the register. Commands refuse what is wrong."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import DateInput
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from matrix.choices import AccountPurpose, AccountRole, AccountState, Domain, PrivateLayer
from matrix.custody import MAX_NOTE
from matrix.custody_choices import ClosedWhy, EventKind, SimOwner
from matrix.models import AccountEvent, SocialAccount
from matrix.violations import can_be_answered

NONE = ("", _("Not said"))


def day_field(label: Any, **more: Any) -> forms.DateField:
    """A day, today unless said otherwise."""
    return forms.DateField(
        label=label,
        initial=timezone.localdate,
        widget=DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
        **more,
    )


def evidence_field(required: bool = False) -> forms.FileField:
    return forms.FileField(
        label=_("Evidence"),
        required=required,
        help_text=_("A picture (PNG, JPEG, WebP) or a PDF of up to 10 MB."),
        widget=forms.FileInput(attrs={"accept": ".pdf,.png,.jpg,.jpeg,.webp"}),
    )


class AccountForm(forms.Form):
    """What an account is called and what it is there for."""

    handle = forms.CharField(label=_("Account name"), max_length=80)
    role = forms.ChoiceField(
        label=_("Account role"), required=False, choices=[NONE, *AccountRole.choices]
    )
    purpose = forms.ChoiceField(
        label=_("Purpose"), required=False, choices=[NONE, *AccountPurpose.choices]
    )
    private_layer = forms.ChoiceField(
        label=_("Private layer"), required=False, choices=[NONE, *PrivateLayer.choices]
    )

    def __init__(self, *args: Any, account: SocialAccount, **kwargs: Any) -> None:
        kwargs["initial"] = {name: getattr(account, name) for name in self.base_fields}
        super().__init__(*args, **kwargs)
        if account.domain != Domain.PRIVATE:
            del self.fields["private_layer"]


class StateForm(forms.Form):
    state = forms.ChoiceField(label=_("State"), choices=AccountState.choices)
    why = forms.ChoiceField(
        label=_("Why it is closed"), required=False, choices=[NONE, *ClosedWhy.choices]
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)
    on = day_field(_("From which day"))


class CustodyForm(forms.Form):
    """Who takes the account into custody. The takers are those whom the page offers."""

    holder = forms.ChoiceField(label=_("Who holds it"))
    number = forms.CharField(
        label=_("Or the number of somebody else"),
        required=False,
        max_length=40,
        help_text=_("Employee or member number of a person at another store."),
    )
    since = day_field(_("Since"))
    phone = forms.CharField(
        label=_("Phone of the account"),
        required=False,
        max_length=30,
        help_text=_("Kept encrypted; pages show the last four digits."),
        widget=forms.TextInput(attrs={"inputmode": "tel", "autocomplete": "off"}),
    )
    sim_owner = forms.ChoiceField(
        label=_("In whose name the number is"),
        required=False,
        choices=[NONE, *SimOwner.choices],
    )
    note = forms.CharField(label=_("Remark"), required=False, max_length=MAX_NOTE)
    evidence = evidence_field()

    def __init__(self, *args: Any, holders: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        holder: Any = self.fields["holder"]
        holder.choices = [("", _("Choose")), *holders]
        holder.required = False


class PaperForm(forms.Form):
    """A signature that was given on paper."""

    name = forms.CharField(label=_("Who signed"), max_length=80)
    evidence = evidence_field()


class EventForm(forms.Form):
    kind = forms.ChoiceField(label=_("What happened"), choices=EventKind.choices)
    about = forms.ModelChoiceField(
        label=_("Appeal or answer: about which entry"),
        queryset=AccountEvent.objects.none(),
        required=False,
        empty_label=_("None"),
    )
    on = day_field(_("Day"))
    reference = forms.CharField(label=_("Platform's number"), required=False, max_length=80)
    note = forms.CharField(
        label=_("Remark"),
        required=False,
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    evidence = evidence_field()

    def __init__(self, *args: Any, account: SocialAccount, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        about: Any = self.fields["about"]
        about.queryset = can_be_answered(account)
        about.label_from_instance = lambda event: f"{event.get_kind_display()} · {event.on}"
