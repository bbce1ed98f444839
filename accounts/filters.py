"""Filters of the lists; the same set serves a page and the REST API."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.choices import JobState, Role
from accounts.models import Activity, Grant, Job, Person


class JobFilter(django_filters.FilterSet):
    state = django_filters.ChoiceFilter(
        label=_("State"), choices=JobState.choices, empty_label=_("All states")
    )

    class Meta:
        model = Job
        fields = ["state"]


class ActivityFilter(django_filters.FilterSet):
    """``object_type`` and ``object_id`` come from links to the history of one thing."""

    actor = django_filters.CharFilter(label=_("Who"), method="by_actor")
    verb = django_filters.CharFilter(label=_("What"), lookup_expr="startswith")
    q = django_filters.CharFilter(label=_("Object"), method="by_object")
    object_type = django_filters.CharFilter()
    object_id = django_filters.NumberFilter()
    since = django_filters.DateFilter(label=_("From"), field_name="at", lookup_expr="date__gte")
    until = django_filters.DateFilter(label=_("To"), field_name="at", lookup_expr="date__lte")

    class Meta:
        model = Activity
        fields = ["actor", "verb", "q", "object_type", "object_id", "since", "until"]

    def by_actor(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(actor_label__icontains=value)

    def by_object(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(object_label__icontains=value)


class PersonFilter(django_filters.FilterSet):
    q = django_filters.CharFilter(label=_("Name"), method="by_name")
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
        fields = ["q", "role", "access"]

    def by_name(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(Q(name__icontains=value) | Q(username__icontains=value))

    def by_role(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        held = Grant.objects.current(timezone.localdate()).filter(role=value)
        return rows.filter(pk__in=held.values("person"))

    def by_access(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(is_active=value == "active")
