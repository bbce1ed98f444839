"""What the staff reports say: the periods that came in, the sums of one, a creator's rows."""

from __future__ import annotations

import datetime as dt
from typing import Any

from django.db.models import BigIntegerField, F, QuerySet, Sum, Value
from django.db.models.functions import Coalesce

from matrix.models import Creator, StaffReport

PERIODS_SHOWN = 36
OF_CREATOR_SHOWN = 12
# Sorts below every figure.
UNKNOWN = Value(-1, BigIntegerField())


def periods(reports: QuerySet[Any]) -> list[tuple[dt.date, dt.date]]:
    """(first, last day) of the periods that came in, the latest first."""
    found = reports.order_by("-period_to", "-period_from").values_list("period_from", "period_to")
    return list(found.distinct()[:PERIODS_SHOWN])


def period_code(first: dt.date, last: dt.date) -> str:
    """How an address names a period: ``2026-10-01_2026-10-31``."""
    return f"{first.isoformat()}_{last.isoformat()}"


def with_leads(reports: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate reports with what they are sorted by; an unknown figure comes last."""
    return reports.annotate(
        leads_known=Coalesce(
            F("form_leads") + F("dm_leads"),
            "form_leads",
            "dm_leads",
            UNKNOWN,
            output_field=BigIntegerField(),
        ),
        spend_known=Coalesce("promotion_spend", UNKNOWN),
        notes_known=Coalesce("notes", UNKNOWN),
    )


def sums(reports: QuerySet[Any]) -> dict[str, int | None]:
    """The figures of all ``reports`` together, which must be of one period; unknown ones are None."""
    return reports.order_by().aggregate(
        **{
            name: Sum(name)
            for name in ("notes", "form_leads", "dm_leads", "dm_inbound", "promotion_spend")
        }
    )


def total_leads(figures: dict[str, int | None]) -> int | None:
    known = [figures[name] for name in ("form_leads", "dm_leads") if figures[name] is not None]
    return sum(value for value in known if value is not None) if known else None


def of_creator(creator: Creator) -> list[StaffReport]:
    """The latest periods of all accounts that the creator had."""
    rows = StaffReport.objects.filter(creator=creator).select_related("account")
    return list(rows.order_by("-period_to", "-period_from", "account")[:OF_CREATOR_SHOWN])
