"""Which shop addresses may be shared, and what one becomes with somebody's code."""

from __future__ import annotations

import re
from urllib.parse import quote, urlsplit

CODE = "{code}"
MOST = 300
# Names of letters, digits and hyphens: a name in another script comes as xn--..., as browsers see it.
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]*[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]*[a-z0-9])?)+")
_SIGNS = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%{}]+")


def problem(template: str) -> str:
    """Why an address is refused, in one word; empty where it is good."""
    if len(template) > MOST:
        return "address_too_long"
    if not template.startswith("https://"):
        return "address_not_https"
    if not _SIGNS.fullmatch(template):
        return "address_signs"
    rest = template.replace(CODE, "", 1)
    if template.count(CODE) != 1 or "{" in rest or "}" in rest:
        return "address_code_once"
    try:
        parts = urlsplit(template)
        port = parts.port
    except ValueError:
        return "address_host"
    host = parts.netloc if port is None else parts.netloc.removesuffix(f":{port}")
    return "" if _HOST.fullmatch(host) else "address_host"


def host_of(template: str) -> str:
    """Where the address leads, for the eye of whoever adds it."""
    return urlsplit(template).netloc


def address(template: str, code: str) -> str:
    """The address with somebody's code in its place; signs of a code from a file are escaped."""
    return template.replace(CODE, quote(code, safe=""))
