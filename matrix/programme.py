"""The stages of the KOC programme with how many stand in each (C29).

Teaching, training and support belong to apps above; they add their stages when they start, and
what an installation does not have is not shown.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from django.db.models import Count
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from accounts.models import Person
from kosops.ui import formats
from kosops.ui.parts import Kpi
from matrix import tier_steps
from matrix.choices import CreatorKind, CreatorState
from matrix.models import Application, Creator
from matrix.recruiting import VIEW
from matrix.recruiting_choices import UNDECIDED, Stage


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A stage that another app knows: ``count`` within what the person sees, and its rows."""

    code: str
    label: Promise
    help: Promise
    order: int
    count: Callable[[Person], int]
    href: Callable[[], str]


_steps: dict[str, Step] = {}


def register(step: Step) -> None:
    """Add a stage. Recruiting and trial stand at 20 and 30, the creators from 50 on."""
    _steps[step.code] = step


def pipeline(person: Person) -> list[Kpi]:
    """The stages from the first to the last, each leading to its rows."""
    found = [*_recruiting(person), *_others(person), *_creators(person)]
    return [kpi for _order, kpi in sorted(found, key=lambda each: each[0])]


def _others(person: Person) -> list[tuple[int, Kpi]]:
    return [
        (
            step.order,
            Kpi(
                label=step.label,
                value=formats.number(step.count(person)),
                help=step.help,
                href=step.href(),
            ),
        )
        for step in _steps.values()
    ]


def _recruiting(person: Person) -> list[tuple[int, Kpi]]:
    rows = Application.objects.for_user(person, VIEW).order_by().values("stage")
    counts = dict(rows.annotate(n=Count("pk")).values_list("stage", "n"))
    waiting = counts.get(Stage.APPLIED, 0) + counts.get(Stage.SCREENING, 0)
    every = reverse("matrix:applications")
    return [
        (
            20,
            Kpi(
                label=_("Recruiting"),
                value=formats.number(waiting),
                help=_("Applications that nobody has decided yet."),
                href=f"{every}?stage={UNDECIDED}",
            ),
        ),
        (
            30,
            Kpi(
                label=_("In trial"),
                value=formats.number(counts.get(Stage.TRIAL, 0)),
                help=_("Applicants who were invited and have not joined yet."),
                href=f"{every}?stage={Stage.TRIAL}",
            ),
        ),
    ]


def _creators(person: Person) -> list[tuple[int, Kpi]]:
    rows = (
        Creator.objects.for_user(person, "matrix.view")
        .filter(kind=CreatorKind.KOC, state__in=(CreatorState.ONBOARDING, CreatorState.ACTIVE))
        .order_by()
        .values_list("state", "tier")
        .annotate(n=Count("pk"))
    )
    onboarding, by_tier = 0, {"": 0}
    for state, tier, count in rows:
        if state == CreatorState.ONBOARDING:
            onboarding += count
        else:
            by_tier[tier] = by_tier.get(tier, 0) + count
    people = reverse("matrix:creators") + "?kind=koc"
    found = [
        (
            50,
            Kpi(
                label=_("Getting started"),
                value=formats.number(onboarding),
                help=_("KOC who have joined and are not active yet."),
                href=f"{people}&state=onboarding",
            ),
        ),
        (
            60,
            Kpi(
                label=_("No tier yet"),
                value=formats.number(by_tier[""]),
                help=_("KOC who take part and have not reached the first tier."),
                href=f"{people}&state=active&tier=none",
            ),
        ),
    ]
    found += [
        (
            70 + level,
            Kpi(
                label=str(label),
                value=formats.number(by_tier.get(code, 0)),
                help=_("Active KOC of this tier."),
                href=f"{people}&state=active&tier={code}",
            ),
        )
        for level, (code, label) in enumerate(tier_steps.choices())
    ]
    return found
