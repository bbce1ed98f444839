"""Tables of the documentation that name the tests which show their lines."""

import ast
import re
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared"


def lines(table: Path, ids: str) -> list[tuple[str, ...]]:
    """The cells of each line of five columns whose first matches ``ids``."""
    pattern = rf"^\| ({ids}) \| (.+?) \| (.+?) \| (.*?) \| (.*?) \|$"
    return re.findall(pattern, table.read_text(), re.MULTILINE)


def ids_of(source: Path, ids: str) -> list[str]:
    """The ids that the first column of a table of ``source`` names."""
    return re.findall(rf"^\| ({ids}) \|", source.read_text(), re.MULTILINE)


def tests_in(cell: str) -> list[str]:
    """Tests stand in back quotes: a file, or a file and a function as pytest writes it."""
    return re.findall(r"`([^`]+)`", cell)


def exists(test: str) -> bool:
    path, _colons, function = test.partition("::")
    if not (ROOT / path).is_file():
        return False
    return not function or function in _functions(ROOT / path)


@cache
def _functions(path: Path) -> set[str]:
    tree = ast.parse(path.read_text())
    return {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


def sums(found: list[tuple[str, ...]], *states: str) -> str:
    """How many lines are in each of the ``states``, as the head of a table says it."""
    return ", ".join(f"{sum(line[2] == state for line in found)} {state}" for state in states)
