"""What the log adds to a line about a failed request."""

from __future__ import annotations

import logging


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
