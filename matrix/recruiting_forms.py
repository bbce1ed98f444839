"""Input of the HQ pages of recruiting. What a command may refuse is left to the command."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import UnitKind
from accounts.models import Unit
from matrix import recruiting_words, screening, trials
from matrix.apply_forms import HttpsField
from matrix.choices import KocKind
from matrix.models import Recruitment
from matrix.recruiting_choices import ChannelKind, FieldKind, Reason, Route

MOST_PLACES = 100_000


def day_input() -> forms.DateInput:
    return forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})


def lines(rows: int) -> forms.Textarea:
    return forms.Textarea(attrs={"rows": rows})


class RecruitmentForm(forms.ModelForm):
    """No field asks for a price, and none pays for recruiting: joining is free."""

    consent = forms.CharField(
        label=_("Text that people agree to"),
        max_length=6000,
        widget=lines(8),
        help_text=_(
            "What the data are for, who sees them, how long they are kept and how to withdraw."
            " Another text is a new version; who agreed to which one is kept."
        ),
    )

    class Meta:
        model = Recruitment
        fields = (
            *("unit", "name", "purpose", "programme", "mode", "places", "opens_on", "closes_on"),
            *("about", "asked", "product", "note_days", "reapply_days"),
        )
        labels = {
            "unit": _("Who recruits"),
            "name": _("Name that applicants read"),
            "purpose": _("Purpose"),
            "programme": _("Programme"),
            "mode": _("Kind"),
            "places": _("Places"),
            "opens_on": _("Opens on"),
            "closes_on": _("Last day"),
            "about": _("What it is"),
            "asked": _("What is asked of whom"),
            "product": _("Product of the trial"),
            "note_days": _("Days for the note after receipt"),
            "reapply_days": _("Days until somebody declined may apply again"),
        }
        help_texts = {
            "product": _("Left empty nothing is sent; the trial is then the note alone."),
            "closes_on": _("Needed for one batch."),
        }
        widgets = {
            "opens_on": day_input(),
            "closes_on": day_input(),
            "about": lines(5),
            "asked": lines(4),
        }

    def __init__(self, *args: Any, units: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["unit"].queryset = units
        self.fields["unit"].empty_label = None
        self.fields["places"].min_value = 1
        self.fields["about"].max_length = 4000
        if self.instance.pk:
            del self.fields["unit"]
            self.fields["consent"].initial = self.instance.consents.order_by("-version")[0].text
        else:
            self.fields["opens_on"].initial = timezone.localdate()

    def _get_validation_exclusions(self) -> set[str]:
        # The command says in words what the database would refuse.
        return {field.name for field in Recruitment._meta.fields}

    def validate_constraints(self) -> None:
        """The command refuses in words."""

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in self.fields}


class ChannelForm(forms.Form):
    kind = forms.ChoiceField(label=_("Kind of channel"), choices=ChannelKind.choices)
    name = forms.CharField(label=_("Name of the channel"), max_length=60)


class QuestionForm(forms.Form):
    label = forms.CharField(label=_("Question"), max_length=120)
    kind = forms.ChoiceField(label=_("Answer"), choices=FieldKind.choices)
    options = forms.CharField(
        label=_("Answers to choose from"),
        required=False,
        max_length=800,
        widget=lines(3),
        help_text=_("One a line; only for “one of several”."),
    )
    required = forms.BooleanField(label=_("Must be answered"), required=False)


class WeightsForm(forms.Form):
    """The weights of the score, one number for each part."""

    def __init__(self, *args: Any, weights: dict[str, int], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for code in screening.PARTS:
            self.fields[code] = forms.IntegerField(
                label=recruiting_words.PARTS[code],
                help_text=recruiting_words.PART_NOTES[code],
                initial=weights.get(code, 0),
                min_value=0,
                max_value=screening.MOST_WEIGHT,
            )


class DeclineForm(forms.Form):
    reason = forms.ChoiceField(label=_("Reason"), choices=Reason.choices)
    text = forms.CharField(
        label=_("In words, for the applicant"),
        required=False,
        max_length=300,
        widget=lines(3),
        help_text=_("Stands after the reason. What the person can do about it."),
    )


class MarkForm(forms.Form):
    value = forms.TypedChoiceField(
        label=_("Quality of the notes"),
        choices=[(n, str(n)) for n in range(1, 6)],
        coerce=int,
        widget=forms.RadioSelect,
        help_text=_("1 weak, 5 excellent: pictures, words, own use, whether it helps readers."),
    )
    note = forms.CharField(label=_("What you saw"), required=False, max_length=200)


class ScoreForm(forms.Form):
    value = forms.IntegerField(
        label=_("Score"), required=False, min_value=0, max_value=100, help_text=_("0 to 100")
    )
    reason = forms.CharField(label=_("Why"), required=False, max_length=200)


class RouteForm(forms.Form):
    route = forms.ChoiceField(label=_("Route"), choices=Route.choices)


class SendForm(forms.Form):
    carrier = forms.CharField(label=_("Carrier"), max_length=40)
    parcel = forms.CharField(label=_("Parcel number"), max_length=40)
    on = forms.DateField(label=_("Sent on"), widget=day_input(), initial=timezone.localdate)


class ReceiveForm(forms.Form):
    on = forms.DateField(label=_("Received on"), widget=day_input(), initial=timezone.localdate)


class ExtendForm(forms.Form):
    days = forms.IntegerField(
        label=_("More days"), min_value=1, max_value=trials.MOST_EXTENSION, initial=7
    )
    reason = forms.CharField(label=_("Why"), max_length=200)


class LinkForm(forms.Form):
    link = HttpsField(label=_("Link to the note"))


class FailForm(forms.Form):
    text = forms.CharField(
        label=_("In words, for the applicant"), required=False, max_length=300, widget=lines(2)
    )


class GraduateForm(forms.Form):
    store = forms.ModelChoiceField(label=_("Store"), queryset=Unit.objects.none())
    koc_kind = forms.ChoiceField(
        label=_("KOC kind"), choices=KocKind.choices, initial=KocKind.INCUBATED
    )
    number = forms.CharField(
        label=_("Number"),
        required=False,
        max_length=40,
        help_text=_("Left empty it is the member number, or one is made."),
    )
    username = forms.CharField(
        label=_("Username"),
        required=False,
        max_length=60,
        help_text=_("Only if the person is to sign in on the phone pages."),
    )
    identity_checked = forms.BooleanField(
        label=_("I have seen who this is: name and document, or a call"), required=False
    )

    def __init__(self, *args: Any, stores: Any, with_sign_in: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["store"].queryset = stores.filter(kind=UnitKind.STORE, active=True).order_by(
            "name"
        )
        if not with_sign_in:
            del self.fields["username"]


class BestForm(forms.Form):
    count = forms.IntegerField(label=_("How many"), min_value=1, max_value=MOST_PLACES)
