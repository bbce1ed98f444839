"""HQ pages of payouts: batches, one batch with its approval, the file to the bank."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Q, Sum
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from accounts import access, activity, brands
from accounts.recent import require_recent_sign_in
from incentives import payee_rules, payee_words, payout_checks, payout_files, payouts, words
from incentives.choices import BatchState, PayoutState
from incentives.forms import DecisionForm
from incentives.models import Payout, PayoutBatch, Settlement
from incentives.payee_forms import ReasonForm
from incentives.payout_choices import Channel
from kosops.lib.errors import DomainError, NotAllowed
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.ui.parts import Event, Step

VIEW = "payouts.view"
TROUBLES = 20


@require_safe
@login_required
def batch_list(request: HttpRequest) -> HttpResponse:
    """All batches, the latest first."""
    access.require(request.user, VIEW)
    rows = (
        PayoutBatch.objects.for_user(request.user, VIEW)
        .filter(brand=brands.current(request, VIEW))
        .select_related("settlement", "maker")
    )
    page = keyset_page(rows, field="id", descending=True, cursor=request.GET.get("cursor", ""))
    for batch in page.rows:
        batch.month = words.month_name(batch.settlement.period)
    return page_or_fragment(
        request,
        "incentives/payouts.html",
        {"page": page},
        fragment="incentives/_payouts.html",
    )


@require_POST
@login_required
def batch_make(request: HttpRequest, settlement_id: int) -> HttpResponse:
    """Make a batch of what a settled month owes."""
    settlement = get_object_or_404(
        Settlement.objects.for_user(request.user, "payouts.make"), pk=settlement_id
    )
    try:
        batches = payouts.make_batches(by=request.user, settlement=settlement)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("incentives:settlement", settlement.pk)
    if len(batches) > 1:
        messages.success(
            request,
            _("%(count)s batches are made, one for each way of paying. Submit each of them.")
            % {"count": len(batches)},
        )
        return redirect("incentives:payouts")
    return redirect("incentives:payout_batch", batches[0].pk)


def _batch(request: HttpRequest, batch_id: int, permission: str = VIEW) -> PayoutBatch:
    return get_object_or_404(
        PayoutBatch.objects.for_user(request.user, permission).select_related(
            "brand", "settlement", "maker", "exported_by"
        ),
        pk=batch_id,
    )


@require_safe
@login_required
def batch_page(request: HttpRequest, batch_id: int) -> HttpResponse:
    """One batch: warnings first, then the sum, then every payout."""
    batch = _batch(request, batch_id)
    return _batch_response(request, batch, DecisionForm())


def _batch_response(
    request: HttpRequest, batch: PayoutBatch, form: DecisionForm, status: int = 200
) -> HttpResponse:
    page = keyset_page(
        batch.payouts.select_related("creator__store"),
        field="amount",
        descending=True,
        cursor=request.GET.get("cursor", ""),
    )
    may_decide, why_not = _may_decide(request, batch)
    concerns = payout_checks.concerns(batch) if batch.state in _UNDECIDED else []
    form.fields["reason"].required = bool(concerns)
    context = {
        "batch": batch,
        "month": words.month_name(batch.settlement.period),
        "page": page,
        "concerns": concerns,
        "changes": payout_checks.changes(batch),
        "left_out": _left_out(batch),
        "steps": _steps(batch),
        "events": _events(batch),
        "form": form,
        "sums": batch.payouts.aggregate(gross=Sum("gross"), tax=Sum("tax")),
        # Only where more than one has to check it.
        "checks": batch.approvals.filter(decision="approved").count,
        "troubles": _troubles(batch),
        "resume_form": ReasonForm(),
        "may_clear": _may_clear(request, batch),
        "silent": batch.state == BatchState.EXPORTED
        and batch.payouts.filter(state=PayoutState.SENDING).exists(),
        "may_submit": batch.state == BatchState.DRAFT and batch.maker_id == request.user.pk,
        "may_decide": may_decide,
        "why_not": why_not,
        "may_export": bool(access.reach(request.user, "payouts.make")),
        "failed": 0
        if batch.state in _UNDECIDED
        else batch.payouts.filter(state=PayoutState.FAILED).count(),
    }
    return page_or_fragment(
        request,
        "incentives/payout_batch.html",
        context,
        fragment="incentives/_payout_rows.html",
        peek="incentives/_payout_batch_peek.html",
        status=status,
    )


def _troubles(batch: PayoutBatch) -> list[Payout]:
    """Payouts that wait for a person: held back, or another amount at the bank."""
    if batch.state in _UNDECIDED:
        return []
    rows = batch.payouts.filter(Q(state=PayoutState.HELD) | Q(bank_amount__isnull=False))
    return list(rows.select_related("creator")[:TROUBLES])


def _may_clear(request: HttpRequest, batch: PayoutBatch) -> bool:
    return (
        access.reach(request.user, "payouts.approve").covers(batch.brand)
        and batch.maker_id != request.user.pk
    )


_UNDECIDED = (BatchState.DRAFT, BatchState.SUBMITTED)


def _may_decide(request: HttpRequest, batch: PayoutBatch) -> tuple[bool, str]:
    """Whether this person may decide now; if only they may not, why."""
    if batch.state != BatchState.SUBMITTED:
        return False, ""
    if not access.reach(request.user, "payouts.approve").covers(batch.brand):
        return False, _("A person with the role Finance has to approve this batch.")
    try:
        payouts.check_may_decide(by=request.user, batch=batch)
    except NotAllowed as refusal:
        return False, str(refusal)
    return True, ""


def _left_out(batch: PayoutBatch) -> list[str]:
    """Who of the statement's people is not in the batch, in sentences."""
    count = batch.left_out.get
    sentences = []
    for code in payee_rules.BLOCKS:
        if number := count(code, 0):
            sentences.append(_blocked(code, number))
    if number := count(payouts.OTHER_WAY, 0):
        sentences.append(
            ngettext(
                "%(count)s person is paid another way, in a batch of its own.",
                "%(count)s people are paid another way, in a batch of its own.",
                number,
            )
            % {"count": number}
        )
    if number := count("below_minimum", 0):
        sentences.append(
            ngettext(
                "%(count)s person is owed less than the smallest payout.",
                "%(count)s people are owed less than the smallest payout.",
                number,
            )
            % {"count": number}
        )
    if number := count("owed_back", 0):
        sentences.append(
            ngettext(
                "%(count)s person owes something back, which the next months net.",
                "%(count)s people owe something back, which the next months net.",
                number,
            )
            % {"count": number}
        )
    return sentences


def _blocked(code: str, number: int) -> str:
    """So many people are not paid for one reason of `payee_rules`."""
    if code == payee_rules.NO_DESTINATION:
        return ngettext(
            "%(count)s person has named no account yet.",
            "%(count)s people have named no account yet.",
            number,
        ) % {"count": number}
    return ngettext("%(count)s person: %(reason)s.", "%(count)s people: %(reason)s.", number) % {
        "count": number,
        "reason": payee_words.SHORT[code],
    }


_ORDER = [
    BatchState.DRAFT,
    BatchState.SUBMITTED,
    BatchState.APPROVED,
    BatchState.EXPORTED,
    BatchState.CLOSED,
]


def _steps(batch: PayoutBatch) -> list[Step]:
    if batch.state == BatchState.REJECTED:
        return []
    labels = (_("Made"), _("Submitted"), _("Approved"), _("Sent to the bank"), _("Answer taken"))
    now = _ORDER.index(BatchState(batch.state))
    last = len(_ORDER) - 1
    return [
        Step(
            label=label,
            state="done" if place < now or now == last else "current" if place == now else "next",
        )
        for place, label in enumerate(labels)
    ]


def _events(batch: PayoutBatch) -> list[Event]:
    """Who did what with the batch, the latest first."""
    texts = {
        "payout_batch.made": (_("Made the batch"), "plus"),
        "payout_batch.submitted": (_("Submitted it for approval"), "send"),
        "payout_batch.approved": (_("Approved it"), "check"),
        "payout_batch.rejected": (_("Rejected it"), "x"),
        "payout_batch.exported": (_("Exported the file to the bank"), "download"),
        "payout_batch.results_taken": (_("Took the bank's answer"), "upload"),
        "payout_batch.silence_noted": (_("Noted that there is no answer yet"), "clock"),
        "payout_batch.paused": (_("Stopped: the bank named another amount"), "pause"),
        "payout_batch.resumed": (_("Let it go on"), "play"),
        "payout_batch.given_back": (_("Gave a payout back"), "undo-2"),
    }
    return [
        Event(
            text=texts[row.verb][0],
            icon=texts[row.verb][1],
            at=row.at,
            by=row.actor_label,
            note=(row.after or {}).get("reason", ""),
        )
        for row in activity.of(batch)
        if row.verb in texts
    ]


@require_POST
@login_required
def batch_submit(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = _batch(request, batch_id, "payouts.make")
    try:
        payouts.submit(by=request.user, batch=batch)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The batch waits for a second person now."))
    return redirect("incentives:payout_batch", batch.pk)


@require_POST
@login_required
def batch_decide(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Approve or reject. Asks for the password again when the sign-in is not recent."""
    batch = _batch(request, batch_id, "payouts.approve")
    form = DecisionForm(request.POST)
    if not form.is_valid():
        return _batch_response(request, batch, form, status=422)
    try:
        payouts.check_may_decide(by=request.user, batch=batch)
    except NotAllowed:
        activity.record_refusal(
            by=request.user, path=request.path, method=request.method, unit=batch.brand
        )
        # The page says why in place of the form.
        return _batch_response(request, batch, form, status=403)
    require_recent_sign_in(request)
    try:
        _decide(request, batch, **form.cleaned_data)
    except DomainError as refusal:
        form.add_error("reason" if refusal.code == "reason_needed" else None, str(refusal))
        return _batch_response(
            request, batch, form, status=503 if refusal.code == "try_again" else 422
        )
    return redirect("incentives:payout_batch", batch.pk)


def _decide(request: HttpRequest, batch: PayoutBatch, decision: str, reason: str) -> None:
    if decision == "reject":
        payouts.reject(by=request.user, batch=batch, reason=reason)
        messages.success(request, _("The batch is rejected. Nothing was paid."))
        return
    if not reason.strip() and payout_checks.concerns(batch):
        raise DomainError(
            "reason_needed", _("Warnings stand. Say why you approve the batch all the same.")
        )
    approved = payouts.approve(by=request.user, batch=batch, reason=reason)
    if approved.state == BatchState.SUBMITTED:
        messages.success(
            request, _("You approved it. The sum is above the limit: one more person has to look.")
        )
        return
    messages.success(
        request, _("The batch is approved. Export the file and hand it to the bank next.")
    )


@require_POST
@login_required
def batch_export(request: HttpRequest, batch_id: int) -> HttpResponse:
    batch = _batch(request, batch_id, "payouts.make")
    try:
        exported = payouts.export(by=request.user, batch=batch)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("incentives:payout_batch", batch.pk)
    if exported.file:
        messages.success(request, _("The file is ready. Import the bank's answer when it comes."))
    else:
        messages.warning(request, _("Everybody in the batch is held back: there is no file."))
    return redirect("incentives:payout_batch", batch.pk)


@require_POST
@login_required
def batch_silence(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Note that the bank has not answered: neither paid nor failed."""
    batch = _batch(request, batch_id, "payouts.make")
    try:
        marked = payouts.note_silence(by=request.user, batch=batch)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request,
            ngettext(
                "%(count)s payout stands as without an answer. Its money stays on the way.",
                "%(count)s payouts stand as without an answer. Their money stays on the way.",
                marked,
            )
            % {"count": marked},
        )
    return redirect("incentives:payout_batch", batch.pk)


@require_POST
@login_required
def batch_resume(request: HttpRequest, batch_id: int) -> HttpResponse:
    """Let a batch go on that another amount of the bank stopped."""
    batch = _batch(request, batch_id, "payouts.approve")
    require_recent_sign_in(request)
    try:
        payouts.resume(by=request.user, batch=batch, reason=request.POST.get("reason", ""))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The batch goes on."))
    return redirect("incentives:payout_batch", batch.pk)


@require_POST
@login_required
def payout_give_back(request: HttpRequest, payout_id: int) -> HttpResponse:
    """Make a payout payable again that was held back."""
    payout = get_object_or_404(
        Payout.objects.for_user(request.user, "payouts.approve").select_related("batch"),
        pk=payout_id,
    )
    require_recent_sign_in(request)
    try:
        payouts.give_back(by=request.user, payout=payout, reason=request.POST.get("reason", ""))
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The amount is payable again. A later batch pays it."))
    return redirect("incentives:payout_batch", payout.batch_id)


@require_safe
@login_required
def batch_file(request: HttpRequest, batch_id: int) -> FileResponse:
    """The file for the bank, the same bytes each time. Each download is noted."""
    batch = _batch(request, batch_id, "payouts.make")
    if not batch.file or batch.paused_at:
        raise Http404
    ending = payout_files.EXTENSION[Channel(batch.channel)]
    content: Any = batch.file.open("rb")
    activity.record(by=request.user, verb="payout_batch.downloaded", object=batch, unit=batch.brand)
    return FileResponse(
        content,
        as_attachment=True,
        filename=f"{batch.number}.{ending}",
        content_type=payout_files.CONTENT_TYPE[ending],
    )
