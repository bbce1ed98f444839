"""Reward runs: from what was done to lines, and into the books.

A run is one transaction: cut off, it has done nothing, and the next one does all of it. Each line is
target minus posted, so a run may be repeated and rules may be corrected by the same code.
"""

from __future__ import annotations

import datetime as dt

from django.conf import settings
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives import ledger, rewards_coupons, rewards_points, rewards_sql
from incentives.choices import JournalKind, LedgerKind
from incentives.commission_runs import check_month_open
from incentives.models import RewardRule, RewardRun
from incentives.rewards_choices import RuleState
from incentives.rewards_rule import MOST_DAYS, terms_from_json
from kosops.lib import sql
from kosops.lib.errors import DomainError

# (kind of line, kind of journal, account debited, account credited)
_BOOKING = (
    ("earned", JournalKind.REWARD, LedgerKind.REWARDS, LedgerKind.ACCRUED),
    ("released", JournalKind.RELEASE, LedgerKind.ACCRUED, LedgerKind.PAYABLE),
)


def run(*, by: Person | None, brand: Unit, as_of: dt.date) -> RewardRun:
    """Work out the rewards of a brand up to ``as_of`` and post them.

    Refuses ``run_in_progress``, ``month_settled``, ``day_not_here``, and ``points_busy`` where
    points are to be posted while a run of points is at it.
    """
    if as_of > timezone.localdate():
        raise DomainError("day_not_here", _("%(day)s is still to come."), day=as_of.isoformat())
    check_month_open(brand, as_of)
    busy = DomainError("run_in_progress", _("A reward run of this brand is going on already."))
    with sql.exclusive(f"rewards:{brand.pk}", busy=busy):
        made = RewardRun.objects.create(brand=brand, as_of=as_of, started_by=by)
        counts = {"rewards": 0, "lines": 0}
        for rule in watched_rules(brand, as_of):
            done = rewards_sql.give(rule, terms_from_json(rule.terms), made)
            counts = {name: counts[name] + done[name] for name in counts}
        made.counts = counts | {"journals": _post(by, made)}
        if posted := rewards_points.post(by=by, run=made):
            made.counts["points"] = posted.counts["earned"] - posted.counts["taken_back"]
        made.counts |= rewards_coupons.settle(by=by, brand=brand)
        made.save(update_fields=["counts"])
        activity.record(by=by, verb="reward_run.run", object=made, unit=brand, after=made.counts)
    return made


def watched_rules(brand: Unit, as_of: dt.date) -> list[RewardRule]:
    """Approved rules whose rewards may still change on the day, in the order of their first day."""
    end = Coalesce(F("period__endswith"), as_of)
    rows = RewardRule.objects.filter(brand=brand, state=RuleState.APPROVED).annotate(end=end)
    watched = Q(end__gte=as_of - dt.timedelta(days=MOST_DAYS + 1))
    return list(rows.filter(watched, period__startswith__lte=as_of).order_by("period", "id"))


def _post(by: Person | None, made: RewardRun) -> int:
    """One journal per creator for what was earned, one for what became payable."""
    return sum(
        ledger.post_set(
            by=by,
            brand=made.brand,
            currency=settings.CURRENCY,
            kind=journal,
            source=f"reward_run:{made.pk}",
            debit=debit,
            credit=credit,
            business_date=made.as_of,
            entries="""
                SELECT %(kind)s || ':' || i.creator_id, i.creator_id, sum(l.amount)::bigint
                  FROM incentives_rewardline l
                  JOIN incentives_rewarditem i ON i.id = l.item_id
                  JOIN incentives_rewardrule r ON r.id = i.rule_id AND r.currency = %(currency)s
                 WHERE l.run_id = %(run)s AND l.kind = %(kind)s
                 GROUP BY i.creator_id HAVING sum(l.amount) <> 0
            """,
            params={"run": made.pk, "kind": kind, "currency": settings.CURRENCY},
        )
        for kind, journal, debit, credit in _BOOKING
    )
