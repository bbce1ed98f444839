"""HQ pages of dry runs: start one for a plan, what it came to, and everybody in a file."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access, activity
from incentives import dry_runs, dry_sql, dry_words, tier_words
from incentives.dry_forms import DryRunForm
from incentives.models import DryRun, PlanVersion
from integrations.sheets.writing import csv_lines
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.money import plain_amount
from matrix.models import Creator

VIEW = "commission.view"
MAKE = "commission.plan"


@require_POST
@login_required
def dry_run_start(request: HttpRequest, version_id: int) -> HttpResponse:
    """Try a plan on months that are over."""
    found = PlanVersion.objects.for_user(request.user, VIEW).select_related("brand")
    version = get_object_or_404(found, pk=version_id)
    access.require(request.user, MAKE, version.brand)
    form = DryRunForm(request.POST, today=timezone.localdate())
    if not form.is_valid():
        messages.error(request, _("Choose the months from the lists."))
        return redirect("incentives:plan", version.pk)
    first, last = form.months
    try:
        started = dry_runs.start(by=request.user, version=version, first=first, last=last)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("incentives:plan", version.pk)
    return redirect("incentives:dry_run", started.pk)


@require_safe
@login_required
def dry_run(request: HttpRequest, dry_run_id: int) -> HttpResponse:
    """Progress while it is worked out, then what it came to."""
    shown = _visible(request, dry_run_id)
    context: dict[str, Any] = {
        "dry_run": shown,
        "months": dry_words.months_said(shown),
        "may_start": access.reach(request.user, MAKE).covers(shown.brand),
    }
    if shown.finished_at:
        context |= {
            "stale": dry_runs.is_stale(shown, shown.version),
            "waiting": dry_words.waiting(shown),
            "shield_days": shown.version.shield_days,
            "figures": dry_words.figures(shown),
            "tables": dry_words.tables(shown),
            "movers": _movers(request, shown),
        }
    return page_or_fragment(
        request, "incentives/dry_run.html", context, fragment="incentives/_dry_run.html"
    )


def _visible(request: HttpRequest, dry_run_id: int) -> DryRun:
    found = DryRun.objects.for_user(request.user, VIEW)
    return get_object_or_404(
        found.select_related("brand", "version", "job", "started_by"), pk=dry_run_id
    )


def _movers(request: HttpRequest, shown: DryRun) -> list[tuple[str, str, list[dict[str, Any]]]]:
    """Who gets most more and most less: (title, what it says when nobody does, rows)."""
    named = [row["creator_id"] for each in ("winners", "losers") for row in shown.totals[each]]
    creators = (
        Creator.objects.for_user(request.user, VIEW)
        .filter(brand=shown.brand_id)
        .select_related("store")
        .in_bulk(named)
    )
    return [
        (
            title,
            nobody,
            [
                {
                    **row,
                    "change": row["dry"] - row["live"],
                    "change_bp": dry_words.change_bp(row["live"], row["dry"]),
                    "creator": creators[row["creator_id"]],
                }
                for row in shown.totals[which]
                if row["creator_id"] in creators
            ],
        )
        for which, title, nobody in (
            ("losers", _("Who would lose most"), _("Nobody would lose by it.")),
            ("winners", _("Who would gain most"), _("Nobody would gain by it.")),
        )
    ]


@require_safe
@login_required
def dry_run_file(request: HttpRequest, dry_run_id: int) -> StreamingHttpResponse:
    """Everybody with both sums, as CSV. The export is noted."""
    shown = _visible(request, dry_run_id)
    if not shown.finished_at:
        raise Http404
    activity.record(by=request.user, verb="dry_run.exported", object=shown, unit=shown.brand)
    response = StreamingHttpResponse(
        csv_lines(_file_rows(shown)), content_type="text/csv; charset=utf-8"
    )
    response["Content-Disposition"] = f'attachment; filename="dry-run-{shown.pk}.csv"'
    return response


def _file_rows(shown: DryRun) -> Iterator[tuple[Any, ...]]:
    yield (
        *(_("Number"), _("Person"), _("Store"), _("Tier")),
        *(_("Cost as posted"), _("Cost by this plan"), _("Difference")),
    )
    for row in dry_sql.people(shown):
        yield (
            *(row["number"], row["name"], row["store"]),
            tier_words.tier_name(row["tier"]),
            # Numbers, so that a spreadsheet can add them up.
            *(
                Decimal(plain_amount(amount))
                for amount in (row["live"], row["dry"], row["dry"] - row["live"])
            ),
        )
