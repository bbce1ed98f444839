"""Certificates of tiers: issued to the creator, checked by anybody who has the number."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from incentives import tiers
from incentives.models import TierCertificate
from kosops.lib.errors import DomainError
from matrix.choices import CreatorState
from matrix.models import Creator

# Without letters and digits that are read for one another.
LETTERS = "ACDEFGHJKMNPQRTUVWXY346789"
LENGTH = 12


@dataclass(frozen=True)
class Shown:
    """What a stranger with the number may know: no number of the person, no store, no full name."""

    certificate: TierCertificate
    brand: str
    name: str
    holds: bool


def current(creator: Creator) -> TierCertificate | None:
    """The certificate of the tier that the creator holds now."""
    if creator.tier_since is None:
        return None
    return TierCertificate.objects.filter(
        creator=creator, tier=creator.tier, since=creator.tier_since
    ).first()


@transaction.atomic
def issue(*, by: Person | None, creator: Creator) -> TierCertificate:
    """Give the creator a certificate of the present tier; asked again, the same one.

    Refuses ``no_tier``.
    """
    creator = Creator.objects.select_for_update(of=("self",)).get(pk=creator.pk)
    if creator.tier not in tiers.TIERS or creator.tier_since is None:
        raise DomainError("no_tier", _("There is a certificate once a tier is reached."))
    if found := current(creator):
        return found
    made = TierCertificate.objects.create(
        creator=creator, tier=creator.tier, since=creator.tier_since, number=_number()
    )
    activity.record(
        by=by,
        verb="tier_certificate.made",
        object=made,
        unit=creator.store,
        after={"tier": made.tier},
    )
    return made


def check(number: str) -> Shown | None:
    """What stands behind a number; None when there is no such certificate."""
    plain = number.replace("-", "").replace(" ", "").upper()
    found = TierCertificate.objects.filter(number=plain).select_related("creator__brand").first()
    if found is None:
        return None
    creator = found.creator
    return Shown(
        certificate=found,
        brand=creator.brand.name,
        name=masked(creator.name),
        holds=creator.tier == found.tier
        and creator.tier_since == found.since
        and creator.state != CreatorState.LEFT,
    )


def masked(name: str) -> str:
    """The first letter of a name and no more."""
    return f"{name[:1]}**"


def spaced(number: str) -> str:
    """A number in groups of four, as it is read aloud."""
    return "-".join(number[place : place + 4] for place in range(0, len(number), 4))


def _number() -> str:
    return "".join(secrets.choice(LETTERS) for _place in range(LENGTH))
