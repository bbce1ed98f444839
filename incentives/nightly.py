"""What runs by itself each night."""

from __future__ import annotations

import datetime as dt
import logging

from django.utils import timezone

from accounts.choices import UnitKind
from accounts.models import Unit
from incentives import commission_runs, proof
from kosops.lib.errors import DomainError

logger = logging.getLogger(__name__)


def yesterday() -> dt.date:
    """The last full business day."""
    return timezone.localdate() - dt.timedelta(days=1)


def run_commission(*, as_of: dt.date | None = None) -> None:
    """Work out and release the commission of every brand. A busy brand is left to its own run."""
    day = as_of or yesterday()
    for brand in Unit.objects.filter(kind=UnitKind.BRAND, active=True).order_by("pk"):
        try:
            commission_runs.accrue(by=None, brand=brand, as_of=day)
            commission_runs.release(by=None, brand=brand, as_of=day)
        except DomainError as refusal:
            logger.warning("Commission of %s for %s: %s", brand, day, refusal)


def verify_books() -> int:
    """Prove the books and log every difference; the number of differences."""
    findings = proof.verify()
    for finding in findings:
        if finding.differences:
            logger.error("%s: %s differences", finding.title, finding.differences)
    return proof.differences(findings)
