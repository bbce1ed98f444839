"""A statement as a file to keep or to print: PDF and XLSX with the same parts as the page.

The PDF names Asian fonts that every viewer knows instead of carrying one along, which would be ten
megabytes for each statement.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from io import BytesIO
from typing import Any
from xml.sax.saxutils import escape

from django.utils.translation import get_language
from django.utils.translation import gettext as _
from reportlab.lib import colors
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.cidfonts import UnicodeCIDFont
from reportlab.platypus import Paragraph, SimpleDocTemplate, Spacer, Table

from incentives import statement_words, statements, words
from incentives.models import Statement
from integrations.sheets.writing import write_xlsx
from kosops.lib.money import plain_amount
from kosops.lib.periods import Month
from kosops.ui import formats
from kosops.ui.templatetags.ui import day

_FONTS = {"ja": "HeiseiKakuGo-W5"}
_OTHERWISE = "STSong-Light"
# A statement of more lines is for a spreadsheet; the PDF says that it goes on there.
PDF_LINES = 500


def name_of(statement: Statement, ending: str) -> str:
    settlement = statement.settlement
    until = f"-{settlement.until:%d}" if settlement.until else ""
    return f"statement-{statement.creator.number}-{settlement.period}{until}.{ending}"


def xlsx(statement: Statement) -> bytes:
    """The sum, then bookings, then lines, on one worksheet."""
    file = BytesIO()
    write_xlsx(file, _rows(statement), title=statement.settlement.period)
    return file.getvalue()


def _rows(statement: Statement) -> Iterator[tuple[Any, ...]]:
    yield (statement.creator.name, statement.creator.number, statement.store.name)
    yield (words.month_name(statement.settlement.period),)
    for part in statement_words.sum_parts(statement):
        yield (part.label, plain_amount(part.signed))
    month = Month.parse(statement.settlement.period)
    yield ()
    yield (_("Booking"), _("Day"), _("Reason"), _("Amount"))
    for posting in statements.bookings_of(statement.creator, month):
        yield (
            statement_words.booking_name(posting),
            posting.journal.business_date.isoformat(),
            posting.journal.reason,
            plain_amount(-posting.amount),
        )
    yield ()
    yield from lines(statement)


def lines(statement: Statement) -> Iterator[tuple[Any, ...]]:
    """The lines with their heads, as text and plain amounts."""
    month = Month.parse(statement.settlement.period)
    yield (
        _("Order"),
        _("Article"),
        _("Role"),
        _("Base"),
        _("Rate in %"),
        _("Amount"),
        _("Posted on"),
    )
    found = statements.lines_of(statement.creator, month).order_by("order_line_id", "id")
    for line in found.iterator(2000):
        yield (
            line.order.external_id,
            line.order_line.title,
            words.role_name(line.role),
            plain_amount(line.base),
            f"{line.rate_bp / 100:g}",
            plain_amount(line.amount),
            line.run.as_of.isoformat(),
        )


# -- PDF -----------------------------------------------------------------------


def pdf(statement: Statement) -> bytes:
    """The statement on A4 in the reader's language."""
    font = _FONTS.get((get_language() or "")[:2], _OTHERWISE)
    pdfmetrics.registerFont(UnicodeCIDFont(font))
    file = BytesIO()
    title = f"{statement.creator.name} · {words.month_name(statement.settlement.period)}"
    document = SimpleDocTemplate(
        file,
        pagesize=A4,
        title=title,
        author=statement.settlement.brand.name,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=18 * mm,
        bottomMargin=18 * mm,
        # The same statement is the same file.
        invariant=1,
    )
    document.build(list(_story(statement, title, font)))
    return file.getvalue()


def _story(statement: Statement, title: str, font: str) -> Iterator[Any]:
    head = ParagraphStyle("head", fontName=font, fontSize=16, leading=22)
    plain = ParagraphStyle("plain", fontName=font, fontSize=9, leading=13, wordWrap="CJK")
    part = ParagraphStyle("part", parent=plain, fontSize=11, leading=16, spaceBefore=10)
    settlement = statement.settlement
    yield Paragraph(escape(title), head)
    yield Paragraph(
        escape(f"{settlement.brand.name} · {statement.store.name} · {statement.creator.number}"),
        plain,
    )
    yield Spacer(1, 4 * mm)
    currency = settlement.currency
    yield _table(
        font,
        [
            (part_of.sign, part_of.label, formats.money(part_of.amount, currency))
            for part_of in statement_words.sum_parts(statement)
        ],
        [8 * mm, 116 * mm, 50 * mm],
        bold_last=True,
    )
    if sentence := statement_words.in_one_sentence(statement):
        yield Paragraph(escape(sentence), plain)
    month = Month.parse(settlement.period)
    bookings = [
        (
            day(posting.journal.business_date, "short"),
            Paragraph(
                escape(f"{statement_words.booking_name(posting)} {posting.journal.reason}"), plain
            ),
            formats.money(-posting.amount, currency),
        )
        for posting in statements.bookings_of(statement.creator, month)[:PDF_LINES]
    ]
    if bookings:
        yield Paragraph(escape(_("Beside commission")), part)
        yield _table(font, bookings, [24 * mm, 110 * mm, 40 * mm])
    found = list(
        statements.lines_of(statement.creator, month).order_by("order_line_id", "id")[
            : PDF_LINES + 1
        ]
    )
    if found[:PDF_LINES]:
        yield Paragraph(escape(_("Lines")), part)
        yield _table(
            font,
            [
                (
                    Paragraph(escape(line.order.external_id), plain),
                    Paragraph(escape(line.order_line.title), plain),
                    words.role_name(line.role),
                    f"{formats.money(line.base, currency)} × {line.rate_bp / 100:g}%",
                    formats.money(line.amount, currency),
                )
                for line in found[:PDF_LINES]
            ],
            [44 * mm, 46 * mm, 18 * mm, 38 * mm, 28 * mm],
        )
    if len(found) > PDF_LINES:
        yield Paragraph(escape(_("There are more lines; the spreadsheet has them all.")), plain)


def _table(
    font: str, rows: Iterable[tuple[Any, ...]], widths: list[float], *, bold_last: bool = False
) -> Table:
    style: list[tuple[Any, ...]] = [
        ("FONT", (0, 0), (-1, -1), font, 9),
        ("ALIGN", (-1, 0), (-1, -1), "RIGHT"),
        ("VALIGN", (0, 0), (-1, -1), "TOP"),
        ("LINEBELOW", (0, 0), (-1, -2), 0.25, colors.lightgrey),
    ]
    if bold_last:
        style.append(("LINEABOVE", (0, -1), (-1, -1), 1, colors.black))
        style.append(("FONT", (0, -1), (-1, -1), font, 11))
    return Table(list(rows), colWidths=widths, style=style, repeatRows=0)
