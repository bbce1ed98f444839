"""Public pages of recruiting: the form behind a channel's link, and the applicant's private page.

Nobody signs in here. The form's link names a channel, the private page's link carries 128 random
bits; neither page is kept by a cache or named to another site.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.cache import patch_cache_control
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from kosops.guesses import held_off
from kosops.lib.errors import DomainError
from matrix import applications, form_guard, notices, trials
from matrix.apply_forms import TRAP, AddressForm, ApplyForm, HandInForm, unknown_field
from matrix.models import Application, RecruitmentChannel
from matrix.recruiting import consent_of, questions_of
from matrix.recruiting_choices import Stage, TrialState

# Shown on the private page, the latest first.
NOTICES_SHOWN = 20


def not_kept(view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
    """No cache keeps the page, no search engine lists it, and its address goes to nobody."""

    @wraps(view)
    def answer(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        response = view(request, *args, **kwargs)
        patch_cache_control(response, private=True, no_store=True)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Referrer-Policy"] = "same-origin"
        return response

    return answer


# -- the form ------------------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@not_kept
@held_off("apply")
def apply_form(request: HttpRequest, token: str) -> HttpResponse:
    """What the recruitment is, and the form; 404 for a link that was never given out."""
    channel = applications.open_channel(token)
    if channel is None:
        raise Http404
    if not applications.takes_applications(channel, timezone.localdate()):
        return _page(request, channel, status=410 if request.method == "POST" else 200)
    if request.method != "POST":
        return _page(request, channel, form=_form(channel))
    try:
        return _take(request, channel)
    except DomainError as refusal:
        return _page(request, channel, refusal=refusal, form=_form(channel, request.POST))


def _take(request: HttpRequest, channel: RecruitmentChannel) -> HttpResponse:
    now = timezone.now()
    suspicious = form_guard.unusual(
        address=request.META.get("REMOTE_ADDR", ""), recruitment_id=channel.recruitment_id, now=now
    )
    form = _form(channel, request.POST)
    if names := form.unknown(request.POST):
        raise unknown_field(names)
    stamp = form_guard.read_stamp(request.POST.get("stamp", ""))
    age = stamp.age(now)
    suspicious |= bool(request.POST.get(TRAP)) or age is None or age < form_guard.FASTEST
    if age is not None and age > form_guard.LONGEST:
        suspicious = True
    is_valid = form.is_valid()
    if suspicious and not (is_valid and _has_answered(request)):
        return _page(request, channel, form=form, ask=True, status=422)
    if not is_valid:
        return _page(request, channel, form=form, status=422)
    sent = applications.apply(
        channel=channel,
        filled=form.filled(),
        form_key=stamp.key or form_guard.read_stamp(form_guard.new_stamp()).key,
        language=get_language() or "zh-hans",
    )
    return redirect(f"{reverse('matrix:apply_status', args=[sent])}?new=1")


def _has_answered(request: HttpRequest) -> bool:
    return form_guard.answered(request.POST.get("question", ""), request.POST.get("answer", ""))


def _form(channel: RecruitmentChannel, data: Any = None) -> ApplyForm:
    recruitment = channel.recruitment
    return ApplyForm(data, recruitment=recruitment, questions=questions_of(recruitment))


def _page(
    request: HttpRequest,
    channel: RecruitmentChannel,
    *,
    form: ApplyForm | None = None,
    refusal: DomainError | None = None,
    ask: bool = False,
    status: int = 200,
) -> HttpResponse:
    recruitment = channel.recruitment
    stamp = form_guard.read_stamp(request.POST.get("stamp", ""))
    # The same form again keeps its stamp, so that it is taken once; a doubtful one gets a new one.
    age = stamp.age(timezone.now())
    keeps = age is not None and form_guard.FASTEST <= age <= form_guard.LONGEST and not refusal
    context = {
        "recruitment": recruitment,
        "brand": recruitment.brand,
        "form": form,
        "consent": consent_of(recruitment),
        "refusal": refusal,
        "question": form_guard.new_question() if ask else None,
        "wrong_answer": ask and "answer" in request.POST,
        "stamp": request.POST["stamp"] if keeps else form_guard.new_stamp(),
        "trap": TRAP,
        "today": timezone.localdate(),
    }
    code = refusal.status if refusal else status
    return render(request, "matrix/apply.html", context, status=code)


# -- the private page ----------------------------------------------------------


@require_http_methods(["GET", "HEAD", "POST"])
@not_kept
@held_off("apply_status")
def apply_status(request: HttpRequest, token: str) -> HttpResponse:
    """Where the application stands, what was said, and what its owner can do now."""
    application = applications.by_status_token(token)
    if application is None:
        raise Http404
    if request.method == "POST":
        return _act(request, application, token)
    return _status_page(request, application)


def _act(request: HttpRequest, application: Application, token: str) -> HttpResponse:
    act = request.POST.get("act", "")
    form = _FORMS[act](request.POST) if act in _FORMS else None
    if form is not None and not form.is_valid():
        return _status_page(request, application, form=form, status=422)
    try:
        _do(act, application, form)
    except DomainError as refusal:
        return _status_page(request, application, refusal=refusal, form=form)
    return redirect("matrix:apply_status", token)


_FORMS: dict[str, type[AddressForm] | type[HandInForm]] = {
    "address": AddressForm,
    "hand_in": HandInForm,
}


def _do(act: str, application: Application, form: Any) -> None:
    trial = getattr(application, "trial", None)
    today = timezone.localdate()
    if act == "withdraw":
        applications.withdraw(application=application)
    elif trial is None:
        raise DomainError("unknown_act", _("That cannot be done here."), status=400)
    elif act == "address":
        trials.give_address(by=None, trial=trial, address=form.address())
    elif act == "received":
        trials.receive(by=None, trial=trial, on=today)
    elif act == "hand_in":
        trials.hand_in(by=None, trial=trial, link=form.cleaned_data["link"], on=today)
    else:
        raise DomainError("unknown_act", _("That cannot be done here."), status=400)


def _status_page(
    request: HttpRequest,
    application: Application,
    *,
    form: Any = None,
    refusal: DomainError | None = None,
    status: int = 200,
) -> HttpResponse:
    trial = getattr(application, "trial", None) if application.stage == Stage.TRIAL else None
    today = timezone.localdate()
    wants = (
        {
            TrialState.INVITED: AddressForm,
            TrialState.TO_SEND: None,
            TrialState.RECEIVED: HandInForm,
            TrialState.HANDED_IN: HandInForm,
        }.get(TrialState(trial.state))
        if trial
        else None
    )
    known = {"link": trial.link} if trial else {}
    context = {
        "application": application,
        "recruitment": application.recruitment,
        "brand": application.recruitment.brand,
        "next": notices.next_step(application),
        "trial": trial,
        "overdue": bool(trial) and trials.is_overdue(trial, today),
        "form": form or (wants(initial=known) if wants else None),
        "notices": application.notices.order_by("-at", "-pk")[:NOTICES_SHOWN],
        "may_withdraw": application.stage in applications.WITHDRAW_FROM,
        "refusal": refusal,
        "new": "new" in request.GET,
        "address": request.build_absolute_uri(request.path),
    }
    code = refusal.status if refusal else status
    return render(request, "matrix/apply_status.html", context, status=code)
