"""What the addresses of the REST API share: strict parameters, pages by cursor, plain values.

A parameter that an address does not know, that stands twice or means nothing is refused and never
guessed: who mistypes a filter must not take the whole list for the filtered one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from rest_framework.request import Request
from rest_framework.response import Response

from kosops.lib.errors import DomainError
from kosops.lib.lists import is_cursor, keyset_page
from kosops.lib.periods import Month

USUAL_LIMIT = 50
MOST = 200
LONGEST = 200

Read = Callable[[str], Any]
# Reads a value of a body; raises ValueError.
ReadValue = Callable[[Any], Any]
NEEDED: Any = object()


class BadParameter(DomainError):
    """A parameter in the address that is refused; ``parameter`` names it, ``why`` is a code."""

    def __init__(self, parameter: str, why: str, message: Any, /, **params: Any) -> None:
        super().__init__("validation", message, status=400, **params)
        self.parameter = parameter
        self.why = why


class BadBody(DomainError):
    """A body that is refused; ``errors`` are (JSON pointer, code, detail)."""

    def __init__(self, errors: list[tuple[str, str, Any]]) -> None:
        super().__init__("validation", _("The body is not as it should be."), status=400)
        self.errors = errors


# -- reading -------------------------------------------------------------------


def parameters(request: Request, **known: Read) -> dict[str, Any]:
    """The parameters of an address, read; None for what was not given.

    ``known`` names a reader for each, which raises ValueError. Refuses `BadParameter`: unknown,
    repeated, empty or meaningless ones.
    """
    given = request.query_params
    for name in given:
        shown = name[:40]
        if name not in known:
            raise BadParameter(
                shown, "unknown", _("There is no parameter “%(name)s” here."), name=shown
            )
        if len(given.getlist(name)) > 1:
            raise BadParameter(shown, "repeated", _("“%(name)s” stands twice."), name=shown)
    return {name: _read(name, given.get(name), read) for name, read in known.items()}


def _read(name: str, value: str | None, read: Read) -> Any:
    if value is None:
        return None
    try:
        if not value or "\0" in value or len(value) > LONGEST:
            raise ValueError(value)
        return read(value)
    except ValueError as error:
        raise BadParameter(
            name,
            "invalid",
            _("“%(value)s” means nothing for “%(name)s”."),
            value=value.replace("\0", "")[:40],
            name=name,
        ) from error


def need(found: dict[str, Any], *names: str) -> None:
    """Refuse an address without these parameters."""
    for name in names:
        if found[name] is None:
            raise BadParameter(name, "required", _("“%(name)s” is needed."), name=name)


def text(value: str) -> str:
    return value


def a_month(value: str) -> Month:
    if not re.fullmatch(r"[1-9]\d{3}-(0[1-9]|1[0-2])", value, re.ASCII):
        raise ValueError(value)
    return Month.parse(value)


def a_day(value: str) -> dt.date:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", value, re.ASCII):
        raise ValueError(value)
    return dt.date.fromisoformat(value)


def a_moment(value: str) -> dt.datetime:
    """RFC 3339 with its offset; a time without one could be any of many."""
    # A plus sign that was not escaped arrives as a space.
    moment = dt.datetime.fromisoformat(value.replace(" ", "+"))
    if moment.tzinfo is None or "T" not in value.upper():
        raise ValueError(value)
    try:
        return moment.astimezone(dt.UTC)
    except OverflowError as error:
        raise ValueError(value) from error


def one_of(values: Iterable[str]) -> Read:
    allowed = frozenset(values)

    def read(value: str) -> str:
        if value not in allowed:
            raise ValueError(value)
        return value

    return read


def number(least: int, most: int) -> Read:
    def read(value: str) -> int:
        if not re.fullmatch(r"\d{1,9}", value, re.ASCII) or not least <= int(value) <= most:
            raise ValueError(value)
        return int(value)

    return read


# -- reading a body ------------------------------------------------------------


def body(request: Request, **known: tuple[ReadValue, Any]) -> dict[str, Any]:
    """The members of a body, read. ``known`` names a reader and the value of what is left out,
    `NEEDED` for none. Refuses `BadBody` with everything that is wrong.
    """
    given = request.data
    if not isinstance(given, dict):
        raise BadBody([("", "invalid", _("An object is expected."))])
    errors: list[tuple[str, str, Any]] = [
        (f"/{name[:40]}", "unknown", _("There is no such member."))
        for name in given
        if name not in known
    ]
    found = {}
    for name, (read, default) in known.items():
        if name not in given:
            if default is NEEDED:
                errors.append((f"/{name}", "required", _("This member is needed.")))
            found[name] = default
            continue
        try:
            found[name] = read(given[name])
        except ValueError as error:
            errors.append((f"/{name}", "invalid", str(error)))
    if errors:
        raise BadBody(errors)
    return found


def words(most: int) -> ReadValue:
    """A text that says something."""

    def read(value: Any) -> str:
        if not isinstance(value, str) or not value.strip() or len(value) > most:
            raise ValueError(gettext("A text of 1 to %(most)s characters.") % {"most": most})
        return value.strip()

    return read


def whole(least: int, most: int) -> ReadValue:
    """A whole number; neither 1.0 nor "1" nor true is one."""

    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise ValueError(
                gettext("A whole number from %(least)s to %(most)s.")
                % {"least": least, "most": most}
            )
        return value

    return read


PAGED: dict[str, Read] = {"limit": number(1, MOST), "cursor": text}


# -- answering -----------------------------------------------------------------


def page(
    request: Request,
    rows: QuerySet[Any],
    found: dict[str, Any],
    write: Callable[[Any], dict[str, Any]],
    *,
    field: str = "id",
    descending: bool = False,
    **more: Any,
) -> Response:
    """One page of ``rows`` with the addresses of its neighbours, in the body and as ``Link``.

    ``found`` are the parameters read with `PAGED` among them, ``more`` further members. ``write``
    makes the object of a row. Refuses a cursor that is damaged or of another list.
    """
    cursor = found["cursor"] or ""
    if cursor and not is_cursor(cursor, field):
        raise BadParameter("cursor", "invalid", _("This cursor is not of this list."))
    size = found["limit"] or USUAL_LIMIT
    cut = keyset_page(rows, field=field, descending=descending, cursor=cursor, size=size)
    links = {
        name: _address(request, at) if at else None
        for name, at in (("next", cut.next), ("previous", cut.previous))
    }
    response = Response({"items": [write(row) for row in cut.rows]} | links | more)
    header = ", ".join(
        f'<{href}>; rel="{ {"previous": "prev"}.get(name, name) }"'
        for name, href in links.items()
        if href
    )
    if header:
        response["Link"] = header
    return response


def _address(request: Request, cursor: str) -> str:
    query = request.query_params.copy()
    query["cursor"] = cursor
    return request.build_absolute_uri(f"{request.path}?{query.urlencode()}")


def money(minor: int, currency: str) -> dict[str, Any]:
    """Minor units with their currency; points are ``PTS``."""
    return {"amount": minor, "currency": currency}


def moment(value: dt.datetime | None) -> str | None:
    """UTC with ``Z``, to the second."""
    if value is None:
        return None
    return timezone.localtime(value, dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def day(value: dt.date | None) -> str | None:
    return None if value is None else value.isoformat()
