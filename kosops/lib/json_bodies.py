"""Bodies of the REST API: JSON that means one thing only.

Python's parser takes the last of two equal names, reads NaN and stops with an error of its own at a
thousand levels. A body that two readers may understand differently is refused instead.
"""

from __future__ import annotations

import json
from typing import Any

from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

DEEPEST = 32


class StrictJSONParser(JSONParser):
    """JSON in UTF-8 without equal names, NaN, NUL and depth, and whole: as long as announced."""

    def parse(self, stream: Any, media_type: Any = None, parser_context: Any = None) -> Any:
        raw = stream.read()
        announced = self._announced(parser_context)
        if announced is not None and announced != len(raw):
            # Who left in the middle has asked for nothing.
            raise ParseError(_("The body is shorter than announced."))
        return parsed(raw)

    def _announced(self, context: Any) -> int | None:
        text = context["request"].META.get("CONTENT_LENGTH") if context else None
        return int(text) if text and str(text).isdigit() else None


def parsed(raw: bytes) -> Any:
    """The value of a body. Refuses with ParseError."""
    try:
        value = json.loads(
            raw.decode("utf-8"), object_pairs_hook=_once, parse_constant=_no_constant
        )
    except (ValueError, RecursionError) as error:
        raise ParseError(_("This is not the JSON that is expected here.")) from error
    _check(value, DEEPEST)
    return value


def canonical(value: Any) -> bytes:
    """The same bytes for the same meaning: names sorted, no spaces."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a name stands twice")
    return found


def _no_constant(name: str) -> Any:
    raise ValueError(name)


def _check(value: Any, depth: int) -> None:
    if depth < 0:
        raise ParseError(_("The JSON is nested too deeply."))
    if isinstance(value, str):
        # Neither PostgreSQL nor an encoder takes these.
        if "\0" in value or any("\ud800" <= letter <= "\udfff" for letter in value):
            raise ParseError(_("A text holds characters that are none."))
    elif isinstance(value, dict):
        for name, inner in value.items():
            _check(name, depth - 1)
            _check(inner, depth - 1)
    elif isinstance(value, list):
        for inner in value:
            _check(inner, depth - 1)
