"""Asking the REST API as a program does."""

from __future__ import annotations

import json
from typing import Any

from django.test import Client

from accounts.api_keys import create_key
from accounts.models import Person, Unit

ROOT = "/api/v1/"


class Program:
    """A program with a key of ``unit`` that ``maker`` made."""

    def __init__(self, maker: Person, unit: Unit, *scopes: str) -> None:
        made = create_key(by=maker, unit=unit, name="Shop", scopes=scopes)
        self.key, self.secret = made.key, made.secret
        self.browser = Client()

    def headers(self, **more: str) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.secret}", **more}

    def get(self, path: str, query: dict[str, Any] | None = None, **headers: str) -> Any:
        return self.browser.get(ROOT + path, query, headers=self.headers(**headers))

    def follow(self, address: str) -> Any:
        """Ask for an address that an answer named."""
        return self.browser.get(address.removeprefix("http://testserver"), headers=self.headers())

    def post(self, path: str, body: Any, key: str | None = None) -> Any:
        """A body that is text or bytes goes as it is."""
        raw = body if isinstance(body, (str, bytes)) else json.dumps(body)
        headers = self.headers(**({"Idempotency-Key": key} if key is not None else {}))
        return self.browser.post(ROOT + path, raw, content_type="application/json", headers=headers)


def code(answer: Any) -> tuple[int, str]:
    """Status and code of a problem."""
    assert answer["Content-Type"] == "application/problem+json", answer.content
    return answer.status_code, answer.json()["code"]
