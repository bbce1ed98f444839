"""A colleague by name, as somebody types it who gives them work."""

from __future__ import annotations

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.access import HQ_ROLES
from accounts.models import Grant, Person, Unit
from accounts.units import ids_in
from kosops.lib.errors import DomainError

SUGGESTED = 100


def named(by: Person, permission: str, words: str) -> Person:
    """The one active person of this user name or name, in the part where ``by`` may act.

    Refuses ``unknown_colleague`` and ``several_colleagues``.
    """
    words = words.strip()
    people = Person.objects.for_user(by, permission).filter(is_active=True)
    found = list(people.filter(username__iexact=words)) or list(
        people.filter(name__iexact=words).order_by("pk")[:2]
    )
    if not found:
        raise DomainError(
            "unknown_colleague",
            _("Nobody called %(name)s signs in here. The user name works too."),
            name=words[:60],
        )
    if len(found) > 1:
        raise DomainError(
            "several_colleagues",
            _("Several people are called %(name)s. Give the user name."),
            name=words[:60],
        )
    return found[0]


def suggested(by: Person, permission: str, unit: Unit | None = None) -> list[tuple[str, str]]:
    """(user name, name) of colleagues with a role at headquarters, a region or a store.

    With ``unit`` only those whose role reaches it.
    """
    held = Grant.objects.current(timezone.localdate()).filter(role__in=HQ_ROLES)
    if unit is not None:
        above = ids_in(unit.path)
        held = held.filter(unit__in=above)
    people = Person.objects.for_user(by, permission).filter(
        Q(pk__in=held.values("person")), is_active=True
    )
    return list(people.order_by("name", "pk").values_list("username", "name")[:SUGGESTED])
