"""Rewards in points: what a reward is worth becomes points of the person, like any other source.

The rule of the reward says when they are free, not the days alone: a hidden note is held again.
Points live longer than the reward is watched (`rewards_rule`), so what is taken back is still there
or owed.
"""

from __future__ import annotations

from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from incentives import points, points_sources
from incentives.choices import POINTS
from incentives.models import PointRun, RewardLine, RewardRun

SOURCE = "reward"

_ITEMS = """
    incentives_rewarditem i
    JOIN incentives_rewardrule r ON r.id = i.rule_id AND r.currency = 'PTS'
   WHERE i.brand_id = %(brand)s
"""

points_sources.register(
    points_sources.Source(
        code=SOURCE,
        label=_("Reward by a rule"),
        ruled=False,
        facts=f"""
            SELECT i.id::text AS key, i.creator_id, i.done_on AS earned_on, i.earned AS points,
                   (r.terms->>'check_days')::int AS hold_days,
                   (r.terms->>'points_months')::int AS months
              FROM {_ITEMS} AND i.earned > 0
        """,
        # What was never free by its last day expires like the rest.
        held=f"""
            SELECT i.creator_id, i.earned - i.released AS points
              FROM {_ITEMS} AND i.earned > i.released
               AND date_trunc('month', i.done_on)
                   + make_interval(months => (r.terms->>'points_months')::int + 1) > %(today)s
        """,
    )
)


def post(*, by: Person | None, run: RewardRun) -> PointRun | None:
    """Let what a reward run found in points reach the people; None where it found nothing.

    In the caller's transaction. Refuses ``points_busy``.
    """
    if not RewardLine.objects.filter(run=run, item__rule__currency=POINTS).exists():
        return None
    return points.run(by=by, brand=run.brand, today=timezone.localdate(), only=SOURCE)
