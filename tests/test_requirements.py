"""docs/requirements.md is complete and names tests that exist."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
TABLE = ROOT / "docs" / "requirements.md"
SOURCE = ROOT.parent / "shared" / "REQUIREMENTS.md"
STATES = {"done", "thin", "open", "not built"}
LINE = re.compile(r"^\| ([KCOP]\d\d) \| (.+?) \| (.+?) \| (.*?) \| (.*?) \|$", re.MULTILINE)


def lines() -> list[tuple[str, ...]]:
    return LINE.findall(TABLE.read_text())


def test_each_line_has_a_known_state_and_says_where_or_why() -> None:
    for number, words, state, where, _tests in lines():
        assert state in STATES, number
        assert words and where, number


def test_what_is_done_or_thin_names_tests_and_they_exist() -> None:
    for number, _words, state, _where, tests in lines():
        named = re.findall(r"`([^`]+)`", tests)
        assert named or state not in {"done", "thin"}, f"{number} names no test"
        for path in named:
            assert (ROOT / path).is_file(), f"{number} names {path}"


def test_no_id_stands_twice_and_the_sums_are_true() -> None:
    found = lines()
    numbers = [line[0] for line in found]
    assert len(numbers) == len(set(numbers))
    states = [line[2] for line in found]
    said = ", ".join(f"{states.count(state)} {state}" for state in ("done", "thin", "open"))
    assert f"{said}, {states.count('not built')} not built of {len(found)}." in TABLE.read_text()


def test_every_id_of_the_programme_has_a_line() -> None:
    if not SOURCE.exists():
        pytest.skip("the requirements of the programme are not beside this checkout")
    wanted = re.findall(r"^\| ([KCOP]\d\d) \|", SOURCE.read_text(), re.MULTILINE)
    # Section 6 names some ids a second time.
    assert set(wanted) == {line[0] for line in lines()}
