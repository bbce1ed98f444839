"""Health checks of containers without a page."""

import os
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from django.http import JsonResponse

from kosops import health


@pytest.fixture
def answers() -> Iterator[dict[str, Any]]:
    """A web server that answers with the status that a test says."""
    status: dict[str, Any] = {"/readyz": 200}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status[self.path])
            self.end_headers()
            self.wfile.write(status.get("body", b""))

        def log_message(self, *_: object) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    status["port"] = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield status
    server.shutdown()
    server.server_close()


@pytest.mark.parametrize(("status", "code"), [(200, 0), (503, 1)])
def test_the_web_is_healthy_when_it_can_serve_pages(
    answers: dict[str, Any], monkeypatch: pytest.MonkeyPatch, status: int, code: int
) -> None:
    answers["/readyz"] = status
    monkeypatch.setenv("PORT", str(answers["port"]))
    assert health.main(["web"]) == code


@pytest.mark.parametrize(("words", "code"), [({"maintenance": "on"}, 0), ({"database": "down"}, 1)])
def test_the_web_is_well_while_it_shows_that_it_is_being_worked_on(
    answers: dict[str, Any], monkeypatch: pytest.MonkeyPatch, words: dict[str, str], code: int
) -> None:
    answers["/readyz"] = 503
    answers["body"] = JsonResponse({"redis": "ok", **words}).content
    monkeypatch.setenv("PORT", str(answers["port"]))
    assert health.main(["web"]) == code


def test_the_web_is_ill_when_nothing_listens(
    answers: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PORT", "1")
    assert health.main(["web"]) == 1


@pytest.mark.parametrize(("age", "code"), [(10, 0), (health.BEAT_SECONDS + 60, 1)])
@pytest.mark.parametrize("ending", ["", ".db"])
def test_beat_is_healthy_while_it_writes_its_schedule(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, age: int, code: int, ending: str
) -> None:
    schedule = tmp_path / f"schedule{ending}"
    schedule.touch()
    moment = time.time() - age
    os.utime(schedule, (moment, moment))
    monkeypatch.setenv("BEAT_SCHEDULE", str(tmp_path / "schedule"))
    assert health.main(["beat"]) == code


def test_beat_is_ill_before_it_has_started(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEAT_SCHEDULE", str(tmp_path / "schedule"))
    assert health.main(["beat"]) == 1


@pytest.mark.parametrize("words", [[], ["all"], ["web", "worker"]])
def test_anything_else_is_refused(words: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert health.main(words) == 2
    assert "web, worker, beat" in capsys.readouterr().err
