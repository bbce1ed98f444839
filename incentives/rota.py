"""The volunteer rota: what volunteers do, its shifts, and what a person finds open.

Volunteers give their time for thanks in points by the shift, never by the hour and never money:
whoever is paid for hours is employed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import rota_rules
from incentives.models import Duty, Shift, ShiftPlace
from incentives.models.rota import MOST_PLACES, MOST_THANKS
from incentives.perk_rules import Access
from incentives.rota_choices import Came, DutyState, PlaceState
from incentives.rota_rules import Span
from kosops.lib.errors import DomainError
from matrix.choices import CreatorState
from matrix.models import Creator

VIEW = "points.view"
EDIT = "rota.edit"
# Nobody plans further ahead.
MOST_AHEAD = dt.timedelta(days=366)

PROBLEMS: dict[str, Any] = {
    "ends_before_start": _("The last day lies before the first."),
    "no_days": _("No day of the period falls on one of these weekdays."),
    "too_many_days": _("At most %(most)s shifts at a time."),
    "shift_too_long": _("A shift lasts 12 hours at most. Cut it into two."),
}


# -- queries -------------------------------------------------------------------


def zone() -> ZoneInfo:
    """The brand's time zone."""
    return ZoneInfo(settings.TIME_ZONE)


def with_counts(rows: QuerySet[Shift]) -> QuerySet[Shift]:
    """Shifts with ``waiting``, ``came``, ``unticked`` and ``given`` points."""
    people = ShiftPlace.objects.filter(shift=OuterRef("pk"))
    held = people.filter(state=PlaceState.HELD)
    return rows.annotate(
        waiting=_figure(people.filter(state=PlaceState.WAITING), Count("pk")),
        came=_figure(held.filter(came=Came.PRESENT), Count("pk")),
        unticked=_figure(held.filter(came=""), Count("pk")),
        given=_figure(held, Sum("points")),
    )


def _figure(rows: QuerySet[Any], what: Combinable) -> Coalesce:
    grouped = rows.order_by().annotate(_all=Value(1)).values("_all").annotate(_figure=what)
    return Coalesce(Subquery(grouped.values("_figure"), output_field=IntegerField()), Value(0))


def to_tick(shifts: QuerySet[Shift], now: Any) -> QuerySet[Shift]:
    """Shifts that are over and of whose people some are not ticked yet."""
    unticked = ShiftPlace.objects.filter(state=PlaceState.HELD, came="").values("shift")
    return shifts.filter(ends_at__lte=now, settled_at=None, called_off_at=None, pk__in=unticked)


@dataclass(frozen=True)
class Sums:
    """The rota in figures: what is to come in a week, and how the last 30 days went."""

    shifts: int
    places: int
    taken: int
    ticked: int
    attended: int
    absent: int
    thanks: int

    @property
    def fill_bp(self) -> int | None:
        return self.taken * 10_000 // self.places if self.places else None

    @property
    def came_bp(self) -> int | None:
        return self.attended * 10_000 // self.ticked if self.ticked else None


WEEK, LATELY = dt.timedelta(days=7), dt.timedelta(days=30)


def sums_of(shifts: QuerySet[Shift], now: dt.datetime) -> Sums:
    """Figures over the shifts that somebody may see."""
    kept = shifts.filter(called_off_at=None)
    coming = kept.filter(starts_at__gt=now, starts_at__lte=now + WEEK).aggregate(
        shifts=Count("pk"), places=Coalesce(Sum("places"), 0), taken=Coalesce(Sum("taken"), 0)
    )
    over = kept.filter(ends_at__lte=now, ends_at__gt=now - LATELY)
    places = ShiftPlace.objects.filter(shift__in=over.values("pk"), state=PlaceState.HELD)
    went = places.exclude(came="").aggregate(
        ticked=Count("pk"),
        attended=Count("pk", filter=Q(came=Came.PRESENT)),
        absent=Count("pk", filter=Q(came=Came.ABSENT)),
        thanks=Coalesce(Sum("points"), 0),
    )
    return Sums(**coming, **went)


def access_of(duty: Duty) -> Access:
    unit = duty.for_unit
    return Access(duty.creator_kind, duty.tiers, duty.layers, unit.path if unit else "")


def open_for(creator: Creator, now: dt.datetime) -> QuerySet[Shift]:
    """Shifts to come that are for a person, as `perk_rules.is_for` decides."""
    above = [int(unit) for unit in creator.store.path.split("/") if unit]
    return Shift.objects.filter(
        Q(duty__for_unit=None) | Q(duty__for_unit__in=above),
        Q(duty__tiers=[], duty__layers=[])
        | Q(duty__tiers__contains=[creator.tier])
        | Q(duty__layers__contains=[creator.layer]),
        brand=creator.brand_id,
        duty__state=DutyState.OPEN,
        duty__creator_kind__in=["", creator.kind],
        starts_at__gt=now,
        called_off_at=None,
    ).select_related("duty__unit")


def hosted_by(creator: Creator, now: dt.datetime) -> QuerySet[Shift]:
    """Shifts that a person looks after, from a day before they begin until they are booked."""
    return Shift.objects.filter(
        duty__host=creator,
        called_off_at=None,
        settled_at=None,
        starts_at__lte=now + dt.timedelta(days=1),
    ).select_related("duty__unit")


def visible_to(creator: Creator) -> QuerySet[Shift]:
    """Shifts that a person may look at: of open activities of the brand, and those they stand in."""
    own = ShiftPlace.objects.filter(creator=creator).values("shift")
    return Shift.objects.filter(
        ~Q(duty__state=DutyState.DRAFT) | Q(pk__in=own), brand=creator.brand_id
    ).select_related("duty__unit", "duty__for_unit", "duty__host")


# -- activities ----------------------------------------------------------------


@transaction.atomic
def add_duty(*, by: Person | None, unit: Unit, **fields: Any) -> Duty:
    """Add an activity of a unit as a draft. Refuses what `_check` refuses."""
    duty = Duty(brand=unit.brand or unit, unit=unit, created_by=by, **fields)
    _check(duty)
    duty.save()
    activity.record(
        by=by,
        verb="duty.added",
        object=duty,
        unit=unit,
        after={"name": duty.name, "points": duty.points},
    )
    return duty


@transaction.atomic
def change_duty(*, by: Person | None, duty: Duty, **fields: Any) -> Duty:
    """Change an activity; shifts that are there keep their thanks. Refuses what `_check` refuses."""
    duty = _locked(duty)
    before = {"name": duty.name, "points": duty.points}
    for name, value in fields.items():
        setattr(duty, name, value)
    _check(duty)
    duty.save(update_fields=list(fields))
    activity.record(
        by=by,
        verb="duty.changed",
        object=duty,
        unit=duty.unit,
        before=before,
        after={"name": duty.name, "points": duty.points},
    )
    return duty


@transaction.atomic
def set_state(*, by: Person | None, duty: Duty, state: str) -> Duty:
    """Open an activity for sign-up or close it; who has a place keeps it."""
    duty = _locked(duty)
    if duty.state == state:
        return duty
    before, duty.state = duty.state, state
    duty.save(update_fields=["state"])
    activity.record(
        by=by,
        verb="duty.state_changed",
        object=duty,
        unit=duty.unit,
        before={"state": before},
        after={"state": state},
    )
    return duty


def _locked(duty: Duty) -> Duty:
    locked = Duty.objects.select_for_update(of=("self",)).select_related("unit", "brand", "host")
    return locked.get(pk=duty.pk)


def _check(duty: Duty) -> None:
    """Refuse ``thanks_too_high``, ``other_unit`` and ``not_a_host``."""
    if not 0 <= duty.points <= MOST_THANKS:
        raise DomainError(
            "thanks_too_high",
            _("Thanks for a shift are at most %(most)s points: volunteers are not paid."),
            status=400,
            most=MOST_THANKS,
        )
    if duty.for_unit and not duty.for_unit.path.startswith(duty.brand.path):
        raise DomainError("other_unit", _("The unit belongs to another brand."))
    host = duty.host
    if host and (host.brand_id != duty.brand_id or host.state == CreatorState.LEFT):
        raise DomainError(
            "not_a_host", _("Nobody who takes part has this number, or the person has left.")
        )


# -- shifts --------------------------------------------------------------------


@dataclass(frozen=True)
class Pattern:
    """Shifts of the same hours on the days of a period; no weekdays (Monday is 0) means all."""

    first: dt.date
    last: dt.date
    begin: dt.time
    end: dt.time
    weekdays: Collection[int] = ()


@dataclass(frozen=True)
class Planned:
    """A shift that a pattern would make. ``why_not`` says in words why it is left out."""

    span: Span
    why_not: Any = ""


def planned(duty: Duty, pattern: Pattern, now: dt.datetime) -> list[Planned]:
    """What a pattern would make, day by day. Refuses the codes of `PROBLEMS`."""
    days = rota_rules.days_of(pattern.first, pattern.last, pattern.weekdays)
    sample = rota_rules.span_on(pattern.first, pattern.begin, pattern.end, zone())
    code = rota_rules.pattern_problem(pattern.first, pattern.last, days, sample)
    if code:
        raise DomainError(code, PROBLEMS[code], status=400, most=rota_rules.MOST_DAYS)
    spans = [rota_rules.span_on(day, pattern.begin, pattern.end, zone()) for day in days]
    there = set(
        Shift.objects.filter(
            duty=duty, called_off_at=None, starts_at__in=[span.starts_at for span in spans]
        ).values_list("starts_at", flat=True)
    )
    return [Planned(span, _left_out(span, there, now)) for span in spans]


def _left_out(span: Span, there: Collection[dt.datetime], now: dt.datetime) -> Any:
    if span.starts_at <= now:
        return _("begins in the past")
    if span.starts_at > now + MOST_AHEAD:
        return _("more than a year ahead")
    return _("is there already") if span.starts_at in there else ""


@transaction.atomic
def add_shifts(*, by: Person | None, duty: Duty, pattern: Pattern, places: int) -> list[Shift]:
    """Make the shifts of a pattern; those that are there or in the past are left out.

    Refuses the codes of `PROBLEMS`, ``places_out_of_range`` and ``nothing_to_add``.
    """
    _check_places(places)
    # Two at once would each not see the shifts of the other.
    duty = _locked(duty)
    plan = planned(duty, pattern, timezone.now())
    spans = [each.span for each in plan if not each.why_not]
    if not spans:
        raise DomainError("nothing_to_add", _("Every one of these shifts is there or in the past."))
    shifts = Shift.objects.bulk_create(
        Shift(
            brand=duty.brand,
            duty=duty,
            starts_at=span.starts_at,
            ends_at=span.ends_at,
            places=places,
            points=duty.points,
        )
        for span in spans
    )
    activity.record(
        by=by,
        verb="duty.shifts_added",
        object=duty,
        unit=duty.unit,
        after={
            "shifts": len(shifts),
            "places": places,
            "first": timezone.localdate(spans[0].starts_at).isoformat(),
            "until": timezone.localdate(spans[-1].starts_at).isoformat(),
        },
    )
    return shifts


def _check_places(places: int) -> None:
    if not 1 <= places <= MOST_PLACES:
        raise DomainError(
            "places_out_of_range",
            _("A shift has 1 to %(most)s places."),
            status=400,
            most=MOST_PLACES,
        )


def lock_shift(shift: Shift | int) -> Shift:
    """The shift with its row locked: places are given and attendance is ticked by one at a time."""
    pk = shift if isinstance(shift, int) else shift.pk
    locked = Shift.objects.select_for_update(of=("self",), no_key=True)
    return locked.select_related("brand", "duty__unit", "duty__for_unit", "duty__host").get(pk=pk)


def lock_shifts(ids: Iterable[int]) -> list[Shift]:
    """The same of several, in the order of their ids, so that nobody waits in a circle."""
    locked = Shift.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=list(ids))
    return list(locked.select_related("duty__unit").order_by("pk"))
