"""One view answers the page and its fragment."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


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
