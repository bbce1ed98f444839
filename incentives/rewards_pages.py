"""HQ pages of rewards: the list, one reward, the rules, a run."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from accounts.models import Unit
from incentives import (
    perks,
    rewards,
    rewards_coupons,
    rewards_jobs,
    rewards_rule,
    rewards_words,
    scheme_words,
    schemes,
)
from incentives.models import Reward, RewardItem, RewardRule
from incentives.points_choices import Delivery
from incentives.rewards_choices import RuleState
from incentives.rewards_filters import RewardFilter
from incentives.rewards_forms import ReasonForm, RewardRuleForm
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.ui.listing import count_up_to, list_response

VIEW = "rewards.view"
EDIT = "rewards.edit"
APPROVE = "rewards.approve"


# -- rewards -------------------------------------------------------------------


@require_safe
@login_required
def reward_list(request: HttpRequest) -> HttpResponse:
    """Rewards of all rules, the latest first."""
    access.require(request.user, VIEW)
    visible = RewardItem.objects.for_user(request.user, VIEW)
    found = RewardFilter(request.GET, queryset=visible, request=request)
    rows = found.rows()
    page = found.page(
        rewards_coupons.with_given(rows).select_related("creator__store", "rule__coupon", "post")
    )
    context = {
        "page": page,
        "rows": [
            (
                each,
                rewards_words.standing_sentence(each),
                rewards_words.amount_of(each, each.earned),
                rewards_words.amount_of(each, each.released),
            )
            for each in page.rows
        ],
        "count": partial(count_up_to, rows),
        "may_run": bool(access.reach(request.user, EDIT)),
    }
    return list_response(
        request,
        found,
        context,
        template="incentives/rewards.html",
        fragment="incentives/_rewards.html",
    )


@require_safe
@login_required
def reward(request: HttpRequest, item_id: int) -> HttpResponse:
    """One reward: its rule, the facts, why nothing yet, every line."""
    access.require(request.user, VIEW)
    return _reward_page(request, _item(request, item_id, VIEW), ReasonForm())


@require_POST
@login_required
def reward_stop(request: HttpRequest, item_id: int) -> HttpResponse:
    access.require(request.user, EDIT)
    item = _item(request, item_id, EDIT)
    form = ReasonForm(request.POST)
    form.is_valid()
    try:
        rewards.stop(by=request.user, item=item, reason=form.cleaned_data.get("reason", ""))
    except DomainError as refusal:
        form.add_error("reason" if refusal.code == "reason_needed" else None, str(refusal))
        return _reward_page(request, item, form, status=422)
    messages.success(request, _("The next run takes the reward back."))
    return redirect("incentives:reward", item.pk)


@require_POST
@login_required
def reward_clear(request: HttpRequest, item_id: int) -> HttpResponse:
    access.require(request.user, EDIT)
    item = _item(request, item_id, EDIT)
    try:
        rewards.clear(by=request.user, item=item)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The figures are in order; the next run pays."))
    return redirect("incentives:reward", item.pk)


def _item(request: HttpRequest, pk: int, permission: str) -> RewardItem:
    rows = RewardItem.objects.for_user(request.user, permission)
    related = ("creator__store", "rule__coupon", "post", "stopped_by", "cleared_by")
    return get_object_or_404(rows.select_related(*related), pk=pk)


def _reward_page(
    request: HttpRequest, item: RewardItem, form: ReasonForm, *, status: int = 200
) -> HttpResponse:
    terms = rewards_rule.terms_from_json(item.rule.terms)
    context = {
        "item": item,
        "sentence": rewards_words.standing_sentence(item),
        "next_step": rewards_words.next_sentence(item),
        "calculation": rewards_words.calculation(item),
        "rule_words": _rule_words(terms, item.brand_id, rewards_words.coupon_name(item.rule)),
        "pieces": item.pieces.order_by("piece") if item.rule.in_coupons else [],
        "waits": rewards_words.waiting_of(item),
        "lines": [
            (
                line,
                rewards_words.amount_of(item, line.target),
                rewards_words.amount_of(item, line.amount),
            )
            for line in item.lines.select_related("run").order_by("id")
        ],
        "form": form,
        "may_edit": access.reach(request.user, EDIT).covers(item.creator.store),
    }
    return page_or_fragment(
        request,
        "incentives/reward.html",
        context,
        peek="incentives/_reward_peek.html",
        status=status,
    )


def _rule_words(terms: rewards_rule.Terms, brand: int, coupon: str) -> list[str]:
    return [
        *rewards_words.step_sentences(terms, coupon),
        *rewards_words.condition_sentences(terms, brand),
        *rewards_words.day_sentences(terms, coupon),
    ]


@require_POST
@login_required
def reward_run(request: HttpRequest) -> HttpResponse:
    """Work out the rewards now, in the background."""
    brand = brands.required(request, VIEW)
    access.require(request.user, EDIT, brand)
    job = rewards_jobs.start(by=request.user, brand=brand)
    return redirect("accounts:job", job.pk)


# -- rules ---------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def reward_rules(request: HttpRequest) -> HttpResponse:
    """The rules of the brand, and the form of a new one."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    form = RewardRuleForm(request.POST or None, coupons=_to_hand_out(brand))
    if request.method == "POST":
        access.require(request.user, EDIT, brand)
        if form.is_valid():
            try:
                _propose(request, brand, form)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("The rule waits for a second person."))
                return redirect("incentives:reward_rules")
    rules = (
        RewardRule.objects.for_user(request.user, VIEW)
        .filter(brand=brand)
        .select_related("created_by", "decided_by", "coupon")
        .order_by("-id")[:50]
    )
    waits = rewards_coupons.waiting_at(brand)
    checks = schemes.of_rules(brand)
    context = {
        "rules": [
            _shown(request, rule)
            | {
                "waits": waits.get(rule.pk, 0),
                "panel": scheme_words.panel(rule, checks.get(rule.pk)),
            }
            for rule in rules
        ],
        "form": form,
        "may_edit": access.reach(request.user, EDIT).covers(brand),
    }
    return render(
        request, "incentives/reward_rules.html", context, status=422 if form.errors else 200
    )


def _to_hand_out(brand: Unit) -> QuerySet[Reward]:
    """What a rule can hand out by itself."""
    return perks.catalogue_of(brand).exclude(delivery=Delivery.POST).order_by("name", "pk")


def _propose(request: HttpRequest, brand: Unit, form: RewardRuleForm) -> None:
    days = {name: form.cleaned_data[name] for name in ("first_day", "last_day")}
    rewards.propose(
        by=request.user,
        brand=brand,
        name=form.cleaned_data["name"],
        terms=form.terms(),
        coupon=form.handed_out,
        **days,
    )


def _shown(request: HttpRequest, rule: RewardRule) -> dict[str, Any]:
    terms = rewards_rule.terms_from_json(rule.terms)
    waits = rule.state == RuleState.WAITING
    coupon = rewards_words.coupon_name(rule)
    return {
        "rule": rule,
        "source": rewards_words.source_name(rule.source),
        "period": rewards_words.period(rule),
        "steps": rewards_words.step_sentences(terms, coupon),
        "conditions": rewards_words.condition_sentences(terms, rule.brand_id),
        "days": rewards_words.day_sentences(terms, coupon),
        "may_decide": waits
        and rule.created_by_id != request.user.pk
        and access.reach(request.user, APPROVE).covers(rule.brand),
        "own": waits and rule.created_by_id == request.user.pk,
    }


@require_POST
@login_required
def reward_rule_decide(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Approve a rule of somebody else, or reject it with a reason."""
    access.require(request.user, APPROVE)
    rule = get_object_or_404(RewardRule.objects.for_user(request.user, APPROVE), pk=rule_id)
    try:
        if request.POST.get("decision") == "reject":
            rewards.reject(by=request.user, rule=rule, reason=request.POST.get("reason", ""))
            messages.success(request, _("The rule is rejected."))
        else:
            rewards.approve(by=request.user, rule=rule)
            messages.success(request, _("The rule holds; the next run works with it."))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(reverse("incentives:reward_rules"))
