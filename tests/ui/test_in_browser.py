"""The gallery in a real browser: policy kept, nothing overflows, script only makes it quicker."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from threading import Thread

import pytest
from django.contrib.staticfiles import finders
from django.contrib.staticfiles.handlers import StaticFilesHandler
from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.test import override_settings
from playwright.sync_api import Browser, Page, TimeoutError, expect, sync_playwright

pytestmark = [
    pytest.mark.browser,
    pytest.mark.sweep,
    pytest.mark.xdist_group("ui-browser"),
]

CHROMIUM = "/usr/bin/chromium"
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WIDTHS = (320, 390, 768, 1440)
PAGES = ("/ui/", "/ui/overview/", "/ui/staff/")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip("Chromium is not installed")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    """The gallery served from a thread; it asks no database, so it needs none of its own."""
    with override_settings(
        UI_GALLERY=True,
        ROOT_URLCONF="tests.ui.gallery_urls",
        SESSION_ENGINE="django.contrib.sessions.backends.signed_cookies",
    ):
        server = ThreadedWSGIServer(("127.0.0.1", 0), QuietHandler)
        server.set_app(StaticFilesHandler(WSGIHandler()))
        thread = Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()
        thread.join()


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args: object) -> None:
        pass


def opened(
    browser: Browser, address: str, path: str, *, width=1440, theme="light", script=True
) -> Page:
    """The page, with everything the browser complained about in ``page.complaints``."""
    context = browser.new_context(
        viewport={"width": width, "height": 900},
        java_script_enabled=script,
        reduced_motion="reduce",
    )
    context.add_cookies([{"name": "theme", "value": theme, "url": address}])
    page = context.new_page()
    complaints: list[str] = []
    page.on(
        "console",
        lambda message: complaints.append(message.text) if message.type == "error" else None,
    )
    page.on("pageerror", lambda error: complaints.append(str(error)))
    page.complaints = complaints
    page.goto(address + path, wait_until="load")
    return page


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_pages_fit_every_width_and_keep_the_policy(browser, address, path, theme):
    page = opened(browser, address, path, theme=theme)
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 900})
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), width
    assert page.complaints == []
    page.context.close()


def test_without_script_the_chart_is_drawn_and_the_menus_open(browser, address):
    page = opened(browser, address, "/ui/overview/", script=False)
    expect(page.locator("[data-kos-chart] path.series-line").first).to_be_visible()
    page.locator("details.menu > summary").first.click()
    expect(page.locator("details.menu[open] .menu-item").first).to_be_visible()
    page.context.close()


def test_without_script_the_navigation_sheet_opens_and_closes(browser, address):
    page = opened(browser, address, "/ui/overview/", width=390, script=False)
    sheet = page.locator(".hq-nav-panel")
    expect(sheet).to_be_hidden()
    page.locator(".hq-menu-button").click()
    expect(sheet).to_be_visible()
    page.locator(".hq-nav-close").click()
    expect(sheet).to_be_hidden()
    page.context.close()


def test_the_theme_changes_at_once(browser, address):
    page = opened(browser, address, "/ui/overview/")
    page.locator("summary[title=Theme]").click()
    page.get_by_role("button", name="Dark").click()
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    expect(page.locator("body")).to_have_css("background-color", "rgb(15, 16, 20)")
    page.context.close()


def test_escape_closes_a_menu_and_gives_the_focus_back(browser, address):
    page = opened(browser, address, "/ui/overview/")
    page.locator("summary[title=Theme]").click()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Escape")
    expect(page.locator("details.menu[open]")).to_have_count(0)
    expect(page.locator("summary[title=Theme]")).to_be_focused()
    page.context.close()


def test_a_dialog_opens_and_the_veil_closes_it(browser, address):
    page = opened(browser, address, "/ui/")
    page.get_by_role("link", name="Open a dialog").click()
    dialog = page.locator("#sample-dialog")
    expect(dialog).to_be_visible()
    page.mouse.click(5, 5)
    expect(dialog).to_be_hidden()
    page.context.close()


def test_a_sheet_keeps_the_focus_and_gives_it_back(browser, address):
    page = opened(browser, address, "/ui/", width=390)
    link = page.get_by_role("link", name="Open a sheet")
    link.focus()
    page.keyboard.press("Enter")
    sheet = page.locator("#sample-sheet")
    expect(sheet).to_be_visible()
    assert sheet.evaluate("it => it.getBoundingClientRect().bottom") == 900
    assert sheet.evaluate("it => it.contains(document.activeElement)")
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(link).to_be_focused()
    page.context.close()


@pytest.mark.sweep
def test_a_sheet_is_a_panel_at_the_right_of_a_wide_window(browser, address):
    page = opened(browser, address, "/ui/")
    page.get_by_role("link", name="Open a sheet").click()
    # It slides in.
    page.evaluate(
        "Promise.all(document.getElementById('sample-sheet').getAnimations().map((a) => a.finished)).then(() => true)"
    )
    box = page.locator("#sample-sheet").bounding_box()
    assert (box["x"] + box["width"], box["y"], box["height"]) == (1440, 0, 900)
    page.context.close()


def test_without_script_the_address_opens_a_sheet_and_its_link_closes_it(browser, address):
    page = opened(browser, address, "/ui/staff/", width=390, script=False)
    sheet = page.locator("#sample-sheet")
    expect(sheet).to_be_hidden()
    page.get_by_role("link", name="What may I change?").click()
    expect(sheet).to_be_visible()
    sheet.get_by_role("link", name="Close").click()
    expect(sheet).to_be_hidden()
    page.context.close()


def test_rows_are_walked_by_keys_but_not_while_typing(browser, address):
    page = opened(browser, address, "/ui/overview/")
    page.keyboard.press("j")
    page.keyboard.press("j")
    assert "Hangzhou" in page.evaluate("document.activeElement.textContent")
    page.keyboard.press("/")
    page.keyboard.type("jk")
    expect(page.locator("#find-store")).to_have_value("jk")
    page.context.close()


def test_keys_without_ctrl_can_be_switched_off(browser, address):
    page = opened(browser, address, "/ui/overview/")
    page.keyboard.press("?")
    switch = page.locator("[data-kos-keys]")
    expect(switch).to_be_visible()
    switch.uncheck()
    page.keyboard.press("Escape")
    page.locator("h1").click()
    page.keyboard.press("j")
    assert page.evaluate("document.activeElement.tagName") != "TR"
    page.context.close()


@pytest.mark.skipif(finders.find("build/echarts.js") is None, reason="assets are not built")
def test_the_chart_says_its_values_under_the_policy(browser, address):
    page = opened(browser, address, "/ui/overview/")
    place = page.locator("[data-kos-chart]")
    expect(place.locator("canvas").first).to_be_visible()
    box = place.bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 100)
    tip = page.locator(".tip")
    expect(tip).to_be_visible()
    assert re.search(r"1–20 Nov\s*\d+", tip.inner_text().replace("\n", " "))
    assert page.complaints == []
    page.context.close()


@pytest.mark.skipif(finders.find("build/echarts.js") is None, reason="assets are not built")
def test_a_point_of_the_chart_opens_what_stands_behind_it(browser, address):
    page = opened(browser, address, "/ui/overview/")
    place = page.locator("[data-kos-chart]")
    expect(place.locator("canvas").first).to_be_visible()
    # Clicking beside the plot, on the axis, opens nothing.
    box = place.bounding_box()
    page.mouse.click(box["x"] + 4, box["y"] + 100)
    assert page.url.endswith("/ui/overview/")
    page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + 100)
    expect(page.locator(".tip-open")).to_have_text("Open the posts of the day")
    expect(place.locator(".chart-canvas > div").first).to_have_css("cursor", "pointer")
    day = page.locator(".tip-title").inner_text()
    page.mouse.click(box["x"] + box["width"] * 0.5, box["y"] + 100)
    page.wait_for_url(f"**/ui/overview/?day={day}")
    page.context.close()


@pytest.mark.skipif(finders.find("build/echarts.js") is None, reason="assets are not built")
def test_the_chart_is_walked_and_opened_by_keys(browser, address):
    page = opened(browser, address, "/ui/overview/")
    place = page.locator("[data-kos-chart]")
    expect(place.locator("canvas").first).to_be_visible()
    place.focus()
    for _press in range(3):
        page.keyboard.press("ArrowRight")
    expect(page.locator(".tip-title")).to_have_text("3")
    page.keyboard.press("ArrowLeft")
    expect(page.locator(".tip-title")).to_have_text("2")
    page.keyboard.press("Enter")
    page.wait_for_url("**/ui/overview/?day=2")
    page.context.close()


@pytest.mark.skipif(finders.find("build/echarts.js") is None, reason="assets are not built")
def test_a_finger_sees_the_values_before_they_open(browser, address):
    context = browser.new_context(
        viewport={"width": 768, "height": 900}, has_touch=True, reduced_motion="reduce"
    )
    page = context.new_page()
    page.goto(address + "/ui/overview/", wait_until="load")
    place = page.locator("[data-kos-chart]")
    place.scroll_into_view_if_needed()
    # Before it is drawn by script, a tap follows the links of the drawing.
    expect(place.locator("canvas").first).to_be_visible()
    box = place.bounding_box()
    spot = (box["x"] + box["width"] * 0.5, box["y"] + 100)
    page.touchscreen.tap(*spot)
    expect(page.locator(".tip-open")).to_be_visible()
    assert page.url.endswith("/ui/overview/")
    # A touch of more than 300 ms is no tap to the drawing, and a busy machine may take as long.
    for _again in range(5):
        page.touchscreen.tap(*spot)
        with suppress(TimeoutError):
            page.wait_for_url("**/ui/overview/?day=*", timeout=3_000)
            break
    expect(page).to_have_url(re.compile(r"/ui/overview/\?day="))
    context.close()


def test_without_script_a_click_in_the_drawing_opens_too(browser, address):
    page = opened(browser, address, "/ui/overview/", script=False)
    page.locator(".chart-plot .drawing-hit").nth(4).click()
    page.wait_for_url("**/ui/overview/?day=5")
    page.context.close()


@pytest.mark.parametrize("width", [320, pytest.param(1440, marks=pytest.mark.sweep)])
def test_a_definition_opens_by_keyboard_and_stays_inside_the_window(browser, address, width):
    page = opened(browser, address, "/ui/overview/", width=width)
    for help_ in page.locator(".help:visible").all():
        help_.locator("summary").focus()
        page.keyboard.press("Enter")
        text = help_.locator(".help-text")
        expect(text).to_be_visible()
        box = text.bounding_box()
        assert box["x"] >= 0
        assert box["x"] + box["width"] <= width
        assert box["y"] + box["height"] <= 900
        page.keyboard.press("Escape")
        expect(text).to_be_hidden()
    page.context.close()
