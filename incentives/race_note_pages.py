"""The HQ page of a contest's notes that wait for a person."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from content.models import Post
from incentives import race_notes, race_part, race_standings, race_words, races
from incentives.models import Race
from incentives.races import EDIT
from kosops.lib.errors import DomainError

SHOWN = 50


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def race_notes_page(request: HttpRequest, race_id: int) -> HttpResponse:
    """Notes that are held, the steepest rise first, each with its two answers."""
    access.require(request.user, EDIT)
    found = races.visible_to(request.user).select_related("brand", "formula")
    shown = get_object_or_404(found, pk=race_id)
    access.require(request.user, EDIT, shown.brand)
    if shown.state not in races.RUNNING:
        return redirect("incentives:race", shown.pk)
    held = race_standings.held(shown)
    if request.method == "POST":
        return _answer(request, shown, {row["post"] for row in held})
    rows = held[:SHOWN]
    posts = race_notes.posts_of(row["post"] for row in rows)
    context = race_part.head(shown, races.formula_of(shown)) | {
        "count": len(held),
        "more": len(held) > SHOWN,
        "notes": [
            (
                posts[row["post"]],
                _whose(posts[row["post"]]),
                race_words.jump_sentence(**row),
            )
            for row in rows
        ],
    }
    return render(request, "incentives/race_notes.html", context)


def _whose(post: Post) -> str:
    """In full: whoever looks has to know whom they look at."""
    return f"{post.creator.name} · {post.store.name}" if post.creator else post.store.name


def _answer(request: HttpRequest, shown: Race, held: set[int]) -> HttpResponse:
    number = request.POST.get("post", "")
    if not number.isdecimal() or int(number) not in held:
        raise Http404
    post = race_notes.posts_of([int(number)])[int(number)]
    counts = request.POST.get("act") == "counts"
    try:
        race_notes.review(
            by=request.user, post=post, counts=counts, reason=request.POST.get("reason", "")
        )
        race_standings.refresh(by=request.user, race=shown)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        said = _("It counts; the standings are worked out anew.")
        messages.success(request, said if counts else _("It is left out of contests."))
    return redirect("incentives:race_notes", shown.pk)
