"""Filters of the lists of communities and of their members."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from kosops.ui.listing import ListColumn, ListFilter
from matrix import communities
from matrix.choices import CommunityKind, CreatorKind
from matrix.filters import UnitFilter, called, few_ids
from matrix.models import Community, CommunityMember

OPEN, CLOSED = "open", "closed"


class CommunityFilter(ListFilter):
    """Communities; those that are closed stand among them until one asks for open ones."""

    sorts = {"name": "name", "members": "member_count", "opened": "opened_on"}
    default_sort = "name"
    columns = [
        ListColumn(code="name", label=pgettext_lazy("community", "Name"), sort="name"),
        ListColumn(code="for_whom", label=_("For whom")),
        ListColumn(code="unit", label=_("Unit"), usual=False),
        ListColumn(code="host", label=_("Host")),
        ListColumn(
            code="members",
            define="community_members",
            label=_("Members"),
            numeric=True,
            sort="members",
        ),
        ListColumn(
            code="posts", define="community_posts", label=_("Posts in 30 days"), numeric=True
        ),
        ListColumn(code="best", define="community_best", label=_("Best post"), numeric=True),
        ListColumn(code="last_post", define="last_post", label=_("Last post"), numeric=True),
        ListColumn(code="opened", label=_("Opened"), numeric=True, sort="opened", usual=False),
    ]

    q = django_filters.CharFilter(method="search", label=_("Name, topic or host"), max_length=80)
    kind = django_filters.ChoiceFilter(
        choices=CommunityKind.choices, label=_("Kind"), empty_label=_("Every kind")
    )
    state = django_filters.ChoiceFilter(
        choices=[(OPEN, pgettext_lazy("community", "Open")), (CLOSED, _("Closed"))],
        method="in_state",
        label=_("State"),
        empty_label=_("Open and closed"),
    )
    unit = UnitFilter(path_field="unit", permission="matrix.view")

    class Meta:
        model = Community
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(
            Q(name__icontains=value)
            | Q(topic__icontains=value)
            | Q(for_whom__icontains=value)
            | Q(host__name__icontains=value)
        )

    def in_state(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(closed_on__isnull=value == OPEN)

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        return communities.with_members(rows)


class MemberFilter(ListFilter):
    """Who is in a community."""

    sorts = {"since": "since"}
    default_sort = "-since"
    columns = [
        ListColumn(code="member", label=pgettext_lazy("person", "Name")),
        ListColumn(code="kind", label=_("Kind"), usual=False),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="tier", label=_("Tier")),
        ListColumn(code="posts", define="recent_posts", label=_("Posts in 30 days"), numeric=True),
        ListColumn(
            code="best",
            define="best_interactions",
            label=_("Best post"),
            numeric=True,
            usual=False,
        ),
        ListColumn(code="last_post", define="last_post", label=_("Last post"), numeric=True),
        ListColumn(code="since", label=_("In it since"), numeric=True, sort="since"),
        ListColumn(code="remove", label=_("Actions")),
    ]

    q = django_filters.CharFilter(method="search", label=_("Name or number"), max_length=80)
    kind = django_filters.ChoiceFilter(
        field_name="creator__kind",
        choices=CreatorKind.choices,
        label=_("Kind"),
        empty_label=_("KOS and KOC"),
    )

    class Meta:
        model = CommunityMember
        fields: list[str] = []

    def search(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        return rows.filter(creator__in=few_ids(called(value)))
