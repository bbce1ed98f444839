"""HQ pages of the themes of months."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from incentives import scheme_words, schemes, themes, words
from incentives.models import Theme, ThemeResult
from incentives.points_choices import ThemeState
from incentives.theme_forms import ThemeForm
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.lib.lists import keyset_page
from kosops.lib.periods import Month

VIEW = "points.view"
EDIT = "rewards.edit"

ACTS: dict[str, Callable[..., Theme]] = {
    "open": themes.open_theme,
    "close": themes.close_theme,
    "copy": themes.copy_theme,
}


@require_safe
@login_required
def theme_list(request: HttpRequest) -> HttpResponse:
    """The themes of a brand, the latest month first."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    context = {
        "themes": [
            (theme, words.month_name(theme.month), themes.last_day_of_figures(theme))
            for theme in themes.of_brand(brand)
        ],
        "may_edit": access.reach(request.user, EDIT).covers(brand),
    }
    return render(request, "incentives/themes.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def theme_add(request: HttpRequest) -> HttpResponse:
    """Add a theme as a draft."""
    brand = brands.required(request, EDIT)
    access.require(request.user, EDIT, brand)
    month = Month.of(timezone.localdate())
    form = ThemeForm(request.POST or None, initial={"month": str(month), "step_0": 0})
    if request.method == "POST" and form.is_valid():
        try:
            added = themes.add_theme(
                by=request.user,
                brand=brand,
                month=form.cleaned_data["month"],
                **form.fields_of_theme(),
            )
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            return redirect("incentives:theme", added.pk)
    status = 422 if form.is_bound else 200
    return render(request, "incentives/theme_add.html", {"form": form}, status=status)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def theme(request: HttpRequest, theme_id: int) -> HttpResponse:
    """One theme: what it says, how it stands or what it came to, and the proof."""
    access.require(request.user, VIEW)
    shown = _theme(request, theme_id, VIEW)
    form = ThemeForm(request.POST or None, theme=shown)
    if request.method == "POST":
        access.require(request.user, EDIT, shown.brand)
        if form.is_valid():
            try:
                themes.change_theme(by=request.user, theme=shown, **form.fields_of_theme())
            except DomainError as refusal:
                form.add_error(None, str(refusal))
            else:
                messages.success(request, _("Saved."))
                return redirect("incentives:theme", shown.pk)
    status = 422 if form.is_bound else 200
    return page_or_fragment(
        request,
        "incentives/theme.html",
        _context(request, shown, form),
        fragment="incentives/_theme_results.html",
        status=status,
    )


def _context(request: HttpRequest, shown: Theme, form: ThemeForm) -> dict[str, Any]:
    closed = shown.state == ThemeState.CLOSED
    rows = ThemeResult.objects.for_user(request.user, VIEW).filter(theme=shown)
    may_see = access.reach(request.user, VIEW).covers(shown.brand)
    counts = themes.counts_of(themes.standing(shown), themes.steps_of(shown)) if may_see else []
    return {
        "theme": shown,
        "month_name": words.month_name(shown.month),
        "last_day": themes.last_day_of_figures(shown),
        "ripe": timezone.now() >= themes.cutoff_of(shown),
        "closed": closed,
        "counts": counts,
        "total": sum(each.points for each in counts),
        "form": form,
        "may_edit": access.reach(request.user, EDIT).covers(shown.brand),
        "panel": None if closed else scheme_words.panel(shown, schemes.latest(shown)),
        "page": keyset_page(
            rows.select_related("post", "creator"),
            field="id",
            descending=False,
            cursor=request.GET.get("cursor", ""),
        ),
        "proof": themes.prove(shown) if closed and may_see and "prove" in request.GET else None,
        "untouched": closed and "prove" in request.GET and themes.untouched(shown),
    }


@require_POST
@login_required
def theme_act(request: HttpRequest, theme_id: int) -> HttpResponse:
    """Let a theme run, work it out, or copy it to the next month."""
    access.require(request.user, EDIT)
    shown = _theme(request, theme_id, EDIT)
    act = ACTS.get(request.POST.get("act", ""))
    if act is None:
        return redirect("incentives:theme", shown.pk)
    try:
        shown = act(by=request.user, theme=shown)
    except DomainError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("Done."))
    return redirect("incentives:theme", shown.pk)


def _theme(request: HttpRequest, theme_id: int, permission: str) -> Theme:
    found = Theme.objects.for_user(request.user, permission).select_related("brand", "closed_by")
    return get_object_or_404(found, pk=theme_id)
