"""HQ pages of the check of schemes: all that run with their result, and one scheme's check."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access, brands
from incentives import scheme_words, schemes
from incentives.models import SchemeCheck
from incentives.scheme_choices import Outcome, SchemeKind
from incentives.scheme_filters import SchemeFilter
from incentives.scheme_forms import StatedForm
from kosops.ui.listing import count_up_to, list_response

VIEW = "rewards.view"
EDIT = "rewards.edit"
APPROVE = "rewards.approve"

PAGES = {
    SchemeKind.THEME: "incentives:theme",
    SchemeKind.RACE: "incentives:race",
    SchemeKind.REWARD: "incentives:catalogue_item",
}


@require_safe
@login_required
def scheme_list(request: HttpRequest) -> HttpResponse:
    """Every scheme that runs, and what the rules said about it."""
    access.require(request.user, VIEW)
    brand = brands.required(request, VIEW)
    visible = SchemeCheck.objects.for_user(request.user, VIEW).filter(brand=brand)
    found = SchemeFilter(request.GET, queryset=schemes.latest_of_brand(visible), request=request)
    rows = found.rows()
    page = found.page(rows)
    context = {
        "page": page,
        "rows": [
            (
                each,
                scheme_words.TONES[Outcome(each.outcome)],
                scheme_words.findings_sentence(each),
                each.scheme.pk,
            )
            for each in page.rows
        ],
        "count": partial(count_up_to, rows),
        "open": schemes.count_unchecked(brand, timezone.localdate()),
        "may_check": _may(request, brand),
    }
    return list_response(
        request,
        found,
        context,
        template="incentives/schemes.html",
        fragment="incentives/_schemes.html",
    )


@require_POST
@login_required
def schemes_check(request: HttpRequest) -> HttpResponse:
    """Check what runs and was not checked by the rules of today."""
    brand = brands.required(request, EDIT)
    access.require(request.user, EDIT, brand)
    count = schemes.check_running(by=request.user, brand=brand, today=timezone.localdate())
    text = ngettext("%(n)s scheme was checked.", "%(n)s schemes were checked.", count)
    messages.success(request, text % {"n": count})
    return redirect("incentives:schemes")


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def scheme(request: HttpRequest, kind: str, scheme_id: int) -> HttpResponse:
    """One scheme: what it says of itself, what people say about it, what the rules find."""
    access.require(request.user, VIEW)
    shown = _scheme(request, kind, scheme_id)
    may_check = _may(request, shown.brand)
    before = schemes.latest(shown)
    form = StatedForm(request.POST or None, initial=StatedForm.of(schemes.stated_of(before)))
    if request.method == "POST":
        if not may_check:
            access.require(request.user, EDIT, shown.brand)
        if form.is_valid():
            made = schemes.check(
                by=request.user,
                scheme=shown,
                stated=form.stated(),
                accepted=request.POST.getlist("accepted"),
            )
            _say(request, made)
            return redirect("incentives:scheme", kind, shown.pk)
    basis, pays, prize = scheme_words.facts_in_words(schemes.facts_of(shown))
    panel = scheme_words.panel(shown, before)
    context = {
        "scheme": shown,
        "kind_name": SchemeKind(kind).label,
        "above": _page_of(kind, shown),
        "basis": basis,
        "pays": pays,
        "prize": prize,
        "panel": panel,
        "warned": [each for each in panel.findings if each.severity == "warn"],
        "history": shown.checks.select_related("checked_by", "accepted_by").order_by("-pk")[:20],
        "form": form,
        "may_check": may_check,
    }
    status = 422 if form.is_bound else 200
    return render(request, "incentives/scheme.html", context, status=status)


# -- private -------------------------------------------------------------------


def _scheme(request: HttpRequest, kind: str, scheme_id: int) -> schemes.Scheme:
    if kind not in schemes.MODELS:
        raise Http404
    rows = schemes.MODELS[kind].objects.for_user(request.user, VIEW)
    return get_object_or_404(rows.select_related("brand"), pk=scheme_id)


def _may(request: HttpRequest, brand: object) -> bool:
    return any(access.reach(request.user, each).covers(brand) for each in (EDIT, APPROVE))


def _page_of(kind: str, shown: schemes.Scheme) -> str:
    """Where the scheme itself is set up."""
    if kind in PAGES:
        return reverse(PAGES[SchemeKind(kind)], args=[shown.pk])
    return reverse("incentives:reward_rules" if kind == SchemeKind.RULE else "incentives:standings")


def _say(request: HttpRequest, made: SchemeCheck) -> None:
    if made.outcome == Outcome.STOPPED:
        messages.error(request, _("Checked: this is not allowed. See what to change."))
    elif made.outcome == Outcome.WARNED:
        messages.warning(request, _("Checked: accept the warnings, or change the scheme."))
    else:
        messages.success(request, _("Checked: it may run."))
