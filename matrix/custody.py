"""Custody: who holds an account, handed from giver to taker with both signatures."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import access, activity
from accounts.models import Person
from kosops.lib import secrets
from kosops.lib.errors import DomainError
from matrix import phones
from matrix.choices import AccountState, CreatorState
from matrix.custody_choices import SimOwner
from matrix.models import Creator, Custody, Evidence, SocialAccount

# Who gives and who takes; both sign.
GIVER = "giver"
TAKER = "taker"
SIDES = {GIVER: _("Giver"), TAKER: _("Taker")}

UNSIGNED = Q(until=None) & (Q(giver_at=None) | Q(taker_at=None))
MAX_NOTE = 300


# -- queries -------------------------------------------------------------------


def line_of(account: SocialAccount) -> QuerySet[Custody]:
    """Who held the account, the latest first."""
    return (
        Custody.objects.filter(account=account)
        .select_related("creator", "person", "evidence", "giver_by", "taker_by")
        .order_by("-since", "-pk")
    )


def open_custody(account: SocialAccount) -> Custody | None:
    return line_of(account).filter(until=None).first()


def previous_of(custody: Custody) -> Custody | None:
    """Who held the account before: the one who gives it."""
    earlier = Custody.objects.filter(account=custody.account_id, pk__lt=custody.pk)
    return earlier.select_related("creator", "person").order_by("-since", "-pk").first()


def of_creator(creator: Creator) -> list[Custody]:
    """What a creator holds now, and what they gave that waits for their signature."""
    accounts = Custody.objects.filter(creator=creator).values("account")
    found = (
        Custody.objects.filter(Q(creator=creator) | Q(account__in=accounts, giver_at=None))
        .filter(until=None)
        .select_related("account", "account__unit", "creator", "person")
        .order_by("-since", "-pk")
    )
    return [each for each in found if each.creator_id == creator.pk or side_of(creator, each)]


def side_of(creator: Creator, custody: Custody) -> str:
    """On which side the creator still has to sign; empty when on none."""
    if custody.until is not None:
        return ""
    if custody.creator_id == creator.pk:
        return "" if custody.taker_at else TAKER
    before = previous_of(custody)
    gives = before is not None and before.creator_id == creator.pk
    return GIVER if gives and custody.giver_at is None else ""


def to_sign_by(creator: Creator) -> int:
    """How many custodies wait for the creator's signature."""
    return sum(bool(side_of(creator, each)) for each in of_creator(creator))


def may_sign(*, by: Person, custody: Custody, side: str) -> bool:
    """Whether `sign` would take this person's signature on this side."""
    if custody.until is not None or getattr(custody, f"{side}_at") is not None:
        return False
    other = custody.giver_by_id if side == TAKER else custody.taker_by_id
    if other == by.pk:
        return False
    return _is(by, custody.creator, custody.person) if side == TAKER else _may_give(by, custody)


# -- commands ------------------------------------------------------------------


@transaction.atomic
def begin(
    *,
    by: Person | None,
    account: SocialAccount,
    since: dt.date,
    creator: Creator | None = None,
    person: Person | None = None,
    phone: str = "",
    sim_owner: str = "",
    note: str = "",
    evidence: Evidence | None = None,
) -> Custody:
    """Give an account into somebody's hands; whoever held it until now holds it until that day.

    Without both signatures it is to be signed. Refuses ``one_holder``, ``account_closed``,
    ``holder_has_left``, ``other_brand``, ``holder_not_known``, ``already_holder``,
    ``before_last_custody``, ``wrong_phone`` and ``phone_needs_sim``.
    """
    if (creator is None) == (person is None):
        raise DomainError("one_holder", _("Name one person who holds the account."))
    account = (
        SocialAccount.objects.select_for_update(of=("self",))
        .select_related("unit", "brand")
        .get(pk=account.pk)
    )
    _check_holder(account, creator, person)
    number = _read_phone(phone, sim_owner)
    _end_open(account, since, creator, person)
    custody = Custody.objects.create(
        account=account,
        creator=creator,
        person=person,
        phone=secrets.encrypt(number) if number else None,
        phone_masked=phones.masked(number) if number else "",
        sim_owner=sim_owner if number else "",
        since=since,
        note=note.strip()[:MAX_NOTE],
        evidence=evidence,
        created_by=by,
        created_at=timezone.now(),
    )
    activity.record(
        by=by,
        verb="custody.begun",
        object=account,
        unit=account.unit,
        after={"holder": custody.holder_name, "since": since.isoformat()},
    )
    return custody


@transaction.atomic
def sign(*, by: Person, custody: Custody, side: str) -> Custody:
    """Sign as the person who is signed in: as the taker who holds it now, or as its giver.

    The giver is who held it before; without one, or for them, somebody of the company who may
    change custody. Refuses ``unknown_side``, ``custody_ended``, ``already_signed``,
    ``not_the_taker``, ``not_the_giver`` and ``signed_other_side``.
    """
    custody = _locked(custody)
    _check_open_side(custody, side)
    other = custody.giver_by_id if side == TAKER else custody.taker_by_id
    if other == by.pk:
        raise DomainError(
            "signed_other_side",
            _("You have signed the other side; somebody else has to sign this one."),
            status=403,
        )
    if side == TAKER and not _is(by, custody.creator, custody.person):
        raise DomainError(
            "not_the_taker",
            _("Only %(name)s can sign this; a signature on paper can be recorded."),
            status=403,
            name=custody.holder_name,
        )
    if side == GIVER and not _may_give(by, custody):
        raise DomainError("not_the_giver", _("You do not give this account."), status=403)
    return _sign(by, custody, side, by.name, on_paper=False)


@transaction.atomic
def record_paper(
    *, by: Person, custody: Custody, side: str, name: str, evidence: Evidence | None = None
) -> Custody:
    """Record that somebody signed on paper; the paper is kept as evidence.

    Refuses ``unknown_side``, ``custody_ended``, ``already_signed``, ``name_missing`` and
    ``paper_missing``.
    """
    custody = _locked(custody)
    _check_open_side(custody, side)
    if not name.strip():
        raise DomainError("name_missing", _("Say who signed on the paper."))
    if evidence is not None:
        custody.evidence = evidence
    if custody.evidence_id is None:
        raise DomainError("paper_missing", _("Add a picture or scan of the paper that was signed."))
    return _sign(by, custody, side, name.strip()[:80], on_paper=True)


@transaction.atomic
def end(*, by: Person | None, account: SocialAccount, until: dt.date) -> Custody | None:
    """Nobody holds the account after that day. Does nothing where nobody held it.

    Refuses ``before_last_custody``.
    """
    account = (
        SocialAccount.objects.select_for_update(of=("self",))
        .select_related("unit")
        .get(pk=account.pk)
    )
    custody = Custody.objects.filter(account=account, until=None).first()
    if custody is None:
        return None
    _close(custody, until)
    activity.record(
        by=by,
        verb="custody.ended",
        object=account,
        unit=account.unit,
        after={"holder": custody.holder_name, "until": until.isoformat()},
    )
    return custody


@transaction.atomic
def show_phone(*, by: Person, custody: Custody) -> str:
    """The number in full; the look is noted. Empty where none is known."""
    if custody.phone is None:
        return ""
    activity.record(
        by=by, verb="custody.phone_shown", object=custody.account, unit=custody.account.unit
    )
    return secrets.decrypt(custody.phone)


# -- private -------------------------------------------------------------------


def _check_holder(account: SocialAccount, creator: Creator | None, person: Person | None) -> None:
    if account.state == AccountState.CLOSED:
        raise DomainError(
            "account_closed", _("%(handle)s is closed; nobody can hold it."), handle=account.handle
        )
    if creator is not None:
        if creator.brand_id != account.brand_id:
            raise DomainError("other_brand", _("This person belongs to another brand."))
        if creator.state == CreatorState.LEFT:
            raise DomainError(
                "holder_has_left",
                _("%(name)s has left and cannot hold an account."),
                name=creator.name,
            )
    elif person is None or not _works_for(person, account):
        raise DomainError(
            "holder_not_known", _("This person has no role at this brand and cannot hold it.")
        )


def _works_for(person: Person, account: SocialAccount) -> bool:
    return access.reach(person, "matrix.view").covers(account.unit)


def _read_phone(phone: str, sim_owner: str) -> str:
    if not phone.strip():
        return ""
    number = phones.normalised(phone)
    if not number:
        raise DomainError("wrong_phone", _("Write a mobile number of eleven digits."))
    if sim_owner not in SimOwner.values:
        raise DomainError("phone_needs_sim", _("Say in whose name the number is."))
    return number


def _end_open(
    account: SocialAccount, since: dt.date, creator: Creator | None, person: Person | None
) -> None:
    last = Custody.objects.filter(account=account, until=None).first()
    if last is None:
        return
    if (last.creator_id, last.person_id) == (
        creator.pk if creator else None,
        person.pk if person else None,
    ):
        raise DomainError(
            "already_holder", _("%(name)s holds the account already."), name=last.holder_name
        )
    _close(last, since)


def _close(custody: Custody, until: dt.date) -> None:
    if until < custody.since:
        raise DomainError(
            "before_last_custody",
            _("%(name)s holds it since %(since)s; it cannot end before."),
            name=custody.holder_name,
            since=custody.since.isoformat(),
        )
    custody.until = until
    custody.save(update_fields=["until"])


def _locked(custody: Custody) -> Custody:
    return (
        Custody.objects.select_for_update(of=("self",))
        .select_related("account__unit", "creator", "person")
        .get(pk=custody.pk)
    )


def _check_open_side(custody: Custody, side: str) -> None:
    if side not in SIDES:
        raise DomainError("unknown_side", _("A custody has a giver and a taker."), status=400)
    if custody.until is not None:
        raise DomainError("custody_ended", _("This custody has ended; nothing is signed any more."))
    if getattr(custody, f"{side}_at") is not None:
        raise DomainError("already_signed", _("This side is signed already."))


def _is(by: Person, creator: Creator | None, person: Person | None) -> bool:
    return by.pk in {creator.person_id if creator else None, person.pk if person else None} - {None}


def _may_give(by: Person, custody: Custody) -> bool:
    before = previous_of(custody)
    if before is not None and _is(by, before.creator, before.person):
        return True
    return access.reach(by, "custody.edit").covers(custody.account.unit)


def _sign(by: Person, custody: Custody, side: str, name: str, *, on_paper: bool) -> Custody:
    facts: dict[str, Any] = {
        f"{side}_name": name,
        f"{side}_by": by,
        f"{side}_at": timezone.now(),
        f"{side}_on_paper": on_paper,
    }
    for field, value in facts.items():
        setattr(custody, field, value)
    custody.save(update_fields=[*facts, "evidence"])
    activity.record(
        by=by,
        verb="custody.signed",
        object=custody.account,
        unit=custody.account.unit,
        after={"side": side, "holder": custody.holder_name, "on_paper": on_paper},
    )
    return custody
