"""Handover: one case when a person leaves or moves, closed when nothing is left in their hands."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, IntegerField, OuterRef, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.choices import UnitKind
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from matrix import handover_parts, held, registry
from matrix.choices import CreatorState
from matrix.custody_choices import HandoverPath, HandoverReason, HandoverState
from matrix.models import Creator, Handover, HandoverItem
from matrix.takers import Taker

NAMED = 3
MAX_REASON = 300


# -- queries -------------------------------------------------------------------


def open_items(case: Handover) -> QuerySet[HandoverItem]:
    """What still stops the case."""
    return case.items.filter(handover_parts.still_open()).order_by("pk")


def with_open(cases: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate with ``missing`` (things that are still open) and ``things`` (all of them)."""
    mine = HandoverItem.objects.filter(handover=OuterRef("pk")).order_by().values("handover")
    counted = mine.annotate(count=Count("pk")).values("count")
    open_ones = mine.filter(handover_parts.still_open()).annotate(count=Count("pk"))
    return cases.annotate(
        things=Coalesce(Subquery(counted), Value(0), output_field=IntegerField()),
        missing=Coalesce(
            Subquery(open_ones.values("count")), Value(0), output_field=IntegerField()
        ),
    )


def with_open_case(creators: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate creators with the id of their open case (``open_case``), None without one."""
    cases = Handover.objects.filter(creator=OuterRef("pk"), state=HandoverState.OPEN)
    return creators.annotate(open_case=Subquery(cases.values("pk")[:1]))


# -- commands ------------------------------------------------------------------


@transaction.atomic
def open_case(
    *,
    by: Person | None,
    creator: Creator,
    reason: str,
    last_day: dt.date,
    to_store: Unit | None = None,
    note: str = "",
) -> Handover:
    """Begin a handover with everything that the person holds; a leaver's share code ends.

    Refuses ``handover_open``, ``nothing_to_hand_over``, ``left_before_joining``,
    ``to_store_needed``, ``same_store`` and ``owner_has_left``.
    """
    creator = (
        Creator.objects.select_for_update(of=("self",)).select_related("store").get(pk=creator.pk)
    )
    _check(creator, reason, last_day, to_store)
    try:
        with transaction.atomic():
            (case,) = _open([creator], by, reason, last_day, to_store, note.strip()[:300])
    except IntegrityError as error:
        raise DomainError(
            "handover_open",
            _("A handover of %(name)s is open already."),
            name=creator.name,
        ) from error
    return case


@transaction.atomic
def open_for_leavers(*, by: Person | None, people: Sequence[Creator]) -> list[Handover]:
    """Begin a case for each of ``people`` who left with something in hand and has none yet.

    For lists of staff that say who left; one set of queries whatever their number.
    """
    ids = [creator.pk for creator in people]
    has_case = set(
        Handover.objects.filter(creator__in=ids, state=HandoverState.OPEN).values_list(
            "creator", flat=True
        )
    )
    holding = held.holders(ids) - has_case
    found = [creator for creator in people if creator.pk in holding]
    by_day: dict[dt.date, list[Creator]] = {}
    for creator in found:
        by_day.setdefault(creator.left_on or timezone.localdate(), []).append(creator)
    return [
        case
        for day, leavers in sorted(by_day.items())
        for case in _open(leavers, by, HandoverReason.LEAVES, day, None, "")
    ]


@transaction.atomic
def look_again(*, by: Person | None, case: Handover) -> int:
    """List what the person came to hold since the case began; returns how many things."""
    case = _locked(case)
    added = _add_items([case])
    if added:
        activity.record(
            by=by,
            verb="handover.changed",
            object=case,
            unit=case.store,
            after={"things": added},
        )
    return added


@transaction.atomic
def choose_taker(*, by: Person | None, item: HandoverItem, taker: Taker) -> HandoverItem:
    """Name who takes a thing over. Refuses ``handover_closed``, ``taker_is_giver``,
    ``taker_has_left``, ``other_brand``, ``no_taker_needed`` and what the part refuses.
    """
    item, part = _locked_item(item)
    case = item.handover
    if item.path != HandoverPath.TRANSFER:
        raise DomainError("no_taker_needed", _("Nobody needs to take this over."))
    if taker.creator is not None:
        _check_taker(case, taker.creator)
    elif taker.person is not None and taker.person.pk == case.creator.person_id:
        raise _is_giver()
    part.choose(by=by, item=item, taker=taker)
    item.taker, item.taker_person, item.reason = taker.creator, taker.person, ""
    item.save(update_fields=["taker", "taker_person", "reason", "custody"])
    activity.record(
        by=by,
        verb="handover.taker_chosen",
        object=case,
        unit=case.store,
        after={"part": item.part, "taker": item.taker_name},
    )
    return item


@transaction.atomic
def need_no_taker(*, by: Person | None, item: HandoverItem, reason: str) -> HandoverItem:
    """Say why nobody takes a thing over. Refuses ``handover_closed``, ``reason_needed``,
    ``no_taker_needed`` and what the part refuses.
    """
    item, part = _locked_item(item)
    if item.path != HandoverPath.TRANSFER:
        raise DomainError("no_taker_needed", _("Nobody needs to take this over."))
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why in a few words."))
    part.choose(by=by, item=item, taker=None)
    item.taker = item.taker_person = None
    item.reason = reason.strip()[:MAX_REASON]
    item.save(update_fields=["taker", "taker_person", "reason", "custody"])
    activity.record(
        by=by,
        verb="handover.taker_chosen",
        object=item.handover,
        unit=item.handover.store,
        after={"part": item.part, "reason": item.reason},
    )
    return item


@transaction.atomic
def choose_way(*, by: Person | None, item: HandoverItem, path: str) -> HandoverItem:
    """Let a thing go another way that is open to it. Refuses ``handover_closed``, ``wrong_way``."""
    item, part = _locked_item(item)
    if path not in part.ways(item):
        raise DomainError("wrong_way", _("This cannot go that way."))
    if path != item.path:
        part.choose(by=by, item=item, taker=None)
        item.path, item.reason = path, ""
        item.taker = item.taker_person = None
        item.save(update_fields=["path", "taker", "taker_person", "reason", "custody"])
        activity.record(
            by=by,
            verb="handover.changed",
            object=item.handover,
            unit=item.handover.store,
            after={"part": item.part, "path": path},
        )
    return item


@transaction.atomic
def complete(*, by: Person | None, case: Handover) -> Handover:
    """Hand everything over and let the person go: left with the last day, or at the new store.

    Nothing is deleted; what was earned stays with who earned it. Refuses ``handover_closed``,
    ``last_day_ahead``, ``still_open`` and ``more_to_hand_over``.
    """
    case, now = _locked(case), timezone.now()
    if case.last_day > timezone.localdate(now):
        raise DomainError(
            "last_day_ahead",
            _("The last day is %(day)s; the handover can be closed from then on."),
            day=case.last_day.isoformat(),
        )
    missing = list(open_items(case).select_related("account", "pairing"))
    if missing:
        raise DomainError(
            "still_open",
            _("Still open: %(things)s."),
            things=handover_parts.open_words(missing[:NAMED])
            + (f" (+{len(missing) - NAMED})" if len(missing) > NAMED else ""),
        )
    if any(_new_items([case])):
        raise DomainError(
            "more_to_hand_over",
            _("%(name)s came to hold more since. Look again at what is to be handed over."),
            name=case.creator.name,
        )
    _settle(by, case, now)
    _let_go(by, case)
    case.state, case.closed_by, case.closed_at = HandoverState.DONE, by, now
    case.save(update_fields=["state", "closed_by", "closed_at"])
    activity.record(
        by=by,
        verb="handover.done",
        object=case,
        unit=case.store,
        after={"reason": case.get_reason_display(), "on": case.last_day.isoformat()},
    )
    return case


@transaction.atomic
def call_off(*, by: Person | None, case: Handover, reason: str) -> Handover:
    """The person stays after all: the share code works again, what was signed stays signed.

    Refuses ``handover_closed``, ``reason_needed`` and ``has_left``.
    """
    case = _locked(case)
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why in a few words."))
    if case.creator.state == CreatorState.LEFT:
        raise DomainError(
            "has_left",
            _("%(name)s has left according to the staff list; what they hold is handed over."),
            name=case.creator.name,
        )
    Creator.objects.filter(pk=case.creator_id).update(share_code_until=None)
    case.state, case.closed_by, case.closed_at = HandoverState.CANCELLED, by, timezone.now()
    case.save(update_fields=["state", "closed_by", "closed_at"])
    activity.record(
        by=by,
        verb="handover.called_off",
        object=case,
        unit=case.store,
        after={"reason": reason.strip()[:MAX_REASON]},
    )
    return case


# -- private -------------------------------------------------------------------


def _check(creator: Creator, reason: str, last_day: dt.date, to_store: Unit | None) -> None:
    if creator.joined_on and last_day < creator.joined_on:
        raise DomainError(
            "left_before_joining",
            _("%(name)s joined on %(joined)s and cannot have left before."),
            name=creator.name,
            joined=creator.joined_on.isoformat(),
        )
    if reason == HandoverReason.MOVES:
        if creator.state == CreatorState.LEFT:
            raise DomainError("owner_has_left", _("%(name)s has left."), name=creator.name)
        if (
            to_store is None
            or to_store.kind != UnitKind.STORE
            or to_store.brand_id != creator.brand_id
        ):
            raise DomainError("to_store_needed", _("Name the store of this brand to move to."))
        if to_store.pk == creator.store_id:
            raise DomainError(
                "same_store", _("%(name)s is at this store already."), name=creator.name
            )
    elif creator.state == CreatorState.LEFT and not held.holds_anything(creator):
        raise DomainError(
            "nothing_to_hand_over", _("%(name)s left and holds nothing more."), name=creator.name
        )


def _open(
    people: Sequence[Creator],
    by: Person | None,
    reason: str,
    last_day: dt.date,
    to_store: Unit | None,
    note: str,
) -> list[Handover]:
    cases = Handover.objects.bulk_create(
        Handover(
            brand_id=creator.brand_id,
            store=creator.store,
            creator=creator,
            reason=reason,
            last_day=last_day,
            to_store=to_store if reason == HandoverReason.MOVES else None,
            note=note,
            opened_by=by,
            opened_at=timezone.now(),
        )
        for creator in people
    )
    if reason == HandoverReason.LEAVES:
        ids = [creator.pk for creator in people]
        Creator.objects.filter(pk__in=ids).update(share_code_until=last_day)
    _add_items(cases)
    activity.record_many(
        by=by,
        verb="handover.begun",
        objects=[(case, case.store) for case in cases],
        after={"reason": reason, "on": last_day.isoformat()},
    )
    return cases


def _new_items(cases: Sequence[Handover]) -> list[HandoverItem]:
    """What the parts find that is not listed yet."""
    rows = HandoverItem.objects.filter(handover__in=cases)
    known = set(rows.values_list("handover", "part", "key"))
    return [
        HandoverItem(
            handover=case,
            part=part.code,
            key=found.key,
            label=found.label[:120],
            count=found.count,
            path=found.path,
            account_id=found.account_id,
            pairing_id=found.pairing_id,
        )
        for part in handover_parts.all_parts()
        for case, found in part.find(cases)
        if (case.pk, part.code, found.key) not in known
    ]


def _add_items(cases: Sequence[Handover]) -> int:
    return len(HandoverItem.objects.bulk_create(_new_items(cases), batch_size=1000))


def _locked(case: Handover) -> Handover:
    case = (
        Handover.objects.select_for_update(of=("self",))
        .select_related("creator__store", "store", "to_store", "brand")
        .get(pk=case.pk)
    )
    if not case.is_open:
        raise DomainError("handover_closed", _("This handover is closed already."))
    return case


def _locked_item(item: HandoverItem) -> tuple[HandoverItem, handover_parts.Part]:
    case = _locked(Handover(pk=item.handover_id))
    item = (
        HandoverItem.objects.select_for_update(of=("self",))
        .select_related("account__unit", "pairing", "taker", "taker_person", "custody")
        .get(pk=item.pk)
    )
    item.handover = case
    part = handover_parts.part_of(item)
    if part is None:
        raise DomainError("part_not_known", _("Nobody here knows this thing any more."))
    return item, part


def _check_taker(case: Handover, taker: Creator) -> None:
    if taker.pk == case.creator_id:
        raise _is_giver()
    if taker.brand_id != case.brand_id:
        raise DomainError("other_brand", _("This person belongs to another brand."))
    if taker.state in (CreatorState.LEFT, CreatorState.CANDIDATE):
        raise DomainError(
            "taker_has_left",
            _("%(name)s does not take part and cannot take anything over."),
            name=taker.name,
        )


def _is_giver() -> DomainError:
    return DomainError("taker_is_giver", _("Nobody takes over from themselves."))


def _settle(by: Person | None, case: Handover, now: dt.datetime) -> None:
    items = (
        case.items.filter(done_at=None)
        .order_by("pk")
        .select_related("account__unit", "pairing", "taker__store", "taker_person", "custody")
    )
    by_part: dict[str, list[HandoverItem]] = {}
    for item in items:
        item.handover = case
        by_part.setdefault(item.part, []).append(item)
    for part in handover_parts.all_parts():
        for item in sorted(by_part.get(part.code, []), key=part.rank):
            part.settle(by=by, item=item, on=case.last_day)
    case.items.filter(done_at=None).update(done_at=now)


def _let_go(by: Person | None, case: Handover) -> None:
    if case.reason == HandoverReason.MOVES:
        assert case.to_store is not None  # noqa: S101 - the database holds it
        registry.move_creator(by=by, creator=case.creator, store=case.to_store, on=case.last_day)
    elif case.creator.state == CreatorState.LEFT:
        Creator.objects.filter(pk=case.creator_id).update(
            left_on=case.last_day, share_code_until=case.last_day
        )
    else:
        registry.change_state(
            by=by, creator=case.creator, state=CreatorState.LEFT, on=case.last_day
        )
