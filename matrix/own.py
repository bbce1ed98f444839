"""The creator who is signed in: phone pages show what is their own and nothing else."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse

from kosops.ui import offline
from matrix.choices import CreatorState
from matrix.models import Creator


def creator_of(person: Any) -> Creator | None:
    """The creator whom this person is, unless they have left."""
    if not getattr(person, "is_authenticated", False) or not person.is_active:
        return None
    return (
        Creator.objects.filter(person=person)
        .exclude(state=CreatorState.LEFT)
        .select_related("store", "brand")
        .first()
    )


def creator_even_left(person: Any) -> Creator | None:
    """The creator whom this person is or was."""
    if not getattr(person, "is_authenticated", False) or not person.is_active:
        return None
    return Creator.objects.filter(person=person).select_related("store", "brand").first()


def own_page(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """A phone page: the view gets the signed-in creator; others are refused (403).

    The person's phone may keep the page for when there is no network.
    """
    return _guarded(view, creator_of)


def own_page_after_leaving(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """The same for a page that also says something to who left."""
    return _guarded(view, creator_even_left)


def _guarded(
    view: Callable[..., HttpResponse], find: Callable[[Any], Creator | None]
) -> Callable[..., HttpResponse]:
    @wraps(view)
    @login_required
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        creator = find(request.user)
        if creator is None:
            raise PermissionDenied
        return offline.keepable(request, view(request, creator, *args, **kwargs))

    return guarded
