"""HQ pages of the volunteer rota: the week, shifts with their people, activities."""

from __future__ import annotations

import datetime as dt
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from accounts.models import Unit
from incentives import rota, rota_attendance, rota_jobs, rota_places
from incentives.models import Duty, Shift, ShiftPlace
from incentives.rota import EDIT, VIEW
from incentives.rota_choices import Came, DutyState, PlaceState
from incentives.rota_definitions import ROTA
from incentives.rota_filters import DutyFilter, ShiftFilter
from incentives.rota_forms import CallOffForm, CorrectForm, DutyForm, PatternForm, PlacesForm
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.ui import formats
from kosops.ui.listing import address, count_up_to, list_response
from kosops.ui.parts import Choice, Kpi
from matrix.filters import unit_choices

# More do not fit on a page; a region or store is chosen then.
MOST_SHOWN = 200


def came_of(request: HttpRequest) -> dict[int, str]:
    """What a form says of each place: fields ``came-<id>``."""
    found = {}
    for name, value in request.POST.items():
        kind, _dash, number = name.partition("-")
        if kind == "came" and number.isascii() and number.isdigit() and len(number) < 19:
            found[int(number)] = str(value)
    return found


def _visible(request: HttpRequest, permission: str = VIEW) -> QuerySet[Shift]:
    return Shift.objects.for_user(request.user, permission)


def _tabs(here: str) -> list[Choice]:
    coming = reverse("incentives:shifts") + "?state=coming&sort=starts"
    return [
        Choice(label=_("Week"), href=reverse("incentives:rota_week"), selected=here == "week"),
        Choice(label=_("Shifts"), href=coming, selected=here == "shifts"),
        Choice(label=_("Activities"), href=reverse("incentives:duties"), selected=here == "duties"),
    ]


# -- the week ------------------------------------------------------------------


@require_safe
@login_required
def week(request: HttpRequest) -> HttpResponse:
    """The shifts of a week, day by day, under the rota in figures."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    now = timezone.now()
    today = timezone.localdate(now)
    monday = _monday(request.GET.get("week", ""), today)
    shifts = _visible(request).filter(brand=brand)
    found = ShiftFilter({"unit": request.GET.get("unit", "")}, queryset=shifts, request=request)
    first = dt.datetime.combine(monday, dt.time.min, tzinfo=rota.zone())
    rows = found.rows().filter(starts_at__gte=first, starts_at__lt=first + dt.timedelta(days=7))
    rows = rota.with_counts(rows).select_related("duty__unit").order_by("starts_at", "pk")
    shown = list(rows[: MOST_SHOWN + 1])
    days = [monday + dt.timedelta(days=number) for number in range(7)]
    by_day: dict[dt.date, list[Shift]] = {day: [] for day in days}
    for each in shown[:MOST_SHOWN]:
        by_day[timezone.localdate(each.starts_at)].append(each)
    context = {
        "days": list(by_day.items()),
        "today": today,
        "now": now,
        "first": days[0],
        "last": days[-1],
        "before": address(request.GET, week=(monday - dt.timedelta(days=7)).isoformat()),
        "after": address(request.GET, week=(monday + dt.timedelta(days=7)).isoformat()),
        "too_many": len(shown) > MOST_SHOWN,
        "figures": partial(_sums, shifts, now),
        "unit": found.form["unit"].value(),
        "clear": request.path if found.problems else "",
        "problems": found.problems,
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
        "tabs": _tabs("week"),
        "may_add": bool(access.reach(request.user, EDIT)),
        "may_book": access.reach(request.user, EDIT).covers(brand),
    }
    return page_or_fragment(
        request,
        "incentives/rota_week.html",
        context,
        fragment="incentives/_rota_week.html",
        status=422 if found.problems else 200,
    )


def _monday(text: str, today: dt.date) -> dt.date:
    """The Monday of the week that the address names, of this one where it names none."""
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = today
    # The calendar ends somewhere; a week beyond it is nobody's.
    if not 2000 <= day.year <= 2100:
        day = today
    return day - dt.timedelta(days=day.weekday())


def _sums(shifts: QuerySet[Shift], now: dt.datetime) -> list[Kpi]:
    """The rota in figures over all that the person may see."""
    sums = rota.sums_of(shifts, now)
    fill, came = sums.fill_bp, sums.came_bp
    return [
        Kpi(label=label, value=value, help=ROTA[code], note=note, good="")
        for code, label, value, note in (
            ("rota_shifts", _("Shifts in 7 days"), formats.number(sums.shifts), ""),
            (
                "rota_fill",
                _("Places taken"),
                formats.number(sums.taken),
                _("of %(places)s") % {"places": formats.number(sums.places)}
                + (f" · {formats.percent_bp(fill, 0)}" if fill is not None else ""),
            ),
            (
                "rota_came",
                _("Came, 30 days"),
                formats.number(sums.attended),
                _("of %(people)s people") % {"people": formats.number(sums.ticked)}
                + (f" · {formats.percent_bp(came, 0)}" if came is not None else ""),
            ),
            ("rota_absent", _("Absent without a word"), formats.number(sums.absent), ""),
            ("rota_points", _("Points given"), formats.number(sums.thanks), ""),
        )
    ]


@require_POST
@login_required
def book(request: HttpRequest) -> HttpResponse:
    """Book the points of shifts whose time for ticking is over, in the background."""
    access.require(request.user, EDIT)
    brand = brands.required(request, EDIT)
    access.require(request.user, EDIT, brand)
    rota_jobs.start(by=request.user, brand=brand)
    messages.success(request, _("Points are being booked in the background."))
    return redirect("incentives:rota_week")


# -- shifts --------------------------------------------------------------------


@require_safe
@login_required
def shift_list(request: HttpRequest) -> HttpResponse:
    """All shifts, with their places, who came and what it brought."""
    access.require(request.user, VIEW)
    shifts = _visible(request).filter(brand=brands.current(request, VIEW))
    found = ShiftFilter(request.GET, queryset=shifts, request=request)
    rows = found.rows()
    context = {
        "page": found.page(rota.with_counts(rows).select_related("duty__unit")),
        "now": timezone.now(),
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
        "tabs": _tabs("shifts"),
    }
    return list_response(
        request,
        found,
        context,
        template="incentives/rota_shifts.html",
        fragment="incentives/_rota_shifts.html",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def shift(request: HttpRequest, shift_id: int) -> HttpResponse:
    """One shift: who has a place, who waits, who came; more places, or none at all."""
    access.require(request.user, VIEW)
    shown = _shift(request, shift_id)
    act = request.POST.get("act", "")
    places = PlacesForm(request.POST if act == "places" else None, initial={"places": shown.places})
    off = CallOffForm(request.POST if act == "call_off" else None)
    if request.method == "POST":
        access.require(request.user, EDIT, shown.duty.unit)
        try:
            if said := _act(request, shown, act, places, off):
                messages.success(request, said)
                return redirect("incentives:shift", shown.pk)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        shown = _shift(request, shift_id)
    now = timezone.now()
    may = access.reach(request.user, EDIT).covers(shown.duty.unit)
    context = {
        "shift": shown,
        "people": rota_attendance.people_of(shown),
        "now": now,
        "words": Came.choices,
        "may_edit": may,
        "may_tick": may and rota_attendance.can_tick(shown, now),
        "may_correct": may and rota_attendance.can_correct(shown, now),
        "may_finish": may and rota_attendance.can_finish(shown, now),
        "may_change": may and not shown.called_off_at and now < shown.starts_at,
        "closes_at": rota_attendance.window_of(shown).closes_at,
        "places": places,
        "off": off,
    }
    return page_or_fragment(
        request,
        "incentives/rota_shift.html",
        context,
        peek="incentives/_rota_shift_peek.html",
        status=422 if request.method == "POST" else 200,
    )


def _shift(request: HttpRequest, shift_id: int) -> Shift:
    rows = rota.with_counts(_visible(request))
    return get_object_or_404(rows.select_related("duty__unit", "brand"), pk=shift_id)


def _act(request: HttpRequest, shown: Shift, act: str, places: PlacesForm, off: CallOffForm) -> str:
    """Do what was asked and say so; empty where a form is not filled in well."""
    if act == "tick":
        rota_attendance.tick(by=request.user, shift=shown, came=came_of(request))
        return _("Attendance is noted.")
    if act == "book":
        done = rota_attendance.settle(by=request.user, brand=shown.brand, shift=shown)
        return ngettext(
            "%(points)s point was booked.", "%(points)s points were booked.", done["points"]
        ) % {"points": formats.number(done["points"])}
    if act == "places" and places.is_valid():
        rota_places.change_places(by=request.user, shift=shown, **places.cleaned_data)
        return _("Saved.")
    if act == "call_off" and off.is_valid():
        rota_places.call_off(by=request.user, shift=shown, **off.cleaned_data)
        return _("The shift is called off; everybody in it is told.")
    return ""


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def attendance(request: HttpRequest, shift_id: int, place_id: int) -> HttpResponse:
    """Correct the attendance of one person, with a reason."""
    access.require(request.user, EDIT)
    rows = ShiftPlace.objects.for_user(request.user, EDIT).filter(state=PlaceState.HELD)
    place = get_object_or_404(
        rows.select_related("shift__duty__unit", "creator__store"), pk=place_id, shift=shift_id
    )
    form = CorrectForm(request.POST or None, initial={"came": place.came})
    if request.method == "POST" and form.is_valid():
        try:
            rota_attendance.correct(by=request.user, place=place, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Corrected; the points follow."))
            return redirect("incentives:shift", shift_id)
    context = {"place": place, "shift": place.shift, "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "incentives/rota_correct.html", context, status=status)


# -- activities ----------------------------------------------------------------


@require_safe
@login_required
def duty_list(request: HttpRequest) -> HttpResponse:
    """What volunteers do, the latest first."""
    access.require(request.user, VIEW)
    duties = Duty.objects.for_user(request.user, VIEW).filter(brand=brands.current(request, VIEW))
    found = DutyFilter(request.GET, queryset=duties, request=request)
    rows = found.rows()
    coming = Q(shifts__starts_at__gt=timezone.now(), shifts__called_off_at=None)
    free = F("shifts__places") - F("shifts__taken")
    counted = rows.annotate(
        coming=Count("shifts", filter=coming), left=Coalesce(Sum(free, filter=coming), 0)
    )
    context = {
        "page": found.page(counted.select_related("unit", "for_unit")),
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
        "tabs": _tabs("duties"),
        "may_add": bool(access.reach(request.user, EDIT)),
    }
    return list_response(
        request,
        found,
        context,
        template="incentives/rota_duties.html",
        fragment="incentives/_rota_duties.html",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def duty_add(request: HttpRequest) -> HttpResponse:
    """Add an activity as a draft."""
    access.require(request.user, EDIT)
    brand = brands.required(request, EDIT)
    form = _form(request, brand, initial={"points": 50, "cutoff_hours": 24, "tick_days": 3})
    if request.method == "POST" and form.is_valid():
        try:
            made = rota.add_duty(
                by=request.user, unit=form.cleaned_data["unit"], **form.fields_of_duty()
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Added as a draft. Add shifts, then open it."))
            return redirect("incentives:duty", made.pk)
    status = 422 if form.is_bound else 200
    return render(request, "incentives/rota_duty_add.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def duty(request: HttpRequest, duty_id: int) -> HttpResponse:
    """One activity: what it is, for whom, and its shifts to come."""
    access.require(request.user, VIEW)
    shown = _duty(request, duty_id)
    may_edit = access.reach(request.user, EDIT).covers(shown.unit)
    form = _form(request, shown.brand, duty=shown) if may_edit else None
    if request.method == "POST":
        access.require(request.user, EDIT, shown.unit)
        if form and form.is_valid():
            try:
                rota.change_duty(by=request.user, duty=shown, **form.fields_of_duty())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Saved."))
                return redirect("incentives:duty", shown.pk)
    now = timezone.now()
    coming = rota.with_counts(shown.shifts.filter(ends_at__gt=now)).order_by("starts_at", "pk")
    context = {
        "duty": shown,
        "form": form,
        "may_edit": may_edit,
        "shifts": coming[:10],
        "now": now,
    }
    status = 422 if form and form.is_bound else 200
    return render(request, "incentives/rota_duty.html", context, status=status)


@require_POST
@login_required
def duty_state(request: HttpRequest, duty_id: int) -> HttpResponse:
    """Open an activity for sign-up or close it."""
    shown = _duty(request, duty_id, EDIT)
    wanted = request.POST.get("state", "")
    if wanted in (DutyState.OPEN, DutyState.CLOSED):
        rota.set_state(by=request.user, duty=shown, state=wanted)
    return redirect("incentives:duty", shown.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def duty_shifts(request: HttpRequest, duty_id: int) -> HttpResponse:
    """Add shifts on several days: first what they would be, then for real."""
    shown = _duty(request, duty_id, EDIT)
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    initial = {
        "first": tomorrow,
        "last": tomorrow + dt.timedelta(days=27),
        "weekdays": ["5", "6"],
        "begin": dt.time(13),
        "end": dt.time(17),
        "places": 2,
    }
    form = PatternForm(request.POST or None, initial=initial)
    plan: list[rota.Planned] = []
    if request.method == "POST" and form.is_valid():
        try:
            plan = rota.planned(shown, form.pattern(), timezone.now())
            if "confirm" in request.POST:
                made = rota.add_shifts(
                    by=request.user,
                    duty=shown,
                    pattern=form.pattern(),
                    places=form.cleaned_data["places"],
                )
                text = ngettext("%(n)s shift was added.", "%(n)s shifts were added.", len(made))
                messages.success(request, text % {"n": len(made)})
                return redirect("incentives:duty", shown.pk)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
    context = {
        "duty": shown,
        "form": form,
        "plan": plan,
        "new": sum(1 for each in plan if not each.why_not),
    }
    status = 422 if form.errors else 200
    return render(request, "incentives/rota_duty_shifts.html", context, status=status)


def _duty(request: HttpRequest, duty_id: int, permission: str = VIEW) -> Duty:
    access.require(request.user, permission)
    rows = Duty.objects.for_user(request.user, permission)
    return get_object_or_404(rows.select_related("brand", "unit", "for_unit", "host"), pk=duty_id)


def _form(request: HttpRequest, brand: Unit, **more: Any) -> DutyForm:
    within = access.reach(request.user, EDIT)
    units = Unit.objects.for_user(request.user, EDIT).filter(
        path__startswith=brand.path, active=True
    )
    return DutyForm(
        request.POST or None,
        brand=brand,
        units=units.order_by("path"),
        everybody=within.covers(brand),
        **more,
    )
