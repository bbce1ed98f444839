"""HQ pages of the catalogue: rewards, their codes, and what is to be handed out."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from accounts.models import Unit
from incentives import perks, rewards_coupons, scheme_words, schemes
from incentives.models import Redemption, Reward
from incentives.perk_filters import RedemptionFilter
from incentives.perk_forms import CancelForm, CodesForm, HandOutForm, RewardForm
from incentives.points_choices import Delivery, RedemptionState, RewardState
from incentives.rewards_choices import RuleState
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.ui.listing import count_up_to, list_response
from matrix.filters import unit_choices

VIEW = "points.view"
EDIT = "catalogue.edit"
FULFIL = "catalogue.fulfil"

FIELDS = (
    *("name", "about", "kind", "delivery", "price", "stock", "per_person", "opens_on"),
    *("closes_on", "creator_kind", "unit", "tiers", "layers"),
)


@require_safe
@login_required
def reward_list(request: HttpRequest) -> HttpResponse:
    """The catalogue, open ones first."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    found = perks.catalogue_of(brand)
    order = [RewardState.OPEN, RewardState.DRAFT, RewardState.CLOSED]
    context = {
        "rewards": sorted(found, key=lambda each: (order.index(each.state), each.price)),
        "may_edit": access.reach(request.user, EDIT).covers(brand),
    }
    return render(request, "incentives/catalogue.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reward_add(request: HttpRequest) -> HttpResponse:
    """Add a reward as a draft."""
    brand = brands.required(request, EDIT)
    access.require(request.user, EDIT, brand)
    form = RewardForm(
        request.POST or None,
        units=_units(request, brand),
        initial={"opens_on": timezone.localdate(), "price": 100},
    )
    if request.method == "POST" and form.is_valid():
        try:
            reward = perks.add_reward(by=request.user, brand=brand, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Added as a draft. Open it when it is ready."))
            return redirect("incentives:catalogue_item", reward.pk)
    context = {"form": form}
    return render(
        request, "incentives/catalogue_add.html", context, status=422 if form.is_bound else 200
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reward(request: HttpRequest, reward_id: int) -> HttpResponse:
    """One reward: what it is, for whom, its codes, open or closed."""
    access.require(request.user, VIEW)
    shown = get_object_or_404(
        Reward.objects.for_user(request.user, VIEW).select_related("brand", "unit"), pk=reward_id
    )
    may_edit = access.reach(request.user, EDIT).covers(shown.brand)
    initial = {name: getattr(shown, name) for name in FIELDS}
    form = RewardForm(request.POST or None, units=_units(request, shown.brand), initial=initial)
    if request.method == "POST":
        access.require(request.user, EDIT, shown.brand)
        if form.is_valid():
            try:
                perks.change_reward(by=request.user, reward=shown, **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Saved."))
                _hand_out(request, shown)
                return redirect("incentives:catalogue_item", shown.pk)
    return _reward_page(request, shown, may_edit, form, CodesForm())


@require_POST
@login_required
def reward_codes(request: HttpRequest, reward_id: int) -> HttpResponse:
    """Add codes to a coupon from a file, from lines, or made here."""
    shown = _editable(request, reward_id)
    form = CodesForm(request.POST, request.FILES)
    if form.is_valid():
        wanted = form.cleaned_data["generate"]
        try:
            added = perks.add_codes(
                by=request.user,
                reward=shown,
                codes=perks.new_codes(wanted) if wanted else form.codes(),
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                ngettext("%(n)s code was added.", "%(n)s codes were added.", added) % {"n": added},
            )
            _hand_out(request, shown)
            return redirect("incentives:catalogue_item", shown.pk)
    initial = {name: getattr(shown, name) for name in FIELDS}
    usual = RewardForm(units=_units(request, shown.brand), initial=initial)
    return _reward_page(request, shown, True, usual, form)


def _hand_out(request: HttpRequest, shown: Reward) -> None:
    """What waited for stock goes to the people at once."""
    count = rewards_coupons.hand_out(by=request.user, reward=shown)
    if count:
        text = ngettext(
            "%(n)s that waited was handed out.", "%(n)s that waited were handed out.", count
        )
        messages.success(request, text % {"n": count})


@require_POST
@login_required
def reward_state(request: HttpRequest, reward_id: int) -> HttpResponse:
    """Open or close a reward."""
    shown = _editable(request, reward_id)
    wanted = request.POST.get("state", "")
    if wanted in (RewardState.OPEN, RewardState.CLOSED):
        try:
            perks.set_state(by=request.user, reward=shown, state=wanted)
        except DomainError as refusal:
            messages.error(request, str(refusal))
    return redirect("incentives:catalogue_item", shown.pk)


def _editable(request: HttpRequest, reward_id: int) -> Reward:
    access.require(request.user, EDIT)
    found = Reward.objects.for_user(request.user, EDIT).select_related("brand", "unit")
    return get_object_or_404(found, pk=reward_id)


def _reward_page(
    request: HttpRequest, shown: Reward, may_edit: bool, form: RewardForm, codes: CodesForm
) -> HttpResponse:
    context = {
        "reward": shown,
        "form": form,
        "codes": codes,
        "by_code": shown.delivery == Delivery.CODE,
        "may_edit": may_edit,
        "rules": shown.rules.filter(state=RuleState.APPROVED).order_by("-period"),
        "waits": rewards_coupons.waiting_for(shown),
        "panel": scheme_words.panel(shown, schemes.latest(shown)),
    }
    wrong = form.is_bound or codes.is_bound
    return render(request, "incentives/catalogue_item.html", context, status=422 if wrong else 200)


def _units(request: HttpRequest, brand: Unit) -> Any:
    return (
        Unit.objects.for_user(request.user, VIEW)
        .filter(path__startswith=brand.path, active=True)
        .exclude(pk=brand.pk)
        .order_by("path")
    )


# -- handing out ---------------------------------------------------------------


@require_safe
@login_required
def redemption_list(request: HttpRequest) -> HttpResponse:
    """What people took, the latest first."""
    access.require(request.user, VIEW)
    found = RedemptionFilter(
        request.GET, queryset=Redemption.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    context = {
        "page": found.page(rows.select_related("creator__store", "reward")),
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
    }
    return list_response(
        request,
        found,
        context,
        template="incentives/redemptions.html",
        fragment="incentives/_redemptions.html",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def redemption(request: HttpRequest, redemption_id: int) -> HttpResponse:
    """One redemption: send it, hand it over, or cancel it with the points back."""
    access.require(request.user, VIEW)
    shown = get_object_or_404(
        Redemption.objects.for_user(request.user, VIEW).select_related(
            "creator__store", "creator__brand", "reward", "changed_by", "item__rule"
        ),
        pk=redemption_id,
    )
    act = request.POST.get("act", "")
    send = HandOutForm(request.POST if act == RedemptionState.SENT else None)
    cancel = CancelForm(request.POST if act == RedemptionState.CANCELLED else None)
    if request.method == "POST":
        access.require(request.user, FULFIL, shown.creator.store)
        form = cancel if act == RedemptionState.CANCELLED else send
        try:
            if _act(request, shown, act, form):
                messages.success(request, _("Noted; the person sees it at once."))
                return redirect("incentives:redemption", shown.pk)
        except DomainError as refusal:
            messages.error(request, str(refusal))
    may = access.reach(request.user, FULFIL).covers(shown.creator.store)
    steps = perks.NEXT_STATES.get(shown.state, frozenset())
    context = {
        "redemption": shown,
        "may": may,
        "address": perks.address_of(shown) if may else "",
        "may_send": RedemptionState.SENT in steps and shown.reward.delivery == Delivery.POST,
        "may_finish": RedemptionState.DONE in steps,
        "may_cancel": RedemptionState.CANCELLED in steps,
        "send": send,
        "cancel": cancel,
    }
    status = 422 if request.method == "POST" else 200
    return page_or_fragment(
        request,
        "incentives/redemption.html",
        context,
        peek="incentives/_redemption_peek.html",
        status=status,
    )


def _act(request: HttpRequest, shown: Redemption, act: str, form: Any) -> bool:
    if act == RedemptionState.DONE:
        perks.hand_out(by=request.user, redemption=shown, state=act)
    elif not form.is_bound or not form.is_valid():
        return False
    elif act == RedemptionState.SENT:
        perks.hand_out(by=request.user, redemption=shown, state=act, **form.cleaned_data)
    else:
        perks.cancel(by=request.user, redemption=shown, **form.cleaned_data)
    return True
