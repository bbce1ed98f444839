"""Phone pages of a creator's own money."""

from __future__ import annotations

import datetime as dt

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.http import require_safe

from incentives import disputes, explaining, statement_files, statement_words, statements, words
from incentives.choices import BeneficiaryRole
from incentives.models import Statement
from incentives.race_mobile import rank
from incentives.tier_mobile import tier
from kosops.lib.errors import DomainError
from kosops.lib.lists import keyset_page
from kosops.lib.periods import Month
from matrix.models import Creator
from matrix.own import own_page

__all__ = ["money", "money_line", "rank", "statement_pdf", "tier"]

# A thumb scrolls through twenty lines, not fifty.
LINES = 20
BOOKINGS = 50
STATEMENTS = 18


@require_safe
@own_page
def money(request: HttpRequest, creator: Creator) -> HttpResponse:
    """Payable, held and paid as rows of one sum; the lines of a month, by default this one."""
    month = _month(request)
    page = keyset_page(
        statements.lines_of(creator, month),
        field="id",
        descending=True,
        cursor=request.GET.get("cursor", ""),
        size=LINES,
    )
    this_month = Month.of(timezone.localdate())
    latest = [
        (each, words.month_name(each.settlement.period))
        for each in statements.all_of(creator)[:STATEMENTS]
    ]
    settled = [(each, name) for each, name in latest if each.settlement.until is None]
    interim = [(each, name) for each, name in latest if each.settlement.until is not None]
    # The month's own statement, or the last one in between while the month is open.
    shown = next(
        (s for s, _name in [*settled, *interim] if s.settlement.period == str(month)), None
    )
    context = {
        "creator": creator,
        "balances": statements.balances_of(creator),
        "so_far": statements.month_so_far(creator, timezone.localdate()),
        "month": month,
        "month_name": words.month_name(str(month)),
        "is_this_month": month == this_month,
        "statement": shown,
        "parts": statement_words.sum_parts(shown) if shown else [],
        "sentence": statement_words.in_one_sentence(shown) if shown else "",
        "bookings": [
            (each, statement_words.booking_name(each), -each.amount)
            for each in statements.bookings_of(creator, month)[:BOOKINGS]
        ],
        "settled": settled,
        "interim": interim,
        "page": page,
        "ask_until": _ask_until(shown),
        "questions": disputes.own(creator)[:1],
        "payouts": creator.payouts.exclude(state__in=["draft", "cancelled"]).order_by("-id")[:3],
    }
    return render(request, "mobile/money.html", context)


def _ask_until(shown: Statement | None) -> dt.date | None:
    """The last day for questions about a statement, None when it has passed."""
    until = disputes.last_day(shown) if shown else None
    return until if until and timezone.localdate() <= until else None


def _month(request: HttpRequest) -> Month:
    try:
        return Month.parse(request.GET.get("month", ""))
    except DomainError:
        return Month.of(timezone.localdate())


@require_safe
@own_page
def statement_pdf(request: HttpRequest, creator: Creator, statement_id: int) -> HttpResponse:
    """One of my statements to keep or to print."""
    own = creator.statements.select_related("creator", "store", "settlement__brand")
    shown = get_object_or_404(own, pk=statement_id)
    response = HttpResponse(statement_files.pdf(shown), "application/pdf")
    name = statement_files.name_of(shown, "pdf")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


@require_safe
@own_page
def money_line(
    request: HttpRequest, creator: Creator, order_line_id: int, role: str
) -> HttpResponse:
    """The calculation of one of the creator's own lines, in a sentence and row by row."""
    if role not in BeneficiaryRole.values:
        raise Http404
    own = statements.own_lines(creator, role)
    line = get_object_or_404(
        own.select_related("order__brand", "order__seller", "order__sharer"), pk=order_line_id
    )
    explanation = explaining.explain(line=line, creator=creator, role=role)
    until = disputes.last_day_of_line(creator, line, role)
    context = {
        "ask_until": until if until and timezone.localdate() <= until else None,
        "ask_open": until is None,
        "explanation": explanation,
        "rows": words.calculation(explanation),
        "sentence": words.in_one_sentence(explanation),
        "role": words.role_name(role),
    }
    return render(request, "mobile/money_line.html", context)
