"""The list of posts as a file."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, Unit
from content import posts as figures
from content.filters import PostFilter
from content.models import Post
from integrations import exporting
from integrations.exporting import Column
from kosops.ui.listing import ListFilter

VIEW = "posts.view"


def posts(person: Person, brand: Unit, query: QueryDict) -> tuple[ListFilter, QuerySet[Any]]:
    found = PostFilter(
        query, queryset=Post.objects.for_user(person, VIEW), request=exporting.Asker(person)
    )
    return found, found.ordered(found.rows()).select_related("account", "creator", "store")


def register() -> None:
    exporting.register(
        exporting.ListExport(
            code="posts",
            label=_("Posts"),
            permission=VIEW,
            found=posts,
            # Figures that are not in yet stay empty; they are not 0.
            columns=[
                Column(heading=_("Title"), value=lambda row: row.title),
                Column(heading=_("Platform"), value=lambda row: row.get_platform_display()),
                Column(heading=_("Account"), value=lambda row: row.account.handle),
                Column(
                    heading=_("Creator number"),
                    of="who",
                    value=lambda row: row.creator.number if row.creator else None,
                ),
                Column(
                    heading=_("Creator"),
                    of="who",
                    value=lambda row: row.creator.name if row.creator else None,
                ),
                Column(heading=_("Store"), of="who", value=lambda row: row.store.name),
                Column(
                    heading=_("Published"),
                    of="published",
                    value=lambda row: exporting.local(row.published_at),
                ),
                Column(heading=_("State"), of="state", value=lambda row: row.get_state_display()),
                Column(heading=_("Genre"), of="genre", value=lambda row: row.get_genre_display()),
                Column(
                    heading=_("Relationship to the brand"),
                    of="relationship",
                    value=lambda row: row.get_relationship_display(),
                ),
                Column(
                    heading=_("Location tag"),
                    of="location",
                    value=lambda row: row.get_location_display() if row.location else None,
                ),
                Column(
                    heading=_("Review"),
                    of="review",
                    value=lambda row: row.get_review_display() if row.review else None,
                ),
                Column(
                    heading=_("Impressions"), of="impressions", value=lambda row: row.impressions
                ),
                Column(heading=_("Views"), of="views", value=lambda row: row.views),
                Column(heading=_("Likes"), of="likes", value=lambda row: row.likes),
                Column(heading=_("Saves"), of="saves", value=lambda row: row.saves),
                Column(heading=_("Comments"), of="comments", value=lambda row: row.comments),
                Column(heading=_("Shares"), of="shares", value=lambda row: row.shares),
                Column(heading=_("Interactions"), of="interactions", value=figures.interactions),
                Column(
                    heading=_("Followers gained"),
                    of="followers",
                    value=lambda row: row.followers_gained,
                ),
                Column(heading=_("Link"), value=lambda row: row.url),
            ],
        )
    )
