"""Trials: something is sent to an applicant, a note comes back, and the person joins or does not."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from kosops.lib.secrets import decrypt, encrypt
from matrix import notices, purchases, registry
from matrix.choices import CreatorKind, CreatorState, IdentityProof, Ownership
from matrix.models import Application, Creator, Notice, Trial
from matrix.recruiting import Fulfilment, fulfilment
from matrix.recruiting_choices import NoticeKind, Reason, Stage, TrialState

MOST_EXTENSION = 30
# A reminder comes so many days before the note is due, and once more when it is overdue.
REMIND_BEFORE = dt.timedelta(days=3)
RUNNING = (TrialState.INVITED, TrialState.TO_SEND, TrialState.SENT, TrialState.RECEIVED)


@dataclass(frozen=True, slots=True)
class Address:
    """Where a product goes; kept encrypted, shown to whoever sends it."""

    receiver: str
    phone: str
    street: str


# -- queries -------------------------------------------------------------------


def address_of(trial: Trial) -> Address | None:
    return Address(**json.loads(decrypt(trial.address))) if trial.address else None


def overdue(trials: QuerySet[Trial], today: dt.date) -> QuerySet[Trial]:
    """Notes that are awaited past their day."""
    return trials.filter(state=TrialState.RECEIVED, due_on__lt=today)


def is_overdue(trial: Trial, today: dt.date) -> bool:
    return bool(trial.state == TrialState.RECEIVED and trial.due_on and trial.due_on < today)


def earlier(application: Application, today: dt.date) -> Fulfilment:
    """How the other trials of the same phone number went."""
    others = Trial.objects.filter(
        application__brand=application.brand_id,
        application__phone_key=bytes(application.phone_key),
    )
    return fulfilment(others.exclude(application=application), today)


# -- the applicant -------------------------------------------------------------


@transaction.atomic
def give_address(*, by: Person | None, trial: Trial, address: Address) -> Trial:
    """Say where to send it. Can be changed until it is sent. Refuses ``wrong_trial_state``."""
    trial = _locked(trial, TrialState.INVITED, TrialState.TO_SEND)
    text = json.dumps(
        {"receiver": address.receiver, "phone": address.phone, "street": address.street}
    )
    return _save(by, trial, TrialState.TO_SEND, address=encrypt(text))


@transaction.atomic
def receive(*, by: Person | None, trial: Trial, on: dt.date) -> Trial:
    """Note that it arrived: from that day the note is awaited. Refuses ``wrong_trial_state`` and
    ``before_sending``.
    """
    trial = _locked(trial, TrialState.SENT)
    if trial.sent_on and on < trial.sent_on:
        raise DomainError(
            "before_sending",
            _("It was sent on %(day)s and cannot have arrived before."),
            day=trial.sent_on.isoformat(),
        )
    due = on + dt.timedelta(days=trial.application.recruitment.note_days)
    return _save(by, trial, TrialState.RECEIVED, received_on=on, due_on=due)


@transaction.atomic
def hand_in(*, by: Person | None, trial: Trial, link: str, on: dt.date) -> Trial:
    """Note the link of what was published; until it is judged another one can be given.

    Refuses ``wrong_trial_state``.
    """
    trial = _locked(trial, TrialState.RECEIVED, TrialState.HANDED_IN)
    return _save(by, trial, TrialState.HANDED_IN, link=link, handed_in_on=on)


# -- headquarters --------------------------------------------------------------


@transaction.atomic
def send(*, by: Person | None, trial: Trial, carrier: str, parcel: str, on: dt.date) -> Trial:
    """Note that the product is on its way and tell the person. Refuses ``wrong_trial_state``."""
    trial = _locked(trial, TrialState.TO_SEND)
    trial = _save(
        by, trial, TrialState.SENT, carrier=carrier.strip(), parcel=parcel.strip(), sent_on=on
    )
    _tell(by, trial, NoticeKind.SENT)
    return trial


@transaction.atomic
def extend(*, by: Person | None, trial: Trial, days: int, reason: str) -> Trial:
    """Give more time, once. Refuses ``wrong_trial_state``, ``extended_before``,
    ``extension_out_of_range`` and ``reason_needed``.
    """
    trial = _locked(trial, TrialState.RECEIVED)
    if trial.extended_days:
        raise DomainError("extended_before", _("This trial was already extended once."))
    if not 1 <= days <= MOST_EXTENSION:
        raise DomainError(
            "extension_out_of_range",
            _("A trial is extended by 1 to %(most)s days."),
            most=MOST_EXTENSION,
        )
    if not (reason := reason.strip()[:200]):
        raise DomainError("reason_needed", _("Say why, so that colleagues can follow it."))
    assert trial.due_on is not None  # noqa: S101 - the database holds it
    # Counted from today where the day has passed: otherwise nothing would be won.
    first = max(trial.due_on, timezone.localdate())
    due = first + dt.timedelta(days=days)
    trial = _save(
        by, trial, TrialState.RECEIVED, due_on=due, extended_days=days, extended_for=reason
    )
    _tell(by, trial, NoticeKind.EXTENDED)
    return trial


@transaction.atomic
def finish(*, by: Person | None, trial: Trial) -> Trial:
    """Accept what was handed in. Refuses ``wrong_trial_state``."""
    trial = _locked(trial, TrialState.HANDED_IN)
    return _save(by, trial, TrialState.DONE, ended_on=timezone.localdate())


@transaction.atomic
def fail(*, by: Person | None, trial: Trial, text: str = "") -> Trial:
    """End a trial without a result: the application is declined and the person told.

    Refuses ``wrong_trial_state``.
    """
    trial = _locked(trial, *RUNNING, TrialState.HANDED_IN)
    trial = _save(by, trial, TrialState.FAILED, ended_on=timezone.localdate())
    application, now = trial.application, timezone.now()
    application.stage_before, application.stage = application.stage, Stage.DECLINED
    application.stage_since, application.decided_by = now, by
    application.reason, application.reason_text = Reason.TRIAL, text.strip()[:300]
    application.save(
        update_fields=[
            *("stage", "stage_before", "stage_since", "decided_by", "reason", "reason_text")
        ]
    )
    _tell(by, trial, NoticeKind.FAILED)
    return trial


def remind(*, now: dt.datetime) -> int:
    """Remind once before the day and once after it; returns how many were reminded."""
    today = timezone.localdate(now)
    awaited = Trial.objects.filter(state=TrialState.RECEIVED)
    before = Notice.objects.filter(application=OuterRef("application"), kind=NoticeKind.REMINDER)
    soon = awaited.filter(due_on__lte=today + REMIND_BEFORE, due_on__gte=today).exclude(
        Exists(before.filter(at__date__gte=OuterRef("due_on") - REMIND_BEFORE))
    )
    late = awaited.filter(due_on__lt=today).exclude(
        Exists(before.filter(at__date__gt=OuterRef("due_on")))
    )
    with transaction.atomic():
        rows = list(
            Trial.objects.select_for_update(of=("self",))
            .filter(Q(pk__in=soon.values("pk")) | Q(pk__in=late.values("pk")))
            .select_related("application__recruitment")
            .order_by("pk")
        )
        for trial in rows:
            trial.application.trial = trial
        return notices.tell(
            by=None,
            applications=[trial.application for trial in rows],
            kind=NoticeKind.REMINDER,
            at=now,
        )


def made_number(application_id: int) -> str:
    """The number of a KOC who came without a member number; orders do not know it."""
    return f"A{application_id:07d}"


@transaction.atomic
def graduate(
    *,
    by: Person | None,
    application: Application,
    store: Unit,
    koc_kind: str,
    identity_checked: bool,
    number: str = "",
    person: Person | None = None,
) -> Creator:
    """Take somebody whose trial is done into the programme, with their accounts.

    ``by`` is the colleague who has seen who this is. Without ``number`` it is the member number, or
    one is made. Refuses ``identity_not_checked``, ``wrong_stage``, ``trial_not_done`` and whatever
    `registry.add_creator` refuses.
    """
    if by is None or not identity_checked:
        raise DomainError(
            "identity_not_checked",
            _(
                "Somebody of headquarters has to see who this is first: name and document, or a call."
            ),
        )
    application = (
        Application.objects.select_for_update(of=("self",))
        .select_related("recruitment", "unit")
        .get(pk=application.pk)
    )
    if application.stage != Stage.TRIAL:
        raise DomainError("wrong_stage", _("Only somebody in the trial can be taken in."))
    if not Trial.objects.filter(application=application, state=TrialState.DONE).exists():
        raise DomainError("trial_not_done", _("The trial is not done yet. Accept the note first."))
    creator = registry.add_creator(
        by=by,
        store=store,
        kind=CreatorKind.KOC,
        koc_kind=koc_kind,
        number=number.strip() or application.member_number or made_number(application.pk),
        name=application.name,
        state=CreatorState.ACTIVE,
        joined_on=timezone.localdate(),
        person=person,
        identity=IdentityProof.CHECKED,
        programme=application.recruitment.programme,
    )
    for named in application.accounts.order_by("pk"):
        registry.add_account(
            by=by,
            creator=creator,
            platform=named.platform,
            handle=named.handle,
            ownership=Ownership.PERSONAL,
            followers=named.followers,
        )
    application.creator, application.identity_checked_by = creator, by
    application.stage_before, application.stage = application.stage, Stage.ACTIVE
    application.stage_since = now = timezone.now()
    application.decided_by = by
    application.save(
        update_fields=[
            *("creator", "identity_checked_by", "stage", "stage_before", "stage_since"),
            "decided_by",
        ]
    )
    purchases.follow(creator.brand, [creator.pk])
    activity.record(
        by=by,
        verb="application.stage_changed",
        object=application,
        unit=application.unit,
        before={"stage": application.stage_before},
        after={"stage": application.stage, "creator": creator.pk},
        at=now,
    )
    notices.tell(by=by, applications=[application], kind=NoticeKind.WELCOME, at=now)
    return creator


# -- private -------------------------------------------------------------------


def _locked(trial: Trial, *states: TrialState) -> Trial:
    trial = (
        Trial.objects.select_for_update(of=("self", "application"))
        .select_related("application__recruitment", "application__unit")
        .get(pk=trial.pk)
    )
    if trial.state not in states or trial.application.stage != Stage.TRIAL:
        raise DomainError(
            "wrong_trial_state",
            _("The trial is “%(state)s”; this cannot be done now."),
            state=trial.get_state_display(),
        )
    return trial


def _save(by: Person | None, trial: Trial, state: TrialState, **changes: object) -> Trial:
    before = trial.state
    trial.state = state
    for name, value in changes.items():
        setattr(trial, name, value)
    trial.save(update_fields=["state", *changes])
    activity.record(
        by=by,
        verb="trial.changed",
        object=trial,
        unit=trial.application.unit,
        before={"state": before},
        after={"state": state, **_told_to_the_log(changes)},
    )
    return trial


def _told_to_the_log(changes: Mapping[str, object]) -> dict[str, str | int]:
    """Days and numbers; an address or a link may show who somebody is."""
    return {
        name: value.isoformat() if isinstance(value, dt.date) else value
        for name, value in changes.items()
        if isinstance(value, dt.date | int)
    }


def _tell(by: Person | None, trial: Trial, kind: NoticeKind) -> None:
    trial.application.trial = trial
    notices.tell(by=by, applications=[trial.application], kind=kind, at=timezone.now())
