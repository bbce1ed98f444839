"""What somebody sends cannot write lines of its own into the log (A18)."""

from __future__ import annotations

import logging

import pytest
from django.conf import settings
from django.test import Client

from kosops.logs import OneLine

# An end of line of each kind, signs that steer a terminal, one that turns the writing.
FORGED = [
    "a\nERROR django: forged", "a\r\nERROR django: forged", "a\rforged", "a\x85forged",
    "a\u2028forged", "a\x1b[2Jforged", "a\x00forged", "a\x0bforged", "a\u202egorof",
]  # fmt: skip
FORMAT = settings.LOGGING["formatters"]["line"]["format"]


def written(formatter: logging.Formatter, *args: object, fault: Exception | None = None) -> str:
    trace = (type(fault), fault, None) if fault else None
    record = logging.LogRecord("kosops", logging.WARNING, "", 1, "Not found: %s", args, trace)
    return formatter.format(record)


@pytest.mark.parametrize("sent", FORGED)
def test_a_record_is_one_line(sent: str) -> None:
    said = written(OneLine(FORMAT, style="{"), sent)
    assert len(said.splitlines()) == 1
    assert said.isprintable()
    assert "Not found: a\\" in said


@pytest.mark.parametrize("sent", FORGED[:4])
def test_without_it_there_would_be_two_or_a_steered_terminal(sent: str) -> None:
    assert len(written(logging.Formatter(FORMAT, style="{"), sent).splitlines()) == 2


def test_the_text_of_a_fault_looks_like_no_record() -> None:
    said = written(OneLine(FORMAT, style="{"), "x", fault=ValueError("no\nERROR django: forged"))
    first, *others = said.split("\n")
    assert "Not found" in first
    assert others and all(line.startswith("    ") for line in others)


def test_words_in_every_language_stay_readable() -> None:
    assert "Not found: 周敏 – é 日本語" in written(OneLine(FORMAT, style="{"), "周敏 – é 日本語")


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/no/%0aERROR%20django:%20forged", "/no/%1b%5b2J", "/no/%c2%85x"])
def test_an_address_that_was_asked_for_is_one_line_of_the_log(
    path: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert Client().get(path).status_code == 404
    (record,) = [one for one in caplog.records if "Not Found" in one.getMessage()]
    assert OneLine(FORMAT, style="{").format(record).isprintable()


def test_the_installation_writes_with_it() -> None:
    assert settings.LOGGING["formatters"]["line"]["()"] == "kosops.logs.OneLine"
