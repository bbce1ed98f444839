"""Bookings by hand: one person asks, another approves, and only then the books move."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts import waiting
from accounts.choices import Role
from accounts.models import Activity
from incentives import corrections, ledger
from incentives.choices import JournalKind, LedgerKind
from incentives.models import Correction, Journal
from kosops.lib.errors import NotAllowed
from matrix.choices import CreatorState
from tests import cast as c
from tests.incentives.money import Office, code_of, differences, owed
from tests.refusals import RESTRICTED, RULE_BROKEN, refused, sql


@pytest.fixture
def office(db: None) -> Office:
    return Office()


def ask(office: Office, amount: int = 500, **more: Any) -> Correction:
    facts = {"by": office.chen, "creator": office.zhou, "reason": "order of a friend missed"}
    return corrections.ask_adjustment(amount=amount, **facts | more)


def debt(office: Office, amount: int, *, ago: int) -> None:
    """Zhou owes ``amount`` since ``ago`` days."""
    expense = ledger.account(brand=office.brand, kind=LedgerKind.EXPENSE, currency="CNY")
    payable = ledger.account(
        brand=office.brand, kind=LedgerKind.PAYABLE, currency="CNY", creator=office.zhou
    )
    ledger.post(
        by=None,
        brand=office.brand,
        kind=JournalKind.ADJUSTMENT,
        source="test",
        key=f"debt {ago}",
        business_date=timezone.localdate() - dt.timedelta(ago),
        postings=[(payable, amount), (expense, -amount)][::-1],
    )


# -- adjustments ---------------------------------------------------------------


def test_nothing_is_booked_before_another_person_approves(office: Office) -> None:
    asked = ask(office)
    assert owed(office.zhou) == 0
    done = corrections.approve(by=office.zhao, correction=asked)
    assert owed(office.zhou) == 500
    assert (done.journal.kind, done.journal.reason) == ("adjustment", "order of a friend missed")
    assert differences() == {}
    verbs = Activity.objects.filter(verb__startswith="correction").order_by("pk")
    assert list(verbs.values_list("verb", flat=True)) == [
        "correction.asked",
        "correction.approved",
    ]


def test_an_adjustment_may_take_away_and_leave_a_debt(office: Office) -> None:
    corrections.approve(by=office.zhao, correction=ask(office, -70))
    assert owed(office.zhou) == -70
    assert differences() == {}


def test_a_rejected_one_books_nothing_and_is_final(office: Office) -> None:
    asked = ask(office)
    assert code_of(lambda: corrections.reject(by=office.zhao, correction=asked, note=" ")) == (
        "reason_needed"
    )
    corrections.reject(by=office.zhao, correction=asked, note="the order is there")
    assert code_of(lambda: corrections.approve(by=office.zhao, correction=asked)) == "decided"
    assert owed(office.zhou) == 0


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"amount": 0}, "empty_journal"),
        ({"amount": 1_000_001}, "above_limit"),
        ({"amount": -1_000_001}, "above_limit"),
        ({"amount": 1.5}, "invalid_amount"),
        ({"reason": "  "}, "reason_needed"),
    ],
)
def test_what_cannot_be_asked_for(office: Office, changes: dict[str, Any], code: str) -> None:
    assert code_of(lambda: ask(office, **changes)) == code
    assert not Correction.objects.exists()


def test_nobody_decides_what_they_asked_for_or_what_is_their_own(office: Office) -> None:
    asked = ask(office)
    with pytest.raises(NotAllowed) as refusal:
        corrections.approve(by=office.chen, correction=asked)
    assert refusal.value.code == "own_correction"
    office.zhou.person = office.zhao
    office.zhou.save()
    for act in (
        lambda: corrections.approve(by=office.zhao, correction=asked),
        lambda: ask(office, by=office.zhao),
    ):
        assert code_of(act) == "concerns_you"
    assert owed(office.zhou) == 0


# -- debt ----------------------------------------------------------------------


def write_off(office: Office) -> Correction:
    return corrections.ask_write_off(by=office.chen, creator=office.zhou, reason="left")


def test_old_debt_and_that_of_a_leaver_is_written_off_as_a_whole(office: Office) -> None:
    assert code_of(lambda: write_off(office)) == "no_debt"
    debt(office, 300, ago=40)
    assert corrections.debt_of(office.zhou)[0] == 300
    assert code_of(lambda: write_off(office)) == "debt_too_young"
    office.zhou.state = CreatorState.LEFT
    office.zhou.save()
    asked = write_off(office)
    assert asked.amount == 300
    assert code_of(lambda: write_off(office)) == "already_asked"
    corrections.approve(by=office.zhao, correction=asked)
    assert owed(office.zhou) == 0
    assert Journal.objects.filter(kind="write_off").count() == 1
    assert differences() == {}


def test_debt_counts_from_the_day_since_which_it_stands_without_a_break(office: Office) -> None:
    debt(office, 300, ago=500)
    debt(office, -300, ago=450)
    debt(office, 20, ago=100)
    assert corrections.debt_of(office.zhou) == (20, timezone.localdate() - dt.timedelta(100))
    assert code_of(lambda: write_off(office)) == "debt_too_young"


def test_debt_that_changed_meanwhile_is_not_written_off(office: Office) -> None:
    debt(office, 300, ago=500)
    asked = write_off(office)
    debt(office, -100, ago=1)
    assert code_of(lambda: corrections.approve(by=office.zhao, correction=asked)) == "debt_changed"
    assert owed(office.zhou) == -200


# -- reversals -----------------------------------------------------------------


def test_a_journal_is_reversed_once_by_two_people(office: Office) -> None:
    journal = corrections.approve(by=office.zhao, correction=ask(office)).journal
    asked = corrections.ask_reversal(by=office.chen, journal=journal, reason="wrong person")
    assert asked.amount == -500

    def again() -> Correction:
        return corrections.ask_reversal(by=office.chen, journal=journal, reason="again")

    assert code_of(again) == "already_asked"
    corrections.approve(by=office.zhao, correction=asked)
    assert owed(office.zhou) == 0
    assert code_of(again) == "already_reversed"
    mirror = Journal.objects.get(reverses=journal)
    assert code_of(
        lambda: corrections.ask_reversal(by=office.chen, journal=mirror, reason="no")
    ) == ("reversal_journal")
    assert differences() == {}


# -- what the database holds ---------------------------------------------------


def test_sql_cannot_decide_for_the_maker_or_change_what_was_asked_for(office: Office) -> None:
    asked = ask(office)
    where = f"WHERE id = {asked.pk}"
    with refused(RULE_BROKEN):
        sql(
            "UPDATE incentives_correction SET state = 'rejected', decided_at = now(),"
            f" checker_id = maker_id {where}"
        )
    with refused(RULE_BROKEN):  # approved without a journal
        sql(
            "UPDATE incentives_correction SET state = 'approved', decided_at = now(),"
            f" checker_id = {office.zhao.pk} {where}"
        )
    for change in ("amount = 5", f"creator_id = {office.may.pk}", "reason = 'x'"):
        with refused(RESTRICTED):
            sql(f"UPDATE incentives_correction SET {change} {where}")
    with refused(RESTRICTED):
        sql(f"DELETE FROM incentives_correction {where}")
    corrections.reject(by=office.zhao, correction=asked, note="no")
    with refused(RESTRICTED):
        sql(f"UPDATE incentives_correction SET decision_note = 'yes' {where}")


# -- pages ---------------------------------------------------------------------


@pytest.fixture
def sign_in(client: Client, monkeypatch: pytest.MonkeyPatch) -> Callable[[Any], Client]:
    monkeypatch.setattr("incentives.correction_pages.require_recent_sign_in", lambda request: None)

    def enter(person: Any) -> Client:
        client.force_login(person)
        return client

    return enter


def test_the_way_of_a_booking_over_the_pages(office: Office, sign_in) -> None:
    chen = sign_in(office.chen)
    add = reverse("incentives:correction_add")
    form = {"kind": "adjustment", "number": "K001", "amount": "12.50", "reason": "missed"}
    faulty = chen.post(add, form | {"amount": "1e3"})
    assert faulty.status_code == 422 and not Correction.objects.exists()
    assert chen.post(add, form | {"number": "K999"}).status_code == 422
    chen.post(add, form)
    asked = Correction.objects.get()
    assert asked.amount == 1_250
    page = reverse("incentives:correction", args=[asked.pk])
    decide = reverse("incentives:correction_decide", args=[asked.pk])
    assert "Another person has to decide" in chen.get(page).content.decode()
    assert chen.post(decide, {"decision": "approve"}).status_code == 403
    assert [item.text for item in waiting.items_for(office.chen) if "by hand" in item.text] == []
    zhao = sign_in(office.zhao)
    assert any("by hand" in item.text for item in waiting.items_for(office.zhao))
    assert zhao.post(decide, {"decision": "approve"}).status_code == 302
    assert owed(office.zhou) == 1_250
    assert "¥12.50" in zhao.get(reverse("incentives:corrections")).content.decode()


def test_a_write_off_asks_for_no_amount(office: Office, sign_in) -> None:
    debt(office, 300, ago=500)
    form = {"kind": "write_off", "number": "K001", "reason": "old"}
    sign_in(office.chen).post(reverse("incentives:correction_add"), form)
    assert Correction.objects.get().amount == 300


def test_a_reversal_starts_at_its_journal(office: Office, sign_in) -> None:
    journal = corrections.approve(by=office.zhao, correction=ask(office)).journal
    chen = sign_in(office.chen)
    assert "Reverse" in chen.get(reverse("incentives:books")).content.decode()
    form = reverse("incentives:reversal_add", args=[journal.pk])
    assert chen.get(form).status_code == 200
    chen.post(form, {"reason": "wrong person"})
    asked = Correction.objects.get(kind="reversal")
    assert (asked.reverses, asked.amount) == (journal, -500)
    assert "Somebody asked" in chen.post(form, {"reason": "again"}).content.decode()


def test_who_only_looks_cannot_ask(office: Office, sign_in) -> None:
    lin = sign_in(c.person("lin", (Role.OPERATOR, office.brand)))
    assert lin.get(reverse("incentives:corrections")).status_code == 200
    assert lin.get(reverse("incentives:correction_add")).status_code in (403, 404)
