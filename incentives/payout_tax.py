"""The tax of a batch: what was paid to each person before, and what this payment bears."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from accounts.models import Unit
from incentives import tax
from incentives.models import PayoutBatch, TaxPolicy
from incentives.payout_choices import TaxMethod, TaxSpan
from kosops.lib import sql
from kosops.lib.errors import DomainError
from kosops.lib.periods import Month


@dataclass(frozen=True)
class Earlier:
    """What was paid and withheld before in the month or year; ``months`` with a payment."""

    gross: int = 0
    tax: int = 0
    months: tuple[str, ...] = ()


# Payouts of the same employer count; what failed or was called off did not happen. A payout counts
# those before it in the order of their ids, so that each has one answer whenever it is asked.
_EARLIER = """
    SELECT p.creator_id AS creator, sum(p.gross)::bigint AS gross, sum(p.tax)::bigint AS tax,
           array_agg(DISTINCT p.tax_period::text) AS months
      FROM incentives_payout p JOIN incentives_payoutbatch b ON b.id = p.batch_id
     WHERE b.brand_id = %(brand)s AND p.creator_id = ANY(%(creators)s)
       AND p.tax_period LIKE %(span)s AND p.currency = %(currency)s
       AND p.state NOT IN ('failed', 'expired', 'cancelled')
       AND (%(before)s::bigint IS NULL OR p.batch_id < %(before)s)
     GROUP BY p.creator_id
"""


def earlier_payments(
    *,
    brand: Unit,
    creators: list[int],
    policy: TaxPolicy,
    period: str,
    currency: str,
    before: int | None = None,
) -> dict[int, Earlier]:
    """For each creator the payments that count together with one in ``period``.

    ``before`` is a batch: only batches made before it count.
    """
    if policy.method == TaxMethod.LABOUR and policy.span == TaxSpan.PAYMENT:
        return {}
    span = f"{period[:4]}-%" if policy.method == TaxMethod.CUMULATIVE else period
    rows = sql.fetch_all(
        _EARLIER,
        {
            "brand": brand.pk,
            "creators": creators,
            "span": span,
            "currency": currency,
            "before": before,
        },
    )
    return {row["creator"]: Earlier(row["gross"], row["tax"], tuple(row["months"])) for row in rows}


def withhold(gross: int, earlier: Earlier, policy: TaxPolicy, period: str) -> tax.Withholding:
    """What a payment of ``gross`` bears by the brand's rules."""
    if policy.method == TaxMethod.CUMULATIVE:
        months = len({*earlier.months, period})
        return tax.cumulative(gross, earlier=earlier.gross, withheld=earlier.tax, months=months)
    return tax.labour(gross, earlier=earlier.gross, withheld=earlier.tax)


def period_of(day: dt.date) -> str:
    return str(Month.of(day))


def as_fields(worked: tax.Withholding, policy: TaxPolicy | None, period: str) -> dict[str, Any]:
    """The calculation as the fields of a payout."""
    return {
        "amount": worked.net,
        "tax": worked.tax,
        "tax_income": worked.income,
        "tax_deduction": worked.deduction,
        "tax_base": worked.base,
        "tax_rate_bp": worked.rate_bp,
        "tax_quick": worked.quick,
        "tax_before": worked.withheld,
        "tax_version": worked.version,
        "tax_policy": policy if policy is not None and policy.pk else None,
        "tax_period": period if worked.version else "",
    }


def check_batch(batch: PayoutBatch) -> None:
    """Work the tax of a batch out again. Refuses `tax_changed` where an earlier payment of the
    month was called off or came in between since the batch was made.
    """
    taxed = list(batch.payouts.exclude(tax_version="").select_related("tax_policy", "creator"))
    if not taxed:
        return
    policy = taxed[0].tax_policy or TaxPolicy(
        brand=batch.brand,
        method=TaxMethod.LABOUR,
        span=TaxSpan.MONTH,
    )
    period = taxed[0].tax_period
    before = earlier_payments(
        brand=batch.brand,
        creators=[payout.creator_id for payout in taxed],
        policy=policy,
        period=period,
        currency=batch.currency,
        before=batch.pk,
    )
    wrong = [
        payout.creator.name
        for payout in taxed
        if withhold(payout.gross, before.get(payout.creator_id, Earlier()), policy, period).tax
        != payout.tax
    ]
    if wrong:
        raise DomainError(
            "tax_changed",
            _(
                "Other payments of the month changed, and with them the tax of: %(names)s. "
                "Reject the batch and make it anew."
            ),
            names=", ".join(wrong[:5]),
        )
