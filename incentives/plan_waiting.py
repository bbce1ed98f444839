"""Plans that wait for the second person."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.db.models import Q, QuerySet
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import waiting
from accounts.models import Person
from incentives.models import PlanVersion
from incentives.plan_choices import PlanState
from kosops.ui.parts import Waiting


@waiting.question("plans_to_decide")
def _count(person: Person) -> QuerySet[Any, Any]:
    made = Q(created_by=person) | Q(edited_by=person) | Q(submitted_by=person)
    visible = PlanVersion.objects.for_user(person, "commission.plan_approve")
    return waiting.figure(visible.filter(state=PlanState.SUBMITTED).exclude(made))


@waiting.register
def plans(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["plans_to_decide"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> commission plan to approve",
                    "<b>{count}</b> commission plans to approve",
                    count,
                ),
                count=count,
            ),
            href=reverse("incentives:plans"),
            icon="percent",
            rank="must",
            note=_("Orders go by a plan only once a second person has looked"),
        )
