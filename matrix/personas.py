"""Personas and the look at profiles: one person, one face, on every account (K12, K29)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person
from kosops.lib.errors import DomainError
from matrix import profiles
from matrix.choices import AccountState, CreatorKind, Domain, KocKind, ProfileState
from matrix.models import Creator, Persona, ProfileCheck, SocialAccount
from matrix.profiles import Item, Shown, Wanted

WORDS = {
    Item.NAME: _("Name of the persona, or the real name"),
    Item.POSITION: _("Position"),
    Item.STORE: _("Store"),
    Item.AFFILIATION: _("States that the person belongs to the brand"),
    Item.AVATAR: _("The picture of the persona"),
}
# What is wrong, as parts of a list on one line.
DIFFERS = {
    Item.NAME: _("another name"),
    Item.POSITION: _("another position, or none"),
    Item.STORE: _("another store, or none"),
    Item.AFFILIATION: _("does not say that the person belongs to the brand"),
    Item.AVATAR: _("another picture"),
}


# -- queries -------------------------------------------------------------------


def wanted_of(account: SocialAccount, persona: Persona | None) -> Wanted:
    """What the profile of a creator's account should show.

    Staff show position and store; a customer who posts as one's own self shows neither, but says
    if contracted. The picture counts where the persona names one.
    """
    creator = account.creator
    if creator is None:
        return Wanted(names=(account.unit.brand.name if account.unit.brand else "",))
    staff = creator.kind == CreatorKind.KOS
    names = (creator.name, persona.name if persona else "")
    return Wanted(
        names=tuple(name for name in names if name),
        position=((persona.position if persona else "") or creator.position) if staff else "",
        store=account.unit.name if staff and account.domain == Domain.PUBLIC else "",
        affiliation=staff or creator.koc_kind == KocKind.CONTRACTED,
        avatar=bool(persona and persona.avatar),
    )


def with_differences(accounts: QuerySet[Any]) -> QuerySet[Any]:
    """Annotate accounts with what differed when somebody last looked (``differences``)."""
    checks = ProfileCheck.objects.filter(account=OuterRef("pk")).order_by("-checked_at", "-pk")
    return accounts.annotate(differences=Subquery(checks.values("differences")[:1]))


def in_words(codes: Collection[str]) -> str:
    """Differences as a list on one line."""
    return " · ".join(str(DIFFERS[Item(code)]) for code in codes)


# -- commands ------------------------------------------------------------------


@transaction.atomic
def set_persona(
    *,
    by: Person | None,
    creator: Creator,
    name: str,
    position: str = "",
    introduction: str = "",
    avatar: str = "",
) -> Persona:
    """Say who the person is on all their accounts; profiles that were checked are to check again.

    Refuses ``name_missing``.
    """
    creator = (
        Creator.objects.select_for_update(of=("self",)).select_related("store").get(pk=creator.pk)
    )
    if not name.strip():
        raise DomainError("name_missing", _("A persona has a name."), status=400)
    persona = Persona.objects.filter(creator=creator).first() or Persona(creator=creator)
    before = _facts(persona) if persona.pk else None
    persona.name, persona.position = name.strip(), position.strip()
    persona.introduction, persona.avatar = introduction.strip(), avatar.strip()
    if before == _facts(persona):
        return persona
    persona.save()
    SocialAccount.objects.filter(creator=creator).exclude(profile_state="").update(
        profile_state=ProfileState.AGAIN
    )
    activity.record(
        by=by,
        verb="persona.changed",
        object=creator,
        unit=creator.store,
        before=before,
        after=_facts(persona),
    )
    return persona


@transaction.atomic
def note_profile(
    *, by: Person | None, account: SocialAccount, shown: Shown, at: dt.datetime
) -> ProfileCheck:
    """Write down what the profile of an account shows, and whether it fits the persona.

    Refuses ``account_not_in_use`` and ``name_missing``.
    """
    account = (
        SocialAccount.objects.select_for_update(of=("self",))
        .select_related("creator__persona", "unit__brand")
        .get(pk=account.pk)
    )
    if account.state == AccountState.CLOSED:
        raise DomainError(
            "account_not_in_use",
            _("%(handle)s is closed; there is no profile to look at."),
            handle=account.handle,
        )
    if not shown.name.strip():
        raise DomainError("name_missing", _("Write the name as the profile shows it."), status=400)
    wanted = wanted_of(account, persona_of(account.creator))
    found = profiles.differences(wanted, shown)
    check = ProfileCheck.objects.create(
        account=account,
        checked_at=at,
        checked_by=by,
        shown_name=shown.name.strip(),
        shown_position=shown.position.strip(),
        shown_store=shown.store.strip(),
        shows_affiliation=shown.affiliation,
        same_avatar=shown.avatar,
        differences=[str(item) for item in found],
    )
    account.profile_state = ProfileState.DIFFERS if found else ProfileState.FITS
    account.save(update_fields=["profile_state"])
    activity.record(
        by=by,
        verb="account.profile_checked",
        object=account,
        unit=account.unit,
        after={"profile": account.profile_state, "differences": check.differences},
    )
    return check


def persona_of(creator: Creator | None) -> Persona | None:
    """The persona of a creator who was fetched with it, None without one."""
    return getattr(creator, "persona", None) if creator is not None else None


def _facts(persona: Persona) -> dict[str, Any]:
    return {
        "name": persona.name,
        "position": persona.position,
        "introduction": persona.introduction,
        "avatar": persona.avatar,
    }
