"""Rules of platforms: dated values, what is used of them, who is told, who may change them."""

import datetime as dt
from unittest import mock

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from accounts import waiting
from accounts.choices import Role, UnitKind
from accounts.models import Activity, Person
from accounts.units import add_unit
from kosops.lib.errors import DomainError
from matrix import account_changes, platform_rules, platforms
from matrix.choices import AccountState, Domain, Ownership, PlatformRuleKind, RuleState
from matrix.models import PlatformRule, SocialAccount, StaffReport
from matrix.models.platforms import forget
from matrix.platform_use import left_of, state_of
from tests import cast as c
from tests.integrations.passing import check, confirm
from tests.integrations.trying import csv_file
from tests.refusals import OVERLAP, RULE_BROKEN, refused

pytestmark = pytest.mark.django_db

TODAY = dt.date(2026, 11, 20)
QUOTA, SPEND, NOTES = PlatformRuleKind.values


@pytest.fixture(autouse=True)
def clock():
    forget()
    with mock.patch("django.utils.timezone.now", return_value=c.at("2026-11-20")):
        yield
    forget()


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def lin(chengye: c.Cast) -> Person:
    return c.person("lin", (Role.OPERATOR, chengye.brand))


def browser(person: Person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def day(text: str) -> dt.date:
    return dt.date.fromisoformat(text)


def add(chengye: c.Cast, value: int = 2, kind: str = QUOTA, since: str = "2026-09-01", **more):
    given = {"by": None, "brand": chengye.brand, "platform": "xiaohongshu", "kind": kind}
    return platform_rules.add_rule(**given | {"value": value, "valid_from": day(since)} | more)


def change(rule: PlatformRule, **more) -> PlatformRule:
    kept = ("value", "valid_from", "valid_until", "source", "note")
    given = {name: getattr(rule, name) for name in kept}
    return platform_rules.change_rule(by=None, rule=rule, **given | more)


def code_of(act, *given, **arguments) -> str:
    with pytest.raises(DomainError) as refusal:
        act(*given, **arguments)
    return refusal.value.code


def accounts(chengye: c.Cast, count: int, **fields) -> list[SocialAccount]:
    return [c.account(chengye.zhou, handle=f"note {each}", **fields) for each in range(count)]


def report(account: SocialAccount, first: str, last: str, spend: int | None) -> StaffReport:
    return StaffReport.objects.create(
        brand=account.brand,
        unit=account.unit,
        account=account,
        period_from=day(first),
        period_to=day(last),
        promotion_spend=spend,
        source="xiaohongshu-company",
        taken_at=timezone.now(),
    )


def the(chengye: c.Cast, kind: str = QUOTA) -> platform_rules.Use:
    (found,) = [each for each in platform_rules.use_of(chengye.brand, TODAY) if each.kind == kind]
    return found


# -- how use stands to a rule ------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "value", "used", "state"),
    [
        (QUOTA, 10, 0, RuleState.OK),
        (QUOTA, 10, 8, RuleState.OK),
        (QUOTA, 10, 9, RuleState.NEAR),
        (QUOTA, 10, 10, RuleState.NEAR),
        (QUOTA, 10, 11, RuleState.OVER),
        (SPEND, 10_000, 9_999, RuleState.SHORT),
        (SPEND, 10_000, 10_000, RuleState.OK),
        (SPEND, 10_000, None, RuleState.UNKNOWN),
        (NOTES, 2, None, RuleState.ADVICE),
    ],
)
def test_a_quota_is_a_ceiling_the_spend_a_floor_and_notes_advice(kind, value, used, state):
    assert state_of(kind, value, used) == state


def test_what_is_left_is_unknown_with_the_use():
    assert (left_of(10, 12), left_of(10, None)) == (-2, None)


# -- dated values ------------------------------------------------------------------


def test_a_new_value_ends_the_one_in_force_the_day_before(lin, chengye):
    first = add(chengye, 2)
    second = add(chengye, 5, since="2026-12-01", by=lin, source=" Contract 7 ")
    first.refresh_from_db()
    assert (first.valid_until, second.valid_until) == (day("2026-11-30"), None)
    assert the(chengye).value == 2
    (later,) = platform_rules.use_of(chengye.brand, day("2026-12-01"))
    assert (later.value, later.rule.source) == (5, "Contract 7")
    added = Activity.objects.filter(verb="platform_rule.added").latest("pk")
    assert (added.actor, added.after["value"], added.after["platform"]) == (lin, 5, "xiaohongshu")
    ended = Activity.objects.get(verb="platform_rule.changed")
    assert (ended.actor, ended.after) == (lin, {"valid_until": "2026-11-30"})


def test_two_values_never_hold_on_one_day(chengye):
    first = add(chengye, valid_until=day("2026-10-31"))
    assert code_of(add, chengye, since="2026-10-31") == "rule_overlaps"
    assert code_of(add, chengye, since="2026-08-01") == "rule_overlaps"
    add(chengye, since="2026-11-01")
    assert code_of(add, chengye, since="2026-11-01") == "rule_overlaps"
    assert code_of(change, first, valid_until=day("2026-11-01")) == "rule_overlaps"
    add(chengye, kind=SPEND)
    add(chengye, platform="douyin")
    assert PlatformRule.objects.count() == 4


def test_a_refused_value_ends_nothing(chengye):
    first = add(chengye)
    add(chengye, since="2027-01-01")
    assert code_of(add, chengye, since="2026-12-01") == "rule_overlaps"
    first.refresh_from_db()
    assert first.valid_until == day("2026-12-31")


def test_a_value_is_positive_and_its_days_in_order(chengye):
    assert code_of(add, chengye, 0) == "value_not_positive"
    assert code_of(add, chengye, 10**16) == "value_not_positive"
    assert code_of(add, chengye, valid_until=day("2026-08-31")) == "dates_reversed"
    assert not PlatformRule.objects.exists()


def test_only_public_platforms_of_the_brand_have_rules(chengye):
    assert code_of(add, chengye, platform="kuaishou") == "unknown_platform"
    assert code_of(add, chengye, platform="wecom") == "rule_needs_public_platform"


def test_the_database_holds_days_and_values_by_itself(chengye):
    row = {"brand": chengye.brand, "platform": "douyin", "kind": QUOTA, "valid_from": TODAY}
    PlatformRule.objects.create(**row, value=1)
    with refused(OVERLAP):
        PlatformRule.objects.create(**row | {"valid_from": day("2027-05-01")}, value=1)
    with refused(RULE_BROKEN):
        PlatformRule.objects.create(**row | {"kind": SPEND}, value=0)
    with refused(RULE_BROKEN):
        PlatformRule.objects.create(**row | {"kind": SPEND}, value=1, valid_until=day("2026-11-19"))


# -- changing and removing -----------------------------------------------------------


def test_what_is_to_come_can_be_changed_and_what_has_begun_only_be_ended(chengye):
    begun, coming = add(chengye), add(chengye, kind=SPEND, since="2026-12-01")
    changed = change(coming, value=700, valid_from=day("2026-12-15"), note="later")
    assert (changed.value, changed.valid_from) == (700, day("2026-12-15"))
    assert code_of(change, begun, value=3) == "rule_in_force"
    assert code_of(change, begun, valid_from=day("2026-12-01")) == "rule_in_force"
    assert code_of(change, begun, valid_until=day("2026-08-01")) == "dates_reversed"
    change(begun, valid_until=day("2026-11-25"))
    begun.refresh_from_db()
    assert (begun.value, begun.valid_until) == (2, day("2026-11-25"))


def test_nothing_changed_is_no_change(chengye):
    change(add(chengye))
    assert not Activity.objects.filter(verb="platform_rule.changed").exists()


def test_only_what_has_not_begun_is_removed_and_the_one_before_is_named(lin, chengye):
    begun, coming = add(chengye), add(chengye, 5, since="2026-12-01")
    assert code_of(platform_rules.remove_rule, by=lin, rule=begun) == "rule_in_force"
    before = platform_rules.remove_rule(by=lin, rule=coming)
    assert before == begun and before.valid_until == day("2026-11-30")
    assert list(PlatformRule.objects.all()) == [begun]
    assert Activity.objects.get(verb="platform_rule.removed").before["value"] == 5


# -- what is used --------------------------------------------------------------------


def test_a_quota_counts_open_accounts_of_kos_that_the_company_opened_or_was_given(chengye):
    add(chengye, 3)
    opened, *_rest = accounts(chengye, 2)
    c.account(chengye.zhou, handle="a", ownership=Ownership.EMPLOYEE_AUTHORISED)
    c.account(chengye.zhou, handle="b", ownership=Ownership.PERSONAL)
    c.account(chengye.zhou, handle="c", platform="douyin")
    c.account(chengye.may, handle="d")
    c.account(chengye.jingan, handle="e")
    assert (the(chengye).used, the(chengye).left, the(chengye).state) == (3, 0, RuleState.NEAR)
    SocialAccount.objects.filter(pk=opened.pk).update(state=AccountState.CLOSED)
    assert (the(chengye).used, the(chengye).state) == (2, RuleState.OK)


def test_the_spend_is_that_of_the_latest_month_that_was_reported(chengye):
    add(chengye, 50_000, kind=SPEND)
    assert (the(chengye, SPEND).used, the(chengye, SPEND).state) == (None, RuleState.UNKNOWN)
    first, second = accounts(chengye, 2)
    report(first, "2026-09-01", "2026-09-30", 90_000)
    report(first, "2026-10-01", "2026-10-31", 20_000)
    report(second, "2026-10-01", "2026-10-31", 25_000)
    # Neither a quarter nor a week says what a month cost.
    report(first, "2026-08-01", "2026-11-15", 900_000)
    report(first, "2026-11-09", "2026-11-15", 900_000)
    use = the(chengye, SPEND)
    assert (use.used, use.left, use.state) == (45_000, 5_000, RuleState.SHORT)
    assert use.period == (day("2026-10-01"), day("2026-10-31"))


def test_an_old_report_says_nothing_of_this_month(chengye):
    add(chengye, 50_000, kind=SPEND)
    report(accounts(chengye, 1)[0], "2026-07-01", "2026-07-31", 90_000)
    assert the(chengye, SPEND).state == RuleState.UNKNOWN


def test_rules_of_many_platforms_cost_three_queries(chengye):
    for code in ("xiaohongshu", "douyin", "channels"):
        for kind in (QUOTA, SPEND, NOTES):
            add(chengye, kind=kind, platform=code)
    with CaptureQueriesContext(connection) as asked:
        assert len(platform_rules.use_of(chengye.brand, TODAY)) == 9
    assert len(asked) == 3


def test_two_notes_are_the_usual_advice_until_the_brand_has_its_own(chengye):
    (usual,) = platform_rules.on_platform(chengye.brand, "xiaohongshu", TODAY)
    assert (usual.value, usual.rule, usual.state) == (2, None, RuleState.ADVICE)
    add(chengye, 4, kind=NOTES)
    (own,) = platform_rules.on_platform(chengye.brand, "xiaohongshu", TODAY)
    assert own.value == 4 and own.rule is not None


# -- who is told ---------------------------------------------------------------------


def told(person: Person) -> list[tuple[str, str]]:
    someone = Person.objects.get(pk=person.pk)
    return [
        (str(item.text), item.href)
        for item in waiting.items_for(someone)
        if "platform" in str(item.href)
    ]


def test_who_may_change_the_matrix_is_told_of_a_quota_or_spend_not_kept(lin, chengye):
    eva = c.person("eva", (Role.REGION_MANAGER, chengye.east))
    add(chengye, 2)
    first = accounts(chengye, 2)[0]
    assert told(lin) == []
    c.account(chengye.zhou, handle="third")
    page = reverse("matrix:platform", args=["xiaohongshu"])
    assert told(lin) == [("<b>1</b> rule of a platform is not kept", page)]
    assert told(eva) == []
    add(chengye, 50_000, kind=SPEND, platform="xiaohongshu")
    report(first, "2026-10-01", "2026-10-31", 1)
    assert told(lin)[0][0] == "<b>2</b> rules of platforms are not kept"


def test_an_account_over_the_quota_is_opened_and_warned_of(lin, chengye):
    add(chengye, 1)
    closed = accounts(chengye, 2)[1]
    account_changes.change_account_state(
        by=lin, account=closed, state="closed", reason="left", on=TODAY, why="unused"
    )
    given = {"state": "active", "reason": "back again", "on": "2026-11-20"}
    address = reverse("matrix:account_state", args=[closed.pk])
    shown = browser(lin).post(address, given, follow=True).content.decode()
    closed.refresh_from_db()
    assert closed.state == AccountState.ACTIVE
    assert "now has 2 accounts of KOS; the quota is 1." in shown
    assert platform_rules.over_quota(c.account(chengye.may, handle="x"), TODAY) is None


def test_a_file_with_accounts_over_the_quota_is_taken_in_and_says_so(lin, chengye):
    add(chengye, 1)
    rows = "平台,账号名称,工号,账号归属\n小红书,一,K001,公司开通\n小红书,二,K001,公司开通\n"
    batch = confirm(lin, check(lin, chengye.brand, "social_accounts", csv_file(rows)))
    assert SocialAccount.objects.filter(creator=chengye.zhou).count() == 2
    assert batch.counts["figures"] == {"over_quota": 1}
    page = reverse("integrations:import", args=[batch.pk])
    assert "over the quotas of platforms" in browser(lin).get(page).content.decode()


# -- pages -----------------------------------------------------------------------------


def test_the_page_shows_rules_and_use_and_takes_a_new_value(lin, chengye):
    add(chengye, 3)
    accounts(chengye, 3)
    client, page = browser(lin), reverse("matrix:platform", args=["xiaohongshu"])
    shown = client.get(page).content.decode()
    assert "Near the quota" in shown and "3 / 3" in shown and "usual advice" in shown
    address = reverse("matrix:platform_rule_add", args=["xiaohongshu"])
    given = {"kind": SPEND, "value": "12000.50", "valid_from": "2026-12-01"}
    assert client.post(address, given).url == page
    assert PlatformRule.objects.get(kind=SPEND).value == 12_000_50
    assert "¥12,000.50" in client.get(page).content.decode()


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"value": "2.5"}, "Write a whole number"),
        ({"value": "1e3"}, "Write a whole number"),
        ({"value": "-1"}, "must be above 0"),
        ({"kind": SPEND, "value": "1,000"}, "at most two decimals"),
        ({"valid_until": "2026-11-01"}, "before the first"),
        ({"valid_from": "2026-09-01"}, "another value holds"),
    ],
)
def test_a_wrong_rule_comes_back_with_its_reason(lin, chengye, wrong, words):
    add(chengye)
    given = {"kind": QUOTA, "value": "9", "valid_from": "2026-11-20"} | wrong
    answer = browser(lin).post(reverse("matrix:platform_rule_add", args=["xiaohongshu"]), given)
    assert answer.status_code == 422 and words in answer.content.decode()
    assert PlatformRule.objects.get().value == 2


def test_a_rule_that_has_begun_is_ended_on_its_page_and_one_to_come_removed(lin, chengye):
    begun, coming = add(chengye), add(chengye, 5, since="2026-12-01")
    client = browser(lin)
    page = reverse("matrix:platform_rule", args=[begun.pk])
    shown = client.get(page).content.decode()
    assert "only its last day" in shown and "Remove the rule" not in shown
    remove = reverse("matrix:platform_rule_remove", args=[begun.pk])
    assert "can only be ended" in client.post(remove, follow=True).content.decode()
    assert client.post(page, {"valid_until": "2026-12-05"}).status_code == 422
    assert "Remove the rule" in client.get(page.replace(str(begun.pk), str(coming.pk))).content.decode()  # fmt: skip
    remove = reverse("matrix:platform_rule_remove", args=[coming.pk])
    assert "still ends on 30 Nov 2026" in client.post(remove, follow=True).content.decode()
    client.post(page, {"valid_until": "2026-12-05"})
    begun.refresh_from_db()
    assert begun.valid_until == day("2026-12-05")


def test_one_to_come_is_changed_on_its_page(lin, chengye):
    coming = add(chengye, 120_000, kind=SPEND, since="2026-12-01")
    client, page = browser(lin), reverse("matrix:platform_rule", args=[coming.pk])
    assert 'value="1200.00"' in client.get(page).content.decode()
    client.post(page, {"value": "900", "valid_from": "2026-12-02"})
    coming.refresh_from_db()
    assert (coming.value, coming.valid_from) == (90_000, day("2026-12-02"))


def test_the_list_warns_of_a_full_quota(lin, chengye):
    add(chengye, 1)
    accounts(chengye, 2)
    assert "Over the quota" in browser(lin).get(reverse("matrix:platforms")).content.decode()


def test_who_only_looks_reads_the_rules_and_changes_nothing(chengye):
    rule = add(chengye, since="2026-12-01")
    wu = browser(c.person("wu", (Role.AUDITOR, chengye.brand)))
    shown = wu.get(reverse("matrix:platform", args=["xiaohongshu"]))
    assert shown.status_code == 200 and "Add a rule" not in shown.content.decode()
    for name, arguments in (
        ("platform_rule_add", ["xiaohongshu"]),
        ("platform_rule", [rule.pk]),
        ("platform_rule_remove", [rule.pk]),
    ):
        given = {"kind": QUOTA, "value": "9", "valid_from": "2026-12-01"}
        assert wu.post(reverse(f"matrix:{name}", args=arguments), given).status_code == 403
    assert PlatformRule.objects.get().value == 2


def test_a_region_neither_reads_nor_changes_what_the_brand_agreed(chengye):
    rule = add(chengye, since="2026-12-01")
    eva = browser(c.person("eva", (Role.REGION_MANAGER, chengye.east)))
    assert eva.get(reverse("matrix:platform", args=["xiaohongshu"])).status_code == 403
    assert eva.get(reverse("matrix:platform_rule", args=[rule.pk])).status_code == 403


def test_rules_of_another_brand_are_not_found_and_not_counted(chengye):
    rule = add(chengye, 1)
    accounts(chengye, 2)
    mingwang = add_unit(by=None, kind=UnitKind.BRAND, code="MW", name="Mingwang Foods")
    qian = browser(c.person("qian", (Role.OPERATOR, mingwang)))
    assert qian.get(reverse("matrix:platform_rule", args=[rule.pk])).status_code == 404
    assert "Over the quota" not in qian.get(reverse("matrix:platforms")).content.decode()
    assert platform_rules.use_of(mingwang, TODAY) == []


def test_a_private_platform_has_a_page_without_rules(lin, chengye):
    shown = browser(lin).get(reverse("matrix:platform", args=["wecom"])).content.decode()
    assert "Save the platform" in shown and "Add a rule" not in shown


def test_a_platform_of_the_brands_own_has_rules_too(lin, chengye):
    platforms.add_platform(
        by=lin, brand=chengye.brand, code="dewu", name="得物", domain=Domain.PUBLIC
    )
    rule = add(chengye, platform="dewu")
    assert str(rule).startswith("得物")
