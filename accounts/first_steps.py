"""The first steps of a brand: what it brings in before the programme runs by itself.

Apps register their step when they start. The list disappears once every step is done.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from django.core.cache import cache
from django.urls import reverse
from django.utils.functional import Promise

from accounts.access import reach
from accounts.models import Person, Unit

Text = str | Promise

# A brand that has all its steps behind it does not go back, so a day's memory is only thrift.
REMEMBERED = 24 * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """``is_done(brand)`` costs one EXISTS; ``permission`` says who can take the step."""

    code: str
    label: Text
    text: Text
    url_name: str
    permission: str
    order: int
    is_done: Callable[[Unit], bool]


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
    remembered = f"first-steps-done:{brand.pk}:{len(steps)}"
    if cache.get(remembered):
        return ()
    done = {step.code: step.is_done(brand) for step in steps}
    if all(done.values()):
        cache.set(remembered, True, REMEMBERED)
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
