"""One person, one row: pairs that look like one person, and putting two rows together.

Nothing of a merged row is deleted. It stays, with what was earned and paid under it, and leads to
the row that counts from the day of the merge on: its number and share code then credit that one.
Posts and accounts move at once, so that tiers see all of a person's work. Apps above register what
else moves (`also`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from accounts import activity
from accounts.access import Reach
from accounts.models import Person
from kosops.lib import sql
from kosops.lib.errors import DomainError
from matrix import purchase_proofs
from matrix.choices import CreatorState
from matrix.custody_choices import HandoverState
from matrix.models import (
    CommunityMember,
    Creator,
    DistinctPair,
    Handover,
    HelpRequest,
    Pairing,
    Persona,
    SocialAccount,
    StaffReport,
)

SHOWN = 100

REASONS: dict[str, Promise] = {
    "number": _("the same number but for zeros or letters"),
    "handle": _("the same account name on one platform"),
    "name": _("the same name in one store"),
}

# What moves besides accounts; called inside the merge with (keep, merged).
Mover = Callable[[Creator, Creator], None]
_movers: list[Mover] = []


def also(mover: Mover) -> None:
    """Register what an app above moves when two rows become one."""
    if mover not in _movers:
        _movers.append(mover)


@dataclass(frozen=True, slots=True)
class Suspect:
    """Two rows that may be one person, with the reasons, strongest first."""

    first: Creator
    second: Creator
    reasons: tuple[str, ...]


# -- queries -------------------------------------------------------------------


def suspects(within: Reach) -> list[Suspect]:
    """Pairs of creators in reach who look like one person, those with most reasons first.

    Both rows have to be in reach; pairs found to be two people are left out.
    """
    if not within:
        return []
    rows = sql.fetch_all(
        f"""
        WITH pairs AS ({_NUMBERS} UNION {_HANDLES} UNION {_NAMES})
        SELECT p.one, p.two, array_agg(p.reason) AS reasons
          FROM pairs p
          JOIN matrix_creator a ON a.id = p.one JOIN accounts_unit ua ON ua.id = a.store_id
          JOIN matrix_creator b ON b.id = p.two JOIN accounts_unit ub ON ub.id = b.store_id
         WHERE a.brand_id = b.brand_id
           AND a.merged_into_id IS NULL AND b.merged_into_id IS NULL
           AND (%(everything)s OR (ua.path LIKE ANY (%(paths)s) AND ub.path LIKE ANY (%(paths)s)))
           AND NOT EXISTS (SELECT FROM matrix_distinctpair d
                            WHERE d.first_id = p.one AND d.second_id = p.two)
         GROUP BY p.one, p.two
         ORDER BY count(*) DESC, bool_or(p.reason = 'number') DESC, p.one, p.two
         LIMIT {SHOWN}
        """,
        {"everything": within.everything, "paths": [f"{path}%" for path in within.paths]},
    )
    people = Creator.objects.select_related("store").in_bulk(
        {pk for row in rows for pk in (row["one"], row["two"])}
    )
    return [
        Suspect(
            people[row["one"]],
            people[row["two"]],
            tuple(reason for reason in REASONS if reason in row["reasons"]),
        )
        for row in rows
    ]


# -- commands ------------------------------------------------------------------


@transaction.atomic
def merge(*, by: Person | None, keep: Creator, merged: Creator, on: dt.date) -> Creator:
    """Let two rows be one person: from ``on`` the row ``keep`` counts.

    Refuses ``same_row``, ``other_brand``, ``other_kind``, ``merged_before``, ``keeper_has_left``,
    ``handover_open`` and ``two_sign_ins``. Custody that was signed keeps the name under which it was.
    """
    locked = (
        Creator.objects.select_for_update(of=("self",))
        .select_related("store", "person")
        .in_bulk(sorted({keep.pk, merged.pk}))
    )
    keep, merged = locked[keep.pk], locked[merged.pk]
    _check(keep, merged)
    before = {"state": merged.state}
    if merged.identity and not keep.identity:
        keep.identity = merged.identity
        keep.save(update_fields=["identity"])
    if merged.person_id:
        # One sign-in follows the person; the unique relation must be free before it is taken.
        person, merged.person = merged.person, None
        merged.save(update_fields=["person"])
        keep.person = person
        keep.save(update_fields=["person"])
    _move_accounts(keep, merged, on)
    StaffReport.objects.filter(creator=merged).update(creator=keep)
    _move_memberships(keep, merged)
    HelpRequest.objects.filter(creator=merged).update(creator=keep)
    if not Persona.objects.filter(creator=keep).exists():
        Persona.objects.filter(creator=merged).update(creator=keep)
    purchase_proofs.move(keep, merged)
    for mover in _movers:
        mover(keep, merged)
    merged.state, merged.left_on = CreatorState.LEFT, merged.left_on or on
    merged.merged_into, merged.merged_on = keep, on
    merged.save(update_fields=["state", "left_on", "merged_into", "merged_on"])
    Creator.objects.filter(merged_into=merged).update(merged_into=keep)
    activity.record(
        by=by,
        verb="creator.merged",
        object=merged,
        unit=merged.store,
        before=before,
        after={"state": merged.state, "into": keep.number, "on": on.isoformat()},
    )
    activity.record(
        by=by,
        verb="creator.merged",
        object=keep,
        unit=keep.store,
        after={"taken_in": merged.number, "on": on.isoformat()},
    )
    return keep


@transaction.atomic
def keep_apart(*, by: Person | None, first: Creator, second: Creator) -> DistinctPair:
    """Note that two rows are two people, so that nobody is asked again. Refuses ``same_row``."""
    if first.pk == second.pk:
        raise _same_row()
    one, two = sorted((first, second), key=lambda creator: creator.pk)
    pair, added = DistinctPair.objects.get_or_create(
        first=one, second=two, defaults={"decided_by": by}
    )
    if added:
        activity.record(
            by=by,
            verb="creator.kept_apart",
            object=one,
            unit=one.store,
            after={"other": two.number},
        )
    return pair


# -- private -------------------------------------------------------------------

_CURRENT = "a.merged_into_id IS NULL AND b.merged_into_id IS NULL AND a.id < b.id"

_NUMBERS = f"""
    SELECT a.id AS one, b.id AS two, 'number' AS reason
      FROM matrix_creator a JOIN matrix_creator b
        ON a.brand_id = b.brand_id AND a.kind = b.kind
       AND upper(ltrim(a.number, '0')) = upper(ltrim(b.number, '0'))
     WHERE {_CURRENT}
"""
_HANDLES = f"""
    SELECT a.id AS one, b.id AS two, 'handle' AS reason
      FROM matrix_socialaccount x JOIN matrix_socialaccount y
        ON x.brand_id = y.brand_id AND x.platform = y.platform AND lower(x.handle) = lower(y.handle)
       AND x.creator_id < y.creator_id
      JOIN matrix_creator a ON a.id = x.creator_id JOIN matrix_creator b ON b.id = y.creator_id
     WHERE {_CURRENT} AND a.kind = b.kind AND a.name = b.name
"""
_NAMES = f"""
    SELECT a.id AS one, b.id AS two, 'name' AS reason
      FROM matrix_creator a JOIN matrix_creator b
        ON a.store_id = b.store_id AND a.kind = b.kind AND lower(a.name) = lower(b.name)
     WHERE {_CURRENT}
"""


def _check(keep: Creator, merged: Creator) -> None:
    if keep.pk == merged.pk:
        raise _same_row()
    if keep.brand_id != merged.brand_id:
        raise DomainError("other_brand", _("The two people belong to different brands."))
    if keep.kind != merged.kind:
        raise DomainError(
            "other_kind",
            _("One is a KOS, the other a KOC: they are paid by different rules and stay two rows."),
        )
    for creator in (keep, merged):
        if creator.merged_into_id:
            raise DomainError(
                "merged_before",
                _("%(name)s %(number)s already leads to another row."),
                name=creator.name,
                number=creator.number,
            )
    if keep.state == CreatorState.LEFT:
        raise DomainError(
            "keeper_has_left",
            _("%(name)s %(number)s has left and cannot be the one that counts."),
            name=keep.name,
            number=keep.number,
        )
    if Handover.objects.filter(creator=merged, state=HandoverState.OPEN).exists():
        raise DomainError(
            "handover_open",
            _("%(name)s %(number)s is being handed over. Finish or call off the case first."),
            name=merged.name,
            number=merged.number,
        )
    if keep.person_id and merged.person_id:
        raise DomainError(
            "two_sign_ins",
            _("Both have a sign-in. End the access of one under “People” first."),
        )


def _move_memberships(keep: Creator, merged: Creator) -> None:
    """Open memberships go over, but where the row that counts is a member already."""
    known = CommunityMember.objects.filter(creator=keep, until=None).values("community")
    moving = CommunityMember.objects.filter(creator=merged, until=None)
    moving.exclude(community__in=known).update(creator=keep)


def _same_row() -> DomainError:
    return DomainError("same_row", _("These are not two people but the same row twice."))


def _move_accounts(keep: Creator, merged: Creator, on: dt.date) -> None:
    """Accounts go over; where both have an open pairing on a platform, the merged one's ends."""
    kept = Pairing.objects.filter(until=None, public_account__creator=keep)
    Pairing.objects.filter(
        until=None,
        public_account__creator=merged,
        public_account__platform__in=list(kept.values_list("public_account__platform", flat=True)),
    ).update(until=on)
    SocialAccount.objects.filter(creator=merged).update(
        creator=keep, unit=keep.store, owner_proof=keep.identity
    )
