"""Traffic for notes: asked for, approved by a second person within the month's budget, spent."""

from __future__ import annotations

import datetime as dt

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from content.choices import PostState, ReviewState
from content.models import Post
from incentives import rewards_rule
from incentives.models import Boost, BoostBudget, RewardItem
from incentives.rewards_choices import BoostState, Standing
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month

# A note that has come so far on the way to its next step is worth some traffic.
NEAR = 0.6
NEAR_SHOWN = 20


# -- budget --------------------------------------------------------------------


@transaction.atomic
def set_budget(*, by: Person, brand: Unit, month: Month, amount: int) -> BoostBudget:
    """Say what the brand may spend in a month. Refuses ``budget_below_approved``."""
    Unit.objects.select_for_update(no_key=True).get(pk=brand.pk)
    _budget, taken = this_month(brand, month)
    if amount < taken:
        raise DomainError(
            "budget_below_approved", _("More than this is approved for the month already.")
        )
    budget, _new = BoostBudget.objects.update_or_create(
        brand=brand, period=str(month), defaults={"amount": amount, "set_by": by}
    )
    activity.record(
        by=by, verb="boost_budget.saved", object=budget, unit=brand, after={"total": amount}
    )
    return budget


def this_month(brand: Unit, month: Month) -> tuple[int, int]:
    """The budget of a month and what is taken of it, in one query."""
    row = sql.fetch_one(
        """
        SELECT COALESCE((SELECT amount FROM incentives_boostbudget
                          WHERE brand_id = %(brand)s AND period = %(period)s), 0) AS budget,
               COALESCE((SELECT sum(COALESCE(b.spent_amount, b.approved_amount))
                           FROM incentives_boost b JOIN content_post p ON p.id = b.post_id
                          WHERE p.brand_id = %(brand)s AND b.period = %(period)s
                            AND b.state IN ('approved', 'spent')), 0)::bigint AS taken
        """,
        {"brand": brand.pk, "period": str(month)},
    )
    return row["budget"], row["taken"]


# -- a boost -------------------------------------------------------------------


@transaction.atomic
def ask(*, by: Person, post: Post, amount: int, reason: str) -> Boost:
    """Ask for traffic for a note. Refuses ``reason_needed``, ``note_not_online``,
    ``note_in_review`` and ``boost_open``.
    """
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why, so that others can follow it."))
    if post.state != PostState.ONLINE:
        raise DomainError("note_not_online", _("Only a note that is online can get traffic."))
    _refuse_if_held(post)
    made = Boost(
        post=post,
        period=str(Month.of(timezone.localdate())),
        asked_amount=amount,
        asked_reason=reason.strip(),
        asked_by=by,
    )
    try:
        with transaction.atomic():
            made.save()
    except IntegrityError as error:
        raise DomainError("boost_open", _("Traffic for this note is under way already.")) from error
    _note(by, made, "boost.asked", {"total": amount, "reason": made.asked_reason})
    return made


@transaction.atomic
def approve(*, by: Person, boost: Boost, amount: int) -> Boost:
    """Approve an amount, within the budget of the month.

    Refuses ``boost_decided``, ``own_boost``, ``note_in_review``, ``amount_needed`` and
    ``budget_used_up``.
    """
    Unit.objects.select_for_update(no_key=True).get(pk=boost.post.brand_id)
    boost = _locked(boost, BoostState.ASKED)
    if boost.asked_by_id == by.pk:
        raise DomainError("own_boost", _("Somebody else has to approve what you asked for."))
    _refuse_if_held(boost.post)
    if amount <= 0:
        raise DomainError("amount_needed", _("Approve an amount above zero, or decline."))
    month = Month.of(timezone.localdate())
    budget, taken = this_month(boost.post.brand, month)
    if taken + amount > budget:
        raise DomainError("budget_used_up", _("The month’s boost budget does not reach for that."))
    boost.state, boost.approved_amount, boost.period = BoostState.APPROVED, amount, str(month)
    boost.decided_by, boost.decided_at = by, timezone.now()
    boost.save()
    _note(by, boost, "boost.approved", {"total": amount})
    return boost


@transaction.atomic
def decline(*, by: Person, boost: Boost, reason: str) -> Boost:
    """Refuses ``boost_decided``, ``own_boost`` and ``reason_needed``."""
    boost = _locked(boost, BoostState.ASKED)
    if boost.asked_by_id == by.pk:
        raise DomainError("own_boost", _("Somebody else has to approve what you asked for."))
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why, so that others can follow it."))
    boost.state, boost.decided_reason = BoostState.DECLINED, reason.strip()
    boost.decided_by, boost.decided_at = by, timezone.now()
    boost.save()
    _note(by, boost, "boost.declined", {"reason": boost.decided_reason})
    return boost


@transaction.atomic
def record_spent(*, by: Person, boost: Boost, amount: int, began_at: dt.datetime) -> Boost:
    """Say what was spent and since when; from then on the figures are not organic any more.

    Refuses ``boost_decided``, ``more_than_approved`` and ``began_before_note``.
    """
    boost = _locked(boost, BoostState.APPROVED)
    if amount > (boost.approved_amount or 0):
        raise DomainError("more_than_approved", _("More than was approved; ask for the rest."))
    if not boost.post.published_at <= began_at <= timezone.now():
        raise DomainError(
            "began_before_note",
            _("The boost began after the note was published, and not later than now."),
        )
    boost.state, boost.spent_amount = BoostState.SPENT, amount
    boost.began_at, boost.spent_by = began_at, by
    boost.save()
    _note(by, boost, "boost.done", {"total": amount})
    return boost


def near_a_step(items: QuerySet[RewardItem]) -> list[tuple[RewardItem, int]]:
    """Notes that fall short of their next step by little, with what is missing, nearest first."""
    short = items.filter(
        standing__in=[Standing.BELOW, Standing.WAITING, Standing.PAYABLE],
        post__state=PostState.ONLINE,
        post__review__in=[ReviewState.NOT_ASKED, ReviewState.CLEAR],
        post__boosts=None,
        watched_until__gte=timezone.localdate(),
        value__isnull=False,
    ).select_related("rule", "creator__store", "post")
    found = []
    for item in short.order_by("-value", "-id")[:500]:
        following = rewards_rule.next_step(
            item.value, rewards_rule.terms_from_json(item.rule.terms)
        )
        if following and (item.value or 0) >= NEAR * following.at_least:
            found.append((item, following.at_least - (item.value or 0)))
    return sorted(found, key=lambda each: each[1])[:NEAR_SHOWN]


def _refuse_if_held(post: Post) -> None:
    if post.is_held_by_review:
        raise DomainError(
            "note_in_review",
            _("A second person has to clear this note before it gets traffic."),
        )


def _locked(boost: Boost, state: str) -> Boost:
    found = Boost.objects.select_for_update(of=("self",)).select_related(
        "post__store", "post__brand"
    )
    boost = found.get(pk=boost.pk)
    if boost.state != state:
        raise DomainError("boost_decided", _("This request is past that step already."))
    return boost


def _note(by: Person, boost: Boost, verb: str, after: dict[str, object]) -> None:
    activity.record(by=by, verb=verb, object=boost, unit=boost.post.store, after=after)
