"""Which post a row of an export means."""

import datetime as dt

import pytest

from content.matching import KnownPost, match, normal_title

NOON = dt.datetime(2026, 7, 24, 4, 0, tzinfo=dt.UTC)


def post(id: int, title: str, minutes: float = 0) -> KnownPost:
    return KnownPost(id, normal_title(title), NOON + dt.timedelta(minutes=minutes))


@pytest.mark.parametrize(
    ("title", "known", "post_id", "candidates"),
    [
        ("夏日防晒", [], None, ()),
        ("夏日防晒", [post(1, "夏日✨防晒！")], 1, ()),
        ("夏日防晒", [post(1, "夏日防晒", 5), post(2, "别的", 1)], 1, ()),
        ("夏日防晒", [post(1, "夏日防晒", 5.5)], None, (1,)),
        ("夏日防晒", [post(1, "夏日防晒", 24 * 60 + 1)], None, ()),
        ("夏日防晒", [post(1, "改过的标题", 2)], None, (1,)),
        ("夏日防晒", [post(1, "改过的标题", 6)], None, ()),
        ("夏日防晒", [post(1, "夏日防晒", -3), post(2, "夏日防晒", 1)], None, (2, 1)),
        ("", [post(1, "", 1)], 1, ()),
        ("", [post(1, "", 60)], None, ()),
    ],
)
def test_a_row_means_a_post_none_or_something_to_decide(title, known, post_id, candidates):
    found = match(normal_title(title), NOON, known)
    assert (found.post_id, found.candidates) == (post_id, candidates)
