"""The phone pages without a network: manifest, service worker, offline page, a fresh form token.

The worker keeps pages of one person, under a key that says nothing about them, and only those that
an own page marks with `keepable`; what it keeps goes when the person signs out.
"""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from django.contrib.auth.decorators import login_required
from django.contrib.staticfiles import finders
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.template.loader import render_to_string
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.cache import get_conditional_response, patch_cache_control
from django.utils.http import quote_etag
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from kosops.lib.secrets import blind_index
from kosops.ui import navigation
from kosops.ui.context import LANGUAGES

KEEP = "Kos-Keep"
WORKER = Path(__file__).with_name("worker.js")

# What every phone page loads: tests/ui/test_offline.py compares it with the pages.
UNSENT = "kosops/js/unsent.js"
SHELL = (
    "kosops/css/tokens.css",
    "kosops/css/base.css",
    "kosops/css/layout.css",
    "kosops/css/components.css",
    "kosops/css/staff.css",
    "kosops/css/print.css",
    "kosops/img/chevron.svg",
    "kosops/img/mark.svg",
    "kosops/js/first.js",
    "kosops/js/theme.js",
    "kosops/js/menu.js",
    "kosops/js/toast.js",
    "kosops/js/requests.js",
    UNSENT,
    "kosops/js/offline.js",
    "kosops/js/outbox.js",
    "django_htmx/htmx-2.min.js",
)
# After so many milliseconds without an answer a page from before is better than none.
PATIENCE = 4000
# The colour behind the page before it is drawn, as tokens.css has it.
PAPER = "#f9f7f4"
ICONS = (("icon-192.png", "192x192", "any"), ("icon-512.png", "512x512", "any"), ("maskable-512.png", "512x512", "maskable"))  # fmt: skip


def person_key(person: Any) -> str:
    """By which a phone tells its people apart; it cannot be led back to the person.

    It must outlive `SECRET_KEY`: what waits on a phone to be sent is found by it.
    """
    return blind_index("offline", str(person.pk)).hex()[:24]


def addresses() -> dict[str, str]:
    """Where the phone's scripts find what they need; nothing where there are no phone pages."""
    names = {"manifest": "manifest", "worker": "worker", "scope": "today", "token": "token"}
    names |= {"form": "post_add", "posts": "posts"}
    try:
        return {name: reverse(f"mobile:{url_name}") for name, url_name in names.items()}
    except NoReverseMatch:
        return {}


def keepable(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """Let the person's phone keep this page, unless the page itself says no-store."""
    whole = request.method == "GET" and response.status_code == 200 and not request.htmx  # type: ignore[attr-defined]
    if whole and "no-store" not in response.get("Cache-Control", ""):
        response[KEEP] = person_key(request.user)
    return response


# -- doors ---------------------------------------------------------------------


@require_safe
def manifest(request: HttpRequest) -> HttpResponse:
    """The app as a phone's start screen shows it, in the language and the name of the brand."""
    brand = navigation.brand(request.user) if request.user.is_authenticated else navigation.NEUTRAL
    add = reverse("mobile:post_add")
    words = {
        "id": "/m/",
        "name": brand.name,
        "short_name": brand.name,
        "description": _("Commission, tier and posts of store staff and customers."),
        "lang": _lang(),
        "dir": "ltr",
        "start_url": reverse("mobile:today"),
        "scope": reverse("mobile:today"),
        "display": "standalone",
        "background_color": PAPER,
        "theme_color": PAPER,
        "icons": [
            {"src": static(f"kosops/img/{name}"), "sizes": sizes, "type": "image/png", "purpose": purpose}
            for name, sizes, purpose in ICONS
        ],
        "shortcuts": [{"name": _("Add link"), "url": add}],
        # A post's share sheet may name this app: the form opens with the text in it.
        "share_target": {
            "action": add,
            "method": "GET",
            "params": {"title": "title", "text": "text", "url": "url"},
        },
    }  # fmt: skip
    response = HttpResponse(
        json.dumps(words, ensure_ascii=False), content_type="application/manifest+json"
    )
    patch_cache_control(response, no_cache=True, private=True)
    return response


@require_safe
def worker(request: HttpRequest) -> HttpResponse:
    """The service worker; its first line tells it what to keep under which version."""
    shell = [static(name) for name in SHELL]
    offline_page = f"{reverse('mobile:offline')}?lang={translation.get_language()}"
    source = WORKER.read_text(encoding="utf-8")
    facts: dict[str, Any] = {
        "shell": [*shell, offline_page],
        "offline": offline_page,
        "scope": reverse("mobile:today"),
        "form": reverse("mobile:post_add"),
        "token": reverse("mobile:token"),
        "unsent": static(UNSENT),
        "patience": PATIENCE,
    }
    version = facts["version"] = _version(source + json.dumps(facts), shell)
    response = HttpResponse(
        f"const kos = {json.dumps(facts)};\n{source}", content_type="text/javascript"
    )
    response["Cache-Control"] = "public, no-cache"
    response["ETag"] = quote_etag(version)
    return (
        get_conditional_response(request, etag=quote_etag(version), response=response) or response
    )


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """What a phone shows where nothing is kept; the same for everybody who reads the language."""
    code = request.GET.get("lang", "")
    known = {each for each, _name, _tag in LANGUAGES}
    with translation.override(code if code in known else translation.get_language()):
        return HttpResponse(_offline_page())


@require_safe
@login_required
def token(request: HttpRequest) -> JsonResponse:
    """A fresh token for a form that was kept, and whose forms may be sent with it."""
    return JsonResponse({"token": get_token(request), "person": person_key(request.user)})


# -- private -------------------------------------------------------------------


def _lang() -> str:
    code = (translation.get_language() or "en").lower()
    return next((tag for each, _name, tag in LANGUAGES if each == code), "en")


def _offline_page() -> str:
    # Without the request: nothing of a person, no token, and the same text each time.
    frame = {
        "lang": _lang(),
        "brand": navigation.NEUTRAL,
        "bar": navigation.staff_pages(),
        "offline": addresses(),
    }
    return render_to_string("mobile/offline.html", {"frame": frame})


def _version(script: str, shell: list[str]) -> str:
    """Changes when the worker, a file of the shell or the offline page does."""
    digest = hashlib.sha256(f"{script}{_offline_page()}".encode())
    for name, address in zip(SHELL, shell, strict=True):
        # Where files are not named by their content (development), the content counts.
        if address.endswith(name) and (found := finders.find(name)):
            digest.update(Path(found).read_bytes())
    return digest.hexdigest()[:16]
