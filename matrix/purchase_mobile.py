"""Phone page of a KOC: what is known of own purchases; a receipt where nothing is."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kosops.lib.errors import DomainError
from matrix import evidence, purchase_proofs
from matrix.choices import CreatorKind
from matrix.models import Creator
from matrix.own import own_page
from matrix.purchase_choices import Shown, Verdict
from matrix.purchase_forms import HandInForm


@require_http_methods(["GET", "HEAD", "POST"])
@own_page
def own_purchases(request: HttpRequest, creator: Creator) -> HttpResponse:
    """What is known, the answer to my last receipt, and a way to show one."""
    if creator.kind != CreatorKind.KOC:
        raise Http404
    form = HandInForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            _hand_in(request, creator, form.cleaned_data)
        except DomainError as refusal:
            of_file = refusal.code.startswith(("evidence", "storage"))
            form.add_error("receipt" if of_file else None, str(refusal))
        else:
            messages.success(request, _("Handed in. The answer will stand here."))
            return redirect("mobile:purchases")
    found = purchase_proofs.of_people([creator.pk])[creator.pk]
    waiting = purchase_proofs.waiting_of(creator)
    context = {
        "creator": creator,
        "found": found,
        "shown": found.shown,
        "told": purchase_proofs.TOLD[found.shown],
        "waiting": waiting,
        "last": purchase_proofs.line_of(creator).filter(receipt__isnull=False).first(),
        "declined": Verdict.DECLINED,
        "form": form if found.shown == Shown.MISSING and waiting is None else None,
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "mobile/purchases.html", context, status=status)


@transaction.atomic
def _hand_in(request: HttpRequest, creator: Creator, given: dict[str, Any]) -> None:
    kept = evidence.keep(by=request.user, unit=creator.store, file=given["receipt"])
    purchase_proofs.hand_in(by=request.user, creator=creator, evidence=kept, note=given["note"])
