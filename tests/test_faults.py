"""docs/faults.md is complete and names tests that exist."""

import pytest

from tests import tables

TABLE = tables.ROOT / "docs" / "faults.md"
SOURCE = tables.SHARED / "RELIABILITY.md"
IDS = r"[MWTIFAD]\d{1,2}"
STATES = ("done", "thin", "open")


def lines() -> list[tuple[str, ...]]:
    return tables.lines(TABLE, IDS)


def test_each_line_has_a_known_state_and_says_what_happens() -> None:
    assert len(lines()) == len(tables.ids_of(TABLE, IDS)) > 100
    for number, fault, state, what, _tests in lines():
        assert state in STATES, number
        assert fault and what, number


def test_what_is_done_or_thin_names_tests_and_they_exist() -> None:
    for number, _fault, state, _what, tests in lines():
        named = tables.tests_in(tests)
        assert bool(named) == (state != "open"), number
        for test in named:
            assert "::" in test, f"{number} names a file only: {test}"
            assert tables.exists(test), f"{number} names {test}"


def test_a_test_that_does_not_exist_is_noticed() -> None:
    here = "tests/test_faults.py"
    assert tables.exists(f"{here}::test_a_test_that_does_not_exist_is_noticed")
    assert not tables.exists(f"{here}::test_something_else")
    assert not tables.exists("tests/test_nothing.py::test_something_else")


def test_no_id_stands_twice_and_the_sums_are_true() -> None:
    found = lines()
    numbers = [line[0] for line in found]
    assert len(numbers) == len(set(numbers))
    assert f"{tables.sums(found, *STATES)} of {len(found)}." in TABLE.read_text()


def test_every_fault_of_the_catalogue_has_a_line() -> None:
    if not SOURCE.exists():
        pytest.skip("the catalogue of faults is not beside this checkout")
    assert tables.ids_of(SOURCE, IDS) == [line[0] for line in lines()]
