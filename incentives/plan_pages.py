"""HQ pages of commission plans: the list, one version, its editor, and the second person's step."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, activity, brands
from accounts.models import Unit
from incentives import dry_runs, dry_words, plan_words, plans
from incentives.commission import ROLES
from incentives.dry_forms import DryRunForm
from incentives.models import PlanVersion
from incentives.plan_choices import PlanState
from incentives.plan_forms import (
    DecideForm,
    MarginFormSet,
    TermsForm,
    WideRateFormSet,
    initial_margins_of,
    initial_of,
    initial_rates_of,
    margins_of,
)
from kosops.lib.errors import DomainError
from kosops.ui.parts import Event

VIEW = "commission.view"
MAKE = "commission.plan"
APPROVE = "commission.plan_approve"
DRY_RUNS_SHOWN = 5


@require_safe
@login_required
def plan_list(request: HttpRequest) -> HttpResponse:
    """All versions of the commission plan, the latest days first."""
    access.require(request.user, VIEW)
    brand = brands.current(request, VIEW)
    today = timezone.localdate()
    versions = (
        PlanVersion.objects.for_user(request.user, VIEW)
        .filter(brand=brand)
        .exclude(state=PlanState.DROPPED)
        .prefetch_related("rates__bands", "rates__unit")
        .order_by("-valid", "-pk")
    )
    return render(
        request,
        "incentives/plans.html",
        {
            "brand": brand,
            "cards": [_card(version, today) for version in versions],
            "may_plan": brand is not None and access.reach(request.user, MAKE).covers(brand),
        },
    )


def _card(version: PlanVersion, today: Any) -> dict[str, Any]:
    state, tone = plan_words.state_of(version, today)
    return {
        "version": version,
        "state": state,
        "tone": tone,
        "rates": [
            {
                "said": plan_words.rate_sentence(rate),
                "notes": plan_words.rate_notes(rate, version.band_mode),
            }
            for rate in sorted(
                version.rates.all(), key=lambda each: (ROLES.index(each.role), each.pk)
            )
        ],
    }


@require_safe
@login_required
def plan(request: HttpRequest, version_id: int) -> HttpResponse:
    """One version: what it says, an example, and the step that comes next."""
    return _page(request, _version(request, version_id), DecideForm())


def _version(request: HttpRequest, version_id: int, permission: str = VIEW) -> PlanVersion:
    found = PlanVersion.objects.for_user(request.user, VIEW).select_related(
        "brand", "created_by", "approved_by", "submitted_by"
    )
    found = found.prefetch_related("rates__bands", "rates__unit")
    version = get_object_or_404(found, pk=version_id)
    access.require(request.user, permission, version.brand)
    return version


def _page(
    request: HttpRequest, version: PlanVersion, form: DecideForm, status: int = 200
) -> HttpResponse:
    makers = {version.created_by_id, version.edited_by_id, version.submitted_by_id}
    may_make = access.reach(request.user, MAKE).covers(version.brand)
    may_approve = access.reach(request.user, APPROVE).covers(version.brand)
    return render(
        request,
        "incentives/plan.html",
        {
            **_card(version, timezone.localdate()),
            "terms": plan_words.terms(version),
            "margins": list(version.margins.order_by("category")),
            "faults": plans.margin_faults(version),
            "example": plan_words.example(version),
            "example_amount": plan_words.EXAMPLE,
            "in_the_pot": plan_words.IN_THE_POT,
            "precedence": plan_words.PRECEDENCE,
            "form": form,
            "may_edit": may_make and version.state == PlanState.DRAFT,
            "may_plan": may_make,
            "may_decide": may_approve and request.user.pk not in makers,
            "own_plan": request.user.pk in makers,
            "events": _events(version),
            **_dry_runs(version),
        },
        status=status,
    )


def _dry_runs(version: PlanVersion) -> dict[str, Any]:
    """The last dry runs of the version, and what the latest finished one says."""
    latest = dry_runs.latest(version)
    return {
        "dry_latest": latest,
        "dry_said": dry_words.in_one_sentence(latest) if latest else "",
        "dry_stale": latest is not None and dry_runs.is_stale(latest, version),
        "dry_runs": [
            (each, dry_words.months_said(each))
            for each in dry_runs.of_version(version)[:DRY_RUNS_SHOWN]
        ],
        "dry_form": DryRunForm(today=timezone.localdate()),
    }


def _events(version: PlanVersion) -> list[Event]:
    """Who did what with the version, the latest first."""
    texts = {
        "commission_plan.drafted": (_("Drafted it"), "plus"),
        "commission_plan.edited": (_("Changed the draft"), "pencil"),
        "commission_plan.submitted": (_("Submitted it for approval"), "send"),
        "commission_plan.sent_back": (_("Sent it back"), "x"),
        "commission_plan.dropped": (_("Dropped it"), "x"),
        "commission_plan.saved": (_("Approved it"), "check"),
    }
    return [
        Event(
            text=texts[row.verb][0],
            icon=texts[row.verb][1],
            at=row.at,
            by=row.actor_label,
            note=(row.after or {}).get("reason", ""),
        )
        for row in activity.of(version)
        if row.verb in texts
    ]


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def plan_new(request: HttpRequest) -> HttpResponse:
    """A new draft, empty or like another version."""
    access.require(request.user, MAKE)
    brand = brands.required(request, VIEW)
    access.require(request.user, MAKE, brand)
    like = None
    if request.method != "POST" and request.GET.get("like", "").isdigit():
        like = _version(request, int(request.GET["like"]))
    return _editor(request, brand, like, None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def plan_edit(request: HttpRequest, version_id: int) -> HttpResponse:
    """The editor of a draft; what is no draft any more shows its page."""
    version = _version(request, version_id, MAKE)
    if version.state != PlanState.DRAFT:
        return redirect("incentives:plan", version.pk)
    return _editor(request, version.brand, version, version)


def _editor(
    request: HttpRequest, brand: Unit, shown: PlanVersion | None, edited: PlanVersion | None
) -> HttpResponse:
    data = request.POST if request.method == "POST" else None
    form = TermsForm(data, initial=initial_of(shown) if shown else None)
    rates = WideRateFormSet(
        data,
        prefix="rates",
        initial=initial_rates_of(shown) if shown else None,
        form_kwargs={"brand": brand},
    )
    margins = MarginFormSet(
        data if data is None or "margins-TOTAL_FORMS" in data else None,
        prefix="margins",
        initial=initial_margins_of(shown) if shown else None,
    )
    status = 200
    if data is not None:
        valid = all(each.is_valid() or not each.is_bound for each in (form, rates, margins))
        saved = _save(request, brand, edited, form, rates, margins) if valid else None
        if saved is not None:
            messages.success(request, _("“%(name)s” is saved.") % {"name": saved.name})
            return redirect("incentives:plan", saved.pk)
        status = 422
    return render(
        request,
        "incentives/plan_edit.html",
        {
            "form": form,
            "rates": rates,
            "margins": margins,
            "edited": edited,
            "precedence": plan_words.PRECEDENCE,
        },
        status=status,
    )


def _save(
    request: HttpRequest,
    brand: Unit,
    edited: PlanVersion | None,
    form: Any,
    rates: Any,
    margins: Any,
) -> PlanVersion | None:
    said = {
        "terms": form.as_terms(),
        "rates": rates.as_rates(),
        "margins": margins_of(margins) if margins.is_bound else [],
    }
    try:
        if edited is None:
            return plans.draft(by=request.user, brand=brand, **said)
        return plans.edit(by=request.user, version=edited, **said)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None


@require_POST
@login_required
def plan_submit(request: HttpRequest, version_id: int) -> HttpResponse:
    version = _version(request, version_id, MAKE)
    try:
        plans.submit(by=request.user, version=version)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("incentives:plan", version.pk)


@require_POST
@login_required
def plan_drop(request: HttpRequest, version_id: int) -> HttpResponse:
    version = _version(request, version_id, MAKE)
    try:
        plans.drop(by=request.user, version=version)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("incentives:plan", version.pk)
    return redirect("incentives:plans")


@require_POST
@login_required
def plan_decide(request: HttpRequest, version_id: int) -> HttpResponse:
    """The second person approves or sends back."""
    version = _version(request, version_id, APPROVE)
    form = DecideForm(request.POST)
    if not form.is_valid():
        return _page(request, version, form, status=422)
    try:
        if form.cleaned_data["decision"] == "approve":
            plans.approve(by=request.user, version=version)
        else:
            plans.send_back(by=request.user, version=version, reason=form.cleaned_data["reason"])
    except DomainError as refusal:
        form.add_error("reason" if refusal.code == "reason_needed" else None, str(refusal))
        return _page(
            request, version, form, status=refusal.status if refusal.status == 403 else 422
        )
    return redirect("incentives:plan", version.pk)
