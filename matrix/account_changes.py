"""Changes of an account: what it is called, in what state it is, to whom it is given."""

from __future__ import annotations

import datetime as dt

from django.db import transaction
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.models import Person, Unit
from kosops.lib.errors import DomainError
from matrix import custody, registry
from matrix.choices import AccountState, CreatorState, Domain, OwnerProof, Ownership
from matrix.custody_choices import ClosedWhy
from matrix.models import Creator, Custody, Pairing, SocialAccount


@transaction.atomic
def change_account(
    *,
    by: Person | None,
    account: SocialAccount,
    handle: str,
    role: str = "",
    purpose: str = "",
    private_layer: str = "",
) -> SocialAccount:
    """Correct what an account is called and what it is there for.

    Nothing changed is no change. Refuses ``handle_missing`` and ``layer_of_public_account``.
    """
    account = _locked_account(account)
    handle = handle.strip()
    if not handle:
        raise DomainError("handle_missing", _("An account has a name on its platform."))
    if private_layer and account.domain != Domain.PRIVATE:
        raise DomainError(
            "layer_of_public_account", _("Only an account of the private domain has a layer.")
        )
    wanted = {"handle": handle, "role": role, "purpose": purpose, "private_layer": private_layer}
    before = {
        name: getattr(account, name)
        for name, value in wanted.items()
        if getattr(account, name) != value
    }
    if not before:
        return account
    for name in before:
        setattr(account, name, wanted[name])
    account.save(update_fields=list(before))
    # A handle of personal WeChat is personal data, which the log does not keep.
    shown = [name for name in before if name != "handle"]
    activity.record(
        by=by,
        verb="account.changed",
        object=account,
        unit=account.unit,
        before={name: before[name] for name in shown},
        after={**{name: wanted[name] for name in shown}, "fields": sorted(before)},
    )
    return account


@transaction.atomic
def change_account_state(
    *,
    by: Person | None,
    account: SocialAccount,
    state: str,
    reason: str,
    on: dt.date,
    why: str = "",
) -> SocialAccount:
    """Take an account to another state, with the reason in words; ``why`` says why it is closed.

    The same state again changes nothing. A closed account's pairings and custody end that day.
    Refuses ``reason_needed``, ``closed_why_needed`` and ``owner_not_verified``.
    """
    account = _locked_account(account)
    before = account.state
    if state == before:
        return account
    if not reason.strip():
        raise DomainError("reason_needed", _("Say why in a few words."))
    if state == AccountState.CLOSED and why not in ClosedWhy.values:
        raise DomainError("closed_why_needed", _("Say why the account is closed."))
    if state in registry.IN_USE and not account.owner_proof:
        raise registry.owner_not_verified()
    closed = state == AccountState.CLOSED
    account.state = state
    account.closed_why = why if closed else ""
    account.closed_on = on if closed else None
    account.save(update_fields=["state", "closed_why", "closed_on"])
    if closed:
        for pairing in Pairing.objects.filter(
            Q(public_account=account) | Q(private_account=account), until=None
        ):
            registry.end_pairing(by=by, pairing=pairing, until=max(on, pairing.since))
        custody.end(by=by, account=account, until=max(on, _held_since(account, on)))
    activity.record(
        by=by,
        verb="account.state_changed",
        object=account,
        unit=account.unit,
        before={"state": before},
        after={"state": state, "reason": reason.strip()[:300], "on": on.isoformat()},
    )
    return account


@transaction.atomic
def give_account(
    *, by: Person | None, account: SocialAccount, to: Creator | None, unit: Unit
) -> SocialAccount:
    """Let another creator, or a unit, have an account that the company opened.

    Refuses ``not_the_companys``, ``owner_has_left`` and ``owner_not_verified``.
    """
    account = _locked_account(account)
    if account.ownership != Ownership.COMPANY_OPENED:
        raise DomainError(
            "not_the_companys", _("Only an account that the company opened can be given on.")
        )
    if to is not None and to.state == CreatorState.LEFT:
        raise DomainError("owner_has_left", _("%(name)s has left."), name=to.name)
    proof = to.identity if to is not None else OwnerProof.COMPANY
    if account.state in registry.IN_USE and not proof:
        raise registry.owner_not_verified()
    before = account.owner_name
    account.creator = to
    account.unit = to.store if to is not None else unit
    account.owner_proof = proof
    account.save(update_fields=["creator", "unit", "owner_proof"])
    activity.record(
        by=by,
        verb="account.given",
        object=account,
        unit=account.unit,
        before={"creator": before},
        after={"creator": to.name if to is not None else unit.name},
    )
    return account


# -- private -------------------------------------------------------------------


def _locked_account(account: SocialAccount) -> SocialAccount:
    return (
        SocialAccount.objects.select_for_update(of=("self",))
        .select_related("unit", "creator")
        .get(pk=account.pk)
    )


def _held_since(account: SocialAccount, otherwise: dt.date) -> dt.date:
    held = Custody.objects.filter(account=account, until=None).values_list("since", flat=True)
    return held.first() or otherwise
