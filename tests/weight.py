"""How many bytes the first visit to a page costs, without pictures: the document, and every style
sheet, script and font that it leads to, each compressed as it goes over the wire.
"""

from __future__ import annotations

import functools
import gzip
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urljoin, urlsplit

from django.conf import settings
from django.contrib.staticfiles import finders

Fetch = Callable[[str], bytes]
KB = 1024
# UI.md's budgets.
PHONE = 60 * KB
WITH_CHARTS = 300 * KB
WITHOUT_CHARTS = 100 * KB
ALL_CSS = 25 * KB

PICTURES = (".svg", ".png", ".webp", ".jpg", ".jpeg", ".gif", ".ico", ".avif")
FONTS = (".woff2", ".woff", ".ttf", ".otf")
CHART_CODE = "echarts"
# Of <link>: what the browser fetches for the page itself.
FETCHED = {"stylesheet", "preload", "modulepreload", "manifest"}

CSS_ADDRESS = re.compile(r"""@import\s+["']([^"']+)|url\(\s*["']?([^"')]+)""")
SCRIPT_ADDRESS = re.compile(r"""\bimport\s*\(\s*["']([^"']+)|(?:\bfrom|\bimport)\s*["']([^"']+)""")
COMMENT = re.compile(r"/\*.*?\*/", re.DOTALL)


@dataclass(frozen=True)
class Weight:
    """Compressed bytes by address; the document's address is empty."""

    parts: dict[str, int] = field(default_factory=dict)

    @property
    def total(self) -> int:
        return sum(self.parts.values())

    @property
    def css(self) -> int:
        return sum(size for address, size in self.parts.items() if address.endswith(".css"))

    @property
    def has_charts(self) -> bool:
        return any(CHART_CODE in address for address in self.parts)

    def __str__(self) -> str:
        heavy = sorted(self.parts.items(), key=lambda part: -part[1])[:4]
        words = ", ".join(f"{address or 'document'} {size:,}" for address, size in heavy)
        return f"{self.total:,} bytes ({words})"


class Links(HTMLParser):
    """Addresses that a browser fetches when it opens the document."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self.is_phone = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        if tag == "link" and FETCHED & set(given.get("rel", "").split()):
            self.found.append(given["href"])
        elif tag == "script" and given.get("src"):
            self.found.append(given["src"])
        elif tag == "body":
            self.is_phone = "staff" in given.get("class", "").split()


@functools.cache
def squeezed(path: Path) -> int:
    content = path.read_bytes()
    return len(content if path.suffix in FONTS else gzip.compress(content))


@functools.cache
def leads_to(path: Path, address: str) -> tuple[str, ...]:
    """What a style sheet or script fetches in its turn."""
    if path.suffix not in (".css", ".js", ".mjs"):
        return ()
    pattern = CSS_ADDRESS if path.suffix == ".css" else SCRIPT_ADDRESS
    text = COMMENT.sub("", path.read_text("utf-8"))
    found = (next(filter(None, match.groups())) for match in pattern.finditer(text))
    return tuple(urljoin(address, each) for each in found if not each.startswith("data:"))


def file_of(address: str) -> Path:
    found = finders.find(urlsplit(address).path.removeprefix(settings.STATIC_URL))
    if not found:
        raise LookupError(f"{address} does not exist")
    return Path(str(found))


def nothing(address: str) -> bytes:
    raise LookupError(f"{address} is foreign, or made by a view")


def weigh(document: bytes, fetch: Fetch = nothing) -> tuple[Weight, bool]:
    """(weight, whether it is a page of the phone). ``fetch`` answers for addresses of views."""
    links = Links()
    links.feed(document.decode())
    parts = {"": len(gzip.compress(document))}
    waiting = list(links.found)
    while waiting:
        address = waiting.pop()
        if address in parts or urlsplit(address).path.endswith(PICTURES):
            continue
        if not address.startswith(settings.STATIC_URL):
            parts[address] = len(gzip.compress(fetch(address)))
            continue
        path = file_of(address)
        parts[address] = squeezed(path)
        # A library that was packed into one file holds strings that look like imports.
        if "/build/" not in address and "django_htmx" not in address:
            waiting += leads_to(path, address)
    return Weight(parts), links.is_phone


def excess(document: bytes, fetch: Fetch = nothing) -> list[str]:
    """What is too heavy about a page, in words."""
    weight, is_phone = weigh(document, fetch)
    wrong = []
    if is_phone and weight.has_charts:
        wrong.append("a phone page loads chart code")
    limit = PHONE if is_phone else WITH_CHARTS if weight.has_charts else WITHOUT_CHARTS
    if weight.total > limit:
        wrong.append(f"{weight} are over {limit:,}")
    if weight.css > ALL_CSS:
        wrong.append(f"style sheets of {weight.css:,} bytes are over {ALL_CSS:,}")
    return wrong
