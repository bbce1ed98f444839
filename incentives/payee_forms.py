"""Input about people who are paid and about the rules of paying."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from incentives.forms import PlainDecimalField
from incentives.payout_choices import DestinationKind, Encoding, IdentitySource, TaxMethod, TaxSpan

# In which field a refusal of a command belongs.
PLACES = {
    "invalid_account": "account",
    "invalid_holder": "holder",
    "consent_needed": "consent",
    "invalid_birth_date": "born",
    "identity_is_checked": "born",
    "invalid_source": "source",
    "reason_needed": "reason",
    "in_the_past": "until",
}
RULE_PLACES = {
    "in_the_past": "valid_from",
    "day_taken": "valid_from",
    "invalid_minimum": "minimum",
    "limits_crossed": "finance_over",
    "cumulative_by_month": "span",
}


def _day(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(label=label, widget=forms.DateInput(attrs={"type": "date"}), **more)


class AccountForm(forms.Form):
    kind = forms.ChoiceField(
        label=_("Paid to"), choices=DestinationKind.choices, widget=forms.RadioSelect
    )
    holder = forms.CharField(
        label=_("Holder"), max_length=60, help_text=_("The name exactly as the bank has it.")
    )
    account = forms.CharField(
        label=_("Number or openid"),
        max_length=80,
        help_text=_("For WeChat the openid that the brand's mini-programme shows."),
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )
    consent = forms.BooleanField(
        label=_("A signed consent to keeping this account is in the files.")
    )


class OwnAccountForm(AccountForm):
    """As the person fills it; the day of birth only while it is not known."""

    born = _day(_("Day of birth"), help_text=_("Cash is for adults only."))
    consent = forms.BooleanField(
        label=_(
            "I agree that my account and day of birth are kept, encrypted, to pay me and to "
            "declare the tax, and for nothing else."
        )
    )
    field_order = ["kind", "holder", "account", "born", "consent"]

    def __init__(self, *args: Any, ask_born: bool, **more: Any) -> None:
        super().__init__(*args, **more)
        if not ask_born:
            del self.fields["born"]


class IdentityForm(forms.Form):
    born = _day(_("Day of birth"))
    source = forms.ChoiceField(label=_("Checked by"), choices=IdentitySource.choices)


class HoldForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, help_text=_("The person reads it on the phone.")
    )
    until = _day(_("Last day"), required=False, help_text=_("Empty: until somebody lifts it."))


class ReasonForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=300)


class YuanField(PlainDecimalField):
    """An amount in yuan, read as minor units; empty is none."""

    def __init__(self, **more: Any) -> None:
        super().__init__(min_value=0, max_value=10**9, decimal_places=2, **more)

    def clean(self, value: Any) -> int | None:
        found = super().clean(value)
        return None if found is None else int(found * 100)

    def prepare_value(self, value: Any) -> Any:
        return f"{value // 100}.{value % 100:02d}" if isinstance(value, int) else value


class PayoutPolicyForm(forms.Form):
    valid_from = _day(_("First day"))
    minimum = YuanField(label=_("Smallest payout"), help_text=_("In yuan."))
    second_over = YuanField(
        label=_("Second checker above"),
        required=False,
        help_text=_("Sum of a batch in yuan; empty: one checker is always enough."),
    )
    finance_over = YuanField(
        label=_("Finance approves above"),
        required=False,
        help_text=_("Sum of a batch in yuan; empty: no such limit."),
    )
    staff_by_payroll = forms.BooleanField(
        label=_("Staff (KOS) are paid by payroll"),
        required=False,
        help_text=_("Their amounts go to payroll as a file; without it they are paid by the bank."),
    )
    encoding = forms.ChoiceField(label=_("Code of the bank's file"), choices=Encoding.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)


class TaxPolicyForm(forms.Form):
    valid_from = _day(_("First day"))
    method = forms.ChoiceField(label=_("Method"), choices=TaxMethod.choices)
    span = forms.ChoiceField(label=_("Worked out"), choices=TaxSpan.choices)
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)
