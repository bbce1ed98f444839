"""Pages by keyset: every row once, in order, forwards and backwards, whatever the cursor says."""

import datetime as dt
from itertools import pairwise

import pytest
from django.core import signing

from accounts.models import Activity
from kosops.lib.lists import keyset_page

pytestmark = pytest.mark.django_db

NOON = dt.datetime(2026, 9, 5, 12, tzinfo=dt.UTC)


@pytest.fixture
def rows():
    """Eleven rows, of which several share their time."""
    for number in range(11):
        Activity.objects.create(verb=f"v{number}", at=NOON + dt.timedelta(hours=number // 3))
    return Activity.objects.all()


def walk(rows, *, descending: bool, size: int = 3):
    """All pages from the first on, by their next cursors."""
    page = keyset_page(rows, field="at", descending=descending, size=size)
    pages = [page]
    while page.next:
        page = keyset_page(rows, field="at", descending=descending, cursor=page.next, size=size)
        pages.append(page)
    return pages


@pytest.mark.parametrize("descending", [True, False])
def test_walking_forwards_meets_every_row_once_and_in_order(rows, descending: bool) -> None:
    pages = walk(rows, descending=descending)
    found = [row for page in pages for row in page.rows]
    sign = "-" if descending else ""
    assert found == list(rows.order_by(f"{sign}at", f"{sign}id"))
    assert [len(page.rows) for page in pages] == [3, 3, 3, 2]


@pytest.mark.parametrize("descending", [True, False])
def test_the_way_back_shows_the_same_pages(rows, descending: bool) -> None:
    forwards = walk(rows, descending=descending)
    for before, after in pairwise(forwards):
        assert after.previous
        back = keyset_page(rows, field="at", descending=descending, cursor=after.previous, size=3)
        assert back.rows == before.rows
        assert back.next
    assert forwards[0].previous is None


def test_an_exactly_full_last_page_has_no_next(rows) -> None:
    page = keyset_page(rows, field="at", descending=True, size=11)
    assert len(page.rows) == 11
    assert page.next is None
    assert page.previous is None


def test_rows_that_come_meanwhile_do_not_shift_the_next_page(rows) -> None:
    first = keyset_page(rows, field="at", descending=True, size=3)
    Activity.objects.create(verb="new", at=NOON + dt.timedelta(days=1))
    second = keyset_page(rows, field="at", descending=True, cursor=first.next or "", size=3)
    assert not set(first.rows) & set(second.rows)


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "nonsense",
        "a:b:c",
        signing.dumps(["at", "2026", 1, False], salt="another"),
        signing.dumps(["id", "5", 5, False], salt="kosops.list"),
        signing.dumps("too short", salt="kosops.list"),
        signing.dumps(["at", "2026"], salt="kosops.list"),
    ],
    # A signature holds the second in which it was made: as a name it would differ from process to
    # process, and pytest-xdist then refuses to begin.
    ids=["none", "nonsense", "three parts", "another salt", "another order", "text", "too short"],
)
def test_a_damaged_or_foreign_cursor_means_the_first_page(rows, cursor: str) -> None:
    page = keyset_page(rows, field="at", descending=True, cursor=cursor, size=3)
    assert page.rows == keyset_page(rows, field="at", descending=True, size=3).rows


def test_no_rows_is_one_empty_page(db) -> None:
    page = keyset_page(Activity.objects.none(), field="at", descending=True)
    assert (page.rows, page.next, page.previous) == ([], None, None)
