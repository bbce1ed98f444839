"""HQ pages of tiers where a person decides: pins, and moves that wait for a word."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from incentives import tier_pins, tier_review
from incentives.models import TierPin
from incentives.tier_forms import DeclineForm, PinForm
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.ui import formats
from kosops.ui.bulk import ids
from kosops.ui.parts import Choice
from matrix.choices import CreatorKind
from matrix.models import Creator

VIEW = "tiers.view"
CONFIRM = "tiers.confirm"
PIN = "tiers.pin"


# -- moves that wait -----------------------------------------------------------


@require_safe
@login_required
def review_list(request: HttpRequest) -> HttpResponse:
    """Proposed moves, those that have waited longest first."""
    access.require(request.user, VIEW)
    return _review_page(request, DeclineForm())


@require_POST
@login_required
def review_decide(request: HttpRequest) -> HttpResponse:
    """Confirm or decline the chosen moves."""
    brand = brands.required(request, VIEW)
    access.require(request.user, CONFIRM, brand)
    form = DeclineForm(request.POST)
    form.is_valid()
    chosen = ids(request.POST.getlist("chosen"))
    try:
        if request.POST.get("decision") == "decline":
            done = tier_review.decline(
                by=request.user,
                brand=brand,
                proposals=chosen,
                reason=form.cleaned_data.get("reason", ""),
            )
        else:
            done = tier_review.confirm(by=request.user, brand=brand, proposals=chosen)
    except DomainError as refusal:
        form.add_error("reason" if refusal.code == "reason_needed" else None, str(refusal))
        return _review_page(request, form, chosen=chosen, status=422)
    messages.success(request, _what_happened(done, request.POST.get("decision") == "decline"))
    return redirect(f"{reverse('incentives:tier_review')}?kind={request.POST.get('kind', '')}")


def _what_happened(done: tier_review.Outcome, declined: bool) -> str:
    if declined:
        text = ngettext("%(n)s move is declined.", "%(n)s moves are declined.", done.done)
    else:
        text = ngettext("%(n)s move took effect.", "%(n)s moves took effect.", done.done)
    text %= {"n": formats.number(done.done)}
    if not done.passed_over:
        return text
    passed = ngettext(
        "%(n)s was decided before or is no longer so.",
        "%(n)s were decided before or are no longer so.",
        done.passed_over,
    )
    return f"{text} {passed % {'n': formats.number(done.passed_over)}}"


def _review_page(
    request: HttpRequest, form: DeclineForm, *, chosen: list[int] | None = None, status: int = 200
) -> HttpResponse:
    kind = _kind(request)
    rows = tier_review.waiting(request.user, VIEW).filter(creator__kind=kind)
    context: dict[str, Any] = {
        "kind": kind,
        "kinds": [
            Choice(label=label, href=f"?kind={value}", selected=value == kind)
            for value, label in CreatorKind.choices[::-1]
        ],
        "page": keyset_page(
            rows.select_related("creator__store"),
            field="id",
            descending=False,
            cursor=request.GET.get("cursor", ""),
        ),
        "chosen": chosen or [],
        "form": form,
        "may_confirm": bool(access.reach(request.user, CONFIRM)),
    }
    return page_or_fragment(
        request,
        "incentives/tier_review.html",
        context,
        fragment="incentives/_tier_review.html",
        status=status,
    )


def _kind(request: HttpRequest) -> str:
    wanted = request.POST.get("kind") or request.GET.get("kind", "")
    return wanted if wanted in CreatorKind.values else CreatorKind.KOC


# -- pins ----------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def pin(request: HttpRequest, creator_id: int) -> HttpResponse:
    """Set a creator's tier by hand, with a reason and an end."""
    access.require(request.user, PIN)
    creator = get_object_or_404(
        Creator.objects.for_user(request.user, PIN).select_related("store"), pk=creator_id
    )
    form = PinForm(request.POST or None, creator=creator, initial={"tier": creator.tier})
    if request.method == "POST" and form.is_valid():
        try:
            tier_pins.pin(by=request.user, creator=creator, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The tier is set; it is worked out again after that day."))
            return redirect("matrix:creator", creator.pk)
    context = {"creator": creator, "form": form, "pins": tier_pins.pins_of(creator)[:10]}
    return render(request, "incentives/tier_pin.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def unpin(request: HttpRequest, pin_id: int) -> HttpResponse:
    access.require(request.user, PIN)
    found = get_object_or_404(TierPin.objects.for_user(request.user, PIN), pk=pin_id)
    try:
        tier_pins.unpin(by=request.user, pin=found)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("From the next evaluation on the rules decide again."))
    return redirect("matrix:creator", found.creator_id)
