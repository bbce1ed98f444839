"""A statement as PDF, XLSX and CSV: the same sum as on the page, readable in each language."""

from io import BytesIO
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation
from openpyxl import load_workbook

from incentives import statement_files
from incentives.models import Statement
from tests import cast as c
from tests.incentives.money import Office, settle


@pytest.fixture
def statement(db: None) -> Statement:
    office = Office()
    office.order("E1", 10_000, sharer=office.may)
    settle(office.brand)
    return Statement.objects.get(creator=office.zhou)


def test_the_pdf_is_the_same_each_time_and_names_a_font_of_the_language(statement: Any) -> None:
    for language, font in (("zh-hans", b"STSong-Light"), ("ja", b"HeiseiKakuGo-W5")):
        with translation.override(language):
            content = statement_files.pdf(statement)
            assert content == statement_files.pdf(statement)
        assert content.startswith(b"%PDF-") and content.rstrip().endswith(b"%%EOF")
        assert font in content


def test_a_statement_of_many_lines_still_makes_a_pdf(statement: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(statement_files, "PDF_LINES", 0)
    assert statement_files.pdf(statement).startswith(b"%PDF-")


def test_the_workbook_holds_sum_and_lines(statement: Any) -> None:
    sheet = load_workbook(BytesIO(statement_files.xlsx(statement))).active
    rows = [tuple(cell for cell in row if cell is not None) for row in sheet.values]
    assert ("Earned", "5.00") in rows and ("Payable", "5.00") in rows
    assert any(row and row[0] == "E1" and "5.00" in row for row in rows)


def test_each_kind_of_file_is_given_out_to_those_who_may(statement: Any, client: Client) -> None:
    address = reverse("incentives:statement_file", args=[statement.pk])
    client.force_login(c.person("nobody"))
    assert client.get(address, {"as": "pdf"}).status_code == 404
    office = statement.settlement.brand
    client.force_login(c.person("auditor", ("auditor", office)))
    for wanted, kind in (
        ("pdf", "application/pdf"),
        ("xlsx", "spreadsheetml"),
        ("csv", "text/csv"),
    ):
        answer = client.get(address, {"as": wanted})
        assert kind in answer.headers["Content-Type"]
        assert f"statement-K001-2026-09.{wanted}" in answer.headers["Content-Disposition"]
    assert client.get(address, {"as": "exe"}).status_code == 404


def test_a_person_keeps_their_own_statement_and_no_other(statement: Any, client: Client) -> None:
    someone = c.person("zhou.min")
    statement.creator.person = someone
    statement.creator.save()
    client.force_login(someone)
    own = client.get(reverse("mobile:statement_pdf", args=[statement.pk]))
    assert own.content.startswith(b"%PDF-")
    other = Statement.objects.exclude(pk=statement.pk).get()
    assert client.get(reverse("mobile:statement_pdf", args=[other.pk])).status_code == 404
