"""HQ pages of the platforms of a brand: which are in use, what each is good for and asks for."""

from __future__ import annotations

from dataclasses import replace

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from accounts.models import Unit
from kosops.lib.errors import DomainError
from matrix import platform_rules, platforms
from matrix.choices import REGULATED, Domain, Trade
from matrix.platform_forms import AddPlatformForm, PlatformForm, TradeForm
from matrix.platform_rule_forms import RuleForm

VIEW = "matrix.view"
EDIT = "matrix.edit"


@require_safe
@login_required
def platform_list(request: HttpRequest) -> HttpResponse:
    """All platforms with their accounts and the advice for the brand's trade."""
    return _list(request, brands.required(request, VIEW))


@require_POST
@login_required
def trade_change(request: HttpRequest) -> HttpResponse:
    """Say what the brand deals in; the advice and the review follow it."""
    brand = _brand_to_change(request)
    form = TradeForm(request.POST)
    if not form.is_valid():
        return _list(request, brand, trade_form=form, status=422)
    platforms.set_trade(by=request.user, brand=brand, trade=form.cleaned_data["trade"])
    messages.success(request, _("The trade is noted; the advice follows it."))
    return redirect("matrix:platforms")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def platform_add(request: HttpRequest) -> HttpResponse:
    """Add a platform of the brand's own."""
    brand = _brand_to_change(request)
    form = AddPlatformForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            added = platforms.add_platform(by=request.user, brand=brand, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(refusal.params.get("field"), str(refusal))
        else:
            messages.success(request, _("%(name)s is in use.") % {"name": added.name})
            return redirect("matrix:platforms")
    status = 422 if request.method == "POST" else 200
    return render(request, "matrix/platform_add.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def platform(request: HttpRequest, code: str) -> HttpResponse:
    """Rules of a platform and their use; switch it on or off, write the advice for the trade."""
    if request.method != "POST":
        brand = brands.required(request, VIEW)
        access.require(request.user, VIEW, brand)
        return one_page(request, brand, _of(brand, code))
    brand = _brand_to_change(request)
    found = _of(brand, code)
    form = PlatformForm(request.POST, own=found.own, asks="even_with_accounts" in request.POST)
    if form.is_valid():
        try:
            platforms.change_platform(
                by=request.user,
                brand=brand,
                code=code,
                trade=platforms.trade_of(brand),
                **form.cleaned_data,
            )
        except DomainError as refusal:
            form = PlatformForm(request.POST, own=found.own, asks=refusal.code == "platform_in_use")
            form.add_error(refusal.params.get("field"), str(refusal))
        else:
            messages.success(request, _("%(name)s is saved.") % {"name": found.name})
            return redirect("matrix:platforms")
    return one_page(request, brand, found, form=form, status=422)


def one_page(
    request: HttpRequest,
    brand: Unit,
    found: platforms.Standing,
    *,
    form: PlatformForm | None = None,
    rule_form: RuleForm | None = None,
    status: int = 200,
) -> HttpResponse:
    """The page of a platform, with a form as it was sent."""
    today = timezone.localdate()
    public = found.domain == Domain.PUBLIC
    rules = platform_rules.history(brand, found.code) if public else []
    context = {
        "form": form
        or PlatformForm(
            own=found.own,
            initial={"name": found.name, "in_use": found.in_use, "advice": found.advice},
        ),
        "platform": found,
        "trade": platforms.trade_of(brand),
        "may_edit": access.reach(request.user, EDIT).covers(brand),
        "public": public,
        "uses": platform_rules.on_platform(brand, found.code, today) if public else [],
        "rules": [
            (each, each.has_begun(today) and not each.is_over(today), each.is_over(today))
            for each in rules
        ],
        "rule_form": rule_form or RuleForm(initial={"valid_from": today}),
    }
    return render(request, "matrix/platform.html", context, status=status)


# -- private -------------------------------------------------------------------


def _brand_to_change(request: HttpRequest) -> Unit:
    """The brand, for those who may change it as a whole; a region's manager may not."""
    brand = brands.required(request, EDIT)
    access.require(request.user, EDIT, brand)
    return brand


def _of(brand: Unit, code: str) -> platforms.Standing:
    found = platforms.one_of(brand, code)
    if found is None:
        raise Http404
    return found


def _list(
    request: HttpRequest, brand: Unit, *, trade_form: TradeForm | None = None, status: int = 200
) -> HttpResponse:
    trade = platforms.trade_of(brand)
    today = timezone.localdate()
    marks = platform_rules.worst_by_platform(platform_rules.use_of(brand, today))
    found = [replace(each, mark=marks.get(each.code)) for each in platforms.of_brand(brand)]
    context = {
        "brand": brand,
        "rows": found,
        "in_use": sum(each.in_use for each in found),
        "trade": trade,
        "regulated": trade in REGULATED,
        "regulated_trades": [Trade(each).label for each in Trade if each in REGULATED],
        "trade_form": trade_form or TradeForm(initial={"trade": trade}),
        "may_edit": access.reach(request.user, EDIT).covers(brand),
        "may_see_units": access.reach(request.user, VIEW).covers(brand),
    }
    return render(request, "matrix/platforms.html", context, status=status)
