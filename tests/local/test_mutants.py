"""The score of the mutation tests, and that each rule takes part in them."""

import json
import tomllib
from pathlib import Path

import pytest

from kosops.local import mutants
from kosops.local.mutants import Score, is_enough, scores, together
from kosops.local.state import BASE_DIR

CONFIG = tomllib.loads((BASE_DIR / "pyproject.toml").read_text())["tool"]


def noted(copies: Path, module: str, codes: list[int | None]) -> None:
    path = copies / f"{module}.meta"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({"exit_code_by_key": dict(enumerate(codes))}))


def test_a_mutant_is_killed_by_a_failing_test_or_one_without_end(tmp_path: Path) -> None:
    noted(tmp_path, "incentives/tax.py", [1, 3, 36, -24, 0, 33, None, 2])
    noted(tmp_path, "incentives/words.py", [])
    assert scores(tmp_path) == [Score("`incentives/tax.py`", 8, 4)]
    assert scores(tmp_path)[0].line() == "| `incentives/tax.py` | 8 | 4 | 4 | 50.0 % |"


@pytest.mark.parametrize(
    ("killed", "enough"),
    [((85, 85), True), ((90, 80), True), ((84, 85), False), ((100, 79), False)],
)
def test_each_module_and_all_together_must_be_good_enough(
    killed: tuple[int, int], enough: bool
) -> None:
    found = [Score(f"{place}", 100, number) for place, number in enumerate(killed)]
    assert is_enough(found) is enough
    assert together(found) == Score("together", 200, sum(killed))


def test_nothing_tried_is_not_enough(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(mutants, "COPIES", tmp_path)
    assert mutants.main(["--shown"]) == 1
    noted(tmp_path, "incentives/tax.py", [1])
    assert mutants.main(["--shown"]) == 0
    assert "| together | 1 | 1 | 0 | 100.0 % |" in capsys.readouterr().out


def test_each_rule_of_the_incentives_is_tried_by_tests_that_exist() -> None:
    (contract,) = [
        contract
        for contract in CONFIG["importlinter"]["contracts"]
        if contract["name"] == "Rules know no Django, clock or database"
    ]
    rules = {name for name in contract["source_modules"] if name.startswith("incentives.")}
    tried = {path.removesuffix(".py").replace("/", ".") for path in CONFIG["mutmut"]["only_mutate"]}
    assert rules <= tried
    for path in CONFIG["mutmut"]["pytest_add_cli_args_test_selection"]:
        assert (BASE_DIR / path).exists(), path
