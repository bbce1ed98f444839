"""Who came to a shift, and the points that this brings.

Points are worth what the attendance says: they are booked by the run of points, which posts what
a place is worth less what it has brought. So a correction after that is a reversing line.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Collection, Mapping
from typing import Any

from django.conf import settings
from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import points, points_sources, rota, rota_rules, rota_sql
from incentives.models import Shift, ShiftPlace
from incentives.points_sources import Source
from incentives.rota_choices import Came, PlaceState
from incentives.rota_rules import Span, Window
from kosops.lib.errors import DomainError, NotAllowed
from kosops.lib.periods import Month
from kosops.lib.repeating import whole
from kosops.lib.sql import exclusive
from kosops.ui import formats
from matrix.models import Creator

SOURCE = "rota"
# Points of volunteers live so many months.
POINTS_LIVE = 12
# Later than this nothing is corrected: the points still live then, and can be taken back.
CORRECT_DAYS = 90
MAX_REASON = 200


def words_of(keys: Collection[str]) -> dict[str, str]:
    """What a line of points was for, by its key: the activity and its day."""
    rows = Shift.objects.select_related("duty")
    shifts = rows.in_bulk({int(key.split(":")[0]) for key in keys})
    return {
        key: gettext("%(name)s on %(day)s")
        % {
            "name": shift.duty.name,
            "day": formats.day(timezone.localdate(shift.starts_at), get_language()),
        }
        for key in keys
        if (shift := shifts.get(int(key.split(":")[0])))
    }


points_sources.register(
    Source(
        code=SOURCE,
        label=_("Volunteering"),
        ruled=False,
        facts=f"""
            SELECT p.shift_id || ':' || p.creator_id AS key, p.creator_id,
                   (s.starts_at AT TIME ZONE %(zone)s)::date AS earned_on, p.points,
                   0 AS hold_days, {POINTS_LIVE} AS months
              FROM incentives_shiftplace p JOIN incentives_shift s ON s.id = p.shift_id
             WHERE p.brand_id = %(brand)s AND p.came = 'present' AND p.points > 0
        """,
        words=words_of,
    )
)


# -- queries -------------------------------------------------------------------


def people_of(shift: Shift) -> list[ShiftPlace]:
    """Who has or had to do with a shift: those with a place by name, then who waits in turn."""
    rows = ShiftPlace.objects.filter(shift=shift).select_related("creator__store", "came_by")
    order = [PlaceState.HELD, PlaceState.WAITING, PlaceState.WITHDRAWN, PlaceState.LOST]

    def place(row: ShiftPlace) -> tuple[Any, ...]:
        waits = row.state == PlaceState.WAITING
        return (
            order.index(PlaceState(row.state)),
            row.asked_at if waits else row.creator.name,
            row.pk,
        )

    return sorted(rows, key=place)


def window_of(shift: Shift) -> Window:
    return rota_rules.tick_window(Span(shift.starts_at, shift.ends_at), shift.duty.tick_days)


def can_tick(shift: Shift, now: dt.datetime) -> bool:
    return not shift.called_off_at and not shift.settled_at and window_of(shift).open(now)


def can_correct(shift: Shift, now: dt.datetime) -> bool:
    """Whether somebody with a reason may still change what was ticked."""
    last = shift.ends_at + dt.timedelta(days=CORRECT_DAYS)
    over = now >= shift.ends_at and not shift.called_off_at
    return over and not can_tick(shift, now) and now < last


def can_finish(shift: Shift, now: dt.datetime) -> bool:
    """Whether the points can be booked before the time for ticking is over."""
    return (
        can_tick(shift, now)
        and now >= shift.ends_at
        and not ShiftPlace.objects.filter(shift=shift, state=PlaceState.HELD, came="").exists()
    )


# -- ticking -------------------------------------------------------------------


@whole
def tick(*, by: Person, shift: Shift, came: Mapping[int, str]) -> Shift:
    """Note who came, by the ids of places; an empty word takes the tick away.

    Refuses ``shift_called_off``, ``shift_not_begun``, ``attendance_closed``, ``unknown_word`` and
    ``own_attendance``.
    """
    shift, now = rota.lock_shift(shift), timezone.now()
    _check_not_called_off(shift)
    if now < shift.starts_at:
        raise DomainError("shift_not_begun", _("Attendance is ticked once the shift has begun."))
    if not can_tick(shift, now):
        raise DomainError(
            "attendance_closed",
            _("The time for ticking is over. Headquarters can correct it with a reason."),
        )
    changed = _changing(by, shift, came)
    for place in changed:
        _set(place, came[place.pk], by, now)
    if changed:
        counts = Counter(
            ShiftPlace.objects.filter(shift=shift, state=PlaceState.HELD)
            .exclude(came="")
            .values_list("came", flat=True)
        )
        activity.record(
            by=by,
            verb="shift.ticked",
            object=shift,
            unit=shift.duty.unit,
            after={word: counts[word] for word in Came.values},
            at=now,
        )
    return shift


@whole
def correct(*, by: Person, place: ShiftPlace, came: str, reason: str) -> ShiftPlace:
    """Change what was ticked after the time for it; points that were booked follow at once.

    Refuses ``shift_called_off``, ``reason_needed``, ``cannot_correct``, ``unknown_word``,
    ``no_place``, ``own_attendance`` and, while a run is at it, ``points_busy``.
    """
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise DomainError("reason_needed", _("Say why."), status=400)
    shift, now = rota.lock_shift(place.shift_id), timezone.now()
    _check_not_called_off(shift)
    if not can_correct(shift, now):
        raise DomainError(
            "cannot_correct",
            _("A correction is possible from the end of the time for ticking until 90 days later."),
        )
    place = ShiftPlace.objects.select_related("creator__brand").get(pk=place.pk)
    if place.state != PlaceState.HELD:
        raise DomainError("no_place", _("This person had no place in the shift."))
    before = {"came": place.came, "points": place.points}
    if not _changing(by, shift, {place.pk: came}):
        return place
    _set(place, came, by, now)
    if shift.settled_at:
        place.points = _worth(place, shift) if came == Came.PRESENT else None
        place.save(update_fields=["points"])
        points.run(by=by, brand=shift.brand, today=timezone.localdate(now), only=SOURCE)
    activity.record(
        by=by,
        verb="shift_place.attendance_corrected",
        object=place,
        unit=shift.duty.unit,
        before=before,
        after={"came": place.came, "points": place.points, "reason": reason},
        at=now,
    )
    return place


def _check_not_called_off(shift: Shift) -> None:
    if shift.called_off_at:
        raise DomainError("shift_called_off", _("This shift is called off."))


def _changing(by: Person, shift: Shift, came: Mapping[int, str]) -> list[ShiftPlace]:
    """The places of which something else is said now. Refuses ``unknown_word``, ``own_attendance``."""
    if any(word and word not in Came.values for word in came.values()):
        raise DomainError("unknown_word", _("Say: came, excused or absent."), status=400)
    rows = ShiftPlace.objects.filter(shift=shift, state=PlaceState.HELD, pk__in=came)
    changed = [place for place in rows.select_related("creator") if place.came != came[place.pk]]
    if any(place.creator.person_id == by.pk for place in changed):
        raise NotAllowed("own_attendance", _("Nobody ticks their own attendance."))
    return changed


def _set(place: ShiftPlace, came: str, by: Person, now: dt.datetime) -> None:
    place.came = came
    place.came_at, place.came_by = (now, by) if came else (None, None)
    if came != Came.PRESENT:
        place.points = None
    place.save(update_fields=["came", "came_at", "came_by", "points"])


def _worth(place: ShiftPlace, shift: Shift) -> int:
    """What a place brings now, after all else that the month of the shift has brought."""
    return rota_rules.thanks(
        shift.points,
        given_in(place.creator, month_of(shift), without=place),
        ceiling(),
    )


def month_of(shift: Shift) -> Month:
    """The month whose ceiling the thanks of a shift stay under: that of its beginning."""
    return Month.of(timezone.localdate(shift.starts_at))


def ceiling() -> int:
    """Points that the shifts of a month bring one person at most."""
    return int(settings.ROTA_POINTS_A_MONTH)


def given_in(creator: Creator, month: Month, *, without: ShiftPlace | None = None) -> int:
    """Points that the shifts of a month have brought a person."""
    rows = ShiftPlace.objects.filter(
        creator=creator, shift__starts_at__date__range=(month.first_day, month.last_day)
    )
    if without is not None:
        rows = rows.exclude(pk=without.pk)
    return rows.aggregate(sum=Sum("points"))["sum"] or 0


# -- booking -------------------------------------------------------------------


@whole
def settle(*, by: Person | None, brand: Unit, shift: Shift | None = None) -> dict[str, int]:
    """Book the points of who came to shifts whose time for ticking is over; a second call books nothing.

    With ``shift`` that one alone, before its time: refuses ``not_all_ticked`` while it runs or
    somebody is not ticked. Refuses ``rota_busy`` and ``points_busy`` while another run is at it.
    """
    busy = DomainError("rota_busy", _("Volunteers’ points are being booked already."))
    now = timezone.now()
    with exclusive(f"rota:{brand.pk}", busy=busy):
        shifts = rota_sql.due(brand, now, shift.pk if shift else None)
        if shift is not None and shifts and not can_finish(shift, now) and can_tick(shift, now):
            raise DomainError("not_all_ticked", _("Tick everybody first."))
        if not shifts:
            return {"shifts": 0, "people": 0, "points": 0}
        counts = rota_sql.settle(brand, shifts, now)
        if counts["points"]:
            points.run(by=by, brand=brand, today=timezone.localdate(now), only=SOURCE)
        activity.record(by=by, verb="rota.settled", object=brand, unit=brand, after=counts, at=now)
    return counts
