"""HQ pages of handovers: the list, one case with its checklist, customers in WeCom."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db.models import QuerySet
from django.http import FileResponse, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, activity
from accounts.choices import UnitKind
from accounts.models import Unit
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.ui.listing import count_up_to, list_response
from kosops.ui.parts import Event
from matrix import filters, handover, handover_parts, takers, transfer_rules, transfers
from matrix.custody_choices import HandoverPath, TransferState
from matrix.handover_filters import HandoverFilter
from matrix.handover_forms import CustomersForm, OpenForm, ReasonForm, TakerForm
from matrix.models import Creator, CustomerTransfer, Handover, HandoverItem, TransferBatch

VIEW = "handover.view"
EDIT = "handover.edit"
STORES_NAMED = 150


# -- the list ------------------------------------------------------------------


@require_safe
@login_required
def handovers(request: HttpRequest) -> HttpResponse:
    """Handovers, those that have waited longest first; what is missing in each."""
    access.require(request.user, VIEW)
    found = HandoverFilter(
        request.GET, queryset=Handover.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    page = found.page(handover.with_open(found.ordered(rows)).select_related("creator", "store"))
    now = timezone.now()
    context = {
        "page": page,
        "rows": [(each, (now - each.opened_at).days) for each in page.rows],
        "count": partial(count_up_to, rows),
        "units": partial(filters.unit_choices, request, VIEW, found.active.get("unit")),
    }
    return list_response(
        request, found, context, template="matrix/handovers.html", fragment="matrix/_handovers.html"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def handover_open(request: HttpRequest, pk: int) -> HttpResponse:
    """Begin the handover of a creator."""
    access.require(request.user, EDIT)
    people = Creator.objects.for_user(request.user, EDIT)
    creator = get_object_or_404(people.select_related("store", "brand"), pk=pk)
    form = OpenForm(request.POST or None, creator=creator, initial={"reason": "leaves"})
    if request.method == "POST" and form.is_valid():
        try:
            case = handover.open_case(by=request.user, creator=creator, **form.cleaned_data)
        except DomainError as refusal:
            places = {"left_before_joining": "last_day", "to_store_needed": "to_store"}
            form.add_error(places.get(refusal.code), str(refusal))
        else:
            messages.success(request, _("The handover has begun. Name a taker for each thing."))
            return redirect("matrix:handover", case.pk)
    near = Unit.objects.for_user(request.user, "matrix.view").filter(
        brand=creator.brand_id, kind=UnitKind.STORE, active=True
    )
    context = {
        "creator": creator,
        "form": form,
        "stores": near.order_by("name").values_list("code", "name")[:STORES_NAMED],
        "back": reverse("matrix:creator", args=[creator.pk]),
    }
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "matrix/handover_open.html", context, status=status)


# -- one case ------------------------------------------------------------------


@dataclass(slots=True)
class Line:
    """One thing of the checklist."""

    item: HandoverItem
    words: Any
    why: Any
    form: TakerForm | None
    ways: list[tuple[str, Any]]

    @property
    def is_open(self) -> bool:
        return bool(self.why)


@dataclass(slots=True)
class Section:
    """A part of the checklist with its things."""

    part: handover_parts.Part
    lines: list[Line]


@require_safe
@login_required
def handover_case(request: HttpRequest, pk: int) -> HttpResponse:
    """One case: what is handed over to whom, and what is still missing."""
    return _case_page(request, _case(request, pk, VIEW))


def _case(request: HttpRequest, pk: int, permission: str) -> Handover:
    access.require(request.user, permission)
    found = Handover.objects.for_user(request.user, permission)
    return get_object_or_404(
        found.select_related("creator__store", "store", "to_store", "brand", "opened_by"), pk=pk
    )


def _case_page(
    request: HttpRequest,
    case: Handover,
    *,
    refused: dict[int, TakerForm] | None = None,
    customers: CustomersForm | None = None,
    off: ReasonForm | None = None,
    status: int = 200,
) -> HttpResponse:
    may_edit = case.is_open and access.reach(request.user, EDIT).covers(case.store)
    sections = _sections(case, refused or {}, may_edit=may_edit)
    lines = [line for section in sections for line in section.lines]
    context = {
        "case": case,
        "sections": sections,
        "open": [line for line in lines if line.is_open],
        "may_edit": may_edit,
        "may_complete": may_edit and case.last_day <= timezone.localdate(),
        "transfer_counts": _counts(case),
        "batches": list(case.batches.select_related("taker").order_by("number")),
        "customers_form": customers or CustomersForm(),
        "off_form": off or ReasonForm(),
        "log": [_event_of(row) for row in activity.of(case)[:15]],
    }
    return page_or_fragment(
        request,
        "matrix/handover.html",
        context,
        peek="matrix/_handover_peek.html",
        status=status,
    )


def _sections(case: Handover, refused: dict[int, TakerForm], *, may_edit: bool) -> list[Section]:
    waiting = set(handover.open_items(case).values_list("pk", flat=True)) if case.is_open else set()
    holders = takers.colleagues(case.store, without=case.creator) if may_edit else []
    by_part: dict[str, list[Line]] = {}
    items = case.items.select_related(
        "account", "pairing", "taker", "taker_person", "custody__creator", "custody__person"
    )
    for item in items.order_by("pk"):
        item.handover = case
        part = handover_parts.part_of(item)
        if part is None:
            continue
        ways = [(way.value, way.label) for way in part.ways(item)]
        takes = may_edit and item.path == HandoverPath.TRANSFER
        form = refused.get(item.pk) or TakerForm(
            holders=holders, auto_id=f"i{item.pk}-%s", initial={"reason": item.reason}
        )
        by_part.setdefault(item.part, []).append(
            Line(
                item=item,
                words=part.words(item),
                why=part.why_open(item) if item.pk in waiting else "",
                form=form if takes else None,
                ways=ways if may_edit and len(ways) > 1 else [],
            )
        )
    return [
        Section(part, by_part[part.code])
        for part in handover_parts.all_parts()
        if part.code in by_part
    ]


def _counts(case: Handover) -> list[tuple[str, Any, int]]:
    counted = transfers.counts(case)
    return [
        (state.value, state.label, counted[state]) for state in TransferState if counted.get(state)
    ]


def _event_of(row: Any) -> Event:
    said = activity.entry(row)
    note = " · ".join(
        f"{change.label}: {change.after}" for change in said.changes if change.after is not None
    )
    text = said.done[:1].upper() + said.done[1:]
    return Event(text=text, at=row.at, by=row.actor_label, note=note)


@require_safe
@login_required
def handover_customers(request: HttpRequest, pk: int) -> HttpResponse:
    """The customers of a case, and what is done about those whom WeCom did not give on."""
    case = _case(request, pk, VIEW)
    may_edit = case.is_open and access.reach(request.user, EDIT).covers(case.store)
    rows: QuerySet[Any] = CustomerTransfer.objects.for_user(request.user, VIEW)
    rows = rows.filter(handover=case).select_related("taker", "batch")
    state = request.GET.get("state", "")
    if state in TransferState.values:
        rows = rows.filter(state=state)
    page = keyset_page(rows, field="id", descending=False, cursor=request.GET.get("cursor", ""))
    context = {
        "case": case,
        "page": page,
        "rows": [(each, transfer_rules.shown_id(each.external_userid)) for each in page.rows],
        "state": state,
        "transfer_counts": _counts(case),
        "may_edit": may_edit,
        "takers": takers.colleagues(case.store, without=case.creator) if may_edit else [],
    }
    return page_or_fragment(
        request,
        "matrix/handover_customers.html",
        context,
        fragment="matrix/_transfer_rows.html",
    )


# -- acts on a case ------------------------------------------------------------


@require_POST
@login_required
def handover_item(request: HttpRequest, pk: int, item_pk: int) -> HttpResponse:
    """Name the taker of one thing, or why none is needed, or the way that it goes."""
    case = _case(request, pk, EDIT)
    item = get_object_or_404(
        HandoverItem.objects.for_user(request.user, EDIT).filter(handover=case), pk=item_pk
    )
    holders = takers.colleagues(case.store, without=case.creator)
    form = TakerForm(request.POST, holders=holders, auto_id=f"i{item.pk}-%s")
    if not form.is_valid():
        return _case_page(request, case, refused={item.pk: form}, status=422)
    given = form.cleaned_data
    try:
        if way := request.POST.get("way"):
            handover.choose_way(by=request.user, item=item, path=way)
        elif given["reason"] and not (given["holder"] or given["number"]):
            handover.need_no_taker(by=request.user, item=item, reason=given["reason"])
        else:
            taker = takers.chosen(brand=case.brand, value=given["holder"], number=given["number"])
            handover.choose_taker(by=request.user, item=item, taker=taker)
    except DomainError as refusal:
        form.add_error("holder", str(refusal))
        return _case_page(request, case, refused={item.pk: form}, status=422)
    messages.success(request, _("Noted."))
    return redirect(f"{reverse('matrix:handover', args=[case.pk])}#item-{item.pk}")


@require_POST
@login_required
def handover_complete(request: HttpRequest, pk: int) -> HttpResponse:
    """Hand everything over and let the person go."""
    case = _case(request, pk, EDIT)
    return _act(
        request,
        case,
        lambda: handover.complete(by=request.user, case=case),
        _("The handover is closed. Nothing of it was deleted."),
    )


@require_POST
@login_required
def handover_look(request: HttpRequest, pk: int) -> HttpResponse:
    """List what the person came to hold since."""
    case = _case(request, pk, EDIT)
    return _act(
        request,
        case,
        lambda: handover.look_again(by=request.user, case=case),
        _("The list is as of now."),
    )


@require_POST
@login_required
def handover_off(request: HttpRequest, pk: int) -> HttpResponse:
    """The person stays after all."""
    case = _case(request, pk, EDIT)
    form = ReasonForm(request.POST)
    if not form.is_valid():
        return _case_page(request, case, off=form, status=422)
    reason = form.cleaned_data["reason"]
    return _act(
        request,
        case,
        lambda: handover.call_off(by=request.user, case=case, reason=reason),
        _("The handover is called off."),
    )


@require_POST
@login_required
def customers_add(request: HttpRequest, pk: int) -> HttpResponse:
    """List customers by hand."""
    case = _case(request, pk, EDIT)
    form = CustomersForm(request.POST)
    if not form.is_valid():
        return _case_page(request, case, customers=form, status=422)
    try:
        added = transfers.add_customers(by=request.user, case=case, customers=form.customers())
    except DomainError as refusal:
        form.add_error("lines", str(refusal))
        return _case_page(request, case, customers=form, status=422)
    messages.success(
        request,
        ngettext("%(count)s customer was listed.", "%(count)s customers were listed.", added)
        % {"count": added},
    )
    return redirect(f"{reverse('matrix:handover', args=[case.pk])}#part-customers")


@require_POST
@login_required
def batches_make(request: HttpRequest, pk: int) -> HttpResponse:
    """Make the files by which the SCRM asks WeCom for the planned customers."""
    case = _case(request, pk, EDIT)
    return _act(
        request,
        case,
        lambda: transfers.make_batches(by=request.user, case=case),
        _("The files are ready. Let the SCRM ask WeCom for them."),
    )


@require_safe
@login_required
def batch_file(request: HttpRequest, pk: int) -> FileResponse:
    """A batch as a file for the SCRM; each download is noted."""
    access.require(request.user, EDIT)
    batches = TransferBatch.objects.for_user(request.user, EDIT)
    batch = get_object_or_404(batches.select_related("handover__store"), pk=pk)
    transfers.note_download(by=request.user, batch=batch)
    return FileResponse(
        iter([transfers.batch_file(batch)]),
        as_attachment=True,
        filename=f"transfer-{batch.handover_id}-{batch.number}.csv",
        content_type="text/csv",
    )


@require_POST
@login_required
def customer_settle(request: HttpRequest, pk: int) -> HttpResponse:
    """What is done about one customer where WeCom could not."""
    access.require(request.user, EDIT)
    rows = CustomerTransfer.objects.for_user(request.user, EDIT)
    customer = get_object_or_404(rows.select_related("handover__brand", "handover__store"), pk=pk)
    case, note = customer.handover, request.POST.get("note", "")
    acts: dict[str, Callable[[], Any]] = {
        "invited": lambda: transfers.another_way(by=request.user, customer=customer, note=note),
        "dropped": lambda: transfers.drop(by=request.user, customer=customer, note=note),
        "taker": lambda: _another_taker(request, customer),
    }
    act = acts.get(request.POST.get("act", ""))
    if act is None:
        messages.error(request, _("Choose what is done about the customer."))
        return redirect("matrix:handover_customers", case.pk)
    return _act(request, case, act, _("Noted."), page="matrix:handover_customers")


def _another_taker(request: HttpRequest, customer: CustomerTransfer) -> None:
    taker = takers.chosen(
        brand=customer.handover.brand,
        value=request.POST.get("holder", ""),
        number=request.POST.get("number", ""),
    )
    if taker.creator is None:
        raise DomainError(
            "taker_not_known", _("Customers go to a colleague who has a WeCom account here.")
        )
    transfers.another_taker(by=request.user, customer=customer, taker=taker.creator)


def _act(
    request: HttpRequest,
    case: Handover,
    command: Callable[[], Any],
    said: str,
    *,
    page: str = "matrix:handover",
) -> HttpResponse:
    try:
        command()
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, said)
    return redirect(page, case.pk)
