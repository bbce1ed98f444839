"""What the search box finds: pages, actions, and whatever the apps let people look up.

class MatrixConfig(AppConfig):
    def ready(self):
        finding.register(finding.Finder(
            code="creators", heading=_("People"), permission="matrix.view", order=10,
            find=matrix.finding.creators,
        ))
        finding.register_action(finding.Action(
            label=_("Import a file"), url_name="integrations:import_new", icon="upload",
            permission="imports.run",
        ))
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext

from kosops.ui import navigation

Text = str | Promise

# Hits of one kind in the palette; the page of results shows more.
FEW, MANY = 5, 25
# Longer text is no name, number or title.
LONGEST = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Hit:
    """One thing found: a link with a line about it."""

    label: Text
    href: str
    note: Text = ""
    icon: str = "arrow-right"


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Hits of one kind. ``more`` says that there are others."""

    code: str
    heading: Text
    hits: Sequence[Hit]
    more: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Finder:
    """Looks things of one kind up: ``find(person, words, limit)`` gives up to ``limit`` hits.

    ``find`` is called only for people who hold ``permission`` somewhere, and scopes its rows to
    them. It is asked at each pause in typing, so it costs one indexed or bounded query.
    """

    code: str
    heading: Text
    permission: str
    find: Callable[[Any, str, int], Sequence[Hit]]
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    """Something to make or start, by the name that its button has."""

    label: Text
    url_name: str
    icon: str
    permission: str
    order: int = 100


_finders: dict[str, Finder] = {}
_actions: dict[str, Action] = {}


def register(finder: Finder) -> None:
    """Let people look up things of one more kind."""
    _finders[finder.code] = finder


def register_action(action: Action) -> None:
    """Offer one more thing to make or start."""
    _actions[action.url_name] = action


def found(person: Any, words: str, *, limit: int = FEW) -> list[Group]:
    """What ``words`` find for a person, kind by kind; without words all pages and actions."""
    # What cannot be seen (NUL, zero-width blanks) is no part of any name.
    words = "".join(letter for letter in " ".join(words.split()) if letter.isprintable())[:LONGEST]
    groups = [
        _fitting("pages", gettext("Go to"), _pages(person), words),
        _fitting("actions", gettext("Start"), _actions_of(person), words),
    ]
    if words:
        groups += [
            _group(finder, person, words, limit)
            for finder in sorted(_finders.values(), key=lambda finder: finder.order)
            if navigation.allowed(person, finder.permission)
        ]
    return [group for group in groups if group.hits]


def _group(finder: Finder, person: Any, words: str, limit: int) -> Group:
    hits = finder.find(person, words, limit + 1)
    return Group(
        code=finder.code, heading=finder.heading, hits=hits[:limit], more=len(hits) > limit
    )


def _fitting(code: str, heading: str, hits: Iterable[Hit], words: str) -> Group:
    """Those whose name holds every word, in any order."""
    wanted = words.casefold().split()
    fitting = [hit for hit in hits if all(word in str(hit.label).casefold() for word in wanted)]
    return Group(code=code, heading=heading, hits=fitting)


def _pages(person: Any) -> Iterable[Hit]:
    for item, url in navigation.pages_for(person):
        yield Hit(label=item.label, href=url, icon=item.icon, note=navigation.GROUPS[item.group])


def _actions_of(person: Any) -> Iterable[Hit]:
    for action in sorted(_actions.values(), key=lambda action: (action.order, action.url_name)):
        if navigation.allowed(person, action.permission):
            try:
                href = reverse(action.url_name)
            except NoReverseMatch:  # a part that this installation leaves out
                continue
            yield Hit(label=action.label, href=href, icon=action.icon)
