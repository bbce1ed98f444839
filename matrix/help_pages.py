"""HQ pages of the requests for help: the queue, one request with its answer."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access
from kosops.lib.errors import DomainError
from kosops.ui import formats
from kosops.ui.listing import count_up_to, list_response
from kosops.ui.parts import Kpi
from matrix import colleagues, help_requests, tier_steps
from matrix.definitions import MATRIX
from matrix.filters import unit_choices
from matrix.help_filters import HelpFilter
from matrix.help_forms import AnswerForm, CloseForm, HandOnForm
from matrix.models import HelpRequest

VIEW = "help.view"
ANSWER = "help.answer"


@require_safe
@login_required
def queue(request: HttpRequest) -> HttpResponse:
    """Who asks for help, in the order of the rule, with how quick the answers are."""
    access.require(request.user, VIEW)
    visible = HelpRequest.objects.for_user(request.user, VIEW)
    found = HelpFilter(request.GET, queryset=visible, request=request)
    rows = found.rows()
    page = found.page(found.ordered(rows).select_related("creator__store", "handed_to"))
    now = timezone.now()
    context = {
        "page": page,
        "rows": [(row, help_requests.why(row, now)) for row in page.rows],
        "figures": partial(_figures, visible, now),
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
    }
    return list_response(
        request,
        found,
        context,
        template="matrix/help_queue.html",
        fragment="matrix/_help_queue.html",
    )


@require_safe
@login_required
def help_request(request: HttpRequest, pk: int) -> HttpResponse:
    """One request: what is asked, by whom, and what may be done."""
    return _answer(request, _request(request, pk, VIEW))


@require_POST
@login_required
def help_answer(request: HttpRequest, pk: int) -> HttpResponse:
    asked = _request(request, pk, ANSWER)
    form = AnswerForm(request.POST)
    if form.is_valid():
        try:
            help_requests.answer(by=request.user, request=asked, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Answered; the creator reads it on the phone."))
            return redirect("matrix:help")
    return _answer(request, asked, answer_form=form, status=422)


@require_POST
@login_required
def help_hand_on(request: HttpRequest, pk: int) -> HttpResponse:
    asked = _request(request, pk, ANSWER)
    form = HandOnForm(request.POST)
    if form.is_valid():
        try:
            colleague = colleagues.named(request.user, ANSWER, form.cleaned_data["colleague"])
            help_requests.hand_on(by=request.user, request=asked, colleague=colleague)
        except DomainError as refusal:
            form.add_error("colleague", str(refusal))
        else:
            messages.success(request, _("%(name)s has it now.") % {"name": colleague.name})
            return redirect("matrix:help")
    return _answer(request, asked, hand_form=form, status=422)


@require_POST
@login_required
def help_close(request: HttpRequest, pk: int) -> HttpResponse:
    asked = _request(request, pk, ANSWER)
    form = CloseForm(request.POST)
    if form.is_valid():
        try:
            help_requests.close(by=request.user, request=asked, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("Closed; the creator sees the reason."))
            return redirect("matrix:help")
    return _answer(request, asked, close_form=form, status=422)


# -- private -------------------------------------------------------------------


def _request(request: HttpRequest, pk: int, permission: str) -> HelpRequest:
    access.require(request.user, permission)
    found = HelpRequest.objects.for_user(request.user, permission)
    related = ("creator__store__parent", "handed_to", "answered_by")
    return get_object_or_404(found.select_related(*related), pk=pk)


def _answer(
    request: HttpRequest,
    asked: HelpRequest,
    *,
    answer_form: Any = None,
    hand_form: Any = None,
    close_form: Any = None,
    status: int = 200,
) -> HttpResponse:
    creator = asked.creator
    may_answer = asked.waits and access.reach(request.user, ANSWER).covers(creator.store)
    context = {
        "asked": asked,
        "why": help_requests.why(asked, timezone.now()),
        "tier": (tier_steps.label(creator.tier, creator), tier_steps.level(creator.tier)),
        "may_answer": may_answer,
        "may_see_people": access.reach(request.user, "matrix.view").covers(creator.store),
        "answer_form": answer_form or AnswerForm(),
        "hand_form": hand_form or HandOnForm(),
        "close_form": close_form or CloseForm(),
        "colleagues": colleagues.suggested(request.user, ANSWER, creator.store)
        if may_answer
        else [],
    }
    return render(request, "matrix/help_request.html", context, status=status)


def _figures(visible: Any, now: Any) -> list[Kpi]:
    found = help_requests.figures(visible, now)
    return [
        Kpi(label=_("Waiting"), value=formats.number(found.waiting), help=MATRIX["help_waiting"]),
        Kpi(
            label=_("Longest wait"),
            value=help_requests.in_words(now - found.oldest) if found.oldest else "–",
            help=MATRIX["help_oldest"],
        ),
        Kpi(
            label=_("Usual time to an answer"),
            value=help_requests.in_words(found.median) if found.median is not None else "–",
            help=MATRIX["help_median"],
        ),
        Kpi(
            label=_("Answered in 30 days"),
            value=formats.number(found.answered),
            help=MATRIX["help_answered"],
        ),
    ]
