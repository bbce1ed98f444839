"""Statements before the month is over: of some people or up to a day; the month goes on."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from incentives import payouts, settlement
from incentives.models import Settlement, Statement
from tests import cast as c
from tests.incentives.money import Office, accrue, code_of, differences, owed, settle
from tests.refusals import RESTRICTED, refused, sql


@pytest.fixture
def office(db: None) -> Office:
    office = Office()
    office.order("E1", 10_000, sharer=office.may, day="2026-09-02")
    return office


def issue(office: Office, until: str = "2026-09-20", **more: Any) -> Settlement:
    facts = {"by": office.chen, "brand": office.brand, "reason": "leaves"}
    return settlement.issue(until=dt.date.fromisoformat(until), **facts | more)


def test_a_leaver_is_settled_and_paid_and_the_month_knows_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    issued = issue(office, creators=[office.zhou.pk])
    assert [(each.creator, each.payable) for each in issued.statements.all()] == [
        (office.zhou, 500)
    ]
    assert issued.state == "issued"
    with monkeypatch.context() as patch:
        patch.setattr(
            "django.utils.timezone.now", lambda: dt.datetime(2026, 9, 21, 4, tzinfo=dt.UTC)
        )
        office.paid(issued)
    assert owed(office.zhou) == 0
    office.order("E2", 4_000, day="2026-09-25")
    month = settle(office.brand)
    zhou = Statement.objects.get(settlement=month, creator=office.zhou)
    assert (zhou.earned, zhou.paid_out, zhou.held + zhou.payable) == (700, 500, 200)
    assert Statement.objects.get(settlement=month, creator=office.may).payable == 200
    assert differences() == {}


def test_what_an_interim_batch_pays_the_month_does_not_pay_again(office: Office) -> None:
    issued = issue(office)
    first = payouts.make_batch(by=office.chen, settlement=issued)
    second = payouts.make_batch
    month = settle(office.brand)
    assert code_of(lambda: second(by=office.chen, settlement=month)) == "nothing_to_pay"
    assert first.number != f"CY-{issued.period.replace('-', '')}-01"


def test_the_month_stays_open(office: Office) -> None:
    issue(office)
    office.order("E3", 1_000, day="2026-09-05")
    assert accrue(office.brand, "2026-09-21").counts["lines"] == 1
    issue(office, "2026-09-22")
    assert str(settlement.next_month(office.brand)) == "2026-09"
    settle(office.brand)
    assert code_of(lambda: issue(office, "2026-09-25")) == "month_settled"
    assert Settlement.objects.count() == 3


def test_what_cannot_be_stated(office: Office) -> None:
    assert code_of(lambda: issue(office, reason=" ")) == "reason_needed"
    assert code_of(lambda: issue(office, "2099-01-01")) == "earlier_month_open"
    assert code_of(lambda: issue(office, "2026-10-02")) == "earlier_month_open"
    nobody = c.creator(office.people.jingan, "K777", "Nobody")
    assert code_of(lambda: issue(office, creators=[nobody.pk])) == "nothing_to_state"
    assert not Settlement.objects.exists()


def test_what_was_issued_is_final(office: Office) -> None:
    issue(office)
    with refused(RESTRICTED):
        sql("UPDATE incentives_settlement SET reason = 'x'")
    with refused(RESTRICTED):
        sql("DELETE FROM incentives_settlement")


def test_people_are_named_by_number_or_store(office: Office) -> None:
    store = office.zhou.store

    def people(words: str) -> list[int]:
        return settlement.people_of(brand=office.brand, words=words)

    assert people("K001") == [office.zhou.pk]
    assert office.zhou.pk in people(f"{store.code}, K001")
    assert people("") == []
    assert code_of(lambda: people("K001 X9")) == "unknown_people"


def test_finance_writes_them_on_a_page(office: Office, client: Client) -> None:
    page = reverse("incentives:interim_add")
    client.force_login(office.chen)
    assert client.get(page).status_code == 200
    form = {"until": "2026-09-20", "who": "K001", "reason": "leaves"}
    assert client.post(page, form | {"who": "K999"}).status_code == 422
    sent = client.post(page, form)
    issued = Settlement.objects.get()
    assert sent.headers["Location"] == reverse("incentives:settlement", args=[issued.pk])
    assert "¥5.00" in client.get(sent.headers["Location"]).content.decode()
    assert "leaves" in client.get(reverse("incentives:settlements")).content.decode()
