"""Phone pages of the catalogue: what there is for me, taking it, what I took."""

from __future__ import annotations

import uuid

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incentives import perks, points, rewards_coupons, standing, tier_runs
from incentives.perk_forms import TakeForm
from incentives.points_choices import Delivery, RedemptionState
from kosops.lib.errors import DomainError
from kosops.lib.lists import keyset_page
from matrix.models import Creator
from matrix.own import own_page

# A thumb scrolls through twenty lines, not fifty.
LINES = 20


@require_safe
@own_page
def rewards(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What there is for me and what the next tier unlocks."""
    today = timezone.localdate()
    balance = points.balance_of(creator, today)
    progress = tier_runs.progress_of(creator, today)
    next_tier = progress.next_tier if progress else ""
    context = {
        "creator": creator,
        "balance": balance,
        "offers": perks.offers_for(creator, today, balance.spendable),
        "next_tier": next_tier,
        "standings": standing.own(creator, today),
        "unlocks": perks.unlocks_of(creator, next_tier) if next_tier else [],
    }
    return render(request, "mobile/catalogue.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def reward(request: HttpRequest, creator: Creator, reward_id: int) -> HttpResponse:
    """One reward, and the button that takes it after saying what is left."""
    shown = get_object_or_404(perks.open_for(creator), pk=reward_id)
    form = TakeForm(request.POST or None, initial={"client_key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        try:
            taken = perks.redeem(
                by=request.user, creator=creator, reward=shown, **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("It is yours."))
            return redirect("mobile:own_reward", taken.pk)
    balance = points.balance_of(creator, timezone.localdate())
    offer = perks.offer(creator, shown, timezone.localdate(), balance.spendable)
    context = {
        "creator": creator,
        "reward": shown,
        "offer": offer,
        "balance": balance,
        "after": balance.spendable - shown.price,
        "by_post": shown.delivery == Delivery.POST,
        "form": form,
    }
    status = 422 if form.is_bound else 200
    return render(request, "mobile/catalogue_item.html", context, status=status)


@require_safe
@own_page
def own_rewards(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What I took, the latest first."""
    page = keyset_page(
        perks.own(creator),
        field="created_at",
        descending=True,
        cursor=request.GET.get("cursor", ""),
        size=LINES,
    )
    return render(request, "mobile/own_rewards.html", {"creator": creator, "page": page})


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def own_reward(request: HttpRequest, creator: Creator, redemption_id: int) -> HttpResponse:
    """One thing that I took or was given: its code, or where it is."""
    shown = get_object_or_404(perks.own(creator), pk=redemption_id)
    if request.method == "POST":
        try:
            rewards_coupons.show_code(by=request.user, redemption=shown)
        except DomainError as refusal:
            messages.error(request, str(refusal))
        return redirect("mobile:own_reward", shown.pk)
    hidden = shown.state == RedemptionState.DONE and shown.reward.delivery == Delivery.CODE
    context = {
        "creator": creator,
        "redemption": shown,
        "code": perks.code_of(shown),
        "may_show": hidden and not shown.shown_at,
    }
    return render(request, "mobile/own_reward.html", context)
