"""HQ pages of boosts: requests, the month's budget, notes that fall short by little."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from content.models import Post
from incentives import rewards_boosts
from incentives.models import Boost, RewardItem
from incentives.rewards_forms import BoostForm, BoostStepForm, BudgetForm
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.lib.periods import Month

VIEW = "rewards.view"
EDIT = "rewards.edit"
APPROVE = "rewards.approve"


@require_safe
@login_required
def boost_list(request: HttpRequest) -> HttpResponse:
    """Requests for traffic, the latest first, and notes that nearly reach their next step."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    month = Month.of(timezone.localdate())
    budget, taken = rewards_boosts.this_month(brand, month)
    rows = Boost.objects.for_user(request.user, VIEW).filter(post__brand=brand)
    related = ("post__creator", "post__store", "asked_by", "decided_by")
    visible = RewardItem.objects.for_user(request.user, VIEW).filter(brand=brand)
    context: dict[str, Any] = {
        "page": keyset_page(
            rows.select_related(*related),
            field="id",
            descending=True,
            cursor=request.GET.get("cursor", ""),
        ),
        "budget": budget,
        "taken": taken,
        "left": budget - taken,
        "asked_near": "near" in request.GET,
        "near": rewards_boosts.near_a_step(visible) if "near" in request.GET else [],
        "budget_form": BudgetForm(),
        "may_edit": access.reach(request.user, EDIT).covers(brand),
        "may_approve": access.reach(request.user, APPROVE).covers(brand),
        "person": request.user,
    }
    return page_or_fragment(
        request, "incentives/boosts.html", context, fragment="incentives/_boosts.html"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def boost_ask(request: HttpRequest, post_id: int) -> HttpResponse:
    """Ask for traffic for a note."""
    access.require(request.user, EDIT)
    post = get_object_or_404(
        Post.objects.for_user(request.user, EDIT).select_related("creator", "store"), pk=post_id
    )
    form = BoostForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            rewards_boosts.ask(
                by=request.user,
                post=post,
                amount=int(form.cleaned_data["amount"] * 100),
                reason=form.cleaned_data["reason"],
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The request waits for a second person."))
            return redirect("incentives:boosts")
    context = {"post": post, "form": form}
    return render(request, "incentives/boost_ask.html", context, status=422 if form.errors else 200)


@require_POST
@login_required
def boost_step(request: HttpRequest, boost_id: int) -> HttpResponse:
    """Approve, decline, or record what was spent."""
    spent = request.POST.get("act") == "spent"
    needed = EDIT if spent else APPROVE
    access.require(request.user, needed)
    boost = get_object_or_404(Boost.objects.for_user(request.user, needed), pk=boost_id)
    form = BoostStepForm(request.POST)
    try:
        if form.is_valid():
            _take_step(request, boost, form.cleaned_data)
        else:
            messages.error(request, _("Give an amount and a day that can be read."))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("incentives:boosts")


def _take_step(request: HttpRequest, boost: Boost, data: dict[str, Any]) -> None:
    amount = int((data["amount"] or 0) * 100)
    if data["act"] == "approve":
        rewards_boosts.approve(by=request.user, boost=boost, amount=amount)
        messages.success(request, _("The boost is approved."))
    elif data["act"] == "decline":
        rewards_boosts.decline(by=request.user, boost=boost, reason=data["reason"])
        messages.success(request, _("The boost is declined."))
    else:
        rewards_boosts.record_spent(
            by=request.user,
            boost=boost,
            amount=amount,
            began_at=data["began_at"] or timezone.now(),
        )
        messages.success(request, _("From then on the figures of the note no longer count."))


@require_POST
@login_required
def boost_budget(request: HttpRequest) -> HttpResponse:
    brand = brands.required(request, VIEW)
    access.require(request.user, APPROVE, brand)
    form = BudgetForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Give an amount and a day that can be read."))
        return redirect("incentives:boosts")
    try:
        rewards_boosts.set_budget(
            by=request.user,
            brand=brand,
            month=Month.of(timezone.localdate()),
            amount=int(form.cleaned_data["amount"] * 100),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("incentives:boosts")
