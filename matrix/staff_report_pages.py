"""HQ page of the leads that staff accounts won on the platforms."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from accounts import access
from kosops.lib.htmx import address_of
from kosops.ui import formats
from kosops.ui.listing import count_up_to, list_response
from kosops.ui.parts import Kpi
from matrix import filters, staff_reports
from matrix.definitions import MATRIX
from matrix.models import StaffReport

VIEW = "matrix.view"


@require_safe
@login_required
def reports(request: HttpRequest) -> HttpResponse:
    """Staff accounts of one period by the leads they won; of the latest when none is named."""
    access.require(request.user, VIEW)
    found = filters.StaffReportFilter(
        request.GET, queryset=StaffReport.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    page = found.page(found.ordered(rows).select_related("account", "creator", "unit"))
    context = {
        "page": page,
        "rows": page.rows,
        "count": partial(count_up_to, rows),
        "figures": _figures(rows) if found.one_period else [],
        "units": partial(filters.unit_choices, request, VIEW, found.active.get("unit")),
        "import_url": address_of("integrations:import_new")
        if access.reach(request.user, "imports.run")
        else "",
    }
    return list_response(
        request,
        found,
        context,
        template="matrix/staff_reports.html",
        fragment="matrix/_staff_reports.html",
    )


def _figures(rows: Any) -> list[Kpi]:
    found = staff_reports.sums(rows)
    leads, spend = staff_reports.total_leads(found), found["promotion_spend"]
    return [
        Kpi(
            label=_("Leads"), value=_number(leads), help=MATRIX["staff_leads"],
            note=_("%(forms)s by form · %(messages)s by message")
            % {"forms": _number(found["form_leads"]) or "–", "messages": _number(found["dm_leads"]) or "–"},
        ),
        Kpi(
            label=_("Messages started"), value=_number(found["dm_inbound"]),
            help=MATRIX["dm_inbound"],
        ),
        Kpi(label=_("Notes published"), value=_number(found["notes"]), help=MATRIX["staff_notes"]),
        Kpi(
            label=_("Spent on promotion"),
            value=None if spend is None else formats.short_money(spend),
            help=MATRIX["promotion_spend"],
        ),
        Kpi(
            label=_("Cost per lead"),
            value=formats.money(round(spend / leads)) if spend is not None and leads else None,
            help=MATRIX["cost_per_lead"],
        ),
    ]  # fmt: skip


def _number(value: int | None) -> str | None:
    return None if value is None else formats.number(value)
