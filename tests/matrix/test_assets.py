"""The asset ledger: what the company holds and what would go, by ownership and unit."""

import datetime as dt

import pytest
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Person
from content.models import Post
from kosops.lib.periods import Month
from matrix import holdings
from matrix.choices import AccountState, Domain
from matrix.models import AssetFigures, SocialAccount
from tests import cast as c
from tests.matrix.test_pages import account, browser_of, page, post, text_of

pytestmark = pytest.mark.django_db
NOW = timezone.now()
LAST_MONTH = Month.of(timezone.localdate(NOW)).shifted(-1)


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def held(chengye: c.Cast) -> c.Cast:
    """Zhou's account is the company's, May's her own, Li Na's authorised."""
    zhou = account(chengye.zhou, "zhou", followers=700)
    may = account(chengye.may, "may", ownership="personal", followers=100)
    account(chengye.may, "may_dy", "douyin", ownership="personal", followers=None)
    account(chengye.may, "old", ownership="personal", followers=9, state=AccountState.CLOSED)
    account(c.creator(chengye.tianhe, "K2", "Li Na"), "li", ownership="employee_authorised")
    for owner in (zhou, zhou, may):
        post(owner)
    Post.objects.filter(pk=post(may).pk).update(state="removed")
    holdings.count_all(NOW)
    return chengye


def whole(path: str = "/") -> holdings.Ledger:
    return holdings.ledgers([path], None, NOW)[0]


def now(asset: str, path: str = "/") -> dict[str, int]:
    ledger = whole(path)
    return {own: figure.now for (name, own), figure in ledger.figures.items() if name == asset}


def test_each_asset_is_counted_by_ownership(held) -> None:
    assert now("accounts") == {"company_opened": 1, "personal": 2, "employee_authorised": 1}
    assert now("followers") == {"company_opened": 700, "personal": 100}
    assert now("posts") == {"company_opened": 2, "personal": 1}
    assert now("accounts", held.tianhe.path) == {"employee_authorised": 1}


def test_customers_are_as_safe_as_the_account_that_reaches_them(chengye) -> None:
    may = {"seller": chengye.may}
    c.order(chengye, "E1", 100, buyer_key=b"a" * 32)
    c.order(chengye, "E2", 100, buyer_key=b"a" * 32, day="2026-09-06", **may)
    c.order(chengye, "E3", 100, buyer_key=b"b" * 32)
    c.order(chengye, "E4", 100, buyer_key=b"c" * 32, seller=None)
    c.order(chengye, "E5", 100, seller=None)  # nobody who could be told apart
    account(chengye.zhou, "zhou_wecom", "wecom", domain=Domain.PRIVATE)
    account(chengye.zhou, "zhou_own", "wechat", domain=Domain.PRIVATE, ownership="personal")

    holdings.count_all(NOW)

    # The first bought from May last, who has no private account; Zhou has the company's.
    assert now("customers") == {"personal": 1, "company_opened": 2}


def test_a_month_is_held_against_the_one_before(held) -> None:
    AssetFigures.objects.update(month=LAST_MONTH.first_day)
    SocialAccount.objects.filter(handle="zhou").update(followers=770)

    holdings.count_all(NOW)
    ledger = whole()

    assert ledger.figure("followers", "company_opened") == holdings.Figure(770, 700)
    assert ledger.whole("followers") == holdings.Figure(870, 800)


def test_before_the_second_month_nothing_is_said_about_change(held) -> None:
    assert whole().whole("accounts") == holdings.Figure(4, None)


def test_counting_again_in_the_month_takes_the_place_of_what_was_counted(held) -> None:
    rows = AssetFigures.objects.count()
    holdings.count_all(NOW + dt.timedelta(minutes=1))
    assert AssetFigures.objects.count() == rows


def test_the_page_says_what_becomes_of_it_and_leads_to_the_rows(held, lin) -> None:
    shown = page(lin, "assets")
    lines = {str(line.label): line for line in shown.context["lines"]}
    labels = [str(label) for label, _help in shown.context["heads"]]
    assert labels == ["Accounts", "Followers", "Posts", "Customers"]
    assert "Goes with the person" in text_of(shown)

    posts = lines["Personal"].cells[2]
    assert (posts.figure.now, posts.share_bp) == (1, 3333)
    answer = browser_of(lin).get(posts.href)
    assert {row.post.account.handle for row in answer.context["rows"]} == {"may"}


def test_parts_under_the_brand_say_how_much_of_all_stays(held, lin) -> None:
    units = {line.unit.name: line for line in page(lin, "assets").context["units"]}
    label, stays, whole, share = units["East"].cells[0]
    assert (str(label), stays, whole, share) == ("Accounts", 1, 3, 3333)


def test_the_ledger_shows_only_what_one_may_see(held) -> None:
    fang = c.person("fang", (Role.REVIEWER, held.brand))
    xu = c.person("xu", (Role.REGION_MANAGER, held.south))
    heads = [str(label) for label, _help in page(fang, "assets").context["heads"]]
    assert "Customers" not in heads
    assert page(xu, "assets").context["total"][0].figure.now == 1
    assert page(xu, "assets", unit=held.east.pk).status_code == 422
    assert page(c.person("zhou", (Role.KOS, held.jingan)), "assets").status_code == 403


def test_before_the_first_night_the_page_says_when(chengye, lin) -> None:
    assert "Not counted yet" in text_of(page(lin, "assets"))


def test_the_ledger_takes_the_same_queries_whatever_there_is(
    held, lin, django_assert_max_num_queries
) -> None:
    browser = browser_of(lin)
    with django_assert_max_num_queries(12) as few:
        browser.get("/matrix/assets/")
    queries = len(few)
    for number in range(30):
        account(c.creator(held.tianhe, f"X{number}", f"Person {number}"), f"a{number}")
    holdings.count_all(NOW)
    with django_assert_max_num_queries(queries):
        browser.get("/matrix/assets/")
