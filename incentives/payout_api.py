"""Payout batches and payouts on the REST API, read only and with masked accounts."""

from __future__ import annotations

from typing import Any

from django.http import Http404
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.api_keys import needs_scope
from incentives import api_names
from incentives.choices import BatchState, PayoutState
from incentives.models import Payout, PayoutBatch
from kosops.lib import api

VIEW = "payouts.view"
READ = "payouts:read"


@needs_scope(READ)
@api_view(["GET"])
def batch_list(request: Request) -> Response:
    """Batches of the brand, for a key of the whole brand."""
    found = api.parameters(
        request,
        period=api.a_month,
        state=api.one_of(BatchState.values),
        **api.PAGED,
    )
    rows = PayoutBatch.objects.for_user(request.auth, VIEW)
    if found["period"]:
        rows = rows.filter(settlement__period=str(found["period"]))
    if found["state"]:
        rows = rows.filter(state=found["state"])
    return api.page(request, rows.select_related("settlement"), found, _written_batch)


@needs_scope(READ)
@api_view(["GET"])
def batch(request: Request, number: str) -> Response:
    api.parameters(request)
    found = (
        PayoutBatch.objects.for_user(request.auth, VIEW)
        .filter(number=number)
        .select_related("settlement")
        .first()
    )
    if found is None:
        raise Http404
    return Response(
        _written_batch(found)
        | {"payouts": request.build_absolute_uri(f"/api/v1/payouts?batch={found.number}")}
    )


def _written_batch(found: PayoutBatch) -> dict[str, Any]:
    return {
        "number": found.number,
        "period": found.settlement.period,
        "until": api.day(found.settlement.until),
        "channel": found.channel,
        "state": found.state,
        "count": found.count,
        "total": api.money(found.total, found.currency),
        "left_out": found.left_out,
        "content_hash": found.content_hash or None,
        "file_hash": found.file_hash or None,
        "paused_at": api.moment(found.paused_at),
        "created_at": api.moment(found.created_at),
        "submitted_at": api.moment(found.submitted_at),
        "exported_at": api.moment(found.exported_at),
        "closed_at": api.moment(found.closed_at),
    }


@needs_scope(READ)
@api_view(["GET"])
def payout_list(request: Request) -> Response:
    """Payments to people, those within the reach of the key."""
    found = api.parameters(
        request,
        batch=api.text,
        creator=api.text,
        state=api.one_of(PayoutState.values),
        **api.PAGED,
    )
    rows = Payout.objects.for_user(request.auth, VIEW)
    if found["batch"]:
        rows = rows.filter(batch__number=found["batch"])
    if found["creator"]:
        rows = rows.filter(creator=api_names.find_creator(request.auth, VIEW, found["creator"]))
    if found["state"]:
        rows = rows.filter(state=found["state"])
    related = ("batch", "statement__settlement", "creator__store")
    return api.page(request, rows.select_related(*related), found, written)


def written(payout: Payout) -> dict[str, Any]:
    currency = payout.currency
    return {
        "out_no": payout.out_no,
        "batch": payout.batch.number,
        "period": payout.statement.settlement.period,
        "creator": api_names.creator(payout.creator),
        "amount": api.money(payout.amount, currency),
        "tax": api.money(payout.tax, currency),
        "gross": api.money(payout.gross, currency),
        "state": payout.state,
        "held_reason": payout.held_reason or None,
        "account": payout.masked,
        "provider_no": payout.provider_no,
        "failure": payout.failure or None,
        "settled_at": api.moment(payout.settled_at),
    }
