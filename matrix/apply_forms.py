"""The public form, as its recruitment wants it, and the forms of the private status page."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.validators import URLValidator
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.choices import UnitKind
from accounts.models import Unit
from kosops.lib.errors import DomainError
from matrix.applications import Filled, NamedAccount, handle_key
from matrix.choices import Domain, Platform
from matrix.models import Recruitment, RecruitmentField
from matrix.phones import normalised
from matrix.platforms import used_by
from matrix.recruiting_choices import FieldKind, Level
from matrix.trials import Address

ACCOUNTS = 3
MOST_FOLLOWERS = 500_000_000
# Field of the form that people do not see; programs fill in all there is.
TRAP = "website"
# What a form brings besides its fields.
BESIDES = ("csrfmiddlewaretoken", "stamp", "question", "answer", TRAP)


class PhoneField(forms.CharField):
    """A mainland mobile number; the value is its eleven digits."""

    def __init__(self, **kwargs: Any) -> None:
        attrs = {"inputmode": "tel", "autocomplete": "tel"}
        super().__init__(max_length=30, widget=forms.TextInput(attrs=attrs), **kwargs)

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return (normalised(text) or "!") if text else ""

    def clean(self, value: Any) -> str:
        found = super().clean(value)
        if found == "!":
            raise forms.ValidationError(
                _("This is not a mobile number of mainland China. It has 11 digits.")
            )
        return str(found)


class HttpsField(forms.URLField):
    default_validators = [URLValidator(schemes=["https", "http"])]

    def __init__(self, **kwargs: Any) -> None:
        widget = forms.URLInput(attrs={"inputmode": "url", "autocomplete": "off"})
        super().__init__(max_length=300, widget=widget, assume_scheme="https", **kwargs)


def _level(label: Any) -> forms.TypedChoiceField:
    return forms.TypedChoiceField(
        label=label, choices=Level.choices, coerce=int, widget=forms.RadioSelect
    )


class ApplyForm(forms.Form):
    """What an applicant fills in; questions of the recruitment's own and accounts are added."""

    name = forms.CharField(
        label=_("Your name"),
        max_length=40,
        widget=forms.TextInput(attrs={"autocomplete": "name"}),
    )
    phone = PhoneField(
        label=_("Mobile number"), help_text=_("Mainland China, 11 digits. No code is sent to it.")
    )
    email = forms.EmailField(
        label=_("E-mail"),
        required=False,
        max_length=120,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
    city = forms.CharField(label=_("City"), required=False, max_length=40)
    store = forms.ModelChoiceField(
        label=_("Store near you"), queryset=Unit.objects.none(), required=False
    )
    member_number = forms.CharField(
        label=_("Member number"),
        required=False,
        max_length=40,
        help_text=_("If you are a member: what you bought then counts for you."),
    )
    recent_notes = forms.IntegerField(
        label=_("Notes or videos that you published in the last 30 days"),
        required=False,
        min_value=0,
        max_value=999,
        widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
    )
    willingness = _level(_("Do you like to tell others what you use?"))
    content = _level(_("Do you write notes or make videos?"))
    network = _level(_("Do you look after a group, or do many ask you for advice?"))

    def __init__(
        self, *args: Any, recruitment: Recruitment, questions: Iterable[RecruitmentField], **kw: Any
    ) -> None:
        super().__init__(*args, **kw)
        # Own platforms of a brand are for its own accounts; applicants name what everybody knows.
        self.platforms = [
            (code, label)
            for code, label in used_by([recruitment.brand_id], Domain.PUBLIC)
            if code in Platform
        ]
        self.questions = list(questions)
        stores = Unit.objects.filter(
            path__startswith=recruitment.unit.path, kind=UnitKind.STORE, active=True
        ).order_by("city", "name")
        self.fields["store"].queryset = stores  # type: ignore[attr-defined]
        self.fields["store"].label_from_instance = _store_label  # type: ignore[attr-defined]
        self.fields["store"].empty_label = _("No wish")  # type: ignore[attr-defined]
        for number in range(1, ACCOUNTS + 1):
            self._add_account(number)
        for question in self.questions:
            self.fields[f"question_{question.pk}"] = _field_of(question)
        self.fields["adult"] = forms.BooleanField(
            label=_("I am 18 or older"),
            error_messages={
                "required": _(
                    "Only people of 18 years or more can take part. Thank you for your interest;"
                    " come back when you are 18."
                )
            },
        )
        self.fields["consent"] = forms.BooleanField(
            label=_("I have read this and agree"),
            error_messages={
                "required": _("Without your agreement we may not keep what you write.")
            },
        )

    def _add_account(self, number: int) -> None:
        self.fields[f"platform_{number}"] = forms.ChoiceField(
            label=_("Platform"), choices=[("", "–"), *self.platforms], required=False
        )
        self.fields[f"handle_{number}"] = forms.CharField(
            label=_("Name of the account"), max_length=80, required=False
        )
        self.fields[f"link_{number}"] = HttpsField(label=_("Link to the account"), required=False)
        self.fields[f"followers_{number}"] = forms.IntegerField(
            label=_("Followers"),
            required=False,
            min_value=0,
            max_value=MOST_FOLLOWERS,
            widget=forms.NumberInput(attrs={"inputmode": "numeric"}),
        )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for number in range(1, ACCOUNTS + 1):
            platform, handle = data.get(f"platform_{number}"), data.get(f"handle_{number}")
            some = handle or data.get(f"link_{number}") or data.get(f"followers_{number}")
            if some and not platform:
                self.add_error(f"platform_{number}", _("Choose the platform of this account."))
            if (platform or some) and not handle:
                self.add_error(f"handle_{number}", _("Write the name of this account."))
        return data

    def unknown(self, posted: Iterable[str]) -> list[str]:
        """Names in the request that no form of ours has (I10)."""
        return sorted(set(posted) - set(self.fields) - set(BESIDES))

    # -- parts of the page --

    @property
    def account_groups(self) -> list[list[forms.BoundField]]:
        names = ("platform", "handle", "link", "followers")
        return [[self[f"{name}_{number}"] for name in names] for number in range(1, ACCOUNTS + 1)]

    @property
    def own_questions(self) -> list[forms.BoundField]:
        return [self[f"question_{each.pk}"] for each in self.questions]

    def filled(self) -> Filled:
        data = self.cleaned_data
        return Filled(
            name=data["name"],
            phone=data["phone"],
            email=data["email"],
            city=data["city"],
            store=data["store"],
            member_number=data["member_number"],
            recent_notes=data["recent_notes"],
            willingness=data["willingness"],
            content=data["content"],
            network=data["network"],
            accounts=self._accounts(),
            answers={
                str(each.pk): answer
                for each in self.questions
                if (answer := data[f"question_{each.pk}"]) not in (None, "")
            },
        )

    def _accounts(self) -> list[NamedAccount]:
        data = self.cleaned_data
        return [
            NamedAccount(
                platform=data[f"platform_{number}"],
                handle=data[f"handle_{number}"],
                url=data[f"link_{number}"],
                followers=data[f"followers_{number}"],
            )
            for number in range(1, ACCOUNTS + 1)
            if data[f"platform_{number}"] and handle_key(data[f"handle_{number}"])
        ]


def _store_label(store: Unit) -> str:
    return f"{store.city} · {store.name}" if store.city else store.name


def _field_of(question: RecruitmentField) -> forms.Field:
    plain: dict[str, Any] = {"label": question.label, "required": question.required}
    if question.kind == FieldKind.LONG:
        return forms.CharField(max_length=1000, widget=forms.Textarea(attrs={"rows": 4}), **plain)
    if question.kind == FieldKind.CHOICE:
        texts = [(text, text) for text in question.options]
        return forms.ChoiceField(choices=texts, widget=forms.RadioSelect, **plain)
    if question.kind == FieldKind.YES_NO:
        answers: Any = [("yes", _("Yes")), ("no", _("No"))]
        return forms.ChoiceField(choices=answers, widget=forms.RadioSelect, **plain)
    if question.kind == FieldKind.LINK:
        return HttpsField(**plain)
    return forms.CharField(max_length=120, **plain)


class AddressForm(forms.Form):
    receiver = forms.CharField(
        label=_("Receiver"), max_length=40, widget=forms.TextInput(attrs={"autocomplete": "name"})
    )
    phone = PhoneField(label=_("Mobile number for the delivery"))
    street = forms.CharField(
        label=pgettext_lazy("parcel", "Address"),
        max_length=200,
        widget=forms.Textarea(attrs={"rows": 3, "autocomplete": "street-address"}),
    )

    def address(self) -> Address:
        return Address(**self.cleaned_data)


class HandInForm(forms.Form):
    link = HttpsField(label=_("Link to your note"))


def unknown_field(names: list[str]) -> DomainError:
    return DomainError(
        "unknown_field",
        _("The form brought something that we did not ask for. Open it anew and fill it in there."),
        status=400,
        names=", ".join(names)[:80],
    )
