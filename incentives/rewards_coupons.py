"""Rewards in coupons: what a reward is worth in pieces is handed out, waits for stock, is withdrawn.

A piece is one row for ever (`Redemption.item`, ``piece``), so however often a run is repeated or cut
off, nobody gets it twice. Handed out is what is released; withdrawn is what is no longer earned, so a
note that is only hidden keeps a code that its writer may have used already. A code that nobody was
shown goes back to the stock; one that was shown is marked withdrawn and given to nobody else.

Who hands out holds the row of the catalogue, as who takes it for points does: a code has one owner.
Where points are posted too, they are locked before it, as there.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db import transaction
from django.db.models import Count, F, IntegerField, OuterRef, QuerySet, Subquery, Sum
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives.choices import COUPONS
from incentives.models import Redemption, Reward, RewardItem, RewardRule
from incentives.points_choices import Delivery, RedemptionState
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.repeating import whole
from matrix.models import Creator

# What was handed over by hand cannot be taken back; a code can.
TOO_MANY = """
SELECT x.id
  FROM incentives_redemption x
  JOIN incentives_rewarditem i ON i.id = x.item_id
 WHERE x.reward_id = %(reward)s AND x.piece > i.earned AND x.state <> 'cancelled'
   AND (x.state = 'to_do' OR %(by_code)s)
 ORDER BY x.id FOR UPDATE OF x
"""

WITHDRAW = """
UPDATE incentives_redemption
   SET state = 'cancelled', withdrawn_at = %(now)s, changed_at = %(now)s, changed_by_id = NULL
 WHERE id = ANY(%(ids)s)
"""

# How many pieces are there again for others.
FREED = """
WITH codes AS (
    UPDATE incentives_couponcode c SET redemption_id = NULL
      FROM incentives_redemption x
     WHERE x.id = c.redemption_id AND x.id = ANY(%(ids)s) AND x.shown_at IS NULL
 RETURNING c.id)
SELECT CASE WHEN %(by_code)s THEN (SELECT count(*) FROM codes)
            ELSE cardinality(%(ids)s::bigint[]) END AS freed
"""

# Whose code was shown gets that one back.
RETURN = """
UPDATE incentives_redemption x
   SET state = 'done', withdrawn_at = NULL, changed_at = %(now)s, changed_by_id = %(by)s
  FROM incentives_rewarditem i
 WHERE i.id = x.item_id AND x.reward_id = %(reward)s AND x.withdrawn_at IS NOT NULL
   AND x.piece <= i.released
   AND EXISTS (SELECT 1 FROM incentives_couponcode c WHERE c.redemption_id = x.id)
"""

# First done, first served.
HAND_OUT = """
WITH due AS (
    SELECT i.id AS item_id, i.creator_id, n AS piece, x.id AS redemption
      FROM incentives_rewardrule r
      JOIN incentives_rewarditem i ON i.rule_id = r.id AND i.released > 0
     CROSS JOIN LATERAL generate_series(1, i.released) n
      LEFT JOIN incentives_redemption x ON x.item_id = i.id AND x.piece = n
     WHERE r.coupon_id = %(reward)s AND (x.id IS NULL OR x.withdrawn_at IS NOT NULL)
     ORDER BY i.done_on, i.id, n
     LIMIT %(left)s),
again AS (
    UPDATE incentives_redemption x
       SET state = %(state)s, withdrawn_at = NULL, changed_at = %(now)s, changed_by_id = %(by)s
      FROM due WHERE x.id = due.redemption
 RETURNING x.id),
new AS (
    INSERT INTO incentives_redemption (brand_id, reward_id, creator_id, points, client_key, state,
                                       tracking, reason, item_id, piece, created_at, changed_at,
                                       changed_by_id)
    SELECT %(brand)s, %(reward)s, d.creator_id, 0, gen_random_uuid(), %(state)s, '', '', d.item_id,
           d.piece, %(now)s, %(now)s, %(by)s
      FROM due d WHERE d.redemption IS NULL
     ORDER BY d.item_id, d.piece
 RETURNING id)
SELECT id FROM again UNION ALL SELECT id FROM new
"""

GIVE_CODES = """
UPDATE incentives_couponcode c SET redemption_id = both_sides.redemption
  FROM (SELECT f.id AS code, r.redemption
          FROM (SELECT id, row_number() OVER (ORDER BY id) AS place
                  FROM incentives_couponcode
                 WHERE reward_id = %(reward)s AND redemption_id IS NULL
                 ORDER BY id LIMIT cardinality(%(ids)s::bigint[])) f
          JOIN unnest(%(ids)s::bigint[]) WITH ORDINALITY AS r (redemption, place)
         USING (place)) both_sides
 WHERE c.id = both_sides.code
"""


@dataclass(frozen=True)
class Done:
    """What came of it, in pieces."""

    handed_out: int = 0
    withdrawn: int = 0


# -- queries -------------------------------------------------------------------


def with_given(items: QuerySet[RewardItem]) -> QuerySet[RewardItem]:
    """Rewards with ``given``: how many pieces of each a person got, or was refused by hand."""
    pieces = (
        Redemption.objects.filter(item=OuterRef("pk"), withdrawn_at=None)
        .order_by()
        .values("item")
        .annotate(n=Count("pk"))
        .values("n")
    )
    given = Coalesce(Subquery(pieces, output_field=IntegerField()), 0)
    return items.annotate(given=given)


def given_of(item: RewardItem) -> int:
    """How many pieces of a reward were handed out."""
    found: int | None = getattr(item, "given", None)
    return item.pieces.filter(withdrawn_at=None).count() if found is None else found


def short(items: QuerySet[RewardItem]) -> QuerySet[RewardItem]:
    """Those of the rewards of which pieces wait for stock."""
    found = with_given(items.filter(rule__currency=COUPONS, released__gt=0))
    return found.filter(released__gt=F("given"))


def waiting(items: QuerySet[RewardItem]) -> dict[int, int]:
    """How many pieces wait for stock, by rule."""
    rows = short(items).order_by().values_list("rule")
    return dict(rows.annotate(n=Sum(F("released") - F("given"))))


def waiting_at(brand: Unit) -> dict[int, int]:
    """How many pieces wait for stock at a brand, by rule."""
    return waiting(RewardItem.objects.filter(brand=brand))


def waiting_for(reward: Reward) -> int:
    """How many pieces of one reward of the catalogue wait for its stock."""
    return sum(waiting(RewardItem.objects.filter(rule__coupon=reward)).values())


def own_pieces(creator: Creator, items: list[RewardItem]) -> dict[int, Redemption]:
    """The first piece that a person has of each of their rewards, by reward."""
    rows = Redemption.objects.filter(creator=creator, item__in=items)
    return {each.item_id: each for each in rows.order_by("-piece") if each.item_id is not None}


# -- commands ------------------------------------------------------------------


def settle(*, by: Person | None, brand: Unit) -> dict[str, int]:
    """Hand out and withdraw what the rewards of a brand say now; what it came to where not nothing.

    In the caller's transaction, after everything that locks points.
    """
    rules = RewardRule.objects.filter(brand=brand, coupon__isnull=False)
    rewards = Reward.objects.filter(pk__in=rules.values("coupon")).order_by("pk")
    done = [_settle(by, reward) for reward in rewards]
    counts = {
        "coupons": sum(each.handed_out for each in done),
        "coupons_back": sum(each.withdrawn for each in done),
        "coupons_wait": sum(waiting_at(brand).values()) if done else 0,
    }
    return {name: count for name, count in counts.items() if count}


@whole
def hand_out(*, by: Person, reward: Reward) -> int:
    """Hand out what waited for this reward's stock; returns how many pieces."""
    done = _settle(by, reward)
    if done.handed_out:
        activity.record(
            by=by,
            verb="reward.handed_out",
            object=reward,
            unit=reward.brand,
            after={"coupons": done.handed_out},
        )
    return done.handed_out


@transaction.atomic
def show_code(*, by: Person, redemption: Redemption) -> Redemption:
    """Note that the code of a piece was shown: from now on it is nobody else's.

    Refuses ``no_code``.
    """
    found = Redemption.objects.select_for_update(of=("self",)).select_related("creator__store")
    redemption = found.get(pk=redemption.pk)
    by_code = redemption.reward.delivery == Delivery.CODE
    if not by_code or redemption.state != RedemptionState.DONE:
        raise DomainError("no_code", _("There is no code to show; it was withdrawn."))
    if not redemption.shown_at:
        redemption.shown_at = timezone.now()
        redemption.save(update_fields=["shown_at"])
        activity.record(
            by=by, verb="redemption.shown", object=redemption, unit=redemption.creator.store
        )
    return redemption


def _settle(by: Person | None, reward: Reward) -> Done:
    locked = Reward.objects.select_for_update(of=("self",)).get(pk=reward.pk)
    by_code = locked.delivery == Delivery.CODE
    params: dict[str, Any] = {
        "reward": locked.pk,
        "brand": locked.brand_id,
        "by": by.pk if by else None,
        "by_code": by_code,
        "state": RedemptionState.DONE if by_code else RedemptionState.TO_DO,
        "now": timezone.now(),
    }
    withdrawn = _withdraw(params)
    returned = sql.execute(RETURN, params)
    handed_out = _hand_out(params, by_code)
    return Done(handed_out + returned, withdrawn)


def _withdraw(params: dict[str, Any]) -> int:
    """Looked at again after they are locked: a code may have been shown in the meantime."""
    ids = [row["id"] for row in sql.fetch_all(TOO_MANY, params)]
    if not ids:
        return 0
    sql.execute(WITHDRAW, params | {"ids": ids})
    freed = sql.fetch_one(FREED, params | {"ids": ids})["freed"]
    Reward.objects.filter(pk=params["reward"]).update(taken=F("taken") - freed)
    return len(ids)


def _hand_out(params: dict[str, Any], by_code: bool) -> int:
    reward = Reward.objects.get(pk=params["reward"])
    if reward.left is not None and reward.left <= 0:
        return 0
    found = sql.fetch_all(HAND_OUT, params | {"left": reward.left})
    ids = sorted(row["id"] for row in found)
    if not ids:
        return 0
    if by_code and sql.execute(GIVE_CODES, params | {"ids": ids}) != len(ids):
        raise LookupError(f"reward {reward.pk} has fewer codes than its stock says")
    Reward.objects.filter(pk=reward.pk).update(taken=F("taken") + len(ids))
    return len(ids)
