"""HQ page of rows that may be one person."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from kosops.lib.errors import DomainError
from matrix import duplicates, posting
from matrix.models import Creator, SocialAccount
from matrix.posting import Posting

EDIT = "matrix.edit"


@dataclass(slots=True)
class Side:
    """One of two rows with what helps to tell people apart."""

    creator: Creator
    posting: Posting = posting.NOTHING
    accounts: list[str] = field(default_factory=list)


@require_safe
@login_required
def suspects(request: HttpRequest) -> HttpResponse:
    """Pairs that look like one person, side by side."""
    access.require(request.user, EDIT)
    found = duplicates.suspects(access.reach(request.user, EDIT))
    sides = _sides(request, found, timezone.now())
    context = {
        "pairs": [
            (
                sides[pair.first.pk],
                sides[pair.second.pk],
                [duplicates.REASONS[reason] for reason in pair.reasons],
            )
            for pair in found
        ],
        "most": len(found) == duplicates.SHOWN,
        "shown": duplicates.SHOWN,
    }
    return render(request, "matrix/duplicates.html", context)


@require_POST
@login_required
def merge(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the row ``merged`` lead to this one."""
    access.require(request.user, EDIT)
    keep, merged = _pair(request, pk, "merged")
    return _do(
        request,
        lambda: duplicates.merge(
            by=request.user, keep=keep, merged=merged, on=timezone.localdate()
        ),
        _("%(merged)s is now the same person as %(keep)s; what comes in under either counts there.")
        % {"merged": merged.number, "keep": keep.number},
    )


@require_POST
@login_required
def keep_apart(request: HttpRequest, pk: int) -> HttpResponse:
    """Note that this row and ``other`` are two people."""
    access.require(request.user, EDIT)
    first, second = _pair(request, pk, "other")
    return _do(
        request,
        lambda: duplicates.keep_apart(by=request.user, first=first, second=second),
        _("Noted: %(name)s are two people.") % {"name": first.name},
    )


# -- private -------------------------------------------------------------------


def _pair(request: HttpRequest, pk: int, name: str) -> tuple[Creator, Creator]:
    people = Creator.objects.for_user(request.user, EDIT)
    other = request.POST.get(name, "")
    first = get_object_or_404(people, pk=pk)
    return first, get_object_or_404(people, pk=int(other) if other.isdecimal() else 0)


def _do(request: HttpRequest, command: Any, said: str) -> HttpResponse:
    try:
        command()
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect("matrix:duplicates")


def _sides(
    request: HttpRequest, found: list[duplicates.Suspect], now: dt.datetime
) -> dict[int, Side]:
    people = {one.pk: one for pair in found for one in (pair.first, pair.second)}
    posts = posting.of_creators(list(people), now)
    sides = {pk: Side(one, posts.get(pk, posting.NOTHING)) for pk, one in people.items()}
    accounts = SocialAccount.objects.for_user(request.user, EDIT).filter(creator__in=people)
    for account in accounts.order_by("platform", "handle"):
        sides[account.creator_id or 0].accounts.append(
            f"{account.get_platform_display()} · {account.shown_handle}"
        )
    return sides
