"""HQ page of the rules of paying and of tax: what holds, what held, and a form for a new version."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access, brands
from accounts.models import Unit
from accounts.recent import require_recent_sign_in
from incentives import payout_policies
from incentives.models import PayoutPolicy, TaxPolicy
from incentives.payee_forms import RULE_PLACES, PayoutPolicyForm, TaxPolicyForm
from kosops.lib.errors import DomainError

VIEW = "payouts.view"
EDIT = "payouts.rules"
SHOWN = 20


@require_safe
@login_required
def rules(request: HttpRequest) -> HttpResponse:
    access.require(request.user, VIEW)
    return _page(request, brands.required(request, VIEW))


def _page(request: HttpRequest, brand: Unit, status: int = 200, **forms: Any) -> HttpResponse:
    today = timezone.localdate()
    policy = payout_policies.payout_policy_on(brand, today)
    tax = payout_policies.tax_policy_on(brand, today)
    context = {
        "brand": brand,
        "policy": policy,
        "tax": tax,
        "versions": payout_policies.versions(PayoutPolicy, brand)[:SHOWN],
        "tax_versions": payout_policies.versions(TaxPolicy, brand)[:SHOWN],
        "today": today,
        "may_edit": access.reach(request.user, EDIT).covers(brand),
        "policy_form": PayoutPolicyForm(
            prefix="pay",
            initial={
                "minimum": policy.minimum,
                "second_over": policy.second_over,
                "finance_over": policy.finance_over,
                "staff_by_payroll": policy.staff_by_payroll,
                "encoding": policy.encoding,
            },
        ),
        "tax_form": TaxPolicyForm(prefix="tax", initial={"method": tax.method, "span": tax.span}),
        **forms,
    }
    return render(request, "incentives/payout_rules.html", context, status=status)


@require_POST
@login_required
def rules_save(request: HttpRequest) -> HttpResponse:
    """A new version of how the brand pays. Asks who is there: limits guard money."""
    brand = brands.required(request, VIEW)
    access.require(request.user, EDIT, brand)
    form = PayoutPolicyForm(request.POST, prefix="pay")
    if form.is_valid():
        require_recent_sign_in(request)
        try:
            payout_policies.save_payout_policy(by=request.user, brand=brand, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(RULE_PLACES.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("The rules are saved."))
            return redirect("incentives:payout_rules")
    return _page(request, brand, status=422, policy_form=form)


@require_POST
@login_required
def tax_save(request: HttpRequest) -> HttpResponse:
    """A new version of the tax rules."""
    brand = brands.required(request, VIEW)
    access.require(request.user, EDIT, brand)
    form = TaxPolicyForm(request.POST, prefix="tax")
    if form.is_valid():
        require_recent_sign_in(request)
        try:
            payout_policies.save_tax_policy(by=request.user, brand=brand, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(RULE_PLACES.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("The rules are saved."))
            return redirect("incentives:payout_rules")
    return _page(request, brand, status=422, tax_form=form)
