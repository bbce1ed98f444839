"""Handles that are personal data: shown in part until somebody who may asks for them."""

from __future__ import annotations

from matrix.choices import Platform

# The id of a personal WeChat is as good as a phone number: whoever has it can reach the person.
PERSONAL = frozenset({Platform.WECHAT})


def shown_handle(platform: str, handle: str) -> str:
    """The handle as lists and pages show it."""
    return masked(handle) if handle and platform in PERSONAL else handle


def masked(text: str) -> str:
    """First and last letter with dots between; nothing of a text that is too short for that."""
    if len(text) < 4:
        return "•" * 3
    return f"{text[0]}•••{text[-1]}"


def masked_name(name: str) -> str:
    """A person's name where many read it: W•••g, and of a short one the first letter, 梅••."""
    return f"{name[:1]}••" if len(name) < 4 else masked(name)
