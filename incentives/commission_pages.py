"""HQ pages of commission: statements, one statement, the explanation of a line, plans."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404
from django.views.decorators.http import require_safe

from accounts import access, activity, brands
from customers.models import Order, OrderLine
from incentives import (
    explaining,
    explaining_words,
    statement_files,
    statement_words,
    statements,
    words,
)
from incentives.choices import BeneficiaryRole
from incentives.filters import LineFilter, StatementFilter
from incentives.models import CommissionLine, Statement
from integrations.sheets.writing import csv_lines
from kosops.lib.htmx import page_or_fragment
from kosops.lib.periods import Month
from kosops.ui.listing import address, list_response
from kosops.ui.parts import Choice
from matrix.models import Creator

VIEW = "commission.view"
# More in a month than anybody gets; the file holds all.
BOOKINGS = 200
# An order of a large store has so many people in its pot at most on a page.
NOT_CREDITED = 20


# -- statements ----------------------------------------------------------------


@require_safe
@login_required
def statement_list(request: HttpRequest) -> HttpResponse:
    """The statements of a settled month, by default the last."""
    access.require(request.user, VIEW)
    brand = brands.current(request, VIEW)
    periods = statements.settled_periods(brand)
    period = request.GET.get("period") or (periods[0] if periods else "")
    rows = (
        Statement.objects.for_user(request.user, VIEW)
        .filter(settlement__brand=brand, settlement__period=period, settlement__state="settled")
        .select_related("creator", "store", "settlement")
    )
    found = StatementFilter(request.GET, queryset=rows)
    return list_response(
        request,
        found,
        {
            "page": found.page(),
            "period": period,
            "month": words.month_name(period) if period in periods else "",
            "periods": [
                Choice(
                    label=words.month_name(each),
                    href=address(request.GET, period=each, cursor=None),
                    selected=each == period,
                )
                for each in periods[:6]
            ],
            "settled": bool(periods),
        },
        template="incentives/statements.html",
        fragment="incentives/_statements.html",
    )


@require_safe
@login_required
def statement(request: HttpRequest, statement_id: int) -> HttpResponse:
    """One statement: its sum, its lines, its payouts."""
    shown = _statement(request, statement_id)
    month = Month.parse(shown.settlement.period)
    lines = LineFilter(request.GET, queryset=statements.lines_of(shown.creator, month))
    return list_response(
        request,
        lines,
        {
            "statement": shown,
            "month": words.month_name(shown.settlement.period),
            "may_correct": access.reach(request.user, "books.correct").covers(shown.store),
            "parts": statement_words.sum_parts(shown),
            "sentence": statement_words.in_one_sentence(shown),
            "bookings": [
                (each, statement_words.booking_name(each), -each.amount)
                for each in statements.bookings_of(shown.creator, month)[:BOOKINGS]
            ],
            "page": lines.page(),
            "payouts": shown.payouts.select_related("batch").order_by("id"),
        },
        template="incentives/statement.html",
        fragment="incentives/_statement_lines.html",
        peek="incentives/_statement_peek.html",
    )


def _statement(request: HttpRequest, statement_id: int) -> Statement:
    return get_object_or_404(
        Statement.objects.for_user(request.user, VIEW).select_related(
            "creator", "store", "settlement__brand"
        ),
        pk=statement_id,
    )


TYPES = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}


@require_safe
@login_required
def statement_file(request: HttpRequest, statement_id: int) -> HttpResponseBase:
    """A statement to keep: ``?as=`` pdf, xlsx, or the lines as csv. The export is noted."""
    shown = _statement(request, statement_id)
    wanted = request.GET.get("as", "csv")
    if wanted not in TYPES:
        raise Http404
    activity.record(by=request.user, verb="statement.exported", object=shown, unit=shown.store)
    return file_of(shown, wanted)


def file_of(shown: Statement, wanted: str) -> HttpResponseBase:
    """The answer with the file; also for the phone."""
    response: HttpResponseBase
    if wanted == "csv":
        response = StreamingHttpResponse(csv_lines(statement_files.lines(shown)), TYPES[wanted])
    else:
        make = statement_files.pdf if wanted == "pdf" else statement_files.xlsx
        response = HttpResponse(make(shown), TYPES[wanted])
    name = statement_files.name_of(shown, wanted)
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# -- one line ------------------------------------------------------------------


@require_safe
@login_required
def explain(request: HttpRequest, order_line_id: int, creator_id: int, role: str) -> HttpResponse:
    """Why somebody gets what for an order line, or why nothing."""
    if role not in BeneficiaryRole.values:
        raise Http404
    line = get_object_or_404(
        OrderLine.objects.for_user(request.user, "orders.view").select_related(
            "order__brand", "order__seller", "order__sharer"
        ),
        pk=order_line_id,
    )
    creator = get_object_or_404(
        Creator.objects.for_user(request.user, VIEW).select_related("store"), pk=creator_id
    )
    may_know = access.reach(request.user, "payouts.view").covers(creator.store)
    explanation = explaining.explain(line=line, creator=creator, role=role, payees=may_know)
    return page_or_fragment(
        request,
        "incentives/explain.html",
        {
            "explanation": explanation,
            "rows": words.calculation(explanation),
            "state": words.state_sentence(explanation),
            "gates": explaining_words.gates(explanation),
            "changes": explaining_words.changes(explanation),
            "role": words.role_name(role),
        },
        fragment="incentives/_explain.html",
        peek="incentives/_explain_peek.html",
    )


@require_safe
@login_required
def order_commission(request: HttpRequest, order_id: int) -> HttpResponse:
    """Everybody who is credited for an order, line by line; a part of the order's page."""
    access.require(request.user, VIEW)
    visible = Order.objects.for_user(request.user, "orders.view")
    related = ("brand", "store", "seller", "sharer")
    order = get_object_or_404(visible.select_related(*related), pk=order_id)
    credited = (
        CommissionLine.objects.for_user(request.user, VIEW)
        .filter(order=order)
        .select_related("creator", "order_line", "rate")
        .order_by("order_line_id", "creator_id", "role", "sequence")
    )
    entitlements: dict[tuple[int, int, str], dict[str, Any]] = {}
    for line in credited:
        key = (line.order_line_id, line.creator_id, line.role)
        entry = entitlements.setdefault(
            key, {"line": line, "amount": 0, "role": words.role_name(line.role)}
        )
        entry["amount"] += line.amount
        entry["base"] = line.base
    return page_or_fragment(
        request,
        "incentives/order_commission.html",
        {
            "order": order,
            "entitlements": list(entitlements.values()),
            "missing": _not_credited(request, order),
        },
        fragment="incentives/_order_commission.html",
        peek="incentives/_order_commission_peek.html",
    )


def _not_credited(request: HttpRequest, order: Order) -> list[dict[str, Any]]:
    """Who stands in a role on a line and gets nothing for it, and why; once for each reason.

    Nobody expects a part of a pot or an override where the plan knows none.
    """
    case = explaining.OrderCase(order)
    named = {BeneficiaryRole.SELLER, BeneficiaryRole.SHARER}
    paid = named | {rate.role for rate in case.terms.rates}
    people = Creator.objects.for_user(request.user, VIEW).in_bulk(case.everybody())
    found: dict[tuple[int, str, str], dict[str, Any]] = {}
    for line, _facts in case.facts:
        for role in (each for each in BeneficiaryRole.values if each in paid):
            for creator in filter(None, map(people.get, case.concerned(line, role))):
                why = case.explain(line, creator, role)
                key = (creator.pk, role, why.missing)
                if why.missing and len(found) < NOT_CREDITED:
                    found.setdefault(
                        key,
                        {
                            "line": line,
                            "creator": creator,
                            "role": words.role_name(role),
                            "code": role,
                            "why": words.state_sentence(why),
                        },
                    )
    return list(found.values())
