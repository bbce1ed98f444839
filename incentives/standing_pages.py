"""HQ page of member prices."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, brands
from incentives import standing, words
from incentives.models import Standing
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month
from matrix.choices import CreatorKind, Programme

VIEW = "points.view"
EDIT = "catalogue.edit"


class StandingForm(forms.Form):
    name = forms.CharField(label=gettext_lazy("Name"), max_length=80)
    creator_kind = forms.ChoiceField(
        label=gettext_lazy("For"),
        choices=[("", gettext_lazy("KOS and KOC")), *CreatorKind.choices],
        required=False,
    )
    programme = forms.ChoiceField(
        label=gettext_lazy("Programme"),
        choices=[("", gettext_lazy("Every programme")), *Programme.choices],
        required=False,
    )
    discount = forms.IntegerField(
        label=gettext_lazy("Saves, percent"), min_value=0, max_value=100, initial=10
    )
    first_order = forms.IntegerField(
        label=gettext_lazy("On the first order, percent"), min_value=0, max_value=100, initial=0
    )
    notes = forms.IntegerField(
        label=gettext_lazy("Notes a month"), min_value=0, max_value=100, initial=1
    )
    orders = forms.IntegerField(
        label=gettext_lazy("Orders a month"), min_value=0, max_value=1000, initial=0
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def standings(request: HttpRequest) -> HttpResponse:
    """The member prices, how many have them this month, and a new one."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    form = StandingForm(request.POST or None)
    if request.method == "POST":
        access.require(request.user, EDIT, brand)
        if form.is_valid():
            data = dict(form.cleaned_data)
            data["discount_bp"] = data.pop("discount") * 100
            data["first_order_bp"] = data.pop("first_order") * 100
            try:
                added = standing.add_standing(by=request.user, brand=brand, **data)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                if not added.active:
                    messages.warning(request, _("It rests until the warnings are accepted."))
                    return redirect("incentives:scheme", "standing", added.pk)
                messages.success(request, _("Added; tonight it is worked out who has it."))
                return redirect("incentives:standings")
    month = Month.of(timezone.localdate())
    context = {
        "standings": standing.of_brand(brand, month),
        "month_name": words.month_name(str(month)),
        "form": form,
        "may_edit": access.reach(request.user, EDIT).covers(brand),
    }
    status = 422 if form.is_bound else 200
    return render(request, "incentives/standings.html", context, status=status)


@require_POST
@login_required
def standing_switch(request: HttpRequest, standing_id: int) -> HttpResponse:
    """Let a member price rest, or take it up again."""
    access.require(request.user, EDIT)
    found = get_object_or_404(Standing.objects.for_user(request.user, EDIT), pk=standing_id)
    try:
        standing.switch(by=request.user, standing=found, active=not found.active)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("incentives:standings")
