"""The rules by which a brand pays and withholds tax, as dated versions."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives.models import PayoutPolicy, TaxPolicy
from incentives.payout_choices import Encoding, TaxMethod, TaxSpan
from kosops.lib.errors import DomainError
from kosops.lib.money import check_amount

# What holds until a brand says something else: one yuan at least, one checker, bank transfers, tax
# on labour remuneration by the month.
MIN_PAYOUT = 100


def payout_policy_on(brand: Unit, day: dt.date) -> PayoutPolicy:
    """The version in force on ``day``; where there is none, the product's own, not saved."""
    return (
        PayoutPolicy.objects.filter(brand=brand, valid_from__lte=day).order_by("-valid_from")
    ).first() or PayoutPolicy(brand=brand, valid_from=dt.date.min, minimum=MIN_PAYOUT)


def tax_policy_on(brand: Unit, day: dt.date) -> TaxPolicy:
    """The same for tax."""
    return (
        TaxPolicy.objects.filter(brand=brand, valid_from__lte=day).order_by("-valid_from")
    ).first() or TaxPolicy(
        brand=brand, valid_from=dt.date.min, method=TaxMethod.LABOUR, span=TaxSpan.MONTH
    )


def versions(model: type[PayoutPolicy] | type[TaxPolicy], brand: Unit) -> QuerySet[Any]:
    """All versions of a brand, the latest first."""
    rows = model.objects.filter(brand=brand).select_related("created_by")
    return rows.order_by("-valid_from")


@transaction.atomic
def save_payout_policy(
    *,
    by: Person | None,
    brand: Unit,
    valid_from: dt.date,
    minimum: int = MIN_PAYOUT,
    second_over: int | None = None,
    finance_over: int | None = None,
    staff_by_payroll: bool = False,
    encoding: str = Encoding.UTF8,
    reason: str = "",
) -> PayoutPolicy:
    """Add a version that holds from ``valid_from`` on; amounts in minor units.

    Refuses `in_the_past`, `day_taken`, `invalid_minimum` and `limits_crossed` (the limit from
    which finance has to look is not below that of the second checker).
    """
    for amount in (minimum, second_over, finance_over):
        if amount is not None:
            check_amount(amount)
    if minimum < 1:
        raise DomainError("invalid_minimum", _("The smallest payout is above zero."), status=400)
    if second_over is not None and finance_over is not None and finance_over < second_over:
        raise DomainError(
            "limits_crossed",
            _("The limit for finance must not be below that for the second checker."),
            status=400,
        )
    _check_day(brand, valid_from, PayoutPolicy)
    policy = PayoutPolicy.objects.create(
        brand=brand,
        valid_from=valid_from,
        minimum=minimum,
        second_over=second_over,
        finance_over=finance_over,
        staff_by_payroll=staff_by_payroll,
        encoding=encoding,
        reason=reason.strip()[:300],
        created_by=by,
    )
    activity.record(
        by=by,
        verb="payout_policy.saved",
        object=policy,
        unit=brand,
        after={
            "valid_from": valid_from.isoformat(),
            "minimum": minimum,
            "second_over": second_over,
            "finance_over": finance_over,
            "staff_by_payroll": staff_by_payroll,
            "reason": policy.reason,
        },
    )
    return policy


@transaction.atomic
def save_tax_policy(
    *,
    by: Person | None,
    brand: Unit,
    valid_from: dt.date,
    method: str = TaxMethod.LABOUR,
    span: str = TaxSpan.MONTH,
    reason: str = "",
) -> TaxPolicy:
    """Add a version of the tax rules. Refuses `in_the_past`, `day_taken` and `cumulative_by_month`."""
    if method == TaxMethod.CUMULATIVE and span != TaxSpan.MONTH:
        raise DomainError(
            "cumulative_by_month",
            _("The cumulative method goes by the month and not by the payment."),
            status=400,
        )
    _check_day(brand, valid_from, TaxPolicy)
    policy = TaxPolicy.objects.create(
        brand=brand,
        valid_from=valid_from,
        method=method,
        span=span,
        reason=reason.strip()[:300],
        created_by=by,
    )
    activity.record(
        by=by,
        verb="tax_policy.saved",
        object=policy,
        unit=brand,
        after={
            "valid_from": valid_from.isoformat(),
            "method": method,
            "span": span,
            "reason": policy.reason,
        },
    )
    return policy


def _check_day(
    brand: Unit, valid_from: dt.date, model: type[PayoutPolicy] | type[TaxPolicy]
) -> None:
    """What was paid was paid by the rules of its day: they do not change afterwards."""
    if valid_from < timezone.localdate():
        raise DomainError("in_the_past", _("New rules begin today or later."), status=400)
    Unit.objects.select_for_update().get(pk=brand.pk)
    if model.objects.filter(brand=brand, valid_from=valid_from).exists():
        raise DomainError("day_taken", _("Rules begin on this day already. Choose the day after."))
