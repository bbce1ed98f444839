"""The Lucide icons, as ``assets/build.mjs`` left them in ``static/build/icons.json``."""

import json
from functools import lru_cache
from pathlib import Path

from django.contrib.staticfiles import finders
from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe


@lru_cache(maxsize=1)
def shapes() -> dict[str, str]:
    """Icon name to the shapes inside its svg; empty where assets were not built."""
    found = finders.find("build/icons.json")
    if not found:
        return {}
    return dict(json.loads(Path(found).read_text(encoding="utf-8")))


@lru_cache(maxsize=512)
def svg(name: str, size: int = 18, extra_class: str = "") -> SafeString:
    """The icon as inline SVG, hidden from screen readers: the words beside it speak.

    An unknown name leaves an empty frame of the same size; a test finds such names.
    """
    return format_html(
        '<svg class="icon{}" width="{}" height="{}" viewBox="0 0 24 24" fill="none" '
        'stroke="currentColor" stroke-width="1.75" stroke-linecap="round" '
        'stroke-linejoin="round" aria-hidden="true" focusable="false">{}</svg>',
        f" {extra_class}" if extra_class else "",
        size,
        size,
        mark_safe(shapes().get(name, "")),  # noqa: S308 - our own build output
    )
