"""docs/requirements.md is complete and names tests that exist."""

import pytest

from tests import tables

TABLE = tables.ROOT / "docs" / "requirements.md"
SOURCE = tables.SHARED / "REQUIREMENTS.md"
IDS = r"[KCOP]\d\d"
STATES = ("done", "thin", "open", "not built")


def lines() -> list[tuple[str, ...]]:
    return tables.lines(TABLE, IDS)


def test_each_line_has_a_known_state_and_says_where_or_why() -> None:
    for number, words, state, where, _tests in lines():
        assert state in STATES, number
        assert words and where, number


def test_what_is_done_or_thin_names_tests_and_they_exist() -> None:
    for number, _words, state, _where, tests in lines():
        named = tables.tests_in(tests)
        assert named or state not in {"done", "thin"}, f"{number} names no test"
        for path in named:
            assert tables.exists(path), f"{number} names {path}"


def test_no_id_stands_twice_and_the_sums_are_true() -> None:
    found = lines()
    numbers = [line[0] for line in found]
    assert len(numbers) == len(set(numbers))
    assert f"{tables.sums(found, *STATES)} of {len(found)}." in TABLE.read_text()


def test_every_id_of_the_programme_has_a_line() -> None:
    if not SOURCE.exists():
        pytest.skip("the requirements of the programme are not beside this checkout")
    # Section 6 names some ids a second time.
    assert set(tables.ids_of(SOURCE, IDS)) == {line[0] for line in lines()}
