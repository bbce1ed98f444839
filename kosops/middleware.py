"""What stands before everything else on the web side: health, and who is really calling."""

import logging
from collections.abc import Callable

import redis
from django.conf import settings
from django.db import Error, connection
from django.http import HttpRequest, HttpResponse, JsonResponse

from kosops import api_errors
from kosops.lib import maintenance, repeating

logger = logging.getLogger(__name__)
TIMEOUTS = {"socket_connect_timeout": 1, "socket_timeout": 1}
Answer = Callable[[HttpRequest], HttpResponse]


class HealthMiddleware:
    """Answer ``/healthz`` (the process lives) and ``/readyz`` (it can also serve pages).

    It stands first, so that a probe inside the container network needs neither https nor an
    allowed host name.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path == "/healthz":
            return JsonResponse({"status": "ok"})
        if request.path == "/readyz":
            return readiness()
        return self.get_response(request)


def readiness() -> HttpResponse:
    """Red only when pages cannot be served: without Redis they can, but jobs wait."""
    parts = {"database": database_answers(), "redis": redis_answers()}
    words = {name: "ok" if answers else "down" for name, answers in parts.items()}
    if parts["redis"] and (lost := repeating.counted()):
        words["lost_today"] = ", ".join(f"{kind} {number}" for kind, number in lost.items())
    if paused := maintenance.current() is not None:
        words["maintenance"] = "on"
    return JsonResponse(words, status=200 if parts["database"] and not paused else 503)


def database_answers() -> bool:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except Error:
        logger.exception("The database does not answer")
        return False
    return True


def redis_answers() -> bool:
    try:
        with redis.Redis.from_url(settings.REDIS_URL, **TIMEOUTS) as client:
            return bool(client.ping())
    except (redis.RedisError, OSError):
        logger.warning("Redis does not answer", exc_info=True)
        return False


class ClientAddressMiddleware:
    """Put the caller's address into REMOTE_ADDR when proxies of our own stand in front.

    Each proxy appends the address that it saw, so only the last ``TRUSTED_PROXIES`` entries of
    X-Forwarded-For can be believed; whatever stands before them was sent by the caller.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        count = settings.TRUSTED_PROXIES
        seen = [part.strip() for part in request.headers.get("X-Forwarded-For", "").split(",")]
        if count and len(seen) >= count and seen[-count]:
            request.META["REMOTE_ADDR"] = seen[-count]
        return self.get_response(request)


class MaintenanceMiddleware:
    """Answer everything with 503 while maintenance is on (`manage.py maintenance`).

    It stands behind health and static files, and before whatever asks the database: nobody passes,
    since a migration may be under way.
    """

    def __init__(self, get_response: Answer) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        found = maintenance.current()
        return api_errors.maintenance(request, found) if found else self.get_response(request)
