"""Views of a list that a person keeps under a name, and shares with headquarters."""

from __future__ import annotations

from django.db import transaction
from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.utils.translation import gettext as _

from accounts import activity
from accounts.access import visible_brands
from accounts.models import Person, SavedView, Unit
from kosops.lib.errors import DomainError, NotAllowed
from kosops.ui import navigation
from kosops.ui.listing import address

# Whoever works at headquarters holds it; a shared view shows filters, never rows.
SEEN_WITH = "overview.view"
MOST = 50
LONGEST = 2000


def visible(person: Person) -> QuerySet[SavedView]:
    """The person's own views, and those that others of the brand share, by name."""
    brands = visible_brands(person, SEEN_WITH).values("pk")
    return (
        SavedView.objects.filter(Q(person=person) | Q(shared_with__in=brands))
        .select_related("person")
        .order_by("name", "pk")
    )


def page_of(person: Person, name: str) -> tuple[navigation.NavItem, str] | None:
    """The list that a view belongs to, with its address; None where the person has no such page."""
    return next(
        ((item, url) for item, url in navigation.pages_for(person) if item.url_name == name), None
    )


def cleaned(query: str) -> str:
    """A list's query as it is kept: without empty values and the place in the list."""
    return address(QueryDict(query), cursor=None).removeprefix("?")


@transaction.atomic
def save_view(
    *, by: Person, page: str, name: str, query: str, shared_with: Unit | None = None
) -> SavedView:
    """Keep a view; one of the same name is replaced.

    Refuses `view_without_name`, `nothing_to_keep`, `view_too_long`, `too_many_views`.
    """
    name, query = " ".join(name.split())[:60], cleaned(query)
    if not name:
        raise DomainError("view_without_name", _("Give the view a name."))
    if not query:
        raise DomainError(
            "nothing_to_keep",
            _("Set filters, an order or columns first; they are what a view keeps."),
        )
    if len(query) > LONGEST:
        raise DomainError("view_too_long", _("That is too much for one view. Take filters away."))
    others = SavedView.objects.filter(person=by, page=page).exclude(name=name)
    if others.count() >= MOST:
        raise DomainError(
            "too_many_views",
            _("You keep %(most)s views of this list. Remove one first."),
            most=MOST,
        )
    view, _made = SavedView.objects.update_or_create(
        person=by, page=page, name=name, defaults={"query": query, "shared_with": shared_with}
    )
    activity.record(
        by=by, verb="saved_view.saved", object=view, unit=shared_with, after={"list": page}
    )
    return view


@transaction.atomic
def remove_view(*, by: Person, view: SavedView) -> None:
    """Take a view away. Refuses those of others."""
    if view.person_id != by.pk:
        raise NotAllowed("not_own_view", _("Only %(name)s can remove it."), name=view.person.name)
    activity.record(
        by=by,
        verb="saved_view.removed",
        object=view,
        unit=view.shared_with,
        before={"list": view.page},
    )
    view.delete()
