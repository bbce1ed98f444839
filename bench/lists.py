"""One page of the list of 1,000,000 posts, near its end, beside the first page and beside OFFSET.

``list_deep``    the rows with all that the page shows of them, 99 % down the list, as the browser asks for
                 them. The reference is the first page.
``list_offset``  the rows alone at that place. The reference is the same rows by LIMIT and OFFSET.
"""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Grant, Person
from bench.harness import Result, benchmark, by_turns
from bench.tiers import AS_OF, CREATORS, POSTS, fill
from content.models import Post
from kosops.lib import sql
from kosops.lib.lists import PAGE_SIZE, keyset_page

TIMES = 9
ROWS = """
SELECT * FROM content_post ORDER BY published_at DESC, id DESC LIMIT %(size)s OFFSET %(before)s
"""


@benchmark("lists")
def lists(scale: float) -> list[Result]:
    posts = int(POSTS * scale)
    brand = fill(int(CREATORS * scale), posts)
    place = posts * 99 // 100
    cursor = cursor_at(place)
    browser = browser_of(brand)
    address = reverse("content:posts")

    def page(query: str) -> None:
        answer = browser.get(address + query)
        assert answer.content.count(b"<tr data-kos-href") == PAGE_SIZE

    def rows() -> list[Any]:
        return keyset_page(
            Post.objects.all(), field="published_at", descending=True, cursor=cursor
        ).rows

    def rows_by_offset() -> list[dict[str, Any]]:
        return sql.fetch_all(ROWS, {"size": PAGE_SIZE, "before": place})

    assert [row.pk for row in rows()] == [row["id"] for row in rows_by_offset()]
    deep = by_turns(lambda: page(f"?cursor={cursor}"), lambda: page(""), times=TIMES)
    return [
        Result("list_deep", posts, *deep),
        Result("list_offset", posts, *by_turns(rows, rows_by_offset, times=TIMES)),
    ]


def cursor_at(place: int) -> str:
    """The cursor that a person holds who has paged ``place`` rows down."""
    last = Post.objects.order_by("-published_at", "-id")[place - 1]
    ahead = keyset_page(
        Post.objects.filter(pk=last.pk) | Post.objects.filter(published_at__lt=last.published_at),
        field="published_at",
        descending=True,
        size=1,
    )
    assert ahead.rows == [last] and ahead.next
    return ahead.next


def browser_of(brand: Any) -> Client:
    lin = Person.objects.create_user("lin", name="Lin")
    Grant.objects.create(person=lin, role=Role.OPERATOR, unit=brand, since=AS_OF)
    browser = Client(SERVER_NAME="localhost", headers={"HX-Request": "true"})
    browser.force_login(lin)
    return browser
