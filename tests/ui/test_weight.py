"""The most visited page of each kind keeps its weight; `pytest -m sweep` weighs every page."""

from __future__ import annotations

from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from accounts.choices import Role
from tests import cast as c
from tests import weight

pytestmark = [
    pytest.mark.django_db,
    pytest.mark.skipif(finders.find("build/echarts.js") is None, reason="assets are not built"),
]


@pytest.fixture
def people() -> c.Cast:
    found = c.cast()
    for number in range(60):
        c.order(found, f"E{number}", 90_000)
    c.person("lin", (Role.OPERATOR, found.brand))
    found.zhou.person = c.person("zhou", (Role.KOS, found.jingan))
    found.zhou.save()
    return found


@pytest.mark.parametrize(
    ("username", "path", "is_phone", "has_charts"),
    [
        ("", "/account/login/", False, False),
        ("lin", "/overview/", False, True),
        ("lin", "/orders/", False, False),
        ("zhou", "/m/", True, False),
        ("zhou", "/m/money/", True, False),
        ("zhou", "/m/help/", True, False),
    ],
)
def test_a_page_keeps_its_weight(
    people: c.Cast, username: str, path: str, is_phone: bool, has_charts: bool
) -> None:
    client = Client()
    if username:
        client.post("/account/login/", {"login": username, "password": c.PASSWORD})

    def fetch(address: str) -> bytes:
        answer = client.get(address)
        assert answer.status_code == 200, address
        return answer.content

    document = fetch(path)
    found, on_phone = weight.weigh(document, fetch)
    assert (on_phone, found.has_charts) == (is_phone, has_charts)
    assert any(address.endswith("theme.js") for address in found.parts)
    assert weight.excess(document, fetch) == []


def test_the_font_of_a_style_sheet_is_weighed_once_and_as_it_is() -> None:
    sheet = '<link rel="stylesheet" href="/static/kosops/css/fonts.css">'
    preload = '<link rel="preload" as="font" href="/static/build/inter-latin.woff2">'
    once, _phone = weight.weigh(sheet.encode())
    twice, _phone = weight.weigh((sheet + preload).encode())
    font = "/static/build/inter-latin.woff2"
    assert once.parts[font] == Path(str(finders.find("build/inter-latin.woff2"))).stat().st_size
    assert set(twice.parts) == set(once.parts)


def test_imports_are_followed(tmp_path: Path) -> None:
    script = tmp_path / "one.js"
    script.write_text(
        """import "./two.js"; import { a } from './three.js';\n/* import "./not.js" */
        export * from "../four.js"; const later = () => import("./five.js");"""
    )
    assert weight.leads_to(script, "/static/kosops/js/one.js") == (
        "/static/kosops/js/two.js",
        "/static/kosops/js/three.js",
        "/static/kosops/four.js",
        "/static/kosops/js/five.js",
    )
    sheet = tmp_path / "one.css"
    sheet.write_text('@import "two.css"; a { background: url(../img/a.svg) } /* url(not.css) */')
    assert weight.leads_to(sheet, "/static/css/one.css") == (
        "/static/css/two.css",
        "/static/img/a.svg",
    )


def test_a_page_that_is_too_heavy_is_noticed() -> None:
    charts = b'<body class="staff"><script src="/static/build/echarts.js"></script>'
    assert weight.excess(charts)[0] == "a phone page loads chart code"
    assert "are over 61,440" in weight.excess(charts)[1]
    assert weight.excess(charts.replace(b"staff", b"hq")) == []
    with pytest.raises(LookupError, match="is foreign"):
        weight.weigh(b'<script src="https://cdn.example/a.js"></script>')
    with pytest.raises(LookupError, match="does not exist"):
        weight.weigh(b'<link rel="stylesheet" href="/static/kosops/css/nothing.css">')
