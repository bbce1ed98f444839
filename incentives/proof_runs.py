"""Proofs of the books that are kept: every night and by a button. Differences stop payouts.

Accrual goes on: it can be proved again later, a transfer cannot be called back.
"""

from __future__ import annotations

import datetime as dt
import logging

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.choices import UnitKind
from accounts.models import Person, Unit
from incentives import digests, proof, proof_words
from incentives.models import ControlTotal, ProofRun
from kosops.lib.errors import DomainError

logger = logging.getLogger(__name__)

SEALED_DAYS = "sealed_days"


def latest(brand: Unit | None) -> ProofRun | None:
    return ProofRun.objects.filter(brand=brand).order_by("-id").first()


def standing(brands: QuerySet[Unit]) -> QuerySet[ProofRun]:
    """The last proof of each brand that found differences."""
    last = ProofRun.objects.filter(brand__in=brands).order_by("brand", "-id").distinct("brand")
    return ProofRun.objects.filter(pk__in=last.values("pk"), differences__gt=0)


def check_proved(brand: Unit) -> None:
    """Refuse `books_differ` while the last proof found differences. Payouts ask before they move."""
    last = latest(brand)
    if last is None or not last.differences:
        return
    first = next(found for found in last.findings if found["differences"])
    raise DomainError(
        "books_differ",
        _("The books do not prove: “%(check)s”. Payouts wait until a later proof finds nothing."),
        check=proof_words.title_of(first["code"]),
        checks=[found["code"] for found in last.findings if found["differences"]],
    )


def look() -> list[proof.Finding]:
    """Every check, of all brands. Keeps nothing."""
    return [*proof.verify(checks=proof.every_check()), _sealed()]


def prove(*, by: Person | None) -> list[proof.Finding]:
    """Prove the books of all brands, keep what was found, and seal the days that are over."""
    started = timezone.now()
    brands = list(_brands())
    findings = look()
    for finding in findings:
        if finding.differences:
            logger.error("%s: %s differences", finding.title, finding.differences)
    total = proof.differences(findings)
    kept = [
        {
            "code": finding.code,
            "differences": finding.differences,
            "examples": [
                {name: str(value) for name, value in row.items()} for row in finding.examples
            ],
        }
        for finding in findings
    ]
    with transaction.atomic():
        for brand in brands:
            run = ProofRun.objects.create(
                brand=brand,
                started_at=started,
                finished_at=max(timezone.now(), started),
                by=by,
                differences=total,
                findings=kept,
            )
            activity.record(
                by=by, verb="proof.run", object=run, unit=brand, after={"differences": total}
            )
    # A day that was changed is never sealed over.
    if not any(finding.code == SEALED_DAYS and finding.differences for finding in findings):
        for brand in brands:
            digests.seal(brand, timezone.localdate() - dt.timedelta(days=1))
    return findings


def _brands() -> QuerySet[Unit]:
    return Unit.objects.filter(kind=UnitKind.BRAND).order_by("pk")


def _sealed() -> proof.Finding:
    found = [{"brand": brand.code, **each} for brand in _brands() for each in digests.broken(brand)]
    title = "The journals of sealed days are those that were sealed"
    return proof.Finding(SEALED_DAYS, title, len(found), found[: proof.EXAMPLES])


@transaction.atomic
def state_total(
    *,
    by: Person | None,
    brand: Unit,
    source: str,
    day: dt.date,
    orders: int,
    order_amount: int,
    refunds: int,
    refund_amount: int,
) -> ControlTotal:
    """Keep what a partner says that it sent for a day; said again it replaces what was said before.

    Refuses `day_not_here`. Amounts in minor units. The next proof compares.
    """
    if day > timezone.localdate():
        raise DomainError("day_not_here", _("%(day)s is still to come."), day=day.isoformat())
    facts = {
        "orders": orders,
        "order_amount": order_amount,
        "refunds": refunds,
        "refund_amount": refund_amount,
    }
    total, _created = ControlTotal.objects.update_or_create(
        brand=brand,
        source=source.strip(),
        day=day,
        defaults={**facts, "stated_by": by, "stated_at": timezone.now()},
    )
    activity.record(by=by, verb="control_total.saved", object=total, unit=brand, after=facts)
    return total
