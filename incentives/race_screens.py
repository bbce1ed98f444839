"""Links to a race without sign-in, for the television of a store.

The link carries 256 random bits. Only a keyed digest is kept, so a copy of the database opens no
screen; who loses the link makes a new one and ends the old.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from incentives.models import Race, RaceScreen
from incentives.race_choices import RaceState
from kosops.lib.errors import DomainError
from kosops.lib.secrets import blind_index

KIND = "race.screen"
MOST_OPEN = 2000


@dataclass(frozen=True)
class NewScreen:
    """A screen with the secret of its link, which exists only in this answer."""

    screen: RaceScreen
    token: str


def open_screens(race: Race) -> QuerySet[RaceScreen]:
    return (
        race.screens.filter(revoked_at=None).select_related("store", "created_by").order_by("-pk")
    )


def screen_of(token: str) -> RaceScreen | None:
    """The screen that a link opens, None for one that was never made or has been ended."""
    return (
        RaceScreen.objects.filter(token_digest=blind_index(KIND, token), revoked_at=None)
        .select_related("race__brand", "race__formula", "store")
        .first()
    )


@transaction.atomic
def open_screen(*, by: Person, race: Race, store: Unit | None = None) -> NewScreen:
    """Make a link. Refuses ``race_not_started``, ``not_in_race`` and ``too_many_screens``."""
    race = Race.objects.select_for_update(of=("self",)).select_related("brand").get(pk=race.pk)
    if race.state == RaceState.DRAFT:
        raise DomainError("race_not_started", _("A draft has nothing to show on a screen yet."))
    if store is not None and not race.entries.filter(store=store).exists():
        raise DomainError(
            "not_in_race", _("%(store)s does not run in this race."), store=store.name
        )
    if open_screens(race).count() >= MOST_OPEN:
        raise DomainError("too_many_screens", _("End links that are not used any more first."))
    token = secrets.token_urlsafe(32)
    screen = RaceScreen.objects.create(
        race=race, store=store, token_digest=blind_index(KIND, token), created_by=by
    )
    activity.record(
        by=by,
        verb="race_screen.made",
        object=screen,
        unit=store or race.brand,
        after={"store": store.name if store else ""},
    )
    return NewScreen(screen, token)


@transaction.atomic
def end_screen(*, by: Person, screen: RaceScreen) -> RaceScreen:
    """End a link; it opens nothing from now on. One that has ended stays so."""
    screen = (
        RaceScreen.objects.select_for_update(of=("self",))
        .select_related("race__brand", "store")
        .get(pk=screen.pk)
    )
    if screen.revoked_at is None:
        screen.revoked_at = timezone.now()
        screen.save(update_fields=["revoked_at"])
        activity.record(
            by=by,
            verb="race_screen.ended",
            object=screen,
            unit=screen.store or screen.race.brand,
        )
    return screen
