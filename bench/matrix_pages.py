"""Pages of the matrix over 30,000 people and 1,000,000 posts, beside the same pages on 1 % of it.

``matrix_tree``    the tree with the brand open; ``matrix_store_rows`` with a region and a store open
``matrix_map``     the map of a region; ``matrix_grid``, ``matrix_growth``, ``matrix_assets`` of the brand
``matrix_store``   the page of a store; ``matrix_stores`` the list of stores
``matrix_list``    the list of creators; ``matrix_search`` the search box
``.._fragment``    what htmx asks for where a list is filtered or a page turned
``matrix_row_fragment``  what it asks for where a store of the open region is opened in the tree
``matrix_count``   all figures counted anew, as in the night. The reference is the bare aggregate of
                   people, accounts and posts by store.
``matrix_bulk``    everybody paused who is active, and taken up again, through the job. The reference is
                   the bare UPDATE with one row of history each.

The reference of a page is the same page on 1 % of the people, accounts and posts; it must take as
many queries and prints as many rows (`organisation.rows`).
"""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable
from functools import partial
from typing import Any

from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.urls import NoReverseMatch, reverse
from django.utils import timezone

from accounts import jobs
from accounts.models import Person, Unit
from bench import organisation
from bench.harness import Result, benchmark, copy_beside, inside, seconds_of, settle
from kosops.lib import sql
from matrix import bulk, growth
from matrix.models import Creator

# Each page so often in a row, here and there by turns.
TIMES, TURNS = 3, 5
FRAGMENTS = ("matrix_tree", "matrix_stores", "matrix_list", "matrix_search")
BARE_COUNT = """
SELECT u.id,
       (SELECT count(*) FROM matrix_creator c WHERE c.store_id = u.id AND c.state <> 'left') AS people,
       (SELECT count(*) FROM matrix_socialaccount a WHERE a.unit_id = u.id
           AND a.domain = 'public' AND NOT EXISTS (SELECT FROM content_post p
               WHERE p.account_id = a.id AND p.published_at >= now() - interval '14 days')) AS silent,
       (SELECT count(*) FROM content_post p WHERE p.store_id = u.id
           AND p.published_at >= now() - interval '30 days') AS posts
  FROM accounts_unit u
"""
BARE_BULK = """
WITH changed AS (
    UPDATE matrix_creator SET state = %(after)s WHERE state = %(before)s RETURNING id, store_id, name
)
INSERT INTO accounts_activity (at, actor_label, verb, unit_id, object_type, object_id, object_label)
SELECT now(), 'Lin', 'creator.state_changed', store_id, 'matrix.creator', id, name FROM changed
"""


# A page names its style sheets by the manifest of a built installation; here none has been built.
PLAIN = {
    **settings.STORAGES,
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}


@benchmark("matrix_pages")
@override_settings(STORAGES=PLAIN)
def matrix_pages(scale: float) -> list[Result]:
    brand, lin = organisation.brand_with_operator()
    size = round(organisation.ACCOUNTS * scale)
    with copy_beside() as copy:
        with inside(copy):
            fill(brand, max(0.01, scale / 100))
        fill(brand, scale)
        found = measure(brand, lin, copy, size)
    return [*found, counted(size), *in_bulk(lin, brand)]


def fill(brand: Any, scale: float) -> None:
    """The organisation, and everything counted."""
    organisation.rows(brand, scale)
    settle()
    growth.nightly(timezone.now())
    settle()


def measure(brand: Any, lin: Person, copy: str, size: int) -> list[Result]:
    """Each page by turns here and in the small copy, so that both meet the same machine."""
    here = connection.settings_dict["NAME"]
    turns: dict[tuple[str, str], list[float]] = defaultdict(list)
    queries: dict[tuple[str, str], int] = {}
    for _turn in range(TURNS):
        for database in (copy, here):
            with inside(database):
                browser = Client(SERVER_NAME="localhost")
                browser.force_login(lin)
                for name, (address, headers) in asked(brand).items():
                    look = partial(_look, browser, address, headers)
                    look()
                    turns[database, name] += [seconds_of(look) for _ in range(TIMES)]
                    with CaptureQueriesContext(connection) as seen:
                        look()
                    queries[database, name] = len(seen)
    found = []
    for name in asked(brand):
        if queries[here, name] > queries[copy, name]:
            raise RuntimeError(f"{name}: {queries[copy, name]} queries, then {queries[here, name]}")
        large, small = (statistics.median(turns[database, name]) for database in (here, copy))
        found.append(Result(name, size, large, small))
    return found


def _look(browser: Client, address: str, headers: dict[str, str]) -> None:
    answer = browser.get(address, headers=headers)
    if answer.status_code != 200:
        raise RuntimeError(f"{address}: {answer.status_code}")


def asked(brand: Any) -> dict[str, tuple[str, dict[str, str]]]:
    """The pages and fragments by name, each with its address and headers."""
    shown = pages(brand)
    store = Unit.objects.filter(kind="store").earliest("pk")
    tree = reverse("matrix:tree")
    seen = f"http://localhost{tree}?open={brand.pk},{store.parent_id}"
    return {
        **{name: (address, {}) for name, address in shown.items()},
        **{f"{name}_fragment": (shown[name], {"HX-Request": "true"}) for name in FRAGMENTS},
        "matrix_row_fragment": (
            f"{tree}?row={store.pk}",
            {"HX-Request": "true", "HX-Current-URL": seen},
        ),
    }


def pages(brand: Any) -> dict[str, str]:
    store = Unit.objects.filter(kind="store").earliest("pk")
    tree, region = reverse("matrix:tree"), store.parent_id
    found = {
        "matrix_tree": tree,
        "matrix_store_rows": f"{tree}?open={brand.pk},{region},{store.pk}",
        "matrix_map": f"{tree}?view=map&at={region}",
        "matrix_grid": reverse("matrix:grid"),
        "matrix_growth": reverse("matrix:growth"),
        "matrix_stores": reverse("matrix:stores"),
        "matrix_store": reverse("matrix:store", args=[store.pk]),
        "matrix_list": reverse("matrix:creators"),
        "matrix_search": reverse("accounts:find") + "?q=Person+12",
    }
    try:
        found["matrix_assets"] = reverse("matrix:assets")
    except NoReverseMatch:
        pass
    return found


def counted(size: int) -> Result:
    """Counting everything anew, the second time, so that both find the rows in memory."""

    def ours() -> None:
        sql.execute("UPDATE matrix_unitfigures SET day = month")
        growth.nightly(timezone.now())

    def bare() -> None:
        sql.fetch_all(BARE_COUNT)

    turns = [(seconds_of(bare), seconds_of(ours)) for _ in range(4)][1:]
    return Result(
        "matrix_count",
        size,
        statistics.median(turn[1] for turn in turns),
        statistics.median(turn[0] for turn in turns),
    )


def in_bulk(lin: Person, brand: Any) -> list[Result]:
    found = []
    for name, action, before, after in (
        ("matrix_pause", "pause", "active", "paused"),
        ("matrix_resume", "resume", "paused", "active"),
    ):
        size = Creator.objects.filter(state=before).count()
        bare = seconds_of(
            lambda b=before, a=after: undone(
                lambda: sql.execute(BARE_BULK, {"before": b, "after": a})
            )
        )
        job = jobs.start(
            by=lin, kind=bulk.JOB, unit=brand, label=name, params={"action": action, "query": ""}
        )
        ours = seconds_of(lambda pk=job.pk: jobs.run(pk))
        assert not Creator.objects.filter(state=before).exists()
        found.append(Result(name, size, ours, bare))
    return found


def undone(run: Callable[[], Any]) -> None:
    with transaction.atomic():
        run()
        transaction.set_rollback(True)
