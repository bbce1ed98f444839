"""The ``frame`` of every template: navigation, language, theme, brand, freshness."""

import datetime as dt
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils import translation
from django.utils.functional import cached_property

from kosops.ui import navigation

THEMES = ("light", "dark")
THEME_COOKIE = "theme"

# The name of each language in itself, and the code that goes into the lang attribute.
LANGUAGES = (
    ("en", "English", "en"),
    ("zh-hans", "简体中文", "zh-Hans"),
    ("ja", "日本語", "ja"),
)


class Frame:
    """What the layouts print around a page. Each part is worked out only when it is printed,

    so that fragments and API answers pay nothing for it.
    """

    def __init__(self, request: HttpRequest) -> None:
        self._request = request

    @cached_property
    def person(self) -> Any:
        return getattr(self._request, "user", None)

    @cached_property
    def signed_in(self) -> bool:
        return bool(getattr(self.person, "is_authenticated", False))

    @cached_property
    def name(self) -> str:
        if not self.signed_in:
            return ""
        return str(getattr(self.person, "name", "") or self.person.get_username())

    @cached_property
    def language(self) -> str:
        return (translation.get_language() or "en").lower()

    @cached_property
    def lang(self) -> str:
        """For the lang attribute: en, zh-Hans, ja."""
        return next((tag for code, _name, tag in LANGUAGES if code == self.language), "en")

    @cached_property
    def languages(self) -> list[dict[str, Any]]:
        return [
            {"code": code, "name": name, "lang": tag, "current": code == self.language}
            for code, name, tag in LANGUAGES
        ]

    @cached_property
    def theme(self) -> str:
        """The person's choice; empty follows the system."""
        chosen = getattr(self.person, "theme", "") if self.signed_in else ""
        chosen = chosen or self._request.COOKIES.get(THEME_COOKIE, "")
        return chosen if chosen in THEMES else ""

    @cached_property
    def offline_key(self) -> str:
        """By which the phone keeps pages and unsent forms of this person apart."""
        from kosops.ui.offline import person_key

        return person_key(self.person) if self.signed_in else ""

    @cached_property
    def offline(self) -> dict[str, str]:
        """Addresses that the phone's scripts need; nothing where there are no phone pages."""
        from kosops.ui.offline import addresses

        return addresses()

    @cached_property
    def up_is_red(self) -> bool:
        """Whether growth is shown in red, as share prices are in China."""
        return bool(getattr(settings, "UI_UP_IS_RED", False))

    @cached_property
    def groups(self) -> list[tuple[navigation.Text, list[navigation.Link]]]:
        return navigation.groups_for(self.person, self._request.path)

    @cached_property
    def bar(self) -> list[navigation.Link]:
        return navigation.staff_for(self.person, self._request.path)

    @cached_property
    def brand(self) -> navigation.Brand:
        # A stranger is not told whose installation this is, and costs no query.
        return navigation.brand(self.person) if self.signed_in else navigation.NEUTRAL

    @cached_property
    def freshness(self) -> navigation.Freshness | None:
        return navigation.freshness(self.person) if self.signed_in else None

    @cached_property
    def here(self) -> str:
        """This page with its query, as the place to come back to."""
        return self._request.get_full_path()

    @cached_property
    def preferences_url(self) -> str:
        return _address("accounts:preferences")

    @cached_property
    def search_url(self) -> str:
        return _address("accounts:find")

    @cached_property
    def session_ends(self) -> dt.datetime | None:
        """When the person has to sign in again; None where that is days away."""
        return getattr(self._request, "session_ends", None)

    @cached_property
    def views_url(self) -> str:
        return _address("accounts:views")

    @cached_property
    def stay_url(self) -> str:
        return _address("accounts:stay")

    @cached_property
    def home_url(self) -> str:
        return _address("home") or "/"


def frame(request: HttpRequest) -> dict[str, Frame]:
    """Context processor."""
    return {"frame": Frame(request)}


def _address(url_name: str) -> str:
    try:
        return reverse(url_name)
    except NoReverseMatch:
        return ""
