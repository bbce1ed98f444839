"""HQ pages of links of posts: add one of a store’s account, and those that nobody recognised yet."""

from __future__ import annotations

import uuid
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from content import submissions
from content.choices import LinkState
from content.filters import LinkFilter
from content.forms import LinkForm, LinkToPostForm, RefuseForm
from content.models import PostLink
from content.store_posts import is_store_account
from kosops.lib.errors import DomainError
from kosops.ui.listing import count_up_to, list_response
from matrix.choices import Domain
from matrix.filters import unit_choices
from matrix.models import SocialAccount

VIEW = "posts.view"
EDIT = "posts.edit"
# Somebody who posted more in two weeks is looked up in the list of posts.
CANDIDATES_SHOWN = 30


@require_safe
@login_required
def link_list(request: HttpRequest) -> HttpResponse:
    """Links without a post, those that have waited longest first."""
    access.require(request.user, VIEW)
    waiting = PostLink.objects.for_user(request.user, VIEW).filter(state=LinkState.WAITING)
    found = LinkFilter(request.GET, queryset=waiting, request=request)
    rows = found.rows()
    page = found.page(rows.select_related("creator", "account", "store"))
    now = timezone.now()
    context = {
        "page": page,
        "rows": [(each, (now - each.received_at).days) for each in page.rows],
        "count": partial(count_up_to, rows),
        "units": partial(unit_choices, request, VIEW, found.active.get("unit")),
    }
    return list_response(
        request, found, context, template="content/links.html", fragment="content/_links.html"
    )


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def link_add(request: HttpRequest, pk: int) -> HttpResponse:
    """Add the link of a post on an account that belongs to a store or to the brand."""
    access.require(request.user, EDIT)
    theirs = SocialAccount.objects.for_user(request.user, EDIT).filter(
        creator=None, domain=Domain.PUBLIC
    )
    account = get_object_or_404(theirs.select_related("unit"), pk=pk)
    form = LinkForm(request.POST or None)
    form.fields["text"].required = True
    form.fields["location"].required = is_store_account(account)
    form.fields["location"].error_messages["required"] = str(submissions.LOCATION_NEEDED)
    if request.method == "POST" and form.is_valid():
        given = form.cleaned_data
        try:
            added = submissions.add_link(
                by=request.user,
                creator=None,
                account=account,
                text=given["text"],
                location=given["location"],
                client_key=form.key(),
            )
        except DomainError as refusal:
            field = "location" if refusal.code == "location_needed" else "text"
            form.add_error(field, str(refusal))
        else:
            if added.post_id:
                messages.success(request, _("The link is added, and the post is known."))
                return redirect("content:post", added.post_id)
            messages.success(request, _("The link is added. It waits for the figures of its post."))
            return redirect("content:links")
    form.initial = {"client_key": uuid.uuid4()}
    context = {"form": form, "account": account, "of_store": is_store_account(account)}
    status = 422 if form.errors else 200
    return render(request, "content/link_add.html", context, status=status)


@require_safe
@login_required
def link(request: HttpRequest, pk: int) -> HttpResponse:
    """One link: who added it, and the posts that it may mean."""
    access.require(request.user, VIEW)
    return _answer(request, _link(request, pk, VIEW))


@require_POST
@login_required
def link_to_post(request: HttpRequest, pk: int) -> HttpResponse:
    access.require(request.user, EDIT)
    found = _link(request, pk, EDIT)
    form = LinkToPostForm(request.POST, candidates=submissions.candidates_for(found))
    if not form.is_valid():
        return _answer(request, found, choose=form, status=422)
    try:
        submissions.link_to_post(by=request.user, link=found, post=form.cleaned_data["post"])
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _answer(request, found, choose=form, status=422)
    messages.success(request, _("The link is linked to its post."))
    return redirect("content:links")


@require_POST
@login_required
def refuse(request: HttpRequest, pk: int) -> HttpResponse:
    access.require(request.user, EDIT)
    found = _link(request, pk, EDIT)
    form = RefuseForm(request.POST)
    if not form.is_valid():
        return _answer(request, found, refuse=form, status=422)
    try:
        submissions.refuse_link(by=request.user, link=found, **form.cleaned_data)
    except DomainError as refusal:
        form.add_error(None, str(refusal))
        return _answer(request, found, refuse=form, status=422)
    messages.success(request, _("The link is refused; the creator sees the reason."))
    return redirect("content:links")


# -- private -------------------------------------------------------------------


def _link(request: HttpRequest, pk: int, permission: str) -> PostLink:
    found = PostLink.objects.for_user(request.user, permission)
    return get_object_or_404(
        found.select_related("creator", "account", "store", "post", "decided_by"), pk=pk
    )


def _answer(
    request: HttpRequest,
    found: PostLink,
    *,
    choose: Any = None,
    refuse: Any = None,
    status: int = 200,
) -> HttpResponse:
    waits = found.state == LinkState.WAITING
    candidates = submissions.candidates_for(found)
    context = {
        "link": found,
        "waits": waits,
        "may_edit": access.reach(request.user, EDIT).covers(found.store),
        "may_see_people": bool(access.reach(request.user, "matrix.view")),
        "candidates": list(candidates[:CANDIDATES_SHOWN]) if waits else [],
        "choose": choose or LinkToPostForm(candidates=candidates),
        "refuse": refuse or RefuseForm(),
    }
    return render(request, "content/link.html", context, status=status)
