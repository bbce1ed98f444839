"""What the search box finds among the people who sign in, and what can be started from it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy

from accounts.models import Person
from accounts.people import MANAGE
from kosops.ui import finding


def people(person: Any, words: str, limit: int) -> list[finding.Hit]:
    """People who sign in, by part of the name or of the user name."""
    rows = (
        Person.objects.for_user(person, MANAGE)
        .filter(Q(name__icontains=words) | Q(username__icontains=words))
        .order_by("name", "pk")[:limit]
    )
    return [
        finding.Hit(
            label=row.name or row.username,
            href=reverse("accounts:person", args=[row.pk]),
            note=row.username,
            icon="user-cog",
        )
        for row in rows
    ]


def register() -> None:
    finding.register(
        finding.Finder(
            code="people",
            heading=gettext_lazy("People who sign in"),
            permission=MANAGE,
            find=people,
            order=50,
        )
    )
    finding.register_action(
        finding.Action(
            label=gettext_lazy("Add a person"),
            url_name="accounts:person_add",
            icon="user-plus",
            permission=MANAGE,
            order=20,
        )
    )
    finding.register_action(
        finding.Action(
            label=gettext_lazy("Make a key"),
            url_name="accounts:api_key_add",
            icon="key-round",
            permission="api_keys.manage",
            order=40,
        )
    )
