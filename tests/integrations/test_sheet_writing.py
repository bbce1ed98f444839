"""What is written can be opened without danger and read again unchanged (F6)."""

import csv
import io
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from integrations.sheets.reading import open_sheet
from integrations.sheets.text import guard, unguard
from integrations.sheets.writing import csv_lines, write_xlsx

DANGEROUS = [
    '=HYPERLINK("http://h","x")', "+1", "-2+3", "@SUM(A1)", "\tx", "\rx", "\nx", " =1", "\u00a0=1",
    "＝1+1", "＋1", "－1", "＠x", "'=1", "''+1",
]  # fmt: skip
HARMLESS = ["周敏", "'quoted'", "a=b", "_x000D_", "<&>", "a\r\nb"]


def as_csv(rows) -> bytes:
    return b"".join(csv_lines(rows))


def as_xlsx(rows) -> bytes:
    file = io.BytesIO()
    write_xlsx(file, rows)
    return file.getvalue()


def read(content: bytes) -> list[list]:
    with open_sheet(io.BytesIO(content)) as sheet:
        return [row.cells for row in sheet.rows()]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_dangerous_cell_starts_with_its_sign_in_csv(text):
    (row,) = csv.reader(io.StringIO(as_csv([[text]]).decode("utf-8-sig"), newline=""))
    assert row[0].startswith("'")


def test_numbers_stay_numbers_in_csv():
    assert as_csv([[-5, Decimal("-1.50"), "-5", None]]) == b"\xef\xbb\xbf-5,-1.50,'-5,\r\n"


def test_a_workbook_holds_text_and_no_formula():
    content = as_xlsx([[text, -5] for text in DANGEROUS])
    table = load_workbook(io.BytesIO(content)).active
    for text_cell, number_cell in table.iter_rows():
        assert text_cell.data_type in ("s", "inlineStr")
        assert text_cell.quotePrefix
        assert (number_cell.data_type, number_cell.value) == ("n", -5)


@pytest.mark.parametrize("written", [as_csv, as_xlsx])
def test_reading_again_gives_the_same_text(written):
    rows = [["name"], *([text] for text in DANGEROUS + HARMLESS)]
    assert read(written(rows)) == rows


def test_long_ids_are_not_rounded_in_a_workbook():
    assert read(as_xlsx([["id"], [7512345678901234567]]))[1] == ["7512345678901234567"]


@given(st.text(alphabet="'=+-@\t\r\n \u00a0＝ab", max_size=6))
def test_the_guard_can_always_be_taken_off(text):
    assert unguard(guard(text)) == text
