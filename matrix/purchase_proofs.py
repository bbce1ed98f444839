"""Whether a KOC is shown to be a consumer: by orders, or by a receipt that a colleague looked at.

A contracted KOC is paid for placements and needs no purchase (C10); nobody asks them for one.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import (
    Case,
    CharField,
    DateField,
    Exists,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from kosops.lib.errors import DomainError, NotAllowed
from matrix.choices import CreatorKind, CreatorState, KocKind
from matrix.models import Creator, Evidence, MemberKey, PurchaseProof, Receipt
from matrix.purchase_choices import Shown, Verdict

MAX_NOTE = 300


# How the KOC reads it on the phone.
TOLD: dict[str, Promise] = {
    Shown.ORDER: _("Your orders are known"),
    Shown.RECEIPT: _("Your receipt was accepted"),
    Shown.NOT_NEEDED: _("Nothing is needed"),
    Shown.WAITING: _("Your receipt is being looked at"),
    Shown.MISSING: _("No purchase known yet"),
}


# -- queries -------------------------------------------------------------------


def standing() -> QuerySet[PurchaseProof]:
    """Receipts that were accepted and not taken back."""
    back = PurchaseProof.objects.filter(about=OuterRef("pk"))
    return PurchaseProof.objects.filter(~Exists(back), verdict=Verdict.ACCEPTED)


def _ordered() -> Exists:
    return Exists(MemberKey.objects.filter(creator=OuterRef("pk"), bought_on__isnull=False))


def _proved() -> Exists:
    return Exists(standing().filter(creator=OuterRef("pk")))


def _waits() -> Exists:
    return Exists(Receipt.objects.filter(creator=OuterRef("pk"), waiting=True))


def having(rows: QuerySet[Any], state: str) -> QuerySet[Any]:
    """The KOC among ``rows`` of whom this is so (`Shown`)."""
    return with_shown(rows.filter(kind=CreatorKind.KOC)).filter(shown=state)


def shown(rows: QuerySet[Any]) -> QuerySet[Any]:
    """The KOC among ``rows`` who are shown to have bought, in whatever way."""
    return rows.filter(_ordered() | _proved(), kind=CreatorKind.KOC)


def with_shown(rows: QuerySet[Any]) -> QuerySet[Any]:
    """Creators with ``shown`` (`Shown`; empty for a KOS).

    A receipt that waits stands before everything else: somebody has to look at it.
    """
    return rows.annotate(
        shown=Case(
            When(~Q(kind=CreatorKind.KOC), then=Value("")),
            When(_waits(), then=Value(Shown.WAITING)),
            When(_ordered(), then=Value(Shown.ORDER)),
            When(_proved(), then=Value(Shown.RECEIPT)),
            When(koc_kind=KocKind.CONTRACTED, then=Value(Shown.NOT_NEEDED)),
            default=Value(Shown.MISSING),
            output_field=CharField(),
        ),
    )


def with_days(rows: QuerySet[Any]) -> QuerySet[Any]:
    """`with_shown`, and the days of the last purchase by orders and by receipts, where known."""
    keys = MemberKey.objects.filter(creator=OuterRef("pk"), bought_on__isnull=False)
    proofs = standing().filter(creator=OuterRef("pk"))
    return with_shown(rows).annotate(ordered_on=_latest(keys), proved_on=_latest(proofs))


def _latest(rows: QuerySet[Any]) -> Subquery:
    latest = rows.order_by().values("creator").annotate(last=Max("bought_on")).values("last")
    return Subquery(latest, output_field=DateField())


def of_people(people: Iterable[int]) -> dict[int, Creator]:
    """Some creators, by their ids, `with_days`."""
    return {each.pk: each for each in with_days(Creator.objects.filter(pk__in=list(people)))}


def line_of(creator: Creator) -> QuerySet[PurchaseProof]:
    """What colleagues found, the latest first."""
    back = PurchaseProof.objects.filter(about=OuterRef("pk"))
    rows = PurchaseProof.objects.filter(creator=creator).annotate(is_back=Exists(back))
    return rows.select_related("evidence", "looked_by").order_by("-looked_at", "-pk")


def waiting_of(creator: Creator) -> Receipt | None:
    """The receipt of the creator that nobody has looked at yet."""
    rows = Receipt.objects.filter(creator=creator, waiting=True)
    return rows.select_related("evidence", "creator__store").first()


# -- commands ------------------------------------------------------------------


@transaction.atomic
def hand_in(*, by: Person, creator: Creator, evidence: Evidence, note: str = "") -> Receipt:
    """Let a KOC show a receipt; it waits for a colleague.

    Refuses ``purchase_of_kos``, ``owner_has_left`` and ``receipt_waits``.
    """
    creator = _locked(creator)
    if creator.state == CreatorState.LEFT:
        raise DomainError("owner_has_left", _("%(name)s has left."), name=creator.name)
    if Receipt.objects.filter(creator=creator, waiting=True).exists():
        raise DomainError(
            "receipt_waits", _("A receipt of yours waits already. Its answer comes first.")
        )
    receipt = Receipt.objects.create(
        creator=creator,
        evidence=evidence,
        note=note.strip()[:MAX_NOTE],
        handed_in_by=by,
        handed_in_at=timezone.now(),
    )
    activity.record(by=by, verb="creator.receipt_handed_in", object=creator, unit=creator.store)
    return receipt


@transaction.atomic
def accept(*, by: Person, receipt: Receipt, bought_on: dt.date, note: str = "") -> PurchaseProof:
    """Accept a receipt that was handed in, as a purchase of that day.

    Refuses ``looked_at_already``, ``own_receipt`` and ``bought_in_future``.
    """
    receipt = _to_look_at(by, receipt)
    _check_day(bought_on)
    return _keep(
        by,
        _counts(receipt.creator),
        Verdict.ACCEPTED,
        receipt=receipt,
        evidence=receipt.evidence,
        bought_on=bought_on,
        note=note,
    )


@transaction.atomic
def decline(*, by: Person, receipt: Receipt, reason: str) -> PurchaseProof:
    """Do not accept a receipt; the KOC reads the reason.

    Refuses ``looked_at_already``, ``own_receipt`` and ``reason_needed``.
    """
    receipt = _to_look_at(by, receipt)
    _check_reason(reason)
    return _keep(
        by,
        _counts(receipt.creator),
        Verdict.DECLINED,
        receipt=receipt,
        evidence=receipt.evidence,
        note=reason,
    )


@transaction.atomic
def prove(
    *,
    by: Person,
    creator: Creator,
    bought_on: dt.date,
    note: str = "",
    evidence: Evidence | None = None,
) -> PurchaseProof:
    """Note that a colleague has seen what shows a purchase: a file of it, or in words what it was.

    Refuses ``purchase_of_kos``, ``own_receipt``, ``nothing_shown`` and ``bought_in_future``.
    """
    creator = _locked(creator)
    _check_not_own(by, creator)
    if evidence is None and not note.strip():
        raise DomainError("nothing_shown", _("Add a picture of the receipt, or say what you saw."))
    _check_day(bought_on)
    return _keep(by, creator, Verdict.ACCEPTED, evidence=evidence, bought_on=bought_on, note=note)


@transaction.atomic
def take_back(*, by: Person, proof: PurchaseProof, reason: str) -> PurchaseProof:
    """Let an accepted receipt count no more; that it was accepted stays written.

    Refuses ``nothing_to_take_back`` and ``reason_needed``.
    """
    creator = _locked(proof.creator)
    if not standing().filter(pk=proof.pk).exists():
        raise DomainError("nothing_to_take_back", _("This does not count any more."))
    _check_reason(reason)
    return _keep(by, creator, Verdict.WITHDRAWN, about=proof, note=reason)


def move(keep: Creator, merged: Creator) -> None:
    """Two rows are one person: what was shown of one counts for the row that is kept.

    Verdicts are never edited, so the ones that stand are written once more for that row.
    """
    MemberKey.objects.filter(creator=merged).update(creator=keep)
    PurchaseProof.objects.bulk_create(
        PurchaseProof(
            creator=keep,
            verdict=proof.verdict,
            evidence=proof.evidence,
            bought_on=proof.bought_on,
            note=proof.note,
            looked_by=proof.looked_by,
            looked_at=proof.looked_at,
        )
        for proof in standing().filter(creator=merged).order_by("pk")
    )


# -- private -------------------------------------------------------------------


def _locked(creator: Creator) -> Creator:
    creator = (
        Creator.objects.select_for_update(of=("self",)).select_related("store").get(pk=creator.pk)
    )
    if creator.kind != CreatorKind.KOC:
        raise DomainError("purchase_of_kos", _("Only a KOC is asked for a purchase of their own."))
    return creator


def _to_look_at(by: Person, receipt: Receipt) -> Receipt:
    receipt = (
        Receipt.objects.select_for_update(of=("self",))
        .select_related("creator__store", "creator__merged_into__store", "evidence")
        .get(pk=receipt.pk)
    )
    if not receipt.waiting:
        raise DomainError("looked_at_already", _("Somebody has looked at this receipt already."))
    _check_not_own(by, receipt.creator)
    return receipt


def _counts(creator: Creator) -> Creator:
    return creator.merged_into or creator


def _check_not_own(by: Person, creator: Creator) -> None:
    if creator.person_id == by.pk:
        raise NotAllowed(
            "own_receipt", _("This is your own receipt. Another person has to look at it.")
        )


def _check_reason(reason: str) -> None:
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why in words that the person can act on."))


def _check_day(bought_on: dt.date) -> None:
    if bought_on > timezone.localdate():
        raise DomainError("bought_in_future", _("The purchase cannot lie in the future."))


def _keep(by: Person, creator: Creator, verdict: str, *, note: str, **facts: Any) -> PurchaseProof:
    proof = PurchaseProof.objects.create(
        creator=creator,
        verdict=verdict,
        note=note.strip()[:MAX_NOTE],
        looked_by=by,
        looked_at=timezone.now(),
        **facts,
    )
    activity.record(
        by=by,
        verb=_VERBS[verdict],
        object=creator,
        unit=creator.store,
        after={"bought_on": proof.bought_on.isoformat() if proof.bought_on else None}
        | {"note": proof.note},
    )
    return proof


_VERBS: dict[str, str] = {
    Verdict.ACCEPTED: "creator.receipt_accepted",
    Verdict.DECLINED: "creator.receipt_declined",
    Verdict.WITHDRAWN: "creator.receipt_taken_back",
}
