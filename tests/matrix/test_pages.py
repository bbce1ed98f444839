"""The account matrix at HQ: the tree, the list of creators, one creator, each with its refusals."""

import datetime as dt
import re

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape

from accounts.choices import Role
from accounts.models import Activity, Person, Unit
from content.models import Post
from matrix import health, tree
from matrix.choices import AccountState, CreatorKind, CreatorState, Domain
from matrix.health import Need
from matrix.models import Creator, Pairing, SocialAccount
from tests import cast as c

pytestmark = pytest.mark.django_db
NOW = timezone.now()
FRAGMENT = {"HX-Request": "true"}


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def xu(chengye: c.Cast) -> Person:
    """Regional manager of the east."""
    return c.person("xu", (Role.REGION_MANAGER, chengye.east))


def account(
    owner: Creator | Unit,
    handle: str,
    platform: str = "xiaohongshu",
    *,
    domain: str = Domain.PUBLIC,
    **fields: object,
) -> SocialAccount:
    """An account opened long ago, of a creator or of a unit itself."""
    creator = owner if isinstance(owner, Creator) else None
    unit = owner.store if isinstance(owner, Creator) else owner
    values = {
        "ownership": "company_opened",
        "owner_proof": "company",
        "opened_on": dt.date(2026, 1, 1),
    } | fields
    return SocialAccount.objects.create(
        brand=unit.brand, unit=unit, creator=creator, platform=platform, domain=domain,
        handle=handle, **values,
    )  # fmt: skip


def pair(public: SocialAccount, handle: str = "zhoumin", platform: str = "wecom") -> Pairing:
    private = account(public.creator, handle, platform, domain=Domain.PRIVATE)
    return Pairing.objects.create(
        public_account=public, private_account=private, since=dt.date(2026, 2, 1)
    )


def post(account: SocialAccount, days_ago: float = 1, **fields: object) -> Post:
    return Post.objects.create(
        brand=account.brand,
        store=account.unit,
        account=account,
        creator=account.creator,
        platform=account.platform,
        platform_post_id=f"p{Post.objects.count()}",
        published_at=NOW - dt.timedelta(days=days_ago),
        **fields,
    )


def browser_of(person: Person) -> Client:
    browser = Client()
    browser.force_login(person)
    return browser


def page(person: Person, name: str, /, *args: object, fragment: bool = False, **query: object):
    address = reverse(f"matrix:{name}", args=args)
    return browser_of(person).get(address, query, headers=FRAGMENT if fragment else None)


def text_of(response) -> str:
    return response.content.decode()


def names_in(response) -> list[str]:
    """The people on a page of the list, in order."""
    return [row.creator.name for row in response.context["rows"]]


def unit_rows(found: tree.Tree) -> dict[str, tree.UnitRow]:
    return {row.unit.name: row for row in found.rows if row.kind == "unit"}


def load(person: Person, *open_units: Unit, need: str = "") -> tree.Tree:
    return tree.load(person, open_ids=[unit.pk for unit in open_units] or None, now=NOW, need=need)


# -- rows opened one by one ----------------------------------------------------


def toggled(person: Person, unit: Unit, on: str):
    headers = {**FRAGMENT, "HX-Current-URL": f"https://testserver{on}"}
    return browser_of(person).get(reverse("matrix:tree"), {"row": unit.pk}, headers=headers)


def test_an_opened_row_answers_with_itself_and_what_is_below(chengye, lin) -> None:
    region, store = chengye.jingan.parent, chengye.jingan
    account(chengye.zhou, "zhou")
    shown = f"/matrix/?open={chengye.brand.pk},{region.pk}&needs=any"

    answer = toggled(lin, store, shown)

    assert answer.headers["HX-Retarget"] == f"#unit-{store.pk}"
    assert answer.headers["HX-Reswap"] == "outerHTML"
    opened = f"open={chengye.brand.pk}%2C{region.pk}%2C{store.pk}"
    assert opened in answer.headers["HX-Push-Url"]
    assert "needs=any" in answer.headers["HX-Push-Url"]
    rows = unit_rows(answer.context["tree"])
    assert [row.unit for row in rows.values()] == [store]
    assert text_of(answer).lstrip().startswith("<tr")


def test_a_closed_row_answers_with_the_tree_that_is_left(chengye, lin) -> None:
    region = chengye.jingan.parent

    answer = toggled(lin, region, f"/matrix/?open={chengye.brand.pk},{region.pk}")

    assert answer.headers["HX-Retarget"] == "#tree"
    assert "HX-Reswap" not in answer.headers
    assert answer.headers["HX-Push-Url"].endswith(f"?open={chengye.brand.pk}")
    assert chengye.jingan.name not in unit_rows(answer.context["tree"])


def test_the_first_row_is_opened_beside_those_that_are_open_anyway(chengye, lin) -> None:
    region = chengye.jingan.parent

    answer = toggled(lin, region, "/matrix/")

    assert f"open={chengye.brand.pk}%2C{region.pk}" in answer.headers["HX-Push-Url"]
    assert chengye.jingan.name in unit_rows(answer.context["tree"])


def test_a_row_out_of_sight_opens_nothing(chengye, lin, xu) -> None:
    answer = toggled(xu, chengye.south, "/matrix/")
    whole = page(xu, "tree", fragment=True)

    assert chengye.tianhe.name not in text_of(answer)
    assert list(unit_rows(answer.context["tree"])) == list(unit_rows(whole.context["tree"]))


# -- every door ----------------------------------------------------------------


@pytest.mark.parametrize("name", ["tree", "creators"])
def test_only_those_who_may_see_the_matrix_open_its_lists(name, chengye, lin) -> None:
    zhou = c.person("zhou", (Role.KOS, chengye.jingan))

    assert page(lin, name).status_code == 200
    assert page(zhou, name).status_code == 403
    assert Client().get(reverse(f"matrix:{name}")).status_code == 302


def test_a_creator_outside_the_scope_does_not_exist(chengye, lin, xu) -> None:
    li = c.creator(chengye.tianhe, "K002", "Li Na")

    assert page(lin, "creator", li.pk).status_code == 200
    assert page(xu, "creator", chengye.zhou.pk).status_code == 200
    assert page(xu, "creator", li.pk).status_code == 404
    assert page(lin, "creator", 10**30).status_code == 404


def test_a_reader_without_the_right_gets_no_creator(chengye) -> None:
    zhou = c.person("zhou", (Role.KOS, chengye.jingan))

    assert page(zhou, "creator", chengye.zhou.pk).status_code == 403


# -- the tree: figures ---------------------------------------------------------


def test_figures_add_up_from_store_to_brand(chengye, lin) -> None:
    li = c.creator(chengye.tianhe, "K002", "Li Na")
    for someone, handle in [(chengye.zhou, "zhou"), (li, "li")]:
        post(account(someone, handle), 2)
    account(chengye.may, "may", "douyin")
    account(chengye.brand, "Chengye official")

    rows = unit_rows(load(lin, chengye.brand, chengye.east))

    brand, east, jingan = (
        rows[name].figures for name in ("Chengye Beauty", "East", "Jing'an Kerry Centre")
    )
    assert (brand.kos, brand.koc, brand.accounts, brand.posts) == (2, 1, 4, 2)
    assert (east.kos, east.koc, east.accounts, east.posts) == (1, 1, 2, 1)
    assert (jingan.kos, jingan.koc, jingan.accounts, jingan.posts) == (1, 1, 2, 1)
    assert brand.platforms == {"xiaohongshu": 3, "douyin": 1}
    assert jingan.last_at == NOW - dt.timedelta(days=2)


def test_candidates_leavers_and_closed_accounts_do_not_count(chengye, lin) -> None:
    c.creator(chengye.jingan, "K002", "Li Na", state=CreatorState.CANDIDATE)
    c.creator(chengye.jingan, "K003", "Wang Jia", state=CreatorState.LEFT)
    c.creator(chengye.jingan, "K004", "Chen Jing", state=CreatorState.PAUSED)
    account(chengye.zhou, "old", state=AccountState.CLOSED)

    figures = load(lin).totals

    assert (figures.kos, figures.koc, figures.accounts) == (2, 1, 0)


@pytest.mark.parametrize(
    ("state", "creator_state", "paired", "days_ago", "needs"),
    [
        (AccountState.ACTIVE, CreatorState.ACTIVE, True, 13, []),
        (AccountState.ACTIVE, CreatorState.ACTIVE, True, 15, [Need.SILENT]),
        (AccountState.ACTIVE, CreatorState.ACTIVE, True, None, [Need.SILENT]),
        (AccountState.ACTIVE, CreatorState.ACTIVE, False, 1, [Need.UNPAIRED]),
        (AccountState.ACTIVE, CreatorState.LEFT, True, 1, [Need.LEAVER]),
        (AccountState.LIMITED, CreatorState.ACTIVE, True, 1, []),
        # Nobody can post from a banned account, so it is not called silent as well.
        (AccountState.BANNED, CreatorState.ACTIVE, True, 90, [Need.BANNED]),
        (AccountState.ACTIVE, CreatorState.LEFT, False, 90,
         [Need.LEAVER, Need.UNPAIRED, Need.SILENT]),
    ],
)  # fmt: skip
def test_an_account_needs_action(
    chengye, lin, state, creator_state, paired, days_ago, needs
) -> None:
    Creator.objects.filter(pk=chengye.zhou.pk).update(state=creator_state)
    public = account(chengye.zhou, "zhou", state=state)
    if paired:
        pair(public)
    if days_ago is not None:
        post(public, days_ago)

    found = health.with_needs(health.public_accounts(SocialAccount.objects.all()), NOW).get()
    totals = load(lin).totals

    assert health.needs_of(found) == needs
    assert totals.needing == bool(needs)
    assert totals.paired == paired
    assert [need for need, _count in totals.needs_in_words] == needs


def test_a_pairing_that_ended_leaves_the_account_unpaired(chengye, lin) -> None:
    pairing = pair(account(chengye.zhou, "zhou"))
    assert load(lin).totals.paired == 1

    Pairing.objects.filter(pk=pairing.pk).update(until=dt.date(2026, 3, 1))

    assert load(lin).totals.paired == 0
    # The old pairing must not make two rows of one account.
    assert load(lin).totals.accounts == 1


def test_a_new_account_without_posts_is_not_called_silent(chengye, lin) -> None:
    account(chengye.zhou, "zhou", opened_on=timezone.localdate(NOW) - dt.timedelta(days=3))
    account(chengye.may, "may", opened_on=None)  # taken in today

    assert load(lin).totals.needs[Need.SILENT] == 0


# -- the tree: rows ------------------------------------------------------------


def test_rows_open_by_address(chengye, lin) -> None:
    first = text_of(page(lin, "tree"))
    opened = text_of(page(lin, "tree", open=f"{chengye.brand.pk},{chengye.east.pk}"))
    shut = text_of(page(lin, "tree", open="0"))

    store = escape(chengye.jingan.name)
    assert "East" in first and store not in first
    assert store in opened
    assert "Chengye Beauty" in shut and "East" not in shut


def test_an_open_store_shows_people_and_accounts_with_their_pairing(chengye, lin) -> None:
    pair(account(chengye.zhou, "zhou at jing'an"))
    account(chengye.jingan, "Jing'an store", "douyin")

    found = load(lin, chengye.brand, chengye.east, chengye.jingan)

    kinds = [row.kind for row in found.rows]
    assert kinds == ["unit", "unit", "unit", "account", "person", "account", "person", "unit"]
    own, of_zhou = (row for row in found.rows if row.kind == "account")
    assert (own.account.handle, own.needs) == ("Jing'an store", [Need.UNPAIRED, Need.SILENT])
    assert (of_zhou.account.paired_handle, of_zhou.needs) == ("zhoumin", [Need.SILENT])
    shown = text_of(page(lin, "tree", open=",".join(chengye.jingan.path.strip("/").split("/"))))
    assert "WeCom · zhoumin" in shown and "Silent for 14 days" in shown


def test_a_leaver_who_still_holds_an_account_is_shown(chengye, lin) -> None:
    gone = c.creator(chengye.jingan, "K009", "Wang Jia", state=CreatorState.LEFT)
    c.creator(chengye.jingan, "K010", "Chen Jing", state=CreatorState.LEFT)
    account(gone, "wang")

    people = [
        row.creator.name
        for row in load(lin, chengye.brand, chengye.east, chengye.jingan).rows
        if row.kind == "person"
    ]

    assert people == ["Wang Jia", "Zhou Min", "May"]


def test_a_large_store_shows_some_and_leads_to_all(chengye, lin, monkeypatch) -> None:
    monkeypatch.setattr(tree, "PEOPLE_SHOWN", 3)
    for number in range(5):
        c.creator(chengye.jingan, f"K1{number}", f"Person {number}")

    open_ids = ",".join(chengye.jingan.path.strip("/").split("/"))
    shown = text_of(page(lin, "tree", open=open_ids))

    assert shown.count('class="tree-person"') == 3
    assert "4 more people in" in shown
    assert f"unit={chengye.jingan.pk}&amp;state=current" in shown


def test_only_what_needs_action(chengye, lin) -> None:
    post(pair(account(chengye.zhou, "fine")).public_account)
    li = c.creator(chengye.tianhe, "K002", "Li Na")
    post(account(li, "unpaired"))
    path = [int(part) for part in chengye.tianhe.path.strip("/").split("/")]

    found = tree.load(
        lin, open_ids=[*path, chengye.east.pk, chengye.jingan.pk], now=NOW, need="unpaired"
    )

    assert list(unit_rows(found)) == ["Chengye Beauty", "South", "Tianhe Parc Central"]
    assert [row.creator for row in found.rows if row.kind == "person"] == [li]
    assert page(lin, "tree", needs="banned").status_code == 200
    refused = page(lin, "tree", needs="nonsense")
    assert refused.status_code == 422
    assert "“nonsense” is not a reason to act" in text_of(refused)


def test_the_tree_of_a_regional_manager_begins_at_the_region(chengye, xu) -> None:
    post(account(c.creator(chengye.tianhe, "K002", "Li Na"), "li"))
    everything = [unit.pk for unit in Unit.objects.all()]

    found = tree.load(xu, open_ids=everything, now=NOW)
    shown = text_of(page(xu, "tree", open=",".join(map(str, everything))))

    assert list(unit_rows(found)) == ["East", "Jing'an Kerry Centre"]
    assert (found.totals.people, found.totals.accounts, found.totals.posts) == (2, 0, 0)
    assert "Li Na" not in shown and "Tianhe" not in shown


def test_htmx_gets_the_rows_alone(lin) -> None:
    whole = text_of(page(lin, "tree"))
    rows = text_of(page(lin, "tree", fragment=True))

    assert "<html" in whole and "<html" not in rows
    assert "Chengye Beauty" in rows


def test_the_first_time_says_what_will_be_here(lin) -> None:
    Creator.objects.all().delete()

    shown = text_of(page(lin, "tree"))

    assert "No accounts yet" in shown and reverse("integrations:imports") in shown


def test_the_tree_takes_the_same_queries_for_any_brand(
    chengye, lin, django_assert_max_num_queries
) -> None:
    browser = browser_of(lin)
    ids = f"{chengye.brand.pk},{chengye.east.pk},{chengye.jingan.pk},{chengye.south.pk}"
    address = f"{reverse('matrix:tree')}?open={ids}"
    post(account(chengye.zhou, "zhou"))
    browser.get(address)  # counts what changed
    with django_assert_max_num_queries(12) as few:
        browser.get(address)
    queries = len(few)
    for number in range(60):
        store = [chengye.jingan, chengye.tianhe][number % 2]
        someone = c.creator(store, f"X{number}", f"Person {number}")
        post(account(someone, f"a{number}"))
    browser.get(address)
    with django_assert_max_num_queries(queries):
        browser.get(address)


# -- the list of creators ------------------------------------------------------


@pytest.fixture
def people(chengye: c.Cast) -> dict[str, Creator]:
    """Four people who differ in everything that the list filters by."""
    found = {
        "zhou": chengye.zhou,
        "may": chengye.may,
        "li": c.creator(
            chengye.tianhe, "K002", "Li Na", state=CreatorState.PAUSED, talent_type="topic_expert"
        ),
        "cindy": c.creator(
            chengye.tianhe, "C002", "Cindy", kind=CreatorKind.KOC, tier="senior", share_code="CIN8"
        ),
    }
    Creator.objects.filter(pk=found["cindy"].pk).update(koc_kind="contracted")
    post(account(found["zhou"], "zhou_skin"), 1, likes=90, saves=8, comments=2)
    post(account(found["cindy"], "cindy_daily", "douyin"), 20, likes=None)
    return found


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ({}, ["Cindy", "Li Na", "May", "Zhou Min"]),
        ({"sort": "-name"}, ["Zhou Min", "May", "Li Na", "Cindy"]),
        ({"sort": "-last_post"}, ["Zhou Min", "Cindy", "May", "Li Na"]),
        ({"sort": "-posts"}, ["Cindy", "Zhou Min", "Li Na", "May"]),
        ({"q": "min"}, ["Zhou Min"]),
        ({"q": "k00"}, ["Li Na", "Zhou Min"]),
        ({"q": "CINDY_"}, ["Cindy"]),
        ({"q": "cin8"}, ["Cindy"]),
        ({"q": "tianhe"}, ["Cindy", "Li Na"]),
        ({"q": "sh0001"}, ["May", "Zhou Min"]),
        ({"q": "sh000"}, []),
        ({"q": "%"}, []),
        ({"kind": "koc"}, ["Cindy", "May"]),
        ({"koc_kind": "contracted"}, ["Cindy"]),
        ({"talent_type": "topic_expert"}, ["Li Na"]),
        ({"tier": "senior"}, ["Cindy"]),
        ({"tier": "none"}, ["Li Na", "May", "Zhou Min"]),
        ({"state": "paused"}, ["Li Na"]),
        ({"state": "current", "kind": "kos"}, ["Li Na", "Zhou Min"]),
        ({"needs": "silent"}, ["Cindy"]),
        ({"needs": "any"}, ["Cindy", "Zhou Min"]),
        ({"kind": "", "q": " "}, ["Cindy", "Li Na", "May", "Zhou Min"]),
    ],
)
def test_the_list_filters_and_sorts(lin, people, query, names) -> None:
    found = names_in(page(lin, "creators", **query))

    # Who has as many posts as somebody else stands in no order that matters.
    if query.get("sort") in ("-posts", "-last_post"):
        assert set(found[:2]) == set(names[:2]) and set(found) == set(names)
    else:
        assert found == names


def test_the_list_filters_by_region_and_store(chengye, lin, people) -> None:
    assert names_in(page(lin, "creators", unit=chengye.south.pk)) == ["Cindy", "Li Na"]
    assert names_in(page(lin, "creators", unit=chengye.jingan.pk)) == ["May", "Zhou Min"]


def test_the_list_shows_only_ones_own_region(chengye, xu, people) -> None:
    assert names_in(page(xu, "creators")) == ["May", "Zhou Min"]
    outside = page(xu, "creators", unit=chengye.south.pk)
    assert outside.status_code == 422
    assert names_in(outside) == []
    assert "Tianhe" not in text_of(page(xu, "creators"))


@pytest.mark.parametrize(
    "query",
    [
        {"kind": "robot"},
        {"unit": "x"},
        {"unit": str(10**30)},
        {"tier": "emperor"},
        {"sort": "password"},
        {"q": "a" * 200},
        {"q": "nul\x00"},
        {"state": "current", "needs": "-1"},
    ],
)
def test_a_value_that_means_nothing_is_named_not_guessed(lin, people, query) -> None:
    for fragment in (False, True):
        refused = page(lin, "creators", fragment=fragment, **query)

        assert refused.status_code == 422
        assert names_in(refused) == []
        assert "This filter is not known" in text_of(refused)


@pytest.mark.parametrize("cursor", ["nonsense", "WyJhIl0:1:x"])
def test_a_broken_cursor_is_the_first_page(lin, people, cursor) -> None:
    assert len(names_in(page(lin, "creators", cursor=cursor))) == 4


def test_a_cursor_of_another_order_is_the_first_page(chengye, lin) -> None:
    for number in range(60):
        c.creator(chengye.jingan, f"X{number}", f"Person {number}")
    cursor = page(lin, "creators").context["page"].next

    assert page(lin, "creators", sort="-last_post", cursor=cursor).status_code == 200


@pytest.mark.parametrize("sort", ["name", "-name", "-posts", "last_post", "joined", "-number"])
def test_pages_visit_everybody_once_there_and_back(chengye, lin, sort) -> None:
    # Names, days and posts repeat: many rows are equal in what they are sorted by.
    c.creators(
        chengye.jingan,
        (
            {
                "number": f"X{number}",
                "name": f"Person {number % 5}",
                "joined_on": dt.date(2026, 1, 1 + number % 3) if number % 4 else None,
            }
            for number in range(118)
        ),
    )
    pages, cursor = [], ""
    while cursor is not None:
        shown = page(lin, "creators", sort=sort, cursor=cursor, fragment=True).context
        pages.append([row.creator.pk for row in shown["rows"]])
        cursor = shown["page"].next
    there = [pk for rows in pages for pk in rows]
    assert [len(rows) for rows in pages] == [50, 50, 20]
    assert len(set(there)) == 120

    back, cursor = [pages[-1]], shown["page"].previous
    while cursor is not None:
        shown = page(lin, "creators", sort=sort, cursor=cursor, fragment=True).context
        back.insert(0, [row.creator.pk for row in shown["rows"]])
        cursor = shown["page"].previous
    assert [pk for rows in back for pk in rows] == there


def test_the_list_says_why_it_is_empty(lin, chengye) -> None:
    filtered = text_of(page(lin, "creators", q="nobody at all"))
    assert "Nobody fits these filters" in filtered and "nobody at all" in filtered

    Creator.objects.all().delete()
    assert "Nobody is in the programme yet" in text_of(page(lin, "creators"))


def test_filters_show_as_chips_that_can_be_taken_away(chengye, lin, people) -> None:
    shown = page(lin, "creators", kind="koc", unit=chengye.south.pk, sort="-name", cursor="x")

    chips = {str(chip.label): chip.href for chip in shown.context["chips"]}
    assert chips == {
        "Kind: KOC": f"?unit={chengye.south.pk}&sort=-name",
        "Region or store: South": "?kind=koc&sort=-name",
    }


def test_htmx_gets_rows_and_an_address_without_empty_filters(lin, people) -> None:
    response = page(lin, "creators", fragment=True, kind="koc", q="", tier="")

    assert "<html" not in text_of(response)
    assert response["HX-Push-Url"] == "/matrix/creators/?kind=koc"


def test_unknown_figures_show_as_not_in_yet(lin, people) -> None:
    shown = text_of(page(lin, "creators", q="Cindy"))

    assert "not in yet" in shown


def test_the_list_takes_the_same_queries_for_ten_rows_and_for_two_hundred(
    chengye, lin, django_assert_max_num_queries
) -> None:
    browser = browser_of(lin)

    def add(first: int, last: int) -> None:
        for number in range(first, last):
            someone = c.creator(chengye.jingan, f"X{number}", f"Person {number}", tier="junior")
            post(account(someone, f"a{number}"), likes=number)

    for query in ("", "?sort=-posts", "?q=person&needs=any"):
        Creator.objects.filter(number__startswith="X")
        address = reverse("matrix:creators") + query
        if not query:
            add(0, 8)
        with django_assert_max_num_queries(12) as few:
            browser.get(address)
        if not query:
            add(8, 200)
        with django_assert_max_num_queries(len(few)):
            browser.get(address)


# -- one creator ---------------------------------------------------------------


def test_a_creator_shows_profile_accounts_and_pairing(chengye, lin) -> None:
    public = account(chengye.zhou, "zhou_skin", followers=None)
    pair(public)
    post(public, 1, likes=90, saves=8, comments=2)

    shown = text_of(page(lin, "creator", chengye.zhou.pk))

    assert "Zhou Min" in shown and "K001" in shown and escape(chengye.jingan.name) in shown
    assert "zhou_skin" in shown and "WeCom · zhoumin" in shown
    assert re.search(r"kpi-value num[^>]*>\s*100\s*<", shown)
    assert "not in yet" in shown  # followers that the platform has not sent


def test_parts_of_other_apps_are_loaded_where_the_reader_may_see_them(chengye, lin) -> None:
    reviewer = c.person("rev", (Role.REVIEWER, chengye.brand))
    posts = reverse("content:creator_posts", args=[chengye.zhou.pk])
    orders = reverse("customers:creator_orders", args=[chengye.zhou.pk])

    seen = text_of(page(lin, "creator", chengye.zhou.pk))
    less = text_of(page(reviewer, "creator", chengye.zhou.pk))

    assert f'hx-get="{posts}"' in seen and f'hx-get="{orders}"' in seen
    assert f'hx-get="{posts}"' in less and orders not in less


def test_personal_handles_show_in_part_until_somebody_asks(chengye, lin) -> None:
    pair(account(chengye.may, "may_daily"), "may-wechat-id", "wechat")

    shown = text_of(page(lin, "creator", chengye.may.pk))
    assert "may-wechat-id" not in shown and "m•••d" in shown
    assert not Activity.objects.filter(verb="creator.handles_shown").exists()
    in_tree = text_of(page(lin, "tree", open=",".join(chengye.jingan.path.strip("/").split("/"))))
    assert "may-wechat-id" not in in_tree and "m•••d" in in_tree

    asked = browser_of(lin).post(reverse("matrix:reveal", args=[chengye.may.pk]))
    assert "may-wechat-id" in text_of(asked)
    noted = Activity.objects.get(verb="creator.handles_shown")
    assert (noted.actor, noted.object_id, noted.unit) == (lin, chengye.may.pk, chengye.jingan)


def test_who_may_not_edit_the_matrix_may_not_ask_for_handles(chengye, lin, xu) -> None:
    pair(account(chengye.may, "may_daily"), "may-wechat-id", "wechat")
    address = reverse("matrix:reveal", args=[chengye.may.pk])

    refused = browser_of(xu).post(address)

    assert refused.status_code == 403
    assert "Show personal handles" not in text_of(page(xu, "creator", chengye.may.pk))
    assert "Show personal handles" in text_of(page(lin, "creator", chengye.may.pk))
    assert browser_of(lin).get(address).status_code == 405
    assert not Activity.objects.filter(verb="creator.handles_shown").exists()


def test_a_page_of_a_creator_takes_the_same_queries_for_any_number_of_accounts(
    chengye, lin, django_assert_max_num_queries
) -> None:
    browser = browser_of(lin)
    address = reverse("matrix:creator", args=[chengye.zhou.pk])
    pair(account(chengye.zhou, "first"))
    with django_assert_max_num_queries(12) as few:
        browser.get(address)
    for number in range(10):
        post(account(chengye.zhou, f"a{number}"))
    with django_assert_max_num_queries(len(few)):
        browser.get(address)
