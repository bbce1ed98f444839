"""HQ pages of the proof: its history, one of them, and the totals that partners state."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from accounts import access, brands
from incentives import proof_runs, proof_words
from incentives.control_forms import ControlTotalForm
from incentives.models import ControlTotal, DayDigest, ProofRun
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page

VIEW = "books.view"
STATE = "books.correct"
SEALED_SHOWN = 10


@require_safe
@login_required
def proof_list(request: HttpRequest) -> HttpResponse:
    """All proofs of the books, the latest first, and the days that were sealed last."""
    access.require(request.user, VIEW)
    brand = brands.current(request, VIEW)
    rows = ProofRun.objects.for_user(request.user, VIEW).filter(brand=brand).select_related("by")
    page = keyset_page(rows, field="id", descending=True, cursor=request.GET.get("cursor", ""))
    sealed = DayDigest.objects.for_user(request.user, VIEW).filter(brand=brand).order_by("-day")
    return page_or_fragment(
        request,
        "incentives/proofs.html",
        {"page": page, "sealed": sealed[:SEALED_SHOWN]},
        fragment="incentives/_proofs.html",
    )


@require_safe
@login_required
def proof(request: HttpRequest, proof_id: int) -> HttpResponse:
    """One proof: what each check found, with examples."""
    run = get_object_or_404(
        ProofRun.objects.for_user(request.user, VIEW).select_related("brand", "by"), pk=proof_id
    )
    found = sorted(run.findings, key=lambda each: -each["differences"])
    return render(
        request,
        "incentives/proof.html",
        {
            "run": run,
            "findings": [(proof_words.title_of(each["code"]), each) for each in found],
        },
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def control_totals(request: HttpRequest) -> HttpResponse:
    """What partners state for a day; the next proof compares it with what came in."""
    access.require(request.user, VIEW)
    brand = brands.current(request, VIEW)
    may_state = brand is not None and access.reach(request.user, STATE).covers(brand)
    form = ControlTotalForm(request.POST or None)
    if request.method == "POST":
        brand = brands.required(request, STATE)
        access.require(request.user, STATE, brand)
        if form.is_valid() and _state(request, form, brand):
            return redirect("incentives:control_totals")
    rows = (
        ControlTotal.objects.for_user(request.user, VIEW)
        .filter(brand=brand)
        .select_related("stated_by")
    )
    page = keyset_page(rows, field="id", descending=True, cursor=request.GET.get("cursor", ""))
    return page_or_fragment(
        request,
        "incentives/control_totals.html",
        {"page": page, "form": form, "may_state": may_state},
        fragment="incentives/_control_totals.html",
        status=422 if form.is_bound else 200,
    )


def _state(request: HttpRequest, form: ControlTotalForm, brand: object) -> bool:
    try:
        proof_runs.state_total(by=request.user, brand=brand, **form.cleaned_data)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("Kept. The next proof compares it with what came in."))
    return True
