"""The register of violations, and what it makes of an account's state."""

import datetime as dt

import pytest
from django.db import IntegrityError, transaction

from accounts.choices import Role
from accounts.models import Activity
from kosops.lib.errors import DomainError
from matrix import account_changes, violations
from matrix.account_states import state_after
from matrix.models import Custody, Pairing
from tests import cast as c

pytestmark = pytest.mark.django_db
DAY = dt.date(2026, 9, 1)


@pytest.fixture
def people():
    return c.cast()


@pytest.fixture
def lin(people):
    return c.person("lin", (Role.OPERATOR, people.brand))


@pytest.fixture
def account(people):
    return c.account(people.zhou)


def refused(code, command, **values):
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        command(**values)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("kind", "state", "about", "after"),
    [
        ("warning", "active", "", "active"),
        ("throttled", "active", "", "limited"),
        ("throttled", "banned", "", "banned"),
        ("banned", "limited", "", "banned"),
        ("banned", "closed", "", "closed"),
        ("restored", "banned", "", "active"),
        ("appeal", "banned", "banned", "banned"),
        ("appeal_won", "banned", "banned", "active"),
        ("appeal_won", "banned", "warning", "banned"),
        ("appeal_lost", "banned", "banned", "banned"),
    ],
)
def test_what_an_entry_makes_of_the_state(kind, state, about, after) -> None:
    assert state_after(kind, state, about=about) == after


def test_a_ban_its_appeal_and_the_answer(account, lin) -> None:
    ban = violations.record(by=lin, account=account, kind="banned", on=DAY, reference="X-1")
    account.refresh_from_db()
    assert account.state == "banned"
    appeal = violations.record(
        by=lin, account=account, kind="appeal", on=DAY + dt.timedelta(1), about=ban
    )
    assert [each.pk for each in violations.open_appeals(violations.of_account(account))] == [
        appeal.pk
    ]
    violations.record(
        by=lin, account=account, kind="appeal_won", on=DAY + dt.timedelta(5), about=appeal
    )
    account.refresh_from_db()
    assert account.state == "active"
    assert not violations.open_appeals(violations.of_account(account)).exists()
    row = Activity.objects.filter(verb="account.event_noted").latest("pk")
    assert (row.before, row.after["state"]) == ({"state": "banned"}, "active")


def test_what_is_noted_late_does_not_undo_a_later_day(account, lin) -> None:
    violations.record(by=lin, account=account, kind="banned", on=DAY)
    violations.record(by=lin, account=account, kind="restored", on=DAY + dt.timedelta(9))
    violations.record(by=lin, account=account, kind="throttled", on=DAY + dt.timedelta(3))
    account.refresh_from_db()
    assert account.state == "active"


def test_an_appeal_is_about_something_and_answered_once(account, lin, people) -> None:
    say = {"by": lin, "account": account, "on": DAY}
    refused("appeal_about_nothing", violations.record, kind="appeal", **say)
    warning = violations.record(kind="warning", **say)
    refused("appeal_about_nothing", violations.record, kind="appeal_won", about=warning, **say)
    refused("appeal_about_nothing", violations.record, kind="banned", about=warning, **say)
    other = violations.record(
        by=lin, account=c.account(people.may, ownership="personal"), kind="warning", on=DAY
    )
    refused("appeal_about_nothing", violations.record, kind="appeal", about=other, **say)
    appeal = violations.record(kind="appeal", about=warning, **say)
    violations.record(kind="appeal_lost", about=appeal, **say)
    refused("appeal_answered", violations.record, kind="appeal_won", about=appeal, **say)
    early = {**say, "on": DAY - dt.timedelta(1)}
    second = violations.record(kind="warning", **say)
    refused("answer_before", violations.record, kind="appeal", about=second, **early)
    ahead = {**say, "on": dt.date(2099, 1, 1)}
    refused("event_in_future", violations.record, kind="warning", **ahead)


def test_the_register_only_grows(account, lin) -> None:
    event = violations.record(by=lin, account=account, kind="warning", on=DAY)
    for change in (lambda: event.delete(), lambda: event.save()):
        with pytest.raises(IntegrityError), transaction.atomic():
            change()


def test_closing_needs_a_reason_and_ends_pairing_and_custody(people, account, lin) -> None:
    say = {"by": lin, "account": account, "state": "closed", "on": DAY + dt.timedelta(5)}
    private = c.account(people.zhou, platform="wecom", handle="zhou")
    Pairing.objects.create(public_account=account, private_account=private, since=DAY)
    Custody.objects.create(
        account=account, creator=people.zhou, since=DAY, created_at=c.at("2026-09-01")
    )
    close = account_changes.change_account_state
    refused("reason_needed", close, reason=" ", why="unused", **say)
    refused("closed_why_needed", close, reason="Not needed", **say)
    closed = close(reason="Not needed", why="unused", **say)
    assert (closed.state, closed.closed_why, closed.closed_on) == ("closed", "unused", say["on"])
    assert Pairing.objects.get().until == say["on"]
    assert Custody.objects.get().until == say["on"]
    opened = close(by=lin, account=closed, state="active", reason="Back", on=DAY)
    assert (opened.state, opened.closed_why, opened.closed_on) == ("active", "", None)


def test_an_account_is_corrected_with_its_history(people, account, lin) -> None:
    change = account_changes.change_account
    changed = change(by=lin, account=account, handle="new name", role="store_number")
    assert (changed.handle, changed.role) == ("new name", "store_number")
    row = Activity.objects.get(verb="account.changed")
    assert row.after == {"role": "store_number", "fields": ["handle", "role"]}
    change(by=lin, account=account, handle="new name", role="store_number")
    assert Activity.objects.filter(verb="account.changed").count() == 1
    refused("handle_missing", change, by=lin, account=account, handle=" ")
    refused(
        "layer_of_public_account",
        change,
        by=lin,
        account=account,
        handle="n",
        private_layer="service",
    )
    assert account.__class__.objects.get(pk=account.pk).handle == "new name"


def test_only_the_companys_account_is_given_on(people, lin) -> None:
    own = c.account(people.zhou, ownership="personal")
    refused(
        "not_the_companys",
        account_changes.give_account,
        by=lin,
        account=own,
        to=people.may,
        unit=people.jingan,
    )
    given = account_changes.give_account(
        by=lin, account=c.account(people.zhou), to=None, unit=people.jingan
    )
    assert (given.creator, given.unit, given.owner_proof) == (None, people.jingan, "company")
