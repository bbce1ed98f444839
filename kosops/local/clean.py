"""``make clean``: the part that knows the state folder."""

import os
import shutil
import sys

from kosops.local.borrow import lock_name
from kosops.local.children import end_leftovers
from kosops.local.servers import Postgres, Redis
from kosops.local.state import State


def main() -> int:
    state = State.open()
    if state.locked("run"):
        print("kosops: make run is still going on here; stop it first.", file=sys.stderr)
        return 1
    postgres = Postgres(state)
    servers = (postgres, Postgres(state, testing=True), Redis(state))
    if any(state.locked(lock_name(server)) for server in servers):
        print("kosops: tests or a command are still using the servers.", file=sys.stderr)
        return 1
    end_leftovers(str(state.folder))
    if os.environ.get("CONFIRM") != "yes":
        # What is built from the project's files goes, also inside the state folder.
        shutil.rmtree(state.path("static"), ignore_errors=True)
        for stamp in ("assets", "static"):
            state.path("run", stamp).unlink(missing_ok=True)
        print(f"kosops: the data in {state.folder} are kept; make clean CONFIRM=yes removes them.")
        return 0
    for server in servers:
        server.stop()
    for folder in (postgres.home, postgres.sockets, state.folder):
        shutil.rmtree(folder, ignore_errors=True)
    print(f"kosops: removed {state.folder} with all its data.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
