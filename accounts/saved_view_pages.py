"""The views of a list: a page, and the dialog that the list opens it in."""

from __future__ import annotations

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import brands, saved_views
from accounts.models import SavedView
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.ui import bulk, navigation
from kosops.ui.navigation import NavItem


@require_safe
@login_required
def views(request: HttpRequest) -> HttpResponse:
    """The views of the list ``page``, and the form that keeps the list as ``query`` shows it.

    Without ``page`` the views of all lists.
    """
    if "page" not in request.GET:
        return _all_views(request)
    item, url = _list(request, request.GET["page"])
    query = saved_views.cleaned(request.GET.get("query", "").removeprefix("?"))
    context = {
        "item": item,
        "url": url,
        "query": query,
        "views": saved_views.visible(request.user).filter(page=item.url_name),
        "brand": brands.current(request, saved_views.SEEN_WITH),
    }
    return page_or_fragment(
        request, "accounts/views.html", context, fragment="accounts/_views.html"
    )


def _all_views(request: HttpRequest) -> HttpResponse:
    kept: dict[str, list[SavedView]] = {}
    for view in saved_views.visible(request.user):
        kept.setdefault(view.page, []).append(view)
    lists = [
        (item, url, kept[item.url_name])
        for item, url in navigation.pages_for(request.user)
        if item.url_name in kept
    ]
    return render(request, "accounts/all_views.html", {"lists": lists})


@require_POST
@login_required
def view_save(request: HttpRequest) -> HttpResponse:
    """Keep the list as it stands, and go back to it."""
    item, url = _list(request, request.POST.get("page", ""))
    query = saved_views.cleaned(request.POST.get("query", ""))
    shared = "shared" in request.POST
    try:
        view = saved_views.save_view(
            by=request.user,
            page=item.url_name,
            name=request.POST.get("name", ""),
            query=query,
            shared_with=brands.current(request, saved_views.SEEN_WITH) if shared else None,
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The view “%(name)s” was saved.") % {"name": view.name})
    return redirect(f"{url}?{query}" if query else url)


@require_POST
@login_required
def view_remove(request: HttpRequest, view_id: int) -> HttpResponse:
    """Take one of one's own views away."""
    view = get_object_or_404(SavedView, pk=view_id, person=request.user)
    _item, url = _list(request, view.page)
    saved_views.remove_view(by=request.user, view=view)
    kept = [("page", view.page), ("name", view.name), ("query", view.query)]
    bulk.done(
        request,
        _("The view “%(name)s” was removed.") % {"name": view.name},
        undo=reverse("accounts:view_save"),
        fields=[*kept, ("shared", "on")] if view.shared_with_id else kept,
    )
    return redirect(url)


def _list(request: HttpRequest, name: str) -> tuple[NavItem, str]:
    found = saved_views.page_of(request.user, name)
    if found is None:
        raise Http404
    return found
