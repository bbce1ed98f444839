"""Places in shifts: signing up, the waiting list, withdrawing, and whose place ends.

Whoever gives or takes a place holds the row of the shift. The database counts the places and lets
nobody hold two at one time, also where somebody forgot to lock.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from incentives import perk_rules, perks, rota, rota_rules
from incentives.models import Payee, RotaNotice, Shift, ShiftPlace
from incentives.models.rota import MOST_PLACES
from incentives.rota_choices import Came, DutyState, PlaceState, RotaNews
from kosops.lib.errors import DomainError
from kosops.lib.repeating import code_of, whole
from kosops.lib.secrets import decrypt
from kosops.ui import formats
from matrix.choices import CreatorState
from matrix.models import Creator

MAX_REASON = 200
EXCLUDED = "23P01"
IN_LINE = (PlaceState.HELD, PlaceState.WAITING)

WHY_NOT: dict[str, Any] = {
    "shift_begun": _("This shift has begun."),
    "not_active": _("Volunteering is for people who take part at present."),
    "not_for_you": _("This shift is not for your tier, group or store."),
    "adults_only": _("Volunteers are 18 or older on the day of the shift."),
    "sign_up_closed": _(
        "You missed shifts without a word, %(most)s within 90 days. You can sign up again after"
        " %(until)s."
    ),
    "two_at_once": _("You have a place in another shift at that time."),
    "duty_closed": _("Nobody can sign up for this at present."),
    "shift_called_off": _("This shift is called off."),
}


# -- queries -------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """A shift as one person sees it. ``why_not`` is empty where they can sign up."""

    shift: Shift
    place: ShiftPlace | None
    why_not: str
    closed_until: dt.date | None
    ahead: int
    may_withdraw: bool

    @property
    def sentence(self) -> str:
        return str(refusal(self.why_not, self.closed_until)) if self.why_not else ""

    @property
    def in_line(self) -> bool:
        return self.place is not None and self.place.state in IN_LINE

    @property
    def holds(self) -> bool:
        return self.place is not None and self.place.state == PlaceState.HELD


def offer(creator: Creator, shift: Shift, now: dt.datetime) -> Offer:
    """One shift as a person sees it; asks a fixed number of queries."""
    place = ShiftPlace.objects.filter(shift=shift, creator=creator).first()
    closed = closed_until(creator, timezone.localdate(now))
    code = _why_not(creator, shift, closed, now)
    if not code and (place is None or place.state not in IN_LINE) and _elsewhere(creator, shift):
        code = "two_at_once"
    ahead = ShiftPlace.objects.filter(shift=shift, state=PlaceState.WAITING)
    if place is not None and place.state == PlaceState.WAITING:
        ahead = ahead.filter(
            Q(asked_at__lt=place.asked_at) | Q(asked_at=place.asked_at, pk__lt=place.pk)
        )
    return Offer(shift, place, code, closed, ahead.count(), may_withdraw(shift, place, now))


def own_coming(creator: Creator, now: dt.datetime) -> QuerySet[ShiftPlace]:
    """Where a person has a place or waits for one, soonest first."""
    return (
        ShiftPlace.objects.filter(creator=creator, state__in=IN_LINE, shift__ends_at__gt=now)
        .select_related("shift__duty__unit")
        .order_by("shift__starts_at", "pk")
    )


def own_held(creator: Creator) -> QuerySet[ShiftPlace]:
    """The places that a person holds or held."""
    held = ShiftPlace.objects.filter(creator=creator, state=PlaceState.HELD)
    return held.select_related("shift__duty__unit")


def own_past(creator: Creator, now: dt.datetime) -> QuerySet[ShiftPlace]:
    """The shifts in which a person had a place, the latest first."""
    return own_held(creator).filter(shift__ends_at__lte=now).order_by("-shift__ends_at", "-pk")


def unread_of(creator: Creator) -> QuerySet[RotaNotice]:
    """What a person was told and has not read, the latest first."""
    found = RotaNotice.objects.filter(creator=creator, read_at=None)
    return found.select_related("shift__duty").order_by("-pk")


def absences_of(creator: Creator, today: dt.date) -> list[dt.date]:
    """The days of absences without a word that still matter."""
    since = today - dt.timedelta(days=rota_rules.WINDOW_DAYS + settings.ROTA_CLOSED_DAYS)
    rows = ShiftPlace.objects.filter(
        creator=creator, came=Came.ABSENT, shift__starts_at__date__gte=since
    )
    return [timezone.localdate(at) for at in rows.values_list("shift__starts_at", flat=True)]


def closed_until(creator: Creator, today: dt.date) -> dt.date | None:
    """The last day on which the person cannot sign up; None where they can."""
    last = rota_rules.closed_until(
        absences_of(creator, today), settings.ROTA_ABSENCES, settings.ROTA_CLOSED_DAYS
    )
    return last if last is not None and today <= last else None


def may_withdraw(shift: Shift, place: ShiftPlace | None, now: dt.datetime) -> bool:
    if place is None or place.state not in IN_LINE or shift.called_off_at:
        return False
    if place.state == PlaceState.WAITING or place.held_at is None:
        return now < shift.starts_at
    return rota_rules.may_withdraw(now, shift.starts_at, shift.duty.cutoff_hours, place.held_at)


def _why_not(creator: Creator, shift: Shift, closed: dt.date | None, now: dt.datetime) -> str:
    if shift.called_off_at:
        return "shift_called_off"
    if shift.duty.state != DutyState.OPEN:
        return "duty_closed"
    return rota_rules.why_not(
        now=now,
        starts_at=shift.starts_at,
        active=creator.state == CreatorState.ACTIVE,
        fits=perk_rules.is_for(rota.access_of(shift.duty), perks.taker_of(creator)),
        adult=rota_rules.old_enough(_born(creator), timezone.localdate(shift.starts_at)),
        closed=closed,
        today=timezone.localdate(now),
    )


def _born(creator: Creator) -> dt.date | None:
    born = Payee.objects.filter(creator=creator).values_list("born", flat=True).first()
    return dt.date.fromisoformat(decrypt(born)) if born else None


def _elsewhere(creator: Creator, shift: Shift) -> bool:
    return ShiftPlace.objects.filter(
        creator=creator, state=PlaceState.HELD, during__overlap=(shift.starts_at, shift.ends_at)
    ).exists()


# -- signing up ----------------------------------------------------------------


@whole
def sign_up(*, by: Person | None, creator: Creator, shift: Shift) -> ShiftPlace:
    """Take a place, or a turn on the waiting list where none is left; the same again changes nothing.

    Refuses the codes of `WHY_NOT`.
    """
    shift = rota.lock_shift(shift)
    if shift.brand_id != creator.brand_id:
        raise DomainError("duty_closed", WHY_NOT["duty_closed"])
    place = ShiftPlace.objects.filter(shift=shift, creator=creator).first()
    if place is not None and place.state in IN_LINE:
        return place
    now = timezone.now()
    creator.refresh_from_db(fields=["state"])
    closed = closed_until(creator, timezone.localdate(now))
    if code := _why_not(creator, shift, closed, now):
        raise refusal(code, closed)
    if _elsewhere(creator, shift):
        raise refusal("two_at_once")
    place = place or ShiftPlace(shift=shift, creator=creator)
    # Who gave a place back and asks again stands at the end of the line.
    place.asked_at, place.held_at = now, now if _free(shift) else None
    place.state = PlaceState.HELD if place.held_at else PlaceState.WAITING
    place.brand, place.during = shift.brand, (shift.starts_at, shift.ends_at)
    if not _saved(place):
        raise refusal("two_at_once")
    _note(by, "shift_place.added", place, {"state": place.state}, now)
    return place


def _free(shift: Shift) -> bool:
    """Whether a place is left. Those who wait then could not take it, or they would have it."""
    return shift.taken < shift.places


def refusal(code: str, closed: dt.date | None = None) -> DomainError:
    until = formats.day(closed, get_language()) if closed else ""
    return DomainError(code, WHY_NOT[code], until=until, most=settings.ROTA_ABSENCES)


def _saved(place: ShiftPlace) -> bool:
    """Whether the database took the place: it lets nobody hold two at one time."""
    try:
        with transaction.atomic():
            place.save()
    except IntegrityError as error:
        if code_of(error) != EXCLUDED:
            raise
        return False
    return True


@whole
def withdraw(*, by: Person | None, creator: Creator, shift: Shift) -> ShiftPlace:
    """Give a place back, or leave the waiting list; the next in line moves up.

    Refuses ``no_place`` and ``too_late_to_withdraw``.
    """
    shift = rota.lock_shift(shift)
    place = ShiftPlace.objects.filter(shift=shift, creator=creator, state__in=IN_LINE).first()
    if place is None:
        raise DomainError("no_place", _("You have no place in this shift."))
    now = timezone.now()
    if not may_withdraw(shift, place, now):
        raise DomainError(
            "too_late_to_withdraw",
            _("It is too late to withdraw here. Call the store, so that somebody can step in."),
        )
    before, place.state = place.state, PlaceState.WITHDRAWN
    place.save(update_fields=["state"])
    _note(by, "shift_place.withdrawn", place, {"state": place.state}, now, {"state": before})
    _move_up(shift, now)
    return place


# -- the waiting list ----------------------------------------------------------


def _move_up(shift: Shift, now: dt.datetime) -> list[ShiftPlace]:
    """Give free places of a locked shift to those who wait, in turn, and tell them.

    Who does not take part at present, or holds a place elsewhere at that time, keeps their turn.
    """
    shift.refresh_from_db(fields=["taken", "places"])
    if shift.called_off_at or now >= shift.starts_at or not _free(shift):
        return []
    busy = ShiftPlace.objects.filter(
        creator=OuterRef("creator"),
        state=PlaceState.HELD,
        during__overlap=(shift.starts_at, shift.ends_at),
    )
    waiting = ShiftPlace.objects.filter(
        ~Exists(busy), shift=shift, state=PlaceState.WAITING, creator__state=CreatorState.ACTIVE
    )
    moved: list[ShiftPlace] = []
    for place in waiting.select_related("creator__store", "shift__duty").order_by("asked_at", "pk"):
        if len(moved) == shift.left:
            break
        place.state, place.held_at = PlaceState.HELD, now
        if _saved(place):
            moved.append(place)
    if moved:
        shift.refresh_from_db(fields=["taken"])
        _tell(moved, RotaNews.MOVED_UP, now)
        activity.record_many(
            by=None,
            verb="shift_place.moved_up",
            objects=[(place, place.creator.store) for place in moved],
            before={"state": PlaceState.WAITING},
            after={"state": PlaceState.HELD},
        )
    return moved


@whole
def change_places(*, by: Person | None, shift: Shift, places: int) -> Shift:
    """Have more or fewer places; with more of them those who wait move up.

    Refuses ``places_out_of_range``, ``places_below_taken`` and ``shift_called_off``.
    """
    shift = rota.lock_shift(shift)
    if shift.called_off_at:
        raise refusal("shift_called_off")
    if not 1 <= places <= MOST_PLACES:
        raise DomainError(
            "places_out_of_range",
            _("A shift has 1 to %(most)s places."),
            status=400,
            most=MOST_PLACES,
        )
    if places < shift.taken:
        raise DomainError(
            "places_below_taken",
            _("%(taken)s people have a place already; there cannot be fewer."),
            taken=shift.taken,
        )
    before, shift.places = shift.places, places
    shift.save(update_fields=["places"])
    activity.record(
        by=by,
        verb="shift.changed",
        object=shift,
        unit=shift.duty.unit,
        before={"places": before},
        after={"places": places},
    )
    _move_up(shift, timezone.now())
    return shift


@whole
def call_off(*, by: Person | None, shift: Shift, reason: str) -> Shift:
    """Call a shift off; everybody in it is told why. Refuses ``reason_needed``,
    ``shift_called_off`` and ``shift_begun``.
    """
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise DomainError("reason_needed", _("Say why, in words that the volunteers read."))
    shift, now = rota.lock_shift(shift), timezone.now()
    if shift.called_off_at:
        raise refusal("shift_called_off")
    if now >= shift.starts_at:
        raise refusal("shift_begun")
    shift.called_off_at, shift.reason = now, reason
    shift.save(update_fields=["called_off_at", "reason"])
    in_line = ShiftPlace.objects.filter(shift=shift, state__in=IN_LINE)
    people = list(in_line.select_related("shift", "creator"))
    in_line.update(state=PlaceState.LOST)
    _tell(people, RotaNews.CALLED_OFF, now)
    activity.record(
        by=by,
        verb="shift.called_off",
        object=shift,
        unit=shift.duty.unit,
        after={"reason": reason, "people": len(people)},
        at=now,
    )
    return shift


# -- people who pause or leave -------------------------------------------------


def after_stopping(ids: Sequence[int]) -> None:
    """End their places once it is true that they stopped.

    Not before: whoever changes a person holds that row, and a shift waits for it to tell the person
    something, so each would wait for the other. What is lost in between is found by `rota_jobs.tidy`.
    """
    transaction.on_commit(lambda: end_places(ids), robust=True)


def end_places(ids: Sequence[int] | None = None) -> int:
    """End the places of shifts to come of people who do not take part at present, and move others up.

    ``ids`` looks at these people alone. Returns how many places ended; a second call finds none.
    """
    now = timezone.now()
    lost = _of_the_stopped(now, ids)
    shifts = sorted(set(lost.values_list("shift", flat=True)))
    return sum(_end_in(shift, now, ids) for shift in shifts)


def _of_the_stopped(now: dt.datetime, ids: Sequence[int] | None) -> QuerySet[ShiftPlace]:
    lost = ShiftPlace.objects.filter(
        ~Q(creator__state=CreatorState.ACTIVE), state__in=IN_LINE, shift__starts_at__gt=now
    )
    return lost if ids is None else lost.filter(creator__in=ids)


@whole
def _end_in(shift_id: int, now: dt.datetime, ids: Sequence[int] | None) -> int:
    shift = rota.lock_shift(shift_id)
    lost = list(
        _of_the_stopped(now, ids)
        .filter(shift=shift)
        .select_related("creator__store", "shift__duty")
    )
    ShiftPlace.objects.filter(pk__in=[place.pk for place in lost]).update(state=PlaceState.LOST)
    _tell(lost, RotaNews.LOST, now)
    activity.record_many(
        by=None,
        verb="shift_place.ended",
        objects=[(place, place.creator.store) for place in lost],
        after={"state": PlaceState.LOST},
    )
    _move_up(shift, now)
    return len(lost)


# -- telling -------------------------------------------------------------------


def read(creator: Creator) -> int:
    """The person has seen what they were told."""
    return RotaNotice.objects.filter(creator=creator, read_at=None).update(read_at=timezone.now())


def _tell(places: Iterable[ShiftPlace], kind: str, now: dt.datetime) -> None:
    RotaNotice.objects.bulk_create(
        RotaNotice(creator_id=place.creator_id, shift_id=place.shift_id, kind=kind, at=now)
        for place in places
    )


def _note(
    by: Person | None,
    verb: str,
    place: ShiftPlace,
    after: dict[str, Any],
    now: dt.datetime,
    before: dict[str, Any] | None = None,
) -> None:
    activity.record(
        by=by,
        verb=verb,
        object=place,
        unit=place.creator.store,
        before=before,
        after=after,
        at=now,
    )
