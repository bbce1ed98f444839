"""Doubts about points: raised by a store, answered by HQ before the result is fixed.

Points are never set by hand. If somebody was right, the facts are corrected where they come from,
and the next working out gives the right points.
"""

from __future__ import annotations

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from incentives.models import Race, RaceDispute, RaceEntry
from incentives.race_choices import DisputeState
from incentives.races import RUNNING
from kosops.lib.errors import DomainError


def of_race(race: Race) -> QuerySet[RaceDispute]:
    """Open ones first, then the latest."""
    return race.disputes.select_related(
        "entry__store", "entry__creator", "raised_by", "answered_by"
    ).order_by("answered_at", "-raised_at")


@transaction.atomic
def raise_dispute(*, by: Person, entry: RaceEntry, text: str, fact: str = "") -> RaceDispute:
    """Say that points are wrong. Refuses ``race_not_running``, ``reason_needed``, ``dispute_open``."""
    # The lock lets no result be fixed between this look and the new row.
    race = Race.objects.select_for_update(of=("self",)).get(pk=entry.race_id)
    if race.state not in RUNNING:
        raise DomainError(
            "race_not_running", _("Points are doubted while the race runs, not after.")
        )
    if not text.strip():
        raise DomainError("reason_needed", _("Say what is wrong with the points."), status=400)
    dispute = RaceDispute(race=race, entry=entry, fact=fact, text=text.strip()[:500], raised_by=by)
    try:
        with transaction.atomic():
            dispute.save()
    except IntegrityError as error:
        raise DomainError("dispute_open", _("These points are being looked at already.")) from error
    activity.record(
        by=by,
        verb="race_dispute.raised",
        object=dispute,
        unit=entry.store,
        after={"note": dispute.text},
    )
    return dispute


@transaction.atomic
def answer(*, by: Person, dispute: RaceDispute, state: str, text: str) -> RaceDispute:
    """Say what came of it. Refuses ``dispute_answered``, ``unknown_answer`` and ``reason_needed``."""
    dispute = (
        RaceDispute.objects.select_for_update(of=("self",))
        .select_related("entry__store", "race")
        .get(pk=dispute.pk)
    )
    if dispute.state != DisputeState.OPEN:
        raise DomainError("dispute_answered", _("This question has been answered already."))
    if state not in (DisputeState.UPHELD, DisputeState.REFUSED):
        raise DomainError("unknown_answer", _("Say whether the points stand."), status=400)
    if not text.strip():
        raise DomainError("reason_needed", _("Say what you found."), status=400)
    dispute.state, dispute.answer = state, text.strip()[:500]
    dispute.answered_by, dispute.answered_at = by, timezone.now()
    dispute.save()
    activity.record(
        by=by,
        verb="race_dispute.answered",
        object=dispute,
        unit=dispute.entry.store,
        after={"state": state, "note": dispute.answer},
    )
    return dispute
