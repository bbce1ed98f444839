"""HQ pages of the rules of platforms: add one, change or end it, take one away."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, brands
from kosops.lib.errors import DomainError
from kosops.ui import formats
from matrix import platform_rules, platforms
from matrix.models import PlatformRule
from matrix.platform_pages import one_page
from matrix.platform_rule_forms import PLACES, RuleEndForm, RuleForm

EDIT = "matrix.edit"


@require_POST
@login_required
def rule_add(request: HttpRequest, code: str) -> HttpResponse:
    """Add a rule; one that is in force ends the day before."""
    brand = brands.required(request, EDIT)
    access.require(request.user, EDIT, brand)
    found = platforms.one_of(brand, code)
    if found is None:
        raise Http404
    form = RuleForm(request.POST)
    if form.is_valid():
        try:
            platform_rules.add_rule(
                by=request.user, brand=brand, platform=code, **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_error(PLACES.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("The rule is added."))
            return redirect("matrix:platform", code)
    return one_page(request, brand, found, rule_form=form, status=422)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def rule(request: HttpRequest, pk: int) -> HttpResponse:
    """Change a rule that is still to come, or the last day of one that has begun."""
    found = _rule(request, pk)
    begun = found.has_begun(timezone.localdate())
    form = _form(request, found, begun=begun)
    if request.method == "POST" and form.is_valid():
        kept = {
            name: getattr(found, name)
            for name in ("value", "valid_from", "valid_until", "source", "note")
        }
        try:
            platform_rules.change_rule(by=request.user, rule=found, **{**kept, **form.cleaned_data})
        except DomainError as refusal:
            place = PLACES.get(refusal.code)
            form.add_error(place if place in form.fields else None, str(refusal))
        else:
            messages.success(request, _("The rule is saved."))
            return redirect("matrix:platform", found.platform)
    context = {
        "form": form,
        "rule": found,
        "begun": begun,
        "name": platforms.label_of(found.brand_id, found.platform),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "matrix/platform_rule.html", context, status=status)


@require_POST
@login_required
def rule_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take away a rule that is still to come."""
    found = _rule(request, pk)
    try:
        before = platform_rules.remove_rule(by=request.user, rule=found)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The rule is removed."))
        if before is not None and before.valid_until is not None:
            messages.warning(
                request,
                _("The one before still ends on %(day)s; change that if it is to go on.")
                % {"day": formats.day(before.valid_until, get_language())},
            )
    return redirect("matrix:platform", found.platform)


# -- private -------------------------------------------------------------------


def _rule(request: HttpRequest, pk: int) -> PlatformRule:
    access.require(request.user, EDIT)
    found = PlatformRule.objects.for_user(request.user, EDIT)
    return get_object_or_404(found.select_related("brand"), pk=pk)


def _form(request: HttpRequest, found: PlatformRule, *, begun: bool) -> Any:
    if begun:
        return RuleEndForm(request.POST or None, initial={"valid_until": found.valid_until})
    return RuleForm(request.POST or None, rule=found)
