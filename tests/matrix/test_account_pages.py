"""HQ pages of accounts: the list with its filters, one account, the forms, who may do what."""

import datetime as dt

import pytest
from django.test import Client
from django.urls import reverse

from accounts.choices import Role
from accounts.models import Activity
from matrix import custody, violations
from matrix.models import AccountEvent, Custody, SocialAccount
from tests import cast as c

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 9, 1)


@pytest.fixture
def people():
    found = c.cast()
    found.zhou.person = c.person("zhou", (Role.KOS, found.jingan))
    found.zhou.save()
    return found


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def account(people):
    return c.account(people.zhou, handle="Zhou at Kerry")


def browser_of(person) -> Client:
    client = Client()
    client.force_login(person)
    return client


def shown(client: Client, query: str) -> set[str]:
    answer = client.get(f"{reverse('matrix:accounts')}?{query}")
    assert answer.status_code == 200, answer.content.decode()[:300]
    return {row.account.handle for row in answer.context["rows"]}


def test_the_list_is_filtered_by_what_is_known_of_an_account(people, lin, account) -> None:
    own = c.account(people.may, handle="May", ownership="personal", platform="douyin")
    wecom = c.account(people.zhou, handle="zhou", platform="wecom", role="employee_number")
    south = c.account(people.tianhe, handle="Tianhe")
    held = custody.begin(by=lin, account=account, creator=people.zhou, since=DAY)
    custody.begin(
        by=lin, account=south, person=lin, since=DAY, phone="13800138000", sim_owner="holder"
    )
    client = browser_of(lin)
    everything = {each.handle for each in (account, own, wecom, south)}
    assert shown(client, "") == everything
    assert shown(client, "platform=douyin") == {"May"}
    assert shown(client, "domain=private") == {"zhou"}
    assert shown(client, "ownership=personal") == {"May"}
    assert shown(client, "role=employee_number") == {"zhou"}
    assert shown(client, f"unit={people.south.pk}") == {"Tianhe"}
    assert shown(client, "q=Zhou Min") == {"Zhou at Kerry", "zhou"}
    assert shown(client, "custody=missing") == {"zhou"}
    assert shown(client, "custody=unsigned") == {"Zhou at Kerry", "Tianhe"}
    assert shown(client, "custody=signed") == set()
    assert shown(client, "risk=at_risk") == {"May", "Tianhe"}
    assert shown(client, "risk=safe") == {"Zhou at Kerry", "zhou"}
    assert shown(client, "needs=unpaired") == {"Zhou at Kerry", "May", "Tianhe"}
    custody.sign(by=lin, custody=held, side="giver")
    custody.sign(by=people.zhou.person, custody=held, side="taker")
    assert shown(client, "custody=signed") == {"Zhou at Kerry"}
    for state, found in (("closed", {"May"}), ("current", everything - {"May"})):
        SocialAccount.objects.filter(pk=own.pk).update(state="closed")
        assert shown(client, f"state={state}") == found
    people.zhou.state = "left"
    people.zhou.save()
    assert shown(client, "custody=leaver") == {"Zhou at Kerry"}


def test_the_page_says_who_holds_it_and_takes_signatures(people, lin, account) -> None:
    address = reverse("matrix:account", args=[account.pk])
    hq = browser_of(lin)
    assert "Nobody is named who holds this account." in hq.get(address).content.decode()
    answer = hq.post(
        reverse("matrix:custody_begin", args=[account.pk]),
        {
            "holder": f"c-{people.zhou.pk}",
            "since": "2026-09-01",
            "phone": "13800138000",
            "sim_owner": "company",
        },
    )
    assert answer["Location"] == address
    hq.post(reverse("matrix:custody_sign", args=[account.pk]), {"side": "giver"})
    zhou = browser_of(people.zhou.person)
    assert "Sign: I take it over" in zhou.get(reverse("mobile:custody")).content.decode()
    assert "waits for your signature" in zhou.get(reverse("mobile:today")).content.decode()
    held = Custody.objects.get()
    zhou.post(reverse("mobile:custody_sign", args=[held.pk]), {"side": "taker"})
    held.refresh_from_db()
    assert held.is_signed
    page = hq.get(address).content.decode()
    assert "•••• 8000" in page
    assert "13800138000" not in page


def test_personal_data_show_in_full_only_when_asked_and_noted(people, lin) -> None:
    wechat = c.account(people.zhou, platform="wechat", handle="wxid_zhoumin", ownership="personal")
    custody.begin(
        by=lin,
        account=wechat,
        creator=people.zhou,
        since=DAY,
        phone="13800138000",
        sim_owner="holder",
    )
    hq = browser_of(lin)
    for address in (reverse("matrix:accounts"), reverse("matrix:account", args=[wechat.pk])):
        text = hq.get(address).content.decode()
        assert "wxid_zhoumin" not in text
        assert "13800138000" not in text
    full = hq.post(reverse("matrix:account_reveal", args=[wechat.pk])).content.decode()
    assert "wxid_zhoumin" in full
    assert "13800138000" in full
    verbs = set(Activity.objects.values_list("verb", flat=True))
    assert {"custody.phone_shown", "account.handles_shown"} <= verbs
    analyst = browser_of(c.person("ana", (Role.ANALYST, people.brand)))
    assert analyst.post(reverse("matrix:account_reveal", args=[wechat.pk])).status_code == 403


def test_a_paper_is_recorded_with_its_scan(people, lin, account) -> None:
    custody.begin(by=lin, account=account, creator=people.zhou, since=DAY)
    hq = browser_of(lin)
    address = reverse("matrix:custody_paper", args=[account.pk, "taker"])
    assert hq.post(address, {"name": "Zhou Min"}).status_code == 422
    refused = c.ContentFile(b"<html>", name="paper.png")
    assert hq.post(address, {"name": "Zhou Min", "evidence": refused}).status_code == 422
    paper = c.ContentFile(b"%PDF-1.4 signed", name="paper.png")
    assert hq.post(address, {"name": "Zhou Min", "evidence": paper}).status_code == 302
    held = Custody.objects.get()
    assert (held.taker_name, held.taker_on_paper) == ("Zhou Min", True)
    answer = hq.get(reverse("matrix:evidence", args=[held.evidence_id]))
    assert answer["Content-Disposition"].startswith("attachment")
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Type"] == "application/pdf"
    assert Activity.objects.filter(verb="evidence.downloaded", actor=lin).exists()


def test_entries_and_changes_are_made_on_the_page(people, lin, account) -> None:
    hq = browser_of(lin)
    event = reverse("matrix:event_add", args=[account.pk])
    assert hq.post(event, {"kind": "appeal", "on": "2026-09-01"}).status_code == 422
    facts = {"kind": "banned", "on": "2026-09-01", "note": "Diversion", "reference": "X-9"}
    assert hq.post(event, facts).status_code == 302
    account.refresh_from_db()
    assert account.state == "banned"
    assert "X-9" in hq.get(reverse("matrix:account", args=[account.pk])).content.decode()
    rows = hq.get(reverse("matrix:violations") + "?kind=banned").context["rows"]
    assert [(each.note, handle) for each, handle in rows] == [("Diversion", "Zhou at Kerry")]
    change = reverse("matrix:account_change", args=[account.pk])
    assert hq.post(change, {"handle": "Zhou", "purpose": "sales"}).status_code == 302
    state = reverse("matrix:account_state", args=[account.pk])
    assert hq.post(state, {"state": "active", "on": "2026-09-02"}).status_code == 422
    facts = {"state": "active", "reason": "Restored by support", "on": "2026-09-02"}
    assert hq.post(state, facts).status_code == 302
    account.refresh_from_db()
    assert (account.handle, account.purpose, account.state) == ("Zhou", "sales", "active")


def test_open_appeals_can_be_listed(people, lin, account) -> None:
    ban = violations.record(by=lin, account=account, kind="banned", on=DAY)
    violations.record(by=lin, account=account, kind="appeal", on=DAY, about=ban)
    hq = browser_of(lin)
    rows = hq.get(reverse("matrix:violations") + "?kind=open_appeal").context["rows"]
    assert [each.kind for each, _handle in rows] == ["appeal"]


@pytest.mark.parametrize(
    ("role", "may"),
    [
        (Role.OPERATOR, {"change", "keep"}),
        (Role.REGION_MANAGER, {"keep"}),
        (Role.STORE_MANAGER, {"keep"}),
        (Role.ANALYST, set()),
        (Role.REVIEWER, set()),
        (Role.FINANCE, set()),
        (Role.AUDITOR, set()),
    ],
)
def test_each_role_may_do_its_part(people, account, role, may) -> None:
    client = browser_of(c.person("someone", (role, people.jingan)))
    assert client.get(reverse("matrix:account", args=[account.pk])).status_code == 200
    for name, word in (
        ("matrix:account_change", "change"),
        ("matrix:account_state", "change"),
        ("matrix:event_add", "change"),
        ("matrix:custody_begin", "keep"),
    ):
        wanted = 200 if word in may else 403
        assert client.get(reverse(name, args=[account.pk])).status_code == wanted, name
    beyond = c.account(people.tianhe, handle="Tianhe")
    for name in ("matrix:account", "matrix:custody_begin"):
        answer = client.get(reverse(name, args=[beyond.pk]))
        assert answer.status_code in (403, 404), name


def test_a_creator_signs_only_what_is_theirs(people, lin, account) -> None:
    custody.begin(by=lin, account=account, creator=people.may, since=DAY)
    held = Custody.objects.get()
    zhou = browser_of(people.zhou.person)
    answer = zhou.post(reverse("mobile:custody_sign", args=[held.pk]), {"side": "taker"})
    assert answer.status_code == 404
    held.refresh_from_db()
    assert held.taker_at is None
    assert not AccountEvent.objects.exists()


def test_the_list_is_a_file_with_who_holds_it(people, lin, account) -> None:
    custody.begin(by=lin, account=account, creator=people.zhou, since=DAY)
    hq = browser_of(lin)

    def lines(code: str) -> list[str]:
        form = {"list": code, "query": "", "type": "csv"}
        answer = hq.post(reverse("integrations:export"), form)
        return answer.content.decode("utf-8-sig").splitlines()

    row = lines("social_accounts")[1]
    assert "Zhou at Kerry" in row
    assert "Zhou Min,To be signed" in row
    violations.record(by=lin, account=account, kind="warning", on=DAY, note="Best")
    assert "Best" in lines("violations")[1]
