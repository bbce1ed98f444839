"""Statements and settlements on the REST API, read only."""

from __future__ import annotations

from typing import Any

from django.db.models import Sum
from django.http import Http404
from rest_framework.decorators import api_view
from rest_framework.request import Request
from rest_framework.response import Response

from accounts import access
from accounts.api_keys import needs_scope
from incentives import api_names, payout_api, statement_words, statements
from incentives.choices import SettlementState
from incentives.models import Settlement, Statement
from kosops.lib import api
from kosops.lib.periods import Month

VIEW = "commission.view"
READ = "commissions:read"
WRITTEN = (SettlementState.SETTLED, SettlementState.ISSUED)
PARTS = (
    *("held_opening", "earned", "clawed_back", "rewards", "prizes", "adjustments", "written_off"),
    *("released", "held", "opening", "paid_out", "tax_withheld", "payable"),
)
# More in a month than anybody gets.
MOST_BOOKINGS = 200


@needs_scope(READ)
@api_view(["GET"])
def statement_list(request: Request) -> Response:
    """Statements of settled months, and interim ones with their last day."""
    found = api.parameters(
        request,
        period=api.a_month,
        creator=api.text,
        updated_since=api.a_moment,
        **api.PAGED,
    )
    rows = Statement.objects.for_user(request.auth, VIEW).filter(settlement__state__in=WRITTEN)
    if found["creator"]:
        rows = rows.filter(creator=api_names.find_creator(request.auth, VIEW, found["creator"]))
    if found["period"]:
        rows = rows.filter(settlement__period=str(found["period"]))
    if found["updated_since"]:
        rows = rows.filter(settlement__settled_at__gte=found["updated_since"])
    related = ("settlement", "creator__store", "store")
    return api.page(request, rows.select_related(*related), found, written)


def written(statement: Statement) -> dict[str, Any]:
    settled = statement.settlement
    return {
        "period": settled.period,
        "until": api.day(settled.until),
        "creator": api_names.creator(statement.creator),
        "store": statement.store.code,
        **{name: api.money(getattr(statement, name), settled.currency) for name in PARTS},
        "updated_at": api.moment(settled.settled_at),
    }


@needs_scope(READ)
@api_view(["GET"])
def statement(request: Request, period: str, creator: str) -> Response:
    """One statement with its parts; ``until`` asks for an interim one."""
    found = api.parameters(request, until=api.a_day)
    try:
        month = api.a_month(period)
    except ValueError as error:
        raise Http404 from error
    person = api_names.find_creator(request.auth, VIEW, creator)
    shown = (
        Statement.objects.for_user(request.auth, VIEW)
        .filter(
            creator=person,
            settlement__period=str(month),
            settlement__until=found["until"],
            settlement__state__in=WRITTEN,
        )
        .select_related("settlement", "creator__store", "store")
        .order_by("-pk")
        .first()
    )
    if shown is None:
        raise Http404
    return Response(written(shown) | _behind(request, shown, month))


def _behind(request: Request, shown: Statement, month: Month) -> dict[str, Any]:
    """The sum part by part, what the month added to the lines, bookings, and payouts."""
    currency = shown.settlement.currency
    lines = statements.lines_of(shown.creator, month).order_by()
    found: dict[str, Any] = {
        "sum": [
            {
                "code": part.define,
                "label": part.label,
                "sign": part.sign or "+",
                "amount": api.money(part.amount, currency),
            }
            for part in statement_words.sum_parts(shown)
        ],
        "text": statement_words.in_one_sentence(shown) or None,
        "lines": {
            "amount": api.money(lines.aggregate(sum=Sum("amount"))["sum"] or 0, currency),
            "href": request.build_absolute_uri(
                f"/api/v1/commissions?period={month}"
                f"&creator={shown.creator.kind}:{shown.creator.number}"
            ),
        },
        "month_lines": [
            {
                "month": f"{line.month:%Y-%m}",
                "plan": line.version.name if line.version else None,
                "sales": api.money(line.base, currency),
                "target": api.money(line.target, currency),
                "amount": api.money(line.amount, currency),
                "posted_on": api.day(line.run.as_of),
            }
            for line in statements.month_lines_of(shown.creator, month)
        ],
        "bookings": [
            {
                "on": api.day(each.journal.business_date),
                "kind": each.journal.kind,
                "text": statement_words.booking_name(each),
                "amount": api.money(-each.amount, currency),
            }
            for each in statements.bookings_of(shown.creator, month)[:MOST_BOOKINGS]
        ],
    }
    if access.reach(request.auth, "payouts.view"):
        payouts = shown.payouts.select_related("batch", "statement__settlement", "creator__store")
        found["payouts"] = [payout_api.written(each) for each in payouts.order_by("pk")]
    return found


@needs_scope(READ)
@api_view(["GET"])
def settlement_list(request: Request) -> Response:
    """Closed months and interim settlements of the brand, for a key of the whole brand."""
    found = api.parameters(request, period=api.a_month, updated_since=api.a_moment, **api.PAGED)
    rows = Settlement.objects.for_user(request.auth, VIEW).filter(state__in=WRITTEN)
    if found["period"]:
        rows = rows.filter(period=str(found["period"]))
    if found["updated_since"]:
        rows = rows.filter(settled_at__gte=found["updated_since"])
    return api.page(request, rows, found, _written_settlement)


def _written_settlement(settled: Settlement) -> dict[str, Any]:
    totals = dict(settled.totals)
    return {
        "period": settled.period,
        "until": api.day(settled.until),
        "state": settled.state,
        "reason": settled.reason or None,
        "currency": settled.currency,
        "statements": totals.pop("creators", None),
        "totals": {name: api.money(sum_, settled.currency) for name, sum_ in totals.items()},
        "content_hash": settled.content_hash or None,
        "updated_at": api.moment(settled.settled_at),
    }
