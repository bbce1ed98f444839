"""HQ pages of own orders: what our people bought through themselves."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access, brands
from incentives import own_orders
from incentives.models import OwnOrder
from incentives.own_order_filters import OwnOrderFilter
from incentives.own_order_forms import CheckForm
from incentives.plans import in_force, own_part
from kosops.lib.errors import DomainError
from kosops.lib.htmx import address_of
from kosops.ui.listing import list_response
from kosops.ui.templatetags.ui import percent_bp

VIEW = "commission.view"
CHECK = own_orders.CHECK


@require_safe
@login_required
def own_order_list(request: HttpRequest) -> HttpResponse:
    """All own orders, the latest first."""
    access.require(request.user, VIEW)
    rows = own_orders.with_commission(
        OwnOrder.objects.for_user(request.user, VIEW).filter(brand=brands.current(request, VIEW))
    )
    found = OwnOrderFilter(request.GET, queryset=rows)
    return list_response(
        request,
        found,
        {"page": found.page()},
        template="incentives/own_orders.html",
        fragment="incentives/_own_orders.html",
    )


@require_safe
@login_required
def own_order(request: HttpRequest, own_order_id: int) -> HttpResponse:
    return _page(request, _found(request, own_order_id), CheckForm())


@require_POST
@login_required
def own_order_check(request: HttpRequest, own_order_id: int) -> HttpResponse:
    found = _found(request, own_order_id, CHECK)
    form = CheckForm(request.POST)
    if form.is_valid():
        try:
            own_orders.check(by=request.user, own_order=found, note=form.cleaned_data["note"])
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Noted."))
            return redirect("incentives:own_order", found.pk)
    return _page(request, found, form, status=422)


def _found(request: HttpRequest, own_order_id: int, permission: str = VIEW) -> OwnOrder:
    visible = own_orders.with_commission(OwnOrder.objects.for_user(request.user, permission))
    return get_object_or_404(visible.select_related("checked_by", "brand"), pk=own_order_id)


def _page(
    request: HttpRequest, found: OwnOrder, form: CheckForm, status: int = 200
) -> HttpResponse:
    plan = in_force(found.brand, found.order.business_date)
    context = {
        "own": found,
        "form": form,
        "plan": plan,
        "own_part": percent_bp(own_part(plan)) if plan else "",
        "order_url": address_of("customers:order", found.order_id)
        if access.reach(request.user, "orders.view").covers(found.order.store)
        else "",
        "commission": address_of("incentives:order_commission", found.order_id),
        "is_own": found.creator.person_id == request.user.pk,
        "may_check": found.checked_at is None
        and found.creator.person_id != request.user.pk
        and access.reach(request.user, CHECK).covers(found.order.store),
    }
    return render(request, "incentives/own_order.html", context, status=status)
