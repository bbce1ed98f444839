"""HQ page of the shop addresses that creators share, and of people without a code."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import pgettext
from django.views.decorators.http import require_http_methods, require_POST

from accounts import access, brands
from accounts.models import Unit
from incentives import share_rules, sharing
from incentives.models import ShareLink
from incentives.share_forms import ShareLinkForm
from kosops.lib.errors import DomainError
from matrix import share_codes

VIEW = "commission.view"
EDIT = "share_links.edit"
GIVE = "matrix.edit"


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def link_list(request: HttpRequest) -> HttpResponse:
    """The links with where they lead, a new one, and how many people have no code."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    today = timezone.localdate()
    form = ShareLinkForm(request.POST or None, initial={"first_day": today})
    if request.method == "POST":
        access.require(request.user, EDIT, brand)
        if form.is_valid():
            try:
                link = sharing.add_link(by=request.user, brand=brand, **form.cleaned_data)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                _say_where(request, link)
                return redirect("incentives:share_links")
    context = {
        "links": [
            (each, share_rules.host_of(each.template), _state_of(each, today))
            for each in sharing.of_brand(brand)
        ],
        "form": form,
        "may_edit": access.reach(request.user, EDIT).covers(brand),
        "without": share_codes.without(brand).count(),
        "may_give": access.reach(request.user, GIVE).covers(brand),
    }
    status = 422 if form.is_bound else 200
    return render(request, "incentives/share_links.html", context, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def link_edit(request: HttpRequest, share_id: int) -> HttpResponse:
    access.require(request.user, EDIT)
    link = _link(request, share_id)
    form = ShareLinkForm(request.POST or None, initial=ShareLinkForm.of(link))
    if request.method == "POST" and form.is_valid():
        try:
            link = sharing.edit_link(by=request.user, link=link, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            _say_where(request, link)
            return redirect("incentives:share_links")
    context = {"link": link, "host": share_rules.host_of(link.template), "form": form}
    status = 422 if form.is_bound else 200
    return render(request, "incentives/share_link.html", context, status=status)


@require_POST
@login_required
def link_stop(request: HttpRequest, share_id: int) -> HttpResponse:
    access.require(request.user, EDIT)
    try:
        sharing.stop_link(by=request.user, link=_link(request, share_id))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The link is off the phones."))
    return redirect("incentives:share_links")


@require_POST
@login_required
def codes_give(request: HttpRequest) -> HttpResponse:
    """Give a code to everybody without one, in the background."""
    access.require(request.user, GIVE)
    brand: Unit = brands.required(request, GIVE)
    access.require(request.user, GIVE, brand)
    try:
        job = share_codes.start(by=request.user, brand=brand)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("incentives:share_links")
    return redirect("accounts:job", job.pk)


# -- private -------------------------------------------------------------------


def _link(request: HttpRequest, share_id: int) -> ShareLink:
    found = ShareLink.objects.for_user(request.user, EDIT).select_related("brand")
    return get_object_or_404(found, pk=share_id, stopped_at=None)


def _say_where(request: HttpRequest, link: ShareLink) -> None:
    """Whoever saved it sees once more where people will be led."""
    host = share_rules.host_of(link.template)
    messages.success(request, _("Saved. The link leads to %(host)s.") % {"host": host})


def _state_of(link: ShareLink, today: Any) -> tuple[str, str]:
    if link.first_day > today:
        return pgettext("share link", "Upcoming"), "info"
    if link.last_day is not None and link.last_day < today:
        return pgettext("share link", "Over"), "neutral"
    return pgettext("share link", "On the phones"), "good"
