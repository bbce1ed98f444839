"""The HQ page of a store's places: who shares its pot, who leads it, from which day."""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import access, brands
from accounts.choices import UnitKind
from accounts.models import Unit
from incentives import own_orders, places
from incentives.forms import PlainIntegerField
from incentives.models import StaffPlace
from kosops.lib.errors import DomainError
from matrix.choices import CreatorKind
from matrix.models import Creator

VIEW = "commission.view"
MAKE = "commission.plan"


class PlaceForm(forms.Form):
    """A person's place from a day on, and the number under which they buy themself."""

    number = forms.CharField(label=gettext_lazy("Employee number"), max_length=40)
    first = forms.DateField(
        label=gettext_lazy("First day"),
        widget=forms.DateInput(attrs={"type": "date"}),
        help_text=gettext_lazy("A past day lets the next run look at the orders since."),
    )
    weight = PlainIntegerField(
        label=gettext_lazy("Share in the pot"), min_value=0, max_value=1000, initial=1
    )
    leads = forms.BooleanField(label=gettext_lazy("Leads the store"), required=False)
    buys_as = forms.CharField(
        label=gettext_lazy("Own customer number"),
        max_length=40,
        required=False,
        help_text=gettext_lazy("So that own orders are seen; it is kept as a digest only."),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def place_list(request: HttpRequest) -> HttpResponse:
    """The places of one store, and the form for the next one."""
    access.require(request.user, VIEW)
    brand = brands.current(request, VIEW)
    stores = Unit.objects.for_user(request.user, VIEW).filter(kind=UnitKind.STORE, active=True)
    if brand is not None:
        stores = stores.filter(path__startswith=brand.path)
    code = request.GET.get("store", "").strip()
    store = stores.filter(code=code).first() if code else stores.order_by("code").first()
    form = PlaceForm(request.POST or None, initial={"first": timezone.localdate()})
    status = 200
    if request.method == "POST":
        access.require(request.user, MAKE, store)
        if store is not None and form.is_valid() and _put(request, store, form):
            return redirect(f"{reverse('incentives:places')}?{urlencode({'store': store.code})}")
        status = 422
    shown = StaffPlace.objects.for_user(request.user, VIEW).filter(store=store)
    return render(
        request,
        "incentives/places.html",
        {
            "store": store,
            "code": code,
            "places": shown.filter(valid__upper_inf=True)
            .select_related("creator")
            .order_by("-leads", "creator__name", "pk"),
            "form": form,
            "may_put": store is not None and access.reach(request.user, MAKE).covers(store),
        },
        status=status,
    )


def _put(request: HttpRequest, store: Unit, form: PlaceForm) -> bool:
    said: dict[str, Any] = dict(form.cleaned_data)
    number, buys_as = said.pop("number").strip(), said.pop("buys_as")
    creator = (
        Creator.objects.for_user(request.user, MAKE)
        .filter(kind=CreatorKind.KOS, number=number, brand=store.brand)
        .first()
    )
    if creator is None:
        form.add_error("number", _("Nobody of your staff has this employee number."))
        return False
    try:
        places.put(by=request.user, creator=creator, store=store, **said)
        if buys_as.strip():
            own_orders.link_buyer(by=request.user, creator=creator, number=buys_as)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("%(name)s has a place in %(store)s.") % {
        "name": creator.name, "store": store.name,
    })  # fmt: skip
    return True
