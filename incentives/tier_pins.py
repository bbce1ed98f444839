"""Tiers set by hand for a time: who, until when and why. Runs leave them alone meanwhile."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from incentives import tiers
from incentives.models import TierChange, TierNotice, TierPin, TierProposal, TierRisk
from incentives.tier_choices import NoticeEnd, ProposalState
from kosops.lib.errors import DomainError
from matrix import registry
from matrix.choices import CreatorState
from matrix.models import Creator

# Longer than a year is a new rule and no exception.
MOST_DAYS = 366


def pins_of(creator: Creator) -> QuerySet[TierPin]:
    """All pins of a creator, the latest first."""
    return creator.tier_pins.select_related("created_by", "ended_by").order_by("-id")


@transaction.atomic
def pin(*, by: Person, creator: Creator, tier: str, until: dt.date, reason: str) -> TierPin:
    """Set the creator's tier from today up to ``until``, that day included.

    The tier changes at once; a coming fall and a proposed move are off. Refuses ``unknown_tier``,
    ``reason_needed``, ``pin_too_long``, ``pin_in_past``, ``creator_left`` and ``already_pinned``.
    """
    creator = Creator.objects.select_for_update(of=("self",)).get(pk=creator.pk)
    today = timezone.localdate()
    _check(creator, tier, today, until, reason)
    made = TierPin(
        creator=creator,
        tier=tier,
        period=DateRange(today, until + dt.timedelta(days=1)),
        reason=reason.strip(),
        created_by=by,
    )
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise DomainError(
            "already_pinned", _("The tier is pinned already. End that pin first.")
        ) from error
    if creator.tier != tier:
        TierChange.objects.create(
            pin=made,
            creator=creator,
            from_tier=creator.tier,
            to_tier=tier,
            effective_on=today,
            explanation={"rule": "pin", "tier": tier, "facts": {}, "thresholds": {}, "posts": []},
        )
        registry.store_tiers(changes={creator.pk: tier}, on=today)
    TierRisk.objects.filter(creator=creator).delete()
    TierNotice.objects.filter(creator=creator, ended_on=None).update(
        ended_on=today, ended_as=NoticeEnd.KEPT
    )
    TierProposal.objects.filter(creator=creator, state=ProposalState.WAITING).update(
        state=ProposalState.LAPSED
    )
    activity.record(
        by=by,
        verb="tier.pinned",
        object=creator,
        unit=creator.store,
        before={"tier": creator.tier},
        after={"tier": tier, "until": until.isoformat(), "reason": made.reason},
    )
    return made


def _check(creator: Creator, tier: str, today: dt.date, until: dt.date, reason: str) -> None:
    if tier not in (*tiers.TIERS, tiers.NO_TIER):
        raise DomainError("unknown_tier", _("“%(tier)s” is not a tier."), tier=tier)
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why, so that others can follow it."))
    if until < today:
        raise DomainError("pin_in_past", _("The last day lies in the past."))
    if (until - today).days > MOST_DAYS:
        raise DomainError(
            "pin_too_long",
            _("A tier can be pinned for at most %(days)s days. For longer, change the rules."),
            days=MOST_DAYS,
        )
    if creator.state == CreatorState.LEFT:
        raise DomainError("creator_left", _("%(name)s has left."), name=creator.name)


@transaction.atomic
def unpin(*, by: Person, pin: TierPin) -> TierPin:
    """End a pin today; from the next evaluation on the rules decide again. Refuses ``pin_over``."""
    found = TierPin.objects.select_for_update(of=("self",)).select_related("creator__store")
    pin = found.get(pk=pin.pk)
    if pin.ended_at is not None or pin.period.upper <= timezone.localdate():
        raise DomainError("pin_over", _("This pin is over already."))
    pin.ended_by, pin.ended_at = by, timezone.now()
    pin.save(update_fields=["ended_by", "ended_at"])
    activity.record(
        by=by,
        verb="tier.unpinned",
        object=pin.creator,
        unit=pin.creator.store,
        after={"tier": pin.tier, "reason": pin.reason},
    )
    return pin
