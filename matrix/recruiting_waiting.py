"""What recruiting has waiting for a person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import waiting
from accounts.models import Person
from kosops.ui.formats import number
from kosops.ui.parts import Waiting
from matrix.models import Application
from matrix.recruiting import EDIT, MARK
from matrix.recruiting_choices import UNDECIDED, Stage, TrialState


@waiting.question("applications_to_screen")
def _to_screen(person: Person) -> QuerySet[Any, Any]:
    rows = Application.objects.for_user(person, MARK)
    return waiting.figure(rows.filter(stage__in=(Stage.APPLIED, Stage.SCREENING)))


@waiting.question("trials_overdue")
def _trials_overdue(person: Person) -> QuerySet[Any, Any]:
    rows = Application.objects.for_user(person, EDIT).filter(stage=Stage.TRIAL)
    late = {"trial__state": TrialState.RECEIVED, "trial__due_on__lt": timezone.localdate()}
    return waiting.figure(rows.filter(**late))


@waiting.question("products_to_send")
def _products_to_send(person: Person) -> QuerySet[Any, Any]:
    rows = Application.objects.for_user(person, EDIT).filter(stage=Stage.TRIAL)
    return waiting.figure(rows.filter(trial__state=TrialState.TO_SEND))


def to_screen(person: Any) -> int | None:
    return waiting.facts_of(person)["applications_to_screen"]


@waiting.register
def recruiting(person: Person) -> Iterator[Waiting]:
    facts, rows = waiting.facts_of(person), reverse("matrix:applications")
    if count := facts["trials_overdue"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> note of a trial is overdue",
                    "<b>{count}</b> notes of trials are overdue",
                    count,
                ),
                count=number(count),
            ),
            href=f"{rows}?stage={Stage.TRIAL}&trial=overdue",
            icon="clock",
            rank="notice",
            note=_("Give more time once, or end the trial"),
        )
    if count := facts["products_to_send"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> product is to be sent to an applicant",
                    "<b>{count}</b> products are to be sent to applicants",
                    count,
                ),
                count=number(count),
            ),
            href=f"{rows}?stage={Stage.TRIAL}&trial={TrialState.TO_SEND}",
            icon="send",
            rank="notice",
        )
    if count := facts["applications_to_screen"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> application is to be screened",
                    "<b>{count}</b> applications are to be screened",
                    count,
                ),
                count=number(count),
            ),
            href=f"{rows}?stage={UNDECIDED}",
            icon="user-plus",
            rank="suggestion",
        )
