"""One view answers the page and its fragment."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import NoReverseMatch, reverse


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


def address_of(url_name: str, *args: Any) -> str:
    """The address of a page of another app, empty where this installation has none.

    A page names a fragment of a higher app this way, without knowing that app.
    """
    try:
        return reverse(url_name, args=args)
    except NoReverseMatch:
        return ""
