"""Recruitments: setting them up, opening and closing them, their channels and questions."""

from __future__ import annotations

import datetime as dt
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Count, Exists, Min, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.access import reach
from accounts.models import Person, Unit
from accounts.units import ids_in
from kosops.lib.errors import DomainError
from matrix import screening
from matrix.models import (
    Application,
    ConsentText,
    Notice,
    Recruitment,
    RecruitmentChannel,
    RecruitmentField,
    Trial,
)
from matrix.recruiting_choices import (
    FieldKind,
    MailState,
    Mode,
    RecruitmentState,
    Stage,
    TrialState,
)

VIEW = "recruiting.view"
EDIT = "recruiting.edit"
MARK = "recruiting.mark"

# Where a recruitment may go from each state.
NEXT_STATES: dict[str, frozenset[str]] = {
    RecruitmentState.DRAFT: frozenset({RecruitmentState.OPEN, RecruitmentState.ARCHIVED}),
    RecruitmentState.OPEN: frozenset({RecruitmentState.CLOSED}),
    RecruitmentState.CLOSED: frozenset({RecruitmentState.OPEN, RecruitmentState.ARCHIVED}),
    RecruitmentState.ARCHIVED: frozenset({RecruitmentState.CLOSED}),
}
# The columns of the pipeline, in their order.
STAGES = (Stage.APPLIED, Stage.SCREENING, Stage.TRIAL, Stage.ACTIVE, Stage.DECLINED)
# Still to be decided.
OPEN_STAGES = (Stage.APPLIED, Stage.SCREENING, Stage.TRIAL)
MOST_FIELDS = 12
TOKEN_BYTES = 16
TEXTS = ("name", "about", "asked")


# -- queries -------------------------------------------------------------------


def visible_to(person: Any) -> QuerySet[Recruitment]:
    """Recruitments that the person may see: those of their units, and those of the units above,

    which recruit for their stores too. Applications stay scoped to their own units.
    """
    within = reach(person, VIEW)
    own = Recruitment.objects.in_reach(within)
    if within.everything or not within.paths:
        return own
    above = {pk for path in within.paths for pk in ids_in(path)}
    return Recruitment.objects.filter(Q(pk__in=own.values("pk")) | Q(unit__in=above))


def is_open(recruitment: Recruitment, today: dt.date) -> bool:
    """Whether an application is taken today."""
    return (
        recruitment.state == RecruitmentState.OPEN
        and recruitment.opens_on <= today
        and (recruitment.closes_on is None or today <= recruitment.closes_on)
    )


def by_stage(applications: QuerySet[Application]) -> QuerySet[Any]:
    """By stage: how many, since when the one who waits longest, how many were told on their page
    (``noticed``) and beyond it (``told``), and of ``due`` trials how many were fulfilled (``good``).
    """
    notice = Notice.objects.filter(application=OuterRef("pk"))
    out = notice.filter(Q(mail=MailState.SENT) | Q(exported_at__isnull=False))
    good, due = _good("trial__"), _due("trial__", timezone.localdate())
    return (
        applications.order_by()
        .annotate(was_noticed=Exists(notice), was_told=Exists(out))
        .values("stage")
        .annotate(
            n=Count("pk"),
            oldest=Min("stage_since"),
            noticed=Count("pk", filter=Q(was_noticed=True)),
            told=Count("pk", filter=Q(was_told=True)),
            good=Count("pk", filter=good),
            due=Count("pk", filter=due),
        )
    )


def ratio_tenths(applications: int, places: int) -> int:
    """Applications for each place, in tenths: 500 is 50 times."""
    return (20 * applications + places) // (2 * places)


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """Of trials whose day has come or that have ended, how many were handed in."""

    handed_in: int
    due: int


def fulfilment(trials: QuerySet[Trial], today: dt.date) -> Fulfilment:
    found = trials.order_by().aggregate(
        good=Count("pk", filter=_good()), due=Count("pk", filter=_due("", today))
    )
    return Fulfilment(found["good"], found["due"])


def _good(path: str = "") -> Q:
    return Q(**{f"{path}state__in": (TrialState.HANDED_IN, TrialState.DONE)})


def _due(path: str, today: dt.date) -> Q:
    late = Q(**{f"{path}state": TrialState.RECEIVED, f"{path}due_on__lt": today})
    return _good(path) | Q(**{f"{path}state": TrialState.FAILED}) | late


def consent_of(recruitment: Recruitment) -> ConsentText:
    """The words that people agree to now."""
    return recruitment.consents.order_by("-version")[0]


def questions_of(recruitment: Recruitment) -> list[RecruitmentField]:
    return list(recruitment.fields.filter(retired=False).order_by("place", "pk"))


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_recruitment(*, by: Person | None, unit: Unit, consent: str, **fields: Any) -> Recruitment:
    """Set up a recruitment as a draft, with its first channel-less form.

    Refuses what `_check` refuses and ``consent_needed``.
    """
    recruitment = Recruitment(
        brand_id=unit.brand_id or unit.pk, unit=unit, weights=dict(screening.WEIGHTS), **fields
    )
    _check(recruitment)
    recruitment.save()
    _agree_to(recruitment, consent)
    activity.record(
        by=by,
        verb="recruitment.added",
        object=recruitment,
        unit=unit,
        after={"purpose": recruitment.purpose, "places": recruitment.places},
    )
    return recruitment


@transaction.atomic
def change_recruitment(
    *, by: Person | None, recruitment: Recruitment, consent: str, **fields: Any
) -> Recruitment:
    """Change what is said of a recruitment. Another consent text becomes a new version.

    Refuses what `_check` refuses, ``consent_needed`` and ``recruitment_archived``.
    """
    recruitment = _locked(recruitment)
    before = {name: getattr(recruitment, name) for name in fields}
    for name, value in fields.items():
        setattr(recruitment, name, value)
    _check(recruitment)
    changed = sorted(name for name, value in fields.items() if before[name] != value)
    recruitment.save(update_fields=list(fields))
    if _agree_to(recruitment, consent):
        changed.append("consent")
    if changed:
        activity.record(
            by=by,
            verb="recruitment.changed",
            object=recruitment,
            unit=recruitment.unit,
            after={"fields": changed},
        )
    return recruitment


@transaction.atomic
def change_state(*, by: Person | None, recruitment: Recruitment, state: str) -> Recruitment:
    """Open, close or archive. The same state again changes nothing.

    Refuses ``wrong_state_change``, and ``no_channel`` and ``over`` when it is opened.
    """
    recruitment = Recruitment.objects.select_for_update(of=("self",)).get(pk=recruitment.pk)
    before = recruitment.state
    if state == before:
        return recruitment
    if state not in NEXT_STATES[before]:
        raise DomainError(
            "wrong_state_change",
            _("%(name)s is “%(before)s” and cannot become “%(after)s” from there."),
            name=recruitment.name,
            before=RecruitmentState(before).label,
            after=RecruitmentState(state).label,
        )
    if state == RecruitmentState.OPEN:
        _check_opening(recruitment)
    recruitment.state = state
    recruitment.save(update_fields=["state"])
    activity.record(
        by=by,
        verb="recruitment.state_changed",
        object=recruitment,
        unit=recruitment.unit,
        before={"state": before},
        after={"state": state},
    )
    return recruitment


@transaction.atomic
def add_channel(
    *, by: Person | None, recruitment: Recruitment, kind: str, name: str
) -> RecruitmentChannel:
    """Give a channel a link of its own, so that it is known where applications come from.

    Refuses ``channel_taken`` and ``recruitment_archived``.
    """
    recruitment = _locked(recruitment)
    channel = RecruitmentChannel(
        recruitment=recruitment,
        kind=kind,
        name=name.strip(),
        token=secrets.token_urlsafe(TOKEN_BYTES),
    )
    try:
        with transaction.atomic():
            channel.save()
    except IntegrityError as error:
        raise DomainError(
            "channel_taken", _("There is already a channel called %(name)s."), name=channel.name
        ) from error
    activity.record(
        by=by,
        verb="channel.added",
        object=channel,
        unit=recruitment.unit,
        after={"kind": kind},
    )
    return channel


@transaction.atomic
def switch_channel(
    *, by: Person | None, channel: RecruitmentChannel, active: bool
) -> RecruitmentChannel:
    """Let a link rest, or take it up again; who already applied by it is not touched."""
    channel = (
        RecruitmentChannel.objects.select_for_update(of=("self",))
        .select_related("recruitment__unit")
        .get(pk=channel.pk)
    )
    if channel.active != active:
        channel.active = active
        channel.save(update_fields=["active"])
        activity.record(
            by=by,
            verb="channel.changed",
            object=channel,
            unit=channel.recruitment.unit,
            after={"active": active},
        )
    return channel


@transaction.atomic
def add_field(
    *,
    by: Person | None,
    recruitment: Recruitment,
    kind: str,
    label: str,
    options: Iterable[str] = (),
    required: bool = False,
) -> RecruitmentField:
    """Add a question of the recruitment's own at the end of the form.

    Refuses ``too_many_fields``, ``options_needed``, ``praise_demanded``, ``recruitment_archived``.
    """
    recruitment = _locked(recruitment)
    choices = [text.strip()[:60] for text in options if text.strip()]
    if kind == FieldKind.CHOICE and len(choices) < 2:
        raise DomainError(
            "options_needed", _("A question with several answers needs at least two, one a line.")
        )
    _check_praise(" ".join([label, *choices]))
    asked = questions_of(recruitment)
    if len(asked) >= MOST_FIELDS:
        raise DomainError(
            "too_many_fields",
            _("A form has at most %(most)s questions of its own: people give up on long ones."),
            most=MOST_FIELDS,
        )
    field = RecruitmentField.objects.create(
        recruitment=recruitment,
        place=max((each.place for each in asked), default=0) + 1,
        kind=kind,
        label=label.strip(),
        options=choices if kind == FieldKind.CHOICE else [],
        required=required,
    )
    activity.record(
        by=by, verb="question.added", object=field, unit=recruitment.unit, after={"kind": kind}
    )
    return field


@transaction.atomic
def retire_field(*, by: Person | None, field: RecruitmentField) -> RecruitmentField:
    """Ask a question no more; answers that came stay."""
    field = (
        RecruitmentField.objects.select_for_update(of=("self",))
        .select_related("recruitment__unit")
        .get(pk=field.pk)
    )
    if not field.retired:
        field.retired = True
        field.save(update_fields=["retired"])
        activity.record(by=by, verb="question.removed", object=field, unit=field.recruitment.unit)
    return field


@transaction.atomic
def set_weights(
    *, by: Person | None, recruitment: Recruitment, weights: Mapping[str, int]
) -> Recruitment:
    """Change what counts how much; the scores follow with the next `scores.score_recruitment`.

    Refuses ``unknown_weight``, ``weight_out_of_range``, ``no_weight``, ``recruitment_archived``.
    """
    recruitment = _locked(recruitment)
    if code := screening.wrong_weights(weights):
        raise DomainError(
            code,
            _("Weights are whole numbers from 0 to %(most)s, and one of them is above 0."),
            most=screening.MOST_WEIGHT,
        )
    before, after = recruitment.weights, dict(weights)
    if before == after:
        return recruitment
    recruitment.weights = after
    recruitment.save(update_fields=["weights"])
    activity.record(
        by=by,
        verb="recruitment.changed",
        object=recruitment,
        unit=recruitment.unit,
        before={"weights": before},
        after={"weights": after},
    )
    return recruitment


# -- private -------------------------------------------------------------------


def _locked(recruitment: Recruitment) -> Recruitment:
    found = (
        Recruitment.objects.select_for_update(of=("self",))
        .select_related("unit")
        .get(pk=recruitment.pk)
    )
    if found.state == RecruitmentState.ARCHIVED:
        raise DomainError(
            "recruitment_archived",
            _("%(name)s is archived. Take it back first to change it."),
            name=found.name,
        )
    return found


def _check(recruitment: Recruitment) -> None:
    """Refuse ``no_places``, ``last_day_needed``, ``ends_before_start`` and ``praise_demanded``."""
    if recruitment.places < 1:
        raise DomainError("no_places", _("A recruitment has at least one place."))
    if recruitment.mode == Mode.ONE_OFF and recruitment.closes_on is None:
        raise DomainError("last_day_needed", _("One batch needs a last day."))
    if recruitment.closes_on and recruitment.closes_on < recruitment.opens_on:
        raise DomainError("ends_before_start", _("The last day lies before the first."))
    _check_praise(" ".join(getattr(recruitment, name) for name in TEXTS))


def _check_praise(text: str) -> None:
    if found := screening.asks_for_praise(text):
        raise DomainError(
            "praise_demanded",
            _(
                "“%(words)s” asks for a good opinion. Ask for an honest one: whatever people think,"
                " it may not decide whether they take part."
            ),
            words=found,
        )


def _check_opening(recruitment: Recruitment) -> None:
    if recruitment.closes_on and recruitment.closes_on < timezone.localdate():
        raise DomainError("over", _("The last day has passed. Set a later one first."))
    if not recruitment.channels.filter(active=True).exists():
        raise DomainError(
            "no_channel", _("Nobody could apply yet: add a channel with its link first.")
        )


def _agree_to(recruitment: Recruitment, text: str) -> bool:
    """Keep another consent text as a new version; whether it was another."""
    text = text.strip()
    if not text:
        raise DomainError(
            "consent_needed",
            _("Say what the data are used for and how long they are kept: people agree to that."),
        )
    last = recruitment.consents.order_by("-version").first()
    if last and last.text == text:
        return False
    version = last.version + 1 if last else 1
    ConsentText.objects.create(recruitment=recruitment, version=version, text=text)
    return True
