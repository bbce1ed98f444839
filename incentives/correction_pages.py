"""HQ pages of bookings by hand: what waits, one of them, the forms to ask for one."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, activity, brands
from accounts.recent import require_recent_sign_in
from incentives import corrections, ledger
from incentives.correction_choices import CorrectionKind, CorrectionState
from incentives.correction_filters import CorrectionFilter
from incentives.correction_forms import CorrectionForm, ReversalForm
from incentives.forms import DecisionForm
from incentives.models import Correction, Journal
from kosops.lib.errors import DomainError, NotAllowed
from kosops.ui.listing import list_response
from kosops.ui.parts import Event
from matrix.models import Creator

VIEW = "books.view"
ASK = "books.correct"
APPROVE = "books.approve"


@require_safe
@login_required
def correction_list(request: HttpRequest) -> HttpResponse:
    """All bookings by hand, the latest first."""
    access.require(request.user, VIEW)
    rows = (
        Correction.objects.for_user(request.user, VIEW)
        .filter(brand=brands.current(request, VIEW))
        .select_related("creator__store", "maker")
    )
    found = CorrectionFilter(request.GET, queryset=rows)
    return list_response(
        request,
        found,
        {"page": found.page(), "may_ask": bool(access.reach(request.user, ASK))},
        template="incentives/corrections.html",
        fragment="incentives/_corrections.html",
    )


@require_safe
@login_required
def correction(request: HttpRequest, correction_id: int) -> HttpResponse:
    return _answer(request, _correction(request, correction_id), DecisionForm())


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def correction_add(request: HttpRequest) -> HttpResponse:
    """Ask for an adjustment or a write-off."""
    brand = brands.required(request, ASK)
    access.require(request.user, ASK, brand)
    form = CorrectionForm(
        request.POST or None,
        initial={"number": request.GET.get("number", ""), "kind": request.GET.get("kind")},
    )
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        creator = (
            Creator.objects.for_user(request.user, ASK)
            .filter(brand=brand, number=data["number"].strip())
            .first()
        )
        if creator is None:
            form.add_error("number", _("Nobody has this number."))
        elif (asked := _ask(request, form, creator)) is not None:
            return redirect("incentives:correction", asked.pk)
    status = 422 if form.is_bound else 200
    return render(request, "incentives/correction_add.html", {"form": form}, status=status)


def _ask(request: HttpRequest, form: CorrectionForm, creator: Creator) -> Correction | None:
    data = form.cleaned_data
    words = {"reason": data["reason"], "note": data["note"]}
    try:
        if data["kind"] == CorrectionKind.WRITE_OFF:
            asked = corrections.ask_write_off(by=request.user, creator=creator, **words)
        else:
            asked = corrections.ask_adjustment(
                by=request.user, creator=creator, amount=data["minor"], **words
            )
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None
    messages.success(request, _("It waits for a second person now."))
    return asked


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reversal_add(request: HttpRequest, journal_id: int) -> HttpResponse:
    """Ask for a journal to be reversed."""
    journal = get_object_or_404(Journal.objects.for_user(request.user, ASK), pk=journal_id)
    form = ReversalForm(request.POST or None)
    why_not = ""
    try:
        ledger.check_reversible(journal)
    except DomainError as refusal:
        why_not = str(refusal)
    if request.method == "POST" and not why_not and form.is_valid():
        try:
            asked = corrections.ask_reversal(by=request.user, journal=journal, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("It waits for a second person now."))
            return redirect("incentives:correction", asked.pk)
    status = 422 if form.is_bound else 200
    context = {
        "form": form,
        "journal": journal,
        "why_not": why_not,
        "postings": journal.postings.select_related("account__creator").order_by("line"),
    }
    return render(request, "incentives/reversal_add.html", context, status=status)


@require_POST
@login_required
def correction_decide(request: HttpRequest, correction_id: int) -> HttpResponse:
    """Approve or reject. Asks for the password again when the sign-in is not recent."""
    found = _correction(request, correction_id, APPROVE)
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _answer(request, found, form, status=422)
    try:
        corrections.check_may_decide(by=request.user, correction=found)
    except NotAllowed:
        activity.record_refusal(
            by=request.user, path=request.path, method=request.method, unit=found.brand
        )
        return _answer(request, found, form, status=403)
    require_recent_sign_in(request)
    note = form.cleaned_data["reason"]
    try:
        if form.cleaned_data["decision"] == "approve":
            corrections.approve(by=request.user, correction=found, note=note)
            messages.success(request, _("It is booked. The next statement shows it."))
        else:
            corrections.reject(by=request.user, correction=found, note=note)
            messages.success(request, _("It is rejected. Nothing was booked."))
    except DomainError as refusal:
        form.add_error("reason" if refusal.code == "reason_needed" else None, str(refusal))
        return _answer(request, found, form, status=422)
    return redirect("incentives:correction", found.pk)


# -- private -------------------------------------------------------------------


def _correction(request: HttpRequest, correction_id: int, permission: str = VIEW) -> Correction:
    return get_object_or_404(
        Correction.objects.for_user(request.user, permission).select_related(
            "brand", "creator__store", "maker", "checker", "journal", "reverses"
        ),
        pk=correction_id,
    )


def _answer(
    request: HttpRequest, found: Correction, form: DecisionForm, status: int = 200
) -> HttpResponse:
    may_decide, why_not = _may_decide(request, found)
    context = {
        "correction": found,
        "form": form,
        "may_decide": may_decide,
        "why_not": why_not,
        "events": _events(found),
        "may_see_statements": bool(access.reach(request.user, "matrix.view")),
    }
    return render(request, "incentives/correction.html", context, status=status)


def _may_decide(request: HttpRequest, found: Correction) -> tuple[bool, str]:
    if found.state != CorrectionState.WAITING:
        return False, ""
    if not access.reach(request.user, APPROVE).covers(found.brand):
        return False, _("A person with the role Finance has to decide.")
    try:
        corrections.check_may_decide(by=request.user, correction=found)
    except NotAllowed as refusal:
        return False, str(refusal)
    return True, ""


def _events(found: Correction) -> list[Event]:
    texts = {
        "correction.asked": (_("Asked for it"), "plus"),
        "correction.approved": (_("Approved it"), "check"),
        "correction.rejected": (_("Rejected it"), "x"),
    }
    return [
        Event(
            text=texts[row.verb][0],
            icon=texts[row.verb][1],
            at=row.at,
            by=row.actor_label,
            note=(row.after or {}).get("reason", ""),
        )
        for row in activity.of(found)
        if row.verb in texts
    ]
