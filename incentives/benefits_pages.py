"""The benefit table at headquarters, and the public page that checks a certificate."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from incentives import badges, benefits, tier_names
from incentives.benefits_forms import BenefitForm
from incentives.choices import Tier
from incentives.models import Benefit
from kosops.guesses import held_off
from kosops.lib.errors import DomainError
from kosops.ui.parts import Choice
from matrix.choices import CreatorKind, Layer
from matrix.tier_steps import Whose

VIEW = "tiers.view"
RUN = "tiers.run"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def benefit_table(request: HttpRequest) -> HttpResponse:
    """What each tier and each layer brings, and the form of a new benefit."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    kind, today = _kind(request), timezone.localdate()
    form = BenefitForm(request.POST or None, initial={"first_day": today})
    if request.method == "POST":
        access.require(request.user, RUN, brand)
        if form.is_valid():
            try:
                values = form.fields_of_benefit()
                benefits.add(by=request.user, brand=brand, creator_kind=kind, **values)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("The benefit is in the table."))
                return redirect(f"{reverse('incentives:benefits')}?kind={kind}")
    rows = [
        row
        for row in Benefit.objects.for_user(request.user, VIEW)
        .filter(brand=brand, creator_kind=kind)
        .order_by("id")
        if row.period.upper is None or row.period.upper > today
    ]
    context: dict[str, Any] = {
        "kind": kind,
        "kinds": [
            Choice(label=label, href=f"?kind={value}", selected=value == kind)
            for value, label in CreatorKind.choices[::-1]
        ],
        "tiers": [
            (
                code,
                tier_names.name(code, Whose(brand.pk, kind)),
                [r for r in rows if r.tier == code],
            )
            for code in Tier.values
        ],
        "layers": [(label, [r for r in rows if r.layer == code]) for code, label in Layer.choices],
        "today": today,
        "form": form,
        "may_edit": access.reach(request.user, RUN).covers(brand),
    }
    return render(request, "incentives/benefits.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def benefit_end(request: HttpRequest, benefit_id: int) -> HttpResponse:
    access.require(request.user, RUN)
    benefit = get_object_or_404(Benefit.objects.for_user(request.user, RUN), pk=benefit_id)
    try:
        benefits.end(by=request.user, benefit=benefit)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The benefit ends with this day."))
    return redirect(f"{reverse('incentives:benefits')}?kind={benefit.creator_kind}")


def _kind(request: HttpRequest) -> str:
    wanted = request.POST.get("creator_kind") or request.GET.get("kind", "")
    return wanted if wanted in CreatorKind.values else CreatorKind.KOC


@require_safe
@held_off("certificate")
def certificate(request: HttpRequest, number: str) -> HttpResponse:
    """Whether a certificate is genuine, for anybody who has its number. Nothing else is told."""
    shown = badges.check(number)
    context = {"shown": shown, "number": badges.spaced(shown.certificate.number) if shown else ""}
    status = 200 if shown else 404
    response = render(request, "incentives/certificate.html", context, status=status)
    patch_cache_control(response, private=True, no_store=True)
    response["X-Robots-Tag"] = "noindex, nofollow"
    return response
