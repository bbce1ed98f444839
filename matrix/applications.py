"""Applications: sent by anybody through a channel's link, marked and decided by reviewers."""

from __future__ import annotations

import datetime as dt
import secrets
import unicodedata
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from kosops.lib.secrets import blind_index, decrypt, encrypt
from matrix import notices, scores
from matrix.models import (
    Application,
    ApplicationAccount,
    Mark,
    RecruitmentChannel,
    Trial,
)
from matrix.recruiting import consent_of, is_open
from matrix.recruiting_choices import (
    HOLDING,
    NoticeKind,
    Reason,
    RecruitmentState,
    Route,
    Stage,
    TrialState,
)

TOKEN_BYTES = 16
# How long what a declined person wrote is kept, as the usual consent text says.
KEPT = dt.timedelta(days=365)
NOBODY = "–"
PHONE, STATUS = "phone", "application-status"

# From which stages a bulk decision takes people where.
FROM_STAGES: dict[str, tuple[Stage, ...]] = {
    Stage.SCREENING: (Stage.APPLIED,),
    Stage.TRIAL: (Stage.APPLIED, Stage.SCREENING),
    Stage.DECLINED: (Stage.APPLIED, Stage.SCREENING, Stage.TRIAL),
}
WITHDRAW_FROM = (Stage.APPLIED, Stage.SCREENING, Stage.TRIAL)


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedAccount:
    platform: str
    handle: str
    url: str = ""
    followers: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Filled:
    """A filled form, already read: ``phone`` is normal (`phones.normalised`), the person adult."""

    name: str
    phone: str
    willingness: int
    content: int
    network: int
    email: str = ""
    city: str = ""
    store: Unit | None = None
    member_number: str = ""
    recent_notes: int | None = None
    accounts: Sequence[NamedAccount] = ()
    answers: Mapping[str, Any] = field(default_factory=dict)


# -- queries -------------------------------------------------------------------


def by_status_token(token: str) -> Application | None:
    """The application of a private status link."""
    return (
        Application.objects.filter(status_key=blind_index(STATUS, token))
        .select_related("recruitment__brand", "recruitment__unit", "trial", "unit")
        .first()
    )


def open_channel(token: str) -> RecruitmentChannel | None:
    """The channel of a link, whatever its recruitment's state; drafts have no page."""
    return (
        RecruitmentChannel.objects.filter(token=token)
        .exclude(recruitment__state=RecruitmentState.DRAFT)
        .select_related("recruitment__brand", "recruitment__unit")
        .first()
    )


def takes_applications(channel: RecruitmentChannel, today: dt.date) -> bool:
    return channel.active and is_open(channel.recruitment, today)


def handle_key(handle: str) -> str:
    """A handle as it is compared: width and case make no difference, nor does an @ in front."""
    return unicodedata.normalize("NFKC", handle).strip().lstrip("@").lower()[:80]


def phone_of(application: Application) -> str:
    return decrypt(application.phone)


def email_of(application: Application) -> str:
    return decrypt(application.email) if application.email else ""


def held(applications: QuerySet[Application]) -> QuerySet[Application]:
    """Those whom a flag keeps out of an invitation of many."""
    return applications.filter(flags__overlap=list(HOLDING))


# -- the applicant -------------------------------------------------------------


@transaction.atomic
def apply(
    *,
    channel: RecruitmentChannel,
    filled: Filled,
    form_key: uuid.UUID,
    language: str,
    score: bool = True,
) -> str:
    """Take an application in; returns the token of its private status link.

    The same form sent twice is one application. Without ``score`` the next scoring run ranks and
    flags it, together with the others. Refuses ``not_open``, ``already_applied`` and
    ``too_soon``.
    """
    now = timezone.now()
    # As it stands now: it may have been closed while the form was filled in.
    channel = RecruitmentChannel.objects.select_related("recruitment__unit").get(pk=channel.pk)
    recruitment = channel.recruitment
    if sent := Application.objects.filter(recruitment=recruitment, form_key=form_key).first():
        return decrypt(sent.status_token)
    if not takes_applications(channel, timezone.localdate(now)):
        raise DomainError("not_open", _("Applications are not taken any more."))
    phone_key = blind_index(PHONE, filled.phone)
    _check_first_time(recruitment, phone_key, now)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    added = Application(
        brand_id=recruitment.brand_id,
        unit=filled.store or recruitment.unit,
        recruitment=recruitment,
        channel=channel,
        form_key=form_key,
        language=language,
        name=filled.name.strip(),
        phone=encrypt(filled.phone),
        phone_key=phone_key,
        phone_last4=filled.phone[-4:],
        email=encrypt(filled.email) if filled.email else None,
        city=filled.city.strip(),
        member_number=filled.member_number.strip(),
        adult=True,
        willingness=filled.willingness,
        content=filled.content,
        network=filled.network,
        recent_notes=filled.recent_notes,
        answers=dict(filled.answers),
        consent=consent_of(recruitment),
        consented_at=now,
        status_token=encrypt(token),
        status_key=blind_index(STATUS, token),
        applied_at=now,
        stage_since=now,
        route=Route.SHARER,
    )
    try:
        with transaction.atomic():
            added.save()
    except IntegrityError as error:
        # Two at once: the other one's row can be seen now.
        if sent := Application.objects.filter(recruitment=recruitment, form_key=form_key).first():
            return decrypt(sent.status_token)
        raise _already() from error
    _add_accounts(added, filled.accounts)
    # Nobody waits here for a look at a million orders; the next scoring run looks them up.
    if score:
        scores.refresh([added.pk], orders=False)
    activity.record(
        by=None,
        verb="application.added",
        object=added,
        unit=added.unit,
        after={"channel": channel.name, "language": language},
        at=now,
    )
    return token


@transaction.atomic
def withdraw(*, application: Application) -> Application:
    """The applicant takes the application back. Twice is once. Refuses ``too_late``."""
    application = _locked(application)
    if application.stage == Stage.WITHDRAWN:
        return application
    if application.stage not in WITHDRAW_FROM:
        raise DomainError("too_late", _("This is already decided and cannot be withdrawn."))
    before, now = application.stage, timezone.now()
    _move(application, Stage.WITHDRAWN, now)
    application.save(update_fields=["stage", "stage_before", "stage_since"])
    Trial.objects.filter(application=application).exclude(
        state__in=(TrialState.DONE, TrialState.FAILED)
    ).update(state=TrialState.FAILED, ended_on=timezone.localdate(now))
    _erase([application.pk])
    activity.record(
        by=None,
        verb="application.stage_changed",
        object=application,
        unit=application.unit,
        before={"stage": before},
        after={"stage": application.stage},
        at=now,
    )
    application.refresh_from_db()
    return application


@transaction.atomic
def erase_old(*, now: dt.datetime) -> int:
    """Forget who was declined `KEPT` ago: what was decided stays, about whom does not."""
    old = Application.objects.select_for_update().filter(
        stage__in=(Stage.DECLINED, Stage.WITHDRAWN), stage_since__lt=now - KEPT
    )
    ids = list(old.filter(erased=False).values_list("pk", flat=True))
    _erase(ids)
    for pk in ids:
        # Nobody can be found again by the digest of their phone number either.
        Application.objects.filter(pk=pk).update(phone_key=secrets.token_bytes(32), erased=True)
    return len(ids)


# -- reviewers -----------------------------------------------------------------


@transaction.atomic
def mark(*, by: Person, application: Application, value: int, note: str = "") -> Mark:
    """Note the quality of somebody's notes, 1 to 5; another mark of the same reviewer replaces it.

    Refuses ``mark_out_of_range`` and ``decided``.
    """
    if not 1 <= value <= 5:
        raise DomainError("mark_out_of_range", _("A mark is a number from 1 to 5."), status=422)
    application = _undecided(application)
    found, _new = Mark.objects.update_or_create(
        application=application,
        reviewer=by,
        defaults={"mark": value, "note": note.strip()[:200], "at": timezone.now()},
    )
    scores.refresh([application.pk], orders=False)
    activity.record(
        by=by,
        verb="application.marked",
        object=application,
        unit=application.unit,
        after={"mark": value},
    )
    return found


@transaction.atomic
def set_score(
    *, by: Person, application: Application, value: int | None, reason: str = ""
) -> Application:
    """Put a score in place of the one that was worked out; None takes it away again.

    Refuses ``reason_needed``, ``score_out_of_range`` and ``decided``.
    """
    reason = reason.strip()[:200]
    if value is not None and not 0 <= value <= 100:
        raise DomainError("score_out_of_range", _("A score lies between 0 and 100."), status=422)
    if value is not None and not reason:
        raise DomainError("reason_needed", _("Say why, so that colleagues can follow it."))
    application = _undecided(application)
    before = application.shown_score
    application.override = value
    application.override_reason = reason if value is not None else ""
    application.save(update_fields=["override", "override_reason"])
    activity.record(
        by=by,
        verb="application.score_changed",
        object=application,
        unit=application.unit,
        before={"score": before},
        after={"score": application.shown_score, "reason": reason},
    )
    return application


@transaction.atomic
def set_route(*, by: Person, application: Application, route: str) -> Application:
    """Choose another route than the answers lead to. Refuses ``decided``."""
    application = _undecided(application)
    before = application.route
    application.route, application.route_set = Route(route), True
    application.save(update_fields=["route", "route_set"])
    activity.record(
        by=by,
        verb="application.route_changed",
        object=application,
        unit=application.unit,
        before={"route": before},
        after={"route": application.route},
    )
    return application


@transaction.atomic
def decide(
    *,
    by: Person | None,
    applications: QuerySet[Application],
    stage: str,
    reason: str = "",
    text: str = "",
    held_too: bool = False,
) -> list[int]:
    """Take all of ``applications`` who can go there to ``stage`` and tell them; the others stay.

    Invited with others is only whom no flag holds, unless ``held_too``. Returns the ids of those
    who moved. Refuses ``wrong_stage``, ``reason_needed`` and, with the reason `other`,
    ``text_needed``.
    """
    if stage not in FROM_STAGES:
        raise DomainError("wrong_stage", _("Nobody is taken there in this way."))
    text = _checked_reason(stage, reason, text)
    now = timezone.now()
    rows = (
        Application.objects.select_for_update(of=("self",))
        .filter(pk__in=applications.order_by().values("pk"), stage__in=FROM_STAGES[stage])
        .select_related("recruitment", "unit")
        .order_by("pk")
    )
    if stage == Stage.TRIAL and not held_too:
        rows = rows.exclude(flags__overlap=list(HOLDING))
    moving = list(rows)
    ids = [row.pk for row in moving]
    by_stage: dict[str, list[Application]] = {}
    for row in moving:
        by_stage.setdefault(row.stage, []).append(row)
    for before, some in by_stage.items():
        for row in some:
            _move(row, stage, now)
            row.reason, row.reason_text, row.decided_by = reason, text, by
        Application.objects.filter(pk__in=[row.pk for row in some]).update(
            stage=stage,
            stage_before=before,
            stage_since=now,
            reason=reason,
            reason_text=text,
            decided_by=by,
        )
        activity.record_many(
            by=by,
            verb="application.stage_changed",
            objects=[(row, row.unit) for row in some],
            before={"stage": before},
            after={"stage": stage, "reason": reason} if reason else {"stage": stage},
        )
    _after_deciding(by, moving, stage, now)
    return ids


@transaction.atomic
def take_back(*, by: Person, applications: QuerySet[Application]) -> list[int]:
    """Undo the last decision of ``decide`` and tell those who were told; returns the ids.

    Whoever has given an address, was sent something or became active stays.
    """
    now = timezone.now()
    begun = Q(trial__state=TrialState.INVITED) | Q(
        trial__state=TrialState.RECEIVED, recruitment__product=""
    )
    rows = list(
        Application.objects.select_for_update(of=("self",))
        .filter(pk__in=applications.order_by().values("pk"))
        .filter(
            Q(stage=Stage.SCREENING, stage_before=Stage.APPLIED)
            | Q(stage=Stage.DECLINED, stage_before__in=(Stage.APPLIED, Stage.SCREENING))
            | Q(stage=Stage.TRIAL, stage_before__in=(Stage.APPLIED, Stage.SCREENING)) & begun
        )
        .select_related("recruitment", "unit")
        .order_by("pk")
    )
    told = [row for row in rows if row.stage != Stage.SCREENING]
    invited = [row.pk for row in rows if row.stage == Stage.TRIAL]
    Trial.objects.filter(application__in=invited).delete()
    groups: dict[tuple[str, str], list[Application]] = {}
    for row in rows:
        groups.setdefault((row.stage, row.stage_before), []).append(row)
        row.stage, row.stage_before, row.stage_since = row.stage_before, "", now
        row.reason = row.reason_text = ""
    for (before, after), some in groups.items():
        Application.objects.filter(pk__in=[row.pk for row in some]).update(
            stage=after, stage_before="", stage_since=now, reason="", reason_text=""
        )
        activity.record_many(
            by=by,
            verb="application.stage_changed",
            objects=[(row, row.unit) for row in some],
            before={"stage": before},
            after={"stage": after},
        )
    notices.tell(by=by, applications=told, kind=NoticeKind.TAKEN_BACK, at=now)
    return [row.pk for row in rows]


# -- private -------------------------------------------------------------------


def _locked(application: Application) -> Application:
    return (
        Application.objects.select_for_update(of=("self",))
        .select_related("recruitment", "unit")
        .get(pk=application.pk)
    )


def _undecided(application: Application) -> Application:
    application = _locked(application)
    if application.stage not in WITHDRAW_FROM:
        raise DomainError("decided", _("This application is already decided."))
    return application


def _erase(ids: Collection[int]) -> None:
    """Take away all that names the people; stages, scores and notices stay."""
    Application.objects.filter(pk__in=ids).update(
        name=NOBODY,
        phone=encrypt(""),
        phone_last4="",
        email=None,
        city="",
        member_number="",
        answers={},
    )
    ApplicationAccount.objects.filter(application__in=ids).delete()
    Trial.objects.filter(application__in=ids).update(address=None)


def _move(application: Application, stage: str, now: dt.datetime) -> None:
    application.stage_before = application.stage
    application.stage, application.stage_since = stage, now


def _already() -> DomainError:
    return DomainError(
        "already_applied",
        _("There is already an application with this phone number. Its page says where it stands."),
    )


def _check_first_time(recruitment: Any, phone_key: bytes, now: dt.datetime) -> None:
    earlier = Application.objects.filter(brand=recruitment.brand_id, phone_key=phone_key)
    if earlier.filter(recruitment=recruitment).exists():
        raise _already()
    if not recruitment.reapply_days:
        return
    window = dt.timedelta(days=recruitment.reapply_days)
    last = (
        earlier.filter(stage=Stage.DECLINED, stage_since__gt=now - window)
        .order_by("-stage_since")
        .values_list("stage_since", flat=True)
        .first()
    )
    if last:
        raise DomainError(
            "too_soon",
            _("You can apply again from %(day)s on."),
            day=timezone.localdate(last + window).isoformat(),
        )


def _add_accounts(application: Application, named: Sequence[NamedAccount]) -> None:
    rows = {
        (each.platform, handle_key(each.handle)): ApplicationAccount(
            application=application,
            platform=each.platform,
            handle=each.handle.strip(),
            handle_key=handle_key(each.handle),
            url=each.url,
            followers=each.followers,
        )
        for each in named
    }
    ApplicationAccount.objects.bulk_create(rows.values())


def _checked_reason(stage: str, reason: str, text: str) -> str:
    text = text.strip()[:300]
    if stage != Stage.DECLINED:
        return ""
    if reason not in Reason.values:
        raise DomainError("reason_needed", _("Choose why: people are told."))
    if reason == Reason.OTHER and not text:
        raise DomainError("text_needed", _("Say why in words that the person can act on."))
    return text


def _after_deciding(
    by: Person | None, moved: Collection[Application], stage: str, now: dt.datetime
) -> None:
    today = timezone.localdate(now)
    if stage == Stage.TRIAL:
        Trial.objects.bulk_create([_begun(row, today) for row in moved], batch_size=1000)
        notices.tell(by=by, applications=moved, kind=NoticeKind.INVITED, at=now)
    elif stage == Stage.DECLINED:
        Trial.objects.filter(application__in=[row.pk for row in moved]).exclude(
            state=TrialState.DONE
        ).update(state=TrialState.FAILED, ended_on=today)
        notices.tell(by=by, applications=moved, kind=NoticeKind.DECLINED, at=now)


def _begun(application: Application, today: dt.date) -> Trial:
    """Where nothing is sent, the note is awaited from today on."""
    if application.recruitment.product:
        return Trial(application=application, state=TrialState.INVITED)
    due = today + dt.timedelta(days=application.recruitment.note_days)
    return Trial(application=application, state=TrialState.RECEIVED, received_on=today, due_on=due)
