"""Points: rules, what people hold, points by hand, and the nightly run.

Balances are derived from the books each time. Who spends holds the lock on their own account from
before the balance is read until the journal is written.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.backends.postgresql.psycopg_any import DateRange
from django.db.models import (
    BigIntegerField,
    F,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    Value,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import ApiKey, Person, Unit
from incentives import ledger, points_rules, points_sources, points_sql
from incentives.choices import POINTS, JournalKind, LedgerKind
from incentives.models import (
    Journal,
    LedgerAccount,
    PointGrant,
    PointLine,
    PointRule,
    PointRun,
    Posting,
)
from incentives.models.points import MOST_POINTS
from incentives.points_choices import GrantState
from incentives.points_rules import Lot
from kosops.lib.errors import DomainError, NotAllowed
from kosops.lib.periods import Month
from kosops.lib.repeating import whole
from kosops.lib.sql import exclusive
from matrix.choices import CreatorState
from matrix.models import Creator

# The source of journals of one person; their keys name what they are for.
SOURCE = "points.single"
# Small gifts of one maker to one person within so many days count together.
GRANT_WINDOW = dt.timedelta(days=30)
# People are told so many days before points expire.
NOTICE_DAYS = 30
MAX_REASON = 200
# Points that come back live at least so long.
RETURN_DAYS = 30


# -- queries -------------------------------------------------------------------


@dataclass(frozen=True)
class Balance:
    """What one person holds today. ``spendable`` and ``held`` make up what lives."""

    spendable: int
    held: int
    # Below zero when points were spent whose post is gone.
    released: int
    lots: list[Lot] = field(default_factory=list)

    @property
    def owed(self) -> int:
        return max(0, -self.released)

    @property
    def next_lot(self) -> Lot | None:
        return self.lots[0] if self.lots else None


def balance_of(creator: Creator, today: dt.date) -> Balance:
    """What a person may spend, what is held, and when what expires."""
    owned = dict.fromkeys((LedgerKind.POINTS, LedgerKind.POINTS_HELD), 0)
    found = (
        Posting.objects.filter(account__creator=creator, account__currency=POINTS)
        .values_list("account__kind")
        .annotate(sum=Sum("amount"))
    )
    owned |= {kind: -amount for kind, amount in found}
    lots = [
        Lot(day, points)
        for day, points in PointLine.objects.filter(creator=creator, expires_on__gte=today)
        .values_list("expires_on")
        .annotate(points=Sum("amount"))
    ]
    released, held = owned[LedgerKind.POINTS], owned[LedgerKind.POINTS_HELD]
    return Balance(
        spendable=points_rules.may_spend(released, held, sum(lot.points for lot in lots)),
        held=max(0, held),
        released=released,
        lots=points_rules.left_of(lots, released + held),
    )


def history_of(creator: Creator) -> QuerySet[Journal]:
    """What changed a person's points, each with ``points`` and without mere releases."""
    return (
        Journal.objects.filter(postings__account__creator=creator, currency=POINTS)
        .exclude(kind=JournalKind.POINTS_RELEASED)
        .annotate(points=-F("postings__amount"))
    )


def lines_by_journal(journals: Iterable[Journal]) -> dict[int, list[PointLine]]:
    """The facts behind journals of earned points."""
    found: dict[int, list[PointLine]] = {}
    for line in PointLine.objects.filter(journal__in=[j.pk for j in journals]).order_by("pk"):
        found.setdefault(line.journal_id, []).append(line)
    return found


@dataclass(frozen=True)
class Sums:
    """Points of a brand: what people hold, what expires soon, what happened in a month."""

    outstanding: int
    held: int
    expiring: int
    earned: int
    spent: int
    expired: int


def sums_of(brand: Unit, today: dt.date) -> Sums:
    """The key figures of a brand's points on ``today``."""
    month = Month.of(today)
    in_month = Q(journal__business_date__range=(month.first_day, today))
    sums = (
        Posting.objects.filter(account__brand=brand, account__currency=POINTS)
        .values_list("account__kind", "journal__kind")
        .annotate(sum=Sum("amount"), of_month=Sum("amount", filter=in_month))
    )
    accounts: Counter[str] = Counter()
    kinds: dict[str, int] = {}
    for account, journal, amount, of_month in sums:
        accounts[account] += amount
        if account == LedgerKind.POINTS_ISSUED:
            kinds[journal] = abs(of_month or 0)
    soon = PointLine.objects.filter(
        brand=brand, expires_on__range=(today, today + dt.timedelta(days=NOTICE_DAYS))
    ).aggregate(sum=Sum("amount"))["sum"]
    held = -accounts[LedgerKind.POINTS_HELD]
    return Sums(
        outstanding=held - accounts[LedgerKind.POINTS],
        held=held,
        expiring=soon or 0,
        earned=kinds.get(JournalKind.POINTS_EARNED, 0),
        spent=kinds.get(JournalKind.POINTS_SPENT, 0) - kinds.get(JournalKind.POINTS_RETURNED, 0),
        expired=kinds.get(JournalKind.POINTS_EXPIRED, 0),
    )


def accounts_of(person: Any, brand: Unit) -> QuerySet[LedgerAccount]:
    """Accounts of points of the people of a brand whom somebody may see."""
    creators = Creator.objects.for_user(person, "points.view").filter(brand=brand)
    return LedgerAccount.objects.filter(
        kind=LedgerKind.POINTS, currency=POINTS, creator__in=creators.values("pk")
    )


def holders(accounts: QuerySet[LedgerAccount], today: dt.date) -> QuerySet[LedgerAccount]:
    """Accounts of points with ``released``, ``held``, ``living`` and ``expiring`` points."""
    held = LedgerAccount.objects.filter(
        kind=LedgerKind.POINTS_HELD, currency=POINTS, creator=OuterRef("creator")
    )
    lines = PointLine.objects.filter(creator=OuterRef("creator"), expires_on__gte=today)
    soon = lines.filter(expires_on__lte=today + dt.timedelta(days=NOTICE_DAYS))
    return accounts.annotate(
        released=_sum(Posting.objects.filter(account=OuterRef("pk")), -F("amount")),
        held=_sum(held, -F("postings__amount")),
        living=_sum(lines, F("amount")),
        expiring=_sum(soon, F("amount")),
    )


def _sum(rows: QuerySet[Any], what: Combinable) -> Coalesce:
    summed = rows.order_by().annotate(_all=Value(1)).values("_all").annotate(_sum=Sum(what))
    return Coalesce(Subquery(summed.values("_sum"), output_field=BigIntegerField()), Value(0))


def spendable(account: Any) -> int:
    """What the holder of an account of `holders` may spend."""
    return points_rules.may_spend(account.released, account.held, account.living)


def expires_soon(account: Any) -> int:
    """What of it expires within the days of notice: what expires first goes first."""
    later = account.living - account.expiring
    return max(0, min(account.expiring, account.released + account.held - later))


def rules_on(brand: Unit, day: dt.date) -> QuerySet[PointRule]:
    return PointRule.objects.filter(brand=brand, valid__contains=day).order_by(
        "event", "creator_kind"
    )


def rules_for(creator: Creator, day: dt.date) -> list[PointRule]:
    """The rules that hold for a person: one of their kind goes before one for all."""
    chosen: dict[str, PointRule] = {}
    for rule in rules_on(creator.brand, day):
        if rule.creator_kind in ("", creator.kind):
            chosen[rule.event] = rule
    return list(chosen.values())


# -- rules ---------------------------------------------------------------------


@transaction.atomic
def save_rule(
    *,
    by: Person | None,
    brand: Unit,
    event: str,
    points: int,
    valid_from: dt.date,
    creator_kind: str = "",
    cap_day: int | None = None,
    cap_month: int | None = None,
    hold_days: int = 0,
    months: int = 12,
) -> PointRule:
    """Add what an event brings from ``valid_from`` on; the rule before it ends the day before.

    Refuses ``unknown_event``, ``points_out_of_range``, ``held_too_long``, ``cap_too_small``; and
    for an event and kind that had a rule before ``rule_starts_in_past`` and ``starts_mid_month``,
    since a cap belongs to a whole month; ``rule_overlaps`` where a later rule waits already.
    """
    if event not in dict(points_sources.ruled()):
        raise DomainError("unknown_event", _("This is not an event that earns points."))
    _check_rule(points, cap_day, cap_month, hold_days, months)
    # Two new rules at once would each see no other.
    Unit.objects.select_for_update(no_key=True).get(pk=brand.pk)
    of_event = PointRule.objects.filter(brand=brand, event=event, creator_kind=creator_kind)
    if PointRule.objects.filter(brand=brand, event=event).exists():
        _check_start(valid_from)
    before = of_event.filter(valid__startswith__lt=valid_from, valid__contains=valid_from).first()
    if before is not None:
        before.valid = DateRange(before.valid.lower, valid_from)
        before.save(update_fields=["valid"])
    if of_event.filter(valid__overlap=DateRange(valid_from, None)).exists():
        raise DomainError(
            "rule_overlaps", _("There is already a rule for this event from that day or later.")
        )
    rule = PointRule.objects.create(
        brand=brand,
        event=event,
        creator_kind=creator_kind,
        points=points,
        cap_day=cap_day,
        cap_month=cap_month,
        hold_days=hold_days,
        months=months,
        valid=DateRange(valid_from, None),
        created_by=by,
    )
    activity.record(
        by=by,
        verb="point_rule.saved",
        object=rule,
        unit=brand,
        before={"points": before.points} if before else None,
        after={"points": points, "valid_from": valid_from.isoformat()},
    )
    return rule


@transaction.atomic
def end_rule(*, by: Person | None, rule: PointRule, last_day: dt.date) -> PointRule:
    """Let a rule end with a day. Refuses ``rule_ended`` and ``rule_ends_in_past``."""
    rule = PointRule.objects.select_for_update(of=("self",)).select_related("brand").get(pk=rule.pk)
    if rule.valid.upper is not None:
        raise DomainError("rule_ended", _("This rule has its last day already."))
    if last_day < timezone.localdate() or last_day < rule.valid.lower:
        raise DomainError(
            "rule_ends_in_past",
            _("A rule ends today or later, so that nobody loses what is earned."),
        )
    rule.valid = DateRange(rule.valid.lower, last_day + dt.timedelta(days=1))
    rule.save(update_fields=["valid"])
    activity.record(
        by=by,
        verb="point_rule.ended",
        object=rule,
        unit=rule.brand,
        after={"until": last_day.isoformat()},
    )
    return rule


def _check_rule(
    points: int, cap_day: int | None, cap_month: int | None, hold_days: int, months: int
) -> None:
    if not 1 <= points <= MOST_POINTS:
        raise DomainError(
            "points_out_of_range",
            _("Points are whole numbers from 1 to %(most)s."),
            status=400,
            most=MOST_POINTS,
        )
    if any(cap is not None and cap < points for cap in (cap_day, cap_month)):
        raise DomainError(
            "cap_too_small",
            _("A cap below the points of one event would never be reached."),
            status=400,
        )
    if not 1 <= months <= 120 or not 0 <= hold_days <= months * 28:
        raise DomainError(
            "held_too_long", _("Points must come free before they expire."), status=400
        )


def _check_start(valid_from: dt.date) -> None:
    if valid_from < timezone.localdate():
        raise DomainError(
            "rule_starts_in_past", _("A new rule starts today or later: what is earned stays.")
        )
    if valid_from.day != 1:
        raise DomainError(
            "starts_mid_month",
            _(
                "A rule that follows another starts on the first of a month, since caps count by month."
            ),
        )


# -- points by hand ------------------------------------------------------------


@whole
def give(
    *,
    by: Person,
    creator: Creator,
    points: int,
    reason: str,
    client_key: uuid.UUID,
    months: int = 12,
    api_key: ApiKey | None = None,
) -> PointGrant:
    """Give points by hand (or take them, below zero); above the limit it waits for a second person.

    The same ``client_key`` again is the same form sent twice. ``api_key``: the program that asks in
    the name of ``by``. Refuses ``reason_needed``,
    ``points_out_of_range``, ``own_points``, ``creator_left``, and ``not_enough_points`` where more
    is to be taken than there is.
    """
    reason = reason.strip()[:MAX_REASON]
    _check_grant(by, creator, points, reason)
    # Small gifts at once would each not see the others.
    lock(creator)
    if sent := PointGrant.objects.filter(maker=by, client_key=client_key).first():
        return sent
    now = timezone.now()
    grant = PointGrant.objects.create(
        brand=creator.brand,
        creator=creator,
        points=points,
        months=months,
        reason=reason,
        client_key=client_key,
        maker=by,
        api_key=api_key,
        created_at=now,
    )
    program = {"api_key": api_key.prefix} if api_key else {}
    activity.record(
        by=by,
        verb="point_grant.added",
        object=grant,
        unit=creator.store,
        after={"points": points, "reason": reason} | program,
        at=now,
    )
    given = (
        PointGrant.objects.filter(maker=by, creator=creator, created_at__gte=now - GRANT_WINDOW)
        .exclude(pk=grant.pk)
        .exclude(state=GrantState.REJECTED)
        .values_list("points", flat=True)
    )
    limit = settings.POINTS_GRANT_LIMIT
    if not points_rules.needs_second_person(points, sum(map(abs, given)), limit):
        _post_grant(grant, by)
    return grant


@whole
def decide_grant(*, by: Person, grant: PointGrant, approve: bool, answer: str = "") -> PointGrant:
    """A second person lets points by hand pass, or refuses them with a reason.

    Refuses ``grant_decided``, ``same_person``, ``own_points``, ``reason_needed`` and
    ``not_enough_points``.
    """
    grant = (
        PointGrant.objects.select_for_update(of=("self",))
        .select_related("creator__brand", "creator__store", "maker")
        .get(pk=grant.pk)
    )
    if grant.state != GrantState.WAITING:
        raise DomainError("grant_decided", _("These points were decided on already."))
    if grant.maker_id == by.pk:
        raise NotAllowed("same_person", _("Somebody else has to decide on what you asked for."))
    _check_own(by, grant.creator)
    if approve:
        _post_grant(grant, by, checker=by)
    else:
        answer = answer.strip()[:MAX_REASON]
        if not answer:
            raise DomainError("reason_needed", _("Say why."), status=400)
        grant.state, grant.checker, grant.answer = GrantState.REJECTED, by, answer
        grant.decided_at = timezone.now()
        grant.save(update_fields=["state", "checker", "answer", "decided_at"])
    activity.record(
        by=by,
        verb="point_grant.approved" if approve else "point_grant.rejected",
        object=grant,
        unit=grant.creator.store,
        after={"points": grant.points} | ({} if approve else {"reason": answer}),
        at=grant.decided_at,
    )
    return grant


def _post_grant(grant: PointGrant, by: Person, checker: Person | None = None) -> None:
    creator, today = grant.creator, timezone.localdate()
    if grant.points < 0:
        _require(creator, -grant.points, today)
    journal = _post(
        by=by,
        creator=creator,
        kind=JournalKind.POINTS_EARNED,
        key=f"grant:{grant.pk}",
        points=grant.points,
        reason=grant.reason,
        today=today,
    )
    # What is taken by hand lives as long as what it corrects: the points that expire first.
    lots = balance_of(creator, today).lots if grant.points < 0 else []
    expires_on = lots[0].expires_on if lots else points_rules.expiry_day(today, grant.months)
    _line(journal, creator, points_sources.GRANT, str(grant.pk), grant.points, today, expires_on)
    grant.state, grant.checker, grant.decided_at = GrantState.POSTED, checker, timezone.now()
    grant.save(update_fields=["state", "checker", "decided_at"])


def _check_grant(by: Person, creator: Creator, points: int, reason: str) -> None:
    if not reason:
        raise DomainError("reason_needed", _("Say what the points are for."), status=400)
    if not points or abs(points) > MOST_POINTS:
        raise DomainError(
            "points_out_of_range",
            _("Points are whole numbers from 1 to %(most)s."),
            status=400,
            most=MOST_POINTS,
        )
    if creator.state == CreatorState.LEFT:
        raise DomainError("creator_left", _("%(name)s has left."), name=creator.name)
    _check_own(by, creator)


def _check_own(by: Person, creator: Creator) -> None:
    if creator.person_id == by.pk:
        raise NotAllowed("own_points", _("Nobody gives points to themself."))


# -- spending ------------------------------------------------------------------


def spend(*, by: Person | None, creator: Creator, points: int, key: str, reason: str) -> dt.date:
    """Take ``points`` from a person for what ``key`` names; the day on which they would have
    expired last. Runs in the caller's transaction and keeps the person's account locked.

    Refuses ``not_enough_points``. The same key again takes nothing.
    """
    today = timezone.localdate()
    lots = _require(creator, points, today)
    _post(
        by=by,
        creator=creator,
        kind=JournalKind.POINTS_SPENT,
        key=key,
        points=-points,
        reason=reason,
        today=today,
    )
    for lot in lots:
        points -= lot.points
        if points <= 0:
            return lot.expires_on
    return lots[-1].expires_on


def give_back(
    *, by: Person | None, creator: Creator, points: int, key: str, expires_on: dt.date, reason: str
) -> Journal:
    """Return what was spent, all of it; it lives as long as it would have, and `RETURN_DAYS` at least."""
    today = timezone.localdate()
    journal = _post(
        by=by,
        creator=creator,
        kind=JournalKind.POINTS_RETURNED,
        key=f"{key}:back",
        points=points,
        reason=reason,
        today=today,
    )
    until = max(expires_on, today + dt.timedelta(days=RETURN_DAYS))
    _line(journal, creator, points_sources.RETURN, key, points, today, until)
    return journal


def _require(creator: Creator, points: int, today: dt.date) -> list[Lot]:
    """What a person holds, with their account locked. Refuses ``not_enough_points``."""
    lock(creator)
    has = balance_of(creator, today)
    if has.spendable < points:
        raise DomainError(
            "not_enough_points",
            _("%(points)s points are needed and %(has)s are there."),
            points=points,
            has=has.spendable,
        )
    return has.lots


def lock(creator: Creator) -> None:
    """Lock the account from which a person spends, until the transaction ends.

    Not against those who only add a posting: a run that gives points to everybody would otherwise
    keep everybody from spending.
    """
    account = ledger.account(
        brand=creator.brand, kind=LedgerKind.POINTS, currency=POINTS, creator=creator
    )
    LedgerAccount.objects.select_for_update(no_key=True).get(pk=account.pk)


def _post(
    *,
    by: Person | None,
    creator: Creator,
    kind: str,
    key: str,
    points: int,
    reason: str,
    today: dt.date,
) -> Journal:
    brand = creator.brand
    issued = ledger.account(brand=brand, kind=LedgerKind.POINTS_ISSUED, currency=POINTS)
    own = ledger.account(brand=brand, kind=LedgerKind.POINTS, currency=POINTS, creator=creator)
    return ledger.post(
        by=by,
        brand=brand,
        kind=kind,
        source=SOURCE,
        key=key,
        business_date=today,
        postings=[(issued, points), (own, -points)],
        reason=reason[:MAX_REASON],
    )


def _line(
    journal: Journal,
    creator: Creator,
    source: str,
    key: str,
    points: int,
    today: dt.date,
    expires_on: dt.date,
) -> PointLine:
    return PointLine.objects.create(
        brand=creator.brand,
        creator=creator,
        source=source,
        key=key,
        amount=points,
        earned_on=today,
        available_on=today,
        expires_on=expires_on,
        journal=journal,
    )


# -- the run -------------------------------------------------------------------


def run(*, by: Person | None, brand: Unit, today: dt.date, only: str = "") -> PointRun | None:
    """Earn, release and expire up to ``today``; None where the brand has no points at all.

    ``only`` earns by one source; the others wait for the night.

    What is posted is what facts are worth less what they have brought: a second run posts nothing.
    Refuses ``points_busy`` while another run is at it.
    """
    busy = DomainError("points_busy", _("The points of this brand are being worked out already."))
    with exclusive(f"points:{brand.pk}", busy=busy):
        missing = points_sql.prepare(brand=brand, today=today, only=only)
        accounts = LedgerAccount.objects.filter(brand=brand, currency=POINTS)
        if not missing and not accounts.exists():
            return None
        done = PointRun.objects.create(brand=brand, as_of=today, started_by=by)
        done.counts = points_sql.post_deltas(by=by, brand=brand, run=done.pk, today=today)
        done.counts["released_people"] = points_sql.release(
            by=by, brand=brand, run=done.pk, today=today
        )
        done.counts |= points_sql.expire(by=by, brand=brand, run=done.pk, today=today)
        done.save(update_fields=["counts"])
        activity.record(by=by, verb="point_run.run", object=done, unit=brand, after=done.counts)
    return done
