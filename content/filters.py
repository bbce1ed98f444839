"""Filters of the list of posts."""

from __future__ import annotations

from typing import Any

import django_filters
from django.db.models import Q, QuerySet
from django.forms import HiddenInput
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from content import store_posts
from content.choices import HELD_BY_REVIEW, Location, PostState, ReviewState
from content.expressions import known_or_last
from content.formulas import TIER_INTERACTIONS
from content.models import Post, PostLink
from kosops.ui.listing import ListColumn, ListFilter
from kosops.ui.period_filters import PeriodFilter, SinceFilter, UntilFilter
from matrix import communities
from matrix.choices import Ownership
from matrix.filters import PlatformFilter, UnitFilter, called, few_ids
from matrix.models import Community, Creator, SocialAccount


def _creators(request: HttpRequest) -> QuerySet[Any]:
    return Creator.objects.for_user(request.user, "posts.view")


def _accounts(request: HttpRequest) -> QuerySet[Any]:
    return SocialAccount.objects.for_user(request.user, "posts.view")


def _communities(request: HttpRequest) -> QuerySet[Any]:
    return Community.objects.for_user(request.user, "matrix.view")


REVIEW = "posts.review"


def by_owner(rows: QuerySet[Any], value: str) -> QuerySet[Any]:
    accounts = SocialAccount.objects.filter(handle__icontains=value)
    return rows.filter(Q(creator__in=few_ids(called(value))) | Q(account__in=few_ids(accounts)))


# Posts that should show their store and do not.
MISSING = "missing"


class PostFilter(ListFilter):
    """The list of posts. ``min_interactions`` counts by the formula ``tier_interactions``."""

    sorts = {"published": "published_at", "interactions": "interactions_known"}
    default_sort = "-published"
    columns = [
        ListColumn(code="title", label=_("Post")),
        ListColumn(code="who", label=_("Who")),
        ListColumn(code="genre", label=_("Genre"), usual=False),
        ListColumn(code="published", label=_("Published"), numeric=True, sort="published"),
        ListColumn(
            code="impressions",
            define="impressions",
            label=_("Impressions"),
            numeric=True,
            usual=False,
        ),
        ListColumn(code="views", define="views", label=_("Views"), numeric=True),
        ListColumn(code="likes", label=_("Likes"), numeric=True),
        ListColumn(code="saves", define="saves", label=_("Saves"), numeric=True),
        ListColumn(code="comments", label=_("Comments"), numeric=True),
        ListColumn(code="shares", define="shares", label=_("Shares"), numeric=True, usual=False),
        ListColumn(
            code="interactions",
            define="interactions",
            label=_("Interactions"),
            numeric=True,
            sort="interactions",
        ),
        ListColumn(code="rate", define="engagement_rate", label=_("Engagement rate"), numeric=True),
        ListColumn(
            code="followers",
            define="followers_gained",
            label=_("Followers gained"),
            numeric=True,
            usual=False,
        ),
        ListColumn(code="relationship", label=_("Relationship to the brand"), usual=False),
        ListColumn(code="location", define="post_location", label=_("Location tag"), usual=False),
        ListColumn(code="review", define="post_review", label=_("Review"), usual=False),
        ListColumn(code="state", label=_("State")),
    ]

    who = django_filters.CharFilter(method="by_whom", label=_("Creator or account"), max_length=80)
    platform = PlatformFilter(permission="posts.view")
    state = django_filters.ChoiceFilter(
        choices=PostState.choices, label=_("State"), empty_label=_("Any state")
    )
    unit = UnitFilter(path_field="store", permission="posts.view")
    period = PeriodFilter(field_name="published_at")
    since = SinceFilter(field_name="published_at")
    until = UntilFilter(field_name="published_at")
    min_interactions = django_filters.NumberFilter(
        method="at_least",
        label=_("Interactions from"),
        min_value=0,
        max_value=10**9,
        decimal_places=0,
    )
    location = django_filters.ChoiceFilter(
        method="by_location",
        choices=[
            (MISSING, pgettext_lazy("location of a post", "Store missing")),
            *((code, label) for code, label in Location.choices if code),
        ],
        label=_("Location tag"),
        empty_label=_("Any location"),
    )
    review = django_filters.ChoiceFilter(
        choices=[(code, label) for code, label in ReviewState.choices if code],
        label=_("Review"),
        empty_label=_("Any review"),
    )
    # The ledger of assets leads here with it.
    ownership = django_filters.ChoiceFilter(
        field_name="account__ownership",
        choices=Ownership.choices,
        label=_("Ownership"),
        widget=HiddenInput,
    )
    creator = django_filters.ModelChoiceFilter(
        queryset=_creators, label=_("Creator"), widget=HiddenInput
    )
    account = django_filters.ModelChoiceFilter(
        queryset=_accounts, label=_("Account"), widget=HiddenInput
    )

    community = django_filters.ModelChoiceFilter(
        queryset=_communities, method="of_members", label=_("Community"), widget=HiddenInput
    )

    class Meta:
        model = Post
        fields: list[str] = []

    def by_whom(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Part of a creator's name or an account's handle, or the start of a number."""
        return by_owner(rows, value)

    def of_members(self, rows: QuerySet[Any], name: str, value: Community) -> QuerySet[Any]:
        """Posts of those who are in the community now."""
        return rows.filter(creator__in=communities.creators_in(value))

    def at_least(self, rows: QuerySet[Any], name: str, value: int) -> QuerySet[Any]:
        return rows.annotate(known=known_or_last(TIER_INTERACTIONS)).filter(known__gte=value)

    def by_location(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        if value == MISSING:
            return store_posts.without_store(rows)
        return rows.filter(location=value)

    def ordered(self, rows: QuerySet[Any]) -> QuerySet[Any]:
        """``rows`` with the column that the order asked for needs."""
        if self.order[0] == "interactions_known":
            return rows.annotate(interactions_known=known_or_last(TIER_INTERACTIONS))
        return rows


class LinkFilter(ListFilter):
    """Links that creators added and whose post nobody knows yet."""

    sorts = {"received": "received_at"}
    default_sort = "received"
    columns = [
        ListColumn(code="link", label=_("Link")),
        ListColumn(code="creator", label=_("Creator or account")),
        ListColumn(code="store", label=_("Store")),
        ListColumn(code="platform", label=_("Platform")),
        ListColumn(code="added", label=_("Added"), numeric=True),
        ListColumn(
            code="waits", define="link_waits", label=_("Waits"), numeric=True, sort="received"
        ),
    ]

    who = django_filters.CharFilter(method="by_whom", label=_("Creator or account"), max_length=80)
    platform = PlatformFilter(permission="posts.view")
    unit = UnitFilter(path_field="store", permission="posts.view")

    class Meta:
        model = PostLink
        fields: list[str] = []

    def by_whom(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Part of the creator's name or of the account's handle, or the start of the number."""
        accounts = SocialAccount.objects.filter(handle__icontains=value)
        return rows.filter(Q(creator__in=called(value)) | Q(account__in=few_ids(accounts)))


class ReviewFilter(ListFilter):
    """Posts that wait for a review, or to be corrected after one."""

    sorts = {"published": "published_at"}
    default_sort = "published"
    columns = [
        ListColumn(code="title", label=_("Post")),
        ListColumn(code="who", label=_("Creator or account")),
        ListColumn(code="why", label=_("Why")),
        ListColumn(code="published", label=_("Published"), numeric=True, sort="published"),
        ListColumn(code="waits", define="review_waits", label=_("Waits"), numeric=True),
        ListColumn(code="review", define="post_review", label=_("Review")),
    ]

    who = django_filters.CharFilter(method="by_whom", label=_("Creator or account"), max_length=80)
    platform = PlatformFilter(permission=REVIEW)
    unit = UnitFilter(path_field="store", permission=REVIEW)
    review = django_filters.ChoiceFilter(
        choices=[(code, label) for code, label in ReviewState.choices if code in HELD_BY_REVIEW],
        label=_("Review"),
        empty_label=_("Waiting and to correct"),
    )

    class Meta:
        model = Post
        fields: list[str] = []

    def by_whom(self, rows: QuerySet[Any], name: str, value: str) -> QuerySet[Any]:
        """Part of a creator's name or an account's handle, or the start of a number."""
        return by_owner(rows, value)
