"""What posts have waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import ngettext

from accounts import waiting
from accounts.models import Person
from content import reviews, store_posts
from content.choices import LinkState, ReviewState
from content.models import Post, PostLink
from kosops.ui.formats import number
from kosops.ui.listing import address
from kosops.ui.parts import Waiting

EDIT = "posts.edit"
REVIEW = "posts.review"


@waiting.question("links_without_post")
def _links_without_post(person: Person) -> QuerySet[Any, Any]:
    links = PostLink.objects.for_user(person, EDIT)
    return waiting.figure(links.filter(state=LinkState.WAITING))


@waiting.question("posts_to_review")
def _posts_to_review(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(reviews.waiting(Post.objects.for_user(person, REVIEW)))


@waiting.register
def to_review(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["posts_to_review"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> post waits for a review by a second person",
                    "<b>{count}</b> posts wait for a review by a second person",
                    count,
                ),
                count=number(count),
            ),
            href=reverse("content:reviews") + address({}, review=ReviewState.WAITS),
            icon="shield-check",
            rank="notice",
        )


@waiting.question("posts_without_store")
def _posts_without_store(person: Person) -> QuerySet[Any, Any]:
    since = timezone.now() - store_posts.ASKED_FOR
    posts = Post.objects.for_user(person, EDIT).filter(published_at__gte=since)
    return waiting.figure(store_posts.without_store(posts))


@waiting.register
def places(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["posts_without_store"]:
        since = timezone.localdate(timezone.now() - store_posts.ASKED_FOR).isoformat()
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> post of a store’s account does not show its store",
                    "<b>{count}</b> posts of stores’ accounts do not show their store",
                    count,
                ),
                count=number(count),
            ),
            href=reverse("content:posts") + address({}, location="missing", since=since),
            icon="map-pin",
            rank="suggestion",
        )


@waiting.register
def links(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["links_without_post"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> link of a creator has no post yet",
                    "<b>{count}</b> links of creators have no post yet",
                    count,
                ),
                count=number(count),
            ),
            href=reverse("content:links"),
            icon="link",
            rank="suggestion",
        )
