"""The catalogue: rewards, codes, taking them for points, handing them out.

Who takes a reward holds two locks in this order: their own account of points, so that points and
the limit per person are counted once; then the row of the reward, whose count of what is gone the
database keeps within the stock.
"""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import perk_rules, points, schemes
from incentives.models import CouponCode, Redemption, Reward
from incentives.perk_rules import Access, Taker
from incentives.points_choices import Delivery, RedemptionState, RewardKind, RewardState
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.repeating import whole
from kosops.lib.secrets import blind_index, decrypt, encrypt
from matrix.choices import CreatorState
from matrix.models import Creator

MOST_CODES = 100_000
MAX_CODE = 60
# Letters and digits that nobody takes for another.
ALPHABET = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
CODE_LENGTH = 12
MAX_REASON = 200

NEXT_STATES: dict[str, frozenset[str]] = {
    RedemptionState.TO_DO: frozenset(
        {RedemptionState.SENT, RedemptionState.DONE, RedemptionState.CANCELLED}
    ),
    RedemptionState.SENT: frozenset({RedemptionState.DONE, RedemptionState.CANCELLED}),
}

WHY_NOT: dict[str, Any] = {
    "not_open_yet": _("This reward is not open yet."),
    "reward_over": _("The time of this reward is over."),
    "had_enough": _("You had as many of it as one person may have."),
    "out_of_stock": _("There is none left."),
    "not_for_you": _("This reward is not for your tier or group."),
}


# -- queries -------------------------------------------------------------------


@dataclass(frozen=True)
class Offer:
    """A reward as one person sees it. ``why_not`` is empty when nothing but the price stands between."""

    reward: Reward
    why_not: str
    affordable: bool

    @property
    def sentence(self) -> str:
        return str(WHY_NOT[self.why_not]) if self.why_not else ""

    @property
    def takes(self) -> bool:
        return not self.why_not and self.affordable


def catalogue_of(brand: Unit) -> QuerySet[Reward]:
    """All rewards of a brand: whoever sees one store of it may know what its people are offered."""
    return Reward.objects.filter(brand=brand).select_related("unit")


def open_for(creator: Creator) -> QuerySet[Reward]:
    """Rewards that a person may look at; whether they may take one says `offer`."""
    return Reward.objects.filter(brand=creator.brand_id, state=RewardState.OPEN).select_related(
        "unit"
    )


def offer(creator: Creator, reward: Reward, today: dt.date, spendable: int) -> Offer:
    """One reward as a person sees it."""
    code = _why_not(reward, had_of(creator).get(reward.pk, 0), today)
    if not perk_rules.is_for(access_of(reward), taker_of(creator)):
        code = "not_for_you"
    return Offer(reward, code, spendable >= reward.price)


def offers_for(creator: Creator, today: dt.date, spendable: int) -> list[Offer]:
    """The open rewards that are for a person, cheapest first."""
    had = had_of(creator)
    found = (
        Reward.objects.filter(brand=creator.brand_id, state=RewardState.OPEN, opens_on__lte=today)
        .filter(Q(closes_on=None) | Q(closes_on__gte=today))
        .select_related("unit")
        .order_by("price", "name", "pk")
    )
    taker = taker_of(creator)
    return [
        Offer(each, _why_not(each, had.get(each.pk, 0), today), spendable >= each.price)
        for each in found
        if perk_rules.is_for(access_of(each), taker)
    ]


def unlocks_of(creator: Creator, tier: str) -> QuerySet[Reward]:
    """Open rewards that name a tier: what reaching it brings."""
    return Reward.objects.filter(
        brand=creator.brand_id, state=RewardState.OPEN, tiers__contains=[tier]
    ).order_by("price", "name")


def had_of(creator: Creator) -> dict[int, int]:
    """How many of each reward a person has, cancelled ones left out."""
    rows = Redemption.objects.filter(creator=creator).exclude(state=RedemptionState.CANCELLED)
    return dict(rows.values_list("reward").annotate(n=Count("pk")))


def access_of(reward: Reward) -> Access:
    return Access(
        reward.creator_kind, reward.tiers, reward.layers, reward.unit.path if reward.unit else ""
    )


def taker_of(creator: Creator) -> Taker:
    return Taker(creator.kind, creator.tier, creator.layer, creator.store.path)


def own(creator: Creator) -> QuerySet[Redemption]:
    """What a person took."""
    return Redemption.objects.filter(creator=creator).select_related("reward", "item__rule")


def code_of(redemption: Redemption) -> str:
    """The code in clear, for its owner alone; empty where there is none, or none to use."""
    if redemption.state == RedemptionState.CANCELLED or not redemption.shown_at:
        return ""
    found = CouponCode.objects.filter(redemption=redemption).first()
    return decrypt(found.code) if found else ""


def address_of(redemption: Redemption) -> str:
    """Where it is to be sent, in clear, for whoever sends it."""
    return decrypt(redemption.address) if redemption.address else ""


def _why_not(reward: Reward, had: int, today: dt.date) -> str:
    return perk_rules.why_not(
        today=today,
        opens_on=reward.opens_on,
        closes_on=reward.closes_on,
        left=reward.left,
        per_person=reward.per_person,
        had=had,
    )


# -- the catalogue -------------------------------------------------------------


@transaction.atomic
def add_reward(*, by: Person | None, brand: Unit, **fields: Any) -> Reward:
    """Add a reward as a draft. Refuses what `_check` refuses."""
    reward = Reward(brand=brand, **fields)
    if reward.delivery == Delivery.CODE:
        reward.stock = 0
    _check(reward)
    reward.save()
    activity.record(
        by=by,
        verb="reward.added",
        object=reward,
        unit=brand,
        after={"name": reward.name, "points": reward.price},
    )
    return reward


@transaction.atomic
def change_reward(*, by: Person | None, reward: Reward, **fields: Any) -> Reward:
    """Change a reward; who took it keeps what they paid. Refuses what `_check` refuses,
    ``delivery_fixed``, ``stock_below_taken`` and, while it is open, what `schemes.require` refuses.
    """
    reward = _locked(reward)
    codes = reward.delivery == Delivery.CODE
    handed_out = codes or reward.taken or reward.rules.exists()
    if fields.get("delivery", reward.delivery) != reward.delivery and handed_out:
        raise DomainError("delivery_fixed", _("How it is handed out cannot change any more."))
    if codes or fields.get("delivery") == Delivery.CODE:
        fields["stock"] = reward.stock or 0
    before = {"points": reward.price, "stock": reward.stock}
    for name, value in fields.items():
        setattr(reward, name, value)
    _check(reward)
    if reward.stock is not None and reward.stock < reward.taken:
        raise DomainError(
            "stock_below_taken",
            _("%(taken)s are gone already; the stock cannot be smaller."),
            taken=reward.taken,
        )
    reward.save(update_fields=list(fields))
    if reward.state == RewardState.OPEN:
        schemes.require(by=by, scheme=reward)
    activity.record(
        by=by,
        verb="reward.changed",
        object=reward,
        unit=reward.brand,
        before=before,
        after={"points": reward.price, "stock": reward.stock},
    )
    return reward


@transaction.atomic
def set_state(*, by: Person | None, reward: Reward, state: str) -> Reward:
    """Open or close a reward. Refuses ``no_codes`` when a coupon has none, and to open what
    `schemes.require` refuses.
    """
    reward = _locked(reward)
    if reward.state == state:
        return reward
    if state == RewardState.OPEN and reward.delivery == Delivery.CODE and not reward.stock:
        raise DomainError("no_codes", _("Add codes first: there is nothing to hand out yet."))
    if state == RewardState.OPEN:
        schemes.require(by=by, scheme=reward)
    before, reward.state = reward.state, state
    reward.save(update_fields=["state"])
    activity.record(
        by=by,
        verb="reward.state_changed",
        object=reward,
        unit=reward.brand,
        before={"state": before},
        after={"state": state},
    )
    return reward


@transaction.atomic
def add_codes(*, by: Person, reward: Reward, codes: Iterable[str]) -> int:
    """Add codes to a coupon; how many were new. Those that the brand has already are left out.

    Refuses ``not_a_coupon``, ``no_codes``, ``too_many_codes`` and ``code_too_long``.
    """
    reward = _locked(reward)
    if reward.delivery != Delivery.CODE:
        raise DomainError("not_a_coupon", _("This reward is not handed out as a code."))
    wanted = list(dict.fromkeys(code.strip() for code in codes if code.strip()))
    if not wanted:
        raise DomainError("no_codes", _("There are no codes in it."), status=400)
    if len(wanted) > MOST_CODES:
        raise DomainError(
            "too_many_codes", _("At most %(most)s codes at a time."), status=400, most=MOST_CODES
        )
    if any(len(code) > MAX_CODE for code in wanted):
        raise DomainError(
            "code_too_long", _("A code has at most %(most)s letters."), status=400, most=MAX_CODE
        )
    rows = [
        (reward.pk, reward.brand_id, encrypt(code), blind_index("coupon", code)) for code in wanted
    ]
    added = sql.insert_rows(
        CouponCode._meta.db_table,
        ("reward_id", "brand_id", "code", "digest"),
        rows,
        "ON CONFLICT (brand_id, digest) DO NOTHING RETURNING id",
    )
    reward.stock = (reward.stock or 0) + len(added)
    reward.save(update_fields=["stock"])
    activity.record(
        by=by,
        verb="reward.codes_added",
        object=reward,
        unit=reward.brand,
        after={"new": len(added), "skipped": len(wanted) - len(added)},
    )
    return len(added)


def new_codes(count: int) -> list[str]:
    """Codes nobody can guess, in groups of four."""
    return [
        "-".join(
            "".join(secrets.choice(ALPHABET) for _letter in range(4))
            for _group in range(CODE_LENGTH // 4)
        )
        for _code in range(count)
    ]


def _locked(reward: Reward) -> Reward:
    return Reward.objects.select_for_update(of=("self",)).select_related("brand").get(pk=reward.pk)


def _check(reward: Reward) -> None:
    """Refuse ``ends_before_start``, ``price_needed``, ``coupon_by_code`` and ``other_unit``."""
    if reward.closes_on and reward.closes_on < reward.opens_on:
        raise DomainError("ends_before_start", _("The last day lies before the first."))
    if reward.price == 0 and reward.kind != RewardKind.BENEFIT and not reward.per_person:
        raise DomainError(
            "price_needed", _("What costs nothing needs a limit per person, or one takes it all.")
        )
    if reward.delivery == Delivery.CODE and reward.kind != RewardKind.COUPON:
        raise DomainError("coupon_by_code", _("Only a coupon is handed out as a code."))
    if reward.unit and not reward.unit.path.startswith(reward.brand.path):
        raise DomainError("other_unit", _("The unit belongs to another brand."))


# -- taking --------------------------------------------------------------------


@whole
def redeem(
    *,
    by: Person | None,
    creator: Creator,
    reward: Reward,
    client_key: uuid.UUID,
    address: str = "",
) -> Redemption:
    """Take one reward for points. The same ``client_key`` again is the same button pressed twice.

    Refuses the codes of `WHY_NOT`, ``reward_closed``, ``not_active``, ``address_needed`` and
    ``not_enough_points``.
    """
    if creator.state != CreatorState.ACTIVE:
        raise DomainError("not_active", _("Rewards are for people who take part at present."))
    points.lock(creator)
    if sent := Redemption.objects.filter(creator=creator, client_key=client_key).first():
        return sent
    reward = (Reward.objects.select_for_update(of=("self",)).select_related("brand", "unit")).get(
        pk=reward.pk
    )
    address = address.strip()
    _check_may_take(creator, reward, address)
    now = timezone.now()
    redemption = Redemption.objects.create(
        brand=reward.brand,
        reward=reward,
        creator=creator,
        points=0,
        client_key=client_key,
        address=encrypt(address) if reward.delivery == Delivery.POST else None,
        created_at=now,
        changed_at=now,
        changed_by=by,
    )
    if reward.price:
        redemption.points_until = points.spend(
            by=by,
            creator=creator,
            points=reward.price,
            key=f"redemption:{redemption.pk}",
            reason=reward.name,
        )
        redemption.points = reward.price
    if reward.delivery == Delivery.CODE:
        _assign_code(reward, redemption)
        redemption.state, redemption.shown_at = RedemptionState.DONE, now
    redemption.save(update_fields=["points", "points_until", "state", "shown_at"])
    Reward.objects.filter(pk=reward.pk).update(taken=F("taken") + 1)
    activity.record(
        by=by,
        verb="redemption.added",
        object=redemption,
        unit=creator.store,
        after={"name": reward.name, "points": reward.price, "state": redemption.state},
        at=now,
    )
    return redemption


def _check_may_take(creator: Creator, reward: Reward, address: str) -> None:
    if reward.brand_id != creator.brand_id or reward.state != RewardState.OPEN:
        raise DomainError("reward_closed", _("This reward is not offered any more."))
    if not perk_rules.is_for(access_of(reward), taker_of(creator)):
        raise DomainError("not_for_you", WHY_NOT["not_for_you"])
    had = had_of(creator).get(reward.pk, 0)
    if code := _why_not(reward, had, timezone.localdate()):
        raise DomainError(code, WHY_NOT[code])
    if reward.delivery == Delivery.POST and not address:
        raise DomainError(
            "address_needed", _("Say where to send it: name, phone and address."), status=422
        )


def _assign_code(reward: Reward, redemption: Redemption) -> None:
    code = (
        CouponCode.objects.select_for_update()
        .filter(reward=reward, redemption=None)
        .order_by("pk")
        .first()
    )
    if code is None:
        raise DomainError("out_of_stock", WHY_NOT["out_of_stock"])
    code.redemption = redemption
    code.save(update_fields=["redemption"])


# -- handing out ---------------------------------------------------------------


@whole
def hand_out(*, by: Person, redemption: Redemption, state: str, tracking: str = "") -> Redemption:
    """Mark as sent (with its tracking number) or as handed out.

    Refuses ``wrong_state_change``, ``not_by_post`` and ``tracking_needed``.
    """
    redemption = _going(redemption, state)
    tracking = tracking.strip()[:60]
    if state == RedemptionState.SENT:
        if redemption.reward.delivery != Delivery.POST:
            raise DomainError("not_by_post", _("This reward is not sent by post."))
        if not tracking:
            raise DomainError("tracking_needed", _("Give the tracking number."), status=422)
        redemption.tracking = tracking
    return _moved(by, redemption, state, "redemption.state_changed")


@whole
def cancel(*, by: Person, redemption: Redemption, reason: str) -> Redemption:
    """Cancel what was not handed out; the points come back, all of them, and so does the piece.

    A code that was shown is not given to anybody else. Refuses ``wrong_state_change`` and
    ``reason_needed``.
    """
    reason = reason.strip()[:MAX_REASON]
    if not reason:
        raise DomainError("reason_needed", _("Say why, in words that the person can act on."))
    points.lock(redemption.creator)
    # Before its row, as who hands out does.
    _locked(redemption.reward)
    redemption = _going(redemption, RedemptionState.CANCELLED)
    if redemption.points and redemption.points_until:
        points.give_back(
            by=by,
            creator=redemption.creator,
            points=redemption.points,
            key=f"redemption:{redemption.pk}",
            expires_on=redemption.points_until,
            reason=reason,
        )
    Reward.objects.filter(pk=redemption.reward_id).update(taken=F("taken") - 1)
    redemption.reason = reason
    return _moved(by, redemption, RedemptionState.CANCELLED, "redemption.called_off")


def _going(redemption: Redemption, state: str) -> Redemption:
    redemption = (
        Redemption.objects.select_for_update(of=("self",))
        .select_related("creator__store", "creator__brand", "reward")
        .get(pk=redemption.pk)
    )
    if state not in NEXT_STATES.get(redemption.state, frozenset()):
        raise DomainError(
            "wrong_state_change",
            _("It is “%(state)s” and cannot go on from there like this."),
            state=redemption.get_state_display(),
        )
    return redemption


def _moved(by: Person, redemption: Redemption, state: str, verb: str) -> Redemption:
    before, redemption.state = redemption.state, state
    redemption.changed_at, redemption.changed_by = timezone.now(), by
    if state in (RedemptionState.DONE, RedemptionState.CANCELLED):
        redemption.address = None
    redemption.save(
        update_fields=["state", "tracking", "reason", "address", "changed_at", "changed_by"]
    )
    activity.record(
        by=by,
        verb=verb,
        object=redemption,
        unit=redemption.creator.store,
        before={"state": before},
        after={"state": state} | ({"reason": redemption.reason} if redemption.reason else {}),
        at=redemption.changed_at,
    )
    return redemption
