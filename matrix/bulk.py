"""Many creators of the list changed at once: those who are chosen, or all that the filters leave."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
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
from matrix import registry
from matrix.choices import CreatorState
from matrix.filters import CreatorFilter
from matrix.models import Creator

EDIT = "matrix.edit"
JOB = "creators.state"
# Up to so many a person waits for the answer; more are a job.
AT_ONCE = 2_000
BATCH = 1_000
# Names on the page that asks first.
SHOWN = 5

CHANGED = "creators_changed"

jobs.name_counts({CHANGED: gettext_lazy("People changed")})


@dataclass(frozen=True, slots=True)
class Change:
    """An action on creators: from which state to which, in words, and what takes it back."""

    before: str
    after: str
    label: Promise
    icon: str
    undo: str
    act: Any
    said: Any


CHANGES = {
    "pause": Change(
        before=CreatorState.ACTIVE,
        after=CreatorState.PAUSED,
        label=gettext_lazy("Pause"),
        icon="pause",
        undo="resume",
        act=ngettext_lazy("Pause %(count)s person", "Pause %(count)s people", "count"),
        said=ngettext_lazy(
            "%(count)s person was paused.", "%(count)s people were paused.", "count"
        ),
    ),
    "resume": Change(
        before=CreatorState.PAUSED,
        after=CreatorState.ACTIVE,
        label=gettext_lazy("Take up again"),
        icon="play",
        undo="pause",
        act=ngettext_lazy(
            "Take up %(count)s person again", "Take up %(count)s people again", "count"
        ),
        said=ngettext_lazy(
            "%(count)s person is active again.", "%(count)s people are active again.", "count"
        ),
    ),
}


# Answers an action that is no change of state: (request, whom it is about, the way back).
Answer = Callable[[HttpRequest, "QuerySet[Creator]", str], HttpResponse]
_others: dict[str, tuple[BulkAction, Answer]] = {}


def register(action: BulkAction, answer: Answer) -> None:
    """Offer one more action on the list of creators."""
    _others[action.code] = (action, answer)


def of_creators(person: Any) -> Bulk:
    """What a person can do with the rows of the list of creators."""
    if not access.reach(person, EDIT):
        return Bulk()
    return Bulk(
        address=reverse("matrix:creators_bulk"),
        choices=[
            *(
                BulkAction(code=code, label=change.label, icon=change.icon)
                for code, change in CHANGES.items()
            ),
            *(action for action, _answer in _others.values()),
        ],
    )


@require_POST
@login_required
def creators_bulk(request: HttpRequest) -> HttpResponse:
    """Ask first, with how many would change; when confirmed, change them or start the job."""
    access.require(request.user, EDIT)
    back = reverse("matrix:creators") + address(QueryDict(request.POST.get("query", "")))
    action = request.POST.get("action", "")
    change = CHANGES.get(action)
    try:
        rows = _rows(request)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    if action in _others:
        return _others[action][1](request, rows, back)
    if change is None:
        messages.error(request, _("That cannot be done with several people at once."))
        return redirect(back)
    if "confirmed" not in request.POST:
        return _ask(request, change, rows, back)
    if _changing(rows, change).count() > AT_ONCE:
        return _start(request, change)
    changed = registry.change_states(
        by=request.user,
        creators=rows,
        before=change.before,
        after=change.after,
        on=timezone.localdate(),
    )
    _say(request, change, changed)
    return redirect(back)


def _rows(request: HttpRequest) -> QuerySet[Creator]:
    """Whom it is about, within what the person may change. Refuses `nobody_chosen`."""
    if "every" in request.POST:
        return listed(request.user, request.POST.get("query", ""))
    chosen = ids(request.POST.getlist("chosen"))
    if not chosen:
        raise DomainError(
            "nobody_chosen", _("Nobody was chosen. Tick the boxes of the rows first.")
        )
    return Creator.objects.for_user(request.user, EDIT).filter(pk__in=chosen)


def listed(person: Person, query: str) -> QuerySet[Creator]:
    """The list of creators that an address asks for. Refuses ``unknown_filter``."""
    found = CreatorFilter(
        QueryDict(query), queryset=Creator.objects.for_user(person, EDIT), request=Asker(person)
    )
    if found.problems:
        raise DomainError("unknown_filter", " ".join(found.problems), status=400)
    return found.rows()


def _changing(rows: QuerySet[Creator], change: Change) -> QuerySet[Creator]:
    return registry.can_change(rows, change.before, change.after)


def _ask(request: HttpRequest, change: Change, rows: QuerySet[Creator], back: str) -> HttpResponse:
    total, changing = rows.count(), _changing(rows, change).count()
    staying = total - changing
    return render(
        request,
        "matrix/creators_bulk.html",
        {
            "title": change.act % {"count": total},
            "button": change.act % {"count": changing},
            "icon": change.icon,
            "changing": changing,
            "staying": ngettext(
                "%(count)s of them is not “%(state)s” or not identified, and stays as they are.",
                "%(count)s of them are not “%(state)s” or not identified, and stay as they are.",
                staying,
            )
            % {"count": formats.number(staying), "state": CreatorState(change.before).label}
            if staying
            else "",
            "some": _changing(rows, change).select_related("store").order_by("name", "pk")[:SHOWN],
            "more": max(0, changing - SHOWN),
            "action": request.POST["action"],
            "chosen": ids(request.POST.getlist("chosen")) if "every" not in request.POST else [],
            "every": "every" in request.POST,
            "query": request.POST.get("query", ""),
            "pausing": change.after == CreatorState.PAUSED,
            "back": back,
        },
    )


def _say(request: HttpRequest, change: Change, changed: list[int]) -> None:
    if not changed:
        messages.info(request, _("Nobody changed: no one chosen is in the state for it."))
        return
    undo = reverse("matrix:creators_bulk") if len(changed) <= MOST_UNDONE else ""
    fields = [("action", change.undo), ("confirmed", "1")]
    fields += [("chosen", str(pk)) for pk in changed]
    done(request, change.said % {"count": len(changed)}, undo=undo, fields=fields)


# -- as a job ------------------------------------------------------------------


def _start(request: HttpRequest, change: Change) -> HttpResponse:
    job = jobs.start(
        by=request.user,
        kind=JOB,
        unit=brands.required(request, EDIT),
        label=f"{_('Creators')}: {change.label}",
        params={
            "action": request.POST["action"],
            "query": request.POST.get("query", ""),
        },
    )
    return redirect("accounts:job", job.pk)


@jobs.job_kind(JOB, permission="matrix.view")
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Change all that the list of that query holds, batch by batch.

    A second run goes on by itself: whoever was changed is no longer in the state to change from.
    What a batch changed is counted in its transaction.
    """
    by, change = job.created_by, CHANGES[job.params["action"]]
    if by is None:
        raise DomainError("nobody_asked", _("The person who asked is gone."))
    rows = _changing(listed(by, job.params["query"]), change).order_by("pk")
    count = job.counts.get(CHANGED, 0)
    total = count + rows.count()
    while batch := list(rows.values_list("pk", flat=True)[:BATCH]):
        with transaction.atomic():
            changed = registry.change_states(
                by=by,
                creators=Creator.objects.filter(pk__in=batch),
                before=change.before,
                after=change.after,
                on=timezone.localdate(),
            )
            count += len(changed)
            progress(count, total, {CHANGED: count})
    return {CHANGED: count}
