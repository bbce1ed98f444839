"""Posts at HQ: the list, one post, the posts of a creator, each with its refusals."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Person, Unit
from content import posts
from content.choices import PostState, Relationship
from content.expressions import formula
from content.formulas import ENGAGEMENT, FORMULAS, TIER_INTERACTIONS, value_of
from content.models import MetricSnapshot, Post
from content.posts import Fall, Reading
from matrix.choices import Domain
from matrix.models import Creator, SocialAccount
from tests import cast as c

NOW = timezone.now()
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def chengye(db: None) -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def xu(chengye: c.Cast) -> Person:
    """Regional manager of the east."""
    return c.person("xu", (Role.REGION_MANAGER, chengye.east))


def account(owner: Creator | Unit, handle: str, platform: str = "xiaohongshu") -> SocialAccount:
    creator = owner if isinstance(owner, Creator) else None
    unit = owner.store if isinstance(owner, Creator) else owner
    found, _new = SocialAccount.objects.get_or_create(
        brand=unit.brand,
        unit=unit,
        creator=creator,
        platform=platform,
        domain=Domain.PUBLIC,
        ownership="company_opened",
        owner_proof="company",
        handle=handle,
    )
    return found


def post(account: SocialAccount, title: str, days_ago: float = 1, **fields: object) -> Post:
    values = {"published_at": NOW - dt.timedelta(days=days_ago)} | fields
    return Post.objects.create(
        brand=account.brand,
        store=account.unit,
        account=account,
        creator=account.creator,
        platform=account.platform,
        platform_post_id=f"p{Post.objects.count()}",
        title=title,
        **values,
    )


@pytest.fixture
def written(chengye: c.Cast) -> dict[str, Post]:
    """Five posts that differ in everything that the list filters by, newest first."""
    li = c.creator(chengye.tianhe, "K002", "Li Na")
    zhou = account(chengye.zhou, "zhou_skin")
    return {
        "serum": post(zhou, "Serum", 1, likes=700, saves=200, comments=100, shares=50, views=5000),
        "cream": post(zhou, "Cream", 5, state=PostState.REMOVED, likes=3),
        "mask": post(account(li, "li_daily", "douyin"), "Mask", 10),
        "live": post(account(chengye.brand, "Chengye official", "channels"), "Live", 40, likes=8),
        "toner": post(zhou, "Toner", 100, likes=0, saves=0, comments=0),
    }


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def page(person: Person, name: str, /, *args: object, fragment: bool = False, **query: object):
    address = reverse(f"content:{name}", args=args)
    return browser_of(person).get(address, query, headers=FRAGMENT if fragment else None)


def text_of(response) -> str:
    return response.content.decode()


def titles_in(response) -> list[str]:
    return [row.post.title for row in response.context["rows"]]


# -- every door ----------------------------------------------------------------


def test_only_those_who_may_see_posts_open_the_list(chengye, lin) -> None:
    zhou = c.person("zhou", (Role.KOS, chengye.jingan))

    assert page(lin, "posts").status_code == 200
    assert page(zhou, "posts").status_code == 403
    assert Client().get(reverse("content:posts")).status_code == 302


@pytest.mark.parametrize("name", ["post", "creator_posts"])
def test_nothing_outside_the_scope_exists(chengye, lin, xu, written, name) -> None:
    mask = written["mask"]
    pk = mask.pk if name == "post" else mask.creator_id
    zhou = c.person("zhou", (Role.KOS, chengye.jingan))

    assert page(lin, name, pk, fragment=True).status_code == 200
    assert page(xu, name, pk, fragment=True).status_code == 404
    assert page(zhou, name, pk, fragment=True).status_code == 403


def test_a_regional_manager_sees_the_posts_of_the_region(chengye, xu, written) -> None:
    assert titles_in(page(xu, "posts")) == ["Serum", "Cream", "Toner"]
    assert page(xu, "posts", unit=chengye.south.pk).status_code == 422
    assert page(xu, "posts", creator=written["mask"].creator_id).status_code == 422
    assert titles_in(page(xu, "posts", who="Li Na")) == []


# -- the list ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("query", "titles"),
    [
        ({}, ["Serum", "Cream", "Mask", "Live", "Toner"]),
        ({"sort": "published"}, ["Toner", "Live", "Mask", "Cream", "Serum"]),
        # What nobody has counted yet stands below a true 0.
        ({"sort": "-interactions"}, ["Serum", "Live", "Cream", "Toner", "Mask"]),
        ({"platform": "douyin"}, ["Mask"]),
        ({"state": "removed"}, ["Cream"]),
        ({"who": "zhou m"}, ["Serum", "Cream", "Toner"]),
        ({"who": "k002"}, ["Mask"]),
        ({"who": "OFFICIAL"}, ["Live"]),
        ({"period": "7d"}, ["Serum", "Cream"]),
        ({"min_interactions": "1000"}, ["Serum"]),
        ({"min_interactions": "1001"}, []),
        ({"min_interactions": "0"}, ["Serum", "Cream", "Live", "Toner"]),
        ({"min_interactions": "4", "who": "zhou"}, ["Serum"]),
    ],
)
def test_the_list_filters_and_sorts(lin, written, query, titles) -> None:
    assert titles_in(page(lin, "posts", **query)) == titles


def test_the_list_filters_by_place_person_and_account(chengye, lin, written) -> None:
    mask = written["mask"]

    assert titles_in(page(lin, "posts", unit=chengye.south.pk)) == ["Mask"]
    assert titles_in(page(lin, "posts", creator=mask.creator_id)) == ["Mask"]
    assert titles_in(page(lin, "posts", account=mask.account_id)) == ["Mask"]


def test_days_are_those_of_the_brand(lin, written) -> None:
    """Both days count whole, in Shanghai."""
    for title, hour in [("Just before", "2026-03-01T00:00"), ("Just after", "2026-03-03T23:59")]:
        Post.objects.filter(title="Mask").update(
            title=title, published_at=dt.datetime.fromisoformat(hour + ":00+08:00")
        )
        shown = page(lin, "posts", since="2026-03-01", until="2026-03-03")
        assert titles_in(shown) == [title]
        assert titles_in(page(lin, "posts", since="2026-03-02", until="2026-03-02")) == []
        Post.objects.filter(title=title).update(title="Mask")
    assert page(lin, "posts", since="0001-01-01", until="9999-12-31").status_code == 200


@pytest.mark.parametrize(
    "query",
    [
        {"platform": "wecom"},  # nobody posts there
        {"state": "x"},
        {"unit": "0"},
        {"creator": str(10**30)},
        {"account": "-1"},
        {"period": "forever"},
        {"since": "2026-02-30"},
        {"min_interactions": "many"},
        {"min_interactions": "-1"},
        {"min_interactions": "1e999"},
        {"min_interactions": "9" * 30},
        {"sort": "views"},
        {"who": "nul\x00"},
    ],
)
def test_a_value_that_means_nothing_is_named_not_guessed(lin, written, query) -> None:
    refused = page(lin, "posts", **query)

    assert refused.status_code == 422
    assert titles_in(refused) == []
    assert "This filter is not known" in text_of(refused)


def test_what_a_platform_has_not_sent_is_not_in_yet(lin, written) -> None:
    shown = text_of(page(lin, "posts", platform="douyin"))

    assert shown.count("not in yet") == 6  # views, three figures, the sum and the rate
    zero = text_of(page(lin, "posts", who="zhou", period="", sort="interactions"))
    assert ">0<" in zero


def test_a_name_that_fits_too_many_people_still_filters(lin, chengye, written, monkeypatch) -> None:
    monkeypatch.setattr("matrix.filters.FEW", 1)

    assert titles_in(page(lin, "posts", who="k00")) == ["Serum", "Cream", "Mask", "Toner"]


@pytest.mark.parametrize("sort", ["-published", "published", "-interactions", "interactions"])
def test_pages_visit_every_post_once_there_and_back(chengye, lin, sort) -> None:
    zhou = account(chengye.zhou, "zhou_skin")
    Post.objects.bulk_create(
        Post(
            brand=chengye.brand, store=chengye.jingan, account=zhou, creator=chengye.zhou,
            platform=zhou.platform, platform_post_id=f"b{number}", title=f"T{number}",
            # Minutes and figures repeat: many posts are equal in what they are sorted by.
            published_at=NOW - dt.timedelta(days=number % 3),
            likes=None if number % 4 == 0 else number % 2,
        )
        for number in range(120)
    )  # fmt: skip
    pages, cursor = [], ""
    while cursor is not None:
        shown = page(lin, "posts", sort=sort, cursor=cursor, fragment=True).context
        pages.append([row.post.pk for row in shown["rows"]])
        cursor = shown["page"].next
    there = [pk for rows in pages for pk in rows]
    assert [len(rows) for rows in pages] == [50, 50, 20]
    assert len(set(there)) == 120

    back, cursor = [pages[-1]], shown["page"].previous
    while cursor is not None:
        shown = page(lin, "posts", sort=sort, cursor=cursor, fragment=True).context
        back.insert(0, [row.post.pk for row in shown["rows"]])
        cursor = shown["page"].previous
    assert [pk for rows in back for pk in rows] == there


def test_the_list_says_why_it_is_empty(lin, written) -> None:
    assert "No post fits these filters" in text_of(page(lin, "posts", who="nobody at all"))

    Post.objects.all().delete()
    assert "No posts yet" in text_of(page(lin, "posts"))


def test_htmx_gets_rows_alone(lin, written) -> None:
    response = page(lin, "posts", fragment=True, platform="douyin", who="")

    assert "<html" not in text_of(response) and "Mask" in text_of(response)
    assert response["HX-Push-Url"] == "/posts/?platform=douyin"


def test_the_list_takes_the_same_queries_for_ten_rows_and_for_two_hundred(
    chengye, lin, django_assert_max_num_queries
) -> None:
    browser = browser_of(lin)
    for number in range(10):
        post(account(chengye.zhou, f"a{number}"), f"T{number}")
    address = reverse("content:posts")
    with django_assert_max_num_queries(12) as few:
        browser.get(address)
    for number in range(10, 200):
        someone = c.creator(chengye.jingan, f"X{number}", f"Person {number}")
        post(account(someone, f"a{number}"), f"T{number}")
    for query in ("", "?sort=-interactions", "?period=30d&min_interactions=0"):
        with django_assert_max_num_queries(len(few)):
            browser.get(address + query)


# -- one post ------------------------------------------------------------------


def reading(post: Post, day: int, source: str = "xiaohongshu_notes", **figures: int) -> None:
    MetricSnapshot.objects.create(
        post=post, captured_at=NOW - dt.timedelta(days=30 - day), source=source, **figures
    )


def test_a_post_shows_its_figures_and_where_they_came_from(lin, written) -> None:
    serum = written["serum"]
    for day, likes in [(1, 100), (2, 700)]:
        reading(serum, day, likes=likes, views=likes * 7)

    shown = text_of(page(lin, "post", serum.pk))

    assert "1,000" in shown  # likes, saves and comments; not the 50 shares
    assert "21.0%" in shown  # 1,050 of 5,000
    assert shown.count("xiaohongshu_notes") == 2
    assert "Saves</th>" not in shown  # no reading knew them
    assert 'data-kos-chart="figures-data"' in shown
    assert "Zhou Min" in shown and "zhou_skin" in shown


def test_a_figure_that_fell_is_flagged(lin, written) -> None:
    serum = written["serum"]
    for day, likes in [(1, 100), (2, 120), (3, 118), (4, 119)]:
        reading(serum, day, likes=likes)

    shown = text_of(page(lin, "post", serum.pk))

    assert "The platform took figures back" in shown
    assert "Likes fell from 120 to 118." in shown
    assert shown.count("fell from") == 2  # the banner and the reading itself


def test_a_post_without_readings_says_so(lin, written) -> None:
    shown = text_of(page(lin, "post", written["mask"].pk))

    assert "No figures yet" in shown and "fell from" not in shown


def test_only_the_last_readings_are_shown(lin, written, monkeypatch) -> None:
    monkeypatch.setattr("content.pages.READINGS_SHOWN", 3)
    for day, likes in enumerate([50, 10, 20, 30, 40]):
        reading(written["serum"], day, likes=likes)

    shown = page(lin, "post", written["serum"].pk)

    assert len(shown.context["readings"]) == 3
    assert "Earlier readings are kept" in text_of(shown)
    assert "fell from" not in text_of(shown)


@pytest.mark.parametrize(
    ("relationship", "disclosure", "missing"),
    [
        (Relationship.NONE, "", False),
        (Relationship.OWN_STAFF, "", False),
        (Relationship.GIFT, "", True),
        (Relationship.PAID, "", True),
        (Relationship.PAID, "Paid partnership", False),
        (Relationship.COMMISSION, "", True),
    ],
)
def test_a_missing_disclosure_is_flagged(lin, written, relationship, disclosure, missing) -> None:
    Post.objects.filter(title="Serum").update(relationship=relationship, disclosure=disclosure)

    assert ("No disclosure" in text_of(page(lin, "posts"))) == missing
    shown = text_of(page(lin, "post", written["serum"].pk))
    assert ("None recorded" in shown) == missing
    assert (disclosure in shown) if disclosure else True


@pytest.mark.parametrize(
    ("url", "linked"),
    [("https://www.xiaohongshu.com/explore/1", True), ("javascript:alert(1)", False), ("", False)],
)
def test_only_a_web_address_becomes_a_link(lin, written, url, linked) -> None:
    Post.objects.filter(title="Serum").update(url=url)

    assert ("Open on the platform" in text_of(page(lin, "post", written["serum"].pk))) == linked
    assert "javascript:" not in text_of(page(lin, "post", written["serum"].pk))


def test_a_title_of_a_file_is_text_and_not_markup(lin, written) -> None:
    Post.objects.filter(title="Serum").update(title="<script>alert(1)</script>")

    for shown in (page(lin, "posts"), page(lin, "post", written["serum"].pk)):
        assert "<script>alert" not in text_of(shown)
        assert "&lt;script&gt;alert" in text_of(shown)


# -- posts of a creator --------------------------------------------------------


def test_the_latest_posts_of_a_creator_stand_on_their_page(chengye, lin, written) -> None:
    shown = page(lin, "creator_posts", chengye.zhou.pk, fragment=True)
    alone = page(lin, "creator_posts", chengye.zhou.pk)

    assert titles_in(shown) == ["Serum", "Cream", "Toner"]
    assert alone.status_code == 302
    assert alone["Location"] == f"/posts/?creator={chengye.zhou.pk}"


# -- words of the list ---------------------------------------------------------


@pytest.mark.parametrize("name", sorted(FORMULAS))
def test_the_formula_says_the_same_in_the_database(chengye, name) -> None:
    zhou = account(chengye.zhou, "zhou_skin")
    cases = [(None, None, None, None), (0, None, None, None), (5, 3, None, 2), (1, 2, 3, 4)]
    for likes, saves, comments, shares in cases:
        post(zhou, "T", likes=likes, saves=saves, comments=comments, shares=shares)

    for row in Post.objects.annotate(value=formula(name)):
        assert row.value == value_of(name, posts.figures_of(row))


@pytest.mark.parametrize(
    ("figures", "rate"),
    [
        ({"likes": 90, "shares": 10, "views": 1000}, 1000),
        ({"likes": 1, "views": 3}, 3333),
        ({"likes": 1, "views": 0}, None),
        ({"likes": 1}, None),
        ({"views": 10}, None),
    ],
)
def test_engagement_rate(figures, rate) -> None:
    assert posts.engagement_bp(Post(**figures)) == rate


def readings(*rows: tuple[str, dict[str, int | None]]) -> list[Reading]:
    return [
        Reading(NOW + dt.timedelta(days=day), source, figures)
        for day, (source, figures) in enumerate(rows)
    ]


def falls(*rows: tuple[str, dict[str, int | None]]) -> list[tuple[int, Fall]]:
    """(number of the reading, what fell in it)."""
    found = posts.with_falls(readings(*rows))
    return [(number, fall) for number, row in enumerate(found) for fall in row.falls]


def test_a_fall_is_against_the_last_known_figure_of_the_same_source() -> None:
    assert falls(("list", {"likes": 5}), ("list", {"likes": 5})) == []
    assert falls(("list", {"likes": 5}), ("list", {"likes": None}), ("list", {"likes": 4})) == [
        (2, Fall("likes", 5, 4))
    ]
    # Another source counts differently: that is no fall.
    assert falls(("list", {"likes": 5}), ("report", {"likes": 4})) == []
    assert falls(("list", {"likes": 5, "saves": 9}), ("list", {"likes": 6, "saves": 8})) == [
        (1, Fall("saves", 9, 8))
    ]
    # A fall counts once; what comes after is measured from there.
    assert falls(("list", {"likes": 5}), ("list", {"likes": 3}), ("list", {"likes": 4})) == [
        (1, Fall("likes", 5, 3))
    ]


def test_the_formulas_are_those_of_the_handbook() -> None:
    figures = {"likes": 700, "saves": 200, "comments": 100, "shares": 50}

    assert value_of(TIER_INTERACTIONS, figures) == 1000
    assert value_of(ENGAGEMENT, figures) == 1050
