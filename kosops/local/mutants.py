"""Mutation tests of the rules, and their score by module: docs/mutation.md.

    .venv-mutants/bin/python -m kosops.local.mutants          # run, then print the table
    .venv-mutants/bin/python -m kosops.local.mutants --shown  # the table of the last run

Each mutant is one small change of a rule. It is killed if a test fails with it, or if the tests do
not come to an end. The copies that are changed stand in ``mutants/``; the rules themselves are
never touched. Exits with 1 where a score is below what we ask for.
"""

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from kosops.local.state import BASE_DIR

# In percent: each module, and all together.
EACH = 80
TOGETHER = 85
COPIES = BASE_DIR / "mutants"
# How mutmut notes a mutant with which a test fails (1, 3) or does not come to an end.
KILLED = (1, 3, 24, -24, 36, 152, 255)


@dataclass(frozen=True)
class Score:
    module: str
    mutants: int
    killed: int

    @property
    def percent(self) -> float:
        return self.killed * 100 / self.mutants if self.mutants else 0.0

    def line(self) -> str:
        survived = self.mutants - self.killed
        percent = f"{self.percent:.1f} %"
        return f"| {self.module} | {self.mutants} | {self.killed} | {survived} | {percent} |"


def scores(copies: Path) -> list[Score]:
    """What mutmut noted beside its copies, by module. A mutant that was not tried is alive."""
    found = []
    for path in sorted(copies.rglob("*.py.meta")):
        codes = json.loads(path.read_text())["exit_code_by_key"].values()
        killed = sum(code in KILLED for code in codes)
        module = path.relative_to(copies).as_posix().removesuffix(".meta")
        found.append(Score(f"`{module}`", len(codes), killed))
    return [score for score in found if score.mutants]


def together(found: list[Score]) -> Score:
    return Score("together", sum(s.mutants for s in found), sum(s.killed for s in found))


def is_enough(found: list[Score]) -> bool:
    return together(found).percent >= TOGETHER and all(score.percent >= EACH for score in found)


def main(arguments: list[str]) -> int:
    if "--shown" not in arguments:
        # Known results would stand although tests have changed since.
        shutil.rmtree(COPIES, ignore_errors=True)
        command = [str(Path(sys.executable).with_name("mutmut")), "run", "--max-children", "1"]
        run = subprocess.run(command, cwd=BASE_DIR, check=False)
        if run.returncode:
            return run.returncode
    found = scores(COPIES)
    print("| module | mutants | killed | survived | score |\n|---|---|---|---|---|")
    for score in [*found, together(found)]:
        print(score.line())
    return 0 if is_enough(found) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
