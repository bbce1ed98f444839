"""Input of the pages of the catalogue. What a command may refuse is left to the command."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from incentives.choices import TIER_CHOICES
from incentives.models.points import MOST_POINTS
from incentives.perks import MAX_REASON
from incentives.points_choices import Delivery, RewardKind
from matrix.choices import CreatorKind, Layer

MOST_GENERATED = 10_000
MOST_FILE = 5_000_000


class AccessForm(forms.Form):
    """For whom something is: kind, and tiers or layers (`perk_rules.Access`)."""

    creator_kind = forms.ChoiceField(
        label=_("For"), choices=[("", _("KOS and KOC")), *CreatorKind.choices], required=False
    )
    tiers = forms.MultipleChoiceField(
        label=_("Tiers"),
        choices=TIER_CHOICES,
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("None ticked: every tier. With layers ticked too, either opens the door."),
    )
    layers = forms.MultipleChoiceField(
        label=_("Layers"),
        choices=Layer.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )


class RewardForm(AccessForm):
    name = forms.CharField(label=_("Name"), max_length=80)
    about = forms.CharField(
        label=_("What it is, as people read it"),
        max_length=500,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    kind = forms.ChoiceField(label=_("Kind"), choices=RewardKind.choices)
    delivery = forms.ChoiceField(label=_("How it is handed out"), choices=Delivery.choices)
    price = forms.IntegerField(label=_("Price in points"), min_value=0, max_value=MOST_POINTS)
    stock = forms.IntegerField(
        label=_("Stock"),
        min_value=0,
        required=False,
        help_text=_("Empty: there is always more. Coupons count their codes."),
    )
    per_person = forms.IntegerField(label=_("At most per person"), min_value=1, required=False)
    opens_on = forms.DateField(
        label=_("From"), widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    )
    closes_on = forms.DateField(
        label=_("Last day"),
        required=False,
        widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"),
    )
    unit = forms.ModelChoiceField(
        queryset=Unit.objects.none(),
        required=False,
        label=_("Region or store"),
        empty_label=_("All regions and stores"),
    )

    def __init__(self, *args: Any, units: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        self.fields["unit"].queryset = units


class CodesForm(forms.Form):
    """Codes from a file, one a line (the first column of a CSV), typed in, or made here."""

    file = forms.FileField(label=_("File of codes"), required=False)
    lines = forms.CharField(
        label=_("Or codes, one a line"), required=False, widget=forms.Textarea(attrs={"rows": 4})
    )
    generate = forms.IntegerField(
        label=_("Or make so many"), min_value=1, max_value=MOST_GENERATED, required=False
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file and file.size > MOST_FILE:
            raise forms.ValidationError(_("The file is too large."))
        return file

    def codes(self) -> list[str]:
        """The codes of file and lines: the first column, a head without digits left out."""
        text = self.cleaned_data["lines"]
        if file := self.cleaned_data["file"]:
            text += "\n" + file.read().decode("utf-8-sig", errors="replace")
        first = [line.split(",")[0].strip().strip('"') for line in text.splitlines()]
        return [code for code in first if code and any(letter.isdigit() for letter in code)]


class HandOutForm(forms.Form):
    tracking = forms.CharField(label=_("Tracking number"), max_length=60, required=False)


class CancelForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason that the person reads"),
        max_length=MAX_REASON,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class TakeForm(forms.Form):
    client_key = forms.UUIDField(widget=forms.HiddenInput)
    address = forms.CharField(
        label=_("Where to send it"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Name, phone and address. Kept encrypted, deleted once it has arrived."),
    )
