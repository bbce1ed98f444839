"""The activity log: one row per command."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import Model
from django.utils import timezone

from accounts.models import Activity, Person, Unit

SYSTEM = "kosops"


def record(
    *,
    by: Person | None,
    verb: str,
    object: Model,
    unit: Unit | None,
    before: dict[str, Any] | None = None,
    after: dict[str, Any] | None = None,
    at: dt.datetime | None = None,
) -> Activity:
    """Write who did what to which object. ``by`` None means the system itself (a nightly run).

    ``verb`` is dotted, object first: ``payout_batch.approved``. Values must be JSON types and
    must not hold personal identifiers.
    """
    return Activity.objects.create(
        at=at or timezone.now(),
        actor=by,
        actor_label=by.name if by else SYSTEM,
        verb=verb,
        unit=unit,
        object_type=object._meta.label_lower,
        object_id=object.pk,
        object_label=str(object)[:160],
        before=before,
        after=after,
    )
