"""What holds for every template: our content security policy, known icons, components that explain themselves."""

import re
from pathlib import Path

import pytest
from django.template import engines

from kosops.ui import definitions

ROOT = Path(__file__).parents[2]
TEMPLATES = sorted(
    path
    for folder in (ROOT / "templates", ROOT / "kosops" / "ui" / "templates")
    for path in folder.rglob("*.html")
)
ICONS = {
    line.strip()
    for line in (ROOT / "assets" / "icons.txt").read_text().splitlines()
    if line.strip() and not line.startswith("#")
}
APPS = (
    "accounts",
    "content",
    "customers",
    "incentives",
    "insights",
    "integrations",
    "kosops",
    "matrix",
    "training",
)

# Fields that nobody sees, and one that is a text to read.
HIDDEN = {"creator", "account", "credited", "secret"}

# What our content security policy would silently break.
BROKEN_BY_POLICY = {
    "style attribute": r"<[a-z][^>]*\sstyle\s*=",
    "style element": r"<style[\s>]",
    "script in the page": r"<script(?![^>]*\bsrc=)(?![^>]*type=[\"']application/json)[^>]*>",
    "event attribute": r"<[a-z][^>]*\son[a-z]+\s*=",
    "htmx event attribute": r"\shx-on[:\s=-]",
    "javascript address": r"(?:href|src|action)\s*=\s*[\"']javascript:",
    "evaluated value": r"hx-(?:vals|headers)\s*=\s*[\"']js:",
    "filtered trigger": r"hx-trigger=\"[^\"]*\[",
}


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def plain(path: Path) -> str:
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"\{#.*?#\}", "", text)
    return re.sub(r"\{% comment %\}.*?\{% endcomment %\}", "", text, flags=re.S)


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_keep_to_the_content_security_policy(path):
    text = plain(path)
    assert [what for what, pattern in BROKEN_BY_POLICY.items() if re.search(pattern, text)] == []


def test_the_policy_check_finds_what_it_looks_for():
    bad = '<p style="x"><script>1</script><a onclick="x" hx-on:click="x" href="javascript:x">'
    found = {what for what, pattern in BROKEN_BY_POLICY.items() if re.search(pattern, bad)}
    assert found == {
        "style attribute",
        "script in the page",
        "event attribute",
        "htmx event attribute",
        "javascript address",
    }


@pytest.mark.parametrize("path", TEMPLATES, ids=name)
def test_templates_compile(path):
    assert engines["django"].from_string(path.read_text(encoding="utf-8"))


def test_no_script_brings_in_another():
    """The hashed file would bring in the plain one beside its hashed twin, and both would run."""
    scripts = (ROOT / "static" / "kosops" / "js").glob("*.js")
    importing = re.compile(r"^\s*import\b|^\s*export .* from\b|\bimport\(", re.MULTILINE)
    assert [path.name for path in scripts if importing.search(path.read_text())] == []


def test_every_icon_that_templates_name_is_collected():
    wanted = {
        icon: name(path)
        for path in TEMPLATES
        for icon in re.findall(r"\{% icon \"([\w-]+)\"|\bicon=\"([\w-]+)\"", path.read_text())
        for icon in icon
        if icon
    }
    assert {icon: where for icon, where in wanted.items() if icon not in ICONS} == {}


def test_every_icon_that_code_names_is_collected():
    wanted = {
        icon: name(path)
        for app in APPS
        for path in (ROOT / app).rglob("*.py")
        for icon in re.findall(r"\bicon=\"([\w-]+)\"", path.read_text(encoding="utf-8"))
    }
    assert {icon: where for icon, where in wanted.items() if icon not in ICONS} == {}


def test_the_icon_list_is_in_order_and_without_doubles():
    lines = [
        line
        for line in (ROOT / "assets" / "icons.txt").read_text().split("\n")
        if line and line[0] != "#"
    ]
    assert lines == sorted(set(lines))


@pytest.mark.parametrize(
    "path", sorted((ROOT / "templates" / "components").glob("*.html")), ids=lambda p: p.name
)
def test_components_say_at_their_top_what_they_take(path):
    assert path.read_text(encoding="utf-8").startswith(("{#", "{% comment %}"))


# Heads that say all there is to say, and lists that are being rebuilt.
PLAIN = {
    "Comments",
    "Likes",
    "Row",
    "amount_label",
    "paid_at_label",
    "published_label",
    "quantity_label",
    "series",
    "when_label",
}


def test_columns_of_figures_say_what_the_figure_is():
    """``{% column %}`` and ``{% sort_header %}`` take ``define`` or ``help``."""
    bare = re.compile(
        r"<th scope=\"col\" class=\"num\">\{[{%] (?:translate \"([^\"]+)\"|(\w+))"
        r"|\{% sort_header \S+ (\S+) numeric=True %\}"
    )
    found = {
        f"{name(path).removeprefix('templates/')}: {head}"
        for path in TEMPLATES
        for match in bare.findall(path.read_text(encoding="utf-8"))
        for head in match
        if head and head not in PLAIN
    }
    assert found == set()


def test_definitions_that_templates_name_are_registered():
    named = {
        code
        for path in TEMPLATES
        for code in re.findall(
            r"\bdefine=\"(\w+)\"|\{% definition \"(\w+)\"", path.read_text(encoding="utf-8")
        )
        for code in code
        if code
    }
    assert "held" in named
    assert named <= definitions.codes()


def test_fields_of_a_form_have_their_labels():
    """A bare field has no label: `{% field %}` prints both, a `<label>` may stand around it."""
    bare = [
        f"{path.relative_to(ROOT)}: {line.strip()[:80]}"
        for path in TEMPLATES
        for line in path.read_text().splitlines()
        for name in re.findall(r"{{ (?:filter\.)?form\.(\w+) }}", line)
        if "<label" not in line and name not in HIDDEN
    ]
    assert bare == []
