"""What holds for every request of a signed-in person."""

from __future__ import annotations

import logging
from collections.abc import Callable
from http import HTTPStatus
from urllib.parse import urlencode

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import resolve_url
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.cache import patch_cache_control
from django_htmx.http import HttpResponseClientRedirect

from accounts import activity
from accounts.models import Person
from accounts.sign_in import ends_at, needs_second_factor

logger = logging.getLogger(__name__)

# Remembered in the session, so that the question costs one query per sign-in.
SECOND_FACTOR_SEEN = "second_factor_seen"


class PersonMiddleware:
    """How long a session lasts, the person's language, the duty to set up a second factor, and
    refusals in the log.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.session_ends = None  # type: ignore[attr-defined]
        if isinstance(request.user, Person):
            ends = ends_at(request)
            if ends is not None and ends < timezone.now():
                logout(request)
            else:
                request.session_ends = ends  # type: ignore[attr-defined]
        person = request.user
        # Otherwise LocaleMiddleware's choice stands.
        if language := getattr(person, "language", ""):
            translation.activate(language)
            request.LANGUAGE_CODE = language
        if isinstance(person, Person) and self._must_set_up(request, person):
            return to_page(request, reverse("mfa_activate_totp"))
        response = self.get_response(request)
        # The REST API sets its own caller, which may be nobody.
        signed_in = getattr(request.user, "is_authenticated", False)
        # What calls itself public, such as a script, holds nothing of a person.
        if signed_in and "public" not in response.get("Cache-Control", ""):
            # Pages hold personal data: no cache keeps them, and Back after signing out shows none.
            patch_cache_control(response, private=True, no_store=True)
        return to_whole_page(request, response)

    def process_exception(self, request: HttpRequest, exception: Exception) -> None:
        """A refused act of a signed-in person is a row of the activity log (A3)."""
        if isinstance(exception, PermissionDenied) and isinstance(request.user, Person):
            activity.record_refusal(by=request.user, path=request.path, method=request.method or "")

    def _must_set_up(self, request: HttpRequest, person: Person) -> bool:
        if not settings.SECOND_FACTOR_REQUIRED or request.session.get(SECOND_FACTOR_SEEN):
            return False
        if request.path.startswith(_account_root()) or request.path == _preferences():
            return False
        if needs_second_factor(person):
            return True
        request.session[SECOND_FACTOR_SEEN] = True
        return False


def to_page(request: HttpRequest, address: str) -> HttpResponse:
    """Send the browser to another page, also when htmx asked for a fragment."""
    if getattr(request, "htmx", None):
        return HttpResponseClientRedirect(address)
    return HttpResponseRedirect(address)


def to_whole_page(request: HttpRequest, response: HttpResponse) -> HttpResponse:
    """A sign-in page must not be swapped into the middle of another page.

    htmx follows a redirect by itself, so a session that ended would put the form into a table.
    """
    htmx = getattr(request, "htmx", None)
    if not htmx or response.status_code != HTTPStatus.FOUND:
        return response
    address = response["Location"]
    if not address.startswith(_account_root()):
        return response
    login = resolve_url(settings.LOGIN_URL)
    if address.startswith(login):
        here = htmx.current_url_abs_path or reverse("home")
        address = f"{login}?{urlencode({REDIRECT_FIELD_NAME: here})}"
    return HttpResponseClientRedirect(address)


def _account_root() -> str:
    return reverse("account_login").removesuffix("login/")


def _preferences() -> str:
    return reverse("accounts:preferences")
