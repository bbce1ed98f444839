"""Doors that open with a code and without a sign-in: whoever tries many codes has to wait.

Only wrong codes are counted, by caller and hour, in the cache: a right one is never held up by
those before it, and no address is kept in clear. While the cache is away nobody is held up; the
codes are too long to be guessed even then.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.core.cache import cache
from django.http import Http404, HttpRequest, HttpResponse

from kosops import error_pages

MOST = 30
WINDOW_SECONDS = 3600


def held_off(door: str) -> Callable[[Callable[..., HttpResponse]], Callable[..., HttpResponse]]:
    """Answer 429 to a caller who tried `MOST` wrong codes at this door within an hour."""

    def guard(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @wraps(view)
        def guarded(request: HttpRequest, *args: Any, **more: Any) -> HttpResponse:
            key = _key(door, request.META.get("REMOTE_ADDR", ""))
            if (cache.get(key) or 0) >= MOST:
                return error_pages.page(request, "429.html", status=429, retry=WINDOW_SECONDS)
            try:
                answer = view(request, *args, **more)
            except Http404:
                _count(key)
                raise
            if answer.status_code == 404:
                _count(key)
            return answer

        return guarded

    return guard


def _key(door: str, address: str) -> str:
    return f"guesses:{door}:{hashlib.sha256(address.encode()).hexdigest()}"


def _count(key: str) -> None:
    if not cache.add(key, 1, WINDOW_SECONDS):
        try:
            cache.incr(key)
        except ValueError:  # it ended between the two
            cache.set(key, 1, WINDOW_SECONDS)
