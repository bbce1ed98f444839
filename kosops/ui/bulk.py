"""What can be done with many rows of a list at once, and taking back what was done."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest

from kosops.ui.parts import Text

# More is not taken back by a button: the list of ids travels with it.
MOST_UNDONE = 500
UNDO = "undo "


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkAction:
    """One button of the bar; its verb says the result."""

    code: str
    label: Text
    icon: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bulk:
    """Rows of a list can be chosen. Without ``choices`` they can only be seen side by side.

    The form is posted to ``address`` with ``action``, ``chosen`` (ids) or ``every`` with ``query``.
    """

    address: str = ""
    choices: Sequence[BulkAction] = ()


def ids(texts: Sequence[str]) -> list[int]:
    """The ids among the values of a form; what is none is passed over."""
    return [int(text) for text in texts if text.isascii() and text.isdigit() and len(text) < 19]


def done(
    request: HttpRequest, text: str, *, undo: str = "", fields: Sequence[tuple[str, str]] = ()
) -> None:
    """Say what was done; ``undo`` is the address that takes it back when ``fields`` are posted."""
    tags = UNDO + json.dumps([undo, fields]) if undo else ""
    messages.success(request, text, extra_tags=tags)


def undo_of(message: Any) -> dict[str, Any] | None:
    """How a message is taken back: ``address`` and ``fields``."""
    tags = getattr(message, "extra_tags", "") or ""
    if not tags.startswith(UNDO):
        return None
    address, fields = json.loads(tags.removeprefix(UNDO))
    return {"address": address, "fields": fields}
