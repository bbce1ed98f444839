"""What posts have waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import ngettext

from accounts import waiting
from accounts.models import Person
from content.choices import LinkState
from content.models import PostLink
from kosops.ui.formats import number
from kosops.ui.parts import Waiting

EDIT = "posts.edit"


@waiting.question("links_without_post")
def _links_without_post(person: Person) -> QuerySet[Any, Any]:
    links = PostLink.objects.for_user(person, EDIT)
    return waiting.figure(links.filter(state=LinkState.WAITING))


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
