"""Phone pages on which creators question their money and read the answers."""

from __future__ import annotations

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from incentives import disputes, statements, words
from incentives.choices import BeneficiaryRole
from incentives.dispute_forms import QuestionForm
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from matrix.models import Creator
from matrix.own import own_page

QUESTIONS = 20


@require_safe
@own_page
def money_questions(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What I asked about my money, with the answers."""
    page = keyset_page(
        disputes.own(creator),
        field="asked_at",
        descending=True,
        cursor=request.GET.get("cursor", ""),
        size=QUESTIONS,
    )
    return page_or_fragment(
        request,
        "mobile/money_questions.html",
        {"creator": creator, "page": page},
        fragment="mobile/_money_questions.html",
    )


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def statement_ask(request: HttpRequest, creator: Creator, statement_id: int) -> HttpResponse:
    """Question one of my statements."""
    own = statements.settled_months(creator).select_related("creator__store", "settlement")
    statement = get_object_or_404(own, pk=statement_id)
    month = words.month_name(statement.settlement.period)
    return _ask(
        request,
        _("Statement of %(month)s") % {"month": month},
        lambda **data: disputes.ask_about_statement(by=request.user, statement=statement, **data),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def line_ask(request: HttpRequest, creator: Creator, order_line_id: int, role: str) -> HttpResponse:
    """Question one of my lines."""
    if role not in BeneficiaryRole.values:
        raise Http404
    own = statements.own_lines(creator, role).select_related("order")
    line = get_object_or_404(own, pk=order_line_id)
    return _ask(
        request,
        _("Order %(order)s") % {"order": line.order.external_id},
        lambda **data: disputes.ask_about_line(
            by=request.user, creator=creator, line=line, role=role, **data
        ),
    )


def _ask(request: HttpRequest, about: str, ask: object) -> HttpResponse:
    form = QuestionForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            ask(**form.cleaned_data)  # type: ignore[operator]
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Sent. The answer will stand here."))
            return redirect("mobile:money_questions")
    status = 422 if request.method == "POST" else 200
    return render(request, "mobile/money_ask.html", {"form": form, "about": about}, status=status)
