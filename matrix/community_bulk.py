"""Many creators of the list put into a community at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from accounts import jobs
from accounts.models import Job
from kosops.lib.errors import DomainError
from kosops.ui import formats
from kosops.ui.bulk import BulkAction, ids
from matrix import bulk, communities
from matrix.community_forms import ChooseCommunityForm
from matrix.models import Community, Creator

ACTION = "community"
JOB = "communities.add"

ADDED = "members_added"

jobs.name_counts({ADDED: gettext_lazy("Members added")})


def register() -> None:
    bulk.register(
        BulkAction(code=ACTION, label=gettext_lazy("Add to a community"), icon="users"), answer
    )


def answer(request: HttpRequest, rows: QuerySet[Creator], back: str) -> HttpResponse:
    """Ask which community; when that is said, add them or start the job."""
    form = ChooseCommunityForm(
        request.POST if "confirmed" in request.POST else None, communities=_open(request.user)
    )
    if "confirmed" not in request.POST or not form.is_valid():
        return _ask(request, form, rows, back)
    community = form.cleaned_data["community"]
    if communities.who_can_join(community, rows).count() > bulk.AT_ONCE:
        job = jobs.start(
            by=request.user,
            kind=JOB,
            unit=community.unit,
            label=f"{_('Add to a community')}: {community.name}",
            params={"community": community.pk, "query": request.POST.get("query", "")},
        )
        return redirect("accounts:job", job.pk)
    try:
        added = communities.add_members(
            by=request.user, community=community, creators=rows, since=timezone.localdate()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect(back)
    _say(request, community, added)
    return redirect("matrix:community", community.pk) if added else redirect(back)


def _open(person: Any) -> QuerySet[Community]:
    found = Community.objects.for_user(person, bulk.EDIT)
    return found.filter(closed_on=None).select_related("unit").order_by("name")


def _ask(
    request: HttpRequest, form: ChooseCommunityForm, rows: QuerySet[Creator], back: str
) -> HttpResponse:
    every = "every" in request.POST
    total = rows.count()
    context = {
        "form": form,
        "total": total,
        "some": rows.select_related("store").order_by("name", "pk")[: bulk.SHOWN],
        "more": max(0, total - bulk.SHOWN),
        "action": ACTION,
        "chosen": [] if every else ids(request.POST.getlist("chosen")),
        "every": every,
        "query": request.POST.get("query", ""),
        "back": back,
        "add_url": reverse("matrix:community_add"),
        "none_open": not form.fields["community"].queryset.exists(),
    }
    status = 422 if form.is_bound else 200
    return render(request, "matrix/community_bulk.html", context, status=status)


def _say(request: HttpRequest, community: Community, added: int) -> None:
    if not added:
        messages.info(request, _("Nobody was added: all are in it, or do not belong to its part."))
        return
    messages.success(
        request,
        ngettext(
            "%(count)s person is now in %(name)s.", "%(count)s people are now in %(name)s.", added
        )
        % {"count": formats.number(added), "name": community.name},
    )


@jobs.job_kind(JOB, permission="matrix.view")
def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Add all that the list of that query holds, batch by batch; who is in it is passed over."""
    by = job.created_by
    if by is None:
        raise DomainError("nobody_asked", _("The person who asked is gone."))
    community = _open(by).get(pk=job.params["community"])
    rows = communities.who_can_join(community, bulk.listed(by, job.params["query"])).order_by("pk")
    count = job.counts.get(ADDED, 0)
    total = count + rows.count()
    while batch := list(rows.values_list("pk", flat=True)[: bulk.BATCH]):
        with transaction.atomic():
            count += communities.add_members(
                by=by,
                community=community,
                creators=Creator.objects.filter(pk__in=batch),
                since=timezone.localdate(),
            )
            progress(count, total, {ADDED: count})
    return {ADDED: count}
