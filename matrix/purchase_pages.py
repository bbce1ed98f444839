"""HQ: what a KOC is known to have bought, and the receipts that somebody has to look at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts import access
from kosops.lib.errors import DomainError
from kosops.ui import formats
from matrix import evidence, purchase_proofs, purchases
from matrix.choices import CreatorKind, IdentityProof
from matrix.models import Creator, PurchaseProof, Receipt
from matrix.purchase_choices import Shown, Verdict
from matrix.purchase_forms import AnswerForm, ProofForm, TakeBackForm

EDIT = "matrix.edit"
KEEP = "custody.edit"
ORDERS = "orders.view"


def card(request: HttpRequest, found: Creator) -> dict[str, Any] | None:
    """What the page of a KOC says of purchases; ``found`` is `purchase_proofs.with_days`.

    Figures of orders are for those who may see orders, and of the stores whose orders they see.
    """
    if found.kind != CreatorKind.KOC:
        return None
    within = access.reach(request.user, ORDERS)
    sees = within.covers(found.store)
    known = purchases.of_creator(found, timezone.localdate(), within) if sees else None
    may_edit = (
        access.reach(request.user, EDIT).covers(found.store) and found.person_id != request.user.pk
    )
    return {
        "shown": Shown(found.shown),
        "facts": _facts(found, known, sees=sees, whole=within.covers(found.brand)),
        "waiting": purchase_proofs.waiting_of(found),
        "line": list(purchase_proofs.line_of(found)[:10]),
        "may_edit": may_edit,
        "may_add": may_edit and found.shown != Shown.NOT_NEEDED,
        "may_keep": access.reach(request.user, KEEP).covers(found.store),
    }


def _facts(
    found: Creator, known: purchases.Purchases | None, *, sees: bool, whole: bool
) -> list[tuple[str, str]]:
    language = get_language()
    facts = [(_("Member number"), found.number if _is_member(found) else _("None is known"))]
    if not sees:
        return facts
    if known is None:
        facts.append((_("Orders in a year"), _("None is known")))
    else:
        orders = formats.number(known.orders)
        if not whole:
            orders = _("%(count)s, in the stores that you see") % {"count": orders}
        facts.append((_("Orders in a year"), orders))
        facts.append(
            (
                _("Paid, less refunds"),
                formats.money(known.amount, settings.CURRENCY, settings.CURRENCY),
            )
        )
    if found.ordered_on:
        facts.append((_("Last order"), formats.day(found.ordered_on, language)))
    return facts


def _is_member(found: Creator) -> bool:
    """Whether the number is that of the member centre, under which orders know the person."""
    return found.identity == IdentityProof.MEMBER_RECORD or found.member_keys.exists()


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def purchase_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Note a purchase that a colleague has seen."""
    access.require(request.user, EDIT)
    people = Creator.objects.for_user(request.user, EDIT).filter(kind=CreatorKind.KOC)
    found = get_object_or_404(people.select_related("store"), pk=pk)
    form = ProofForm(request.POST or None, request.FILES or None)

    @transaction.atomic
    def save() -> str:
        given = dict(form.cleaned_data)
        file = given.pop("evidence")
        kept = evidence.keep(by=request.user, unit=found.store, file=file) if file else None
        purchase_proofs.prove(by=request.user, creator=found, evidence=kept, **given)
        return _("The purchase is noted.")

    return _answer(
        request,
        form,
        save,
        found,
        title=_("Purchase of %(name)s") % {"name": found.name},
        words=_("For a KOC whose orders are not known by a member number."),
        submit=_("Save the purchase"),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def receipt(request: HttpRequest, receipt_id: int) -> HttpResponse:
    """Look at a receipt that was handed in, and answer."""
    access.require(request.user, EDIT)
    rows = Receipt.objects.for_user(request.user, EDIT)
    found = get_object_or_404(
        rows.select_related("creator__store", "evidence", "handed_in_by"), pk=receipt_id
    )
    if not found.waiting:
        messages.info(request, _("Somebody has looked at this receipt already."))
        return redirect("matrix:creator", found.creator_id)
    form = AnswerForm(request.POST or None)

    def save() -> str:
        given = form.cleaned_data
        if given["verdict"] == Verdict.ACCEPTED:
            purchase_proofs.accept(
                by=request.user, receipt=found, bought_on=given["bought_on"], note=given["note"]
            )
            return _("The receipt is accepted.")
        purchase_proofs.decline(by=request.user, receipt=found, reason=given["note"])
        return _("The receipt is not accepted. The person reads the reason on the phone.")

    return _answer(
        request,
        form,
        save,
        found.creator,
        title=_("Receipt of %(name)s") % {"name": found.creator.name},
        submit=_("Save the answer"),
        receipt=found,
        may_keep=access.reach(request.user, KEEP).covers(found.creator.store),
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def purchase_take_back(request: HttpRequest, proof_id: int) -> HttpResponse:
    """Let an accepted receipt count no more."""
    access.require(request.user, EDIT)
    rows = PurchaseProof.objects.for_user(request.user, EDIT).filter(verdict=Verdict.ACCEPTED)
    found = get_object_or_404(rows.select_related("creator__store"), pk=proof_id)
    form = TakeBackForm(request.POST or None)

    def save() -> str:
        purchase_proofs.take_back(by=request.user, proof=found, **form.cleaned_data)
        return _("The receipt does not count any more.")

    return _answer(
        request,
        form,
        save,
        found.creator,
        title=_("Take the receipt of %(name)s back") % {"name": found.creator.name},
        submit=_("Take it back"),
    )


def _answer(
    request: HttpRequest,
    form: Any,
    save: Callable[[], str],
    creator: Creator,
    **context: Any,
) -> HttpResponse:
    if request.method == "POST" and form.is_valid():
        try:
            said = save()
        except DomainError as refusal:
            form.add_error(_field(form, refusal.code), str(refusal))
        else:
            messages.success(request, said)
            return redirect("matrix:creator", creator.pk)
    context |= {"form": form, "creator": creator}
    status = 422 if request.method == "POST" else 200
    return render(request, "matrix/purchase_form.html", context, status=status)


def _field(form: Any, code: str) -> str | None:
    """The field that a refusal is about, where the form has it."""
    named = {
        "bought_in_future": "bought_on",
        "nothing_shown": "note",
        "reason_needed": "note",
        "evidence_kind": "evidence",
        "evidence_too_large": "evidence",
    }.get(code)
    return named if named in form.fields else None
