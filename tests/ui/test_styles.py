"""The style sheets keep to the oldest browsers we serve, to their budget and to readable colours."""

import gzip
import re
from pathlib import Path

import pytest

CSS = Path(__file__).parents[2] / "static" / "kosops" / "css"
SHEETS = sorted(CSS.glob("*.css"))
BUDGET = 25 * 1024

# Newer than Chromium 99 or Safari 15.4.
FORBIDDEN = {
    "oklch": r"\boklch\(",
    "color-mix": r"\bcolor-mix\(",
    "light-dark": r"\blight-dark\(",
    "container queries": r"@container|\bcontainer-type\b|\bcqw\b",
    "has": r":has\(",
    "range syntax": r"@media[^{]*[<>]",
    "popover": r"\bpopover\b",
    "new viewport units": r"\d[dsl]v[hw]\b",
    "nesting": r"[{;]\s*&",
    "scope": r"@scope|@starting-style",
    "import": r"@import",
    "foreign address": r"url\([\"']?(?:https?:)?//",
}


def plain(sheet: Path) -> str:
    return re.sub(r"/\*.*?\*/", "", sheet.read_text(encoding="utf-8"), flags=re.S)


def tokens_of(selector: str) -> dict[str, str]:
    block = re.search(re.escape(selector) + r"[^{]*\{(.*?)\}", plain(CSS / "tokens.css"), re.S)
    assert block, selector
    return dict(re.findall(r"--([\w-]+):\s*([^;]+);", block.group(1)))


LIGHT = tokens_of('[data-theme="light"]')
DARK = tokens_of('[data-theme="dark"]')


def luminance(color: str) -> float:
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted([luminance(one), luminance(other)], reverse=True)
    return (high + 0.05) / (low + 0.05)


GROUNDS = ("bg", "surface", "sunken", "raised")
TEXT_PAIRS = [
    *((text, ground) for text in ("fg", "fg-2", "fg-3", "accent-text") for ground in GROUNDS),
    *(
        (text, ground)
        for text in ("good", "bad", "warn")
        for ground in ("bg", "surface", f"{text}-soft")
    ),
    *(
        (text, f"{tone}-soft")
        for text in ("fg", "fg-2")
        for tone in ("good", "bad", "warn", "accent")
    ),
    ("accent-fg", "accent"),
    ("accent-text", "accent-soft"),
    ("hero-fg", "hero"),
    ("hero-fg-2", "hero"),
    *(("medal-fg", medal) for medal in ("gold", "silver", "bronze")),
]
SHAPE_PAIRS = [
    *((shape, ground) for shape in ("line-strong", "accent") for ground in GROUNDS),
    ("tier-2", "surface"),
    ("tier-3", "surface"),
]


def test_contrast_is_measured_as_the_guideline_does():
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXT_PAIRS)
def test_text_can_be_read(theme, text, ground):
    assert contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("shape", "ground"), SHAPE_PAIRS)
def test_borders_of_fields_and_bars_can_be_seen(theme, shape, ground):
    assert contrast(theme[shape], theme[ground]) >= 3


def test_the_systems_dark_theme_is_the_chosen_one():
    assert tokens_of(":root:not([data-theme])") == DARK
    assert LIGHT.keys() == DARK.keys()


def test_every_token_that_is_used_exists():
    made = {name for sheet in SHEETS for name in re.findall(r"(--[\w-]+)\s*:", plain(sheet))}
    used = {name for sheet in SHEETS for name in re.findall(r"var\((--[\w-]+)", plain(sheet))}
    assert used <= made


def test_all_style_sheets_fit_the_budget():
    """Those of the frames; an applicant's phone and a television never load HQ's."""
    others = {"apply.css", "race_screen.css"}
    frames = [sheet for sheet in SHEETS if sheet.name not in others]
    assert len(frames) == len(SHEETS) - len(others)
    size = sum(len(gzip.compress(sheet.read_bytes(), 9)) for sheet in frames)
    assert size < BUDGET


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_nothing_newer_than_the_oldest_browser(sheet):
    text = plain(sheet)
    assert [name for name, pattern in FORBIDDEN.items() if re.search(pattern, text)] == []


@pytest.mark.parametrize("sheet", SHEETS, ids=lambda sheet: sheet.name)
def test_rules_do_not_stand_inside_rules(sheet):
    """A style rule within a style rule is nesting; at-rules may hold rules."""
    stack: list[str] = []
    for piece in re.findall(r"[^{}]*[{}]", plain(sheet)):
        if piece.endswith("}"):
            stack.pop()
            continue
        head = piece[:-1].rsplit(";", 1)[-1].strip()
        assert all(outer.startswith("@") for outer in stack), (head, stack)
        stack.append(head)
    assert stack == []
