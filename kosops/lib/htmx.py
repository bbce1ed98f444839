"""One view answers the page and its fragment."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme


def page_or_fragment(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    fragment: str,
    status: int = 200,
) -> HttpResponse:
    """Render ``template``, or only the template ``fragment`` when htmx asks for it."""
    wanted = getattr(request, "htmx", None)
    boosted = bool(wanted and wanted.boosted)
    name = fragment if wanted and not boosted else template
    response = render(request, name, context, status=status)
    response["Vary"] = "HX-Request"
    return response


def safe_next(request: HttpRequest) -> str:
    """Where a form asks to go on: an address of this host only (A14), else home."""
    address = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(
        address, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return address if safe else "home"


def address_of(url_name: str, *args: Any) -> str:
    """The address of a page of another app, empty where this installation has none.

    A page names a fragment of a higher app this way, without knowing that app.
    """
    try:
        return reverse(url_name, args=args)
    except NoReverseMatch:
        return ""
