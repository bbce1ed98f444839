import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

pytestmark = pytest.mark.urls("tests.ui.gallery_urls")

PAGES = [
    "/ui/",
    "/ui/?toast=1",
    "/ui/overview/",
    "/ui/overview/?metric=sales",
    "/ui/staff/",
    "/ui/job/",
]


@pytest.fixture
def visitor(settings, monkeypatch):
    settings.UI_GALLERY = True
    # The gallery shows no person's data and asks no database.
    settings.MIDDLEWARE = [
        "csp.middleware.CSPMiddleware",
        "django.middleware.locale.LocaleMiddleware",
        "django.contrib.messages.middleware.MessageMiddleware",
    ]
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
    return Client()


@pytest.mark.parametrize("address", PAGES)
@pytest.mark.parametrize("language", ["en", "zh-hans", "ja"])
def test_the_gallery_shows_every_page_in_every_language(visitor, address, language):
    response = visitor.get(address, headers={"accept-language": language})
    assert response.status_code == 200


def test_the_gallery_is_closed_in_production(visitor, settings):
    settings.UI_GALLERY = False
    assert visitor.get("/ui/").status_code == 404


def test_a_job_counts_until_it_is_done(visitor):
    first = visitor.get("/ui/job/").content.decode()
    last = visitor.get("/ui/job/?done=16000").content.decode()
    assert 'hx-get="/ui/job/?done=4000"' in first
    assert "hx-get" not in last


def test_the_page_language_is_said_to_the_browser(visitor):
    html = visitor.get("/ui/overview/", headers={"accept-language": "zh-hans"}).content.decode()
    assert '<html lang="zh-Hans">' in html
    assert "318.4万" in html


def test_the_frame_asks_no_database(visitor, django_assert_num_queries, db):
    with django_assert_num_queries(0):
        visitor.get("/ui/")


@pytest.mark.parametrize("address", ["/ui/staff/"])
def test_phone_pages_load_no_chart_code_and_no_typeface(visitor, address):
    html = visitor.get(address).content.decode()
    assert "echarts" not in html
    assert "charts.css" not in html
    assert "fonts.css" not in html
    assert "woff2" not in html


def first_visit(html: str) -> int:
    """Bytes that a first visit loads: the page and all it names, compressed as the server would."""
    named = set(re.findall(r'(?:href|src)="/static/([^"]+?)"', html))
    named = {re.sub(r"\.[0-9a-f]{12}(?=\.\w+$)", "", name) for name in named}
    found = {name: finders.find(name) for name in named}
    assert [name for name, path in found.items() if path is None] == []
    sizes = [
        len(data) if path.endswith(".woff2") else len(gzip.compress(data))
        for path in found.values()
        for data in [Path(path).read_bytes()]
    ]
    return sum(sizes) + len(gzip.compress(html.encode()))


def test_a_phone_page_stays_under_60_kb(visitor):
    assert first_visit(visitor.get("/ui/staff/").content.decode()) < 60_000


@pytest.mark.skipif(finders.find("build/echarts.js") is None, reason="assets are not built")
def test_an_hq_page_with_charts_stays_under_300_kb(visitor):
    assert first_visit(visitor.get("/ui/overview/").content.decode()) < 300_000
