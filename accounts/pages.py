"""Pages about the installation itself: jobs, activity, people, API keys, one's own preferences."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import FileResponse, Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts import access, activity
from accounts import jobs as job_commands
from accounts import people as people_commands
from accounts.access import require
from accounts.api_keys import create_key, is_live, revoke_key
from accounts.choices import JobState
from accounts.filters import ActivityFilter, JobFilter, PersonFilter
from accounts.forms import ApiKeyForm, PersonForm, PreferencesForm, RoleForm
from accounts.models import Activity, ApiKey, Grant, Job, Person, Unit
from accounts.recent import require_recent_sign_in
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment, safe_next
from kosops.lib.lists import keyset_page
from kosops.ui import finding
from kosops.ui.context import THEME_COOKIE
from kosops.ui.listing import list_response

YEAR = 365 * 24 * 3600


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Where this person works: HQ pages, phone pages, or a word about having no role yet."""
    if access.is_hq(request.user):
        return redirect("insights:overview")
    if access.roles_of(request.user):
        return redirect("mobile:today")
    return render(request, "accounts/no_role.html", status=403)


# -- jobs ----------------------------------------------------------------------


@login_required
@require_GET
def find(request: HttpRequest) -> HttpResponse:
    """Pages, actions, people, stores, orders by name: the palette's rows, or a page of results."""
    if not access.is_hq(request.user):
        raise PermissionDenied("overview.view")
    words = request.GET.get("q", "").strip()
    few = bool(getattr(request, "htmx", None))
    groups = finding.found(request.user, words, limit=finding.FEW if few else finding.MANY)
    return page_or_fragment(
        request,
        "accounts/find.html",
        {"words": words, "groups": groups, "hits": sum(len(group.hits) for group in groups)},
        fragment="accounts/_found.html",
    )


@login_required
@require_GET
def stay(request: HttpRequest) -> HttpResponse:
    """Ask who is there, so that the session goes on; then say until when."""
    require_recent_sign_in(request)
    return render(request, "accounts/stay.html")


@login_required
@require_GET
def jobs(request: HttpRequest) -> HttpResponse:
    require(request.user, "jobs.view")
    found = JobFilter(request.GET, queryset=job_commands.visible_to(request.user))
    page = found.page(found.rows().select_related("unit", "created_by"))
    return list_response(
        request,
        found,
        {"page": page},
        template="accounts/jobs.html",
        fragment="accounts/_jobs.html",
    )


@login_required
@require_GET
def job(request: HttpRequest, job_id: int) -> HttpResponse:
    """One job; the progress part asks for itself again while the job is open."""
    shown = _visible_job(request, job_id)
    context = {
        "job": shown,
        "counts": job_commands.count_rows(shown),
        "log": job_commands.log_lines(shown),
        "may_cancel": _may_cancel(request, shown),
    }
    return page_or_fragment(
        request,
        "accounts/job.html",
        context,
        fragment="accounts/_job.html",
        peek="accounts/_job_peek.html",
    )


@login_required
@require_GET
def job_file(request: HttpRequest, job_id: int) -> HttpResponse:
    """The result file, checked again at each download and noted as an export."""
    shown = _visible_job(request, job_id)
    if not shown.result_file:
        raise Http404
    try:
        content = shown.result_file.open("rb")
    except FileNotFoundError as error:
        raise Http404 from error
    activity.record(by=request.user, verb="job.downloaded", object=shown, unit=shown.unit)
    name = shown.result_file.name.rsplit("/", 1)[-1]
    return FileResponse(content, as_attachment=True, filename=name)


@login_required
@require_POST
def job_cancel(request: HttpRequest, job_id: int) -> HttpResponse:
    shown = _visible_job(request, job_id)
    if not _may_cancel(request, shown):
        raise PermissionDenied
    cancelled = job_commands.cancel(by=request.user, job=shown)
    if cancelled.state == JobState.CANCELLED:
        messages.success(request, _("The job was stopped. What it had finished stays."))
    else:
        messages.info(request, _("The job had ended before."))
    return redirect("accounts:job", job_id)


def _may_cancel(request: HttpRequest, shown: Job) -> bool:
    """Those who started a job, and those who answer for the jobs of its unit."""
    within = access.reach(request.user, "jobs.cancel")
    return shown.created_by_id == request.user.pk or within.covers(shown.unit)


def _visible_job(request: HttpRequest, job_id: int) -> Job:
    rows = job_commands.visible_to(request.user).select_related("unit", "created_by")
    return get_object_or_404(rows, pk=job_id)


# -- activity ------------------------------------------------------------------


@login_required
@require_GET
def activity_log(request: HttpRequest) -> HttpResponse:
    require(request.user, "activity.view")
    rows = Activity.objects.for_user(request.user, "activity.view")
    found = ActivityFilter(request.GET, queryset=rows)
    page = found.page(found.rows().select_related("unit"))
    return list_response(
        request,
        found,
        {"page": page, "entries": [activity.entry(row) for row in page.rows]},
        template="accounts/activity.html",
        fragment="accounts/_activity.html",
    )


# -- people --------------------------------------------------------------------


@login_required
@require_GET
def people(request: HttpRequest) -> HttpResponse:
    require(request.user, people_commands.MANAGE)
    found = PersonFilter(request.GET, queryset=_people(request))
    page = found.page(people_commands.people_with_grants(found.rows()))
    return list_response(
        request,
        found,
        {"page": page},
        template="accounts/people.html",
        fragment="accounts/_people.html",
    )


@login_required
def person_add(request: HttpRequest) -> HttpResponse:
    require(request.user, people_commands.MANAGE)
    form = PersonForm(request.POST or None, units=_units(request, people_commands.MANAGE))
    if request.method == "POST" and form.is_valid():
        try:
            added = people_commands.add_person(by=request.user, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            link = people_commands.make_password_link(by=request.user, person=added)
            return _password_link(request, added, link)
    return render(request, "accounts/person_add.html", {"form": form}, status=_form_status(form))


@login_required
@require_GET
def person(request: HttpRequest, person_id: int) -> HttpResponse:
    return _person_page(request, _person(request, person_id))


@login_required
@require_POST
def role_give(request: HttpRequest, person_id: int) -> HttpResponse:
    shown = _person(request, person_id)
    form = RoleForm(request.POST, units=_units(request, people_commands.MANAGE))
    try:
        people_commands.check_not_own(request.user, shown)
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:person", person_id)
    if form.is_valid():
        try:
            people_commands.give_role(by=request.user, person=shown, **form.cleaned_data)
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The role was given."))
            return redirect("accounts:person", person_id)
    return _person_page(request, shown, form=form)


@login_required
@require_POST
def role_end(request: HttpRequest, person_id: int, grant_id: int) -> HttpResponse:
    shown = _person(request, person_id)
    grants = Grant.objects.for_user(request.user, people_commands.MANAGE)
    grant = get_object_or_404(grants, pk=grant_id, person=shown)
    try:
        people_commands.check_not_own(request.user, shown)
        people_commands.end_role(by=request.user, grant=grant)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The role has ended."))
    return redirect("accounts:person", person_id)


@login_required
@require_POST
def person_access(request: HttpRequest, person_id: int) -> HttpResponse:
    """End or restore somebody's access, sign them out, or let them choose a new password."""
    shown = _person(request, person_id)
    try:
        people_commands.check_may_manage(request.user, shown)
        return _change_access(request, shown, request.POST.get("act", ""))
    except DomainError as refusal:
        messages.error(request, str(refusal))
        return redirect("accounts:person", person_id)


def _change_access(request: HttpRequest, shown: Person, act: str) -> HttpResponse:
    if act == "password":
        link = people_commands.make_password_link(by=request.user, person=shown)
        return _password_link(request, shown, link)
    if act == "deactivate":
        people_commands.deactivate(by=request.user, person=shown)
        messages.success(request, _("The access has ended, on every device and for every API key."))
    elif act == "reactivate":
        people_commands.reactivate(by=request.user, person=shown)
        messages.success(request, _("The person may sign in again."))
    elif act == "sign_out":
        people_commands.end_sessions(by=request.user, person=shown)
        messages.success(request, _("The person was signed out on every device."))
    return redirect("accounts:person", shown.pk)


def _person_page(request: HttpRequest, shown: Person, form: RoleForm | None = None) -> HttpResponse:
    grants = Grant.objects.for_user(request.user, people_commands.MANAGE).filter(person=shown)
    return page_or_fragment(
        request,
        "accounts/person.html",
        {
            "person": shown,
            "grants": people_commands.held_roles(grants, timezone.localdate()),
            "is_own": shown.pk == request.user.pk,
            "refusal": people_commands.refusal_to_manage(request.user, shown),
            "form": form or RoleForm(units=_units(request, people_commands.MANAGE)),
        },
        peek="accounts/_person_peek.html",
        status=_form_status(form),
    )


def _password_link(request: HttpRequest, shown: Person, link: str) -> HttpResponse:
    """Shown once, not stored anywhere: it is only good together with this answer."""
    address = request.build_absolute_uri(link)
    return render(request, "accounts/password_link.html", {"person": shown, "link": address})


def _people(request: HttpRequest) -> QuerySet[Person]:
    return Person.objects.for_user(request.user, people_commands.MANAGE)


def _person(request: HttpRequest, person_id: int) -> Person:
    require(request.user, people_commands.MANAGE)
    return get_object_or_404(_people(request), pk=person_id)


# -- API keys ------------------------------------------------------------------


@login_required
@require_GET
def api_keys(request: HttpRequest) -> HttpResponse:
    require(request.user, "api_keys.manage")
    page = keyset_page(
        _keys(request).select_related("unit", "created_by"),
        field="created_at",
        descending=True,
        cursor=request.GET.get("cursor", ""),
    )
    rows = [{"key": key, "live": is_live(key)} for key in page.rows]
    return render(request, "accounts/api_keys.html", {"page": page, "rows": rows})


@login_required
def api_key_add(request: HttpRequest) -> HttpResponse:
    """Make a key after a fresh proof of who is there. The answer shows its secret, once."""
    require(request.user, "api_keys.manage")
    form = ApiKeyForm(request.POST or None, units=_units(request, "api_keys.manage"))
    if request.method == "POST" and form.is_valid():
        require_recent_sign_in(request)
        try:
            made = create_key(
                by=request.user,
                unit=form.cleaned_data["unit"],
                name=form.cleaned_data["name"],
                scopes=form.cleaned_data["scopes"],
                expires_at=form.expires_at(),
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return render(request, "accounts/api_key_made.html", {"made": made})
    return render(request, "accounts/api_key_add.html", {"form": form}, status=_form_status(form))


@login_required
@require_POST
def api_key_revoke(request: HttpRequest, key_id: int) -> HttpResponse:
    require(request.user, "api_keys.manage")
    key = get_object_or_404(_keys(request), pk=key_id)
    revoke_key(by=request.user, key=key)
    messages.success(request, _("The key no longer works."))
    return redirect("accounts:api_keys")


def _keys(request: HttpRequest) -> QuerySet[ApiKey]:
    return ApiKey.objects.for_user(request.user, "api_keys.manage")


# -- own preferences -----------------------------------------------------------


@require_POST
def preferences(request: HttpRequest) -> HttpResponse:
    """Theme and language: kept with the person, and in cookies for the sign-in page."""
    form = PreferencesForm(request.POST)
    form.is_valid()
    chosen = form.chosen()
    if isinstance(request.user, Person):
        people_commands.set_preferences(by=request.user, **chosen)
    response = redirect(safe_next(request))
    if "theme" in chosen:
        _set_cookie(response, THEME_COOKIE, chosen["theme"])
    if chosen.get("language"):
        _set_cookie(response, settings.LANGUAGE_COOKIE_NAME, chosen["language"])
    return response


def _set_cookie(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(
        name, value, max_age=YEAR, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
    )


# -- what the lists share ------------------------------------------------------


def _units(request: HttpRequest, permission: str) -> QuerySet[Unit]:
    return Unit.objects.for_user(request.user, permission)


def _form_status(form: Any) -> int:
    return 422 if form is not None and form.is_bound and form.errors else 200
