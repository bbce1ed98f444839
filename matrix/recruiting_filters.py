"""The list of applications."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import F, Q, QuerySet, SmallIntegerField, Value
from django.db.models.functions import Coalesce
from django.forms import HiddenInput
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kosops.ui.listing import ListColumn, ListFilter
from matrix.filters import UnitFilter
from matrix.models import Application, RecruitmentChannel
from matrix.recruiting import visible_to
from matrix.recruiting_choices import (
    HOLDING,
    UNDECIDED,
    ChannelKind,
    Flag,
    Route,
    Stage,
    TrialState,
)

# Nobody's score is below 0, so whoever has none stands at the end.
RANKED = Coalesce(F("override"), F("score"), Value(-1), output_field=SmallIntegerField())
HOLDS, NONE = "holds", "none"
OVERDUE = "overdue"


def _recruitments(request: HttpRequest) -> QuerySet[Any]:
    return visible_to(request.user).select_related("unit")


def _channels(request: HttpRequest) -> QuerySet[Any]:
    return RecruitmentChannel.objects.filter(recruitment__in=visible_to(request.user).values("pk"))


class ApplicationFilter(ListFilter):
    """Applications of all recruitments or, with ``recruitment``, of one; the best first."""

    sorts = {"score": "ranked", "applied": "applied_at", "since": "stage_since"}
    default_sort = "-score"
    columns = [
        ListColumn(code="applicant", label=_("Applicant")),
        ListColumn(
            code="score", define="application_score", label=_("Score"), numeric=True, sort="score"
        ),
        ListColumn(code="stage", label=_("Stage")),
        ListColumn(code="route", label=pgettext_lazy("way into the programme", "Route")),
        ListColumn(code="flags", define="application_flags", label=_("To look at")),
        ListColumn(code="accounts", label=_("Accounts"), usual=False),
        ListColumn(
            code="followers", define="application_followers", label=_("Followers"), numeric=True
        ),
        ListColumn(code="mark", define="application_mark", label=_("Mark"), numeric=True),
        ListColumn(
            code="orders",
            define="application_orders",
            label=_("Orders"),
            numeric=True,
            usual=False,
        ),
        ListColumn(code="place", label=_("City or store")),
        ListColumn(code="channel", label=_("Channel"), usual=False),
        ListColumn(code="applied", label=_("Applied"), numeric=True, sort="applied"),
        ListColumn(
            code="since", label=_("In this stage since"), numeric=True, sort="since", usual=False
        ),
    ]

    q = django_filters.CharFilter(
        method="search", label=_("Name, number, city or last 4 digits"), max_length=80
    )
    recruitment = django_filters.ModelChoiceFilter(
        queryset=_recruitments, label=_("Recruitment"), widget=HiddenInput
    )
    stage = django_filters.ChoiceFilter(
        choices=[(UNDECIDED, _("To be screened")), *Stage.choices],
        method="in_stage",
        label=_("Stage"),
        empty_label=_("Every stage"),
    )
    route = django_filters.ChoiceFilter(
        choices=Route.choices,
        label=pgettext_lazy("way into the programme", "Route"),
        empty_label=_("Every route"),
    )
    flag = django_filters.ChoiceFilter(
        choices=[(NONE, _("Nothing to look at")), (HOLDS, _("Held by a flag")), *Flag.choices],
        method="flagged",
        label=_("To look at"),
        empty_label=_("With or without flags"),
    )
    source = django_filters.ChoiceFilter(
        field_name="channel__kind",
        choices=ChannelKind.choices,
        label=_("Channel"),
        empty_label=_("Every channel"),
    )
    channel = django_filters.ModelChoiceFilter(
        queryset=_channels, label=_("Channel"), widget=HiddenInput
    )
    score = django_filters.NumberFilter(
        method="scored", label=_("Score from"), min_value=0, max_value=100
    )
    trial = django_filters.ChoiceFilter(
        choices=[(OVERDUE, _("Note overdue")), *TrialState.choices],
        method="in_trial",
        label=pgettext_lazy("application", "Trial"),
        empty_label=_("Any trial"),
    )
    unit = UnitFilter(path_field="unit", permission="recruiting.view")

    class Meta:
        model = Application
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Part of name or city; whole number of the application or member; last four digits."""
        found = Q(name__icontains=value) | Q(city__icontains=value) | Q(member_number=value)
        digits = value.lstrip("#")
        if digits.isascii() and digits.isdigit() and len(digits) < 18:
            found |= Q(phone_last4=digits) | Q(pk=int(digits))
        return rows.filter(found)

    def in_stage(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        wanted = [Stage.APPLIED, Stage.SCREENING] if value == UNDECIDED else [value]
        return rows.filter(stage__in=wanted)

    def flagged(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == NONE:
            return rows.filter(flags=[])
        return rows.filter(flags__overlap=list(HOLDING) if value == HOLDS else [value])

    def scored(self, rows: QuerySet[Any], name: str, value: Any) -> QuerySet[Any]:
        return rows.alias(at_least=RANKED).filter(at_least__gte=value)

    def in_trial(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == OVERDUE:
            return rows.filter(
                trial__state=TrialState.RECEIVED, trial__due_on__lt=timezone.localdate()
            )
        return rows.filter(trial__state=value)

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with the column that the order asked for needs."""
        return rows.annotate(ranked=RANKED)
