"""Statements before the month is over: of some people or up to a day; the month goes on."""

import datetime as dt
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from accounts import tasks
from accounts.choices import JobState, Role
from accounts.models import Job
from incentives import interim, payouts, settlement
from incentives.models import CommissionRun, Settlement, Statement
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
    return interim.issue(until=dt.date.fromisoformat(until), **facts | more)


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
    assert [each.state for each in Settlement.objects.all()] == ["void"]


def test_what_was_issued_is_final(office: Office) -> None:
    issue(office)
    with refused(RESTRICTED):
        sql("UPDATE incentives_settlement SET reason = 'x'")
    with refused(RESTRICTED):
        sql("DELETE FROM incentives_settlement")


def test_people_are_named_by_number_or_store(office: Office) -> None:
    store = office.zhou.store

    def people(words: str) -> list[int]:
        return interim.people_of(brand=office.brand, words=words)

    assert people("K001") == [office.zhou.pk]
    assert office.zhou.pk in people(f"{store.code}, K001")
    assert people("") == []
    assert code_of(lambda: people("K001 X9")) == "unknown_people"


def test_finance_writes_them_on_a_page(office: Office, client: Client) -> None:
    page = reverse("incentives:interim_add")
    client.force_login(office.chen)
    assert client.get(page).status_code == 200
    key = "7d1e0f3c-5f0a-4b8e-9a51-6f1f0f2d1c11"
    form = {"until": "2026-09-20", "who": "K001", "reason": "leaves", "client_key": key}
    assert client.post(page, form | {"who": "K999"}).status_code == 422
    sent = client.post(page, form)
    issued = Settlement.objects.get()
    address = reverse("incentives:settlement", args=[issued.pk])
    assert sent.headers["Location"] == address
    assert "The statements are being written" in client.get(address).content.decode()
    assert client.post(page, form).headers["Location"] == address, "pressed twice is once"
    work(issued)
    assert "¥5.00" in client.get(address).content.decode()
    assert "leaves" in client.get(reverse("incentives:settlements")).content.decode()
    assert client.post(page, form).headers["Location"] == address
    assert Settlement.objects.count() == 1


# -- as a job ------------------------------------------------------------------


def start(office: Office, until: str = "2026-09-20", **more: Any) -> Settlement:
    facts = {"by": office.chen, "brand": office.brand, "reason": "leaves"}
    return interim.start(until=dt.date.fromisoformat(until), **facts | more)


def work(started: Settlement) -> Job:
    assert started.job is not None
    tasks.run_job(started.job.pk)
    started.job.refresh_from_db()
    started.refresh_from_db()
    return started.job


def test_the_job_writes_what_the_command_writes(office: Office) -> None:
    started = start(office, creators=[office.zhou.pk])
    assert not started.statements.exists()
    job = work(started)
    assert (job.state, job.counts) == (JobState.DONE, {"creators": 1})
    assert started.state == "issued"
    assert [each.payable for each in started.statements.all()] == [500]
    assert differences() == {}
    assert interim.go_on(by=office.chen, interim=started).job == job, "nothing is left to do"


def test_only_one_is_written_at_a_time(office: Office) -> None:
    started = start(office)
    assert code_of(lambda: start(office)) == "interim_in_progress"
    work(started)
    work(start(office, "2026-09-22"))
    assert Settlement.objects.filter(state="issued").count() == 2


def test_cut_off_it_goes_on_from_there(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs are made, the statements are not: taken up again, they are as if nothing had been."""
    started = start(office)

    def cut_off(*_args: Any) -> None:
        raise RuntimeError("the worker is gone")

    with monkeypatch.context() as patch:
        patch.setattr("incentives.settlement_sql.write_statements", cut_off)
        assert work(started).state != JobState.DONE
    assert CommissionRun.objects.count() == 2
    Job.objects.update(state=JobState.FAILED)
    started.refresh_from_db()
    again = interim.go_on(by=office.chen, interim=started)
    assert work(again).state == JobState.DONE
    assert [each.payable for each in again.statements.order_by("creator")] == [500, 200]
    assert differences() == {}


def test_who_has_nothing_gets_no_statement_and_nothing_waits(
    office: Office, client: Client
) -> None:
    nobody = c.creator(office.people.jingan, "K777", "Nobody")
    started = start(office, creators=[nobody.pk])
    assert work(started).state == JobState.FAILED
    assert started.state == "void"
    client.force_login(office.chen)
    page = client.get(reverse("incentives:settlement", args=[started.pk])).content.decode()
    assert "No statements were written" in page
    assert "There is nothing to state for them." in page
    assert code_of(lambda: interim.drop(by=office.chen, interim=started)) == "interim_written"
    with refused(RESTRICTED):
        sql("UPDATE incentives_settlement SET state = 'calculating'")


def test_a_month_can_be_settled_while_an_interim_one_lies(office: Office) -> None:
    started = start(office)
    Job.objects.update(state=JobState.FAILED, error="The server was restarted.")
    started.refresh_from_db()
    assert str(settlement.next_month(office.brand)) == "2026-09"
    settle(office.brand)
    again = interim.go_on(by=office.chen, interim=started)
    assert work(again).state == JobState.FAILED
    assert started.state != "issued"
    assert again.state == "void"


def test_what_stopped_is_taken_up_or_dropped_on_its_page(office: Office, client: Client) -> None:
    started = start(office)
    client.force_login(office.chen)
    act = reverse("incentives:interim_act", args=[started.pk])
    page = reverse("incentives:settlement", args=[started.pk])
    assert client.post(act, {"act": "drop"}, follow=True).content.decode().count("being written")
    Job.objects.update(state=JobState.FAILED, error="The server was restarted.")
    assert "The server was restarted." in client.get(page).content.decode()
    client.post(act, {"act": "go_on"})
    started.refresh_from_db()
    assert started.job is not None
    assert started.job.is_open
    Job.objects.update(state=JobState.FAILED)
    client.post(act, {"act": "drop"})
    started.refresh_from_db()
    assert started.state == "void"

    may = c.person("lin", (Role.OPERATOR, office.brand))
    client.force_login(may)
    assert client.post(act, {"act": "go_on"}).status_code == 403
