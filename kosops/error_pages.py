"""Pages for moments when nothing may be relied on: no session, no person, no database.

They are static but for the language, which the cookie or the browser says, and the theme's cookie.
"""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.template import loader
from django.utils import timezone, translation

from kosops.lib.ids import spoken_code
from kosops.lib.maintenance import Maintenance
from kosops.ui.context import LANGUAGES, THEME_COOKIE, THEMES

# After how many seconds a browser or program may ask for the database again.
RETRY_SECONDS = 30
# What was in the way is gone in a moment.
AT_ONCE_SECONDS = 1


def page(
    request: HttpRequest, template: str, *, status: int, retry: int = 0, **context: Any
) -> HttpResponse:
    """One page that stands alone. It gets no request, so no context processor runs."""
    # Once the person is known, theirs is the language; before that nothing has been asked.
    language = getattr(request, "LANGUAGE_CODE", "")
    language = language or translation.get_language_from_request(request)
    theme = request.COOKIES.get(THEME_COOKIE, "")
    context |= {
        "lang": next((tag for code, _name, tag in LANGUAGES if code == language), "en"),
        "theme": theme if theme in THEMES else "",
        "again": request.get_full_path() if request.method == "GET" else "",
        "now": timezone.now(),
    }
    with translation.override(language):
        response = HttpResponse(loader.get_template(template).render(context), status=status)
    response["Cache-Control"] = "no-store"
    response["Vary"] = "Accept-Language, Cookie"
    if retry:
        response["Retry-After"] = str(retry)
    return response


def marked(request: HttpRequest, code: str = "") -> str:
    """The code to quote, which `kosops.logs` puts before the line in the log."""
    code = code or spoken_code()
    request.error_code = code  # type: ignore[attr-defined]
    return code


def unreadable(request: HttpRequest) -> HttpResponse:
    return page(request, "400.html", status=400)


def failed(request: HttpRequest) -> HttpResponse:
    return page(request, "500.html", status=500, code=marked(request))


def away(request: HttpRequest) -> HttpResponse:
    """The database is away, and nobody planned it."""
    return page(request, "503.html", status=503, retry=RETRY_SECONDS, code=marked(request))


def busy(request: HttpRequest) -> HttpResponse:
    """Somebody else was changing the same."""
    return page(request, "busy.html", status=503, retry=AT_ONCE_SECONDS, code=marked(request))


def paused(request: HttpRequest, found: Maintenance) -> HttpResponse:
    now = timezone.now()
    return page(
        request,
        "maintenance.html",
        status=503,
        retry=found.seconds_left(now),
        until=None if found.is_late(now) else found.until,
        is_late=found.is_late(now),
        reason=found.reason,
        zone=timezone.get_default_timezone_name(),
    )
