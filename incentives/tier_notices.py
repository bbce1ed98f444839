"""What creators were told of a coming fall, and that they have seen it."""

from __future__ import annotations

from django.utils import timezone

from incentives.models import TierNotice
from matrix.models import Creator


def open_of(creator: Creator) -> TierNotice | None:
    """The notice of a coming fall that still stands."""
    return TierNotice.objects.filter(creator=creator, ended_on=None).first()


def note_seen(creator: Creator) -> None:
    """The creator looks at the page that tells it: keep when that was for the first time."""
    TierNotice.objects.filter(creator=creator, ended_on=None, seen_at=None).update(
        seen_at=timezone.now()
    )
