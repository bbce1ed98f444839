"""The public form and the private page: what a stranger may send, and what keeps programs away."""

from __future__ import annotations

import datetime as dt
import re
import time
from typing import Any

import pytest
from django.core import signing
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.units import add_unit
from kosops.lib.secrets import decrypt
from matrix import applications, form_guard, recruiting
from matrix.models import Application, DoorCount, Recruitment, Trial
from matrix.recruiting_choices import Stage
from tests import cast as c
from tests import weight
from tests.matrix import recruits as r

pytestmark = pytest.mark.django_db


@pytest.fixture
def chengye() -> c.Cast:
    return c.cast()


@pytest.fixture
def cream(chengye: c.Cast) -> Recruitment:
    return r.recruitment(chengye)


@pytest.fixture
def address(cream: Recruitment) -> str:
    return reverse("matrix:apply", args=[r.channel(cream).token])


def stamp(seconds: int = 60) -> str:
    """As the form would bring it that was opened so long ago."""
    with pytest.MonkeyPatch.context() as patch:
        now = time.time()
        patch.setattr(time, "time", lambda: now - seconds)
        return form_guard.new_stamp()


def send(address: str, *, age: int = 60, browser: Client | None = None, **data: str) -> Any:
    form = {"stamp": stamp(age), **r.form_data(), **data}
    return (browser or Client()).post(address, form)


def question_of(answer: Any) -> tuple[str, int]:
    """The token of the question on the page, and its answer as a person reads it."""
    question = answer.context["question"]
    words = [str(word) for word in form_guard.WORDS]
    numbers = [words.index(word) + 1 for word in re.findall(r"\w+", question.text) if word in words]
    assert len(numbers) == 2, question.text
    return question.token, sum(numbers)


def test_a_form_becomes_an_application(cream: Recruitment, address: str) -> None:
    browser = Client()
    page = browser.get(address)
    assert page.status_code == 200
    assert page["X-Robots-Tag"] == "noindex, nofollow"
    assert "no-store" in page["Cache-Control"]
    answer = send(address, browser=browser)
    assert answer.status_code == 302
    (one,) = Application.objects.all()
    assert applications.phone_of(one) == "13800138000"
    assert (one.stage, one.route, one.channel) == ("applied", "seeding", r.channel(cream))
    assert [str(each) for each in one.accounts.all()] == ["Xiaohongshu · lina0"]
    page = browser.get(answer["Location"])
    assert "Your application has come in." in page.content.decode()
    assert reverse("matrix:apply_status", args=[decrypt(one.status_token)]) in answer["Location"]


def test_what_the_form_did_not_ask_for_is_refused(address: str) -> None:
    for name in ("state", "stage", "score", "is_staff", "brand", "role", "question_99999"):
        answer = send(address, **{name: "1"})
        assert answer.status_code == 400, name
        assert answer.context["refusal"].code == "unknown_field"
    assert not Application.objects.exists()


@pytest.mark.parametrize(
    ("field", "value", "words"),
    [
        ("adult", "", "18 years or more"),
        ("consent", "", "Without your agreement"),
        ("phone", "12345", "11 digits"),
        ("name", "", "required"),
        ("willingness", "7", "valid choice"),
        ("platform_1", "wechat", "valid choice"),
        ("handle_1", "", "Write the name of this account."),
        ("link_1", "javascript:alert(1)", "valid URL"),
        ("email", "lina", "valid email"),
        ("followers_1", "-3", "greater than or equal to 0"),
    ],
)
def test_a_wrong_answer_is_said_and_nothing_lost(
    address: str, field: str, value: str, words: str
) -> None:
    answer = send(address, **{field: value})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert words in text
    assert 'value="lina0"' in text or field == "handle_1"
    assert not Application.objects.exists()


def test_nothing_is_agreed_to_beforehand(address: str) -> None:
    page = Client().get(address).content.decode()
    boxes = re.findall(r"<input[^>]*name=\"(?:consent|adult)\"[^>]*>", page)
    assert len(boxes) == 2
    assert not [box for box in boxes if "checked" in box]


def test_own_questions_are_asked_and_kept(cream: Recruitment, address: str) -> None:
    skin = recruiting.add_field(
        by=None,
        recruitment=cream,
        kind="choice",
        label="Skin",
        options=["Dry", "Oily"],
        required=True,
    )
    why = recruiting.add_field(by=None, recruitment=cream, kind="long", label="Why")
    assert send(address).status_code == 422
    name = f"question_{skin.pk}"
    assert send(address, **{name: "Green"}).status_code == 422
    assert send(address, **{name: "Dry", f"question_{why.pk}": ""}).status_code == 302
    assert Application.objects.get().answers == {str(skin.pk): "Dry"}


def test_a_closed_recruitment_takes_nothing(cream: Recruitment, address: str) -> None:
    recruiting.change_state(by=None, recruitment=cream, state="closed")
    page = Client().get(address)
    assert page.status_code == 200
    assert "Applications are not taken any more" in page.content.decode()
    assert send(address).status_code == 410
    assert not Application.objects.exists()


def test_an_unknown_link_and_a_draft_have_no_page(chengye: c.Cast) -> None:
    assert Client().get(reverse("matrix:apply", args=["nothing"])).status_code == 404
    draft = r.recruitment(chengye, name="Later")
    Recruitment.objects.filter(pk=draft.pk).update(state="draft")
    assert Client().get(reverse("matrix:apply", args=[r.channel(draft).token])).status_code == 404


def test_the_store_is_one_of_who_recruits(chengye: c.Cast, address: str) -> None:
    assert send(address, store=str(chengye.tianhe.pk)).status_code == 422
    assert send(address, store=str(chengye.jingan.pk)).status_code == 302
    assert Application.objects.get().unit == chengye.jingan


# -- programs ------------------------------------------------------------------


@pytest.mark.parametrize(
    "doubt",
    [
        {"website": "https://buy.example"},
        {"age": 1},
        {"stamp": ""},
        {"stamp": "forged"},
        {"stamp": signing.dumps("x", salt="other")},
        {"age": 13 * 3600},
    ],
    ids=["trap", "too-quick", "none", "forged", "foreign", "old"],
)
def test_a_doubtful_form_answers_a_question_first(address: str, doubt: dict) -> None:
    browser = Client()
    answer = send(address, browser=browser, **doubt)
    assert answer.status_code == 422
    assert not Application.objects.exists()
    token, number = question_of(answer)
    wrong = send(address, browser=browser, question=token, answer=str(number + 1), **doubt)
    assert wrong.status_code == 422
    assert "Here is another one" in wrong.content.decode()
    # Each question is good for one try.
    again = send(address, browser=browser, question=token, answer=str(number), **doubt)
    assert again.status_code == 422
    token, number = question_of(again)
    right = send(address, browser=browser, question=token, answer=f" {number} ", **doubt)
    assert right.status_code == 302
    assert Application.objects.count() == 1


def test_a_question_is_answered_with_any_digits_and_in_time(address: str) -> None:
    question = form_guard.new_question()
    words = [str(word) for word in form_guard.WORDS]
    number = sum(
        words.index(word) + 1 for word in re.findall(r"\w+", question.text) if word in words
    )
    wide = "".join(chr(ord(digit) + 0xFEE0) for digit in str(number))
    assert form_guard.answered(question.token, wide)
    assert not form_guard.answered(question.token, wide)
    assert not form_guard.answered("forged", "7")
    assert not form_guard.answered(form_guard.new_question().token, "seven")


def test_spam_is_held_off_while_a_real_form_works(
    cream: Recruitment, address: str, settings: Any
) -> None:
    """A20: fake forms from one address are asked, then refused; another address is not."""
    settings.APPLY_PER_ADDRESS, settings.APPLY_MOST_PER_ADDRESS = 3, 12
    settings.APPLY_PER_RECRUITMENT = 1_000
    spammer = Client(REMOTE_ADDR="203.0.113.9")
    codes = [
        send(address, browser=spammer, phone=r.phone(number), handle_1=f"fake{number}").status_code
        for number in range(20)
    ]
    assert codes == [302] * 3 + [422] * 9 + [429] * 8
    assert Application.objects.count() == 3
    real = Client(REMOTE_ADDR="198.51.100.7")
    assert send(address, browser=real).status_code == 302
    # And an hour later the address is as good as any.
    DoorCount.objects.update(since=timezone.now() - dt.timedelta(hours=2))
    assert send(address, browser=spammer, phone=r.phone(99)).status_code == 302


def test_ten_thousand_from_everywhere_cost_a_real_person_one_question(
    cream: Recruitment, address: str
) -> None:
    now = timezone.now()
    form_guard.count("recruitment", str(cream.pk), now=now)
    DoorCount.objects.update(count=10_000)
    answer = send(address)
    assert answer.status_code == 422
    token, number = question_of(answer)
    assert send(address, question=token, answer=str(number)).status_code == 302
    assert Application.objects.count() == 1


def test_addresses_are_not_kept_in_clear_and_counts_not_for_ever(address: str) -> None:
    send(address, browser=Client(REMOTE_ADDR="203.0.113.9"))
    keys = [bytes(row.key) for row in DoorCount.objects.all()]
    assert keys
    assert not [key for key in keys if b"203" in key]
    assert form_guard.forget_old(now=timezone.now()) == 0
    assert form_guard.forget_old(now=timezone.now() + dt.timedelta(days=2)) == len(keys)


# -- the private page ----------------------------------------------------------


def private(one: Application) -> str:
    return reverse("matrix:apply_status", args=[decrypt(one.status_token)])


def test_the_private_page_leads_through_the_trial(cream: Recruitment) -> None:
    browser, one = Client(), r.apply(cream)
    page = private(one)
    assert "Somebody reads your application" in browser.get(page).content.decode()
    assert browser.post(page, {"act": "received"}).status_code == 400
    r.invite(one)
    where = {"receiver": "Li Na", "phone": "13800138000", "street": "Kaixuan Road 1"}
    assert browser.post(page, {"act": "address", **where, "phone": "1"}).status_code == 422
    assert browser.post(page, {"act": "address", **where}).status_code == 302
    assert browser.post(page, {"act": "received"}).status_code == 409
    today = timezone.localdate()
    Trial.objects.update(state="sent", carrier="SF", parcel="SF1", sent_on=today)
    assert "SF SF1" in browser.get(page).content.decode()
    assert browser.post(page, {"act": "received"}).status_code == 302
    assert "is due on" in browser.get(page).content.decode()
    Trial.objects.update(due_on=today - dt.timedelta(days=1))
    assert "was due on" in browser.get(page).content.decode()
    assert browser.post(page, {"act": "hand_in", "link": "note"}).status_code == 422
    link = "https://www.xiaohongshu.com/explore/1"
    assert browser.post(page, {"act": "hand_in", "link": link}).status_code == 302
    assert Trial.objects.get().link == link
    assert "being read" in browser.get(page).content.decode()


def test_it_can_be_withdrawn_there(cream: Recruitment) -> None:
    one = r.apply(cream)
    assert Client().post(private(one), {"act": "withdraw"}).status_code == 302
    one.refresh_from_db()
    assert one.stage == Stage.WITHDRAWN
    assert "You have withdrawn it" in Client().get(private(one)).content.decode()


def test_it_shows_no_more_than_its_owner_may_know(chengye: c.Cast, cream: Recruitment) -> None:
    wu, one = c.person("wu"), r.apply(cream, member_number=chengye.may.number)
    applications.mark(by=wu, application=one, value=1, note="Blurred pictures")
    text = Client().get(private(one)).content.decode()
    for secret in ("Blurred", "Wu", "already", str(one.score), applications.phone_of(one)):
        assert secret not in text, secret


def test_another_token_opens_nothing(cream: Recruitment) -> None:
    one = r.apply(cream)
    token = decrypt(one.status_token)
    for wrong in (token[:-1], token + "A", token.swapcase(), str(one.pk)):
        page = reverse("matrix:apply_status", args=[wrong])
        assert Client().get(page).status_code == 404
        assert Client().post(page, {"act": "withdraw"}).status_code == 404


@pytest.mark.parametrize(
    ("language", "words"),
    [("en", "Send the application"), ("zh-hans", "提交申请"), ("ja", "応募する")],
)
def test_the_page_speaks_three_languages(address: str, language: str, words: str) -> None:
    browser = Client()
    browser.post(reverse("set_language"), {"language": language, "next": address})
    page = browser.get(address).content.decode()
    assert words in page
    assert send(address, browser=browser).status_code == 302
    assert Application.objects.get().language == language


def test_it_is_light_and_needs_no_script(chengye: c.Cast, address: str) -> None:
    for number in range(60):
        add_unit(
            by=None, kind="store", code=f"S{number}", name=f"Store {number}", parent=chengye.east
        )
    page = Client().get(address).content
    found, is_phone = weight.weigh(page)
    assert is_phone
    assert b"<script" not in page
    assert found.total < weight.PHONE
    assert weight.excess(page) == []
