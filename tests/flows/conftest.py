"""Whole stories run as production does: signed in as the role that cannot change history."""

import os
from collections.abc import Iterator

import pytest
from django.db import connection

from kosops.grants import grant

# Roles belong to the whole cluster, which test processes share.
ROLE = f"kosops_app_{os.getpid()}"


@pytest.fixture(autouse=True)
def as_the_application(request: pytest.FixtureRequest) -> Iterator[None]:
    marker = request.node.get_closest_marker("django_db")
    if marker is None:
        yield
        return
    lasting = bool(marker.kwargs.get("transaction"))
    request.getfixturevalue("transactional_db" if lasting else "db")
    with connection.cursor() as cursor:
        grant(cursor, ROLE)
        cursor.execute(f"SET ROLE {ROLE}")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        if lasting:
            cursor.execute(f"DROP OWNED BY {ROLE}")
            cursor.execute(f"DROP ROLE {ROLE}")
