"""What the search box finds among payouts, and what can be started from it."""

from __future__ import annotations

from typing import Any

from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from incentives.models import Payout, PayoutBatch
from kosops.ui import finding, formats

VIEW = "payouts.view"


def payouts(person: Any, words: str, limit: int) -> list[finding.Hit]:
    """Batches and single payouts by the start of their number, as the bank's file shows it."""
    batches = PayoutBatch.objects.for_user(person, VIEW)
    single = Payout.objects.filter(batch__in=batches, out_no__iexact=words).values("batch")
    rows = batches.filter(Q(number__istartswith=words) | Q(pk__in=single)).order_by("-number")
    return [
        finding.Hit(
            label=row.number,
            href=reverse("incentives:payout_batch", args=[row.pk]),
            note=_("%(amount)s · %(state)s")
            % {
                "amount": formats.money(row.total, row.currency),
                "state": row.get_state_display(),
            },
            icon="banknote",
        )
        for row in rows[:limit]
    ]


def register() -> None:
    finding.register(
        finding.Finder(
            code="payouts",
            heading=gettext_lazy("Payouts"),
            permission=VIEW,
            find=payouts,
            order=40,
        )
    )
    finding.register_action(
        finding.Action(
            label=gettext_lazy("Try other tier rules"),
            url_name="incentives:tier_preview",
            icon="sliders-horizontal",
            permission="tiers.view",
            order=30,
        )
    )
