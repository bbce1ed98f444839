"""The one exception that a command raises when it refuses."""

from __future__ import annotations

from typing import Any


class DomainError(Exception):
    """A refusal: ``code`` for programs and tests, ``message`` for the person, ``params`` the facts.

    ``message`` is a lazy translation with ``%(name)s`` placeholders for ``params``; it says what is
    wrong and what to do. ``status`` is the HTTP status that a door answers with.
    """

    status = 409

    def __init__(
        self, code: str, message: Any, /, *, status: int | None = None, **params: Any
    ) -> None:
        super().__init__(code)
        self.code = code
        self.message = message
        self.params = params
        if status is not None:
            self.status = status

    def __str__(self) -> str:
        text = str(self.message)
        return text % self.params if self.params else text


class NotAllowed(DomainError):
    """The person may see the object but not do this with it."""

    status = 403
