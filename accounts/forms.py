"""Input of the pages. What a command may refuse is left to the command."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django import forms
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.access import SCOPE_WORDS
from accounts.choices import Role, Theme
from accounts.models import Unit

# Browsers drop leading blanks of an option, but keep this one.
EM_SPACE = "\u2003"


# Nothing is chosen beforehand: the first role is the most powerful one.
ROLES = [("", _("Choose a role")), *Role.choices]


class UnitField(forms.ModelChoiceField):
    """A unit of the person's part of the tree, indented as it stands there."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("label", _("Unit"))
        options.setdefault("empty_label", _("Choose a unit"))
        super().__init__(queryset=Unit.objects.none(), **options)

    def within(self, units: QuerySet[Unit]) -> None:
        self.queryset = units.filter(active=True).order_by("path")

    def label_from_instance(self, unit: Any) -> str:
        indent = EM_SPACE * (unit.path.count("/") - 2)
        return f"{indent}{unit.name} ({unit.code})"


class DateField(forms.DateField):
    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)
    unit = UnitField(help_text=_("The role holds here and in everything below."))
    since = DateField(label=_("First day"), required=False, help_text=_("Empty means today."))
    until = DateField(label=_("Last day"), required=False, help_text=_("Empty means until ended."))

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].within(units)


class PersonForm(forms.Form):
    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=80)
    username = forms.CharField(
        label=_("Username"),
        max_length=60,
        help_text=_("Small letters, digits, dots, hyphens and underscores."),
    )
    email = forms.EmailField(label=_("E-mail"), required=False)
    language = forms.ChoiceField(
        label=_("Language"),
        required=False,
        choices=[("", _("As the browser")), *settings.LANGUAGES],
    )
    role = forms.ChoiceField(label=_("Role"), choices=ROLES)
    unit = UnitField(help_text=_("The role holds here and in everything below."))

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].within(units)


class ApiKeyForm(forms.Form):
    name = forms.CharField(
        label=_("Name"), max_length=80, help_text=_("The system or team that will use it.")
    )
    unit = UnitField(help_text=_("The key reaches this unit and everything below."))
    scopes = forms.MultipleChoiceField(
        label=_("Scopes"),
        choices=[
            (scope, format_lazy("{} · {}", scope, words)) for scope, words in SCOPE_WORDS.items()
        ],
        widget=forms.CheckboxSelectMultiple,
        help_text=_(
            "Only what the system needs. Reporting orders and approving payouts never go together."
        ),
    )
    expires_on = DateField(
        label=_("Last day"), required=False, help_text=_("Empty means until revoked.")
    )

    def __init__(self, *args: Any, units: QuerySet[Unit], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].within(units)

    def expires_at(self) -> dt.datetime | None:
        """The end of the last day, in the brand's time zone."""
        day = self.cleaned_data["expires_on"]
        if day is None:
            return None
        return timezone.make_aware(dt.datetime.combine(day + dt.timedelta(days=1), dt.time.min))


class PreferencesForm(forms.Form):
    theme = forms.ChoiceField(choices=Theme.choices, required=False)
    language = forms.ChoiceField(choices=settings.LANGUAGES, required=False)
    next = forms.CharField(required=False)

    def chosen(self) -> dict[str, str]:
        """Only what the form that was sent is about; an empty theme is a choice."""
        return {
            name: self.cleaned_data[name]
            for name in ("theme", "language")
            if name in self.data and name in self.cleaned_data
        }
