"""What the volunteer rota has waiting for a person."""

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
from incentives import rota
from incentives.models import Shift
from incentives.rota_choices import ShiftFilterState
from kosops.ui.formats import number
from kosops.ui.parts import Waiting


@waiting.question("rota_to_tick")
def _to_tick(person: Person) -> QuerySet[Any, Any]:
    visible = Shift.objects.for_user(person, rota.EDIT)
    return waiting.figure(rota.to_tick(visible, timezone.now()))


@waiting.register
def to_tick(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["rota_to_tick"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> volunteer shift whose attendance is to be ticked",
                    "<b>{count}</b> volunteer shifts whose attendance is to be ticked",
                    count,
                ),
                count=number(count),
            ),
            href=reverse("incentives:shifts") + f"?state={ShiftFilterState.TO_TICK}&sort=starts",
            icon="handshake",
            rank="notice",
            note=_("Who is not ticked in time gets no points"),
        )
