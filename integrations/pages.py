"""The import wizard: each step is an address, so it can be left and taken up again. And the files
that lists are taken away in."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.files.storage import default_storage
from django.http import FileResponse, Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, activity, brands
from integrations import exporting, importing, settling, showing
from integrations.choices import BEFORE_APPLYING, WAITING, ImportState, Outcome
from integrations.filters import ImportFilter
from integrations.forms import MappingForm, NewImportForm
from integrations.models import ImportBatch, ImportIssue
from integrations.sheets.writing import csv_lines
from kosops.lib.errors import DomainError
from kosops.lib.htmx import safe_next
from kosops.lib.lists import keyset_page
from kosops.ui.listing import list_response

RUN = "imports.run"
MAPPING_STATES = (ImportState.UPLOADED, ImportState.MAPPED, ImportState.CHECKED)


# -- the list, and a new one --------------------------------------------------------


@require_safe
@login_required
def imports(request: HttpRequest) -> HttpResponse:
    """All imports of the person's brands."""
    access.require(request.user, RUN)
    found = ImportFilter(request.GET, queryset=_visible(request), request=request)
    page = found.page(found.rows().select_related("created_by", "job", "brand"))
    labels = {kind.code: kind.label for kind in showing.formats_for(request.user)}
    context = {
        "page": page,
        "rows": [
            {
                "batch": batch,
                "kind": labels.get(batch.format, batch.format),
                "stopped": importing.is_stopped(batch),
                "figures": {one.outcome: one.rows for one in showing.figures(batch)},
            }
            for batch in page.rows
        ],
    }
    return list_response(
        request,
        found,
        context,
        template="integrations/imports.html",
        fragment="integrations/_imports.html",
    )


@require_POST
@login_required
def export_start(request: HttpRequest) -> HttpResponse:
    """The list that the form names, as a file, or the job that makes it."""
    export = exporting.known(request.POST.get("list", ""))
    if export is None:
        raise Http404
    brand = brands.required(request, export.permission)
    try:
        answer = exporting.start(
            by=request.user,
            brand=brand,
            export=export,
            query=request.POST.get("query", ""),
            file_type=request.POST.get("type", ""),
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(safe_next(request))
    if answer.job is not None:
        return redirect("accounts:job", answer.job.pk)
    content_type = exporting.CONTENT_TYPES[answer.name.rpartition(".")[2]]
    response = HttpResponse(answer.content, content_type=content_type)
    response["Content-Disposition"] = f'attachment; filename="{answer.name}"'
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_new(request: HttpRequest) -> HttpResponse:
    """Choose a file and say what is in it."""
    access.require(request.user, RUN)
    form = NewImportForm(
        request.POST if request.method == "POST" else None,
        request.FILES if request.method == "POST" else None,
        brands=access.brands_of(request.user, RUN),
        formats=showing.formats_for(request.user),
    )
    known = None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        kind = importing.known_format(data["format"])
        access.require(request.user, kind.permission, data["brand"])
        try:
            batch = importing.start_import(
                by=request.user,
                brand=data["brand"],
                format_code=kind.code,
                source=data["source"],
                uploaded_file=data["file"],
            )
        except DomainError as refusal:
            form.add_error("source" if refusal.code == "bad_source" else "file", str(refusal))
            known = _visible(request).filter(pk=refusal.params.get("batch")).first()
        else:
            return redirect("integrations:import", batch.pk)
    context = {
        "form": form,
        "known": known,
        "steps": showing.steps(None),
        "kinds": showing.formats_for(request.user),
        "sources": importing.sources_of(access.brands_of(request.user, RUN)),
    }
    return render(
        request,
        "integrations/import_new.html",
        context,
        status=422 if form.is_bound and form.errors else 200,
    )


# -- one import -------------------------------------------------------------------------


@require_safe
@login_required
def import_page(request: HttpRequest, pk: int) -> HttpResponse:
    """The step at which an import stands. While work goes on, the page asks for itself again."""
    batch = _batch(request, pk)
    if request.htmx and not batch.is_running:
        # The work is over: show the next step as a whole.
        response = HttpResponse(status=204)
        response["HX-Refresh"] = "true"
        return response
    if batch.state in (ImportState.UPLOADED, ImportState.MAPPED):
        return _columns_page(request, batch, MappingForm(batch=batch, person=request.user))
    context = _context(batch) | {
        "figures": showing.figures(batch),
        "reasons": showing.reasons(batch),
        "samples": showing.samples(batch),
        "stop_reason": showing.stop_reason(batch),
        "may_cancel": batch.state in (*BEFORE_APPLYING, ImportState.APPLYING, ImportState.FAILED),
        "waiting": sum(batch.issues.filter(outcome=one).count() for one in WAITING),
    }
    if request.htmx:
        return render(request, "integrations/_import_progress.html", context)
    return render(request, "integrations/import.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_columns(request: HttpRequest, pk: int) -> HttpResponse:
    """Say which column means what; then the check begins."""
    batch = _batch(request, pk)
    if batch.state not in MAPPING_STATES:
        return redirect("integrations:import", pk)
    if request.method != "POST":
        return _columns_page(request, batch, MappingForm(batch=batch, person=request.user))
    searching = "find" in request.POST
    form = MappingForm(request.POST, batch=batch, person=request.user, searching=searching)
    if form.is_valid() and not searching:
        try:
            importing.map_and_check(
                by=request.user, batch=batch, mapping=form.mapping(), options=form.options()
            )
        except DomainError as refusal:
            form.refuse(refusal.params.get("field", ""), str(refusal))
        else:
            return redirect("integrations:import", pk)
    return _columns_page(request, batch, form)


@require_POST
@login_required
def import_sheet(request: HttpRequest, pk: int) -> HttpResponse:
    """Take another worksheet."""
    batch = _batch(request, pk)
    _try(request, importing.choose_sheet, batch=batch, sheet=request.POST.get("sheet", ""))
    return redirect("integrations:import_columns", pk)


@require_POST
@login_required
def import_check(request: HttpRequest, pk: int) -> HttpResponse:
    """Check all rows again."""
    _try(request, importing.check_import, batch=_batch(request, pk))
    return redirect("integrations:import", pk)


@require_POST
@login_required
def import_confirm(request: HttpRequest, pk: int) -> HttpResponse:
    """Let the good rows in."""
    _try(request, importing.confirm_import, batch=_batch(request, pk))
    return redirect("integrations:import", pk)


@require_POST
@login_required
def import_retry(request: HttpRequest, pk: int) -> HttpResponse:
    """Go on with work that stopped."""
    _try(request, importing.retry_import, batch=_batch(request, pk))
    return redirect("integrations:import", pk)


@require_POST
@login_required
def import_cancel(request: HttpRequest, pk: int) -> HttpResponse:
    """Give the file up."""
    if _try(request, importing.cancel_import, batch=_batch(request, pk)):
        messages.success(request, _("The import was cancelled."))
    return redirect("integrations:import", pk)


# -- rows that need a person ----------------------------------------------------------------


@require_safe
@login_required
def import_rows(request: HttpRequest, pk: int) -> HttpResponse:
    """Rows to fix, or to decide."""
    batch = _batch(request, pk)
    outcome = request.GET.get("outcome", Outcome.FAULTY)
    if outcome not in WAITING:
        raise Http404
    page = keyset_page(
        batch.issues.filter(outcome=outcome),
        field="line",
        descending=False,
        cursor=request.GET.get("cursor", ""),
    )
    kind = importing.kind_of(batch)
    context = _context(batch) | {
        "page": page,
        "outcome": outcome,
        "troubles": [showing.trouble(issue, kind, batch.preview["names"]) for issue in page.rows],
        "figures": [one for one in showing.figures(batch) if one.waits],
    }
    return render(request, "integrations/import_rows.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def import_row(request: HttpRequest, pk: int, issue_pk: int) -> HttpResponse:
    """One row: correct it, decide what it means, or leave it out."""
    batch = _batch(request, pk)
    issue = get_object_or_404(batch.issues, pk=issue_pk)
    refused = ""
    if request.method == "POST":
        try:
            settled = _settle(request, batch, issue)
        except DomainError as refusal:
            refused = str(refusal)
        else:
            if settled.outcome not in WAITING:
                return _after_row(request, batch, issue)
            issue = settled
    kind = importing.kind_of(batch)
    faulty = {batch.mapping.get(fault["column"]) for fault in issue.faults}
    context = _context(batch) | {
        "issue": issue,
        "refused": refused,
        "settled": issue.outcome not in WAITING,
        "sentences": showing.sentences(issue, kind),
        "cells": [
            {
                "name": name,
                "place": place,
                "value": issue.correction.get(name, issue.raw.get(name)),
                "was": issue.raw.get(name) if name in issue.correction else None,
                "faulty": name in faulty,
            }
            for place, name in enumerate(batch.preview["names"])
        ],
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "integrations/import_row.html", context, status=status)


def _settle(request: HttpRequest, batch: ImportBatch, issue: ImportIssue) -> ImportIssue:
    step = request.POST.get("step", "")
    if step == "leave_out":
        return settling.leave_out(by=request.user, issue=issue)
    if step == "choose":
        choice = request.POST.get("choice", "")
        return settling.choose_candidate(by=request.user, issue=issue, choice=choice)
    cells = {
        name: request.POST[f"cell_{place}"]
        for place, name in enumerate(batch.preview["names"])
        if f"cell_{place}" in request.POST
    }
    return settling.correct_row(by=request.user, issue=issue, cells=cells)


def _after_row(request: HttpRequest, batch: ImportBatch, issue: ImportIssue) -> HttpResponse:
    """To the next row of the same kind, so that a list can be worked through."""
    messages.success(request, _("Row %(line)s is settled.") % {"line": issue.line})
    waiting = batch.issues.filter(outcome__in=WAITING).order_by("line")
    following = waiting.filter(line__gt=issue.line).first() or waiting.first()
    if following is None:
        return redirect("integrations:import", batch.pk)
    return redirect("integrations:import_row", batch.pk, following.pk)


# -- files ---------------------------------------------------------------------------------------


@require_safe
@login_required
def import_faults(request: HttpRequest, pk: int) -> HttpResponse:
    """The rows that were not imported, with the reason for each, to fix and upload again."""
    batch = _batch(request, pk)
    activity.record(by=request.user, verb="import.downloaded", object=batch, unit=batch.brand)
    response = StreamingHttpResponse(
        csv_lines(showing.faults_table(batch)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="import-{batch.pk}-faults.csv"'
    return response


@require_safe
@login_required
def import_file(request: HttpRequest, pk: int) -> HttpResponse:
    """The file as it was uploaded; never shown in the browser."""
    batch = _batch(request, pk)
    try:
        content = default_storage.open(str(batch.file.name), "rb")
    except FileNotFoundError as error:
        raise Http404 from error
    activity.record(by=request.user, verb="import.downloaded", object=batch, unit=batch.brand)
    return FileResponse(
        content,
        as_attachment=True,
        filename=batch.original_name,
        content_type="application/octet-stream",
    )


# -- helpers ---------------------------------------------------------------------------------------


def _visible(request: HttpRequest) -> Any:
    codes = [kind.code for kind in showing.formats_for(request.user)]
    return ImportBatch.objects.for_user(request.user, RUN).filter(format__in=codes)


def _batch(request: HttpRequest, pk: int) -> ImportBatch:
    rows = _visible(request).select_related("brand", "job", "created_by", "confirmed_by")
    batch = get_object_or_404(rows, pk=pk)
    if not showing.may_see(request.user, batch):
        raise Http404
    return batch


def _context(batch: ImportBatch) -> dict[str, Any]:
    kind = importing.kind_of(batch)
    return {
        "batch": batch,
        "file_kind": kind,
        "steps": showing.steps(batch),
        "result_url": reverse(kind.result_url) if kind.result_url else "",
    }


def _columns_page(request: HttpRequest, batch: ImportBatch, form: MappingForm) -> HttpResponse:
    context = _context(batch) | {"form": form}
    status = 422 if form.is_bound and form.errors else 200
    return render(request, "integrations/import_columns.html", context, status=status)


def _try(request: HttpRequest, command: Any, **arguments: Any) -> bool:
    """Call a command; a refusal becomes a message on the page that follows."""
    try:
        command(by=request.user, **arguments)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return False
    return True
