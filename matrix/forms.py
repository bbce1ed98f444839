"""Input of the pages of people and their accounts. What a command may refuse is left to the command."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from matrix.choices import (
    CreatorKind,
    IdentityProof,
    KocKind,
    Programme,
    RoleBadge,
    TalentType,
    WorksIn,
)
from matrix.domains import MAX_REASON
from matrix.layering import AXES
from matrix.layers import Thresholds
from matrix.models import Creator, SocialAccount

NONE = [("", _("None"))]


class CreatorForm(forms.Form):
    """What is known of a person; a KOS and a KOC are asked different things."""

    name = forms.CharField(label=pgettext_lazy("person", "Name"), max_length=80)
    position = forms.CharField(
        label=_("Position"),
        max_length=60,
        required=False,
        help_text=_("As it stands on the name badge; profiles of accounts should show it."),
    )
    badges = forms.MultipleChoiceField(
        label=_("Role badges"),
        choices=RoleBadge.choices,
        required=False,
        widget=forms.CheckboxSelectMultiple,
    )
    talent_type = forms.ChoiceField(
        label=_("Talent type"), choices=[*NONE, *TalentType.choices], required=False
    )
    koc_kind = forms.ChoiceField(
        label=_("KOC kind"), choices=[*NONE, *KocKind.choices], required=False
    )
    programme = forms.ChoiceField(
        label=_("Programme"), choices=[*NONE, *Programme.choices], required=False
    )
    identity = forms.ChoiceField(
        label=_("Known by"),
        choices=[("", _("Not checked yet")), *IdentityProof.choices],
        required=False,
        help_text=_("By what the company knows that this is a real person, and this one."),
    )
    share_code = forms.CharField(label=_("Share code"), max_length=30, required=False)

    def __init__(self, *args: Any, creator: Creator, **kwargs: Any) -> None:
        initial = {name: getattr(creator, name) for name in self.base_fields}
        super().__init__(*args, initial=initial, **kwargs)
        others = (
            ("koc_kind", "programme")
            if creator.kind == CreatorKind.KOS
            else ("badges", "talent_type")
        )
        for name in others:
            del self.fields[name]


class DomainForm(forms.Form):
    """Where a KOC works, against what the accounts say."""

    domain = forms.ChoiceField(
        label=_("Domain"),
        choices=[("", _("As the accounts say")), *WorksIn.choices],
        required=False,
    )
    reason = forms.CharField(
        label=_("Reason"),
        max_length=MAX_REASON,
        help_text=_("Such as: works in groups only, though she has an account."),
    )


class PersonaForm(forms.Form):
    name = forms.CharField(
        label=_("Name on all accounts"),
        max_length=80,
        help_text=_("The real name or one nickname, the same in public and in private."),
    )
    position = forms.CharField(label=_("Position shown"), max_length=60, required=False)
    introduction = forms.CharField(
        label=_("Introduction"),
        max_length=300,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Without phone numbers, WeChat ids or links: platforms forbid them."),
    )
    avatar = forms.CharField(
        label=_("The picture shows"),
        max_length=120,
        required=False,
        help_text=_("In words, such as “in uniform at the counter, smiling”."),
    )


class ProfileForm(forms.Form):
    """What the profile of an account shows."""

    name = forms.CharField(label=_("Name shown"), max_length=80)
    position = forms.CharField(label=_("Position shown"), max_length=60, required=False)
    store = forms.CharField(label=_("Store shown"), max_length=120, required=False)
    affiliation = forms.BooleanField(
        label=_("Says that the person belongs to the brand"), required=False
    )
    avatar = forms.BooleanField(label=_("Shows the picture of the persona"), required=False)

    def __init__(self, *args: Any, asks_avatar: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not asks_avatar:
            del self.fields["avatar"]


class PairForm(forms.Form):
    """``label`` says an account in words; names of personal accounts are masked there."""

    private = forms.ModelChoiceField(
        label=_("Private account that takes over the leads"),
        queryset=SocialAccount.objects.none(),
        widget=forms.RadioSelect,
        empty_label=None,
    )
    brand_account = forms.ModelChoiceField(
        label=_("Leads on to the brand’s"),
        queryset=SocialAccount.objects.none(),
        required=False,
        empty_label=_("No second hop"),
        help_text=_("The second hop: where the brand itself goes on with the customer."),
    )

    def __init__(
        self,
        *args: Any,
        private: QuerySet[Any],
        brand_accounts: QuerySet[Any],
        label: Callable[[Any], str],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        for name, queryset in (("private", private), ("brand_account", brand_accounts)):
            field: Any = self.fields[name]
            field.queryset, field.label_from_instance = queryset, label


class LayerForm(forms.Form):
    """Two whole numbers per axis, as ``<axis>_some`` and ``<axis>_much``."""

    def __init__(self, *args: Any, thresholds: Thresholds, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for axis, (some, much) in thresholds.items():
            label = AXES[axis]
            for name, value, words in (
                ("some", some, _("%(axis)s: some from")),
                ("much", much, _("%(axis)s: much from")),
            ):
                self.fields[f"{axis}_{name}"] = forms.IntegerField(
                    label=words % {"axis": label}, min_value=1, max_value=10**8, initial=value
                )

    def thresholds(self) -> Thresholds:
        said = self.cleaned_data
        return {axis: (said[f"{axis}_some"], said[f"{axis}_much"]) for axis in AXES}
