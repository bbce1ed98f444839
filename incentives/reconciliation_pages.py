"""HQ page of reconciliation: where our payouts and the bank's statement do not agree."""

from __future__ import annotations

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_safe

from accounts import access, brands
from incentives import reconciliation
from incentives.choices import PayoutState
from incentives.models import ProviderEntry
from incentives.payout_choices import Channel, EntryState

VIEW = "payouts.view"
SHOWN = 200

WORDS = {
    reconciliation.NOT_OURS: _("Not our payout"),
    reconciliation.OTHER_AMOUNT: _("Another amount"),
    reconciliation.OTHER_STATE: _("Another result"),
    reconciliation.NOT_THERE: _("Missing on the statement"),
    reconciliation.SLOW: _("On the way for more than a day"),
}
TODO = {
    reconciliation.NOT_OURS: _("Ask the bank what this transfer was."),
    reconciliation.OTHER_AMOUNT: _("Ask the bank; do not pay the difference before."),
    reconciliation.OTHER_STATE: _("Import the bank's answer, or ask for it."),
    reconciliation.NOT_THERE: _("Ask the bank whether it really paid."),
    reconciliation.SLOW: _("Ask under the same number. Never send it again."),
}


@require_safe
@login_required
def reconcile(request: HttpRequest) -> HttpResponse:
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    found = reconciliation.differences(brand, limit=SHOWN)
    states = dict(PayoutState.choices) | {each.value: each.label for each in EntryState}
    context = {
        "brand": brand,
        "found": [
            (
                each,
                WORDS[each.code],
                TODO[each.code],
                Channel(each.channel).label,
                states.get(each.state, each.state),
            )
            for each in found
        ],
        "is_all": len(found) < SHOWN,
        "days": [(each, Channel(each.channel).label) for each in reconciliation.days(brand)],
        "last": ProviderEntry.objects.for_user(request.user, VIEW)
        .filter(brand=brand)
        .order_by("-day")
        .first(),
        "may_import": bool(access.reach(request.user, "payouts.make")),
    }
    return render(request, "incentives/reconciliation.html", context)
