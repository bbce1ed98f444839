"""Every error of the REST API as a problem document (RFC 9457), and of other addresses as a page."""

from __future__ import annotations

import sys
from http import HTTPStatus
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.views import defaults
from rest_framework import exceptions
from rest_framework.views import set_rollback

from kosops import error_pages
from kosops.lib.api import BadBody, BadParameter
from kosops.lib.connections import connection_fault
from kosops.lib.errors import DomainError
from kosops.lib.ids import ulid
from kosops.lib.maintenance import Maintenance
from kosops.lib.repeating import lost, try_again

# Programs ask here: ours and those of platforms that report to us.
MACHINE_ROOTS = ("/api/", "/hooks/")
TYPE_ROOT = "https://docs.kosops.example/problems/"
CONTENT_TYPE = "application/problem+json"

TITLES = {
    "validation": _("Invalid input"),
    "unauthenticated": _("A valid key is needed"),
    "insufficient_scope": _("The key may not do this"),
    "not_found": _("Not found"),
    "method_not_allowed": _("This method is not offered here"),
    "not_acceptable": _("This format is not offered"),
    "conflict": _("The request does not fit the present state"),
    "payload_too_large": _("The request is too large"),
    "unsupported_media_type": _("Send application/json"),
    "rate_limited": _("Too many requests"),
    "unavailable": _("Try again in a moment"),
    "internal": _("An error on our side"),
}
CODES = {
    400: "validation",
    401: "unauthenticated",
    403: "insufficient_scope",
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    409: "conflict",
    413: "payload_too_large",
    415: "unsupported_media_type",
    429: "rate_limited",
    500: "internal",
    503: "unavailable",
}


def problem(
    status: int,
    *,
    code: str = "",
    title: Any = "",
    detail: str = "",
    headers: dict[str, str] | None = None,
    **members: Any,
) -> JsonResponse:
    """One problem document. ``members`` are further fields such as ``errors``."""
    code = code or CODES.get(status, "error")
    document = {
        "type": f"{TYPE_ROOT}{code}",
        "title": str(title or TITLES.get(code) or HTTPStatus(status).phrase),
        "status": status,
        "code": code,
        "request_id": f"req_{ulid()}",
    } | members
    if detail:
        document["detail"] = detail
    response = JsonResponse(document, status=status, headers=headers)
    response["Content-Type"] = CONTENT_TYPE
    # DRF would render the answer again; a finished HttpResponse passes through unchanged.
    return response


def problem_response(error: Exception, context: dict[str, Any]) -> HttpResponse | None:
    """DRF's exception handler. What is not meant for the caller stays an error 500."""
    answer = _answer(error)
    if answer is not None:
        set_rollback()
    return answer


def _answer(error: Exception) -> HttpResponse | None:
    if isinstance(error, BadParameter):
        one = {"parameter": error.parameter, "code": error.why, "detail": str(error)}
        return problem(error.status, errors=[one])
    if isinstance(error, BadBody):
        return problem(
            error.status,
            errors=[
                {"pointer": pointer, "code": code, "detail": str(detail)}
                for pointer, code, detail in error.errors
            ],
        )
    if isinstance(error, DomainError):
        headers = {"Retry-After": str(error_pages.AT_ONCE_SECONDS)} if error.status == 503 else None
        return problem(error.status, code=error.code, title=str(error), headers=headers)
    if isinstance(error, Http404):
        return problem(404)
    if isinstance(error, PermissionDenied):
        return problem(403)
    if isinstance(error, exceptions.ValidationError):
        return problem(400, errors=_pointers(error.get_full_details()))
    if isinstance(error, exceptions.ParseError):
        return problem(400, detail=str(error.detail))
    if isinstance(error, exceptions.APIException):
        return _of_framework(error)
    return None


def _of_framework(error: exceptions.APIException) -> HttpResponse:
    headers = {}
    if challenge := getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = challenge
    if wait := getattr(error, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    members = {"scope": scope} if (scope := getattr(error, "scope", "")) else {}
    return problem(error.status_code, detail=str(error.detail), headers=headers, **members)


def _pointers(details: Any, place: str = "") -> list[dict[str, str]]:
    """DRF's nested messages as a flat list with JSON pointers into the body."""
    if isinstance(details, list):
        found: list[dict[str, str]] = []
        for index, item in enumerate(details):
            leaf = isinstance(item, dict) and set(item) == {"message", "code"}
            found += _pointers(item, place if leaf else f"{place}/{index}")
        return found
    if set(details) == {"message", "code"}:
        return [{"pointer": place, "code": details["code"], "detail": str(details["message"])}]
    found = []
    for name, inner in details.items():
        step = "" if name == "non_field_errors" else f"/{_escaped(str(name))}"
        found += _pointers(inner, f"{place}{step}")
    return found


def _escaped(name: str) -> str:
    return name.replace("~", "~0").replace("/", "~1")


# -- errors outside a view -----------------------------------------------------


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    if fault := connection_fault(exception):
        return database_away(request, fault)
    return problem(400) if for_machine(request) else error_pages.unreadable(request)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:
    if for_machine(request):
        return problem(403)
    return defaults.permission_denied(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    if for_machine(request):
        return problem(404)
    return defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    error = sys.exc_info()[1]
    if fault := connection_fault(error):
        return database_away(request, fault)
    if lost(error):
        return busy(request)
    if for_machine(request):
        return problem(500, request_id=error_pages.marked(request, f"req_{ulid()}"))
    return error_pages.failed(request)


def database_away(request: HttpRequest, fault: BaseException) -> HttpResponse:
    """503 instead of 500: nothing is wrong with the request, and it may be sent again."""
    request.connection_fault = str(fault).partition("\n")[0]  # type: ignore[attr-defined]
    if for_machine(request):
        request_id = error_pages.marked(request, f"req_{ulid()}")
        return unavailable(error_pages.RETRY_SECONDS, request_id=request_id)
    return error_pages.away(request)


def busy(request: HttpRequest) -> HttpResponse:
    """503 where a transaction lost against another one: it was taken back as a whole."""
    if for_machine(request):
        refusal = try_again()
        return problem(
            refusal.status,
            code=refusal.code,
            title=str(refusal),
            headers={"Retry-After": str(error_pages.AT_ONCE_SECONDS)},
            request_id=error_pages.marked(request, f"req_{ulid()}"),
        )
    return error_pages.busy(request)


def maintenance(request: HttpRequest, found: Maintenance) -> HttpResponse:
    request.is_maintenance = True  # type: ignore[attr-defined]
    if for_machine(request):
        return unavailable(found.seconds_left(timezone.now()), detail=found.reason)
    return error_pages.paused(request, found)


def unavailable(retry: int, **members: Any) -> HttpResponse:
    return problem(503, headers={"Retry-After": str(retry)}, **members)


def for_machine(request: HttpRequest) -> bool:
    return request.path.startswith(MACHINE_ROOTS)
