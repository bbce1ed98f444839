"""Notes of a contest whose figures rose at once: a person says whether they count."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from content.models import Post
from incentives.models import NoteReview
from kosops.lib.errors import DomainError, NotAllowed


def posts_of(ids: Iterable[int]) -> dict[int, Post]:
    """Notes that a contest holds, with whose they are."""
    return Post.objects.select_related("creator", "store").in_bulk(list(ids))


@transaction.atomic
def review(*, by: Person, post: Post, counts: bool, reason: str = "") -> NoteReview:
    """Say that the figures of a note are in order, or leave it out of contests for a reason.

    Every contest goes by it when it is next worked out. Refuses ``reason_needed`` and ``own_note``.
    """
    if post.creator and post.creator.person_id == by.pk:
        raise NotAllowed("own_note", _("Nobody looks at a note of their own. Ask a colleague."))
    if not counts and not reason.strip():
        raise DomainError("reason_needed", _("Say why, so that others can follow it."), status=400)
    made = NoteReview.objects.create(
        post=post, counts=counts, reason=reason.strip()[:300], by=by, at=timezone.now()
    )
    activity.record(
        by=by,
        verb="contest_note.checked" if counts else "contest_note.left_out",
        object=post,
        unit=post.store,
        after={"reason": made.reason} if made.reason else {},
    )
    return made
