"""Who is paid in cash: the account and its freeze, identity, holds, notices."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from accounts.models import Activity
from incentives import payee_mail, payee_words, payees
from incentives.models import Payee, PayeeNotice, PayoutDestination, PayoutHold
from kosops.lib.secrets import decrypt
from tests import cast as c
from tests.incentives.money import Office, code_of, refusal_of
from tests.refusals import RESTRICTED, RULE_BROKEN, refused, sql

NOW = dt.datetime(2026, 11, 22, 12, tzinfo=dt.UTC)

# -- the account ---------------------------------------------------------------

pytestmark = pytest.mark.django_db


@pytest.fixture
def office() -> Office:
    return Office()


def change(office: Office, account: str = "62220299990000", **more: object) -> PayoutDestination:
    return payees.set_destination(
        by=office.chen, creator=office.may, holder="May", account=account, **more
    )


def test_another_account_freezes_payouts_for_three_days_and_tells_the_person(
    office: Office,
) -> None:
    before = PayoutDestination.objects.get(creator=office.may)
    assert before.frozen_until is None, "there was nothing that somebody could have taken over"
    changed = change(office)
    frozen = changed.frozen_until - timezone.now()
    assert dt.timedelta(hours=71) < frozen <= payees.FREEZE
    assert payees.standing_of(office.may, timezone.now()).blocks == ["frozen"]
    assert payees.standing_of(office.may, timezone.now() + payees.FREEZE).ready
    notice = PayeeNotice.objects.get(creator=office.may)
    assert (notice.kind, notice.facts["before"], notice.facts["after"]) == (
        "account_changed",
        before.masked,
        "···· 0000",
    )


def test_the_same_account_again_changes_nothing(office: Office) -> None:
    first = change(office)
    again = change(office, "6222 0299 9900 00")
    assert bytes(again.account) == bytes(first.account)
    assert again.changed_at == first.changed_at
    assert PayeeNotice.objects.count() == 1


def test_a_wechat_wallet_is_an_openid(office: Office) -> None:
    for wrong in ("short", "o" * 65, "oABC def%ghijklmnopqrstuv", "微信号微信号微信号微信号微信号"):
        assert (
            code_of(lambda wrong=wrong: change(office, wrong, kind="wechat")) == "invalid_account"
        )
    kept = change(office, "oMYE42l80oelYMDE34nYD456Xoy", kind="wechat")
    assert (decrypt(kept.account), kept.masked) == (
        "oMYE42l80oelYMDE34nYD456Xoy",
        "WeChat ···· 6Xoy",
    )
    assert code_of(lambda: change(office, "62220299990000", kind="cash")) == "invalid_account"


def test_an_account_is_kept_with_consent_only(office: Office) -> None:
    assert code_of(lambda: change(office, consent="")) == "consent_needed"
    sql("UPDATE incentives_payoutdestination SET consent_at = NULL")
    assert payees.standing_of(office.may, timezone.now()).blocks == ["no_consent"]


def test_two_people_with_one_account_are_found_without_reading_it(office: Office) -> None:
    for creator in (office.may, office.zhou):
        payees.set_destination(by=None, creator=creator, holder="X", account="62220288887777")
    found = {bytes(d.fingerprint) for d in PayoutDestination.objects.all()}
    assert len(found) == 1


# -- identity ------------------------------------------------------------------


def test_a_day_of_birth_is_encrypted_and_does_not_count_as_checked(office: Office) -> None:
    lee = c.creator(office.people.jingan, "C9", "Lee", kind="koc")
    payees.set_born(by=None, creator=lee, born=dt.date(2001, 2, 3))
    kept = Payee.objects.get(creator=lee)
    assert decrypt(kept.born) == "2001-02-03" and b"2001" not in bytes(kept.born)
    assert "no_identity" in payees.standing_of(lee, timezone.now()).blocks
    payees.verify_identity(by=office.zhao, creator=lee, born=dt.date(2001, 2, 3), source="id_card")
    assert "no_identity" not in payees.standing_of(lee, timezone.now()).blocks
    assert (
        code_of(lambda: payees.set_born(by=None, creator=lee, born=dt.date(1990, 1, 1)))
        == "identity_is_checked"
    )
    row = Activity.objects.filter(verb="payee.identified").latest("pk")
    assert (row.actor, row.after) == (office.zhao, {"identity": "id_card"})


def test_nobody_checks_their_own_identity(office: Office) -> None:
    office.may.person = office.chen
    office.may.save()

    def check(**more: object) -> Payee:
        facts = {"born": dt.date(1999, 1, 1), "source": "id_card", **more}
        return payees.verify_identity(by=office.chen, creator=office.may, **facts)

    assert code_of(check) == "own_identity"
    assert code_of(lambda: check(source="hearsay")) == "invalid_source"
    assert code_of(lambda: check(born=timezone.localdate() + dt.timedelta(1))) == (
        "invalid_birth_date"
    )


def test_an_identity_without_a_day_of_birth_is_refused_by_the_database(office: Office) -> None:
    with refused(RULE_BROKEN):
        sql("UPDATE incentives_payee SET born = NULL")


# -- holds ---------------------------------------------------------------------


def test_a_hold_stands_until_somebody_else_lifts_it_with_a_reason(office: Office) -> None:
    made = payees.hold(by=office.chen, creator=office.may, reason="name does not fit")
    assert payees.standing_of(office.may, timezone.now()).blocks == ["held"]
    assert code_of(lambda: payees.hold(by=office.chen, creator=office.may, reason="x")) == (
        "held_already"
    )
    assert refusal_of(lambda: payees.lift(by=office.chen, hold=made, reason=" ")).status == 400
    payees.lift(by=office.zhao, hold=made, reason="it fits now")
    assert payees.standing_of(office.may, timezone.now()).ready
    assert code_of(lambda: payees.lift(by=office.zhao, hold=made, reason="x")) == "lifted_already"
    assert list(PayeeNotice.objects.order_by("pk").values_list("kind", flat=True)) == [
        "held",
        "lifted",
    ]


def test_a_hold_with_a_last_day_ends_by_itself(office: Office) -> None:
    today = timezone.localdate()
    payees.hold(by=office.chen, creator=office.may, reason="x", until=today)
    assert not payees.standing_of(office.may, timezone.now()).ready
    assert payees.standing_of(office.may, timezone.now() + dt.timedelta(days=1)).ready
    assert (
        code_of(
            lambda: payees.hold(
                by=office.chen, creator=office.zhou, reason="x", until=today - dt.timedelta(1)
            )
        )
        == "in_the_past"
    )
    assert code_of(lambda: payees.hold(by=office.chen, creator=office.zhou, reason="")) == (
        "reason_needed"
    )


def test_nobody_lifts_their_own_hold(office: Office) -> None:
    office.may.person = office.zhao
    office.may.save()
    made = payees.hold(by=office.chen, creator=office.may, reason="x")
    assert code_of(lambda: payees.lift(by=office.zhao, hold=made, reason="mine")) == "own_hold"


def test_sql_cannot_rewrite_a_hold(office: Office) -> None:
    made = payees.hold(by=office.chen, creator=office.may, reason="x")
    for statement in (
        "UPDATE incentives_payouthold SET reason = 'y'",
        "DELETE FROM incentives_payouthold",
        "UPDATE incentives_payeenotice SET facts = '{}'",
        "DELETE FROM incentives_payeenotice",
    ):
        with refused(RESTRICTED):
            sql(statement)
    payees.lift(by=office.zhao, hold=made, reason="z")
    with refused(RESTRICTED):
        sql("UPDATE incentives_payouthold SET lifted_at = NULL, lifted_by_id = NULL")
    assert PayoutHold.objects.get().lift_reason == "z"


def test_many_people_stand_in_a_fixed_number_of_queries(
    office: Office, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(3):  # type: ignore[operator]
        found = payees.standings([office.may, office.zhou], timezone.now())
    assert {found[office.may.pk].ready, found[office.zhou.pk].ready} == {True}


# -- e-mail --------------------------------------------------------------------


def test_a_change_is_mailed_once_to_the_address_of_the_sign_in(
    office: Office, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    office.may.person = c.person("may", email="may@example.com", language="zh-hans")
    office.may.save()
    change(office)
    assert payee_mail.mail_due() == 1
    assert payee_mail.mail_due() == 0
    (mail,) = mailoutbox
    assert mail.to == ["may@example.com"]
    assert "收款账户已由" in mail.body and "0000" in mail.body
    assert "62220299990000" not in mail.body


def test_without_an_address_the_notice_stays_on_the_phone(
    office: Office, settings: Any, mailoutbox: list[Any]
) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    change(office)
    assert payee_mail.mail_due() == 0
    assert mailoutbox == []
    assert payees.unread_notices(office.may).count() == 1


def test_a_notice_names_the_time_of_the_brand(office: Office) -> None:
    row = PayeeNotice(
        creator=office.may,
        kind="account_changed",
        facts={"before": "a", "after": "b", "until": "2026-11-24T01:05:00+00:00"},
        at=NOW,
    )
    assert "24 Nov 2026, 09:05" in payee_words.notice(row)
    destination = PayoutDestination.objects.get(creator=office.may)
    destination.frozen_until = dt.datetime(2099, 1, 1, 20, tzinfo=dt.UTC)
    destination.save()
    (block,) = payee_words.blocks_of(payees.standing_of(office.may, NOW))
    assert "2 Jan 2099, 04:00" in block.text
