"""Lists as files: what a page shows, with its filters and in its order, as CSV or XLSX.

An app registers a `ListExport` for each of its lists when it starts. A short list is answered at
once, a long one becomes a job with progress whose file only the person who asked can fetch.
"""

from __future__ import annotations

import datetime as dt
import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, BinaryIO

from django.core.files.base import File
from django.db import transaction
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django_filters import CharFilter

from accounts import activity, jobs
from accounts.models import Job, Person, Unit
from integrations.sheets.writing import Value, csv_lines, write_xlsx
from kosops.lib.errors import DomainError
from kosops.lib.money import plain_amount
from kosops.ui.listing import ListFilter, count_up_to

Text = str | Promise

CSV, XLSX = "csv", "xlsx"
CONTENT_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
# Up to so many rows a person waits for the answer; more are a job.
AT_ONCE = 2_000
BATCH = 2_000
# A worksheet holds no more, its line of headings included.
XLSX_ROWS = 1_048_575

jobs.name_counts({"rows": gettext_lazy("Rows")})


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column: its heading, and its value of a row. Money comes as `amount`.

    ``of`` is the column of the page that says the same. The file has all columns until the person
    chooses some on the page; then it leaves out those whose ``of`` is not among them.
    """

    heading: Text
    value: Callable[[Any], Value]
    of: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListExport:
    """A list that can be a file.

    ``found(person, brand, query)`` reads the filters and scopes the rows to the person, as the page
    does; it returns the filter and the rows with what the columns need.
    """

    code: str
    label: Text
    permission: str
    found: Callable[[Person, Unit, QueryDict], tuple[ListFilter, QuerySet[Any]]]
    columns: Sequence[Column]


@dataclass(frozen=True, slots=True)
class Asker:
    """Stands where filters expect a request; they read its person only."""

    user: Person


@dataclass(frozen=True, slots=True)
class Answer:
    """A finished file, or the job that is making it."""

    name: str = ""
    content: bytes = b""
    job: Job | None = None


_exports: dict[str, ListExport] = {}


def register(export: ListExport) -> None:
    """Let people take this list away."""
    _exports[export.code] = export
    jobs.job_kind(kind_of(export.code), permission=export.permission, own=True)(run_job)


def kind_of(code: str) -> str:
    return f"exports.{code}"


def known(code: str) -> ListExport | None:
    return _exports.get(code)


def amount(minor: int | None) -> Decimal | None:
    """Minor units as the number that a spreadsheet adds up: 284650 is 2846.50."""
    return None if minor is None else Decimal(plain_amount(minor))


def local(moment: dt.datetime | None) -> str | None:
    """A moment as people read it, in the time zone of the installation: 2026-11-20 09:40:00."""
    return None if moment is None else f"{timezone.localtime(moment):%Y-%m-%d %H:%M:%S}"


def start(*, by: Person, brand: Unit, export: ListExport, query: str, file_type: str) -> Answer:
    """Make the file of a list, or start the job that does.

    ``query`` is the query of the list's address. Refuses `unknown_format`, `unknown_filter` and
    `too_many_rows`.
    """
    if file_type not in CONTENT_TYPES:
        raise DomainError("unknown_format", _("A list can be had as CSV or XLSX."), status=400)
    found, rows = _found(export, by, brand, query)
    if count_up_to(rows, AT_ONCE) > AT_ONCE:
        job = jobs.start(
            by=by,
            kind=kind_of(export.code),
            unit=brand,
            label=str(_("Export: %(list)s") % {"list": export.label}),
            params={"list": export.code, "query": query, "type": file_type},
        )
        return Answer(job=job)
    content = io.BytesIO()
    count = _write(content, file_type, export, found, found.batches(rows, BATCH))
    _note(by, brand, brand, found, _facts(export, file_type, count))
    return Answer(name=_name(export, file_type), content=content.getvalue())


def run_job(job: Job, progress: jobs.Progress) -> dict[str, Any]:
    """Write the file of a long list, batch by batch; memory does not grow with it.

    A file is kept and noted together. Killed before, the next try writes it anew.
    """
    if job.result_file:
        return {"rows": job.total}
    by, export = job.created_by, _exports[job.params["list"]]
    if by is None:
        raise DomainError("nobody_asked", _("The person who asked is gone."))
    found, rows = _found(export, by, job.unit, job.params["query"])
    total = rows.count()
    if job.params["type"] == XLSX and total > XLSX_ROWS:
        raise DomainError(
            "too_many_rows",
            _("A worksheet holds %(most)s rows, the list has %(rows)s. Take CSV, or filter it."),
            most=f"{XLSX_ROWS:,}",
            rows=f"{total:,}",
        )
    with tempfile.TemporaryFile() as content:
        batches = _told(found.batches(rows, BATCH), progress, total)
        count = _write(content, job.params["type"], export, found, batches)
        content.seek(0)
        progress(count, count)
        with transaction.atomic():
            progress.attach(_name(export, job.params["type"]), File(content))
            _note(by, job.unit, job, found, _facts(export, job.params["type"], count))
    return {"rows": count}


def _found(
    export: ListExport, by: Person, brand: Unit, query: str
) -> tuple[ListFilter, QuerySet[Any]]:
    found, rows = export.found(by, brand, QueryDict(query))
    if found.problems:
        raise DomainError("unknown_filter", " ".join(found.problems), status=400)
    return found, rows


def _told(batches: Iterator[list[Any]], progress: jobs.Progress, total: int) -> Iterator[list[Any]]:
    done = 0
    for batch in batches:
        yield batch
        done += len(batch)
        progress(done, total)


def _write(
    file: BinaryIO,
    file_type: str,
    export: ListExport,
    found: ListFilter,
    batches: Iterator[list[Any]],
) -> int:
    """Write headings and rows; returns the number of rows."""
    count = 0
    columns = [
        column
        for column in export.columns
        if not column.of or found.usual_columns or column.of in found.shown_columns
    ]

    def table() -> Iterator[Sequence[Value]]:
        nonlocal count
        yield [str(column.heading) for column in columns]
        for batch in batches:
            for row in batch:
                count += 1
                yield [column.value(row) for column in columns]

    if file_type == XLSX:
        write_xlsx(file, table(), title=str(export.label))
    else:
        file.writelines(csv_lines(table()))
    return count


def _name(export: ListExport, file_type: str) -> str:
    return f"{export.code}-{timezone.localdate().isoformat()}.{file_type}"


def _facts(export: ListExport, file_type: str, rows: int) -> dict[str, Any]:
    return {"list": export.code, "format": file_type, "rows": rows}


def _note(by: Person, unit: Unit, thing: Any, found: ListFilter, facts: dict[str, Any]) -> None:
    """Who took what away stays in the log. Words that were looked for may be a person's name."""
    filters = [
        f"{name}=…" if isinstance(found.filters[name], CharFilter) else f"{name}={value}"
        for name, value in found.data.items()
        if name in found.active
    ]
    activity.record(
        by=by,
        verb="list.exported",
        object=thing,
        unit=unit,
        after={**facts, "query": ", ".join(filters)},
    )
