"""What stands in the left navigation and the phone's bottom bar; apps fill it when they start.

class MatrixConfig(AppConfig):
    def ready(self):
        navigation.register(NavItem(
            group=navigation.CREATE, label=_("Account matrix"), url_name="matrix:tree",
            icon="network", order=10, permission="matrix.view",
        ))
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import pgettext_lazy

Text = str | Promise

TOP = "top"
CREATE = "create"
CONVERT = "convert"
REWARD = "reward"
MANAGE = "manage"

GROUPS: dict[str, Text] = {
    TOP: "",
    CREATE: pgettext_lazy("navigation group", "Create"),
    CONVERT: pgettext_lazy("navigation group", "Convert"),
    REWARD: pgettext_lazy("navigation group", "Reward"),
    MANAGE: pgettext_lazy("navigation group", "Manage"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class NavItem:
    """One page of the frame.

    ``permission`` is a code for ``Person.has_perm_code``; empty means everyone signed in.
    ``count`` gives the number that waits for this person; None shows nothing.
    """

    label: Text
    url_name: str
    icon: str
    group: str = TOP
    order: int = 100
    permission: str = ""
    count: Callable[[Any], int | None] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Link:
    """A NavItem as one person sees it on one page."""

    label: Text
    url: str
    icon: str
    group: str
    current: bool
    count: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Brand:
    """Whose installation this is, as the head of the navigation shows it."""

    name: str
    line: Text = ""
    logo_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """How new the figures are, in one line. ``state`` is ok, wait or bad."""

    text: Text
    state: str = "ok"


NEUTRAL = Brand(name="kosops")

_items: list[NavItem] = []
_staff_items: list[NavItem] = []
_sources: dict[str, Callable[[Any], Any]] = {}


def register(item: NavItem) -> None:
    """Add a page to the left navigation of HQ."""
    if item.group not in GROUPS:
        raise ValueError(f"No navigation group is called {item.group}.")
    _put(_items, item)


def register_staff(item: NavItem) -> None:
    """Add a page to the bottom bar of the phone pages."""
    _put(_staff_items, item)


def register_brand(source: Callable[[Any], Brand | None]) -> None:
    """Say whose installation a person works in: ``source(person)``."""
    _sources["brand"] = source


def register_freshness(source: Callable[[Any], Freshness | None]) -> None:
    """Say how new the figures are that a person sees: ``source(person)``."""
    _sources["freshness"] = source


def registered() -> tuple[NavItem, ...]:
    """All items of both bars, for tests."""
    return (*_items, *_staff_items)


def brand(person: Any) -> Brand:
    source = _sources.get("brand")
    return (source and source(person)) or NEUTRAL


def freshness(person: Any) -> Freshness | None:
    source = _sources.get("freshness")
    return source(person) if source else None


def groups_for(person: Any, path: str) -> list[tuple[Text, list[Link]]]:
    """The left navigation for a person: headings with their links, empty groups left out."""
    links = _links(_items, person, path)
    grouped = [
        (title, [link for link in links if link.group == key]) for key, title in GROUPS.items()
    ]
    return [(title, found) for title, found in grouped if found]


def pages_for(person: Any) -> list[tuple[NavItem, str]]:
    """The pages of HQ that a person may open, as they stand in the navigation; uncounted."""
    places = list(GROUPS)
    return [
        (item, url)
        for item in sorted(_items, key=lambda item: places.index(item.group))
        if (url := _url(item)) and allowed(person, item.permission)
    ]


def staff_for(person: Any, path: str) -> list[Link]:
    """The bottom bar of the phone pages for a person."""
    return _links(_staff_items, person, path)


def staff_pages() -> list[Link]:
    """The bottom bar for nobody in particular, without counts."""
    return [
        Link(label=item.label, url=url, icon=item.icon, group=item.group, current=False, count=None)
        for item in _staff_items
        if not item.permission and (url := _url(item))
    ]


def allowed(person: Any, code: str) -> bool:
    """Whether a person may see what stands behind a permission code."""
    if not getattr(person, "is_authenticated", False):
        return False
    if not code or getattr(person, "is_superuser", False):
        return True
    check = getattr(person, "has_perm_code", None)
    return bool(check and check(code))


def _put(items: list[NavItem], item: NavItem) -> None:
    # The same item again replaces the first, so that a reloaded app does not show twice.
    items[:] = [other for other in items if other.url_name != item.url_name]
    items.append(item)
    items.sort(key=lambda i: (i.order, i.url_name))


def _links(items: Iterable[NavItem], person: Any, path: str) -> list[Link]:
    seen = [
        (item, url) for item in items if (url := _url(item)) and allowed(person, item.permission)
    ]
    here = _current([url for _item, url in seen], path)
    return [
        Link(
            label=item.label,
            url=url,
            icon=item.icon,
            group=item.group,
            current=url == here,
            count=item.count(person) if item.count else None,
        )
        for item, url in seen
    ]


def _current(urls: Sequence[str], path: str) -> str | None:
    """The longest address that the path starts with: /matrix/creators/7/ is under Creators."""
    return max((url for url in urls if path.startswith(url)), key=len, default=None)


def _url(item: NavItem) -> str | None:
    try:
        return reverse(item.url_name)
    except NoReverseMatch:
        # A page that this installation leaves out; tests/ui holds that all ours resolve.
        return None
