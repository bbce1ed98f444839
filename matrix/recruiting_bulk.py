"""Many applications decided at once: those chosen, all that the filters leave, or the best of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext, ngettext_lazy
from django.views.decorators.http import require_POST

from accounts import access, brands, jobs
from accounts.models import Job, Person
from integrations.exporting import Asker
from kosops.lib.errors import DomainError
from kosops.ui import formats
from kosops.ui.bulk import MOST_UNDONE, Bulk, BulkAction, done, ids
from kosops.ui.listing import address
from matrix import applications
from matrix.models import Application
from matrix.recruiting import EDIT
from matrix.recruiting_choices import Stage
from matrix.recruiting_filters import RANKED, ApplicationFilter
from matrix.recruiting_forms import BestForm, DeclineForm

JOB = "applications.decide"
# Up to so many a person waits for the answer; more are a job.
AT_ONCE = 1_000
BATCH = 1_000
SHOWN = 5
BEST = "best"
DECIDED = "applications_decided"

jobs.name_counts(
    {
        DECIDED: gettext_lazy("Applications decided"),
        "applications_held": gettext_lazy("Held by a flag"),
    }
)


@dataclass(frozen=True, slots=True)
class Decision:
    """What is done with many applications, and how it is said."""

    stage: str
    label: Promise
    icon: str
    act: Any
    said: Any


DECISIONS = {
    "screen": Decision(
        Stage.SCREENING,
        gettext_lazy("Take into screening"),
        "eye",
        ngettext_lazy(
            "Take %(count)s application into screening",
            "Take %(count)s applications into screening",
            "count",
        ),
        ngettext_lazy(
            "%(count)s application is in screening.",
            "%(count)s applications are in screening.",
            "count",
        ),
    ),
    "invite": Decision(
        Stage.TRIAL,
        gettext_lazy("Invite"),
        "send",
        ngettext_lazy("Invite %(count)s person", "Invite %(count)s people", "count"),
        ngettext_lazy("%(count)s person is invited.", "%(count)s people are invited.", "count"),
    ),
    "decline": Decision(
        Stage.DECLINED,
        gettext_lazy("Decline"),
        "circle-x",
        ngettext_lazy("Decline %(count)s person", "Decline %(count)s people", "count"),
        ngettext_lazy("%(count)s person is declined.", "%(count)s people are declined.", "count"),
    ),
}
BULK = [BulkAction(code=code, label=each.label, icon=each.icon) for code, each in DECISIONS.items()]


def of_applications(person: Any) -> Bulk:
    """What a person can do with the rows of the list."""
    if not access.reach(person, EDIT):
        return Bulk()
    return Bulk(address=reverse("matrix:applications_bulk"), choices=BULK)


@require_POST
@login_required
def applications_bulk(request: HttpRequest) -> HttpResponse:
    """Ask first, with how many would be decided; when confirmed, decide or start the job."""
    access.require(request.user, EDIT)
    back = reverse("matrix:applications") + address(QueryDict(request.POST.get("query", "")))
    action = request.POST.get("action", "")
    try:
        if action == "undo":
            return _undo(request, back)
        decision = DECISIONS["invite" if action == BEST else action]
        count = _best(request) if action == BEST else None
        rows = _rows(request, count)
    except KeyError:
        messages.error(request, _("That cannot be done with several applications at once."))
        return redirect(back)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    form = DeclineForm(request.POST if "confirmed" in request.POST else None)
    declines = decision.stage == Stage.DECLINED
    if "confirmed" not in request.POST or (declines and not form.is_valid()):
        return _ask(request, decision, rows, back, form if declines else None, count)
    said = dict(form.cleaned_data) if declines else {}
    if _moving(rows, decision).count() > AT_ONCE:
        return _start(request, decision, said)
    try:
        moved = applications.decide(
            by=request.user, applications=rows, stage=decision.stage, **said
        )
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _ask(request, decision, rows, back, form, count)
    _say(request, decision, moved)
    return redirect(back)


def _undo(request: HttpRequest, back: str) -> HttpResponse:
    rows = Application.objects.for_user(request.user, EDIT)
    chosen = ids(request.POST.getlist("chosen"))
    undone = applications.take_back(by=request.user, applications=rows.filter(pk__in=chosen))
    count = len(undone)
    text = ngettext(
        "%(count)s decision was taken back, and the person told.",
        "%(count)s decisions were taken back, and the people told.",
        count,
    )
    tell = messages.success if count else messages.info
    tell(
        request,
        text % {"count": formats.number(count)}
        if count
        else _("Nothing was taken back: it went on meanwhile."),
    )
    return redirect(back)


def _best(request: HttpRequest) -> int:
    form = BestForm(request.POST)
    if not form.is_valid():
        raise DomainError("how_many", _("Say how many of the best are to be invited."))
    return int(form.cleaned_data["count"])


def _rows(request: HttpRequest, best: int | None) -> QuerySet[Application]:
    """Which ones, within what the person may decide. Refuses `nobody_chosen`."""
    if best is not None:
        return best_of(_listed(request.user, request.POST.get("query", "")), best)
    if "every" in request.POST:
        return _listed(request.user, request.POST.get("query", ""))
    chosen = ids(request.POST.getlist("chosen"))
    if not chosen:
        raise DomainError(
            "nobody_chosen", _("Nobody was chosen. Tick the boxes of the rows first.")
        )
    return Application.objects.for_user(request.user, EDIT).filter(pk__in=chosen)


def best_of(rows: QuerySet[Application], count: int) -> QuerySet[Application]:
    """Of those who can be invited and whom no flag holds, the ``count`` with the highest score."""
    ranked = _moving(rows, DECISIONS["invite"]).order_by(RANKED.desc(), "pk")
    chosen = list(ranked.values_list("pk", flat=True)[:count])
    return rows.filter(pk__in=chosen)


def _listed(person: Person, query: str) -> QuerySet[Application]:
    found = ApplicationFilter(
        QueryDict(query),
        queryset=Application.objects.for_user(person, EDIT),
        request=Asker(person),
    )
    if found.problems:
        raise DomainError("unknown_filter", " ".join(found.problems), status=400)
    return found.rows()


def _moving(rows: QuerySet[Application], decision: Decision) -> QuerySet[Application]:
    """Of them, those whom the decision would reach."""
    moving = rows.filter(stage__in=applications.FROM_STAGES[decision.stage])
    if decision.stage == Stage.TRIAL:
        moving = moving.exclude(pk__in=applications.held(rows).values("pk"))
    return moving


def _ask(
    request: HttpRequest,
    decision: Decision,
    rows: QuerySet[Application],
    back: str,
    form: DeclineForm | None,
    best: int | None,
) -> HttpResponse:
    moving = _moving(rows, decision)
    total, changing = rows.count(), moving.count()
    held = (
        applications.held(rows).filter(stage__in=applications.FROM_STAGES[Stage.TRIAL]).count()
        if decision.stage == Stage.TRIAL
        else 0
    )
    return render(
        request,
        "matrix/applications_bulk.html",
        {
            "title": decision.act % {"count": total},
            "button": decision.act % {"count": changing},
            "icon": decision.icon,
            "stage": decision.stage,
            "changing": changing,
            "held": held,
            "staying": total - changing - held,
            "some": moving.order_by(RANKED.desc(), "pk")[:SHOWN],
            "more": max(0, changing - SHOWN),
            "form": form,
            "action": request.POST["action"],
            "best": best,
            "chosen": []
            if "every" in request.POST or best is not None
            else ids(request.POST.getlist("chosen")),
            "every": "every" in request.POST,
            "query": request.POST.get("query", ""),
            "back": back,
        },
        status=422 if form is not None and form.errors else 200,
    )


def _say(request: HttpRequest, decision: Decision, moved: list[int]) -> None:
    if not moved:
        messages.info(request, _("Nobody moved: no one chosen is in a stage for it."))
        return
    undo = reverse("matrix:applications_bulk") if len(moved) <= MOST_UNDONE else ""
    fields = [("action", "undo"), ("query", request.POST.get("query", ""))]
    fields += [("chosen", str(pk)) for pk in moved]
    done(request, decision.said % {"count": len(moved)}, undo=undo, fields=fields)


# -- as a job ------------------------------------------------------------------


def _start(request: HttpRequest, decision: Decision, said: dict[str, str]) -> HttpResponse:
    params = {
        "action": next(code for code, each in DECISIONS.items() if each is decision),
        "query": request.POST.get("query", ""),
        "said": said,
    }
    if request.POST["action"] == BEST:
        params["ids"] = list(_rows(request, _best(request)).values_list("pk", flat=True))
    elif "every" not in request.POST:
        params["ids"] = ids(request.POST.getlist("chosen"))
    job = jobs.start(
        by=request.user,
        kind=JOB,
        unit=brands.required(request, EDIT),
        label=f"{_('Applications')}: {decision.label}",
        params=params,
    )
    return redirect("accounts:job", job.pk)


@jobs.job_kind(JOB, permission="recruiting.view")
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Decide all of them, batch by batch.

    A second run goes on by itself: whoever was decided is no longer in a stage to be decided from.
    """
    by, decision = job.created_by, DECISIONS[job.params["action"]]
    if by is None:
        raise DomainError("nobody_asked", _("The person who asked is gone."))
    if "ids" in job.params:
        rows = Application.objects.for_user(by, EDIT).filter(pk__in=job.params["ids"])
    else:
        rows = _listed(by, job.params["query"])
    moving = _moving(rows, decision).order_by("pk")
    count = job.counts.get(DECIDED, 0)
    total = count + moving.count()
    while batch := list(moving.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            moved = applications.decide(
                by=by,
                applications=Application.objects.filter(pk__in=batch),
                stage=decision.stage,
                **job.params["said"],
            )
            count += len(moved)
            progress(count, total, {DECIDED: count})
        if not moved:
            break
    held = applications.held(rows).count() if decision.stage == Stage.TRIAL else 0
    return {DECIDED: count, "applications_held": held}
