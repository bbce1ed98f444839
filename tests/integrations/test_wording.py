"""Every code that a file, a row or a value can be refused with has words."""

import ast
from pathlib import Path

import pytest

from integrations.formats import all_formats
from integrations.sheets.faults import SheetError
from integrations.wording import FILES, NOTES, ROWS, say, say_file_error
from tests.integrations.trying import RegionList

ROOT = Path(__file__).parents[2]


def codes(call: str, *folders: str) -> set[str]:
    """First arguments of calls to ``call`` in the files of these folders."""
    found = set()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if not isinstance(node, ast.Call) or not node.args:
                    continue
                name = getattr(node.func, "id", getattr(node.func, "attr", ""))
                first = node.args[0]
                if name == call and isinstance(first, ast.Constant):
                    found.add(first.value)
                elif name == call and isinstance(first, ast.IfExp):
                    found |= {first.body.value, first.orelse.value}
    return found


def test_each_fault_of_a_file_has_words():
    found = codes("SheetError", "integrations")
    assert len(found) > 15
    assert found - set(FILES) == set()


def test_each_fault_of_a_value_has_words():
    found = codes("ValueFault", "integrations", "customers", "content", "matrix")
    assert len(found) > 10
    assert found - set(ROWS) == set()


@pytest.mark.parametrize("app", ["matrix", "content", "customers", "incentives"])
def test_each_fault_and_reason_of_a_format_has_words(app):
    known = set(ROWS) | set(NOTES)
    for kind in all_formats():
        if kind.__module__.split(".")[0] == app:
            known |= set(kind.words)
    assert codes("refuse", app) - known == set()
    assert codes("skip", app) - known == set()


def test_formats_have_codes_of_their_own_and_say_what_they_want():
    kinds = all_formats()
    assert len({kind.code for kind in kinds}) == len(kinds) >= 8
    for kind in kinds:
        names = [column.name for column in kind.columns]
        assert len(set(names)) == len(names)
        assert str(kind.label)
        assert not kind.group or kind.group in names


def test_words_take_their_facts():
    assert say("not_a_rate", {"value": "high"}) == "“high” is not a share. Write 12.5% or 0.125."
    assert say("required", {}) == "There is no value."
    assert say("closed_region", {"code": "R1"}, RegionList) == "The region R1 is closed."
    fault = SheetError("too_many_columns", line=7, columns=2000, limit=1000)
    assert say_file_error(fault) == "Row 7: This row has 2000 columns; the limit is 1000."
