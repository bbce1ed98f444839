"""HQ page of the layers: how many people are in each, and what decides."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from accounts import access, brands, jobs
from accounts.models import Job, Unit
from kosops.lib.errors import DomainError
from kosops.ui import formats
from kosops.ui.listing import address
from kosops.ui.parts import Kpi
from matrix import layering
from matrix.choices import CreatorKind, Layer
from matrix.definitions import MATRIX
from matrix.forms import LayerForm

VIEW = "matrix.view"
EDIT = "matrix.edit"
JOB = "creators.layers"
# Up to so many creators a person waits for the answer; more are a job.
AT_ONCE = 3_000

jobs.name_counts(
    {
        "moved": gettext_lazy("People in another layer than before"),
        **{layer.value: layer.label for layer in Layer},
    }
)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def layers(request: HttpRequest) -> HttpResponse:
    """How many people are in each layer; HQ changes what decides and sorts everybody anew."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    may_edit = access.reach(request.user, EDIT).covers(brand)
    form = LayerForm(request.POST or None, thresholds=layering.thresholds_of(brand))
    status = 200
    if request.method == "POST":
        access.require(request.user, EDIT, brand)
        if form.is_valid():
            try:
                layering.set_thresholds(by=request.user, brand=brand, thresholds=form.thresholds())
                return _sort(request, brand)
            except DomainError as refusal:
                form.add_error(None, str(refusal))
        status = 422
    context = {
        "figures": _figures(brand),
        "form": form,
        "may_edit": may_edit,
        "axes": [
            (layering.AXES[axis], some, much)
            for axis, (some, much) in layering.thresholds_of(brand).items()
        ],
    }
    return render(request, "matrix/layers.html", context, status=status)


@jobs.job_kind(JOB, permission=VIEW)
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    return layering.work_out(
        by=job.created_by,
        brand=job.unit,
        now=timezone.now(),
        on=timezone.localdate(),
        tell=progress,
        so_far=job.counts,
    )


# -- private -------------------------------------------------------------------


def _sort(request: HttpRequest, brand: Unit) -> HttpResponse:
    if sum(layering.heads(brand).values()) > AT_ONCE:
        job = jobs.start(by=request.user, kind=JOB, unit=brand, label=_("Layers of creators"))
        return redirect("accounts:job", job.pk)
    counts = layering.work_out(
        by=request.user, brand=brand, now=timezone.now(), on=timezone.localdate()
    )
    messages.success(
        request,
        _("Everybody was sorted anew; in another layer than before: %(moved)s.")
        % {"moved": formats.number(counts["moved"])},
    )
    return redirect("matrix:layers")


def _figures(brand: Unit) -> list[Kpi]:
    heads = layering.heads(brand)
    return [
        Kpi(
            label=layer.label,
            value=formats.number(sum(heads.get((kind, layer), 0) for kind in CreatorKind)),
            note=_("%(kos)s KOS · %(koc)s KOC")
            % {
                "kos": formats.number(heads.get((CreatorKind.KOS, layer), 0)),
                "koc": formats.number(heads.get((CreatorKind.KOC, layer), 0)),
            },
            help=MATRIX["layer"],
            href=reverse("matrix:creators") + address({}, layer=layer.value, state="current"),
        )
        for layer in Layer
    ]
