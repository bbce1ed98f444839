"""Input of the rules of platforms. What a command may refuse is left to the command."""

from __future__ import annotations

from typing import Any

from django import forms
from django.forms import DateInput
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kosops.lib.errors import DomainError
from kosops.lib.money import parse_amount, plain_amount
from matrix.choices import PlatformRuleKind
from matrix.models import PlatformRule

PLACES = {
    "value_not_positive": "value",
    "dates_reversed": "valid_until",
    "rule_overlaps": "valid_from",
}


def _day_field(label: Any, **more: Any) -> forms.DateField:
    return forms.DateField(
        label=label, widget=DateInput(attrs={"type": "date"}, format="%Y-%m-%d"), **more
    )


class RuleForm(forms.Form):
    """A rule of a platform; the kind of one that is there already stays (``kind``)."""

    kind = forms.ChoiceField(label=_("Rule"), choices=PlatformRuleKind.choices)
    value = forms.CharField(
        label=pgettext_lazy("rule of a platform", "Value"),
        max_length=20,
        widget=forms.TextInput(attrs={"inputmode": "decimal"}),
        help_text=_("A number of accounts or notes, or the amount to be spent in a month."),
    )
    valid_from = _day_field(_("First day"))
    valid_until = _day_field(
        _("Last day"), required=False, help_text=_("Left empty, it holds until a new one begins.")
    )
    source = forms.CharField(
        label=_("Source"),
        required=False,
        max_length=200,
        help_text=_("Where the platform says so: page, contract or contact."),
    )
    note = forms.CharField(label=_("Remark"), required=False, max_length=300)

    def __init__(self, *args: Any, rule: PlatformRule | None = None, **kwargs: Any) -> None:
        self._kind = rule.kind if rule else ""
        if rule is not None:
            kwargs["initial"] = {
                "value": _written(rule),
                "valid_from": rule.valid_from,
                "valid_until": rule.valid_until,
                "source": rule.source,
                "note": rule.note,
            }
        super().__init__(*args, **kwargs)
        if rule is not None:
            del self.fields["kind"]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        if "value" in given:
            try:
                given["value"] = _read(given["value"], self._kind or given.get("kind", ""))
            except DomainError:
                self.add_error("value", _words(self._kind or given.get("kind", "")))
        return given


class RuleEndForm(forms.Form):
    """What can be changed of a rule that has come into force."""

    valid_until = _day_field(
        _("Last day"), required=False, help_text=_("Left empty, it holds until a new one begins.")
    )


# -- private -------------------------------------------------------------------


def _written(rule: PlatformRule) -> str:
    if rule.kind == PlatformRuleKind.MONTHLY_SPEND:
        return plain_amount(rule.value)
    return str(rule.value)


def _read(text: str, kind: str) -> int:
    """Minor units of an amount, or a whole number; the same digits for both (M32)."""
    minor = parse_amount(text, allow_negative=True)
    if kind == PlatformRuleKind.MONTHLY_SPEND:
        return minor
    if "." in text:
        raise DomainError("not_whole", "A number of accounts or notes is whole.")
    return minor // 100


def _words(kind: str) -> Any:
    if kind == PlatformRuleKind.MONTHLY_SPEND:
        return _("Write digits with at most two decimals, as in 12000.50.")
    return _("Write a whole number in digits, as in 200.")
