"""Recruitments, applications and what is decided about them."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.core import mail
from django.db import IntegrityError, models, transaction
from django.utils import timezone

from accounts.choices import Role
from accounts.models import Activity
from kosops.lib.errors import DomainError
from matrix import applications, notices, recruiting, scores, screening, tasks, trials
from matrix.applications import NamedAccount
from matrix.choices import CreatorState
from matrix.models import (
    Application,
    ApplicationAccount,
    ConsentText,
    Creator,
    Notice,
    Recruitment,
    SocialAccount,
    Trial,
)
from matrix.recruiting_choices import MailState, NoticeKind, Reason, Route, Stage
from tests import cast as c
from tests.matrix import recruits as r

pytestmark = pytest.mark.django_db


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def cream(chengye: c.Cast) -> Recruitment:
    return r.recruitment(chengye)


@contextmanager
def refused(code: str) -> Iterator[None]:
    with pytest.raises(DomainError) as refusal, transaction.atomic():
        yield
    assert refusal.value.code == code
    assert str(refusal.value)


def rows(*some: Application):
    return Application.objects.filter(pk__in=[each.pk for each in some])


def decide(stage: str, *some: Application, **more: object) -> list[int]:
    return applications.decide(by=None, applications=rows(*some), stage=stage, **more)


# -- recruitments --------------------------------------------------------------


def test_joining_has_no_price_and_recruiting_no_reward() -> None:
    """RULES 5.6: there is no field for either, in any model of recruiting."""
    money = {"price", "fee", "deposit", "amount", "cost", "reward", "commission", "referrer"}
    for model in (Recruitment, Application, Trial, r.RecruitmentChannel):
        names = {part for field in model._meta.get_fields() for part in field.name.split("_")}
        assert names & money == set(), model
        kinds = (models.DecimalField, models.FloatField, models.BigIntegerField)
        plain = [f for f in model._meta.concrete_fields if type(f) in kinds]
        assert plain == [], model


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"places": 0}, "no_places"),
        ({"closes_on": None}, "last_day_needed"),
        ({"closes_on": dt.date(2020, 1, 1)}, "ends_before_start"),
        ({"asked": "给好评的优先"}, "praise_demanded"),
    ],
)
def test_a_recruitment_that_cannot_be(chengye: c.Cast, fields: dict, code: str) -> None:
    with refused(code):
        r.recruitment(chengye, **fields)
    assert not Recruitment.objects.exists()


def test_without_words_to_agree_to_nothing_begins(cream: Recruitment) -> None:
    with refused("consent_needed"):
        recruiting.change_recruitment(by=None, recruitment=cream, consent=" ")


def test_another_consent_text_is_another_version(cream: Recruitment) -> None:
    first = r.apply(cream)
    recruiting.change_recruitment(by=None, recruitment=cream, consent=r.CONSENT)
    assert ConsentText.objects.count() == 1
    recruiting.change_recruitment(by=None, recruitment=cream, consent="Other words.")
    second = r.apply(cream)
    assert (first.consent.version, second.consent.version) == (1, 2)
    assert first.consent.text == r.CONSENT
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        ConsentText.objects.update(text="Rewritten")


def test_it_opens_with_a_channel_and_before_its_end(chengye: c.Cast) -> None:
    cream = r.recruitment(chengye)
    recruiting.change_state(by=None, recruitment=cream, state="closed")
    recruiting.switch_channel(by=None, channel=r.channel(cream), active=False)
    with refused("no_channel"):
        recruiting.change_state(by=None, recruitment=cream, state="open")
    with refused("wrong_state_change"):
        recruiting.change_state(by=None, recruitment=cream, state="draft")
    recruiting.switch_channel(by=None, channel=r.channel(cream), active=True)
    past = timezone.localdate() - dt.timedelta(days=1)
    Recruitment.objects.update(opens_on=past, closes_on=past)
    with refused("over"):
        recruiting.change_state(by=None, recruitment=cream, state="open")


def test_questions_have_answers_and_an_end(cream: Recruitment) -> None:
    with refused("options_needed"):
        recruiting.add_field(
            by=None, recruitment=cream, kind="choice", label="Skin", options=["Dry"]
        )
    for number in range(recruiting.MOST_FIELDS):
        field = recruiting.add_field(
            by=None, recruitment=cream, kind="short", label=f"Question {number}"
        )
    with refused("too_many_fields"):
        recruiting.add_field(by=None, recruitment=cream, kind="short", label="One more")
    recruiting.retire_field(by=None, field=field)
    assert len(recruiting.questions_of(cream)) == recruiting.MOST_FIELDS - 1


def test_an_archived_one_stays_as_it_is(cream: Recruitment) -> None:
    for state in ("closed", "archived"):
        recruiting.change_state(by=None, recruitment=cream, state=state)
    with refused("recruitment_archived"):
        r.channel(cream, "Late")


def test_a_channel_has_a_name_of_its_own(cream: Recruitment) -> None:
    other = r.channel(cream, "Store")
    assert len(other.token) <= 30
    assert other.token != r.channel(cream).token
    with refused("channel_taken"):
        r.channel(cream, "Store")


# -- applying ------------------------------------------------------------------


def test_what_names_a_person_is_not_kept_in_clear(cream: Recruitment) -> None:
    phone = "13912345678"
    one = r.apply(cream, phone=phone, email="lina@example.com")
    assert applications.phone_of(one) == phone
    assert applications.email_of(one) == "lina@example.com"
    stored = Application.objects.filter(pk=one.pk).values().get()
    assert not [name for name, value in stored.items() if phone in str(value)]
    assert b"lina" not in bytes(one.email)
    log = str(list(Activity.objects.values()))
    assert phone not in log
    assert one.name not in log


def test_the_same_form_twice_is_one_application(cream: Recruitment) -> None:
    key, form = uuid.uuid4(), r.filled()
    tokens = {
        applications.apply(channel=r.channel(cream), filled=form, form_key=key, language="en")
        for _twice in range(2)
    }
    assert len(tokens) == 1
    assert len(tokens.pop()) >= 22  # 128 bits
    assert Application.objects.count() == 1


def test_one_application_for_each_phone(cream: Recruitment) -> None:
    one = r.apply(cream)
    with refused("already_applied"):
        r.apply(cream, phone=applications.phone_of(one))
    assert Application.objects.count() == 1


def test_a_declined_person_waits_before_applying_again(chengye: c.Cast, cream: Recruitment) -> None:
    one = r.apply(cream)
    other = r.recruitment(chengye, name="Serum trial", reapply_days=30)
    decide(Stage.DECLINED, one, reason=Reason.PLACES)
    phone = applications.phone_of(one)
    with refused("too_soon"):
        r.apply(other, phone=phone)
    Application.objects.update(stage_since=timezone.now() - dt.timedelta(days=31))
    again = r.apply(other, phone=phone)
    assert again.flags == ["applied_before"]


def test_nobody_applies_when_it_is_not_open(cream: Recruitment) -> None:
    channel = r.channel(cream)
    recruiting.change_state(by=None, recruitment=cream, state="closed")
    with refused("not_open"):
        r.apply(cream)
    recruiting.change_state(by=None, recruitment=cream, state="open")
    recruiting.switch_channel(by=None, channel=channel, active=False)
    with refused("not_open"):
        r.apply(cream)
    assert not Application.objects.exists()


def test_the_database_takes_no_child(cream: Recruitment) -> None:
    one = r.apply(cream)
    with pytest.raises(IntegrityError, match="application_of_an_adult"), transaction.atomic():
        rows(one).update(adult=False)


def test_a_withdrawn_application_names_nobody(cream: Recruitment) -> None:
    one = r.apply(cream, city="Suzhou", answers={"1": "Dry"})
    r.invite(one)
    trials.give_address(by=None, trial=one.trial, address=r.STREET)
    applications.withdraw(application=one)
    one.refresh_from_db()
    assert (one.stage, one.name, one.city, one.answers) == ("withdrawn", "–", "", {})
    assert applications.phone_of(one) == ""
    assert not ApplicationAccount.objects.exists()
    assert Trial.objects.get().address is None
    with refused("wrong_trial_state"):
        trials.hand_in(by=None, trial=one.trial, link="https://a.cn/1", on=timezone.localdate())
    applications.withdraw(application=one)


def test_what_is_decided_is_not_withdrawn(cream: Recruitment) -> None:
    one = r.apply(cream)
    decide(Stage.DECLINED, one, reason=Reason.PLACES)
    with refused("too_late"):
        applications.withdraw(application=one)


def test_a_declined_person_is_forgotten_after_a_year(cream: Recruitment) -> None:
    one, other = r.apply(cream), r.apply(cream)
    decide(Stage.DECLINED, one, reason=Reason.PLACES)
    key, later = bytes(one.phone_key), timezone.now() + applications.KEPT
    assert applications.erase_old(now=later - dt.timedelta(days=1)) == 0
    assert applications.erase_old(now=later + dt.timedelta(days=1)) == 1
    one.refresh_from_db()
    other.refresh_from_db()
    assert one.name == "–"
    assert bytes(one.phone_key) != key
    assert other.name != "–"
    assert applications.erase_old(now=later + dt.timedelta(days=1)) == 0


# -- score, route, flags -------------------------------------------------------


def test_orders_of_a_member_count(chengye: c.Cast, cream: Recruitment) -> None:
    from kosops.lib.secrets import blind_index

    today = timezone.localdate()
    day = (today - dt.timedelta(days=40)).isoformat()
    c.order(chengye, "A1", 30_000, day=day, buyer_key=blind_index("member_id", "M1"))
    c.order(chengye, "A2", 20_000, day=day, buyer_key=blind_index("member_id", "M1"))
    known = r.apply(cream, member_number="M1")
    unknown = r.apply(cream, member_number="M2")
    assert "frequency" not in known.facts
    assert tasks.score_applications() is None
    known.refresh_from_db()
    unknown.refresh_from_db()
    assert known.facts["frequency"] == 2
    assert known.facts["amount"] == 50_000
    assert known.facts["recency"] == 40
    assert "frequency" not in unknown.facts  # unknown, never 0
    assert scores.score_waiting() == 0


def test_marks_of_reviewers_are_one_each_and_count(chengye: c.Cast, cream: Recruitment) -> None:
    wu, he = c.person("wu"), c.person("he")
    one = r.apply(cream, accounts=[])
    assert one.score is None
    for reviewer, value in ((wu, 2), (he, 5), (wu, 4)):
        applications.mark(by=reviewer, application=one, value=value)
    one.refresh_from_db()
    assert one.facts["quality"] == 4.5
    assert one.score == 87
    with refused("mark_out_of_range"):
        applications.mark(by=wu, application=one, value=6)


def test_a_score_of_ones_own_needs_a_reason_and_is_logged(cream: Recruitment) -> None:
    wu, one = c.person("wu"), r.apply(cream)
    worked = one.score
    with refused("reason_needed"):
        applications.set_score(by=wu, application=one, value=95)
    with refused("score_out_of_range"):
        applications.set_score(by=wu, application=one, value=101, reason="Much")
    one = applications.set_score(by=wu, application=one, value=95, reason="Seen at the event")
    assert one.shown_score == 95
    row = Activity.objects.get(verb="application.score_changed")
    assert row.before == {"score": worked}
    assert row.after == {"score": 95, "reason": "Seen at the event"}
    assert applications.set_score(by=wu, application=one, value=None).shown_score == worked


def test_a_reviewers_route_stays(cream: Recruitment) -> None:
    one = r.apply(cream, content=2)
    assert one.route == Route.SEEDING
    applications.set_route(by=c.person("wu"), application=one, route="sharer")
    scores.score_recruitment(by=None, recruitment=cream)
    one.refresh_from_db()
    assert one.route == Route.SHARER


def test_other_weights_change_the_order(cream: Recruitment) -> None:
    many = r.apply(cream, accounts=[NamedAccount(platform="douyin", handle="big", followers=9_000)])
    busy = r.apply(cream, recent_notes=12, accounts=[])
    weights = {**screening.WEIGHTS, "followers": 0}
    with refused("no_weight"):
        recruiting.set_weights(
            by=None, recruitment=cream, weights=dict.fromkeys(screening.PARTS, 0)
        )
    recruiting.set_weights(by=None, recruitment=cream, weights=weights)
    scores.score_recruitment(by=None, recruitment=cream)
    for each in (many, busy):
        each.refresh_from_db()
    assert (many.score, busy.score) == (None, 100)


def test_flags_compare_with_people_and_accounts(chengye: c.Cast, cream: Recruitment) -> None:
    left = c.creator(chengye.jingan, "C900", "Old", kind="koc", state=CreatorState.LEFT)
    for state, handle in (("banned", "Bad Name"), ("active", "zhou")):
        SocialAccount.objects.create(
            brand=chengye.brand,
            unit=chengye.jingan,
            creator=chengye.zhou,
            platform="xiaohongshu",
            domain="public",
            ownership="personal",
            owner_proof="checked",
            handle=handle,
            state=state,
        )

    def named(handle: str, platform: str = "xiaohongshu") -> dict:
        return {"accounts": [NamedAccount(platform=platform, handle=handle)]}

    assert r.apply(cream, **named("fresh")).flags == []
    assert r.apply(cream, **named("@ FRESH".replace(" ", ""))).flags == ["same_account"]
    assert r.apply(cream, **named("zhou", "douyin")).flags == []
    assert r.apply(cream, **named("ZHOU")).flags == ["same_account"]
    assert r.apply(cream, **named("bad name")).flags == ["banned_account", "same_account"]
    assert r.apply(cream, member_number=left.number).flags == ["left_before"]
    assert r.apply(cream, member_number=chengye.may.number).flags == ["already_creator"]


def test_a_flag_of_another_brand_says_nothing(chengye: c.Cast, cream: Recruitment) -> None:
    mingwang = c.cast_of_another_brand()
    other = r.recruitment(chengye, unit=mingwang, name="Noodles")
    account = [NamedAccount(platform="xiaohongshu", handle="fresh")]
    one = r.apply(cream, accounts=account)
    two = r.apply(other, accounts=account, phone=applications.phone_of(one))
    assert two.flags == []


# -- deciding ------------------------------------------------------------------


def test_everybody_is_told_in_their_language(cream: Recruitment) -> None:
    one = r.apply(cream)
    rows(one).update(language="zh-hans")
    decide(Stage.DECLINED, one, reason=Reason.OTHER, text="请补充账号链接后再申请。")
    (notice,) = Notice.objects.all()
    assert notice.kind == NoticeKind.DECLINED
    assert "请补充账号链接后再申请。" in notice.text
    assert "We cannot" not in notice.text


def test_a_decline_has_a_reason(cream: Recruitment) -> None:
    one = r.apply(cream)
    with refused("reason_needed"):
        decide(Stage.DECLINED, one)
    with refused("reason_needed"):
        decide(Stage.DECLINED, one, reason="dislikes_us")
    with refused("text_needed"):
        decide(Stage.DECLINED, one, reason=Reason.OTHER)
    with refused("wrong_stage"):
        decide(Stage.ACTIVE, one)
    assert not Notice.objects.exists()


def test_a_flag_holds_the_invitation_of_many_but_not_one_by_name(
    chengye: c.Cast, cream: Recruitment
) -> None:
    clean, flagged = r.apply(cream), r.apply(cream, member_number=chengye.may.number)
    assert decide(Stage.TRIAL, clean, flagged) == [clean.pk]
    assert decide(Stage.TRIAL, flagged, held_too=True) == [flagged.pk]
    assert decide(Stage.TRIAL, clean, flagged) == []


def test_a_decision_is_taken_back_and_said(cream: Recruitment) -> None:
    lin, one, two = c.person("lin"), r.apply(cream), r.apply(cream)
    decide(Stage.SCREENING, one)
    decide(Stage.TRIAL, one)
    decide(Stage.DECLINED, two, reason=Reason.PLACES)
    undone = applications.take_back(by=lin, applications=rows(one, two))
    assert undone == [one.pk, two.pk]
    one.refresh_from_db()
    two.refresh_from_db()
    assert (one.stage, two.stage, two.reason) == ("screening", "applied", "")
    assert not Trial.objects.exists()
    assert Notice.objects.filter(kind=NoticeKind.TAKEN_BACK).count() == 2
    assert applications.take_back(by=lin, applications=rows(two)) == []


def test_what_went_on_is_not_taken_back(cream: Recruitment) -> None:
    one = r.apply(cream)
    r.invite(one)
    trials.give_address(by=None, trial=one.trial, address=r.STREET)
    assert applications.take_back(by=c.person("lin"), applications=rows(one)) == []
    assert Trial.objects.exists()


def test_a_notice_goes_out_once_by_mail(
    cream: Recruitment, settings, django_capture_on_commit_callbacks
) -> None:
    settings.SITE_URL = "https://kosops.example.com"
    one, silent = r.apply(cream, email="lina@example.com"), r.apply(cream)
    with django_capture_on_commit_callbacks(execute=True):
        r.invite(one, silent)
    notices.mail_due()
    (letter,) = mail.outbox
    assert letter.to == ["lina@example.com"]
    assert "https://kosops.example.com/apply/status/" in letter.body
    states = dict(Notice.objects.values_list("application", "mail"))
    assert states == {one.pk: MailState.SENT, silent.pk: MailState.NONE}
    told = notices.told(Application.objects.all())
    assert list(told) == [one]


def test_mail_that_cannot_go_stays_for_the_file(cream: Recruitment, monkeypatch) -> None:
    one = r.apply(cream, email="lina@example.com")
    r.invite(one)

    def broken(*_args: object) -> None:
        raise ConnectionRefusedError

    monkeypatch.setattr(notices, "_send", broken)
    assert notices.mail_due() == 0
    assert Notice.objects.get().mail == MailState.FAILED
    assert notices.not_exported(Application.objects.all()).count() == 1


def test_the_file_of_notices_is_taken_once_and_logged(cream: Recruitment) -> None:
    lin, one = c.person("lin"), r.apply(cream, phone="13912345678")
    r.invite(one)
    take = {
        "by": lin,
        "recruitment": cream,
        "applications": Application.objects.all(),
        "origin": "https://k.cn",
        "most": 100,
    }
    table, count = notices.take_file(full_phones=False, **take)
    assert count == 1
    assert "13912345678" not in str(table)
    assert "5678" in table[1][1]
    assert table[1][4].startswith("https://k.cn/apply/status/")
    assert notices.take_file(full_phones=True, **take)[1] == 0
    Notice.objects.update(exported_at=None)
    assert notices.take_file(full_phones=True, **take)[0][1][1] == "13912345678"
    logged = Activity.objects.filter(verb="notices.exported").order_by("pk")
    assert [row.after["full_phones"] for row in logged] == [False, True]


# -- the trial -----------------------------------------------------------------


def handed_in(cream: Recruitment) -> Application:
    """Somebody who has gone all the way up to the note."""
    one, today = r.apply(cream), timezone.localdate()
    r.invite(one)
    trials.give_address(by=None, trial=one.trial, address=r.STREET)
    trials.send(by=None, trial=one.trial, carrier="SF", parcel="SF1", on=today)
    trials.receive(by=None, trial=one.trial, on=today)
    trials.hand_in(by=None, trial=one.trial, link="https://xhslink.com/a", on=today)
    one.refresh_from_db()
    return one


def test_a_trial_from_the_invitation_into_the_programme(
    chengye: c.Cast, cream: Recruitment
) -> None:
    lin, one = c.person("lin"), handed_in(cream)
    trial = one.trial
    assert trial.due_on == timezone.localdate() + dt.timedelta(days=14)
    assert trials.address_of(trial) == r.STREET
    assert b"Kaixuan" not in bytes(trial.address)
    with refused("trial_not_done"):
        trials.graduate(
            by=lin, application=one, store=chengye.jingan, koc_kind="", identity_checked=True
        )
    trials.finish(by=lin, trial=trial)
    creator = trials.graduate(
        by=lin,
        application=one,
        store=chengye.jingan,
        koc_kind="incubated",
        identity_checked=True,
    )
    one.refresh_from_db()
    assert (one.stage, one.creator, one.identity_checked_by) == ("active", creator, lin)
    assert (creator.identity, creator.programme, creator.state) == (
        "checked",
        "seeding",
        "active",
    )
    assert creator.number == f"A{one.pk:07d}"
    assert [each.handle for each in creator.social_accounts.all()] == [
        each.handle for each in one.accounts.all()
    ]
    kinds = list(Notice.objects.order_by("pk").values_list("kind", flat=True))
    assert kinds == ["invited", "sent", "welcome"]


def test_nobody_joins_whom_no_colleague_has_checked(chengye: c.Cast, cream: Recruitment) -> None:
    lin, one = c.person("lin"), handed_in(cream)
    trials.finish(by=lin, trial=one.trial)
    people = Creator.objects.count()
    for by, checked in ((lin, False), (None, True)):
        with refused("identity_not_checked"):
            trials.graduate(
                by=by,
                application=one,
                store=chengye.jingan,
                koc_kind="",
                identity_checked=checked,
            )
    with pytest.raises(IntegrityError, match="application_active_is_checked"), transaction.atomic():
        rows(one).update(stage=Stage.ACTIVE)
    assert Creator.objects.count() == people


def test_steps_of_a_trial_have_their_order(cream: Recruitment) -> None:
    one, today = r.apply(cream), timezone.localdate()
    r.invite(one)
    trial = one.trial
    for act in (
        lambda: trials.send(by=None, trial=trial, carrier="SF", parcel="1", on=today),
        lambda: trials.receive(by=None, trial=trial, on=today),
        lambda: trials.hand_in(by=None, trial=trial, link="https://a.cn", on=today),
        lambda: trials.finish(by=None, trial=trial),
        lambda: trials.extend(by=None, trial=trial, days=3, reason="Ill"),
    ):
        with refused("wrong_trial_state"):
            act()
    trials.give_address(by=None, trial=trial, address=r.STREET)
    trials.send(by=None, trial=trial, carrier="SF", parcel="1", on=today)
    with refused("before_sending"):
        trials.receive(by=None, trial=trial, on=today - dt.timedelta(days=1))


def test_more_time_is_given_once_with_a_reason(chengye: c.Cast) -> None:
    plain = r.recruitment(chengye, product="", note_days=14)
    one = r.apply(plain)
    r.invite(one)
    trial = one.trial
    due = trial.due_on
    with refused("reason_needed"):
        trials.extend(by=None, trial=trial, days=7, reason=" ")
    with refused("extension_out_of_range"):
        trials.extend(by=None, trial=trial, days=31, reason="Ill")
    trial = trials.extend(by=None, trial=trial, days=7, reason="Ill")
    assert trial.due_on == due + dt.timedelta(days=7)
    with refused("extended_before"):
        trials.extend(by=None, trial=trial, days=7, reason="Ill")


def test_a_trial_without_a_note_ends_with_a_decline(chengye: c.Cast) -> None:
    one = r.apply(r.recruitment(chengye, product=""))
    r.invite(one)
    trials.fail(by=c.person("lin"), trial=one.trial, text="Write to us next time.")
    one.refresh_from_db()
    assert (one.stage, one.reason) == ("declined", "trial")
    assert "next time" in Notice.objects.get(kind=NoticeKind.FAILED).text


def test_reminders_come_before_the_day_and_after_it_once_each(chengye: c.Cast) -> None:
    one = r.apply(r.recruitment(chengye, product=""))
    r.invite(one)
    due = one.trial.due_on
    sent = [
        trials.remind(now=c.at((due + dt.timedelta(days=day)).isoformat()))
        for day in (-5, -3, -2, 0, 1, 2)
    ]
    assert sent == [0, 1, 0, 0, 1, 0]


def test_fulfilment_counts_what_was_due(chengye: c.Cast) -> None:
    plain, today = r.recruitment(chengye, product=""), timezone.localdate()
    good, late, running = r.apply(plain), r.apply(plain), r.apply(plain)
    r.invite(good, late, running)
    trials.hand_in(by=None, trial=good.trial, link="https://a.cn/1", on=today)
    Trial.objects.filter(application=late).update(due_on=today - dt.timedelta(days=1))
    found = recruiting.fulfilment(Trial.objects.all(), today)
    assert (found.handed_in, found.due) == (1, 2)
    assert list(trials.overdue(Trial.objects.all(), today)) == [late.trial]


# -- who sees what -------------------------------------------------------------


def test_managers_see_recruitments_above_them_and_their_own_applicants(chengye: c.Cast) -> None:
    brand = r.recruitment(chengye, unit=chengye.brand, name="Everywhere")
    south = r.recruitment(chengye, unit=chengye.south, name="South only")
    mine, other = r.apply(brand, store=chengye.jingan), r.apply(brand, store=chengye.tianhe)
    manager = c.person("manager", (Role.STORE_MANAGER, chengye.jingan))
    assert list(recruiting.visible_to(manager)) == [brand]
    assert list(Application.objects.for_user(manager, recruiting.VIEW)) == [mine]
    assert not Application.objects.for_user(manager, recruiting.EDIT).exists()
    lin = c.person("lin", (Role.OPERATOR, chengye.brand))
    assert set(recruiting.visible_to(lin)) == {brand, south}
    assert set(Application.objects.for_user(lin, recruiting.EDIT)) == {mine, other}
    assert not recruiting.visible_to(c.person("zhao", (Role.FINANCE, chengye.brand))).exists()
