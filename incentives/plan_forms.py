"""The form of a commission plan: its terms, its rates, the margins it is held against."""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from customers.choices import Channel
from incentives.choices import TIER_CHOICES, BeneficiaryRole
from incentives.forms import PlainDecimalField, PlainIntegerField, PlanForm
from incentives.models import PlanVersion
from incentives.models.plans import LONGEST_SHIELD
from incentives.plan_choices import BandMode, Base, Buyer, SelfPurchase
from incentives.plans import NewRate, PlanTerms, new_rates_of
from kosops.lib.money import MAX_MINOR
from matrix.choices import CreatorKind

ANY = [("", _("Any"))]
_STEP = re.compile(
    r"([0-9]{1,9}(?:\.[0-9]{1,2})?)\s*[:：=]\s*([0-9]{1,3}(?:\.[0-9]{1,2})?)", re.ASCII
)


class MoneyField(PlainDecimalField):
    """An amount of money in whole units with cents; minor units in `cleaned_data`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(
            min_value=Decimal("0.01"), max_value=MAX_MINOR // 100, decimal_places=2, **more
        )

    def clean(self, value: Any) -> int | None:
        found = super().clean(value)
        return None if found is None else int(found * 100)


class PercentField(PlainDecimalField):
    """A percentage; basis points in `cleaned_data`."""

    def __init__(self, **more: Any) -> None:
        super().__init__(min_value=0, max_value=100, decimal_places=2, **more)

    def clean(self, value: Any) -> int | None:
        found = super().clean(value)
        return None if found is None else int(found * 100)


class TermsForm(PlanForm):
    """What a plan says besides its rates."""

    field_order = ["name", "valid_from", "valid_until", "hold_days", "cap_percent"]

    valid_until = forms.DateField(
        label=_("Last day"),
        required=False,
        help_text=_("Empty: until the next plan."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )
    order_cap = MoneyField(
        label=_("Limit per order"),
        required=False,
        help_text=_("All roles together never get more of one order."),
    )
    person_cap = MoneyField(
        label=_("Limit per person and month"),
        required=False,
        help_text=_("One person never earns more by this plan in a month."),
    )
    band_mode = forms.ChoiceField(
        label=_("A step counts for"),
        choices=BandMode.choices,
        initial=BandMode.MARGINAL,
        required=False,
    )
    shield_days = PlainIntegerField(
        label=_("Shield in days"),
        min_value=0,
        max_value=LONGEST_SHIELD,
        initial=30,
        required=False,
        help_text=_(
            "Who was promoting in as many days before keeps a higher old rate for so long."
        ),
    )
    self_purchase = forms.ChoiceField(
        label=_("Own orders earn"),
        choices=SelfPurchase.choices,
        initial=SelfPurchase.NOTHING,
        required=False,
    )
    self_bp = PercentField(
        label=_("Part of the rate for own orders in %"), initial=50, required=False
    )

    def as_terms(self) -> PlanTerms:
        data = dict(self.cleaned_data)
        defaults = PlanTerms(name="", valid_from=data["valid_from"])
        for name in ("band_mode", "shield_days", "self_purchase", "self_bp"):
            if data[name] in (None, ""):
                data[name] = getattr(defaults, name)
        return PlanTerms(**data)


class WideRateForm(forms.Form):
    """One rate; rows without a percentage or an amount are left out."""

    role = forms.ChoiceField(label=_("Role"), choices=BeneficiaryRole.choices)
    category = forms.CharField(label=_("Category"), max_length=60, required=False)
    tier = forms.ChoiceField(label=_("Tier"), choices=[*ANY, *TIER_CHOICES], required=False)
    creator_kind = forms.ChoiceField(
        label=_("Kind"), choices=[*ANY, *CreatorKind.choices], required=False
    )
    percent = PercentField(label=_("Rate in %"), required=False)
    sku = forms.CharField(label=_("Article number"), max_length=60, required=False)
    unit = forms.CharField(
        label=_("Region or store"), max_length=40, required=False, help_text=_("Its code.")
    )
    channel = forms.ChoiceField(
        label=_("Channel"), choices=[*ANY, *Channel.choices], required=False
    )
    buyer = forms.ChoiceField(label=_("Buyer"), choices=[*ANY, *Buyer.choices], required=False)
    fixed_amount = MoneyField(label=_("Or a fixed amount"), required=False)
    per_piece = forms.BooleanField(label=_("For each piece"), required=False)
    base = forms.ChoiceField(label=_("A part of"), choices=Base.choices, required=False)
    month_cap = MoneyField(label=_("Limit per month"), required=False)
    steps = forms.CharField(
        label=_("Steps in the month"),
        required=False,
        max_length=200,
        help_text=_("From so much on, so many percent, as 10000 = 6; 30000 = 8"),
    )
    priority = PlainIntegerField(
        label=_("Priority"), min_value=-99, max_value=99, initial=0, required=False
    )

    def __init__(self, *args: Any, brand: Unit | None = None, **more: Any) -> None:
        super().__init__(*args, **more)
        self.brand = brand

    def clean_unit(self) -> Unit | None:
        code = self.cleaned_data["unit"].strip()
        if not code:
            return None
        found = Unit.objects.filter(code=code, path__startswith=self.brand.path).first()
        if found is None:
            raise ValidationError(_("There is no region or store with this code."))
        return found

    def clean_steps(self) -> tuple[tuple[int, int], ...]:
        found = []
        for part in re.split(r"[;；\n]", self.cleaned_data["steps"]):
            if not part.strip():
                continue
            step = _STEP.fullmatch(part.strip())
            if step is None or Decimal(step[2]) > 100 or not Decimal(step[1]):
                raise ValidationError(_("Write steps as in 10000 = 6; 30000 = 8"))
            found.append((int(Decimal(step[1]) * 100), int(Decimal(step[2]) * 100)))
        if len({start for start, _rate in found}) < len(found):
            raise ValidationError(_("Two steps begin at the same amount."))
        return tuple(sorted(found))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("percent") is not None and data.get("fixed_amount") is not None:
            raise ValidationError(_("A rate is a percentage or a fixed amount, not both."))
        return data

    @property
    def detailed(self) -> bool:
        """Whether more than the first row of fields is filled or wrong."""
        plain = {"role", "category", "tier", "creator_kind", "percent"}
        said = {name for name in self.fields if self[name].value() not in (None, "", 0, "0", False)}
        return bool((said - plain - {"base"}) | (set(self.errors) - plain))

    def as_rate(self) -> NewRate | None:
        row = self.cleaned_data
        if row.get("percent") is None and row.get("fixed_amount") is None:
            return None
        return NewRate(
            role=row["role"],
            rate_bp=row["percent"] or 0,
            category=row["category"].strip(),
            tier=row["tier"],
            creator_kind=row["creator_kind"],
            sku=row["sku"].strip(),
            unit_id=row["unit"].pk if row["unit"] else None,
            channel=row["channel"],
            buyer=row["buyer"],
            priority=row["priority"] or 0,
            fixed_amount=row["fixed_amount"],
            per_piece=bool(row["fixed_amount"]) and row["per_piece"],
            base=row["base"] or Base.LINE,
            month_cap=row["month_cap"],
            steps=row["steps"],
        )


class BaseWideRates(forms.BaseFormSet):
    def as_rates(self) -> list[NewRate]:
        return [rate for form in self.forms if (rate := form.as_rate()) is not None]


WideRateFormSet = forms.formset_factory(
    WideRateForm, formset=BaseWideRates, extra=4, max_num=60, absolute_max=60
)


class MarginForm(forms.Form):
    category = forms.CharField(
        label=_("Category"), max_length=60, required=False, help_text=_("Empty: all others")
    )
    margin = PercentField(label=_("Margin in %"), required=False)


MarginFormSet = forms.formset_factory(MarginForm, extra=2, max_num=40, absolute_max=40)


def margins_of(forms_: Any) -> list[tuple[str, int]]:
    return [
        (row["category"].strip(), row["margin"])
        for row in forms_.cleaned_data
        if row.get("margin") is not None
    ]


class DecideForm(forms.Form):
    """Approve a plan, or send it back with a reason."""

    decision = forms.ChoiceField(choices=[("approve", ""), ("send_back", "")])
    reason = forms.CharField(
        label=_("Reason"), max_length=300, required=False, widget=forms.Textarea(attrs={"rows": 2})
    )


# -- a version as the form shows it --------------------------------------------


def initial_of(version: PlanVersion) -> dict[str, Any]:
    return {
        "name": version.name,
        "valid_from": version.valid.lower,
        "valid_until": version.last_day,
        "hold_days": version.hold_days,
        "cap_percent": _units(version.cap_bp),
        "order_cap": _units(version.order_cap),
        "person_cap": _units(version.person_cap),
        "band_mode": version.band_mode,
        "shield_days": version.shield_days,
        "self_purchase": version.self_purchase,
        "self_bp": _units(version.self_bp),
    }


def initial_rates_of(version: PlanVersion) -> list[dict[str, Any]]:
    codes = dict(version.rates.filter(unit__isnull=False).values_list("unit_id", "unit__code"))
    return [
        {
            **rate.__dict__,
            "percent": None if rate.fixed_amount else _units(rate.rate_bp),
            "unit": codes.get(rate.unit_id, ""),
            "fixed_amount": _units(rate.fixed_amount),
            "month_cap": _units(rate.month_cap),
            "steps": "; ".join(f"{_units(start)} = {_units(bp)}" for start, bp in rate.steps),
        }
        for rate in new_rates_of(version)
    ]


def initial_margins_of(version: PlanVersion) -> list[dict[str, Any]]:
    return [
        {"category": margin.category, "margin": _units(margin.margin_bp)}
        for margin in version.margins.order_by("category")
    ]


def _units(hundredths: int | None) -> str | None:
    if hundredths is None:
        return None
    return f"{Decimal(hundredths) / 100:f}"
