"""``python -m bench [name ...] [--scale 0.01]``: run benchmarks, print and keep their figures."""

import argparse
import os
import sys

import django

from kosops.local.borrow import borrowed, wanted
from kosops.local.state import State


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench")
    parser.add_argument("names", nargs="*", help="which benchmarks; all of them if none is named")
    parser.add_argument(
        "--scale",
        type=float,
        default=1.0,
        help="a part of the full size, for a quick look; figures are kept at full size only",
    )
    chosen = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kosops.settings.local")
    # Filling a database takes longer than any request may.
    os.environ["DB_STATEMENT_TIMEOUT"] = "0"
    os.environ["DB_LOCK_TIMEOUT"] = "0"
    state = State.open()
    with borrowed(state, wanted(state, dict(os.environ))):
        django.setup()
        return run(chosen.names, chosen.scale)


def run(names: list[str], scale: float) -> int:
    from bench import harness

    known = harness.all_benchmarks()
    unknown = [name for name in names if name not in known]
    if unknown:
        print(f"No benchmark is called {', '.join(unknown)}. There are: {', '.join(known)}.")
        return 2
    results: list[harness.Result] = []
    for name in names or known:
        print(f"{name} ...", file=sys.stderr, flush=True)
        with harness.fresh_database(name):
            found = known[name](scale)
        results += found if isinstance(found, list) else [found]
    print(harness.table_of(results))
    if scale == 1:
        harness.keep(results)
    return 0


if __name__ == "__main__":
    sys.exit(main())
