"""The grid of accounts: identity by domain and platform, with the gaps and the rows behind them."""

import pytest
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Person, Unit
from matrix import figures, grid
from matrix.choices import AccountState, CreatorState, Domain
from matrix.grid import Cell, Identity
from matrix.models import Creator, SocialAccount
from tests import cast as c
from tests.matrix.test_pages import account, browser_of, names_in, page, text_of

pytestmark = pytest.mark.django_db
PRIVATE = {"domain": Domain.PRIVATE}


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def matrix(chengye: c.Cast) -> c.Cast:
    """Zhou on two platforms, Li Na nowhere, May on one; brand and one store have accounts."""
    c.creator(chengye.tianhe, "K002", "Li Na")
    account(chengye.zhou, "zhou")
    account(chengye.zhou, "zhou_dy", "douyin")
    account(chengye.zhou, "zhou_wecom", "wecom", private_layer="service", **PRIVATE)
    account(chengye.may, "may")
    account(
        chengye.brand,
        "official",
        "official_account",
        private_layer="interest",
        purpose="brand",
        **PRIVATE,
    )
    account(chengye.jingan, "store", role="store_number", purpose="sales")
    account(chengye.tianhe, "guide on duty", "wecom", role="employee_number", **PRIVATE)
    return chengye  # fmt: skip


def read(path: str = "/") -> grid.Counted:
    now = timezone.now()
    figures.freshen([path], now)
    return grid.read([path], now)


def cell(identity: str, column: str, path: str = "/") -> Cell:
    return read(path).grid.cell(identity, column)


@pytest.mark.parametrize(
    ("identity", "column", "accounts", "covered", "whole"),
    [
        (Identity.KOS, "public", 2, 1, 2),
        (Identity.KOS, "xiaohongshu", 1, 1, 2),
        (Identity.KOS, "private", 1, 1, 2),
        (Identity.KOC, "public", 1, 1, 1),
        (Identity.KOC, "wecom", 0, 0, 1),
        (Identity.STORE, "public", 1, 1, 2),
        (Identity.STORE, "private", 0, 0, 2),
        (Identity.BRAND, "official_account", 1, 1, 3),
        (Identity.EMPLOYEE, "private", 1, 1, None),
    ],
)
def test_a_cell_counts_accounts_and_who_has_one(
    matrix, identity, column, accounts, covered, whole
) -> None:
    assert cell(identity, column) == Cell(accounts, covered, whole)


def test_leavers_and_closed_accounts_cover_nobody(matrix) -> None:
    Creator.objects.filter(pk=matrix.zhou.pk).update(state=CreatorState.LEFT)
    account(matrix.may, "may_old", "douyin", state=AccountState.CLOSED)

    kos = cell(Identity.KOS, "public")

    # The accounts of a leaver are still there; nobody who takes part today has one.
    assert (kos.accounts, kos.covered, kos.whole, kos.gap) == (2, 0, 1, 1)
    assert cell(Identity.KOC, "douyin").accounts == 0


def test_a_part_of_the_tree_counts_alone(matrix) -> None:
    assert cell(Identity.KOS, "public", matrix.south.path) == Cell(0, 0, 1)
    assert cell(Identity.STORE, "public", matrix.south.path) == Cell(0, 0, 1)


def test_layers_roles_and_purposes_are_counted(matrix) -> None:
    found = read().kinds

    assert {code: kind.accounts for code, kind in found["layer"].items()} == {
        "service": 1, "interest": 1,
    }  # fmt: skip
    assert set(found["role"]) == {"store_number", "employee_number"}
    assert found["purpose"]["sales"].units == 1
    assert grid.owners(["/"], ["official_account"]) == {"official_account": ["Chengye Beauty"]}


@pytest.mark.parametrize(
    ("field", "value", "key"),
    [
        ("role", "welfare_officer", "role|welfare_officer"),
        ("purpose", "service", "purpose|service"),
        ("private_layer", "relation", "layer|relation"),
    ],
)
def test_an_account_that_changes_is_counted_again(matrix, field, value, key) -> None:
    read()

    SocialAccount.objects.filter(handle="zhou_wecom").update(**{field: value})

    sort, code = key.split("|")
    assert read().kinds[sort][code].accounts == 1


def test_a_closed_store_with_an_account_covers_nothing(matrix) -> None:
    Unit.objects.filter(pk=matrix.jingan.pk).update(active=False)

    store = cell(Identity.STORE, "public")

    assert (store.accounts, store.covered, store.whole) == (1, 0, 1)


def test_a_gap_leads_to_those_who_have_no_account(matrix, lin) -> None:
    shown = page(lin, "grid")
    assert "1 KOS without a public account" in text_of(shown)
    cells = {label: row for label, _help, row in shown.context["lines"]}

    gap = cells["KOS"][0].gap_href
    assert names_in(browser_of(lin).get(gap)) == ["Li Na"]
    stores = browser_of(lin).get(cells["Store"][0].gap_href)
    assert [row.unit for row in stores.context["rows"]] == [matrix.tianhe]
    # A KOC needs no account of their own there.
    assert not any(each.gap_href for each in cells["KOC"][4:])


def test_touchpoints_say_whether_they_exist_and_who_owns_them(matrix, lin) -> None:
    rows = {str(row.label): row for row in page(lin, "grid").context["touchpoints"]}

    assert rows["Official account"].owners == ["Chengye Beauty"]
    assert rows["WeChat account"].kind.accounts == 2
    assert rows["Mini-programme"].missing
    assert len(rows) == 5


def test_the_grid_is_for_those_who_see_the_matrix_and_their_part(matrix, lin) -> None:
    xu = c.person("xu", (Role.REGION_MANAGER, matrix.south))
    assert page(c.person("zhou", (Role.KOS, matrix.jingan)), "grid").status_code == 403
    assert page(xu, "grid", unit=matrix.east.pk).status_code == 422
    cells = {label: row for label, _help, row in page(xu, "grid").context["lines"]}
    assert cells["KOS"][0].cell == Cell(0, 0, 1)


def test_the_grid_takes_the_same_queries_whatever_there_is(
    matrix, lin, django_assert_max_num_queries
) -> None:
    browser = browser_of(lin)
    figures.refresh_changed(timezone.now())
    with django_assert_max_num_queries(12) as few:
        browser.get("/matrix/grid/")
    queries = len(few)
    for number in range(30):
        account(c.creator(matrix.tianhe, f"X{number}", f"Person {number}"), f"a{number}")
    figures.refresh_changed(timezone.now())
    with django_assert_max_num_queries(queries):
        browser.get("/matrix/grid/")
