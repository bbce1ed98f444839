"""Bookings by hand: adjustments, debt written off, reversals. One person asks, another approves."""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import ledger
from incentives.choices import OWNED_KINDS, JournalKind, LedgerKind
from incentives.correction_choices import CorrectionKind, CorrectionState
from incentives.models import Correction, Journal, LedgerAccount
from kosops.lib import sql
from kosops.lib.errors import DomainError, NotAllowed
from kosops.lib.money import check_amount
from kosops.lib.repeating import whole
from kosops.ui import formats
from matrix.choices import CreatorState
from matrix.models import Creator

# The source of their journals; the key is the correction's id.
SOURCE = "correction"


def to_decide(person: Person) -> QuerySet[Correction]:
    """What waits for this person: not what they asked for themself."""
    visible = Correction.objects.for_user(person, "books.approve")
    return visible.filter(state=CorrectionState.WAITING).exclude(maker=person)


# -- asking --------------------------------------------------------------------


@whole
def ask_adjustment(
    *, by: Person, creator: Creator, amount: int, reason: str, note: str = ""
) -> Correction:
    """Ask for ``amount`` (minor units, negative takes away) to be booked to what a person is owed.

    Refuses `concerns_you`, `reason_needed`, `above_limit` and amounts that are none.
    """
    check_amount(amount, allow_negative=True)
    if amount == 0:
        raise DomainError("empty_journal", _("An adjustment of nothing changes nothing."))
    limit = settings.ADJUSTMENT_LIMIT
    if abs(amount) > limit:
        raise DomainError(
            "above_limit",
            _("An adjustment is at most %(limit)s. Correct the orders instead."),
            limit=formats.money(limit, settings.CURRENCY),
        )
    return _ask(by, creator, CorrectionKind.ADJUSTMENT, amount, reason, note)


@whole
def ask_write_off(*, by: Person, creator: Creator, reason: str, note: str = "") -> Correction:
    """Ask for the whole debt of a person to be written off.

    Refuses `no_debt`, `debt_too_young` (neither of somebody who left nor old enough),
    `already_asked`, and what `ask_adjustment` refuses.
    """
    debt, since = debt_of(creator)
    if not debt:
        raise DomainError("no_debt", _("%(name)s owes nothing back."), name=creator.name)
    old = since is not None and since <= timezone.localdate() - dt.timedelta(
        days=settings.WRITE_OFF_DAYS
    )
    if creator.state != CreatorState.LEFT and not old:
        raise DomainError(
            "debt_too_young",
            _("Debt is netted from later months. It can be written off after %(days)s days,"
              " or when the person has left."),
            days=settings.WRITE_OFF_DAYS,
        )  # fmt: skip
    return _ask(by, creator, CorrectionKind.WRITE_OFF, debt, reason, note)


@whole
def ask_reversal(*, by: Person, journal: Journal, reason: str, note: str = "") -> Correction:
    """Ask for the exact mirror of a journal. Refuses what `ledger.reverse` refuses, `no_person` for
    a journal that concerns nobody or several, and `already_asked`.
    """
    ledger.check_reversible(journal)
    if journal.currency != settings.CURRENCY:
        raise DomainError("other_currency", _("Points are not reversed by hand."))
    own = journal.postings.filter(account__kind__in=OWNED_KINDS).values_list(
        "account__creator", "account__kind", "amount"
    )
    people = {creator for creator, _kind, _amount in own}
    if len(people) != 1:
        raise DomainError("no_person", _("This journal does not concern exactly one person."))
    creator = Creator.objects.get(pk=people.pop())
    amount = sum(
        amount for _c, kind, amount in own if kind in (LedgerKind.ACCRUED, LedgerKind.PAYABLE)
    )
    return _ask(by, creator, CorrectionKind.REVERSAL, amount, reason, note, journal)


def debt_of(creator: Creator) -> tuple[int, dt.date | None]:
    """What the person owes back, minor units, and since which day without a break."""
    row = sql.fetch_one(
        """
        WITH days AS (
            SELECT j.business_date AS day, sum(sum(p.amount)) OVER (ORDER BY j.business_date) AS owes
              FROM incentives_ledgeraccount a
              JOIN incentives_posting p ON p.account_id = a.id
              JOIN incentives_journal j ON j.id = p.journal_id
             WHERE a.creator_id = %(creator)s AND a.kind = 'payable' AND a.currency = %(currency)s
             GROUP BY j.business_date)
        SELECT COALESCE((SELECT owes FROM days ORDER BY day DESC LIMIT 1), 0)::bigint AS owes,
               (SELECT min(day) FROM days WHERE owes > 0 AND day > COALESCE(
                    (SELECT max(day) FROM days WHERE owes <= 0), '-infinity'::date)) AS since
        """,
        {"creator": creator.pk, "currency": settings.CURRENCY},
    )
    return (row["owes"], row["since"]) if row["owes"] > 0 else (0, None)


def _ask(
    by: Person,
    creator: Creator,
    kind: str,
    amount: int,
    reason: str,
    note: str,
    reverses: Journal | None = None,
) -> Correction:
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why it has to be booked."), status=400)
    _check_not_own(by, creator)
    try:
        with transaction.atomic():
            asked = Correction.objects.create(
                brand=creator.brand,
                creator=creator,
                kind=kind,
                amount=amount,
                currency=settings.CURRENCY,
                reason=reason.strip()[:160],
                note=note.strip(),
                reverses=reverses,
                maker=by,
                made_at=timezone.now(),
            )
    except IntegrityError as error:
        raise DomainError("already_asked", _("Somebody asked for this already.")) from error
    activity.record(
        by=by,
        verb="correction.asked",
        object=asked,
        unit=asked.brand,
        after={"kind": kind, "amount": amount, "reason": asked.reason},
    )
    return asked


# -- deciding ------------------------------------------------------------------


def check_may_decide(*, by: Person, correction: Correction) -> None:
    """Refuse `own_correction` to who asked for it, and `concerns_you` to whom it concerns."""
    if correction.maker_id == by.pk:
        raise NotAllowed("own_correction", _("You asked for it. Another person has to decide."))
    _check_not_own(by, correction.creator)


@whole
def approve(*, by: Person, correction: Correction, note: str = "") -> Correction:
    """Book it today. Refuses `own_correction`, `concerns_you`, `decided`, and `debt_changed` where
    the person no longer owes what was to be written off.
    """
    correction = _locked(correction)
    check_may_decide(by=by, correction=correction)
    journal = _post(by, correction)
    return _decide(by, correction, CorrectionState.APPROVED, note, journal)


@whole
def reject(*, by: Person, correction: Correction, note: str) -> Correction:
    """Book nothing. Refuses `reason_needed` and what `approve` refuses."""
    correction = _locked(correction)
    check_may_decide(by=by, correction=correction)
    if not note.strip():
        raise DomainError("reason_needed", _("Say why you reject it."), status=400)
    return _decide(by, correction, CorrectionState.REJECTED, note, None)


def _locked(correction: Correction) -> Correction:
    locked = Correction.objects.select_for_update(of=("self",)).select_related("brand", "creator")
    correction = locked.get(pk=correction.pk)
    if correction.state != CorrectionState.WAITING:
        raise DomainError(
            "decided",
            _("This is already “%(state)s”."),
            state=correction.get_state_display(),
        )
    return correction


def _post(by: Person, correction: Correction) -> Journal:
    today = timezone.localdate()
    if correction.reverses is not None:
        return ledger.reverse(
            by=by, journal=correction.reverses, business_date=today, reason=correction.reason
        )
    payable = _payable(correction.brand, correction.creator)
    if correction.kind == CorrectionKind.WRITE_OFF and (
        ledger.balance(payable) != correction.amount
    ):
        raise DomainError(
            "debt_changed", _("The person owes another amount by now. Reject it and ask again.")
        )
    cost = ledger.account(
        brand=correction.brand,
        kind=_COST[CorrectionKind(correction.kind)],
        currency=correction.currency,
    )
    return ledger.post(
        by=by,
        brand=correction.brand,
        kind=_JOURNAL[CorrectionKind(correction.kind)],
        source=SOURCE,
        key=str(correction.pk),
        business_date=today,
        postings=[(cost, correction.amount), (payable, -correction.amount)],
        reason=correction.reason,
    )


_COST = {
    CorrectionKind.ADJUSTMENT: LedgerKind.EXPENSE,
    CorrectionKind.WRITE_OFF: LedgerKind.WRITE_OFF,
}
_JOURNAL = {
    CorrectionKind.ADJUSTMENT: JournalKind.ADJUSTMENT,
    CorrectionKind.WRITE_OFF: JournalKind.WRITE_OFF,
}


def _payable(brand: Unit, creator: Creator) -> LedgerAccount:
    """The person's account, locked as everything that spends from it locks it."""
    account = ledger.account(
        brand=brand, kind=LedgerKind.PAYABLE, currency=settings.CURRENCY, creator=creator
    )
    return LedgerAccount.objects.select_for_update().get(pk=account.pk)


def _decide(
    by: Person, correction: Correction, state: str, note: str, journal: Journal | None
) -> Correction:
    correction.state = state
    correction.checker = by
    correction.decided_at = timezone.now()
    correction.decision_note = note.strip()[:300]
    correction.journal = journal
    correction.save(update_fields=["state", "checker", "decided_at", "decision_note", "journal"])
    activity.record(
        by=by,
        verb=f"correction.{state}",
        object=correction,
        unit=correction.brand,
        after={"amount": correction.amount, "reason": correction.decision_note},
    )
    return correction


def _check_not_own(by: Person, creator: Creator) -> None:
    if creator.person_id == by.pk:
        raise NotAllowed("concerns_you", _("This is your own money. Others have to deal with it."))
