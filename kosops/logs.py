"""What the log adds to a line about a failed request."""

from __future__ import annotations

import logging
import re
from typing import Any

# Ends of lines as any reader of a log knows them, signs that steer a terminal, and those that turn
# the direction of writing: in what somebody sent they could write lines of their own.
_FORGING = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class OneLine(logging.Formatter):
    """A record's message is one line, whatever was sent; a trace keeps its lines, set in.

    The last lines of a trace are the fault's own text, and none of them may look like a record.
    """

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802
        record.message = _escaped(record.message)
        return super().formatMessage(record)

    def formatException(self, ei: Any) -> str:  # noqa: N802
        lines = super().formatException(ei).split("\n")
        return "\n".join(f"    {_escaped(line)}" for line in lines)


def _escaped(text: str) -> str:
    return _FORGING.sub(lambda sign: sign[0].encode("unicode_escape").decode(), text)


class CodeFilter(logging.Filter):
    """Put the code that the page shows in front of Django's line and trace of a fault.

    A database that is away fails every request: then the line says so, without a trace each time.
    Maintenance refuses every request on purpose: the access log is enough.
    """

    def filter(self, record: logging.LogRecord) -> bool:
        request = getattr(record, "request", None)
        # Another handler may have had the record before.
        if not getattr(record, "is_marked", False):
            record.is_marked = True
            _mark(record, request)
        return not getattr(request, "is_maintenance", False)


def _mark(record: logging.LogRecord, request: object) -> None:
    if code := getattr(request, "error_code", ""):
        record.msg = f"{code} {record.msg}"
    if fault := getattr(request, "connection_fault", ""):
        record.msg = f"{record.msg}: %s"
        record.args = (*(record.args or ()), fault)  # type: ignore[arg-type]
        record.exc_info = record.exc_text = None
