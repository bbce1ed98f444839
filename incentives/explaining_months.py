"""What a person's month adds to its lines or takes from them, and which step or limit did it."""

from __future__ import annotations

from dataclasses import dataclass, field

from django.db.models import Sum as SumOf

from incentives import commission_limits
from incentives.commission_limits import Limit
from incentives.commission_month import Step, Sum
from incentives.models import MonthLine, PlanRate
from incentives.month_sql import OF_ENTITLEMENT, OF_RATE
from incentives.plan_choices import BandMode
from incentives.plans import month_rates_of
from kosops.lib import sql
from kosops.lib.periods import Month
from matrix.models import Creator

# Entitlement by entitlement, as the runs of the month sum them up (`month_sql`), for one person.
_SUMS = f"""
    SELECT e.rate_id, {OF_RATE}
      FROM (SELECT {OF_ENTITLEMENT}
              FROM incentives_commissionrun n
              JOIN incentives_commissionline c ON c.run_id = n.id
                   AND c.creator_id = %(creator)s
              JOIN customers_order o ON o.id = c.order_id
                   AND o.business_date BETWEEN %(first)s AND %(last)s
              JOIN customers_orderline l ON l.id = c.order_line_id
              JOIN incentives_planrate r ON r.id = c.rate_id
             WHERE n.brand_id = %(brand)s AND n.kind = 'accrual' AND n.state = 'posted'
               AND n.as_of >= %(first)s
             GROUP BY c.order_id, c.order_line_id, c.role
            HAVING min(r.version_id) = %(version)s) AS e
     GROUP BY e.rate_id
"""


@dataclass(frozen=True)
class MonthPart:
    """``added`` by the month beside its lines, minor units; ``sales`` are its net sales by the rate,
    ``step`` the one they reached.
    """

    added: int = 0
    sales: int = 0
    step: Step | None = None
    next_step: Step | None = None
    # Whether a step counts for the whole month, not only for what lies above it.
    whole: bool = False
    limits: list[Limit] = field(default_factory=list)


def month_part(creator: Creator, rate: PlanRate, month: Month) -> MonthPart:
    """The month of a person as the plan of ``rate`` sees it; nothing without steps and limits."""
    version = rate.version
    rates = month_rates_of(version)
    if version.person_cap is None and not any(r.steps or r.cap is not None for r in rates):
        return MonthPart()
    lines = MonthLine.objects.filter(creator=creator, month=month.first_day, version=version)
    sums = {
        row["rate_id"]: Sum(row["base"], row["amount"], row["others"])
        for row in sql.fetch_all(
            _SUMS,
            {
                "creator": creator.pk,
                "brand": version.brand_id,
                "version": version.pk,
                "first": month.first_day,
                "last": month.last_day,
            },
        )
    }
    own = next(each for each in rates if each.id == rate.pk)
    sales, whole = sums.get(rate.pk, Sum()).base, version.band_mode == BandMode.WHOLE
    step, next_step = commission_limits.steps_around(own, sales)
    return MonthPart(
        added=lines.aggregate(sum=SumOf("amount"))["sum"] or 0,
        sales=sales,
        step=step,
        next_step=next_step,
        whole=whole,
        limits=commission_limits.of_month(
            sums, rates, rate_id=rate.pk, whole=whole, person_cap=version.person_cap
        ),
    )
