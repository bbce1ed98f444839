"""HQ pages of points: who has how many, one person's history, rules, points by hand."""

from __future__ import annotations

import datetime as dt
import uuid
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from incentives import points, points_sources
from incentives.definitions import POINTS_TEXTS
from incentives.models import Journal, PointGrant, PointRule
from incentives.points_choices import GrantState
from incentives.points_filters import GrantFilter, HolderFilter
from incentives.points_forms import DecideForm, GiveForm, RuleForm
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.ui import formats
from kosops.ui.listing import count_up_to, list_response
from kosops.ui.parts import Kpi
from matrix.filters import unit_choices
from matrix.models import Creator

VIEW = "points.view"
RULES = "points.rules"
GRANT = "points.grant"
APPROVE = "points.approve"


@require_safe
@login_required
def holder_list(request: HttpRequest) -> HttpResponse:
    """Points in figures, and everybody who has or had some."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    today = timezone.localdate()
    found = HolderFilter(
        request.GET, queryset=points.accounts_of(request.user, brand), request=request
    )
    rows = found.rows()
    page = found.page(points.holders(rows, today).select_related("creator__store"))
    context = {
        "page": page,
        "rows": [(each, points.spendable(each), points.expires_soon(each)) for each in page.rows],
        "figures": partial(_figures, request, brand, today),
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
    }
    return list_response(
        request,
        found,
        context,
        template="incentives/points.html",
        fragment="incentives/_points.html",
    )


def _figures(request: HttpRequest, brand: Any, today: dt.date) -> list[Kpi]:
    """The sums of the whole brand, for whoever sees all of it."""
    if not access.reach(request.user, VIEW).covers(brand):
        return []
    sums = points.sums_of(brand, today)
    return [
        Kpi(label=label, value=formats.number(value), help=POINTS_TEXTS[code], good="")
        for code, label, value in (
            ("points_outstanding", _("With people"), sums.outstanding),
            ("points_held", _("Held"), sums.held),
            ("points_earned", _("Earned this month"), sums.earned),
            ("points_spent", _("Spent this month"), sums.spent),
            ("points_expired", _("Expired this month"), sums.expired),
        )
    ]


# -- one person ----------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def holder(request: HttpRequest, creator_id: int) -> HttpResponse:
    """What one person has, how it came about, and points by hand."""
    access.require(request.user, VIEW)
    creator = get_object_or_404(
        Creator.objects.for_user(request.user, VIEW).select_related("brand", "store"),
        pk=creator_id,
    )
    form = GiveForm(request.POST or None, initial={"client_key": uuid.uuid4()})
    if request.method == "POST":
        access.require(request.user, GRANT, creator.store)
        if form.is_valid() and (answer := _give(request, creator, form)):
            return answer
    page = keyset_page(
        points.history_of(creator).select_related("created_by"),
        field="id",
        descending=True,
        cursor=request.GET.get("cursor", ""),
    )
    context = {
        "creator": creator,
        "balance": points.balance_of(creator, timezone.localdate()),
        "page": page,
        "rows": told(page.rows),
        "form": form,
        "may_give": access.reach(request.user, GRANT).covers(creator.store),
        "waiting": creator.point_grants.filter(state=GrantState.WAITING),
    }
    return page_or_fragment(
        request,
        "incentives/points_person.html",
        context,
        fragment="incentives/_points_history.html",
        peek="incentives/_points_peek.html",
        status=422 if form.is_bound else 200,
    )


def _give(request: HttpRequest, creator: Creator, form: GiveForm) -> HttpResponse | None:
    try:
        grant = points.give(by=request.user, creator=creator, **form.cleaned_data)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return None
    if grant.state == GrantState.WAITING:
        messages.info(request, _("A second person has to approve these points."))
    else:
        messages.success(request, _("The points are booked."))
    return redirect("incentives:points_person", creator.pk)


def told(journals: list[Journal]) -> list[tuple[Journal, list[str]]]:
    """Journals with what they were for, in words."""
    lines = points.lines_by_journal(journals)
    words = points_sources.words(
        (line.source, line.key) for of_journal in lines.values() for line in of_journal
    )
    return [
        (journal, sorted({words[line.source, line.key] for line in lines.get(journal.pk, [])}))
        for journal in journals
    ]


# -- rules ---------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rule_list(request: HttpRequest) -> HttpResponse:
    """What earns points now, what will and what did; a new rule."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    today = timezone.localdate()
    form = RuleForm(request.POST or None, initial={"valid_from": today})
    if request.method == "POST":
        access.require(request.user, RULES, brand)
        if form.is_valid():
            try:
                rule = points.save_rule(by=request.user, brand=brand, **_rule_fields(form))
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                day = formats.day(rule.valid.lower, get_language())
                messages.success(request, _("The rule holds from %(day)s.") % {"day": day})
                return redirect("incentives:point_rules")
    rules = PointRule.objects.for_user(request.user, VIEW).filter(brand=brand)
    context = {
        "rules": [
            (
                rule,
                points_sources.label(rule.event),
                rule.last_day is None or rule.last_day >= today,
            )
            for rule in rules.order_by("event", "creator_kind", "valid")
        ],
        "form": form,
        "may_edit": access.reach(request.user, RULES).covers(brand),
        "today": today,
    }
    return render(
        request, "incentives/point_rules.html", context, status=422 if form.is_bound else 200
    )


def _rule_fields(form: RuleForm) -> dict[str, Any]:
    return dict(form.cleaned_data)


@require_POST
@login_required
def rule_end(request: HttpRequest, rule_id: int) -> HttpResponse:
    """Let a rule end with today."""
    access.require(request.user, RULES)
    rule = get_object_or_404(PointRule.objects.for_user(request.user, RULES), pk=rule_id)
    try:
        points.end_rule(by=request.user, rule=rule, last_day=timezone.localdate())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The rule ends with today."))
    return redirect("incentives:point_rules")


# -- points by hand ------------------------------------------------------------


@require_safe
@login_required
def grant_list(request: HttpRequest) -> HttpResponse:
    access.require(request.user, VIEW)
    found = GrantFilter(
        request.GET, queryset=PointGrant.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    context = {
        "page": found.page(rows.select_related("creator__store", "maker")),
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
    }
    return list_response(
        request,
        found,
        context,
        template="incentives/point_grants.html",
        fragment="incentives/_point_grants.html",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def grant(request: HttpRequest, gift_id: int) -> HttpResponse:
    """One case of points by hand, and its decision by a second person."""
    access.require(request.user, VIEW)
    shown = get_object_or_404(
        PointGrant.objects.for_user(request.user, VIEW).select_related(
            "creator__store", "maker", "checker", "api_key"
        ),
        pk=gift_id,
    )
    form = DecideForm(request.POST or None)
    if request.method == "POST":
        access.require(request.user, APPROVE, shown.creator.store)
        if form.is_valid():
            approve = request.POST.get("decision") == "approve"
            try:
                points.decide_grant(
                    by=request.user, grant=shown, approve=approve, **form.cleaned_data
                )
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Decided; the person sees it at once."))
                return redirect("incentives:point_grants")
    context = {
        "grant": shown,
        "form": form,
        "waits": shown.state == GrantState.WAITING,
        "own": shown.maker_id == request.user.pk,
        "may_decide": access.reach(request.user, APPROVE).covers(shown.creator.store),
    }
    return page_or_fragment(
        request,
        "incentives/point_grant.html",
        context,
        peek="incentives/_point_grant_peek.html",
        status=422 if form.is_bound else 200,
    )
