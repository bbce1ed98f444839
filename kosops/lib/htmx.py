"""One view answers the page and its fragment."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse
from django.utils.http import url_has_allowed_host_and_scheme

# The header by which a list asks for a thing in short.
PEEK = "Kos-Peek"


def page_or_fragment(
    request: HttpRequest,
    template: str,
    context: dict[str, Any],
    *,
    fragment: str = "",
    peek: str = "",
    status: int = 200,
) -> HttpResponse:
    """Render ``template``, or only ``fragment`` when htmx asks for it, or ``peek`` when a list does.

    A peek is the thing in short, for the panel beside the list that it was opened from.
    """
    wanted = getattr(request, "htmx", None)
    boosted = bool(wanted and wanted.boosted)
    name = fragment if fragment and wanted and not boosted else template
    if peek and PEEK in request.headers:
        name = peek
    response = render(request, name, context, status=status)
    response["Vary"] = f"HX-Request, {PEEK}"
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
