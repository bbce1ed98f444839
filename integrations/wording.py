"""The words for codes of faults in files, rows and values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from integrations.formats import ImportFormat
from integrations.sheets.faults import SheetError

FILES: Mapping[str, str | Promise] = {
    "empty_file": _("The file is empty."),
    "not_a_table": _(
        "This is not a CSV or XLSX table. Open it in a spreadsheet program and save it as XLSX."
    ),
    "old_workbook": _("This is an old .xls workbook. Save it as .xlsx and upload it again."),
    "encrypted": _("The file is protected by a password. Save it without one."),
    "damaged_file": _("The file is damaged and cannot be read to its end. Export it again."),
    "not_a_workbook": _("This archive is not an XLSX workbook."),
    "macros": _("The workbook holds macros. Save it as .xlsx without macros."),
    "unsafe_path": _("The workbook names a part outside itself, so it was not opened."),
    "unsafe_xml": _("The workbook holds declarations that could load other files."),
    "nested_archive": _("The workbook holds another archive. Save the table alone."),
    "too_many_entries": _("The workbook has %(entries)s parts; the limit is %(limit)s."),
    "unpacked_too_large": _(
        "The file unpacks to %(size_mb)s MB; the limit is %(limit_mb)s MB. "
        "Split it, or save it as CSV."
    ),
    "too_large": _("The file has %(size_mb)s MB; the limit is %(limit_mb)s MB. Split it."),
    "too_many_rows": _("The file has more than %(limit)s rows. Split it."),
    "too_many_columns": _("This row has %(columns)s columns; the limit is %(limit)s."),
    "too_many_merged_cells": _("The sheet has more than %(limit)s merged areas. Unmerge them."),
    "cell_too_large": _("A cell of this row is longer than %(limit)s characters."),
    "broken_quotes": _("A quotation mark in this row is opened and never closed."),
    "encoding_unknown": _(
        "The letters of this row cannot be read. Save the file as UTF-8 CSV or as XLSX."
    ),
    "no_such_sheet": _("The workbook has no sheet called “%(sheet)s”."),
    "formula_without_value": _(
        "This row holds a formula without its result. Open the file in a spreadsheet program, "
        "save it and upload it again."
    ),
    "too_many_faults": _(
        "More than %(limit)s rows have faults, so the check stopped. Is this the right format?"
    ),
    "file_missing": _("The uploaded file is no longer there. Upload it again."),
    "file_changed": _("The stored file is not the one that was uploaded. Upload it again."),
}

ROWS: Mapping[str, str | Promise] = {
    "required": _("There is no value."),
    "extra_cells": _("The row has more cells than there are columns; a comma may lack quotes."),
    "merged_cell": _("This cell lies under a merged one. Unmerge it and fill in each row."),
    "totals_row": _("This looks like a row of totals."),
    "not_a_count": _("“%(value)s” is not a whole number."),
    "negative_count": _("%(value)s is below zero."),
    "count_too_large": _("%(value)s is too large."),
    "number_out_of_range": _("%(value)s is not between %(minimum)s and %(maximum)s."),
    "not_a_rate": _("“%(value)s” is not a share. Write 12.5%% or 0.125."),
    "rate_out_of_range": _("%(value)s is not between 0 and 100%%."),
    "not_a_duration": _("“%(value)s” is not a duration. Write seconds, as in 14.73."),
    "not_an_amount": _(
        "“%(value)s” is not an amount. Write digits with at most %(decimals)s decimals."
    ),
    "amount_out_of_range": _("The amount %(value)s is outside the allowed range."),
    "id_in_scientific_form": _(
        "“%(value)s” has lost digits of the id. Format the column as text and export again."
    ),
    "id_lost_digits": _(
        "“%(value)s” is a number too long for a number cell. Format the column as text and export "
        "again."
    ),
    "id_not_text": _(
        "“%(value)s” stands in a number cell and may have lost zeros in front. Format the column "
        "as text, or say that ids here never start with a zero."
    ),
    "too_long": _("“%(value)s” is longer than %(maximum)s characters."),
    "control_character": _("“%(value)s” holds a character that cannot be shown."),
    "error_in_cell": _("The cell holds the error %(value)s of the spreadsheet program."),
    "not_text": _("“%(value)s” is not text."),
    "not_a_choice": _("“%(value)s” is not one of: %(choices)s."),
    "not_a_time": _("“%(value)s” is not a date or time. Write 2026-11-21 18:30:00."),
    "time_out_of_range": _("%(value)s is not in this century."),
    "serial_date": _(
        "“%(value)s” may be a day number of a spreadsheet program. Say so under “How dates are "
        "written”, or format the column as dates."
    ),
    "day_or_month_first": _(
        "“%(value)s” could mean two days. Say under “How dates are written” what comes first."
    ),
    "repeated_row": _("The same row stands in line %(first)s already."),
    "other_row_of_group": _("Another row of “%(group)s” has a fault; they are imported together."),
    "no_longer_a_candidate": _("What was chosen for this row is no longer possible."),
}

NOTES: Mapping[str, str | Promise] = {
    "id_point_zero": _("Ids like 17850.0 were read as 17850"),
    "by_person": _("Left out by a person"),
}


def say(code: str, params: Mapping[str, Any], kind: type[ImportFormat] | None = None) -> str:
    """The sentence for a code, in the reader's language."""
    own = kind.words if kind else {}
    text = own.get(code) or ROWS.get(code) or FILES.get(code) or NOTES.get(code)
    if text is None:
        return code
    return str(text) % params if params else str(text).replace("%%", "%")


def say_file_error(error: SheetError) -> str:
    """Why a file cannot be read, with the row where it is known."""
    words = say(error.code, error.params)
    if error.line is None:
        return words
    return str(_("Row %(line)s: %(words)s")) % {"line": error.line, "words": words}
