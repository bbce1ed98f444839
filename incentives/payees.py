"""People who are paid: their account, identity and consent, and what holds their payouts."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from incentives import payee_rules
from incentives.models import Payee, PayeeNotice, PayoutDestination, PayoutHold
from incentives.payout_choices import ConsentWay, DestinationKind, IdentitySource, PayeeNews
from kosops.lib import queue
from kosops.lib.errors import DomainError
from kosops.lib.repeating import whole
from kosops.lib.secrets import blind_index, decrypt, encrypt
from matrix.choices import CreatorKind
from matrix.models import Creator

# So long nobody is paid to an account that took the place of another (RELIABILITY 2.6).
FREEZE = dt.timedelta(hours=72)
OLDEST = dt.date(1900, 1, 1)
MAIL_TASK = "incentives.tasks.mail_payee_notices"

_OPENID = re.compile(r"[A-Za-z0-9_-]{20,64}", re.ASCII)


# -- what stands ---------------------------------------------------------------


@dataclass(frozen=True)
class Standing:
    """Somebody who is paid, with everything that the rule and the pages ask."""

    creator: Creator
    destination: PayoutDestination | None
    payee: Payee | None
    hold: PayoutHold | None
    blocks: list[str]

    @property
    def ready(self) -> bool:
        return not self.blocks


def open_holds(day: dt.date) -> QuerySet[PayoutHold]:
    """Holds that stand on ``day``."""
    return PayoutHold.objects.filter(Q(until=None) | Q(until__gte=day), lifted_at=None)


def standings(creators: Iterable[Creator], now: dt.datetime) -> dict[int, Standing]:
    """How each of them stands, by id, with a fixed number of queries."""
    people = list(creators)
    ids = [creator.pk for creator in people]
    today = timezone.localdate(now)
    destinations = {d.creator_id: d for d in PayoutDestination.objects.filter(creator__in=ids)}
    payees = {p.creator_id: p for p in Payee.objects.filter(creator__in=ids)}
    holds = {
        h.creator_id: h
        for h in open_holds(today).filter(creator__in=ids).select_related("by").order_by("pk")
    }
    found = {}
    for creator in people:
        destination, payee = destinations.get(creator.pk), payees.get(creator.pk)
        hold = holds.get(creator.pk)
        facts = facts_of(
            creator.kind,
            born=payee.born if payee else None,
            identified=bool(payee and payee.identified_at),
            destination=destination is not None,
            consented=bool(destination and destination.consent_at),
            frozen_until=destination.frozen_until if destination else None,
            held=hold is not None,
        )
        found[creator.pk] = Standing(
            creator, destination, payee, hold, payee_rules.blocks(facts, now, today)
        )
    return found


def standing_of(creator: Creator, now: dt.datetime) -> Standing:
    return standings([creator], now)[creator.pk]


def facts_of(
    kind: str,
    *,
    born: bytes | memoryview | None,
    identified: bool,
    destination: bool,
    consented: bool,
    frozen_until: dt.datetime | None,
    held: bool,
) -> payee_rules.Payee:
    """The facts as the rule takes them; ``born`` is encrypted."""
    return payee_rules.Payee(
        employee=kind == CreatorKind.KOS,
        held=held,
        born=dt.date.fromisoformat(decrypt(born)) if born else None,
        identified=identified,
        has_destination=destination,
        consented=consented,
        frozen_until=frozen_until,
    )


def unread_notices(creator: Creator) -> QuerySet[PayeeNotice]:
    return PayeeNotice.objects.filter(creator=creator, read_at=None).order_by("-pk")


# -- the account ---------------------------------------------------------------


@whole
def set_destination(
    *,
    by: Person | None,
    creator: Creator,
    holder: str,
    account: str,
    kind: str = DestinationKind.BANK,
    consent: str = ConsentWay.PAPER,
) -> PayoutDestination:
    """Store where a creator is paid, encrypted, with the consent to keeping it.

    Another account than before freezes the person's payouts for 72 hours and tells them; the same
    account again changes nothing. Refuses `invalid_account`, `invalid_holder`, `consent_needed`.
    """
    digits = checked_account(kind, account)
    name = holder.strip()
    if not name or len(name) > 60:
        raise DomainError("invalid_holder", _("Name the holder of the account."), status=400)
    if consent not in ConsentWay.values:
        raise DomainError(
            "consent_needed", _("Without consent the account must not be kept."), status=400
        )
    now = timezone.now()
    Creator.objects.select_for_update(of=("self",)).get(pk=creator.pk)
    before = PayoutDestination.objects.filter(creator=creator).first()
    if before and _is_the_same(before, kind, name, digits):
        if not before.consent_at:
            rows = PayoutDestination.objects.filter(pk=before.pk)
            rows.update(consent_at=now, consent_way=consent)
            before.refresh_from_db()
        return before
    destination, _created = PayoutDestination.objects.update_or_create(
        creator=creator,
        defaults={
            "kind": kind,
            "holder": encrypt(name),
            "account": encrypt(digits),
            "masked": masked(kind, digits),
            "fingerprint": blind_index("payout_account", f"{kind}:{digits}"),
            "frozen_until": now + FREEZE if before else None,
            "consent_at": now,
            "consent_way": consent,
        },
    )
    activity.record(
        by=by,
        verb="payout_destination.changed",
        object=creator,
        unit=creator.store,
        before={"masked": before.masked} if before else None,
        after={"masked": destination.masked},
    )
    if before:
        _tell(
            creator,
            PayeeNews.ACCOUNT_CHANGED,
            now,
            before=before.masked,
            after=destination.masked,
            until=(now + FREEZE).isoformat(),
        )
    return destination


def checked_account(kind: str, account: str) -> str:
    """The account without spaces. Refuses `invalid_account`."""
    plain = account.replace(" ", "")
    if kind == DestinationKind.WECHAT:
        if not _OPENID.fullmatch(plain):
            raise DomainError(
                "invalid_account",
                _("An openid has 20 to 64 letters, digits, “-” and “_”."),
                status=400,
            )
    elif kind != DestinationKind.BANK:
        raise DomainError("invalid_account", _("Choose a kind of account."), status=400)
    elif not (plain.isascii() and plain.isdigit() and 8 <= len(plain) <= 30):
        raise DomainError("invalid_account", _("An account number has 8 to 30 digits."), status=400)
    return plain


def masked(kind: str, plain: str) -> str:
    return f"WeChat ···· {plain[-4:]}" if kind == DestinationKind.WECHAT else f"···· {plain[-4:]}"


def _is_the_same(before: PayoutDestination, kind: str, holder: str, plain: str) -> bool:
    return (before.kind, decrypt(before.holder), decrypt(before.account)) == (kind, holder, plain)


# -- identity ------------------------------------------------------------------


@transaction.atomic
def set_born(*, by: Person | None, creator: Creator, born: dt.date) -> Payee:
    """Keep the day of birth that somebody names for themselves; it does not count as checked.

    Refuses `invalid_birth_date` and, once the identity was checked, `identity_is_checked`.
    """
    _check_born(born)
    payee = _locked_payee(creator)
    if payee.identified_at:
        raise DomainError(
            "identity_is_checked",
            _("Your identity was checked already. Headquarters can correct it."),
        )
    payee.born = encrypt(born.isoformat())
    payee.save(update_fields=["born"])
    activity.record(by=by, verb="payee.born_named", object=creator, unit=creator.store)
    return payee


@transaction.atomic
def verify_identity(*, by: Person | None, creator: Creator, born: dt.date, source: str) -> Payee:
    """Note that the identity was checked, and by what. Refuses `invalid_birth_date`,
    `invalid_source` and `own_identity`.
    """
    _check_born(born)
    if source not in IdentitySource.values:
        raise DomainError("invalid_source", _("Say by what you checked it."), status=400)
    if by is not None and creator.person_id == by.pk:
        raise DomainError("own_identity", _("Somebody else has to check your identity."))
    payee = _locked_payee(creator)
    payee.born = encrypt(born.isoformat())
    payee.identity, payee.identified_at, payee.identified_by = source, timezone.now(), by
    payee.save(update_fields=["born", "identity", "identified_at", "identified_by"])
    activity.record(
        by=by,
        verb="payee.identified",
        object=creator,
        unit=creator.store,
        after={"identity": source},
    )
    return payee


def _check_born(born: dt.date) -> None:
    if not OLDEST <= born <= timezone.localdate():
        raise DomainError("invalid_birth_date", _("This is not a day of birth."), status=400)


def _locked_payee(creator: Creator) -> Payee:
    Payee.objects.get_or_create(creator=creator)
    return Payee.objects.select_for_update(of=("self",)).get(creator=creator)


# -- holds ---------------------------------------------------------------------


@whole
def hold(*, by: Person, creator: Creator, reason: str, until: dt.date | None = None) -> PayoutHold:
    """Stop payouts to a person, to the last day ``until`` if one is named, and tell them.

    Refuses `reason_needed`, `in_the_past` and `held_already`.
    """
    text = reason.strip()[:300]
    if not text:
        raise DomainError("reason_needed", _("Say why payouts are held."), status=400)
    today = timezone.localdate()
    if until is not None and until < today:
        raise DomainError("in_the_past", _("The hold would be over already."), status=400)
    Creator.objects.select_for_update(of=("self",)).get(pk=creator.pk)
    if open_holds(today).filter(creator=creator).exists():
        raise DomainError("held_already", _("Payouts to this person are held already."))
    now = timezone.now()
    made = PayoutHold.objects.create(creator=creator, reason=text, at=now, by=by, until=until)
    activity.record(
        by=by,
        verb="payee.held",
        object=creator,
        unit=creator.store,
        after={"reason": text, "until": until.isoformat() if until else None},
    )
    _tell(creator, PayeeNews.HELD, now, reason=text, until=until.isoformat() if until else "")
    return made


@whole
def lift(*, by: Person, hold: PayoutHold, reason: str) -> PayoutHold:
    """Let payouts go on. Refuses `reason_needed`, `lifted_already` and `own_hold` to who is paid."""
    hold = (
        PayoutHold.objects.select_for_update(of=("self",))
        .select_related("creator__store")
        .get(pk=hold.pk)
    )
    if hold.lifted_at:
        raise DomainError("lifted_already", _("This hold was lifted already."))
    if hold.creator.person_id == by.pk:
        raise DomainError("own_hold", _("Somebody else has to decide about your own payouts."))
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why the hold is lifted."), status=400)
    hold.lifted_at, hold.lifted_by, hold.lift_reason = timezone.now(), by, reason.strip()[:300]
    hold.save(update_fields=["lifted_at", "lifted_by", "lift_reason"])
    activity.record(
        by=by,
        verb="payee.lifted",
        object=hold.creator,
        unit=hold.creator.store,
        after={"reason": hold.lift_reason},
    )
    _tell(hold.creator, PayeeNews.LIFTED, hold.lifted_at)
    return hold


# -- notices -------------------------------------------------------------------


def _tell(creator: Creator, kind: str, at: dt.datetime, **facts: Any) -> None:
    """Write a notice; it goes to the e-mail of the sign-in too, which the account says nothing of."""
    PayeeNotice.objects.create(creator=creator, kind=kind, facts=facts, at=at)
    queue.after_commit(MAIL_TASK)


@transaction.atomic
def read_notices(*, by: Person, creator: Creator) -> int:
    """The person has seen their notices."""
    return unread_notices(creator).update(read_at=timezone.now())
