"""What races have waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Exists, OuterRef, QuerySet, Sum
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import waiting
from accounts.models import Person
from incentives.models import Race, RaceAward, RaceDispute
from incentives.race_choices import DisputeState, RaceState
from incentives.races import APPROVE, EDIT, RUNNING
from kosops.ui.parts import Waiting


@waiting.question("race_disputes")
def _disputes(person: Person) -> QuerySet[Any, Any]:
    return waiting.figure(
        RaceDispute.objects.for_user(person, EDIT).filter(state=DisputeState.OPEN)
    )


@waiting.question("race_prizes")
def _prizes(person: Person) -> QuerySet[Any, Any]:
    """Results with prizes that somebody else set up and fixed."""
    awards = RaceAward.objects.filter(race=OuterRef("pk"))
    fixed = Race.objects.for_user(person, APPROVE).filter(
        Exists(awards), state=RaceState.FROZEN, approved_at=None
    )
    return waiting.figure(fixed.exclude(created_by=person).exclude(frozen_by=person))


def to_do(person: Person) -> int:
    """How many races wait for this person: questions to answer, prizes to approve."""
    facts = waiting.facts_of(person)
    return facts["race_disputes"] + facts["race_prizes"]


@waiting.question("contest_notes")
def _notes(person: Person) -> QuerySet[Any, Any]:
    running = Race.objects.for_user(person, EDIT).filter(state__in=RUNNING, held_notes__gt=0)
    return waiting.figure(running, Sum("held_notes"))


@waiting.register
def notes(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["contest_notes"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> note of a contest whose figures rose at once",
                    "<b>{count}</b> notes of a contest whose figures rose at once",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:races"),
            icon="shield",
            rank="notice",
            note=_("It counts when a person has looked"),
        )


@waiting.register
def prizes(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["race_prizes"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "The prizes of <b>{count}</b> race wait for approval",
                    "The prizes of <b>{count}</b> races wait for approval",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:races"),
            icon="trophy",
            rank="must",
            note=_("Who set a race up does not approve its prizes"),
        )


@waiting.register
def disputes(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["race_disputes"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> question about points of a race",
                    "<b>{count}</b> questions about points of a race",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:races"),
            icon="flag",
            rank="notice",
            note=_("The result is fixed when they are answered"),
        )
