"""Help for creators: asked on the phone, answered by whoever is near, the best first (C54)."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import (
    Aggregate,
    BigIntegerField,
    Case,
    Count,
    DurationField,
    ExpressionWrapper,
    F,
    Min,
    Q,
    QuerySet,
    Value,
    When,
)
from django.db.models.functions import Cast, Extract
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import activity
from accounts.access import reach
from accounts.models import Person
from kosops.lib.errors import DomainError
from matrix import tier_steps
from matrix.choices import HelpState, Layer
from matrix.help_priority import STEP, weight
from matrix.models import Creator, HelpRequest

ANSWER = "help.answer"
MOST_WAITING = 10
MAX_TEXT = 1000
MEASURED_DAYS = 30


# -- queries -------------------------------------------------------------------


def own(creator: Creator) -> QuerySet[Any]:
    return HelpRequest.objects.filter(creator=creator)


def with_priority(requests: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate requests with ``priority``, as `help_priority.place` works it out."""
    tiers = ["", *(code for code, _label in tier_steps.choices())]
    weights = [
        When(creator__layer=layer, creator__tier=tier, then=Value(weight(layer, tier_steps.level(tier))))
        for layer in ("", *Layer.values)
        for tier in tiers
    ]  # fmt: skip
    counted = Case(*weights, default=Value(0), output_field=BigIntegerField())
    asked = Cast(Extract("asked_at", "epoch", tzinfo=dt.UTC), BigIntegerField())
    return requests.annotate(
        priority=ExpressionWrapper(
            counted * Value(STEP, BigIntegerField()) - asked, output_field=BigIntegerField()
        )
    )


def why(request: HelpRequest, now: dt.datetime) -> str:
    """Why the request stands where it stands: ``Quality layer · Senior KOC · waits 2 days``."""
    creator = request.creator
    parts = [str(Layer.QUALITY.label)] if creator.layer == Layer.QUALITY else []
    kind = creator.get_kind_display()
    tier = tier_steps.label(creator.tier, creator) if creator.tier else ""
    parts.append(_("%(tier)s %(kind)s") % {"tier": tier, "kind": kind} if tier else kind)
    if request.waits:
        parts.append(_("waits %(time)s") % {"time": in_words(now - request.asked_at)})
    return " · ".join(parts)


def in_words(time: dt.timedelta) -> str:
    """``40 minutes``, ``5 hours``, ``3 days``."""
    minutes = max(1, int(time.total_seconds() // 60))
    if minutes < 60:
        return ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    hours = minutes // 60
    if hours < 48:
        return ngettext("%(count)s hour", "%(count)s hours", hours) % {"count": hours}
    days = hours // 24
    return ngettext("%(count)s day", "%(count)s days", days) % {"count": days}


class Median(Aggregate):
    function = "PERCENTILE_CONT"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True, slots=True)
class Figures:
    """How the queue stands; ``median`` and ``answered`` are of the last `MEASURED_DAYS`."""

    waiting: int
    oldest: dt.datetime | None
    answered: int
    median: dt.timedelta | None


def figures(requests: QuerySet[Any], now: dt.datetime) -> Figures:
    recent = Q(answered_at__gte=now - dt.timedelta(days=MEASURED_DAYS))
    time = ExpressionWrapper(F("answered_at") - F("asked_at"), output_field=DurationField())
    found = requests.order_by().aggregate(
        waiting=Count("pk", filter=Q(state=HelpState.WAITING)),
        oldest=Min("asked_at", filter=Q(state=HelpState.WAITING)),
        answered=Count("pk", filter=recent),
        median=Median(time, filter=recent),
    )
    return Figures(**found)


# -- commands ------------------------------------------------------------------


@transaction.atomic
def ask(
    *,
    by: Person | None,
    creator: Creator,
    kind: str,
    text: str,
    client_key: uuid.UUID,
    link: str = "",
) -> HelpRequest:
    """Ask for help; the same form again gives the request that it made.

    Refuses ``nothing_asked`` and, with `MOST_WAITING` unanswered, ``too_many_waiting``.
    """
    # Two forms at once wait for each other here, so that the limit holds.
    creator = (
        Creator.objects.select_for_update(of=("self",)).select_related("store").get(pk=creator.pk)
    )
    known = own(creator).filter(client_key=client_key).first()
    if known is not None:
        return known
    text = text.strip()[:MAX_TEXT]
    if not text:
        raise DomainError(
            "nothing_asked", gettext_lazy("Write what you need, then send it."), field="text"
        )
    if own(creator).filter(state=HelpState.WAITING).count() >= MOST_WAITING:
        raise DomainError(
            "too_many_waiting",
            gettext_lazy(
                "%(count)s requests of yours wait for an answer. Ask again when one is answered."
            ),
            count=MOST_WAITING,
        )
    request = HelpRequest.objects.create(
        creator=creator,
        kind=kind,
        text=text,
        link=link,
        client_key=client_key,
        asked_at=timezone.now(),
    )
    activity.record(
        by=by,
        verb="help_request.asked",
        object=request,
        unit=creator.store,
        after={"kind": str(kind)},
    )
    return request


@transaction.atomic
def answer(*, by: Person | None, request: HelpRequest, text: str) -> HelpRequest:
    """Answer; the creator reads it on the phone. Refuses ``already_answered``, ``no_words``."""
    return _end(by, request, HelpState.ANSWERED, text)


@transaction.atomic
def close(*, by: Person | None, request: HelpRequest, reason: str) -> HelpRequest:
    """Close without an answer, with the reason that the creator reads. Refuses as `answer`."""
    return _end(by, request, HelpState.CLOSED, reason)


@transaction.atomic
def hand_on(*, by: Person | None, request: HelpRequest, colleague: Person) -> HelpRequest:
    """Give the request to a colleague who may answer it.

    Refuses ``already_answered`` and ``colleague_cannot_answer``.
    """
    request = _waiting(request)
    if not reach(colleague, ANSWER).covers(request.creator.store):
        raise DomainError(
            "colleague_cannot_answer",
            gettext_lazy("%(name)s may not answer requests of this store."),
            name=colleague.name,
        )
    before, request.handed_to = request.handed_to, colleague
    if before != colleague:
        request.save(update_fields=["handed_to"])
        activity.record(
            by=by,
            verb="help_request.handed_on",
            object=request,
            unit=request.creator.store,
            before={"colleague": before.name if before else None},
            after={"colleague": colleague.name},
        )
    return request


# -- private -------------------------------------------------------------------


def _waiting(request: HelpRequest) -> HelpRequest:
    found = HelpRequest.objects.select_for_update(of=("self",)).select_related(
        "creator__store", "handed_to"
    )
    request = found.get(pk=request.pk)
    if not request.waits:
        raise DomainError(
            "already_answered", gettext_lazy("Somebody has answered this request already.")
        )
    return request


def _end(by: Person | None, request: HelpRequest, state: str, text: str) -> HelpRequest:
    request = _waiting(request)
    text = text.strip()
    if not text:
        raise DomainError("no_words", gettext_lazy("Write what the creator will read."))
    request.state, request.answer = state, text[:MAX_TEXT]
    request.answered_at, request.answered_by = timezone.now(), by
    request.save(update_fields=["state", "answer", "answered_at", "answered_by"])
    activity.record(
        by=by,
        verb=f"help_request.{state}",
        object=request,
        unit=request.creator.store,
        before={"state": str(HelpState.WAITING)},
        after={"state": str(state)},
    )
    return request
