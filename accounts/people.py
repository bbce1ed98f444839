"""People who sign in: adding them, giving and ending roles, ending their access."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, Prefetch, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.access import reach
from accounts.choices import Role
from accounts.models import ApiKey, Grant, Person, Unit
from kosops.lib.errors import DomainError, NotAllowed

USERNAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,59}", re.ASCII)
MANAGE = "people.manage"


# -- queries -------------------------------------------------------------------


def people_with_grants(rows: QuerySet[Person]) -> QuerySet[Person]:
    """``rows`` with today's grants and their units in ``current_grants``, in two more queries."""
    grants = Grant.objects.current(timezone.localdate()).select_related("unit").order_by("since")
    return rows.prefetch_related(Prefetch("grants", queryset=grants, to_attr="current_grants"))


def check_not_own(by: Person, person: Person) -> None:
    """Refuse ``own_access``: nobody raises themselves."""
    if by.pk == person.pk:
        raise NotAllowed(
            "own_access", _("Ask a colleague: nobody changes their own roles and access.")
        )


def check_may_manage(by: Person, person: Person) -> None:
    """Refuse ``own_access``, ``superuser`` and ``held_elsewhere``.

    Nobody cuts off or takes over access that reaches beyond their own.
    """
    check_not_own(by, person)
    if by.is_superuser:
        return
    if person.is_superuser:
        raise NotAllowed("superuser", _("Only a superuser can change a superuser."))
    within = reach(by, MANAGE)
    held = Grant.objects.current(timezone.localdate()).filter(person=person)
    if not all(within.covers(grant.unit) for grant in held.select_related("unit")):
        raise NotAllowed(
            "held_elsewhere",
            _("%(name)s also has a role outside your part of the organisation."),
            name=person.name,
        )


def refusal_to_manage(by: Person, person: Person) -> str:
    """Why `check_may_manage` would not let ``by`` pass, empty if it would; for the page."""
    try:
        check_may_manage(by, person)
    except NotAllowed as refusal:
        return str(refusal)
    return ""


@dataclass(frozen=True)
class HeldRole:
    """A role on a person's page: what, where, and whether it holds today."""

    grant: Grant
    state: str


def held_roles(grants: QuerySet[Grant], today: dt.date) -> list[HeldRole]:
    """Roles that hold, that will hold and that have ended, in this order."""
    rows = [HeldRole(grant, _state(grant, today)) for grant in grants.select_related("unit")]
    order = {"active": 0, "coming": 1, "ended": 2}
    return sorted(rows, key=lambda row: (order[row.state], -row.grant.since.toordinal()))


def _state(grant: Grant, today: dt.date) -> str:
    if grant.since > today:
        return "coming"
    return "ended" if grant.until and grant.until < today else "active"


# -- commands ------------------------------------------------------------------


@transaction.atomic
def add_person(
    *,
    by: Person | None,
    username: str,
    name: str,
    role: str,
    unit: Unit,
    email: str = "",
    language: str = "",
    password: str | None = None,
) -> Person:
    """Add somebody with a first role. Without ``password`` they choose one themselves
    (`sign_in.password_path`). Refuses ``invalid_username`` and ``username_taken``.
    """
    username = username.strip().lower()
    if not USERNAME.fullmatch(username):
        raise DomainError(
            "invalid_username",
            _(
                "Write the username with 2 to 60 small letters, digits, dots, hyphens or "
                "underscores."
            ),
            status=400,
        )
    try:
        with transaction.atomic():
            person = Person.objects.create_user(
                username, password, name=name, email=email, language=language
            )
    except IntegrityError as error:
        raise DomainError(
            "username_taken", _("The username %(name)s is taken."), name=username
        ) from error
    activity.record(
        by=by, verb="person.added", object=person, unit=unit, after={"username": username}
    )
    give_role(by=by, person=person, role=role, unit=unit)
    return person


@transaction.atomic
def give_role(
    *,
    by: Person | None,
    person: Person,
    role: str,
    unit: Unit,
    since: dt.date | None = None,
    until: dt.date | None = None,
) -> Grant:
    """Give a role at a unit and below it, from today unless told.

    Refuses ``unknown_role``, ``role_held`` and ``ends_before_start``.
    """
    today = timezone.localdate()
    since = since or today
    if role not in Role.values:
        raise DomainError("unknown_role", _("There is no such role."), status=400)
    if until is not None and until < since:
        raise DomainError("ends_before_start", _("The last day lies before the first."), status=400)
    person = Person.objects.select_for_update().get(pk=person.pk)
    if (
        Grant.objects.current(max(since, today))
        .filter(person=person, role=role, unit=unit)
        .exists()
    ):
        raise DomainError("role_held", _("%(name)s has this role there already."), name=person.name)
    # A role that was ended and given again on the same day is the same grant.
    grant, _made = Grant.objects.update_or_create(
        person=person, role=role, unit=unit, since=since, defaults={"until": until}
    )
    activity.record(
        by=by,
        verb="grant.added",
        object=grant,
        unit=unit,
        after=_grant_facts(grant),
    )
    return grant


@transaction.atomic
def end_role(*, by: Person | None, grant: Grant) -> Grant:
    """Take the role away at once. A role that began today never was; others end with yesterday."""
    grant = (
        Grant.objects.select_for_update(of=("self",))
        .select_related("person", "unit")
        .get(pk=grant.pk)
    )
    today = timezone.localdate()
    before = _grant_facts(grant)
    if grant.until is not None and grant.until < today:
        return grant
    if grant.since >= today:
        after, ended = None, grant.pk
        grant.delete()
        grant.pk = ended
    else:
        grant.until = today - dt.timedelta(days=1)
        grant.save(update_fields=["until"])
        after = _grant_facts(grant)
    activity.record(
        by=by, verb="grant.ended", object=grant, unit=grant.unit, before=before, after=after
    )
    return grant


@transaction.atomic
def deactivate(*, by: Person | None, person: Person) -> Person:
    """End all access at once: sessions, links, API keys. What the person did stays theirs."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    if not person.is_active:
        return person
    now = timezone.now()
    person.is_active = False
    person.session_epoch = F("session_epoch") + 1
    person.save(update_fields=["is_active", "session_epoch"])
    person.refresh_from_db()
    keys = ApiKey.objects.filter(created_by=person, revoked_at=None).update(revoked_at=now)
    activity.record(
        by=by,
        verb="person.deactivated",
        object=person,
        unit=_home_unit(person),
        before={"is_active": True},
        after={"is_active": False, "api_keys_revoked": keys},
        at=now,
    )
    return person


@transaction.atomic
def reactivate(*, by: Person | None, person: Person) -> Person:
    """Let the person sign in again. Old sessions and keys stay dead."""
    person = Person.objects.select_for_update().get(pk=person.pk)
    if person.is_active:
        return person
    person.is_active = True
    person.save(update_fields=["is_active"])
    activity.record(
        by=by,
        verb="person.reactivated",
        object=person,
        unit=_home_unit(person),
        before={"is_active": False},
        after={"is_active": True},
    )
    return person


@transaction.atomic
def end_sessions(*, by: Person | None, person: Person) -> Person:
    """Sign the person out everywhere."""
    Person.objects.filter(pk=person.pk).update(session_epoch=F("session_epoch") + 1)
    person.refresh_from_db()
    activity.record(by=by, verb="person.signed_out", object=person, unit=_home_unit(person))
    return person


@transaction.atomic
def make_password_link(*, by: Person, person: Person) -> str:
    """The address at which the person chooses a new password; to be handed over by ``by``.

    Refuses ``deactivated``. The old password works until a new one is chosen.
    """
    from accounts.sign_in import password_path

    if not person.is_active:
        raise DomainError("deactivated", _("%(name)s may not sign in."), name=person.name)
    activity.record(by=by, verb="person.invited", object=person, unit=_home_unit(person))
    return password_path(person)


def set_preferences(*, by: Person, theme: str | None = None, language: str | None = None) -> Person:
    """Store how the person wants to see the pages; None leaves a choice as it is.

    No activity row: nobody but the person sees a difference.
    """
    changes: dict[str, Any] = {}
    if theme is not None:
        changes["theme"] = theme
    if language is not None:
        changes["language"] = language
    if changes:
        Person.objects.filter(pk=by.pk).update(**changes)
        for name, value in changes.items():
            setattr(by, name, value)
    return by


def _grant_facts(grant: Grant) -> dict[str, Any]:
    return {
        "person": grant.person.username,
        "role": grant.role,
        "unit": grant.unit.code,
        "since": grant.since.isoformat(),
        "until": grant.until.isoformat() if grant.until else None,
    }


def _home_unit(person: Person) -> Unit | None:
    """The unit that the person's activity is filed under: that of the latest grant."""
    grant = (
        Grant.objects.filter(person=person).select_related("unit").order_by("-since", "-pk").first()
    )
    return grant.unit if grant else None
