"""The register of creators and their accounts: who is in the programme and posts from where."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.choices import UnitKind
from accounts.models import Person, Unit
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix import code_rules, platforms, share_codes
from matrix.choices import (
    PROOF_OF_KIND,
    AccountState,
    CreatorKind,
    CreatorState,
    Domain,
    OwnerProof,
)
from matrix.held import holds_anything
from matrix.models import Creator, Pairing, SocialAccount

# Where a creator may go from each state. Who left may come back, through onboarding.
NEXT_STATES: dict[str, frozenset[str]] = {
    CreatorState.CANDIDATE: frozenset(
        {CreatorState.ONBOARDING, CreatorState.ACTIVE, CreatorState.LEFT}
    ),
    CreatorState.ONBOARDING: frozenset(
        {CreatorState.ACTIVE, CreatorState.PAUSED, CreatorState.LEFT}
    ),
    CreatorState.ACTIVE: frozenset({CreatorState.PAUSED, CreatorState.LEFT}),
    CreatorState.PAUSED: frozenset({CreatorState.ACTIVE, CreatorState.LEFT}),
    CreatorState.LEFT: frozenset({CreatorState.ONBOARDING}),
}

# States of an account that somebody posts from or answers with.
IN_USE = frozenset({AccountState.ACTIVE, AccountState.LIMITED})

# What `change_creator` changes; state, store and tier have commands of their own.
CHANGEABLE = frozenset(
    {"name", "position", "badges", "talent_type", "koc_kind", "programme", "identity", "share_code"}
)

# What a broken constraint means to a person.
TAKEN: dict[str, tuple[str, Any]] = {
    "creator_number_once": (
        "creator_number_taken",
        _("The number %(value)s already belongs to another creator of this kind."),
    ),
    "creator_share_code_once": (
        "share_code_taken",
        _("The share code %(value)s already belongs to another creator."),
    ),
    "social_account_uid_once": (
        "account_uid_taken",
        _("The platform id %(value)s already belongs to another account."),
    ),
    "pairing_one_open": (
        "already_paired",
        _("%(value)s is already paired. End that pairing first."),
    ),
}


# -- creators ------------------------------------------------------------------


# What apps above take back from people who pause or leave; called inside the change with their ids.
Stopped = Callable[[Sequence[int]], Any]
_stopped: list[Stopped] = []


def when_stopped(act: Stopped) -> None:
    """Register what an app above does when people no longer take part."""
    if act not in _stopped:
        _stopped.append(act)


def _after_stopping(state: str, ids: Sequence[int]) -> None:
    if state in (CreatorState.PAUSED, CreatorState.LEFT):
        for act in _stopped:
            act(ids)


def can_change(creators: QuerySet[Any], before: str, after: str) -> QuerySet[Any]:
    """Those of ``creators`` who are ``before`` and may become ``after`` many at once."""
    found = creators.filter(state=before)
    return found.exclude(identity="") if after == CreatorState.ACTIVE else found


@transaction.atomic
def add_creator(
    *,
    by: Person | None,
    store: Unit,
    kind: str,
    number: str,
    name: str,
    koc_kind: str = "",
    talent_type: str = "",
    share_code: str = "",
    state: str = CreatorState.ACTIVE,
    joined_on: dt.date | None = None,
    person: Person | None = None,
    identity: str | None = None,
    programme: str = "",
) -> Creator:
    """Put a person into the programme at a store; who is active gets a share code of their own.

    ``identity`` says by what the company knows the person; left out, it is the record that the
    number names. Refuses ``not_a_store``, ``koc_kind_of_kos``, ``programme_of_kos``,
    ``not_identified``, ``creator_number_taken``, ``share_code_taken``.
    """
    identity = PROOF_OF_KIND[CreatorKind(kind)] if identity is None else identity
    if store.kind != UnitKind.STORE:
        raise DomainError(
            "not_a_store", _("A creator belongs to a store; %(unit)s is none."), unit=store.name
        )
    _check_koc_alone(kind, koc_kind, programme)
    if state == CreatorState.ACTIVE and not identity:
        raise _not_identified(name)
    creator = Creator(
        brand_id=store.brand_id or store.pk,
        store=store,
        kind=kind,
        number=number.strip(),
        name=name.strip(),
        koc_kind=koc_kind,
        talent_type=talent_type,
        share_code=code_rules.spelt(share_code),
        state=state,
        joined_on=joined_on,
        person=person,
        identity=identity,
        programme=programme,
    )
    _check_code_free(creator)
    share_codes.fill(creator.brand_id, [creator])
    with _taken(creator_number_once=number, creator_share_code_once=creator.share_code):
        creator.save()
    activity.record(
        by=by,
        verb="creator.added",
        object=creator,
        unit=store,
        after={"kind": kind, "number": creator.number, "state": state},
    )
    return creator


@transaction.atomic
def change_state(*, by: Person | None, creator: Creator, state: str, on: dt.date) -> Creator:
    """Take a creator to another state; leaving notes the day, on which their share code ends.

    Whoever holds anything leaves by a handover (`handover.complete`). The same state again changes
    nothing. Refuses ``wrong_state_change``, ``not_identified``, ``left_before_joining`` and
    ``handover_first``.
    """
    creator = Creator.objects.select_for_update().select_related("store").get(pk=creator.pk)
    before = creator.state
    if state == before:
        return creator
    if state not in NEXT_STATES[before]:
        raise DomainError(
            "wrong_state_change",
            _("%(name)s is “%(before)s” and cannot become “%(after)s” from there."),
            name=creator.name,
            before=CreatorState(before).label,
            after=CreatorState(state).label,
        )
    if state == CreatorState.ACTIVE and not creator.identity:
        raise _not_identified(creator.name)
    if state == CreatorState.LEFT and creator.joined_on and on < creator.joined_on:
        raise DomainError(
            "left_before_joining",
            _("%(name)s joined on %(joined)s and cannot have left before."),
            name=creator.name,
            joined=creator.joined_on.isoformat(),
        )
    if state == CreatorState.LEFT and holds_anything(creator):
        raise DomainError(
            "handover_first",
            _("%(name)s still holds accounts or takes over leads. Begin a handover instead."),
            name=creator.name,
        )
    creator.state = state
    creator.left_on = creator.share_code_until = on if state == CreatorState.LEFT else None
    share_codes.fill(creator.brand_id, [creator])
    creator.save(update_fields=["state", "left_on", "share_code", "share_code_until"])
    _after_stopping(state, [creator.pk])
    activity.record(
        by=by,
        verb="creator.state_changed",
        object=creator,
        unit=creator.store,
        before={"state": before},
        after={"state": state, "on": on.isoformat()},
    )
    return creator


@transaction.atomic
def move_creator(*, by: Person | None, creator: Creator, store: Unit, on: dt.date) -> Creator:
    """Place a creator at another store; the accounts of a person stand where the person stands.

    Posts, orders and what they earned stay where they were made. Refuses ``not_a_store``,
    ``other_brand``, ``owner_has_left`` and ``same_store``.
    """
    creator = (
        Creator.objects.select_for_update(of=("self",)).select_related("store").get(pk=creator.pk)
    )
    before = creator.store
    if store.kind != UnitKind.STORE:
        raise DomainError(
            "not_a_store", _("A creator belongs to a store; %(unit)s is none."), unit=store.name
        )
    if store.brand_id != creator.brand_id:
        raise DomainError("other_brand", _("A person cannot move to another brand."))
    if creator.state == CreatorState.LEFT:
        raise DomainError("owner_has_left", _("%(name)s has left."), name=creator.name)
    if store.pk == before.pk:
        raise DomainError("same_store", _("%(name)s is at this store already."), name=creator.name)
    creator.store = store
    creator.save(update_fields=["store"])
    SocialAccount.objects.filter(creator=creator).exclude(unit=store).update(unit=store)
    activity.record(
        by=by,
        verb="creator.moved",
        object=creator,
        unit=store,
        before={"store": before.name},
        after={"store": store.name, "on": on.isoformat()},
    )
    return creator


def code_works(creator: Creator, on: dt.date) -> bool:
    """Whether the creator's share code earns anything for what was paid on that day (A16)."""
    return creator.share_code_until is None or on <= creator.share_code_until


@transaction.atomic
def change_states(
    *,
    by: Person | None,
    creators: QuerySet[Creator],
    before: str,
    after: str,
    on: dt.date,
) -> list[int]:
    """Take all of ``creators`` who are ``before`` to ``after``; the others stay as they are.

    Nobody becomes active who has not been identified. Returns the ids of those who changed. Refuses ``wrong_state_change``; leaving is decided for each
    person alone, as it hands things over.
    """
    if after not in NEXT_STATES[before] or after == CreatorState.LEFT:
        raise DomainError(
            "wrong_state_change",
            _("Whoever is “%(before)s” cannot become “%(after)s” in this way."),
            before=CreatorState(before).label,
            after=CreatorState(after).label,
        )
    changing = list(
        can_change(Creator.objects.select_for_update(of=("self",)), before, after)
        .filter(pk__in=creators.order_by().values("pk"))
        .select_related("store")
        .order_by("pk")
    )
    ids = [creator.pk for creator in changing]
    Creator.objects.filter(pk__in=ids).update(state=after)
    share_codes.give_to(ids)
    _after_stopping(after, ids)
    activity.record_many(
        by=by,
        verb="creator.state_changed",
        objects=[(creator, creator.store) for creator in changing],
        before={"state": before},
        after={"state": after, "on": on.isoformat()},
    )
    return ids


@transaction.atomic
def change_creator(*, by: Person | None, creator: Creator, **values: Any) -> Creator:
    """Change what is known of a person; ``values`` are fields of `CHANGEABLE`.

    Refuses ``koc_kind_of_kos``, ``programme_of_kos``, ``talent_type_of_koc``, ``not_identified``
    and ``share_code_taken``.
    """
    unknown = values.keys() - CHANGEABLE
    if unknown:
        raise TypeError(f"not changed here: {sorted(unknown)}")
    creator = (
        Creator.objects.select_for_update(of=("self",)).select_related("store").get(pk=creator.pk)
    )
    if "share_code" in values:
        values["share_code"] = code_rules.spelt(values["share_code"])
    changed = {name: value for name, value in values.items() if getattr(creator, name) != value}
    if not changed:
        return creator
    before = {name: getattr(creator, name) for name in changed}
    for name, value in changed.items():
        setattr(creator, name, value)
    _check_kind(creator)
    if "share_code" in changed:
        _check_code_free(creator)
        # Whoever is active is never without one: an emptied code is replaced.
        share_codes.fill(creator.brand_id, [creator])
        changed["share_code"] = creator.share_code
    if "identity" in changed and not creator.identity:
        # Known once is known for good: accounts and payouts rest on it.
        raise _not_identified(creator.name)
    with _taken(creator_share_code_once=creator.share_code):
        creator.save(update_fields=list(changed))
    if "identity" in changed:
        SocialAccount.objects.filter(creator=creator).update(owner_proof=creator.identity)
    activity.record(
        by=by,
        verb="creator.changed",
        object=creator,
        unit=creator.store,
        before=before,
        after=changed,
    )
    return creator


def on_day(creator: Creator, day: dt.date) -> Creator:
    """Who counts for a fact of ``day`` that names ``creator``: after a merge, the row merged into.

    Fetch the creator with ``merged_into``.
    """
    if creator.merged_into and creator.merged_on and day >= creator.merged_on:
        return creator.merged_into
    return creator


def store_tiers(*, changes: Mapping[int, str], on: dt.date) -> int:
    """Store decided tiers (creator id -> tier) with their first day; returns how many changed.

    The deciding run writes the activity row and calls this inside its own transaction.
    """
    if not changes:
        return 0
    return sql.execute(
        """
        UPDATE matrix_creator AS creator
           SET tier = decided.tier, tier_since = %(on)s
          FROM unnest(%(creators)s::bigint[], %(tiers)s::text[]) AS decided (creator_id, tier)
         WHERE creator.id = decided.creator_id AND creator.tier <> decided.tier
        """,
        {"creators": list(changes), "tiers": list(changes.values()), "on": on},
    )


# -- accounts ------------------------------------------------------------------


def brand_accounts(brand_id: int) -> QuerySet[Any]:
    """The brand's own accounts of the private domain: where the second hop can lead."""
    rows = SocialAccount.objects.filter(
        unit=brand_id, creator=None, domain=Domain.PRIVATE, state__in=IN_USE
    )
    return rows.select_related("creator", "unit").order_by("platform", "handle")


@transaction.atomic
def add_account(
    *,
    by: Person | None,
    platform: str,
    handle: str,
    ownership: str,
    unit: Unit | None = None,
    creator: Creator | None = None,
    private_layer: str = "",
    platform_uid: str = "",
    state: str = AccountState.ACTIVE,
    followers: int | None = None,
    opened_on: dt.date | None = None,
    role: str = "",
    purpose: str = "",
) -> SocialAccount:
    """Note an account of a unit or of a creator; the platform says which domain it is in.

    Refuses ``account_needs_one_owner``, ``owner_has_left``, ``owner_not_verified``,
    ``platform_not_in_use``, ``layer_of_public_account`` and ``account_uid_taken``.
    """
    if (unit is None) == (creator is None):
        raise DomainError(
            "account_needs_one_owner", _("An account belongs to a unit or to a creator.")
        )
    if creator is not None and creator.state == CreatorState.LEFT:
        raise DomainError(
            "owner_has_left",
            _("%(name)s has left; no account can be added."),
            name=creator.name,
        )
    owner_proof = creator.identity if creator is not None else OwnerProof.COMPANY
    if state in IN_USE and not owner_proof:
        raise owner_not_verified()
    place = unit or creator.store  # type: ignore[union-attr]
    brand_id = place.brand_id or place.pk
    domain = platforms.domain_of(brand_id, platform)
    if domain is None or not platforms.is_in_use(brand_id, platform):
        raise DomainError(
            "platform_not_in_use",
            _("%(platform)s is not in use; headquarters switches platforms on."),
            platform=platforms.label_of(brand_id, platform),
        )
    if private_layer and domain != Domain.PRIVATE:
        raise DomainError(
            "layer_of_public_account", _("Only an account of the private domain has a layer.")
        )
    account = SocialAccount(
        brand_id=brand_id,
        unit=place,
        creator=creator,
        platform=platform,
        domain=domain,
        private_layer=private_layer,
        ownership=ownership,
        owner_proof=owner_proof,
        role=role,
        purpose=purpose,
        handle=handle.strip(),
        platform_uid=platform_uid.strip(),
        state=state,
        followers=followers,
        opened_on=opened_on,
    )
    with _taken(social_account_uid_once=platform_uid):
        account.save()
    activity.record(
        by=by,
        verb="account.added",
        object=account,
        unit=place,
        after={"platform": platform, "ownership": ownership},
    )
    return account


@transaction.atomic
def pair_accounts(
    *,
    by: Person | None,
    public: SocialAccount,
    private: SocialAccount,
    since: dt.date,
    brand_account: SocialAccount | None = None,
) -> Pairing:
    """Let a private account take over the leads of a public one (K32).

    ``brand_account`` is the second hop, the brand's own account in the private domain; it is
    refused as ``not_a_brand_account`` if it is something else. Refuses also ``other_brand``, ``not_a_public_account``, ``not_a_private_account``,
    ``account_not_in_use``, ``already_paired`` and, as a person has one open pairing per platform,
    ``already_paired_on_platform``.
    """
    both = SocialAccount.objects.select_for_update().in_bulk(sorted({public.pk, private.pk}))
    public, private = both[public.pk], both[private.pk]
    _check_pair(public, private)
    if public.creator_id:
        # Two accounts of one person wait for each other here, so that the check below holds.
        Creator.objects.select_for_update().get(pk=public.creator_id)
        same_person = Pairing.objects.filter(
            until=None,
            public_account__creator=public.creator_id,
            public_account__platform=public.platform,
        ).exclude(public_account=public)
        if same_person.exists():
            raise DomainError(
                "already_paired_on_platform",
                _("This person already has a paired account on %(platform)s."),
                platform=public.get_platform_display(),
            )
    if brand_account is not None:
        _check_brand_account(public, brand_account)
    pairing = Pairing(
        public_account=public, private_account=private, brand_account=brand_account, since=since
    )
    with _taken(pairing_one_open=public.handle):
        pairing.save()
    activity.record(
        by=by,
        verb="pairing.added",
        object=pairing,
        unit=public.unit,
        after={
            "public": public.pk,
            "private": private.pk,
            "brand_account": brand_account.pk if brand_account else None,
            "since": since.isoformat(),
        },
    )
    return pairing


@transaction.atomic
def end_pairing(*, by: Person | None, pairing: Pairing, until: dt.date) -> Pairing:
    """Close a pairing with its last day. Refuses ``pairing_ended`` and ``ends_before_start``."""
    pairing = (
        Pairing.objects.select_for_update(of=("self",))
        .select_related("public_account__unit", "private_account")
        .get(pk=pairing.pk)
    )
    if pairing.until:
        raise DomainError(
            "pairing_ended",
            _("This pairing already ended on %(until)s."),
            until=pairing.until.isoformat(),
        )
    if until < pairing.since:
        raise DomainError(
            "ends_before_start",
            _("The pairing began on %(since)s and cannot end before."),
            since=pairing.since.isoformat(),
        )
    pairing.until = until
    pairing.save(update_fields=["until"])
    activity.record(
        by=by,
        verb="pairing.ended",
        object=pairing,
        unit=pairing.public_account.unit,
        before={"until": None},
        after={"until": until.isoformat()},
    )
    return pairing


def owner_not_verified() -> DomainError:
    return DomainError(
        "owner_not_verified",
        _("The owner has not been verified; no account of theirs can be in use before."),
    )


# -- private -------------------------------------------------------------------


def _check_code_free(creator: Creator) -> None:
    """Refuse a code that is, or reads as, somebody else's."""
    holder = share_codes.holders(creator.brand, [creator.share_code]).get(creator.share_code)
    if holder is not None and holder.pk != creator.pk:
        code, words = TAKEN["creator_share_code_once"]
        raise DomainError(code, words, value=creator.share_code)


def _check_koc_alone(kind: str, koc_kind: str, programme: str) -> None:
    if koc_kind and kind != CreatorKind.KOC:
        raise DomainError("koc_kind_of_kos", _("Only a KOC has a KOC kind."))
    if programme and kind != CreatorKind.KOC:
        raise DomainError("programme_of_kos", _("Only a KOC takes part in a KOC programme."))


def _check_kind(creator: Creator) -> None:
    """What only a KOC has, and what only a KOS has."""
    _check_koc_alone(creator.kind, creator.koc_kind, creator.programme)
    if creator.kind != CreatorKind.KOS and (creator.talent_type or creator.badges):
        raise DomainError(
            "talent_type_of_koc", _("Only store staff have a talent type and role badges.")
        )


def _not_identified(name: str) -> DomainError:
    return DomainError(
        "not_identified",
        _("Nobody has checked yet who %(name)s is; nobody is active before that."),
        name=name,
    )


def _check_brand_account(public: SocialAccount, brand_account: SocialAccount) -> None:
    fits = (
        brand_account.brand_id == public.brand_id
        and brand_account.creator_id is None
        and brand_account.domain == Domain.PRIVATE
        and brand_account.state in IN_USE
    )
    if not fits:
        raise DomainError(
            "not_a_brand_account",
            _("%(handle)s is not an account of the brand in the private domain."),
            handle=brand_account.handle,
        )


def _check_pair(public: SocialAccount, private: SocialAccount) -> None:
    if public.brand_id != private.brand_id:
        raise DomainError("other_brand", _("The two accounts belong to different brands."))
    if public.domain != Domain.PUBLIC:
        raise DomainError(
            "not_a_public_account",
            _("%(handle)s is not an account of the public domain."),
            handle=public.handle,
        )
    if private.domain != Domain.PRIVATE:
        raise DomainError(
            "not_a_private_account",
            _("%(handle)s is not an account of the private domain."),
            handle=private.handle,
        )
    for account in (public, private):
        if account.state in (AccountState.BANNED, AccountState.CLOSED):
            raise DomainError(
                "account_not_in_use",
                _("%(handle)s is “%(state)s” and cannot be paired."),
                handle=account.handle,
                state=account.get_state_display(),
            )


@contextmanager
def _taken(**values: str) -> Iterator[None]:
    """Turn a broken unique constraint into a refusal; values are given by constraint name.

    The database is asked rather than looked up before, so that two at once cannot both pass.
    """
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        name = getattr(getattr(error.__cause__, "diag", None), "constraint_name", None)
        if name not in values:
            raise
        code, message = TAKEN[name]
        raise DomainError(code, message, value=values[name]) from error
