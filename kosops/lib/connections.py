"""Telling a database that is away from a query that is wrong."""

from __future__ import annotations

from django.db import connections
from django.db.utils import InterfaceError, OperationalError

# The server ended the session, would not begin one, or has no room for one (class 08 as well).
# Other codes that Django calls operational are faults of a query: a timeout, a deadlock.
ENDED = frozenset({"57P01", "57P02", "57P03", "57P04", "53300"})


def connection_fault(error: BaseException | None) -> BaseException | None:
    """The fault of the connection that led to ``error``; None when the database was there.

    What was raised while a fault was handled counts as well: Django's session says "deleted in
    another window" when it cannot be stored.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        if _is_fault(error):
            return error
        seen.add(id(error))
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)
    return None


def _is_fault(error: BaseException) -> bool:
    if not isinstance(error, (OperationalError, InterfaceError)):
        return False
    code = getattr(error.__cause__, "pgcode", None)
    if code:
        return code in ENDED or code.startswith("08")
    # Without a code it comes from the client library: not reached or cut off. A closed cursor on
    # a living connection is a mistake of ours.
    return isinstance(error, OperationalError) or not _all_alive()


def _all_alive() -> bool:
    open_ones = connections.all(initialized_only=True)
    return all(each.connection is not None and not each.connection.closed for each in open_ones)
