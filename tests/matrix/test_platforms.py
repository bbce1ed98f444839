"""The platforms of a brand: shipped ones switched, its own, and the advice for its trade."""

import datetime as dt

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from accounts.choices import Role, UnitKind
from accounts.models import Activity, Person
from accounts.units import add_unit
from kosops.lib.errors import DomainError
from matrix import platforms
from matrix.choices import AccountState, Domain, Platform, Trade
from matrix.models import BrandPlatform, BrandTrade, SocialAccount
from matrix.models.platforms import forget
from matrix.registry import add_account, pair_accounts
from tests import cast as c
from tests.integrations.passing import check, faults, figures
from tests.integrations.trying import csv_file
from tests.refusals import RULE_BROKEN, refused

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def asked_anew():
    forget()
    yield
    forget()


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


@pytest.fixture
def dewu(lin: Person, chengye: c.Cast) -> BrandPlatform:
    return platforms.add_platform(
        by=lin, brand=chengye.brand, code="dewu", name="得物", domain=Domain.PUBLIC
    )


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def code_of(act, **arguments) -> str:
    with pytest.raises(DomainError) as refusal:
        act(**arguments)
    return refusal.value.code


def account(chengye: c.Cast, platform: str, **more) -> SocialAccount:
    return add_account(
        by=None, unit=chengye.jingan, platform=platform, handle="Jing'an", ownership="company_opened", **more
    )  # fmt: skip


# -- which there are -------------------------------------------------------------


def test_five_trades_platforms_are_off_until_a_brand_wants_them(lin, chengye):
    used = {each.code for each in platforms.of_brand(chengye.brand) if each.in_use}
    assert set(Platform.values) - used == {"dianping", "weibo", "haohaozhu", "mama"}
    assert {"xiaohongshu", "group"} <= used
    assert platforms.domain_of(chengye.brand.pk, "group") == Domain.PRIVATE


def test_a_platform_of_its_own_is_offered_to_the_brand_alone(lin, chengye, dewu):
    mingwang = add_unit(by=None, kind=UnitKind.BRAND, code="MW", name="Mingwang Foods")
    qian = c.person("qian", (Role.OPERATOR, mingwang))
    assert ("dewu", "得物") in platforms.offered(lin, "matrix.view")
    assert "dewu" not in dict(platforms.offered(qian, "matrix.view"))
    assert code_of(
        add_account, by=None, unit=mingwang, platform="dewu", handle="a", ownership="company_opened"
    ) == "platform_not_in_use"  # fmt: skip
    row = Activity.objects.get(verb="platform.added")
    assert (row.object_label, row.unit, row.after["domain"]) == ("得物", chengye.brand, "public")


@pytest.mark.parametrize(
    ("code", "name", "refusal"),
    [
        ("douyin", "My Douyin", "platform_known"),
        ("mine", "Weibo", "platform_known"),
        ("dewu", "Another", "platform_code_taken"),
        ("another", "得物", "platform_name_taken"),
    ],
)
def test_what_is_there_is_not_added_again(lin, chengye, dewu, code, name, refusal):
    before = BrandPlatform.objects.count()
    given = {"by": lin, "brand": chengye.brand, "domain": "public", "code": code, "name": name}
    assert code_of(platforms.add_platform, **given) == refusal
    assert BrandPlatform.objects.count() == before


def test_the_database_keeps_own_codes_and_shipped_ones_apart(chengye):
    for code, name in (("douyin", "Mine"), ("mine", "")):
        with refused(RULE_BROKEN):
            BrandPlatform.objects.create(brand=chengye.brand, code=code, name=name, domain="public")


# -- switching -------------------------------------------------------------------


def test_switching_off_warns_of_the_accounts_and_keeps_them(lin, chengye):
    known = account(chengye, "douyin")
    given = {"by": lin, "brand": chengye.brand, "code": "douyin", "in_use": False}
    with pytest.raises(DomainError) as warning:
        platforms.change_platform(**given)
    assert (warning.value.code, warning.value.params["count"]) == ("platform_in_use", 1)
    assert "1 account is on it." in str(warning.value)
    platforms.change_platform(**given, even_with_accounts=True)
    known.refresh_from_db()
    assert (known.state, known.get_platform_display()) == (AccountState.ACTIVE, "Douyin")
    assert ("douyin", "Douyin") in platforms.offered(lin, "matrix.view", Domain.PUBLIC)
    assert "douyin" not in dict(platforms.columns(lin, "matrix.view", {}))
    assert code_of(account, chengye=chengye, platform="douyin") == "platform_not_in_use"


def test_one_without_accounts_is_switched_without_a_question(lin, chengye):
    closed = account(chengye, "douyin")
    SocialAccount.objects.filter(pk=closed.pk).update(state=AccountState.CLOSED)
    off = platforms.change_platform(by=lin, brand=chengye.brand, code="douyin", in_use=False)
    again = platforms.change_platform(by=lin, brand=chengye.brand, code="douyin", in_use=False)
    assert (off.pk, off.in_use) == (again.pk, False)
    assert Activity.objects.filter(verb="platform.changed").count() == 1


def test_a_platform_that_nobody_added_cannot_be_changed(lin, chengye):
    given = {"by": lin, "brand": chengye.brand, "code": "kuaishou", "in_use": True}
    assert code_of(platforms.change_platform, **given) == "unknown_platform"


def test_a_new_name_shows_at_once_on_rows_that_have_the_code(lin, chengye, dewu):
    known = account(chengye, "dewu")
    assert (known.domain, known.get_platform_display()) == ("public", "得物")
    platforms.change_platform(by=lin, brand=chengye.brand, code="dewu", name="Poizon")
    assert SocialAccount.objects.get(pk=known.pk).get_platform_display() == "Poizon"


def test_the_names_of_a_thousand_rows_cost_one_query(lin, chengye, dewu):
    rows = [SocialAccount(brand=chengye.brand, platform="dewu") for _number in range(1000)]
    forget()
    with CaptureQueriesContext(connection) as asked:
        assert {row.get_platform_display() for row in rows} == {"得物"}
    assert len(asked) == 1


def test_a_row_may_have_the_platforms_of_its_brand_and_no_others(chengye, dewu):
    field = SocialAccount._meta.get_field("platform")
    field.clean("dewu", SocialAccount(brand=chengye.brand))
    with pytest.raises(ValidationError):
        field.clean("dewu", SocialAccount())


# -- trade and advice --------------------------------------------------------------


def test_the_trade_decides_advice_and_review(lin, chengye):
    brand = chengye.brand
    assert (platforms.trade_of(brand), platforms.is_regulated(brand)) == (Trade.GENERAL, False)
    platforms.set_trade(by=lin, brand=brand, trade=Trade.FINANCE)
    assert platforms.is_regulated(brand)
    channels = platforms.one_of(brand, "channels")
    assert channels.recommended and "reviewed first" in str(channels.advice)
    platforms.set_trade(by=lin, brand=brand, trade=Trade.FINANCE)
    assert Activity.objects.filter(verb="brand_trade.changed").count() == 1
    assert BrandTrade.objects.get().trade == Trade.FINANCE


def test_own_advice_holds_for_one_trade_and_empty_words_bring_the_shipped_back(lin, chengye):
    brand = chengye.brand

    def write(words: str) -> None:
        platforms.change_platform(
            by=lin, brand=brand, code="douyin", trade=Trade.FOOD, advice=words
        )

    write("Our guests  film the kitchen.")
    assert not platforms.one_of(brand, "douyin").rewritten
    platforms.set_trade(by=lin, brand=brand, trade=Trade.FOOD)
    mine = platforms.one_of(brand, "douyin")
    assert (mine.advice, mine.rewritten) == ("Our guests film the kitchen.", True)
    write("")
    assert not platforms.one_of(brand, "douyin").rewritten


# -- pages ------------------------------------------------------------------------


def test_the_page_shows_switch_accounts_and_advice(lin, chengye, dewu):
    account(chengye, "dewu")
    platforms.set_trade(by=lin, brand=chengye.brand, trade=Trade.HEALTH)
    shown = browser(lin).get(reverse("matrix:platforms")).content.decode()
    assert "得物" in shown and "Fits your trade" in shown and "Stricter review" in shown
    assert reverse("matrix:platform", args=["dewu"]) in shown


def test_who_only_looks_cannot_change(chengye, dewu):
    wu = browser(c.person("wu", (Role.AUDITOR, chengye.brand)))
    shown = wu.get(reverse("matrix:platforms"))
    assert shown.status_code == 200
    assert reverse("matrix:platform_add") not in shown.content.decode()
    for name, arguments in (("platform_add", []), ("platform_trade", []), ("platform", ["dewu"])):
        address = reverse(f"matrix:{name}", args=arguments)
        assert wu.post(address, {"trade": "food"}).status_code == 403
    assert not BrandTrade.objects.exists()


def test_a_platform_is_switched_off_on_its_page_after_a_warning(lin, chengye):
    account(chengye, "douyin")
    client, address = browser(lin), reverse("matrix:platform", args=["douyin"])
    warned = client.post(address, {"advice": ""})
    assert warned.status_code == 422
    assert "Switch it off all the same" in warned.content.decode()
    assert platforms.is_in_use(chengye.brand.pk, "douyin")
    client.post(address, {"advice": "", "even_with_accounts": "on"})
    assert not platforms.is_in_use(chengye.brand.pk, "douyin")


def test_a_platform_is_added_on_its_page_and_a_wrong_one_refused(lin, chengye):
    client, address = browser(lin), reverse("matrix:platform_add")
    wrong = client.post(address, {"name": "Douyin", "code": "dy", "domain": "public"})
    assert wrong.status_code == 422 and "in the list already" in wrong.content.decode()
    client.post(address, {"name": "Kuaishou", "code": "kuaishou", "domain": "public"})
    assert BrandPlatform.objects.get().name == "Kuaishou"


def test_an_own_platform_of_another_brand_has_no_page(chengye, dewu):
    mingwang = add_unit(by=None, kind=UnitKind.BRAND, code="MW", name="Mingwang Foods")
    qian = browser(c.person("qian", (Role.OPERATOR, mingwang)))
    assert qian.get(reverse("matrix:platform", args=["dewu"])).status_code == 404
    assert "得物" not in qian.get(reverse("matrix:platforms")).content.decode()


def test_the_tree_has_the_public_platforms_with_the_most_accounts(lin, chengye, dewu):
    account(chengye, "dewu")
    account(chengye, "channels")
    shown = browser(lin).get(reverse("matrix:tree")).content.decode()
    labels = ("得物", "WeChat Channels", "Xiaohongshu", "Douyin")
    assert [f'data-label="{label}"' in shown for label in labels] == [True, True, True, False]
    assert 'colspan="5"' in browser(lin).get(reverse("matrix:tree"), {"open": f"{chengye.brand.pk},{chengye.east.pk},{chengye.jingan.pk}"}).content.decode()  # fmt: skip


# -- files --------------------------------------------------------------------------


def test_a_file_may_name_own_platforms_and_none_that_is_off(lin, chengye, dewu):
    file = csv_file("平台,账号名称\n得物,澄野\ndewu,澄野2\n微博,澄野\n快手,澄野\n")
    batch = check(lin, chengye.brand, "social_accounts", file)
    assert figures(batch) == {"new": 2, "faulty": 2}
    assert faults(batch) == [
        (4, "platform", "platform_not_in_use"),
        (5, "platform", "not_a_choice"),
    ]


def test_a_pairing_with_an_own_private_platform_shows_its_name(lin, chengye):
    platforms.add_platform(
        by=lin, brand=chengye.brand, code="circle", name="品牌圈", domain=Domain.PRIVATE
    )
    public, private = account(chengye, "xiaohongshu"), account(chengye, "circle")
    pair_accounts(by=lin, public=public, private=private, since=dt.date(2026, 9, 1))
    for address in (reverse("matrix:accounts"), reverse("matrix:account", args=[public.pk])):
        shown = browser(lin).get(address)
        assert shown.status_code == 200 and "品牌圈 · " in shown.content.decode(), address
