"""Days of the books sealed by digests that chain, written outside the database as well.

Triggers keep the application from changing the books, but not the owner of the tables. Who changes
a journal of a sealed day changes its digest and with it every later one, and these stand in a file
per brand under ``DIGEST_DIR``, which belongs on another machine.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from accounts.models import Unit
from incentives.models import DayDigest
from kosops.lib import sql

_DAYS = """
    WITH journal AS (
        SELECT (j.created_at AT TIME ZONE %(zone)s)::date AS day, j.id,
               sha256(convert_to(concat_ws('|', j.id, j.kind, j.currency, j.source, j.key,
                   j.business_date, j.run_id, j.created_by_id, j.reverses_id, j.reason,
                   string_agg(concat_ws(':', p.line, p.account_id, p.amount), ',' ORDER BY p.line)),
                   'UTF8')) AS digest
          FROM incentives_journal j JOIN incentives_posting p ON p.journal_id = j.id
         WHERE j.brand_id = %(brand)s
           AND (j.created_at AT TIME ZONE %(zone)s)::date BETWEEN %(first)s AND %(last)s
         GROUP BY j.id)
    SELECT day, count(*) AS journals, encode(sha256(string_agg(digest, ''::bytea ORDER BY id)), 'hex')
           AS digest
      FROM journal GROUP BY day ORDER BY day
"""


def seal(brand: Unit, last: dt.date) -> int:
    """Seal every day after the last sealed one up to ``last``, which must be over. Returns how many.

    Days without journals have no row.
    """
    with transaction.atomic():
        sql.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended('digests', %(b)s))", {"b": brand.pk}
        )
        before = DayDigest.objects.filter(brand=brand).order_by("-day").first()
        first = before.day + dt.timedelta(days=1) if before else dt.date(2000, 1, 1)
        previous = before.digest if before else ""
        sealed: list[DayDigest] = []
        for row in _of_days(brand, first, last):
            previous = _chained(previous, row)
            sealed.append(
                DayDigest(
                    brand=brand,
                    day=row["day"],
                    journals=row["journals"],
                    previous=sealed[-1].digest if sealed else before.digest if before else "",
                    digest=previous,
                    sealed_at=timezone.now(),
                )
            )
        DayDigest.objects.bulk_create(sealed)
    _write(brand)
    return len(sealed)


def broken(brand: Unit) -> list[dict[str, Any]]:
    """Sealed days whose journals, chain or file say something else now."""
    sealed = list(DayDigest.objects.filter(brand=brand).order_by("day"))
    if not sealed:
        return []
    now = {row["day"]: row for row in _of_days(brand, sealed[0].day, sealed[-1].day)}
    written = _read(brand)
    found = []
    previous = ""
    for each in sealed:
        row = now.pop(each.day, {"journals": 0, "digest": ""})
        row["day"] = each.day
        if (each.journals, each.previous, each.digest) != (
            row["journals"],
            previous,
            _chained(previous, row),
        ):
            found.append({"day": str(each.day), "what": "journals"})
        # A day is looked for in the file once the file has begun.
        elif written.get(str(each.day), each.digest) != each.digest:
            found.append({"day": str(each.day), "what": "file"})
        previous = each.digest
    found += [{"day": str(day), "what": "not sealed"} for day in now]
    days = {str(each.day) for each in sealed}
    found += [{"day": day, "what": "only in the file"} for day in written if day not in days]
    return found


def path_of(brand: Unit) -> Path:
    """The file of a brand: a line for each sealed day."""
    return (
        Path(settings.DIGEST_DIR)
        / f"books-{brand.pk}-{re.sub(r'[^A-Za-z0-9]', '', brand.code)}.txt"
    )


# -- private -------------------------------------------------------------------


def _of_days(brand: Unit, first: dt.date, last: dt.date) -> list[dict[str, Any]]:
    return sql.fetch_all(
        _DAYS, {"brand": brand.pk, "zone": settings.TIME_ZONE, "first": first, "last": last}
    )


def _chained(previous: str, row: dict[str, Any]) -> str:
    return hashlib.sha256(
        f"{previous}|{row['day']}|{row['journals']}|{row['digest']}".encode()
    ).hexdigest()


def _write(brand: Unit) -> None:
    """Add the days that the file lacks. What stands in it is never rewritten."""
    path = path_of(brand)
    if not DayDigest.objects.filter(brand=brand).exists():
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    known = _read(brand)
    with path.open("a", encoding="ascii") as file:
        for each in DayDigest.objects.filter(brand=brand).order_by("day"):
            if str(each.day) not in known:
                file.write(f"{each.day} {each.journals} {each.digest}\n")
        file.flush()
        os.fsync(file.fileno())


def _read(brand: Unit) -> dict[str, str]:
    return dict(_lines(path_of(brand)))


def _lines(path: Path) -> Iterator[tuple[str, str]]:
    if not path.exists():
        return
    for line in path.read_text(encoding="ascii").splitlines():
        parts = line.split()
        if len(parts) == 3:
            yield parts[0], parts[2]
