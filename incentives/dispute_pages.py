"""HQ pages of questions about money."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access, brands
from incentives import disputes
from incentives.dispute_choices import DisputeState
from incentives.dispute_filters import DisputeFilter
from incentives.dispute_forms import AnswerForm
from incentives.models import Dispute
from kosops.lib.errors import DomainError
from kosops.ui.listing import list_response
from matrix import evidence

VIEW = "commission.view"
ANSWER = "disputes.answer"


@require_safe
@login_required
def dispute_list(request: HttpRequest) -> HttpResponse:
    """All questions, the latest first."""
    access.require(request.user, VIEW)
    rows = (
        Dispute.objects.for_user(request.user, VIEW)
        .filter(brand=brands.current(request, VIEW))
        .select_related("creator__store", "statement__settlement", "order_line__order")
    )
    found = DisputeFilter(request.GET, queryset=rows)
    return list_response(
        request,
        found,
        {"page": found.page()},
        template="incentives/disputes.html",
        fragment="incentives/_disputes.html",
    )


@require_safe
@login_required
def dispute(request: HttpRequest, dispute_id: int) -> HttpResponse:
    return _page(request, _dispute(request, dispute_id), AnswerForm())


@require_POST
@login_required
def dispute_answer(request: HttpRequest, dispute_id: int) -> HttpResponse:
    found = _dispute(request, dispute_id, ANSWER)
    form = AnswerForm(request.POST)
    if form.is_valid():
        accepted = form.cleaned_data["outcome"] == "accept"
        try:
            disputes.answer(
                by=request.user,
                dispute=found,
                accepted=accepted,
                answer=form.cleaned_data["answer"],
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(
                request,
                _("Answered. Now correct the order or ask for a booking.")
                if accepted
                else _("Answered."),
            )
            return redirect("incentives:dispute", found.pk)
    return _page(request, found, form, status=422)


@require_safe
@login_required
def dispute_file(request: HttpRequest, dispute_id: int) -> FileResponse:
    """The picture that came with the question. Each download is noted."""
    found = _dispute(request, dispute_id)
    if found.evidence is None:
        raise Http404
    evidence.note_download(by=request.user, evidence=found.evidence)
    return FileResponse(
        found.evidence.file.open("rb"),
        as_attachment=True,
        filename=evidence.file_name(found.evidence),
        content_type=evidence.CONTENT_TYPES[found.evidence.kind],
    )


def _dispute(request: HttpRequest, dispute_id: int, permission: str = VIEW) -> Dispute:
    return get_object_or_404(
        Dispute.objects.for_user(request.user, permission).select_related(
            "creator__store",
            "statement__settlement",
            "order_line__order",
            "answered_by",
            "evidence",
        ),
        pk=dispute_id,
    )


def _page(
    request: HttpRequest, found: Dispute, form: AnswerForm, status: int = 200
) -> HttpResponse:
    store = found.creator.store
    context = {
        "dispute": found,
        "form": form,
        "may_answer": found.state == DisputeState.OPEN
        and access.reach(request.user, ANSWER).covers(store),
        "may_correct": found.state == DisputeState.ACCEPTED
        and access.reach(request.user, "books.correct").covers(store),
    }
    return render(request, "incentives/dispute.html", context, status=status)
