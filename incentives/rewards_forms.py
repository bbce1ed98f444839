"""Forms of the reward pages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from incentives import rewards, rewards_sources
from incentives.choices import TIER_CHOICES
from incentives.forms import PlainDecimalField, PlainIntegerField
from incentives.models import Reward
from incentives.rewards_rule import MOST_DAYS, MOST_MONTHS
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind, Platform

STEPS = 4
# How long points of a reward live unless the rule says otherwise.
MONTHS = 12
# Where nobody publishes notes.
NO_NOTES = (
    *(Platform.WECOM, Platform.WECHAT, Platform.OFFICIAL_ACCOUNT),
    *(Platform.MINI_PROGRAMME, Platform.GROUP),
)


def _amount(label: Any, **kwargs: Any) -> PlainDecimalField:
    return PlainDecimalField(
        label=label, min_value=0, max_digits=10, decimal_places=2, required=False, **kwargs
    )


def _days(label: Any, initial: int, help_text: Any) -> PlainIntegerField:
    return PlainIntegerField(
        label=label, min_value=0, max_value=MOST_DAYS, initial=initial, help_text=help_text
    )


class RewardRuleForm(forms.Form):
    """A reward rule; steps without an amount are left out."""

    name = forms.CharField(label=_("Name"), max_length=80)
    source = forms.ChoiceField(label=_("For what"))
    paid_in = forms.ChoiceField(
        label=_("Paid in"),
        choices=[("money", _("Money")), ("points", _("Points")), ("coupons", _("Coupons"))],
    )
    coupon = forms.ModelChoiceField(
        label=_("Which coupon"),
        queryset=Reward.objects.none(),
        required=False,
        empty_label=_("None"),
        help_text=_("Of the catalogue; each amount is so many of it, handed out at the check."),
    )
    coupon_cost = _amount(
        _("What one costs"), help_text=_("Counts against the budget; only for coupons.")
    )
    points_months = PlainIntegerField(
        label=_("Points live for months"),
        required=False,
        min_value=1,
        max_value=MOST_MONTHS,
        initial=MONTHS,
        help_text=_("To the end of the month; only where it pays points."),
    )
    first_day = forms.DateField(
        label=_("First day"), widget=forms.DateInput(attrs={"type": "date"})
    )
    last_day = forms.DateField(
        label=_("Last day"), required=False, widget=forms.DateInput(attrs={"type": "date"})
    )
    check_days = _days(_("Checked after days"), 7, _("It is paid if it still stands then."))
    count_days = _days(_("Figures count for days"), 30, _("From the day of publishing on."))
    watch_days = _days(
        _("Watched for days"), 60, _("A note removed by then gives its reward back.")
    )
    cap_person = _amount(_("Most for a person and month"))
    budget = _amount(_("Budget of the rule"))
    jump = PlainIntegerField(
        label=_("Look at jumps from"),
        required=False,
        min_value=1,
        help_text=_("So many interactions more within a day are looked at before they pay."),
    )
    kinds = forms.MultipleChoiceField(
        label=_("Kind"),
        choices=CreatorKind.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    tiers = forms.MultipleChoiceField(
        label=_("Tier"), choices=TIER_CHOICES, required=False, widget=forms.CheckboxSelectMultiple
    )
    platforms = forms.MultipleChoiceField(
        label=_("Platform"),
        choices=[(code, label) for code, label in Platform.choices if code not in NO_NOTES],
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    followers_from = PlainIntegerField(label=_("Followers from"), required=False, min_value=0)
    followers_to = PlainIntegerField(label=_("Followers up to"), required=False, min_value=0)
    handed_in = forms.BooleanField(label=_("Only notes whose link was handed in"), required=False)

    def __init__(self, *args: Any, coupons: QuerySet[Reward], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["coupon"].queryset = coupons  # type: ignore[attr-defined]
        self.fields["source"].choices = [  # type: ignore[attr-defined]
            (source.code, source.label) for source in rewards_sources.sources()
        ]
        for number in range(STEPS):
            self.fields[f"from_{number}"] = PlainIntegerField(
                label=pgettext_lazy("step of a reward", "From"),
                required=False,
                min_value=0,
                initial=0 if not number else None,
            )
            self.fields[f"pays_{number}"] = _amount(_("pays"))

    @property
    def steps(self) -> list[tuple[forms.BoundField, forms.BoundField]]:
        return [(self[f"from_{number}"], self[f"pays_{number}"]) for number in range(STEPS)]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if self.in_points:
            self._check_whole(data, ["cap_person", "budget"], _("Points are whole numbers."))
        if self.in_coupons:
            self._check_whole(data, ["cap_person"], _("Coupons are whole numbers."))
            if not data.get("coupon"):
                self.add_error("coupon", _("Say which coupon the rule hands out."))
        if not self.errors:
            try:
                rewards.checked(self.terms())
            except DomainError as refusal:
                self.add_error(None, str(refusal))
        return data

    @property
    def in_points(self) -> bool:
        return self.cleaned_data.get("paid_in") == "points"

    @property
    def in_coupons(self) -> bool:
        return self.cleaned_data.get("paid_in") == "coupons"

    @property
    def handed_out(self) -> Reward | None:
        """What the rule hands out, where it hands out anything."""
        return self.cleaned_data["coupon"] if self.in_coupons else None

    def _check_whole(self, data: dict[str, Any], names: Sequence[str], problem: Any) -> None:
        """Points and coupons have no parts."""
        for name in (*(f"pays_{n}" for n in range(STEPS)), *names):
            amount = data.get(name)
            if amount is not None and amount != int(amount):
                self.add_error(name, problem)

    def terms(self) -> dict[str, Any]:
        """The terms in JSON form, amounts in minor units, points or pieces."""
        data = self.cleaned_data
        unit = 1 if self.in_points or self.in_coupons else 100
        steps = [
            {"at_least": data.get(f"from_{n}") or 0, "amount": int(data[f"pays_{n}"] * unit)}
            for n in range(STEPS)
            if data.get(f"pays_{n}")
        ]
        names = (
            *("source", "check_days", "count_days", "watch_days", "jump", "handed_in"),
            *("kinds", "tiers", "platforms", "followers_from", "followers_to"),
        )
        # What coupons cost is money.
        units = {"cap_person": unit, "budget": 1 if self.in_points else 100}
        money = {
            name: int(data[name] * each) if data.get(name) is not None else None
            for name, each in units.items()
        }
        cost = int((data.get("coupon_cost") or 0) * 100) if self.in_coupons else None
        months = (data.get("points_months") or MONTHS) if self.in_points else None
        rest = {"steps": steps, "points_months": months, "coupon_cost": cost}
        return {name: data.get(name) for name in names} | money | rest


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


class BoostForm(forms.Form):
    """Ask for traffic for a note."""

    amount = PlainDecimalField(label=_("Amount"), min_value=1, max_digits=9, decimal_places=2)
    reason = forms.CharField(
        label=_("Reason"), max_length=300, widget=forms.Textarea(attrs={"rows": 2})
    )


class BoostStepForm(forms.Form):
    """The next step of a request: approve, decline, or record what was spent."""

    act = forms.ChoiceField(choices=[("approve", ""), ("decline", ""), ("spent", "")])
    amount = PlainDecimalField(
        label=_("Amount"), min_value=0, max_digits=9, decimal_places=2, required=False
    )
    reason = forms.CharField(label=_("Reason"), max_length=300, required=False)
    began_at = forms.DateTimeField(
        label=_("Began at"),
        required=False,
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}),
    )


class BudgetForm(forms.Form):
    amount = PlainDecimalField(
        label=_("Budget of this month"), min_value=0, max_digits=10, decimal_places=2
    )
