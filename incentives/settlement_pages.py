"""HQ pages of settlement and the books."""

from __future__ import annotations

import uuid
from functools import cache
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import Count, Prefetch, Sum
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from incentives import interim, ledger, nightly, proof_runs, settlement, words
from incentives.choices import IN_POINTS, LedgerKind, SettlementState
from incentives.forms import InterimForm
from incentives.models import (
    CommissionRun,
    Journal,
    LedgerAccount,
    Posting,
    ProofRun,
    Settlement,
)
from incentives.proof_words import title_of
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.lib.periods import Month

VIEW = "commission.view"
BOOKS = "books.view"
# Of an interim settlement, on its page; those of a month have a list of their own.
STATEMENTS = 50


@require_safe
@login_required
def settlement_list(request: HttpRequest) -> HttpResponse:
    """Settled months, the one that can be settled next, and the last runs."""
    access.require(request.user, VIEW)
    brand = brands.current(request, VIEW)
    following = settlement.next_month(brand) if brand else None
    settlements = list(
        Settlement.objects.for_user(request.user, VIEW)
        .filter(brand=brand)
        .select_related("created_by", "job")
        .annotate(batch_count=Count("batches"))
        .order_by("-period")
    )
    context = {
        "brand": brand,
        "settlements": [(each, words.month_name(each.period)) for each in settlements],
        "next_month": following,
        "next_name": words.month_name(str(following)) if following else "",
        "runs": CommissionRun.objects.for_user(request.user, VIEW)
        .filter(brand=brand)
        .select_related("started_by")
        .order_by("-created_at")[:8],
        "may_run": _may(request, "commission.run", brand),
        "may_settle": _may(request, "commission.settle", brand),
    }
    return render(request, "incentives/settlements.html", context)


def _may(request: HttpRequest, permission: str, unit: object) -> bool:
    return unit is not None and access.reach(request.user, permission).covers(unit)  # type: ignore[arg-type]


@require_POST
@login_required
def settlement_start(request: HttpRequest) -> HttpResponse:
    """Settle a month in the background."""
    brand = brands.required(request, VIEW)
    access.require(request.user, "commission.settle", brand)
    try:
        month = Month.parse(request.POST.get("month", ""))
        started = settlement.start(by=request.user, brand=brand, month=month)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("incentives:settlements")
    return redirect("incentives:settlement", started.pk)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def interim_add(request: HttpRequest) -> HttpResponse:
    """Write statements of some people, or up to a day, before the month is over: a job does."""
    brand = brands.required(request, VIEW)
    access.require(request.user, "commission.settle", brand)
    form = InterimForm(request.POST or None, initial={"client_key": uuid.uuid4()})
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            people = interim.people_of(brand=brand, words=data["who"])
            started = interim.start(
                by=request.user,
                brand=brand,
                until=data["until"],
                creators=people or None,
                reason=data["reason"],
                client_key=data["client_key"],
            )
        except DomainError as refusal:
            form.add_error("who" if refusal.code == "unknown_people" else None, str(refusal))
        else:
            return redirect("incentives:settlement", started.pk)
    status = 422 if form.is_bound else 200
    return render(request, "incentives/interim_add.html", {"form": form}, status=status)


@require_POST
@login_required
def interim_act(request: HttpRequest, settlement_id: int) -> HttpResponse:
    """Go on with interim statements whose work stopped, or drop them."""
    permission = "commission.settle"
    access.require(request.user, permission)
    visible = Settlement.objects.for_user(request.user, permission).filter(until__isnull=False)
    found = get_object_or_404(visible, pk=settlement_id)
    act = interim.drop if request.POST.get("act") == "drop" else interim.go_on
    try:
        act(by=request.user, interim=found)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect("incentives:settlement", found.pk)


@require_POST
@login_required
def run_start(request: HttpRequest) -> HttpResponse:
    """Work out commission now instead of tonight."""
    brand = brands.required(request, VIEW)
    access.require(request.user, "commission.run", brand)
    job = nightly.start_run(by=request.user, brand=brand)
    return redirect("accounts:job", job.pk)


@require_safe
@login_required
def settlement_page(request: HttpRequest, settlement_id: int) -> HttpResponse:
    """One settled month: its totals, its batches, what comes next."""
    shown = get_object_or_404(
        Settlement.objects.for_user(request.user, VIEW).select_related(
            "brand", "job", "created_by"
        ),
        pk=settlement_id,
    )
    context = {
        "settlement": shown,
        "month": words.month_name(shown.period),
        "settled": shown.state in (SettlementState.SETTLED, SettlementState.ISSUED),
        "statements": shown.statements.select_related("creator", "store").order_by("-payable")[
            :STATEMENTS
        ]
        if shown.until
        else [],
        "batches": shown.batches.select_related("maker").order_by("id"),
        "may_make": _may(request, "payouts.make", shown.brand),
        "may_settle": _may(request, "commission.settle", shown.brand),
        "poll": reverse("incentives:settlement", args=[shown.pk]),
    }
    return page_or_fragment(
        request,
        "incentives/settlement.html",
        context,
        fragment="incentives/_settlement.html",
    )


@require_safe
@login_required
def settlement_late(request: HttpRequest, settlement_id: int) -> HttpResponse:
    """The orders of closed months that this one posted, a fragment of its page."""
    shown = get_object_or_404(Settlement.objects.for_user(request.user, VIEW), pk=settlement_id)
    if not request.htmx:
        return redirect("incentives:settlement", shown.pk)
    reach = access.reach(request.user, "orders.view")
    late = settlement.late_orders(shown)
    context = {
        "late": late,
        "more": late[0]["whole"] - len(late) if late else 0,
        "link": shown.brand_id is not None and reach.covers(shown.brand),
    }
    return render(request, "incentives/_settlement_late.html", context)


# -- the books -----------------------------------------------------------------


@require_safe
@login_required
def books(request: HttpRequest) -> HttpResponse:
    """Balances by kind of account, the last proof, and the journals."""
    access.require(request.user, BOOKS)
    brand = brands.current(request, BOOKS)
    sums = {
        row["kind"]: row
        for row in LedgerAccount.objects.for_user(request.user, BOOKS)
        .filter(brand=brand)
        .values("kind")
        .annotate(sum=Sum("postings__amount"), accounts=Count("id", distinct=True))
    }
    journals = (
        Journal.objects.for_user(request.user, BOOKS)
        .filter(brand=brand)
        .select_related("created_by")
        .prefetch_related(
            Prefetch(
                "postings",
                Posting.objects.for_user(request.user, BOOKS)
                .select_related("account__creator")
                .order_by("line"),
            )
        )
    )
    page = keyset_page(journals, field="id", descending=True, cursor=request.GET.get("cursor", ""))
    proof = proof_runs.latest(brand)
    may_correct = _may(request, "books.correct", brand)
    context = {
        "brand": brand,
        "kinds": [
            (label, _figure(sums, kind, "sum"), _figure(sums, kind, "accounts"))
            for kind, label in LedgerKind.choices
            if kind not in IN_POINTS
        ],
        "kinds_in_points": [
            (LedgerKind(kind).label, _figure(sums, kind, "sum"), _figure(sums, kind, "accounts"))
            for kind in IN_POINTS
        ],
        "total": sum((row["sum"] or 0) for row in sums.values()),
        "page": page,
        "may_correct": may_correct,
        "proof": proof,
        "proof_rows": _proof_rows(proof),
        "one_role": one_role(),
    }
    return page_or_fragment(
        request, "incentives/books.html", context, fragment="incentives/_journals.html"
    )


@cache
def one_role() -> bool:
    """Whether the application owns the books; asked once, for a process keeps its role."""
    return ledger.owns_the_books()


def _figure(sums: dict[str, Any], kind: str, name: str) -> int:
    return (sums.get(kind) or {}).get(name) or 0


def _proof_rows(proof: ProofRun | None) -> list[tuple[str, int]]:
    """What differs comes first."""
    found = proof.findings if proof else []
    rows = [(title_of(each["code"]), each["differences"]) for each in found]
    return sorted(rows, key=lambda row: -row[1])


@require_POST
@login_required
def books_prove(request: HttpRequest) -> HttpResponse:
    """Prove the books now."""
    brand = brands.required(request, BOOKS)
    access.require(request.user, BOOKS, brand)
    job = nightly.start_proof(by=request.user, brand=brand)
    return redirect("accounts:job", job.pk)
