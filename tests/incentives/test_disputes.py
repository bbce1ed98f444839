"""Questions about money: asked by their owner within the window, answered once by somebody else."""

import datetime as dt
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import waiting
from accounts.choices import Role
from customers.models import OrderLine
from incentives import disputes
from incentives.models import Dispute, Settlement, Statement
from tests import cast as c
from tests.incentives.money import Office, accrue, code_of, settle
from tests.refusals import RESTRICTED, RULE_BROKEN, refused, sql

PNG = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + (800).to_bytes(4) + (600).to_bytes(4)


class Asked(Office):
    """The office with a settled month, and Zhou signed in as a person."""

    def __init__(self) -> None:
        super().__init__()
        self.order("E1", 10_000, sharer=self.may)
        self.month = settle(self.brand)
        self.person = c.person("zhou.min")
        self.zhou.person = self.person
        self.zhou.save()
        self.statement = Statement.objects.get(creator=self.zhou)
        self.line = OrderLine.objects.get()

    def ask(self, text: str = "One order is missing", **more: Any) -> Dispute:
        facts = {"by": self.person, "statement": self.statement}
        return disputes.ask_about_statement(text=text, **facts | more)

    def ask_line(self, **more: Any) -> Dispute:
        facts = {"by": self.person, "creator": self.zhou, "line": self.line, "role": "seller"}
        return disputes.ask_about_line(text="Base too low", **facts | more)


@pytest.fixture
def office(db: None) -> Asked:
    return Asked()


def later(monkeypatch: pytest.MonkeyPatch, days: int) -> None:
    now = timezone.now() + dt.timedelta(days=days)
    monkeypatch.setattr(timezone, "now", lambda: now)


# -- asking --------------------------------------------------------------------


def test_a_statement_and_a_line_are_questioned_once_at_a_time(office: Asked) -> None:
    first = office.ask()
    office.ask_line()
    assert code_of(office.ask) == "already_asked"
    assert code_of(office.ask_line) == "already_asked"
    disputes.answer(by=office.chen, dispute=first, accepted=False, answer="All orders are there.")
    assert office.ask("But E9?").state == "open"


def test_the_window_ends_so_many_days_after_the_month_was_settled(
    office: Asked, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DISPUTE_DAYS = 10
    with monkeypatch.context() as patch:
        later(patch, 10)
        assert office.ask().state == "open"
    later(monkeypatch, 11)
    assert code_of(office.ask) == "window_over"
    assert code_of(office.ask_line) == "window_over"


def test_a_line_of_the_open_month_can_always_be_questioned(
    office: Asked, monkeypatch: pytest.MonkeyPatch
) -> None:
    office.order("E2", 5_000, day="2026-10-05")
    accrue(office.brand, "2026-10-05")
    later(monkeypatch, 400)
    line = OrderLine.objects.get(order__external_id="E2")
    assert office.ask_line(line=line).state == "open"


def test_nobody_questions_what_is_not_theirs(office: Asked) -> None:
    assert code_of(lambda: office.ask(by=office.chen)) == "not_yours"
    assert code_of(lambda: office.ask_line(role="sharer")) == "not_yours"
    assert code_of(lambda: office.ask("  ")) == "text_needed"
    assert not Dispute.objects.exists()


# -- answering -----------------------------------------------------------------


def test_an_answer_says_why_and_is_final(office: Asked) -> None:
    asked = office.ask()

    def answer(**more: Any) -> Dispute:
        facts = {"by": office.chen, "dispute": asked, "accepted": True, "answer": "You are right."}
        return disputes.answer(**facts | more)

    assert code_of(lambda: answer(answer=" ")) == "reason_needed"
    assert code_of(lambda: answer(by=office.person)) == "own_question"
    assert answer().state == "accepted"
    assert code_of(answer) == "answered"
    with refused(RESTRICTED):
        sql("UPDATE incentives_dispute SET answer = 'no'")


def test_the_database_keeps_questions_as_they_were_asked(office: Asked) -> None:
    office.ask()
    for statement in ("UPDATE incentives_dispute SET text = 'x'", "DELETE FROM incentives_dispute"):
        with refused(RESTRICTED):
            sql(statement)
    with refused(RULE_BROKEN):
        sql("UPDATE incentives_dispute SET state = 'declined'")


def test_an_open_question_holds_payouts_where_that_is_wanted(office: Asked, settings: Any) -> None:
    asked = office.ask()
    assert not disputes.holds(office.zhou)
    settings.DISPUTES_HOLD_PAYOUTS = True
    assert disputes.holds(office.zhou) and not disputes.holds(office.may)
    assert list(disputes.holding().values_list("creator", flat=True)) == [office.zhou.pk]
    disputes.answer(by=office.chen, dispute=asked, accepted=False, answer="It stands.")
    assert not disputes.holds(office.zhou)


# -- pages ---------------------------------------------------------------------


def test_from_the_phone_to_the_answer(office: Asked, client: Client) -> None:
    client.force_login(office.person)
    month = Settlement.objects.get().period
    money = client.get(reverse("mobile:money"), {"month": month}).content.decode()
    ask = reverse("mobile:statement_ask", args=[office.statement.pk])
    assert ask in money
    picture = SimpleUploadedFile("order.png", PNG)
    assert client.post(ask, {"text": ""}).status_code == 422
    sent = client.post(ask, {"text": "One order is missing", "file": picture})
    assert sent.status_code == 302
    asked = Dispute.objects.get()

    client.force_login(office.chen)
    assert any("about money" in item.text for item in waiting.items_for(office.chen))
    assert "One order is missing" in client.get(reverse("incentives:disputes")).content.decode()
    page = reverse("incentives:dispute", args=[asked.pk])
    assert "Download what came with it" in client.get(page).content.decode()
    file = client.get(reverse("incentives:dispute_file", args=[asked.pk]))
    assert b"".join(file.streaming_content) == PNG
    answer = reverse("incentives:dispute_answer", args=[asked.pk])
    assert client.post(answer, {"outcome": "accept", "answer": ""}).status_code == 422
    client.post(answer, {"outcome": "accept", "answer": "Right, E9 comes with October."})
    assert reverse("incentives:correction_add") in client.get(page).content.decode()

    client.force_login(office.person)
    mine = client.get(reverse("mobile:money_questions")).content.decode()
    assert "Right, E9 comes with October." in mine and "Put right" in mine
    assert reverse("mobile:money_questions") in client.get(reverse("mobile:money")).content.decode()


def test_a_line_has_its_own_button(office: Asked, client: Client) -> None:
    client.force_login(office.person)
    line = client.get(reverse("mobile:money_line", args=[office.line.pk, "seller"]))
    ask = reverse("mobile:line_ask", args=[office.line.pk, "seller"])
    assert ask in line.content.decode()
    assert client.get(ask).status_code == 200
    client.post(ask, {"text": "Base too low"})
    assert Dispute.objects.get().order_line == office.line


def test_others_neither_ask_nor_answer(office: Asked, client: Client) -> None:
    asked = office.ask()
    may = c.person("may")
    office.may.person = may
    office.may.save()
    client.force_login(may)
    assert (
        client.post(reverse("mobile:statement_ask", args=[office.statement.pk])).status_code == 404
    )
    assert (
        client.get(reverse("mobile:line_ask", args=[office.line.pk, "seller"])).status_code == 404
    )
    client.force_login(c.person("analyst", (Role.ANALYST, office.brand)))
    assert client.get(reverse("incentives:dispute", args=[asked.pk])).status_code == 200
    form = {"outcome": "accept", "answer": "yes"}
    assert (
        client.post(reverse("incentives:dispute_answer", args=[asked.pk]), form).status_code == 404
    )
    assert Dispute.objects.get().state == "open"
