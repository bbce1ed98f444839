"""403 and 404 in words: what happened, that nothing changed, and who can help."""

import pytest
from django.test import Client

from accounts.choices import Role
from tests import cast as c

pytestmark = pytest.mark.django_db


@pytest.fixture
def zhou() -> Client:
    people = c.cast()
    client = Client(enforce_csrf_checks=True)
    client.force_login(c.person("zhou", (Role.KOS, people.jingan)))
    return client


def test_a_refused_person_reads_as_whom_and_who_can_help(zhou: Client) -> None:
    answer = zhou.get("/settings/people/")
    assert answer.status_code == 403
    assert "You are signed in as Zhou" in answer.text
    assert "Nothing was changed." in answer.text
    assert "Headquarters operations can change roles under People" in answer.text
    assert 'href="/"' in answer.text


def test_a_name_is_no_markup(zhou: Client) -> None:
    person = c.person("eve")
    person.name = "<b>Eve</b>"
    person.save()
    zhou.force_login(person)
    answer = zhou.get("/settings/people/")
    assert answer.status_code == 403
    assert "&lt;b&gt;Eve&lt;/b&gt;" in answer.text and "<b>Eve" not in answer.text


def test_a_missing_page_says_what_may_be_so(zhou: Client) -> None:
    answer = zhou.get("/no-such-page/")
    assert answer.status_code == 404
    assert "belongs to a store or region that is not yours" in answer.text


def test_a_form_from_before_a_sign_in_is_refused_in_words(zhou: Client) -> None:
    answer = zhou.post("/preferences/", {"theme": "dark"})
    assert answer.status_code == 403
    assert "This form is out of date" in answer.text
    assert "Nothing was changed." in answer.text


@pytest.mark.parametrize(
    ("language", "words"), [("zh-hans", "此表单已过期"), ("ja", "このフォームは期限切れです")]
)
def test_it_is_said_in_the_reader_s_language(zhou: Client, language: str, words: str) -> None:
    zhou.cookies["django_language"] = language
    assert words in zhou.post("/preferences/", {}).text
