"""Filters of the lists; the same set serves a page and the REST API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from accounts.activity import DONE
from accounts.choices import JobState, Role
from accounts.models import Activity, Grant, Job, Person
from kosops.ui.listing import ListColumn, ListFilter
from kosops.ui.period_filters import PeriodFilter, SinceFilter, UntilFilter


class JobFilter(ListFilter):
    sorts = {"started": "created_at"}
    default_sort = "-started"
    columns = [
        ListColumn(code="job", label=_("Job")),
        ListColumn(code="state", label=_("State")),
        ListColumn(code="progress", label=_("Progress")),
        ListColumn(code="unit", label=_("Unit")),
        ListColumn(code="by", label=_("Started by")),
        ListColumn(code="when", label=_("When")),
    ]

    state = django_filters.ChoiceFilter(
        label=_("State"), choices=JobState.choices, empty_label=_("All states")
    )

    class Meta:
        model = Job
        fields: list[str] = []


class ActivityFilter(ListFilter):
    """``object_type`` and ``object_id`` come from links to the history of one thing."""

    sorts = {"at": "at"}
    default_sort = "-at"
    columns = [
        ListColumn(code="object", label=_("Object")),
        ListColumn(code="when", label=_("When")),
        ListColumn(code="who", label=_("Who")),
        ListColumn(code="done", label=_("What")),
        ListColumn(code="unit", label=_("Unit")),
        ListColumn(code="changes", label=_("Before and after")),
    ]

    who = django_filters.CharFilter(
        label=_("Who"), field_name="actor_label", lookup_expr="icontains"
    )
    done = django_filters.ChoiceFilter(
        label=_("What"),
        choices=lambda: sorted(DONE.items(), key=lambda item: str(item[1])),
        method="by_done",
        empty_label=_("Everything"),
    )
    q = django_filters.CharFilter(
        label=_("Object"), field_name="object_label", lookup_expr="icontains"
    )
    object_type = django_filters.CharFilter(label=_("Kind of object"))
    object_id = django_filters.NumberFilter(label=_("Object"))
    period = PeriodFilter(field_name="at")
    since = SinceFilter(field_name="at")
    until = UntilFilter(field_name="at")

    class Meta:
        model = Activity
        fields: list[str] = []

    def by_done(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(verb__endswith=f".{value}")


class PersonFilter(ListFilter):
    sorts = {"name": "name"}
    default_sort = "name"
    columns = [
        ListColumn(code="name", label=pgettext_lazy("person", "Name")),
        ListColumn(code="roles", label=_("Roles today")),
        ListColumn(code="access", label=_("Access")),
        ListColumn(code="last_login", label=_("Last sign-in")),
    ]

    q = django_filters.CharFilter(
        label=pgettext_lazy("person", "Name"), method="by_name", max_length=80
    )
    role = django_filters.ChoiceFilter(
        label=_("Role"), choices=Role.choices, method="by_role", empty_label=_("All roles")
    )
    access = django_filters.ChoiceFilter(
        label=_("Access"),
        choices=[("active", _("May sign in")), ("ended", _("Access ended"))],
        method="by_access",
        empty_label=_("Everybody"),
    )

    class Meta:
        model = Person
        fields: list[str] = []

    def by_name(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=value) | Q(username__icontains=value))

    def by_role(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        held = Grant.objects.current(timezone.localdate()).filter(role=value)
        return rows.filter(pk__in=held.values("person"))

    def by_access(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(is_active=value == "active")
