"""Questions about money: asked on the phone within a window, answered by headquarters.

A question that is right leads to a corrected order or a booking by hand; the answer says so.
"""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.conf import settings
from django.core.files.base import File
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from customers.models import OrderLine
from incentives import statements
from incentives.choices import SettlementState
from incentives.dispute_choices import DisputeState
from incentives.models import Dispute, Settlement, Statement
from kosops.lib.errors import DomainError, NotAllowed
from kosops.lib.periods import Month
from matrix import evidence
from matrix.models import Creator

MAX_TEXT = 500


# -- queries -------------------------------------------------------------------


def own(creator: Creator) -> QuerySet[Dispute]:
    """What the creator asked, the latest first."""
    return (
        Dispute.objects.filter(creator=creator)
        .select_related("statement__settlement", "order_line__order", "answered_by")
        .order_by("-asked_at", "-pk")
    )


def holding() -> QuerySet[Dispute]:
    """Open questions that hold the payouts of who asked, none where the brand does not want that.

    For payouts: ``creator_id NOT IN holding().values("creator")``.
    """
    open_ones = Dispute.objects.filter(state=DisputeState.OPEN)
    return open_ones if settings.DISPUTES_HOLD_PAYOUTS else open_ones.none()


def holds(creator: Creator) -> bool:
    """Whether an open question holds this person's payouts."""
    return holding().filter(creator=creator).exists()


def last_day(statement: Statement) -> dt.date | None:
    """The last day on which a statement can be questioned."""
    settled = statement.settlement.settled_at
    if settled is None:
        return None
    return timezone.localdate(settled) + dt.timedelta(days=settings.DISPUTE_DAYS)


def last_day_of_line(creator: Creator, line: OrderLine, role: str) -> dt.date | None:
    """The same for a line: by the month in which it moved last; None while that month is open."""
    moved = statements.lines_of_entitlement(creator, line, role).order_by("-sequence").first()
    if moved is None:
        return None
    month = str(Month.of(moved.run.as_of))
    settlement = Settlement.objects.filter(
        brand=creator.brand_id, period=month, state=SettlementState.SETTLED
    ).first()
    if settlement is None or settlement.settled_at is None:
        return None
    return timezone.localdate(settlement.settled_at) + dt.timedelta(days=settings.DISPUTE_DAYS)


# -- commands ------------------------------------------------------------------


@transaction.atomic
def ask_about_statement(
    *, by: Person, statement: Statement, text: str, file: File[Any] | None = None
) -> Dispute:
    """Question a statement. Refuses `text_needed`, `window_over`, `already_asked`, `not_yours` and
    what `evidence.keep` refuses.
    """
    creator = statement.creator
    _check_window(last_day(statement))
    return _ask(by, creator, text, file, statement=statement)


@transaction.atomic
def ask_about_line(
    *,
    by: Person,
    creator: Creator,
    line: OrderLine,
    role: str,
    text: str,
    file: File[Any] | None = None,
) -> Dispute:
    """Question one line of one's own; refusals as above."""
    if not statements.own_lines(creator, role).filter(pk=line.pk).exists():
        raise NotAllowed("not_yours", _("You are not credited for this line."))
    _check_window(last_day_of_line(creator, line, role))
    return _ask(by, creator, text, file, order_line=line, role=role)


def _check_window(last: dt.date | None) -> None:
    if last is not None and timezone.localdate() > last:
        raise DomainError(
            "window_over",
            _("Questions could be asked until %(day)s."),
            day=last.isoformat(),
        )


def _ask(by: Person, creator: Creator, text: str, file: File[Any] | None, **about: Any) -> Dispute:
    if creator.person_id != by.pk:
        raise NotAllowed("not_yours", _("This is somebody else's money."))
    if not text.strip():
        raise DomainError("text_needed", _("Say what you think is wrong."), status=400)
    kept = evidence.keep(by=by, unit=creator.store, file=file) if file else None
    try:
        with transaction.atomic():
            asked = Dispute.objects.create(
                brand_id=creator.brand_id,
                creator=creator,
                text=text.strip()[:MAX_TEXT],
                evidence=kept,
                asked_at=timezone.now(),
                **about,
            )
    except IntegrityError as error:
        raise DomainError(
            "already_asked", _("You asked about this already. The answer comes here.")
        ) from error
    activity.record(by=by, verb="dispute.asked", object=asked, unit=creator.store)
    return asked


@transaction.atomic
def answer(*, by: Person, dispute: Dispute, accepted: bool, answer: str) -> Dispute:
    """Answer once and for all; the creator reads it on the phone.

    Refuses `reason_needed`, `answered` and `own_question`. Accepting books nothing by itself.
    """
    dispute = (
        Dispute.objects.select_for_update(of=("self",))
        .select_related("creator__store")
        .get(pk=dispute.pk)
    )
    if dispute.state != DisputeState.OPEN:
        raise DomainError("answered", _("Somebody has answered this already."))
    if dispute.creator.person_id == by.pk:
        raise NotAllowed("own_question", _("You asked this. Another person has to answer."))
    if not answer.strip():
        raise DomainError("reason_needed", _("Write what you found."), status=400)
    dispute.state = DisputeState.ACCEPTED if accepted else DisputeState.DECLINED
    dispute.answer = answer.strip()[:MAX_TEXT]
    dispute.answered_by = by
    dispute.answered_at = timezone.now()
    dispute.save(update_fields=["state", "answer", "answered_by", "answered_at"])
    activity.record(
        by=by,
        verb="dispute.answered",
        object=dispute,
        unit=dispute.creator.store,
        after={"state": dispute.state},
    )
    return dispute
