"""HQ pages of the communities: the list, one with its members, opening and changing."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.models import Unit
from kosops.lib.errors import DomainError
from kosops.lib.htmx import address_of
from kosops.ui import formats
from kosops.ui.listing import address, count_up_to, list_response
from kosops.ui.parts import Kpi
from matrix import colleagues, communities, posting, tier_steps
from matrix.community_filters import CommunityFilter, MemberFilter
from matrix.community_forms import CommunityForm, MemberForm
from matrix.definitions import MATRIX
from matrix.filters import unit_choices
from matrix.models import Community, CommunityMember, Creator
from matrix.pages import Slot
from matrix.posting import Posting

VIEW = "matrix.view"
EDIT = "matrix.edit"


@require_safe
@login_required
def community_list(request: HttpRequest) -> HttpResponse:
    """All communities with their members and what those post."""
    access.require(request.user, VIEW)
    found = CommunityFilter(
        request.GET, queryset=Community.objects.for_user(request.user, VIEW), request=request
    )
    rows = found.rows()
    page = found.page(found.ordered(rows).select_related("unit", "host"))
    known = posting.of_communities([row.pk for row in page.rows], timezone.now())
    context = {
        "page": page,
        "rows": [(row, known.get(row.pk, posting.NOTHING)) for row in page.rows],
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
        "may_edit": bool(access.reach(request.user, EDIT)),
    }
    return list_response(
        request,
        found,
        context,
        template="matrix/communities.html",
        fragment="matrix/_communities.html",
    )


@dataclass(slots=True)
class MemberRow:
    member: CommunityMember
    posting: Posting

    @property
    def tier(self) -> tuple[Any, int]:
        code = self.member.creator.tier
        return tier_steps.label(code, self.member.creator), tier_steps.level(code)


@require_safe
@login_required
def community(request: HttpRequest, pk: int) -> HttpResponse:
    """One community: what it is for, its figures and its members."""
    shown = _community(request, pk, VIEW)
    members = CommunityMember.objects.for_user(request.user, VIEW)
    found = MemberFilter(
        request.GET, queryset=members.filter(community=shown, until=None), request=request
    )
    rows = found.rows()
    page = found.page(rows.select_related("creator__store"))
    now = timezone.now()
    of_member = posting.of_creators([row.creator_id for row in page.rows], now)
    posts = address_of("content:community_posts", shown.pk)
    context = {
        "community": shown,
        "page": page,
        "rows": [
            MemberRow(row, of_member.get(row.creator_id, posting.NOTHING)) for row in page.rows
        ],
        "count": partial(count_up_to, rows),
        "figures": _figures(shown, now),
        "may_edit": shown.is_open and access.reach(request.user, EDIT).covers(shown.unit),
        "member_form": MemberForm(),
        "slot": Slot(_("Best posts in 30 days"), posts, wide=True)
        if posts and access.reach(request.user, "posts.view")
        else None,
    }
    return list_response(
        request, found, context, template="matrix/community.html", fragment="matrix/_members.html"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def community_add(request: HttpRequest) -> HttpResponse:
    """Open a community."""
    access.require(request.user, EDIT)
    form = CommunityForm(request.POST or None, units=Unit.objects.for_user(request.user, EDIT))
    if request.method == "POST" and form.is_valid():
        try:
            host = colleagues.named(request.user, EDIT, form.cleaned_data.pop("host"))
            added = communities.open_community(
                by=request.user, host=host, opened_on=timezone.localdate(), **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_error(_field(refusal), str(refusal))
        else:
            messages.success(request, _("%(name)s is open.") % {"name": added.name})
            return redirect("matrix:community", added.pk)
    return _form(request, form)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def community_change(request: HttpRequest, pk: int) -> HttpResponse:
    """Change what is said of a community."""
    shown = _community(request, pk, EDIT)
    form = CommunityForm(
        request.POST or None,
        initial={
            "name": shown.name,
            "kind": shown.kind,
            "for_whom": shown.for_whom,
            "host": shown.host.username,
            "topic": shown.topic,
        },
    )
    if request.method == "POST" and form.is_valid():
        try:
            host = colleagues.named(request.user, EDIT, form.cleaned_data.pop("host"))
            communities.change_community(
                by=request.user, community=shown, host=host, **form.cleaned_data
            )
        except DomainError as refusal:
            form.add_error(_field(refusal), str(refusal))
        else:
            messages.success(request, _("The community is saved."))
            return redirect("matrix:community", shown.pk)
    return _form(request, form, shown)


@require_POST
@login_required
def community_close(request: HttpRequest, pk: int) -> HttpResponse:
    """Close a community; all who are in it leave it."""
    shown = _community(request, pk, EDIT)
    try:
        communities.close_community(by=request.user, community=shown, on=timezone.localdate())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s is closed.") % {"name": shown.name})
    return redirect("matrix:community", shown.pk)


@require_POST
@login_required
def member_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Put the creator with a number into the community."""
    shown = _community(request, pk, EDIT)
    number = request.POST.get("number", "").strip()
    people = Creator.objects.for_user(request.user, EDIT).filter(
        brand=shown.brand_id, number=number
    )
    try:
        # A KOS and a KOC may have the same number; then the list of creators tells them apart.
        one = people.get() if len(people) == 1 else None
        if one is None:
            raise DomainError(
                "unknown_creator",
                _("There is no one creator with the number %(number)s here."),
                number=number[:40],
            )
        member = communities.add_member(
            by=request.user, community=shown, creator=one, since=timezone.localdate()
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("%(name)s is in the community.") % {"name": member.creator.name}
        )
    return redirect("matrix:community", shown.pk)


@require_POST
@login_required
def member_remove(request: HttpRequest, pk: int) -> HttpResponse:
    """Take a member out of the community."""
    access.require(request.user, EDIT)
    members = CommunityMember.objects.for_user(request.user, EDIT)
    member = get_object_or_404(members.select_related("creator"), pk=pk)
    try:
        communities.remove_member(by=request.user, member=member, until=timezone.localdate())
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("%(name)s is no longer in it.") % {"name": member.creator.name})
    return redirect("matrix:community", member.community_id)


# -- private -------------------------------------------------------------------


def _community(request: HttpRequest, pk: int, permission: str) -> Community:
    access.require(request.user, permission)
    found = communities.with_members(Community.objects.for_user(request.user, permission))
    return get_object_or_404(found.select_related("unit", "host"), pk=pk)


def _field(refusal: DomainError) -> str | None:
    if refusal.code.endswith("colleague") or refusal.code.endswith("colleagues"):
        return "host"
    return refusal.params.get("field")


def _form(
    request: HttpRequest, form: CommunityForm, shown: Community | None = None
) -> HttpResponse:
    context = {
        "form": form,
        "community": shown,
        "colleagues": colleagues.suggested(request.user, EDIT),
    }
    status = 422 if request.method == "POST" else 200
    return render(request, "matrix/community_form.html", context, status=status)


def _figures(shown: Community, now: Any) -> list[Kpi]:
    known = posting.of_communities([shown.pk], now).get(shown.pk, posting.NOTHING)
    posts = address_of("content:posts")
    since = timezone.localdate(posting.recent(now))
    return [
        Kpi(
            label=_("Members"),
            value=formats.number(shown.member_count),
            help=MATRIX["community_members"],
        ),
        Kpi(
            label=_("Posts in 30 days"),
            value=formats.number(known.posts),
            help=MATRIX["community_posts"],
            href=posts + address({}, community=shown.pk, since=since) if posts else "",
        ),
        Kpi(
            label=_("Best interactions"),
            value=None if known.best is None else formats.number(known.best),
            note=_("of one post"),
            help=MATRIX["community_best"],
        ),
        Kpi(
            label=_("Last post"),
            value=formats.day(timezone.localdate(known.last_at), get_language())
            if known.last_at
            else _("None"),
            help=MATRIX["last_post"],
        ),
    ]
