"""Phone pages of volunteers: shifts that I may take, mine, and who came to those I look after."""

from __future__ import annotations

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from incentives import rota, rota_attendance, rota_calendar, rota_places
from incentives.models import Shift
from incentives.rota_choices import Came, PlaceState
from incentives.rota_pages import came_of
from kosops.lib.errors import DomainError
from kosops.lib.lists import keyset_page
from matrix.models import Creator
from matrix.own import own_page

# A thumb scrolls through twenty lines, not fifty.
LINES = 20
PAST_SHOWN = 5


@require_safe
@own_page
def shifts(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What I was told, my shifts, those that I may take, and how it went so far."""
    now = timezone.now()
    mine = list(rota_places.own_coming(creator, now))
    free = rota.open_for(creator, now).exclude(pk__in=[place.shift_id for place in mine])
    after = [
        shift
        for shift in rota.hosted_by(creator, now)
        if rota_attendance.window_of(shift).closes_at > now
    ]
    context = {
        "creator": creator,
        "notices": list(rota_places.unread_of(creator)),
        "mine": mine,
        "page": keyset_page(
            free,
            field="starts_at",
            descending=False,
            cursor=request.GET.get("cursor", ""),
            size=LINES,
        ),
        "past": rota_places.own_past(creator, now)[:PAST_SHOWN],
        "closed_until": rota_places.closed_until(creator, timezone.localdate(now)),
        "hosted": after,
    }
    return render(request, "mobile/volunteer.html", context)


@require_POST
@own_page
def read(request: HttpRequest, creator: Creator) -> HttpResponse:
    """I have read what I was told."""
    rota_places.read(creator)
    return redirect("mobile:volunteer")


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def shift(request: HttpRequest, creator: Creator, shift_id: int) -> HttpResponse:
    """One shift, and the button that signs me up or gives my place back."""
    shown = get_object_or_404(rota.visible_to(creator), pk=shift_id)
    if request.method == "POST":
        try:
            messages.success(request, _act(request, creator, shown))
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return redirect("mobile:volunteer_shift", shown.pk)
    offer = rota_places.offer(creator, shown, timezone.now())
    month = rota_attendance.month_of(shown)
    context = {
        "creator": creator,
        "shift": shown,
        "offer": offer,
        "given": rota_attendance.given_in(creator, month),
        "ceiling": rota_attendance.ceiling(),
    }
    return render(request, "mobile/volunteer_shift.html", context)


def _act(request: HttpRequest, creator: Creator, shown: Shift) -> str:
    if request.POST.get("act") == "withdraw":
        rota_places.withdraw(by=request.user, creator=creator, shift=shown)
        return _("You have withdrawn.")
    place = rota_places.sign_up(by=request.user, creator=creator, shift=shown)
    if place.state == PlaceState.HELD:
        return _("You have a place. Thank you.")
    return _("You are on the waiting list; we tell you here when a place comes free.")


@require_safe
@own_page
def calendar(request: HttpRequest, creator: Creator, shift_id: int) -> HttpResponse:
    """My shift as a file for the phone's calendar."""
    shown = get_object_or_404(rota_places.own_held(creator), shift=shift_id).shift
    content = rota_calendar.event(
        uid=f"shift-{shown.pk}@{request.get_host()}",
        stamp=timezone.now(),
        starts_at=shown.starts_at,
        ends_at=shown.ends_at,
        title=shown.duty.name,
        where=f"{shown.duty.unit.name}, {shown.duty.where}",
        about=shown.duty.about,
    )
    response = HttpResponse(content, "text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="shift-{shown.pk}.ics"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def attendance(request: HttpRequest, creator: Creator, shift_id: int) -> HttpResponse:
    """Tick who came to a shift that I look after."""
    now = timezone.now()
    shown = get_object_or_404(rota.hosted_by(creator, now), pk=shift_id)
    if request.method == "POST":
        try:
            rota_attendance.tick(by=request.user, shift=shown, came=came_of(request))
        except DomainError as refusal:
            messages.error(request, str(refusal))
        else:
            messages.success(request, _("Attendance is noted."))
        return redirect("mobile:volunteer_attendance", shown.pk)
    people = rota_attendance.people_of(shown)
    context = {
        "creator": creator,
        "shift": shown,
        "people": [each for each in people if each.state == PlaceState.HELD],
        "words": Came.choices,
        "may_tick": rota_attendance.can_tick(shown, now),
        "closes_at": rota_attendance.window_of(shown).closes_at,
    }
    return render(request, "mobile/volunteer_attendance.html", context)
