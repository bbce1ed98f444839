"""A transaction that lost against another one is repeated as a whole (M26).

Two people at once may wait for each other (a deadlock), or one of them too long (a lock timeout).
PostgreSQL then takes one transaction back as a whole; nothing is wrong with it, and a moment later
it goes through. What lost is counted, since a number that grows says that something keeps its locks
for too long.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Callable
from functools import wraps
from typing import ParamSpec, TypeVar

from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from kosops.lib.errors import DomainError

logger = logging.getLogger(__name__)

TRIES = 3
# Serialization failure, deadlock, lock timeout, by PostgreSQL's codes.
PASSING = {"40001": "serialization", "40P01": "deadlock", "55P03": "lock_timeout"}
KEPT_SECONDS = 8 * 24 * 3600

Given = ParamSpec("Given")
Answer = TypeVar("Answer")


def whole(command: Callable[Given, Answer]) -> Callable[Given, Answer]:
    """``command`` in one transaction, repeated up to three times in all where it lost.

    Inside a caller's transaction it is tried once, since only the whole can be repeated. Refuses
    `try_again` when the last try lost as well; then nothing was changed.
    """

    @wraps(command)
    def repeated(*args: Given.args, **more: Given.kwargs) -> Answer:
        try:
            return in_one(lambda: command(*args, **more), name=command.__qualname__)
        except DatabaseError as error:
            if connection.in_atomic_block or not lost(error):
                raise
            raise try_again() from error

    return repeated


def in_one(act: Callable[[], Answer], *, name: str, also: frozenset[str] = frozenset()) -> Answer:
    """The answer of ``act`` in one transaction, repeated as `whole` says; the last fault is raised.

    ``also`` names further SQLSTATEs that pass.
    """
    outermost = not connection.in_atomic_block
    for left in reversed(range(TRIES)):
        try:
            with transaction.atomic():
                return act()
        except DatabaseError as error:
            code = code_of(error)
            if not outermost or (code not in PASSING and code not in also):
                raise
            count(code)
            logger.warning("%s lost against another transaction (%s), %s left", name, code, left)
            if not left:
                raise
        pause()
    raise AssertionError("unreachable")


def lost(error: BaseException | None) -> bool:
    """Whether the fault is that of a transaction which may simply be done again."""
    return isinstance(error, DatabaseError) and code_of(error) in PASSING


def code_of(error: BaseException) -> str:
    return str(getattr(error.__cause__, "pgcode", None) or "")


def pause() -> None:
    """By chance, so that two who met do not meet again."""
    time.sleep(random.uniform(0.05, 0.25))  # noqa: S311


def try_again() -> DomainError:
    return DomainError(
        "try_again",
        _("Somebody else was changing the same at this moment. Nothing was changed; try again."),
        status=503,
    )


# -- how often -----------------------------------------------------------------


def count(code: str) -> None:
    key = _key(PASSING.get(code, "other"))
    cache.add(key, 0, KEPT_SECONDS)
    try:
        cache.incr(key)
    except ValueError:
        # It ran out between the two.
        logger.debug("The count of %s began anew", key)


def counted() -> dict[str, int]:
    """How many transactions lost today, by the kind of fault; kinds that did not happen are left out."""
    keys = {_key(kind): kind for kind in (*PASSING.values(), "other")}
    return {keys[key]: number for key, number in cache.get_many(list(keys)).items() if number}


def _key(kind: str) -> str:
    return f"lost:{timezone.localdate()}:{kind}"
