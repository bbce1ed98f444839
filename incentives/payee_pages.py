"""HQ pages of the people who are paid: the list, and one person with account, identity and holds."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.recent import require_recent_sign_in
from incentives import payee_words, payees
from incentives.models import Payout, PayoutHold
from incentives.payee_filters import PayeeFilter
from incentives.payee_forms import PLACES, AccountForm, HoldForm, IdentityForm, ReasonForm
from incentives.payout_choices import ConsentWay
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.ui.listing import count_up_to, list_response
from matrix import filters
from matrix.choices import CreatorState
from matrix.models import Creator

VIEW = "payouts.view"
EDIT = "payees.edit"


@require_safe
@login_required
def payee_list(request: HttpRequest) -> HttpResponse:
    """Everybody who can be owed money, and what keeps them from being paid."""
    access.require(request.user, VIEW)
    people = Creator.objects.for_user(request.user, VIEW).exclude(state=CreatorState.CANDIDATE)
    found = PayeeFilter(request.GET, queryset=people, request=request)
    rows = found.rows()
    page = found.page(rows.select_related("store"))
    standings = payees.standings(page.rows, timezone.now())
    context = {
        "page": page,
        "rows": [(standings[each.pk], _first(standings[each.pk])) for each in page.rows],
        "count": partial(count_up_to, rows),
        "units": partial(filters.unit_choices, request, VIEW, found.active.get("unit")),
    }
    return list_response(
        request,
        found,
        context,
        template="incentives/payees.html",
        fragment="incentives/_payees.html",
    )


def _first(standing: payees.Standing) -> Any:
    return payee_words.SHORT[standing.blocks[0]] if standing.blocks else ""


# -- one person ----------------------------------------------------------------


def _creator(request: HttpRequest, pk: int, permission: str = VIEW) -> Creator:
    access.require(request.user, permission)
    people = Creator.objects.for_user(request.user, permission)
    return get_object_or_404(people.select_related("store", "brand"), pk=pk)


@require_safe
@login_required
def payee_page(request: HttpRequest, creator_id: int) -> HttpResponse:
    return _page(request, _creator(request, creator_id))


def _page(request: HttpRequest, creator: Creator, status: int = 200, **forms: Any) -> HttpResponse:
    standing = payees.standing_of(creator, timezone.now())
    page = keyset_page(
        creator.payouts.select_related("batch"),
        field="id",
        descending=True,
        cursor=request.GET.get("cursor", ""),
    )
    kind = standing.destination.kind if standing.destination else "bank"
    may_edit = access.reach(request.user, EDIT).covers(creator.store)
    context = {
        "creator": creator,
        "standing": standing,
        "blocks": payee_words.blocks_of(standing),
        "page": page,
        "holds": creator.payout_holds.select_related("by", "lifted_by").order_by("-pk")[:10],
        "may_edit": may_edit,
        "account_form": AccountForm(initial={"kind": kind, "holder": creator.name}),
        "identity_form": IdentityForm(),
        "hold_form": HoldForm(),
        "lift_form": ReasonForm(),
        **forms,
    }
    return page_or_fragment(
        request,
        "incentives/payee.html",
        context,
        fragment="incentives/_payee_payouts.html",
        peek="incentives/_payee_peek.html",
        status=status,
    )


@require_POST
@login_required
def payee_account(request: HttpRequest, creator_id: int) -> HttpResponse:
    """Enter the account from a signed paper. Asks who is there (7.5.1)."""
    creator = _creator(request, creator_id, EDIT)
    form = AccountForm(request.POST)
    if form.is_valid():
        require_recent_sign_in(request)
        facts = {name: form.cleaned_data[name] for name in ("kind", "holder", "account")}
        try:
            payees.set_destination(
                by=request.user, creator=creator, consent=ConsentWay.PAPER, **facts
            )
        except DomainError as refusal:
            form.add_error(PLACES.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("The account is saved."))
            return redirect("incentives:payee", creator.pk)
    return _page(request, creator, status=422, account_form=form)


@require_POST
@login_required
def payee_identity(request: HttpRequest, creator_id: int) -> HttpResponse:
    creator = _creator(request, creator_id, EDIT)
    form = IdentityForm(request.POST)
    if form.is_valid():
        try:
            payees.verify_identity(by=request.user, creator=creator, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(PLACES.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("The identity counts as checked."))
            return redirect("incentives:payee", creator.pk)
    return _page(request, creator, status=422, identity_form=form)


@require_POST
@login_required
def payee_hold(request: HttpRequest, creator_id: int) -> HttpResponse:
    creator = _creator(request, creator_id, EDIT)
    form = HoldForm(request.POST)
    if form.is_valid():
        try:
            payees.hold(by=request.user, creator=creator, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(PLACES.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("Payouts to this person are held now."))
            return redirect("incentives:payee", creator.pk)
    return _page(request, creator, status=422, hold_form=form)


@require_POST
@login_required
def payee_lift(request: HttpRequest, hold_id: int) -> HttpResponse:
    access.require(request.user, EDIT)
    hold = get_object_or_404(
        PayoutHold.objects.for_user(request.user, EDIT).select_related("creator"), pk=hold_id
    )
    form = ReasonForm(request.POST)
    if form.is_valid():
        try:
            payees.lift(by=request.user, hold=hold, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(PLACES.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("Payouts to this person go on."))
            return redirect("incentives:payee", hold.creator_id)
    return _page(request, _creator(request, hold.creator_id, EDIT), status=422, lift_form=form)


# -- one payout ----------------------------------------------------------------


@require_http_methods(["GET", "HEAD"])
@login_required
def payout_page(request: HttpRequest, payout_id: int) -> HttpResponse:
    """One payment: its state, and from gross to net row by row."""
    access.require(request.user, VIEW)
    payout = get_object_or_404(
        Payout.objects.for_user(request.user, VIEW).select_related(
            "batch__settlement", "creator__store", "tax_policy"
        ),
        pk=payout_id,
    )
    return page_or_fragment(
        request,
        "incentives/payout.html",
        {"payout": payout, "rows": payee_words.calculation(payout)},
        fragment="incentives/payout.html",
        peek="incentives/_payout_peek.html",
    )
