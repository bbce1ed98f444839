"""HQ pages of applications: the pipeline with its ranked list, and one application."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from accounts import access, activity
from accounts import people as people_commands
from accounts.choices import Role
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from kosops.lib.htmx import page_or_fragment
from kosops.ui import formats
from kosops.ui.listing import address, count_up_to, list_response
from kosops.ui.parts import Kpi
from matrix import (
    applications,
    filters,
    recruiting,
    recruiting_bulk,
    recruiting_forms,
    recruiting_words,
    trials,
)
from matrix.definitions import RECRUITING
from matrix.models import Application, ApplicationAccount, Recruitment, Trial
from matrix.recruiting import EDIT, MARK, VIEW
from matrix.recruiting_choices import Stage, TrialState
from matrix.recruiting_filters import ApplicationFilter
from matrix.recruiting_pages import ratio_words

MANAGE = "people.manage"
HISTORY_SHOWN = 20


# -- the pipeline --------------------------------------------------------------


@dataclass(slots=True)
class Line:
    """One row of the list."""

    application: Application

    @property
    def flags(self) -> list[tuple[str, str, str]]:
        return recruiting_words.flags_of(self.application)

    @property
    def accounts(self) -> list[ApplicationAccount]:
        return list(self.application.accounts.all())

    @property
    def followers(self) -> int | None:
        return self.application.facts.get("followers")

    @property
    def mark(self) -> float | None:
        return self.application.facts.get("quality")

    @property
    def orders(self) -> int | None:
        return self.application.facts.get("frequency")

    @property
    def trial_overdue(self) -> bool:
        trial = getattr(self.application, "trial", None)
        return bool(trial) and trials.is_overdue(trial, timezone.localdate())


@require_safe
@login_required
def application_list(request: HttpRequest) -> HttpResponse:
    """The stages with their counts, and the applications ranked; of one recruitment or of all."""
    access.require(request.user, VIEW)
    theirs = Application.objects.for_user(request.user, VIEW)
    found = ApplicationFilter(request.GET, queryset=theirs, request=request)
    recruitment = found.active.get("recruitment")
    rows = found.rows()
    page = found.page(
        found.ordered(rows)
        .select_related("unit", "channel", "trial", "recruitment")
        .prefetch_related("accounts")
    )
    within = theirs.filter(recruitment=recruitment) if recruitment else theirs
    context = {
        "page": page,
        "rows": [Line(each) for each in page.rows],
        "bulk": recruiting_bulk.of_applications(request.user),
        "count": partial(count_up_to, rows),
        "units": partial(filters.unit_choices, request, VIEW, found.active.get("unit")),
        "recruitment": recruitment,
        "overview": partial(_overview, request, found, within, recruitment),
        "may_edit": bool(recruitment) and access.reach(request.user, EDIT).covers(recruitment.unit),
        "next_states": sorted(recruiting.NEXT_STATES[recruitment.state]) if recruitment else [],
    }
    return list_response(
        request,
        found,
        context,
        template="matrix/applications.html",
        fragment="matrix/_applications.html",
    )


@dataclass(frozen=True, slots=True)
class Overview:
    stages: list[Kpi]
    figures: list[Kpi]
    free: int


def _overview(
    request: HttpRequest,
    found: ApplicationFilter,
    within: QuerySet[Application],
    recruitment: Recruitment | None,
) -> Overview:
    now = timezone.now()
    rows = {row["stage"]: row for row in recruiting.by_stage(within)}

    def figure(name: str, *stages: str) -> int:
        return sum(row[name] for stage, row in rows.items() if not stages or stage in stages)

    stages = [
        Kpi(
            label=stage.label,
            value=formats.number(figure("n", stage)),
            help=RECRUITING[f"stage_{stage.value}"],
            href=reverse("matrix:applications")
            + address(request.GET, stage=stage.value, cursor=None),
            selected=found.active.get("stage") == stage.value,
            note=_oldest(rows[stage]["oldest"], now)
            if stage in rows and stage in recruiting.OPEN_STAGES
            else "",
        )
        for stage in recruiting.STAGES
    ]
    taken = figure("n", Stage.TRIAL, Stage.ACTIVE)
    figures = _figures(request, recruitment, figure, taken)
    free = max(0, recruitment.places - taken) if recruitment else 0
    return Overview(stages, figures, free)


def _oldest(since: Any, now: Any) -> str:
    days = (now - since).days
    return (
        ngettext("oldest %(count)s day", "oldest %(count)s days", days)
        % {"count": formats.number(days)}
        if days
        else _("oldest of today")
    )


def _figures(
    request: HttpRequest, recruitment: Recruitment | None, figure: Any, taken: int
) -> list[Kpi]:
    found = []
    every = figure("n")
    if recruitment:
        found.append(
            Kpi(
                label=_("Applications for each place"),
                value=f"{ratio_words(every, recruitment.places)}×",
                help=RECRUITING["over_subscription"],
                note=_("%(applications)s for %(places)s places")
                % {
                    "applications": formats.number(every),
                    "places": formats.number(recruitment.places),
                },
            )
        )
        found.append(
            Kpi(
                label=_("Places taken"),
                value=formats.number(taken),
                help=RECRUITING["places_taken"],
                note=_("of %(places)s") % {"places": formats.number(recruitment.places)},
            )
        )
    noticed, told = figure("noticed"), figure("told")
    found.append(
        Kpi(
            label=_("Told"),
            value=formats.number(noticed),
            help=RECRUITING["told"],
            note=_("%(count)s by e-mail or file") % {"count": formats.number(told)},
        )
    )
    good, due = figure("good"), figure("due")
    found.append(
        Kpi(
            label=_("Trials fulfilled"),
            value=formats.percent_bp(formats.share_bp(good, due) or 0, 0) if due else "–",
            help=RECRUITING["fulfilment"],
            note=_("%(good)s of %(due)s that were due")
            % {"good": formats.number(good), "due": formats.number(due)},
        )
    )
    return found


# -- one application -----------------------------------------------------------


@require_safe
@login_required
def application(request: HttpRequest, application_id: int) -> HttpResponse:
    return _page(request, _application(request, application_id, VIEW))


@require_POST
@login_required
def application_reveal(request: HttpRequest, application_id: int) -> HttpResponse:
    """The same with name, phone and address in full; the look is logged."""
    found = _application(request, application_id, EDIT)
    activity.record(
        by=request.user, verb="application.contact_shown", object=found, unit=found.unit
    )
    return _page(request, found, revealed=True)


@require_POST
@login_required
def application_act(request: HttpRequest, application_id: int) -> HttpResponse:
    """Mark, score, decide, or lead the trial on; ``act`` says which."""
    name = request.POST.get("act", "")
    act = ACTS.get(name)
    found = _application(request, application_id, act.permission if act else VIEW)
    if act is None:
        messages.error(request, _("That cannot be done here."))
        return redirect("matrix:application", found.pk)
    form = act.form(request, found, request.POST) if act.form else None
    if form is not None and not form.is_valid():
        return _page(request, found, forms={name: form}, status=422)
    try:
        said = act.do(request, found, form.cleaned_data if form else {})
    except DomainError as refusal:
        if form is None:
            messages.error(request, str(refusal))
            return redirect("matrix:application", found.pk)
        form.add_error(None, str(refusal))
        return _page(request, found, forms={name: form}, status=422)
    if isinstance(said, HttpResponse):
        return said
    messages.success(request, said)
    return redirect("matrix:application", found.pk)


@dataclass(frozen=True, slots=True)
class Act:
    """Something that can be done with one application: who may, its form, the command."""

    permission: str
    do: Callable[[HttpRequest, Application, dict[str, Any]], Any]
    form: Callable[..., Any] | None = None


def _plain(kind: type) -> Callable[..., Any]:
    return lambda request, found, data=None: kind(data)


def _mark(request: HttpRequest, found: Application, said: dict[str, Any]) -> str:
    applications.mark(by=request.user, application=found, **said)
    return _("Your mark counts in the score.")


def _score(request: HttpRequest, found: Application, said: dict[str, Any]) -> str:
    applications.set_score(by=request.user, application=found, **said)
    if said["value"] is None:
        return _("The score is the one that was worked out.")
    return _("Your score stands in place of the one that was worked out.")


def _route(request: HttpRequest, found: Application, said: dict[str, Any]) -> str:
    applications.set_route(by=request.user, application=found, **said)
    return _("The route is changed.")


def _decide(stage: str, text: Any) -> Callable[..., str]:
    def do(request: HttpRequest, found: Application, said: dict[str, Any]) -> str:
        rows = Application.objects.for_user(request.user, EDIT).filter(pk=found.pk)
        moved = applications.decide(
            by=request.user, applications=rows, stage=stage, held_too=True, **said
        )
        if not moved:
            raise DomainError("wrong_stage", _("Meanwhile it was decided otherwise."))
        return str(text())

    return do


def _take_back(request: HttpRequest, found: Application, said: dict[str, Any]) -> str:
    rows = Application.objects.for_user(request.user, EDIT).filter(pk=found.pk)
    if not applications.take_back(by=request.user, applications=rows):
        raise DomainError("wrong_stage", _("That cannot be taken back any more."))
    return _("The decision is taken back, and the person told.")


def _of_trial(command: Any, text: Any) -> Callable[..., str]:
    def do(request: HttpRequest, found: Application, said: dict[str, Any]) -> str:
        trial = getattr(found, "trial", None)
        if trial is None:
            raise DomainError("wrong_stage", _("There is no trial yet."))
        command(by=request.user, trial=trial, **said)
        return str(text())

    return do


def _hand_in(*, by: Person, trial: Trial, link: str) -> None:
    trials.hand_in(by=by, trial=trial, link=link, on=timezone.localdate())


def _graduate(request: HttpRequest, found: Application, said: dict[str, Any]) -> Any:
    username = said.pop("username", "")
    with transaction.atomic():
        person = None
        if username:
            access.require(request.user, MANAGE, said["store"])
            person = people_commands.add_person(
                by=request.user,
                username=username,
                name=found.name,
                role=Role.KOC,
                unit=said["store"],
                language=found.language,
            )
        creator = trials.graduate(by=request.user, application=found, person=person, **said)
    if person is None:
        messages.success(request, _("Welcome: the person is in the programme now."))
        return redirect("matrix:creator", creator.pk)
    link = people_commands.make_password_link(by=request.user, person=person)
    context = {"person": person, "link": request.build_absolute_uri(link)}
    return render(request, "accounts/password_link.html", context)


def _graduate_form(request: HttpRequest, found: Application, data: Any = None) -> Any:
    stores = Unit.objects.for_user(request.user, EDIT).filter(
        path__startswith=found.recruitment.unit.path
    )
    with_sign_in = bool(access.reach(request.user, MANAGE))
    return recruiting_forms.GraduateForm(
        data, stores=stores, with_sign_in=with_sign_in, initial={"store": found.unit_id}
    )


ACTS: dict[str, Act] = {
    "mark": Act(MARK, _mark, _plain(recruiting_forms.MarkForm)),
    "score": Act(MARK, _score, _plain(recruiting_forms.ScoreForm)),
    "route": Act(MARK, _route, _plain(recruiting_forms.RouteForm)),
    "screen": Act(EDIT, _decide(Stage.SCREENING, lambda: _("It is in screening now."))),
    "invite": Act(EDIT, _decide(Stage.TRIAL, lambda: _("The person is invited."))),
    "decline": Act(
        EDIT,
        _decide(Stage.DECLINED, lambda: _("The person is declined and told why.")),
        _plain(recruiting_forms.DeclineForm),
    ),
    "take_back": Act(EDIT, _take_back),
    "send": Act(
        EDIT,
        _of_trial(trials.send, lambda: _("The parcel is noted and the person told.")),
        _plain(recruiting_forms.SendForm),
    ),
    "receive": Act(
        EDIT,
        _of_trial(trials.receive, lambda: _("From that day the note is awaited.")),
        _plain(recruiting_forms.ReceiveForm),
    ),
    "extend": Act(
        EDIT,
        _of_trial(trials.extend, lambda: _("There is more time, and the person knows.")),
        _plain(recruiting_forms.ExtendForm),
    ),
    "hand_in": Act(
        EDIT,
        _of_trial(_hand_in, lambda: _("The note is handed in.")),
        _plain(recruiting_forms.LinkForm),
    ),
    "finish": Act(EDIT, _of_trial(trials.finish, lambda: _("The trial is done."))),
    "fail": Act(
        EDIT,
        _of_trial(trials.fail, lambda: _("The trial has ended, and the person is told.")),
        _plain(recruiting_forms.FailForm),
    ),
    "graduate": Act(EDIT, _graduate, _graduate_form),
}
# What the trial waits for, by its state; the first is the usual way on.
TRIAL_ACTS: dict[str, tuple[str, ...]] = {
    TrialState.INVITED: ("fail",),
    TrialState.TO_SEND: ("send", "fail"),
    TrialState.SENT: ("receive", "fail"),
    TrialState.RECEIVED: ("hand_in", "extend", "fail"),
    TrialState.HANDED_IN: ("finish", "fail"),
    TrialState.DONE: ("graduate",),
    TrialState.FAILED: (),
}


def _application(request: HttpRequest, application_id: int, permission: str) -> Application:
    access.require(request.user, permission)
    rows = Application.objects.for_user(request.user, permission).select_related(
        *("recruitment__unit", "recruitment__brand", "unit", "channel", "trial", "creator"),
        *("consent", "decided_by"),
    )
    return get_object_or_404(rows, pk=application_id)


def _page(
    request: HttpRequest,
    found: Application,
    *,
    revealed: bool = False,
    forms: dict[str, Any] | None = None,
    status: int = 200,
) -> HttpResponse:
    forms = forms or {}
    score = recruiting_words.score_of(found)
    trial = getattr(found, "trial", None)
    may_edit = access.reach(request.user, EDIT).covers(found.unit)
    may_mark = access.reach(request.user, MARK).covers(found.unit)
    undecided = found.stage in recruiting.OPEN_STAGES
    acts = TRIAL_ACTS[trial.state] if trial and found.stage == Stage.TRIAL and may_edit else ()
    wanted = ("mark", "score", "route", "decline", *acts)
    context = {
        "application": found,
        "recruitment": found.recruitment,
        "back": reverse("matrix:applications") + address({}, recruitment=found.recruitment_id),
        "score": score,
        "score_lines": recruiting_words.score_lines(score),
        "unknown": recruiting_words.unknown_sentence(score),
        "route_why": recruiting_words.route_sentence(found),
        "flags": recruiting_words.flags_of(found),
        "accounts": found.accounts.order_by("pk"),
        "marks": found.marks.select_related("reviewer").order_by("at"),
        "facts": _facts(found, revealed=revealed),
        "answers": _answers(found),
        "notices": found.notices.order_by("-at", "-pk"),
        "history": [activity.entry(row) for row in activity.of(found)[:HISTORY_SHOWN]],
        "trial": trial,
        "trial_overdue": bool(trial) and trials.is_overdue(trial, timezone.localdate()),
        "earlier": _earlier(found),
        "revealed": revealed,
        "can_reveal": may_edit and not revealed,
        "may_edit": may_edit,
        "may_mark": may_mark and undecided,
        "may_decide": may_edit and found.stage in (Stage.APPLIED, Stage.SCREENING),
        "may_take_back": may_edit and _can_be_taken_back(found, trial),
        "forms": {name: forms.get(name) or _form(request, found, name) for name in wanted},
        "acts": acts,
    }
    return page_or_fragment(
        request,
        "matrix/application.html",
        context,
        peek="matrix/_application_peek.html",
        status=status,
    )


def _form(request: HttpRequest, found: Application, name: str) -> Any:
    """The empty form of an act; None for one that needs none."""
    if name == "route":
        return recruiting_forms.RouteForm(initial={"route": found.route})
    kind = ACTS[name].form
    return kind(request, found) if kind else None


def _can_be_taken_back(found: Application, trial: Trial | None) -> bool:
    if not found.stage_before or found.stage_before == Stage.TRIAL:
        return False
    if found.stage == Stage.TRIAL:
        begun = trial and (
            trial.state == TrialState.INVITED
            or (trial.state == TrialState.RECEIVED and not found.recruitment.product)
        )
        return bool(begun)
    return found.stage in (Stage.SCREENING, Stage.DECLINED)


def _facts(found: Application, *, revealed: bool) -> list[tuple[str, str]]:
    """Name and value of what the person wrote; what names them stands in part until asked for."""
    phone = applications.phone_of(found) if revealed else f"••• •••• {found.phone_last4}"
    email = applications.email_of(found) if found.email and revealed else ""
    where = trials.address_of(found.trial) if revealed and hasattr(found, "trial") else None
    facts = [
        (pgettext("person", "Name"), found.name if revealed else found.masked_name),
        (_("Mobile number"), phone),
        (_("E-mail"), email or ("•••" if found.email else "")),
        (_("Sent to"), f"{where.receiver}, {where.phone}, {where.street}" if where else ""),
        (_("City"), found.city),
        (_("Store or unit"), found.unit.name),
        (_("Member number"), found.member_number),
        (_("Channel"), found.channel.name if found.channel else ""),
        (_("Applied"), _moment(found.applied_at)),
        (
            _("Agreed to"),
            _("Version %(version)s, %(at)s")
            % {
                "version": found.consent.version,
                "at": _moment(found.consented_at),
            },
        ),
        (_("Likes to tell others"), found.get_willingness_display()),
        (_("Writes notes or makes videos"), found.get_content_display()),
        (_("Looks after a group, gives advice"), found.get_network_display()),
    ]
    return [(label, str(value)) for label, value in facts if value]


def _moment(at: dt.datetime) -> str:
    return formats.moment(timezone.localtime(at), get_language())


def _answers(found: Application) -> list[tuple[str, str]]:
    words = {"yes": _("Yes"), "no": _("No")}
    asked = {str(field.pk): field for field in found.recruitment.fields.all()}
    return [
        (asked[key].label, words.get(value, str(value)))
        for key, value in found.answers.items()
        if key in asked
    ]


def _earlier(found: Application) -> str:
    """How the earlier trials of the same phone number went; empty without any."""
    done = trials.earlier(found, timezone.localdate())
    if not done.due:
        return ""
    return _("Earlier trials: %(good)s of %(due)s handed in.") % {
        "good": done.handed_in,
        "due": done.due,
    }
