"""What orders have waiting for a person."""

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
from customers.filters import EXPECTED_WITHIN
from customers.models import WaitingRefund
from kosops.ui.formats import number
from kosops.ui.parts import Waiting

# Whoever brings files in can bring the order that is missing.
ACT = "imports.run"


@waiting.question("late_refunds")
def _late_refunds(person: Person) -> QuerySet[Any, Any]:
    late = timezone.now() - EXPECTED_WITHIN
    waits = WaitingRefund.objects.for_user(person, ACT).filter(applied_at=None)
    return waiting.figure(waits.filter(received_at__lt=late))


@waiting.register
def refunds(person: Person) -> Iterator[Waiting]:
    if count := waiting.facts_of(person)["late_refunds"]:
        yield Waiting(
            text=format_html(
                ngettext(
                    "<b>{count}</b> refund waits for its order for over a day",
                    "<b>{count}</b> refunds wait for their orders for over a day",
                    count,
                ),
                count=number(count),
            ),
            href=f"{reverse('customers:waiting_refunds')}?state=late",
            icon="undo-2",
            rank="notice",
            note=_("Until then commission may be too high"),
        )
