"""Customers in WeCom: given to a colleague in batches, followed until each has an end."""

from __future__ import annotations

import csv
import datetime as dt
import io
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts import activity
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from matrix import held
from matrix.choices import CreatorState, Platform
from matrix.custody_choices import (
    TRANSFER_ENDS,
    HandoverPath,
    HandoverReason,
    HandoverState,
    TransferKind,
    TransferState,
)
from matrix.handover_parts import Found, Part, Text
from matrix.models import (
    Creator,
    CustomerTransfer,
    Handover,
    HandoverItem,
    SocialAccount,
    TransferBatch,
)
from matrix.registry import IN_USE
from matrix.takers import Taker
from matrix.transfer_rules import (
    BATCH,
    FAILURES,
    STATUS,
    WITHIN,
    leaver_until,
    may_follow,
    possible_from,
)

KIND = {
    HandoverReason.LEAVES: TransferKind.RESIGNED,
    HandoverReason.MOVES: TransferKind.IN_SERVICE,
}
UNFINISHED = ~Q(state__in=TRANSFER_ENDS)
MAX_NOTE = 200


@dataclass(frozen=True, slots=True)
class Customer:
    """A customer as a list names them."""

    external_userid: str
    name: str = ""
    remark: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """What WeCom says of a customer: its status (1 to 4) and, when done, when."""

    external_userid: str
    status: int
    takeover_at: dt.datetime | None = None


# -- queries -------------------------------------------------------------------


def of_case(case: Handover) -> QuerySet[CustomerTransfer]:
    return CustomerTransfer.objects.filter(handover=case).select_related("taker", "batch")


def counts(case: Handover) -> dict[str, int]:
    """How many customers of the case are in each state."""
    rows = CustomerTransfer.objects.filter(handover=case).order_by().values("state")
    return {row["state"]: row["count"] for row in rows.annotate(count=Count("pk"))}


def wecom_id(creator: Creator | None) -> str:
    """The person's id in WeCom: the platform's own, else the account's name. Empty without one."""
    if creator is None:
        return ""
    own = SocialAccount.objects.filter(
        creator=creator, platform=Platform.WECOM, state__in=IN_USE
    ).order_by("pk")
    account = own.first()
    return (account.platform_uid or account.handle) if account else ""


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_customers(*, by: Person | None, case: Handover, customers: Iterable[Customer]) -> int:
    """List customers of the person; known ones keep their state. Returns how many are new.

    Refuses ``handover_closed`` and ``no_customers``.
    """
    case = _locked(case)
    named = {one.external_userid: one for one in customers if one.external_userid}
    if not named:
        raise DomainError("no_customers", gettext_lazy("Write one customer id in each line."))
    item = case.items.filter(part=Customers.code).select_related("taker").first()
    if item is None:
        item = HandoverItem.objects.create(
            handover=case, part=Customers.code, key="wecom", path=HandoverPath.TRANSFER
        )
    known = set(
        CustomerTransfer.objects.filter(handover=case, external_userid__in=named).values_list(
            "external_userid", flat=True
        )
    )
    new = [one for one in named.values() if one.external_userid not in known]
    CustomerTransfer.objects.bulk_create(
        (
            CustomerTransfer(
                brand_id=case.brand_id,
                handover=case,
                external_userid=one.external_userid[:64],
                name=one.name[:80],
                remark=one.remark[:120],
                kind=KIND[HandoverReason(case.reason)],
                taker=item.taker,
                changed_at=timezone.now(),
            )
            for one in new
        ),
        batch_size=1000,
    )
    if item.reason and new:
        item.reason = ""
        item.save(update_fields=["reason"])
    activity.record(
        by=by,
        verb="handover.customers_added",
        object=case,
        unit=case.store,
        after={"new": len(new), "unchanged": len(known)},
    )
    return len(new)


@transaction.atomic
def make_batches(*, by: Person | None, case: Handover) -> list[TransferBatch]:
    """Ask for the planned customers: one batch for each taker and hundred of them.

    Who was given on twice within 90 days stays planned with the day from which it is possible.
    Refuses ``handover_closed``, ``leaver_gone_too_long``, ``leaver_without_wecom``,
    ``taker_missing``, ``taker_without_wecom`` and ``nothing_planned``.
    """
    case, now = _locked(case), timezone.now()
    today = timezone.localdate(now)
    kind = KIND[HandoverReason(case.reason)]
    if kind == TransferKind.RESIGNED and today > leaver_until(case.last_day):
        raise DomainError(
            "leaver_gone_too_long",
            gettext_lazy(
                "WeCom hands over customers of a leaver for one year only, until %(day)s."
            ),
            day=leaver_until(case.last_day).isoformat(),
        )
    from_id = wecom_id(case.creator)
    if not from_id:
        raise DomainError(
            "leaver_without_wecom",
            gettext_lazy("%(name)s has no WeCom account here. Add it first."),
            name=case.creator.name,
        )
    planned = list(
        CustomerTransfer.objects.select_for_update(of=("self",))
        .filter(handover=case, state=TransferState.PLANNED)
        .select_related("taker")
        .order_by("pk")
    )
    ready = _possible(planned, today)
    if not ready:
        raise DomainError(
            "nothing_planned", gettext_lazy("No customer can be asked for at the moment.")
        )
    batches = [
        batch
        for taker, customers in _by_taker(ready).items()
        for batch in _batches(by, case, kind, from_id, taker, customers, now)
    ]
    activity.record(
        by=by,
        verb="handover.customers_asked",
        object=case,
        unit=case.store,
        after={"rows": len(ready), "batches": len(batches)},
    )
    return batches


@transaction.atomic
def take_answers(*, by: Person | None, brand: Unit, answers: Sequence[Answer]) -> dict[str, int]:
    """Take in what WeCom says of customers; each is looked for in the latest case that has them.

    What is over stays so. Returns ``changed``, ``unchanged`` and ``unknown``.
    """
    wanted = {one.external_userid: one for one in answers if one.status in STATUS}
    found = _latest(brand, wanted)
    now, changed = timezone.now(), []
    for each in found:
        answer = wanted[each.external_userid]
        after = STATUS[answer.status]
        if after == each.state or not may_follow(each.state, after):
            continue
        each.state, each.changed_at = after, now
        if after == TransferState.DONE:
            each.takeover_at = answer.takeover_at or now
        changed.append(each)
    CustomerTransfer.objects.bulk_update(
        changed, ["state", "takeover_at", "changed_at"], batch_size=1000
    )
    result = {
        "changed": len(changed),
        "unchanged": len(found) - len(changed),
        "unknown": len(wanted) - len(found),
    }
    if changed:
        activity.record(
            by=by, verb="handover.answers_taken", object=brand, unit=brand, after=result
        )
    return result


def transfer_failed(
    *, by: Person | None, brand: Unit, external_userid: str, reason: str
) -> CustomerTransfer:
    """What WeCom's callback ``transfer_fail`` says. Refuses ``unknown_reason``,
    ``unknown_customer`` and ``transfer_over``.
    """
    if reason not in FAILURES:
        raise DomainError(
            "unknown_reason", gettext_lazy("This reason is not known here."), status=400
        )
    with transaction.atomic():
        found = _latest(brand, [external_userid])
        if not found:
            raise DomainError(
                "unknown_customer", gettext_lazy("No such customer is handed over."), status=404
            )
        (each,) = found
        after = FAILURES[reason]
        if after == each.state:
            return each
        if not may_follow(each.state, after):
            raise DomainError(
                "transfer_over", gettext_lazy("What became of this customer is settled already.")
            )
        return _move(by, each, after)


@transaction.atomic
def another_way(*, by: Person | None, customer: CustomerTransfer, note: str) -> CustomerTransfer:
    """A customer who refused was asked to add the taker. Refuses ``not_refused``, ``reason_needed``."""
    customer = _locked_customer(customer)
    if not may_follow(customer.state, TransferState.INVITED):
        raise DomainError(
            "not_refused", gettext_lazy("Only a customer who refused is asked in another way.")
        )
    return _move(by, customer, TransferState.INVITED, _said(note))


@transaction.atomic
def another_taker(
    *, by: Person | None, customer: CustomerTransfer, taker: Creator
) -> CustomerTransfer:
    """Plan the customer anew with somebody who has room, or before anything was asked for.

    Refuses ``wrong_state``, ``taker_is_giver``, ``other_brand``, ``same_taker`` and
    ``taker_without_wecom``.
    """
    customer = _locked_customer(customer)
    planned = customer.state == TransferState.PLANNED
    if not planned and not may_follow(customer.state, TransferState.PLANNED):
        raise DomainError("wrong_state", gettext_lazy("This customer is on the way already."))
    if not planned and taker.pk == customer.taker_id:
        raise DomainError("same_taker", gettext_lazy("Choose somebody else: this taker is full."))
    _check_taker(customer.handover, taker)
    customer.taker, customer.batch = taker, None
    customer.save(update_fields=["taker", "batch"])
    return _move(by, customer, TransferState.PLANNED)


@transaction.atomic
def drop(*, by: Person | None, customer: CustomerTransfer, note: str) -> CustomerTransfer:
    """Leave a customer out, with the reason. Refuses ``transfer_over`` and ``reason_needed``."""
    customer = _locked_customer(customer)
    if not may_follow(customer.state, TransferState.DROPPED):
        raise DomainError(
            "transfer_over", gettext_lazy("What became of this customer is settled already.")
        )
    return _move(by, customer, TransferState.DROPPED, _said(note))


def batch_file(batch: TransferBatch) -> bytes:
    """The batch as the SCRM reads it: who gives, who takes, which customer."""
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(["handover_userid", "takeover_userid", "external_userid"])
    for customer in batch.customers.order_by("pk").values_list("external_userid", flat=True):
        writer.writerow([batch.from_userid, batch.to_userid, customer])
    return text.getvalue().encode("utf-8-sig")


def note_download(*, by: Person, batch: TransferBatch) -> None:
    """Customers' ids leave the house: who took them stays in the log."""
    activity.record(
        by=by,
        verb="handover.downloaded",
        object=batch.handover,
        unit=batch.handover.store,
        after={"rows": batch.size},
    )


# -- the part of a handover -----------------------------------------------------


class Customers(Part):
    """Customers in WeCom. Each needs an end before the case can be closed."""

    code = "customers"
    label = gettext_lazy("Customers in WeCom")
    help = gettext_lazy("Given on in batches of a hundred; the customer may refuse")
    order = 5
    template = "matrix/_transfers.html"

    def find(self, cases: Sequence[Handover]) -> Iterable[tuple[Handover, Found]]:
        by_creator = {case.creator_id: case for case in cases}
        rows = held.wecom_accounts(by_creator).values_list("creator", flat=True)
        for creator in sorted({pk for pk in rows if pk is not None}):
            yield by_creator[creator], Found(key="wecom", path=HandoverPath.TRANSFER)

    def open(self) -> Q:
        mine = CustomerTransfer.objects.filter(handover=OuterRef("handover"))
        return Q(Exists(mine.filter(UNFINISHED))) | (Q(reason="") & ~Q(Exists(mine)))

    def words(self, item: HandoverItem) -> Text:
        return self.label

    def why_open(self, item: HandoverItem) -> Text:
        mine = CustomerTransfer.objects.filter(handover=item.handover_id)
        left = mine.filter(UNFINISHED).count()
        if left:
            return _("%(count)s customers have no end yet.") % {"count": left}
        return _("Bring the list of customers, or say why there is none.")

    def choose(self, *, by: Person | None, item: HandoverItem, taker: Taker | None) -> None:
        mine = CustomerTransfer.objects.filter(handover=item.handover_id)
        if taker is None:
            if mine.filter(UNFINISHED).exists():
                raise DomainError(
                    "customers_not_ended", gettext_lazy("Customers are still on the way.")
                )
            return
        if taker.creator is None:
            raise DomainError(
                "taker_without_wecom",
                gettext_lazy("Customers go to a colleague who has a WeCom account here."),
            )
        _check_taker(item.handover, taker.creator)
        mine.filter(state=TransferState.PLANNED).update(taker=taker.creator)


# -- private -------------------------------------------------------------------


def _locked(case: Handover) -> Handover:
    case = (
        Handover.objects.select_for_update(of=("self",))
        .select_related("creator", "store")
        .get(pk=case.pk)
    )
    if case.state != HandoverState.OPEN:
        raise DomainError("handover_closed", gettext_lazy("This handover is closed already."))
    return case


def _locked_customer(customer: CustomerTransfer) -> CustomerTransfer:
    _locked(Handover(pk=customer.handover_id))
    return (
        CustomerTransfer.objects.select_for_update(of=("self",))
        .select_related("handover__store", "handover__creator", "taker")
        .get(pk=customer.pk)
    )


def _said(note: str) -> str:
    if not note.strip():
        raise DomainError("reason_needed", gettext_lazy("Say why in a few words."))
    return note.strip()[:MAX_NOTE]


def _move(
    by: Person | None, customer: CustomerTransfer, state: str, note: str = ""
) -> CustomerTransfer:
    before = customer.state
    customer.state, customer.changed_at = state, timezone.now()
    customer.note = note or customer.note
    customer.save(update_fields=["state", "note", "changed_at"])
    activity.record(
        by=by,
        verb="handover.customer_changed",
        object=customer.handover,
        unit=customer.handover.store,
        before={"customer": str(TransferState(before).label)},
        after={"customer": str(TransferState(state).label)},
    )
    return customer


def _check_taker(case: Handover, taker: Creator) -> None:
    if taker.pk == case.creator_id:
        raise DomainError("taker_is_giver", gettext_lazy("Nobody takes over from themselves."))
    if taker.brand_id != case.brand_id or taker.state == CreatorState.LEFT:
        raise DomainError("other_brand", gettext_lazy("This person belongs to another brand."))
    if not wecom_id(taker):
        raise DomainError(
            "taker_without_wecom",
            gettext_lazy("Customers go to a colleague who has a WeCom account here."),
        )


def _possible(planned: list[CustomerTransfer], today: dt.date) -> list[CustomerTransfer]:
    """Those whom WeCom takes today; the others learn from when."""
    earlier: dict[str, list[dt.date]] = defaultdict(list)
    ids = [each.external_userid for each in planned if each.kind == TransferKind.IN_SERVICE]
    if ids:
        rows = CustomerTransfer.objects.filter(
            brand=planned[0].brand_id,
            external_userid__in=ids,
            kind=TransferKind.IN_SERVICE,
            takeover_at__date__gt=today - WITHIN,
        )
        for userid, at in rows.values_list("external_userid", "takeover_at"):
            earlier[userid].append(timezone.localdate(at))
    ready, later = [], []
    for each in planned:
        first = possible_from(each.kind, earlier[each.external_userid], today)
        if first <= today:
            ready.append(each)
        elif each.possible_from != first:
            each.possible_from = first
            later.append(each)
    CustomerTransfer.objects.bulk_update(later, ["possible_from"], batch_size=1000)
    return ready


def _by_taker(ready: list[CustomerTransfer]) -> dict[Creator, list[CustomerTransfer]]:
    found: dict[Creator, list[CustomerTransfer]] = defaultdict(list)
    for each in ready:
        if each.taker is None:
            raise DomainError(
                "taker_missing", gettext_lazy("Choose who takes over the customers first.")
            )
        found[each.taker].append(each)
    return found


def _batches(
    by: Person | None,
    case: Handover,
    kind: str,
    from_id: str,
    taker: Creator,
    customers: list[CustomerTransfer],
    now: dt.datetime,
) -> Iterable[TransferBatch]:
    to_id = wecom_id(taker)
    if not to_id:
        raise DomainError(
            "taker_without_wecom",
            gettext_lazy("Customers go to a colleague who has a WeCom account here."),
        )
    number = TransferBatch.objects.filter(handover=case).count()
    for first in range(0, len(customers), BATCH):
        part = customers[first : first + BATCH]
        number += 1
        batch = TransferBatch.objects.create(
            handover=case,
            number=number,
            kind=kind,
            taker=taker,
            from_userid=from_id,
            to_userid=to_id,
            size=len(part),
            made_by=by,
            made_at=now,
        )
        CustomerTransfer.objects.filter(pk__in=[each.pk for each in part]).update(
            batch=batch,
            state=TransferState.ASKED,
            asked_at=now,
            possible_from=None,
            changed_at=now,
        )
        yield batch


def _latest(brand: Unit, ids: Iterable[str]) -> list[CustomerTransfer]:
    """The customers in the latest case that lists each of them, locked."""
    rows = (
        CustomerTransfer.objects.filter(brand=brand, external_userid__in=list(ids))
        .order_by("external_userid", "-pk")
        .distinct("external_userid")
        .values("pk")
    )
    return list(
        CustomerTransfer.objects.select_for_update(of=("self",))
        .filter(pk__in=list(rows.values_list("pk", flat=True)))
        .select_related("handover__store")
        .order_by("pk")
    )
