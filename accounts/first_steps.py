"""The first steps of a brand: what it brings in before the programme runs by itself.

Apps register their step when they start. The list disappears once every step is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import Exists, QuerySet
from django.urls import reverse
from django.utils.functional import Promise

from accounts.access import reach
from accounts.models import Person, Unit

Text = str | Promise


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``shown_by(brand)`` gives the rows any of which shows that the step is done; ``permission``
    says who can take it.
    """

    code: str
    label: Text
    text: Text
    url_name: str
    permission: str
    order: int
    shown_by: Callable[[Unit], QuerySet[Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """A step as one person sees it. ``href`` is empty for those who cannot take it."""

    label: Text
    text: Text
    href: str
    done: bool
    current: bool


_steps: dict[str, Step] = {}


def register(step: Step) -> None:
    """Add a step, or replace the one of the same code."""
    _steps[step.code] = step


def standing(person: Person, brand: Unit | None) -> Sequence[Standing]:
    """The steps of a brand in their order; none for those who can take no step, or once all are
    done. The first that is open and that the person can take is the current one.
    """
    steps = sorted(_steps.values(), key=lambda step: step.order)
    mine = {step.code for step in steps if brand and reach(person, step.permission).covers(brand)}
    if brand is None or not mine:
        return ()
    done = _done(steps, brand)
    if all(done.values()):
        return ()
    open_to_me = [step.code for step in steps if step.code in mine and not done[step.code]]
    return [
        Standing(
            label=step.label,
            text=step.text,
            href=reverse(step.url_name) if step.code in mine and not done[step.code] else "",
            done=done[step.code],
            current=step.code == next(iter(open_to_me), None),
        )
        for step in steps
    ]


def _done(steps: Sequence[Step], brand: Unit) -> dict[str, bool]:
    """Which steps are done, in one query."""
    shown = {f"done_{step.code}": Exists(step.shown_by(brand)) for step in steps}
    row: dict[str, Any] = dict(Unit.objects.filter(pk=brand.pk).values(**shown).get())
    return {step.code: row[f"done_{step.code}"] for step in steps}
