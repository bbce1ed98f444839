"""HQ pages of recruitments: all of them, one in its making, its form and channels, its notices."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Count, Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts import access
from accounts.models import Unit
from integrations.sheets.writing import csv_lines
from kosops.lib.errors import DomainError
from kosops.ui.listing import address
from matrix import koc_figures, notices, programme, recruiting, scores
from matrix.models import Application, Recruitment, RecruitmentChannel, RecruitmentField
from matrix.recruiting import EDIT, VIEW
from matrix.recruiting_choices import RecruitmentState, Stage
from matrix.recruiting_forms import ChannelForm, QuestionForm, RecruitmentForm, WeightsForm

# A file holds more than anybody recruits at once; the rest comes with the next one.
MOST_NOTICES = 20_000


@dataclass(frozen=True, slots=True)
class Row:
    """A recruitment with its counts, within what the person sees."""

    recruitment: Recruitment
    applications: int
    waiting: int
    taken: int

    @property
    def ratio(self) -> str:
        return ratio_words(self.applications, self.recruitment.places)

    @property
    def href(self) -> str:
        return reverse("matrix:applications") + address({}, recruitment=self.recruitment.pk)


def ratio_words(applications: int, places: int) -> str:
    """``50.0``: how many applied for each place."""
    tenths = recruiting.ratio_tenths(applications, places)
    return f"{tenths // 10:,}.{tenths % 10}"


# -- all recruitments ----------------------------------------------------------


@require_safe
@login_required
def recruitments(request: HttpRequest) -> HttpResponse:
    """The programme in stages, and the recruitments; archived ones with ``all=1``."""
    access.require(request.user, VIEW)
    every = "all" in request.GET
    found = recruiting.visible_to(request.user).select_related("unit")
    if not every:
        found = found.exclude(state=RecruitmentState.ARCHIVED)
    rows = _rows(request, list(found.order_by("-opens_on", "-pk")[:200]))
    context = {
        "pipeline": programme.pipeline(request.user),
        "groups": koc_figures.groups(request.user)
        if access.reach(request.user, "matrix.view")
        else [],
        "rows": rows,
        "every": every,
        "may_add": bool(access.reach(request.user, EDIT)),
    }
    return render(request, "matrix/recruiting.html", context)


def _rows(request: HttpRequest, found: list[Recruitment]) -> list[Row]:
    waiting, taken = (Stage.APPLIED, Stage.SCREENING), (Stage.TRIAL, Stage.ACTIVE)
    counts = {
        row["recruitment"]: row
        for row in Application.objects.for_user(request.user, VIEW)
        .filter(recruitment__in=found)
        .order_by()
        .values("recruitment")
        .annotate(
            n=Count("pk"),
            waiting=Count("pk", filter=Q(stage__in=waiting)),
            taken=Count("pk", filter=Q(stage__in=taken)),
        )
    }
    none = {"n": 0, "waiting": 0, "taken": 0}
    return [
        Row(each, row["n"], row["waiting"], row["taken"])
        for each in found
        for row in [counts.get(each.pk, none)]
    ]


# -- one recruitment -----------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def recruitment_add(request: HttpRequest) -> HttpResponse:
    access.require(request.user, EDIT)
    form = RecruitmentForm(
        request.POST or None,
        units=_units(request),
        initial={"consent": _usual_consent()},
    )
    if request.method == "POST" and form.is_valid():
        try:
            added = recruiting.add_recruitment(by=request.user, **form.values())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("It is a draft. Add channels and questions, then open it."))
            return redirect("matrix:recruitment_form", added.pk)
    return _edit_page(request, form, None)


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def recruitment_edit(request: HttpRequest, recruitment_id: int) -> HttpResponse:
    found = _editable(request, recruitment_id)
    form = RecruitmentForm(request.POST or None, units=_units(request), instance=found)
    if request.method == "POST" and form.is_valid():
        try:
            recruiting.change_recruitment(by=request.user, recruitment=found, **form.values())
        except DomainError as refusal:
            form.add_error(None, str(refusal))
        else:
            messages.success(request, _("The recruitment is changed."))
            return redirect(_list_of(found))
    return _edit_page(request, form, _editable(request, recruitment_id))


def _edit_page(
    request: HttpRequest, form: RecruitmentForm, found: Recruitment | None
) -> HttpResponse:
    context = {"form": form, "recruitment": found, "back": _list_of(found) if found else ""}
    status = 422 if form.errors else 200
    return render(request, "matrix/recruitment_edit.html", context, status=status)


@require_POST
@login_required
def recruitment_state(request: HttpRequest, recruitment_id: int) -> HttpResponse:
    found = _editable(request, recruitment_id)
    try:
        recruiting.change_state(
            by=request.user, recruitment=found, state=request.POST.get("state", "")
        )
    except DomainError as refusal:
        messages.error(request, str(refusal))
    return redirect(_list_of(found))


@require_http_methods(["GET", "HEAD", "POST"])
@login_required
def recruitment_form(request: HttpRequest, recruitment_id: int) -> HttpResponse:
    """Channels with their links, own questions and weights; each card posts an ``act``."""
    if request.method != "POST":
        return _form_page(request, _visible(request, recruitment_id))
    found = _editable(request, recruitment_id)
    act = request.POST.get("act", "")
    form = _FORM_OF[act](request, found) if act in _FORM_OF else None
    if form is not None and not form.is_valid():
        return _form_page(request, found, {act: form}, status=422)
    try:
        said = _ACTS[act](request, found, form)
    except KeyError:
        messages.error(request, _("That cannot be done here."))
    except DomainError as refusal:
        if form is None:
            messages.error(request, str(refusal))
        else:
            form.add_error(None, str(refusal))
            return _form_page(request, found, {act: form}, status=422)
    else:
        messages.success(request, said)
    return redirect("matrix:recruitment_form", found.pk)


_FORM_OF: dict[str, Any] = {
    "channel": lambda request, found: ChannelForm(request.POST),
    "question": lambda request, found: QuestionForm(request.POST),
    "weights": lambda request, found: WeightsForm(request.POST, weights=found.weights),
}


def _add_channel(request: HttpRequest, found: Recruitment, form: Any) -> str:
    recruiting.add_channel(by=request.user, recruitment=found, **form.cleaned_data)
    return _("The channel has its own link now.")


def _switch_channel(request: HttpRequest, found: Recruitment, form: Any) -> str:
    channels = RecruitmentChannel.objects.for_user(request.user, EDIT).filter(recruitment=found)
    channel = get_object_or_404(channels, pk=_number(request, "channel"))
    changed = recruiting.switch_channel(by=request.user, channel=channel, active=not channel.active)
    return _("The link works again.") if changed.active else _("The link rests.")


def _add_question(request: HttpRequest, found: Recruitment, form: Any) -> str:
    values = form.cleaned_data | {"options": form.cleaned_data["options"].splitlines()}
    recruiting.add_field(by=request.user, recruitment=found, **values)
    return _("The question stands on the form.")


def _retire_question(request: HttpRequest, found: Recruitment, form: Any) -> str:
    questions = RecruitmentField.objects.for_user(request.user, EDIT).filter(recruitment=found)
    question = get_object_or_404(questions, pk=_number(request, "question"))
    recruiting.retire_field(by=request.user, field=question)
    return _("The question is not asked any more; answers stay.")


def _set_weights(request: HttpRequest, found: Recruitment, form: Any) -> str:
    changed = recruiting.set_weights(by=request.user, recruitment=found, weights=form.cleaned_data)
    scores.score_recruitment(by=request.user, recruitment=changed)
    return _("The weights hold, and all scores are worked out anew.")


def _score_again(request: HttpRequest, found: Recruitment, form: Any) -> str:
    scores.score_recruitment(by=request.user, recruitment=found)
    return _("All scores are worked out anew, with the orders of today.")


_ACTS: dict[str, Any] = {
    "channel": _add_channel,
    "switch": _switch_channel,
    "question": _add_question,
    "retire": _retire_question,
    "weights": _set_weights,
    "score": _score_again,
}


def _form_page(
    request: HttpRequest,
    found: Recruitment,
    forms: dict[str, Any] | None = None,
    *,
    status: int = 200,
) -> HttpResponse:
    forms = forms or {}
    may_edit = access.reach(request.user, EDIT).covers(found.unit)
    channels = found.channels.annotate(n=Count("applications")).order_by("pk")
    context = {
        "recruitment": found,
        "back": _list_of(found),
        "may_edit": may_edit and found.state != RecruitmentState.ARCHIVED,
        "channels": [
            (
                channel,
                request.build_absolute_uri(reverse("matrix:apply", args=[channel.token])),
                _list_of(found, channel=channel.pk),
            )
            for channel in channels
        ],
        "questions": recruiting.questions_of(found),
        "channel_form": forms.get("channel") or ChannelForm(),
        "question_form": forms.get("question") or QuestionForm(),
        "weights_form": forms.get("weights") or WeightsForm(weights=found.weights),
        "consent": recruiting.consent_of(found),
    }
    return render(request, "matrix/recruitment_form.html", context, status=status)


# -- notices -------------------------------------------------------------------


@require_POST
@login_required
def recruitment_notices(request: HttpRequest, recruitment_id: int) -> HttpResponse:
    """Notices that nobody has taken out yet, as a file for the SCRM that sends them.

    Phone numbers in full need ``phones`` and are a row of the log of their own.
    """
    found = _editable(request, recruitment_id)
    theirs = Application.objects.for_user(request.user, EDIT).filter(recruitment=found)
    full = "phones" in request.POST
    table, count = notices.take_file(
        by=request.user,
        recruitment=found,
        applications=theirs,
        full_phones=full,
        origin=request.build_absolute_uri("/").rstrip("/"),
        most=MOST_NOTICES,
    )
    if not count:
        messages.info(request, _("Everybody has been told: there is nothing new to send."))
        return redirect(_list_of(found))
    response = HttpResponse(b"".join(csv_lines(table)), content_type="text/csv; charset=utf-8")
    name = f"notices-{found.pk}-{timezone.localdate().isoformat()}.csv"
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


# -- private -------------------------------------------------------------------


def _units(request: HttpRequest) -> QuerySet[Any]:
    return Unit.objects.for_user(request.user, EDIT).filter(active=True).order_by("path")


def _visible(request: HttpRequest, recruitment_id: int) -> Recruitment:
    access.require(request.user, VIEW)
    rows = recruiting.visible_to(request.user).select_related("unit", "brand")
    return get_object_or_404(rows, pk=recruitment_id)


def _editable(request: HttpRequest, recruitment_id: int) -> Recruitment:
    """404 for one that the person may not see, 403 for one that they may only see."""
    found = _visible(request, recruitment_id)
    if not access.reach(request.user, EDIT).covers(found.unit):
        raise PermissionDenied(EDIT)
    return found


def _list_of(found: Recruitment, **more: Any) -> str:
    return reverse("matrix:applications") + address({}, recruitment=found.pk, **more)


def _number(request: HttpRequest, name: str) -> int:
    text = request.POST.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else 0


def _usual_consent() -> str:
    return _(
        "We use what you write here to choose participants, to send you the product and to tell you"
        " our decision. Colleagues who run the programme see it. We delete it one year after the"
        " decision, or at once if you withdraw. You can withdraw at any time on your page."
    )
