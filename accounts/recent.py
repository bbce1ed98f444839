"""Acts that ask for a fresh proof of who is there: approving money, making an API key."""

from __future__ import annotations

import time

from allauth.account.authentication import get_authentication_records
from allauth.core.exceptions import ReauthenticationRequired
from django.conf import settings
from django.http import HttpRequest

from accounts.sign_in import has_second_factor


def require_recent_sign_in(request: HttpRequest) -> None:
    """Let the act go on only with a proof at most ``REAUTH_SECONDS`` old.

    Who has a second factor must have used it; for others the password counts. Otherwise the request
    is put aside, the person is asked, and the request goes on by itself (allauth's middleware
    catches the exception).
    """
    if not is_recent(request):
        raise ReauthenticationRequired


def is_recent(request: HttpRequest) -> bool:
    """Whether `require_recent_sign_in` would let the person pass without asking."""
    person = request.user
    if not person.is_authenticated:
        return False
    method = "mfa" if has_second_factor(person) else "password"
    youngest = max(
        (
            record["at"]
            for record in get_authentication_records(request, person)
            if record["method"] == method
        ),
        default=0.0,
    )
    return 0 <= time.time() - youngest <= settings.REAUTH_SECONDS
