"""The register of what platforms did to accounts: warnings, bans, appeals and their outcome."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from kosops.lib.errors import DomainError
from matrix.account_states import sets_state, state_after
from matrix.custody_choices import ANSWERS, VIOLATIONS, EventKind
from matrix.models import AccountEvent, Evidence, SocialAccount
from matrix.registry import IN_USE, owner_not_verified

MAX_NOTE = 500


# -- queries -------------------------------------------------------------------


def of_account(account: SocialAccount) -> QuerySet[AccountEvent]:
    """The account's entries, the latest first."""
    return (
        AccountEvent.objects.filter(account=account)
        .select_related("evidence", "recorded_by", "about")
        .order_by("-on", "-pk")
    )


def with_answer(events: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate with ``is_answered``: an appeal that was decided, a violation under appeal."""
    return events.annotate(is_answered=Exists(AccountEvent.objects.filter(about=OuterRef("pk"))))


def open_appeals(events: QuerySet[Any]) -> QuerySet[Any]:
    """Appeals that nobody has answered yet."""
    return with_answer(events.filter(kind=EventKind.APPEAL)).filter(is_answered=False)


def can_be_answered(account: SocialAccount) -> QuerySet[Any]:
    """What an appeal or its outcome can be about, the latest first."""
    return with_answer(of_account(account)).filter(
        kind__in=[*VIOLATIONS, EventKind.APPEAL], is_answered=False
    )


# -- commands ------------------------------------------------------------------


@transaction.atomic
def record(
    *,
    by: Person | None,
    account: SocialAccount,
    kind: str,
    on: dt.date,
    note: str = "",
    reference: str = "",
    about: AccountEvent | None = None,
    evidence: Evidence | None = None,
) -> AccountEvent:
    """Note what happened to an account; a later day's state is not undone by an earlier entry.

    Refuses ``event_in_future``, ``appeal_about_nothing``, ``appeal_answered``,
    ``answer_before`` and ``owner_not_verified``.
    """
    account = (
        SocialAccount.objects.select_for_update(of=("self",))
        .select_related("unit")
        .get(pk=account.pk)
    )
    if on > timezone.localdate():
        raise DomainError("event_in_future", _("The day is still to come."))
    _check_about(account, kind, on, about)
    event = AccountEvent.objects.create(
        account=account,
        kind=kind,
        on=on,
        note=note.strip()[:MAX_NOTE],
        reference=reference.strip()[:80],
        about=about,
        evidence=evidence,
        recorded_by=by,
        recorded_at=timezone.now(),
    )
    before = account.state
    against = about.about.kind if about is not None and about.about is not None else ""
    after = state_after(kind, before, about=against)
    if after != before and not _known_later(account, on):
        if after in IN_USE and not account.owner_proof:
            raise owner_not_verified()
        account.state = after
        account.save(update_fields=["state"])
    activity.record(
        by=by,
        verb="account.event_noted",
        object=account,
        unit=account.unit,
        before={"state": before},
        after={"state": account.state, "event": kind, "on": on.isoformat()},
    )
    return event


# -- private -------------------------------------------------------------------


def _check_about(
    account: SocialAccount, kind: str, on: dt.date, about: AccountEvent | None
) -> None:
    wanted: tuple[str, ...] = ()
    if kind == EventKind.APPEAL:
        wanted = VIOLATIONS
    elif kind in ANSWERS:
        wanted = (EventKind.APPEAL,)
    if not wanted:
        if about is not None:
            raise _about_nothing()
        return
    if about is None or about.account_id != account.pk or about.kind not in wanted:
        raise _about_nothing()
    if AccountEvent.objects.filter(about=about).exists():
        raise DomainError("appeal_answered", _("This entry has its appeal or answer already."))
    if on < about.on:
        raise DomainError(
            "answer_before",
            _("That was on %(day)s; an appeal or its answer cannot be earlier."),
            day=about.on.isoformat(),
        )


def _about_nothing() -> DomainError:
    return DomainError(
        "appeal_about_nothing",
        _("Choose the entry that is appealed against, or the appeal that was answered."),
    )


def _known_later(account: SocialAccount, on: dt.date) -> bool:
    """Whether a later day already says what state the account is in."""
    later = AccountEvent.objects.filter(account=account, on__gt=on).values_list("kind", flat=True)
    return any(sets_state(kind) for kind in later)
