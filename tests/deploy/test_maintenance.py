"""Maintenance on purpose: who sees what, and what the command refuses."""

from __future__ import annotations

import datetime as dt
import io
import json
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command
from django.test import Client
from pytest_django.fixtures import Settings

from kosops.lib import maintenance
from tests import cast as c

SHANGHAI = ZoneInfo("Asia/Shanghai")
# Saturday evening in Shanghai.
EVENING = dt.datetime(2026, 11, 21, 22, 15, tzinfo=SHANGHAI)


@pytest.fixture(autouse=True)
def file(settings: Settings, tmp_path: Path) -> Path:
    settings.MAINTENANCE_FILE = str(tmp_path / "data" / "maintenance.json")
    return Path(settings.MAINTENANCE_FILE)


def begin(minutes: int = 90, reason: str = "") -> dt.datetime:
    now = dt.datetime.now(SHANGHAI)
    until = now + dt.timedelta(minutes=minutes)
    maintenance.begin(until=until, reason=reason, now=now)
    return until


def manage(*words: str) -> str:
    out = io.StringIO()
    call_command("maintenance", *words, stdout=out)
    return out.getvalue()


# -- who sees what; none of these tests has a database --------------------------------


def test_a_page_says_until_when_and_what_is_safe() -> None:
    until = begin(reason="We move to <version 2>.")
    answer = Client().get("/orders/")
    assert answer.status_code == 503
    assert 89 * 60 < int(answer["Retry-After"]) <= 90 * 60 + 1
    assert f"Maintenance until {until.day} {until:%b}, {until:%H:%M}" in answer.text
    assert "We move to &lt;version 2&gt;." in answer.text
    assert "Nothing is lost" in answer.text and "links that you add on the phone" in answer.text
    assert "Asia/Shanghai" in answer.text
    assert 'href="/orders/"' in answer.text


def test_it_speaks_the_reader_s_language() -> None:
    begin()
    for accepted, words in {"zh-CN": "系统维护至", "ja": "までメンテナンス中です"}.items():
        assert words in Client(headers={"accept-language": accepted}).get("/").text


def test_a_form_is_told_that_it_was_not_carried_out() -> None:
    begin()
    answer = Client().post("/account/login/", {"login": "lin"})
    assert answer.status_code == 503
    assert "was not carried out" in answer.text


@pytest.mark.parametrize("path", ["/api/v1/me", "/hooks/xiaohongshu/token"])
def test_a_program_gets_a_problem_document(path: str) -> None:
    begin(reason="Moving")
    answer = Client().post(path)
    problem = json.loads(answer.content)
    assert (answer.status_code, problem["code"]) == (503, "unavailable")
    assert problem["detail"] == "Moving"
    assert int(answer["Retry-After"]) > 89 * 60


def test_no_request_is_logged_as_an_error(caplog: pytest.LogCaptureFixture) -> None:
    begin()
    Client().get("/")
    Client().get("/api/v1/me")
    assert caplog.records == []


@pytest.mark.django_db
def test_superusers_do_not_pass_either() -> None:
    client = Client()
    client.force_login(c.person("admin", is_superuser=True, is_staff=True))
    assert client.get("/admin/").status_code == 200
    begin()
    assert client.get("/admin/").status_code == 503
    maintenance.end()
    assert client.get("/admin/").status_code == 200


@pytest.mark.django_db
def test_health_lives_and_is_not_ready() -> None:
    assert Client().get("/readyz").status_code == 200
    begin()
    assert Client().get("/healthz").status_code == 200
    answer = Client().get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": "ok", "redis": "ok", "maintenance": "on"}


def test_static_files_are_served(settings: Settings, tmp_path: Path) -> None:
    """The page's own style sheets come past it: WhiteNoise stands before."""
    (tmp_path / "kosops.css").write_text("body {}")
    settings.STATIC_ROOT = str(tmp_path)
    begin()
    answer = Client().get("/static/kosops.css")
    assert answer.status_code == 200
    assert b"".join(answer) == b"body {}"


def test_when_the_time_is_past_the_page_says_so() -> None:
    begin(minutes=-5)
    answer = Client().get("/")
    assert answer.status_code == 503
    assert "takes longer than planned" in answer.text
    assert answer["Retry-After"] == "120"


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"since": 1}', '{"until": "soon"}', "\udcff", "null"]
)
def test_a_damaged_file_still_means_maintenance(file: Path, content: str) -> None:
    file.parent.mkdir()
    file.write_bytes(content.encode(errors="surrogateescape"))
    answer = Client().get("/")
    assert answer.status_code == 503
    assert "<h1>Maintenance</h1>" in answer.text
    assert "cannot be read" in manage("status")


# -- the command -----------------------------------------------------------------------


def test_on_status_off(file: Path) -> None:
    until = dt.datetime.now(SHANGHAI) + dt.timedelta(hours=2)
    assert manage("status") == "Off.\n"
    said = manage("on", "--until", f"{until:%Y-%m-%d %H:%M}", "--reason", "Moving")
    assert said.startswith(f"On until {until:%Y-%m-%d %H:%M} (Asia/Shanghai), since ")
    assert manage("status") == said
    assert said.endswith(". Moving\n")
    assert file.stat().st_mode & 0o444 == 0o444, "the web's user is another one"
    assert manage("off") == "Off.\n"
    assert not file.exists()
    assert manage("off") == "It was off already.\n"


def test_said_again_it_changes_the_time_and_keeps_the_beginning() -> None:
    begin(minutes=30)
    first = maintenance.current()
    begin(minutes=60, reason="Longer")
    second = maintenance.current()
    assert first and second and second.since == first.since
    assert second.until > first.until and second.reason == "Longer"


@pytest.mark.parametrize("words", [["--until", "yesterday"], ["--until", "2020-01-01 00:00"]])
def test_a_time_that_cannot_be_is_refused(words: list[str], file: Path) -> None:
    with pytest.raises(CommandError, match=r"is past|is not a time"):
        manage("on", *words)
    assert not file.exists()


def test_a_reason_that_does_not_fit_is_refused(file: Path) -> None:
    with pytest.raises(CommandError, match="201 characters; 200 fit"):
        manage("on", "--until", "2999-01-01", "--reason", "x" * 201)
    assert not file.exists()


def test_a_time_is_required() -> None:
    with pytest.raises(CommandError, match="--until"):
        manage("on")


def test_a_folder_that_cannot_be_written_is_said_in_words(settings: Settings, file: Path) -> None:
    file.parent.write_text("a file where the folder should be")
    with pytest.raises(CommandError, match=r"maintenance\.json: "):
        manage("on", "--until", "2999-01-01")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("23:00", "2026-11-21 23:00"),
        ("03:30", "2026-11-22 03:30"),
        ("10:00", "2026-11-22 10:00"),
        ("2026-11-22 03:30", "2026-11-22 03:30"),
        ("2026-11-21T18:00+00:00", "2026-11-22 02:00"),
    ],
)
def test_a_clock_time_is_the_next_one(text: str, expected: str) -> None:
    found = maintenance.read_until(text, EVENING.astimezone(dt.UTC))
    assert found.astimezone(SHANGHAI) == dt.datetime.fromisoformat(expected).replace(
        tzinfo=SHANGHAI
    )


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("22:00", "22:00 is past.* now it is 22:15 in Asia/Shanghai.*2026-11-22 22:00"),
        ("22:15", "22:15 is past"),
        ("2026-11-21 22:15", "is past; now it is 2026-11-21 22:15"),
        ("half past three", "“half past three” is not a time"),
        ("25:00", "is not a time"),
        ("", "is not a time"),
    ],
)
def test_a_time_that_is_past_or_unreadable_is_refused(text: str, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        maintenance.read_until(text, EVENING)
